"""What the user has allowed a show to do, remembered outside of the show, where no one else can write.

A show can come from a stranger. What it may not do of its own accord (run a command, write to a folder outside of
it) is asked for once, and the answer is kept in the user's own state folder, for this show's folder only.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from podcast_kit.io.atomic_write import write_atomic

STATE_NAME = "podcast-kit"
PRIVATE_FOLDER_MODE = 0o700
PRIVATE_FILE_MODE = 0o600
MAX_RECORD_BYTES = 65_536
OTHERS_CAN_WRITE = 0o022
TOKEN_BYTES = 32

_ALLOWED_IN_THIS_RUN: set[str] = set()
"""Names of the records of what was allowed for this process only."""


class ConsentKind(StrEnum):
    """What can be allowed; the value is part of a file name and never changes."""

    COMMAND = "command"
    """To run a command of podcast.yaml."""
    PLACE = "place"
    """To publish to a folder outside of the show."""
    BUCKET = "bucket"
    """To read recordings from a bucket, with the user's credentials."""


def state_folder() -> Path:
    """The user's state folder of podcast-kit: XDG_STATE_HOME, ~/.local/state, or on Windows LOCALAPPDATA."""
    home = os.environ.get("XDG_STATE_HOME", "")
    if home and Path(home).is_absolute():  # the specification says to ignore a relative one
        return Path(home) / STATE_NAME
    if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / STATE_NAME
    return Path("~/.local/state").expanduser() / STATE_NAME


def private_folder(name: str) -> Path | None:
    """A folder below the state folder that only this user can use, created if needed; None where there cannot be one.

    A link, and a folder that other users own or can write to, is not used.
    """
    root = state_folder()
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        for folder in (root, root / name):
            folder.mkdir(PRIVATE_FOLDER_MODE, exist_ok=True)
            if not _is_private(folder.lstat()):
                return None
    except (OSError, RuntimeError):  # no home folder, or a read-only one
        return None
    return root / name


def digest_command(command: str) -> str:
    """The sha256 (hex) of a command, by which it is allowed in CI."""
    return hashlib.sha256(command.encode("utf-8", "surrogatepass")).hexdigest()


def has_consent(kind: ConsentKind, show_folder: Path, subject: str) -> bool:
    """Whether the user has allowed this to the show in this folder."""
    name = _record_name(kind, show_folder, subject)
    if name in _ALLOWED_IN_THIS_RUN:
        return True
    record = read_private_record("consent", name)
    return record is not None and record.get("subject") == subject


def allow_once(kind: ConsentKind, show_folder: Path, subject: str) -> None:
    """Allow it for the rest of this process, as an option on the command line does."""
    _ALLOWED_IN_THIS_RUN.add(_record_name(kind, show_folder, subject))


def record_consent(kind: ConsentKind, show_folder: Path, subject: str) -> bool:
    """Remember that the user allows this to the show in this folder; False where it cannot be remembered."""
    record = {"kind": str(kind), "show": os.path.realpath(show_folder), "subject": subject}
    return write_private_record("consent", _record_name(kind, show_folder, subject), record)


def read_private_record(folder_name: str, name: str) -> dict[str, str] | None:
    """A record that `write_private_record` wrote; None if there is none, or if others could have written it."""
    data = read_private_file(folder_name, name, MAX_RECORD_BYTES)
    try:
        record = None if data is None else json.loads(data)
    except (ValueError, RecursionError):
        return None
    is_record = isinstance(record, dict) and all(isinstance(value, str) for value in record.values())
    return record if is_record else None


def read_private_file(folder_name: str, name: str, max_bytes: int) -> bytes | None:
    """The start of a file in a private folder; None if there is none, or if others could have written it."""
    folder = private_folder(folder_name)
    if folder is None:
        return None
    try:
        handle = os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_private(status):
                return None
            return file.read(max_bytes)
    except (OSError, ValueError):
        return None


def write_private_file(folder_name: str, name: str, data: bytes) -> bool:
    """Write a file that only this user can read, at once but not at any price; whether that was possible.

    After a power failure the file may be damaged, which its reader has to notice.
    """
    folder = private_folder(folder_name)
    if folder is None:
        return False
    part = folder / f".{secrets.token_hex(TOKEN_BYTES)}"
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE_FILE_MODE)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            part.replace(folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError:
        return False
    return True


def write_private_record(folder_name: str, name: str, record: dict[str, str]) -> bool:
    """Write a record that only this user can read; whether that was possible."""
    from podcast_kit.errors import OperationError

    folder = private_folder(folder_name)
    if folder is None:
        return False
    try:
        write_atomic(folder / name, json.dumps(record, indent=2, sort_keys=True).encode() + b"\n", PRIVATE_FILE_MODE)
    except OperationError:
        return False
    return True


def delete_private_record(folder_name: str, name: str) -> None:
    """Forget a record, if there is one."""
    folder = private_folder(folder_name)
    if folder is not None and name:
        with suppress(OSError):
            (folder / name).unlink()


def new_token() -> str:
    """A random token that cannot be guessed, in hexadecimal digits."""
    return secrets.token_hex(TOKEN_BYTES)


def _record_name(kind: ConsentKind, show_folder: Path, subject: str) -> str:
    parts = (str(kind), os.path.realpath(show_folder), subject)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{kind}-{digest[:32]}.json"


def _is_private(status: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and no one else can write to it."""
    if stat.S_ISLNK(status.st_mode):
        return False
    if not hasattr(os, "geteuid"):  # Windows: the user's profile is protected by its own permissions
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & OTHERS_CAN_WRITE
