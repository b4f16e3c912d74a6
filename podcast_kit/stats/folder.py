"""Where a show's statistics are kept: outside of the show, where only this user can read them.

ingested.sqlite, requests/   requests of months that are not final, with hashed addresses
salts/2026-11                the secret that addresses of a month are hashed with; deleted when the month is final
final/2026-10.json.gz        counts of a final month, which hold no identity
open/                        counts of other months, remembered until their requests change
enclosures.json              every recording that was ever counted, also those that were replaced
user-agents.json             a newer list of user agents, if one was given
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import write_atomic, write_error
from podcast_kit.io.consent import PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE, private_folder, state_folder

STATS_FOLDER = "stats"
SALT_BYTES = 17
"""Of a new salt: in hexadecimal it fits with an address into one block of a hash, which halves the time. Salts of
earlier versions have other lengths, which tell how the ids of their months are hashed, until these are final."""
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_FOLDER_FIX = "set XDG_STATE_HOME to a folder that only you can write to"


@dataclass(frozen=True, slots=True)
class StatsFolder:
    """The folder of one show's statistics."""

    root: Path

    def salt_of_month(self, month: str) -> bytes:
        """The secret of a month such as 2026-11, made once; the same one until the month is final."""
        path = self._subfolder("salts") / _checked_month(month)
        try:
            if not path.exists():
                self._create_salt(path)
            return bytes.fromhex(path.read_text("ascii"))
        except OSError as error:
            raise write_error(error, str(path)) from error
        except ValueError as error:
            raise OperationError(f"{path} is damaged", "delete it, and read the logs of that month again") from error

    @staticmethod
    def _create_salt(path: Path) -> None:
        """Write a new salt, unless another run did so in the meantime."""
        part = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(SALT_BYTES))
                file.flush()
                os.fsync(file.fileno())
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()

    def delete_salt(self, month: str) -> None:
        """Delete the secret of a month: no one can tell any more which address a hash was made from."""
        (self.root / "salts" / _checked_month(month)).unlink(missing_ok=True)

    def final_months(self) -> list[str]:
        """Months whose counts are final, in order."""
        return sorted(path.name.removesuffix(".json.gz") for path in (self.root / "final").glob("????-??.json.gz"))

    def is_final(self, month: str) -> bool:
        """Whether the counts of a month are final, and its requests deleted."""
        return self._final_path(month).exists()

    def read_final(self, month: str) -> dict[str, Any]:
        """What `write_final` wrote."""
        return _read_document(self._final_path(month))

    def write_final(self, month: str, document: dict[str, Any]) -> None:
        """Write the counts of a final month, in one step."""
        self._subfolder("final")
        _write_document(self._final_path(month), document)

    def read_open(self, month: str, digest: str) -> dict[str, Any] | None:
        """The counts of a month as remembered; None if its requests or the rules have changed since."""
        path = self._open_path(month, digest)
        return _read_document(path) if path.exists() else None

    def write_open(self, month: str, digest: str, document: dict[str, Any]) -> None:
        """Remember the counts of a month."""
        self._subfolder("open")
        _write_document(self._open_path(month, digest), document)

    def forget_open(self, month: str, keep: Iterable[str] = ()) -> None:
        """Forget what is remembered of a month, but what belongs to these digests."""
        kept = {self._open_path(month, digest) for digest in keep}
        for path in (self.root / "open").glob(f"{_checked_month(month)}-*.json.gz"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def read_record(self, name: str) -> Any:  # noqa: ANN401  # JSON
        """A JSON file of the folder; None if there is none."""
        path = self.root / name
        try:
            return json.loads(path.read_bytes()) if path.exists() else None
        except (OSError, ValueError) as error:
            raise OperationError(f"{path} cannot be read", "delete it; it is written again") from error

    def write_record(self, name: str, document: object) -> None:
        """Write a JSON file of the folder."""
        write_atomic(self.root / name, json.dumps(document, indent=1).encode() + b"\n", PRIVATE_FILE_MODE)

    def _final_path(self, month: str) -> Path:
        return self.root / "final" / f"{_checked_month(month)}.json.gz"

    def _open_path(self, month: str, digest: str) -> Path:
        return self.root / "open" / f"{_checked_month(month)}-{digest[:32]}.json.gz"

    def _subfolder(self, name: str) -> Path:
        folder = self.root / name
        try:
            folder.mkdir(PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(error, str(folder)) from error
        return folder


def open_stats_folder(show_id: str) -> StatsFolder:
    """The folder of the statistics of a show, by its podcast:guid; raises OperationError where there can be none."""
    parent = private_folder(STATS_FOLDER)
    if parent is None:
        raise OperationError("there is no private folder for statistics", _FOLDER_FIX)
    root = parent / _folder_name(show_id)
    try:
        root.mkdir(PRIVATE_FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise write_error(error, str(root)) from error
    return StatsFolder(root)


def find_stats_folder(show_id: str) -> StatsFolder | None:
    """The folder of the statistics of a show; None where nothing was ever counted."""
    root = state_folder() / STATS_FOLDER / _folder_name(show_id)
    return StatsFolder(root) if root.is_dir() else None


def _folder_name(show_id: str) -> str:
    return hashlib.sha256(show_id.encode()).hexdigest()[:32]


def _checked_month(month: str) -> str:
    if not _MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is not a month")
    return month


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise OperationError(f"{path} cannot be read", "restore it from a backup") from error
    return document


def _write_document(path: Path, document: dict[str, Any]) -> None:
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    write_atomic(path, gzip.compress(data, mtime=0), PRIVATE_FILE_MODE)
