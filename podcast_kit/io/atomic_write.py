"""Writes files atomically: to a temporary file in the same folder, which is renamed once it is complete."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.io.pinned_folder import NEW_FILE_FLAGS, open_folder_inside, readable_path

RANDOM_PART_BYTES = 8
MAX_NAME_BYTES = 200
"""Longest file name to which a suffix is added; file systems allow 255 bytes."""


@contextmanager
def atomic_path(destination: Path) -> Iterator[Path]:
    """A temporary path to write to; it is renamed to `destination` on success and removed on failure.

    Temporary files that a killed process left for the same destination are removed first. Raises OperationError when
    the disk refuses, and then leaves nothing behind.
    """
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        remove_stale_parts(destination)
        token = secrets.token_hex(RANDOM_PART_BYTES)  # so that no link of this name can have been prepared
        part = destination.with_name(f"{_part_prefix(destination.name)}.{token}.{os.getpid()}.part")
        try:
            yield part
            part.replace(destination)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(error, str(destination)) from error


def write_atomic(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write `data` to disk under a temporary name, then rename it; raises OperationError.

    An existing file keeps its permissions unless `mode` gives others.
    """
    with atomic_path(path) as part:
        old_mode = path.stat().st_mode & 0o7777 if mode is None and path.exists() else None
        handle = os.open(part, NEW_FILE_FLAGS, 0o666 if mode is None else mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # otherwise a power failure could leave an empty file
        if old_mode is not None:
            part.chmod(old_mode)


@contextmanager
def atomic_path_inside(root: Path, name: str) -> Iterator[Path]:
    """As `atomic_path`, for a file below a folder that may be a stranger's: nothing is written outside of it.

    Links to folders are followed if they stay inside. Raises OperationError.
    """
    subfolder, file_name = os.path.split(name)
    try:
        with (
            open_folder_inside(root, subfolder, create=True) as folder,
            atomic_path(folder.path_for_others(file_name)) as part,
        ):
            yield part
    except OSError as error:
        raise write_error(error, str(root / name)) from error


def write_inside(root: Path, name: str, data: bytes, mode: int | None = None) -> None:
    """As `write_atomic`, for a file below a folder that may be a stranger's: nothing is written outside of it.

    Links to folders are followed if they stay inside. Raises OperationError.
    """
    subfolder, file_name = os.path.split(name)
    try:
        with open_folder_inside(root, subfolder, create=True) as folder:
            write_atomic(folder.path_for_others(file_name), data, mode)
    except OSError as error:
        raise write_error(error, str(root / name)) from error


def unlink_inside(root: Path, name: str) -> None:
    """Delete a file or a link below a folder, if it exists, and nothing outside of it. Raises OSError."""
    subfolder, file_name = os.path.split(name)
    with suppress(FileNotFoundError), open_folder_inside(root, subfolder) as folder:
        folder.unlink(file_name)


def write_many(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files with these names into `folder`, each under a temporary name first; raises OperationError.

    They are complete after a power failure only once `flush_disk` was called, which is faster than to wait for each.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):
            _remove_if_stale(part)
        for name, data in files:
            part = folder / f"{_part_prefix(name)}.{os.getpid()}.part"
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            part.replace(folder / name)
    except OSError as error:
        raise write_error(error, str(folder)) from error


def flush_disk() -> None:
    """Wait until everything that was written is on the disk, where the system can be asked to (not on Windows)."""
    if hasattr(os, "sync"):
        os.sync()


def write_error(error: OSError, name: str) -> OperationError:
    """The error for a file that could not be written, with a fix."""
    name = readable_path(name)
    return OperationError(f"{name}: cannot be written: {error.strerror or error}", suggest_disk_fix(error))


def suggest_disk_fix(error: OSError) -> str:
    """What to do about an error of the file system."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "free up disk space, then run it again"
        case errno.EACCES | errno.EPERM:
            return "check the permissions of the file and its folder"
        case errno.EROFS:
            return "the disk is read-only; choose another folder"
        case errno.ENAMETOOLONG:
            return "use a shorter name"
        case _:
            return "check free disk space and permissions"


def remove_stale_parts(destination: Path) -> None:
    """Remove the temporary files of processes that no longer run."""
    prefix = f"{_part_prefix(destination.name)}."
    names = os.listdir(destination.parent) if destination.parent.is_dir() else []  # noqa: PTH208  # one list is faster
    for name in names:
        if name.startswith(prefix) and name[len(prefix) :].endswith(".part"):
            _remove_if_stale(destination.parent / name)


def _remove_if_stale(part: Path) -> None:
    process_id = part.name.split(".")[-2]
    if process_id.isdigit() and not _process_exists(int(process_id)):
        with suppress(OSError):  # on Windows, another process may have it open
            part.unlink()


def _part_prefix(name: str) -> str:
    """What temporary file names for `name` start with: hidden, and short enough to append to."""
    return f".{name if len(os.fsencode(name)) <= MAX_NAME_BYTES else hashlib.sha256(os.fsencode(name)).hexdigest()}"


def _process_exists(process_id: int) -> bool:
    if os.name == "nt":  # on Windows, signal 0 would end the process
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
