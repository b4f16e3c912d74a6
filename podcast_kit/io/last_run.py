"""The record of what the last runs of commands found, by which the next run knows that nothing has changed.

It is in `.podcast-kit/`: what was read and written (as digests of file stamps), for how long that holds, and what each
command printed. A run whose stamps are the same prints it again, and reads no source.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podcast_kit.io.file_stamps import SourceStamps, has_unchanged_files, stamping_outputs
from podcast_kit.io.pinned_folder import OpenFolder, random_name

RECORD_FILE = "last-run.json"
OUTPUTS_FILE = "last-run.outputs"
"""The paths of the files and folders of the build, separated by NUL."""
DOCUMENT_FILE = "last-run.document.json"
"""What only `--json` prints of a result."""
FORMAT_VERSION = 1
MAX_LAST_RUN_BYTES = 8_000_000
MAX_OUTPUTS_BYTES = 100_000_000
MAX_DOCUMENT_BYTES = 200_000_000
DAMAGES = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What a damaged record raises where it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """What was true when a command ended."""

    program: str
    """A digest of the program, its options and the environment."""
    sources: SourceStamps
    since: float
    """When the show was read, in seconds since 1970: an earlier clock was set back."""
    until: float | None
    """When the next episode is due, or another date of the show has come; None if there is none."""
    outputs: str
    """The digest of the stamps of the build."""
    results: Mapping[str, Any] = field(default_factory=dict)
    """What each command found, by its name."""

    def holds(self, program: str, sources: SourceStamps, now: float) -> bool:
        """Whether the same program would read the same now."""
        is_in_time = self.since <= now and (self.until is None or now < self.until)
        return (
            self.program == program
            and is_in_time
            and self.sources.digest == sources.digest
            and has_unchanged_files(self.sources.recent)
        )


def read_last_run(folder: OpenFolder) -> LastRun | None:
    """The record in `.podcast-kit/`; None if there is none, or if it is damaged."""
    try:
        with folder.open(RECORD_FILE) as file:
            data = file.read(MAX_LAST_RUN_BYTES + 1)
        row = json.loads(data)
        if len(data) > MAX_LAST_RUN_BYTES or row["version"] != FORMAT_VERSION:
            return None
        recent = {str(path): str(digest) for path, digest in row["recent"].items()}
        return LastRun(
            program=str(row["program"]),
            sources=SourceStamps(str(row["sources"]), recent),
            since=float(row["since"]),
            until=None if row["until"] is None else float(row["until"]),
            outputs=str(row["outputs"]),
            results=dict(row["results"]),
        )
    except (OSError, *DAMAGES):
        return None


def read_document(folder: OpenFolder, digest: str) -> Any:  # noqa: ANN401  # JSON
    """The document of a result that has this sha256 (hex); None if it is not there."""
    try:
        with folder.open(DOCUMENT_FILE) as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError:
        return None
    return json.loads(data) if hashlib.sha256(data).hexdigest() == digest else None


def write_document(folder: OpenFolder, data: bytes) -> None:
    """Write the document of a result. Raises OSError."""
    _replace_file(folder, DOCUMENT_FILE, data)


def has_unchanged_outputs(folder: OpenFolder, build_folder: Path, digest: str) -> bool:
    """Whether every file of the build is there, and untouched since the record was written."""
    with comparing_outputs(folder, build_folder, digest) as finish:
        return finish()


@contextmanager
def comparing_outputs(folder: OpenFolder, build_folder: Path, digest: str) -> Iterator[Callable[[], bool]]:
    """Begin to find what `has_unchanged_outputs` returns, which the function returns that this yields."""
    try:
        with folder.open(OUTPUTS_FILE) as file:
            data = file.read(MAX_OUTPUTS_BYTES + 1)
    except OSError:
        data = b""
    if not data or len(data) > MAX_OUTPUTS_BYTES or not digest:
        yield lambda: False
        return
    with stamping_outputs(build_folder, data) as finish:
        yield lambda: digest_outputs(finish()[0], data) == digest


def digest_outputs(stamps: str, paths: bytes) -> str:
    """The digest of the stamps of a build, and of the list of its files; empty where a file is missing."""
    return hashlib.sha256(stamps.encode() + paths).hexdigest() if stamps else ""


def write_last_run(folder: OpenFolder, record: LastRun, outputs: bytes | None = None) -> None:
    """Write the record, and the list of the build's files unless it is unchanged. Raises OSError."""
    row = {
        "version": FORMAT_VERSION,
        "program": record.program,
        "sources": record.sources.digest,
        "recent": dict(record.sources.recent),
        "since": record.since,
        "until": record.until,
        "outputs": record.outputs,
        "results": dict(record.results),
    }
    if outputs is not None:
        _replace_file(folder, OUTPUTS_FILE, outputs)
    _replace_file(folder, RECORD_FILE, json.dumps(row).encode())


def _replace_file(folder: OpenFolder, name: str, data: bytes) -> None:
    """Write a file under a temporary name, then rename it. It may be lost with the power: that costs a build."""
    part = random_name(".part")
    try:
        with folder.create(part) as file:
            file.write(data)
        folder.replace(folder, part, name)
    except BaseException:
        folder.unlink(part)
        raise
