"""Files made beside their name, and renamed only when they are whole: nobody ever sees half of one."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podcast_kit.errors import OperationError

LONG = 200
"""Bytes of a name to which more can be added: file systems take 255."""


@contextmanager
def beside(destination: Path) -> Iterator[Path]:
    """A path to write to, which becomes `destination` when all went well and is removed when not.

    What a process that was killed left for the same destination is swept away first. Raises Failed where the disk
    refuses, and then leaves nothing.
    """
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        sweep(destination)
        part = destination.with_name(f"{_stem(destination.name)}.{os.getpid()}.part")
        try:
            yield part
            part.replace(destination)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise unwritten(error, str(destination)) from error


def write(path: Path, data: bytes, mode: int | None = None) -> None:
    """All of it, on the disk and then under its name; an older file's permissions stay unless `mode` says others."""
    with beside(path) as part:
        part.unlink(missing_ok=True)  # of another machine, or of an earlier process of the same number
        kept = path.stat().st_mode & 0o7777 if mode is None and path.exists() else None
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave an empty file of that name
        if kept is not None:
            part.chmod(kept)


def unwritten(error: OSError, name: str) -> OperationError:
    """What the disk refused, in words, with the mend."""
    return OperationError(f"{name}: cannot be written: {error.strerror or error}", mend(error))


def mend(error: OSError) -> str:
    """What to do about a disk that refuses."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "make room on the disk, then run it again"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "see who may read and write there"
    if error.errno == errno.EROFS:
        return "nobody can write to that disk: name another place"
    if error.errno == errno.ENAMETOOLONG:
        return "give it a shorter name"
    return "look at the disk, and at who may write there"


def sweep(destination: Path) -> None:
    """Remove the unfinished files of processes that are no more."""
    for left in destination.parent.glob(f"{glob.escape(_stem(destination.name))}.*.part"):
        owner = left.name.split(".")[-2]
        if owner.isdigit() and not _alive(int(owner)):
            with suppress(OSError):  # Windows keeps what another process has open
                left.unlink()


def _stem(name: str) -> str:
    """What the name of an unfinished file begins with: hidden, and short enough for what follows."""
    return f".{name if len(os.fsencode(name)) <= LONG else hashlib.sha256(os.fsencode(name)).hexdigest()}"


def _alive(pid: int) -> bool:
    if os.name == "nt":  # where a signal of 0 would end the process
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
