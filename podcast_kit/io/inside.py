"""Opens files inside of a folder, and never what a link inside of it leads to outside."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

OPENS_BY_DESCRIPTOR = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
"""Whether a folder that was opened can be used after its name was given to another."""
MAX_SMALL_FILE_BYTES = 1_000_000
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


class OutsideFolderError(OSError):
    """A path that leads out of the folder, or is not a regular file."""


def real_path(path: Path) -> Path:
    """An absolute path without links. Links that lead to themselves stay: `Path.resolve` raises RuntimeError there."""
    return Path(os.path.realpath(path))


def is_inside(root: Path, path: Path | str) -> bool:
    """Whether a path below the root is inside of it, when all links are followed."""
    real_root = os.path.realpath(root)
    return (os.path.realpath(os.path.join(root, path)) + os.sep).startswith(real_root.rstrip(os.sep) + os.sep)  # noqa: PTH118


def open_inside(root: Path, name: str) -> BinaryIO:
    """Open a regular file inside of a folder for reading; links are followed if they stay inside.

    Raises OutsideFolderError if they do not, or if it is a pipe or a device; OSError if it cannot be opened.
    """
    real_root = os.path.realpath(root)
    real_path = os.path.realpath(os.path.join(root, name))  # noqa: PTH118
    if not real_path.startswith(real_root.rstrip(os.sep) + os.sep):
        raise OutsideFolderError(errno.EPERM, "is outside of its folder", name)
    handle = _open_below(real_root, real_path)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OutsideFolderError(errno.EPERM, "is not a regular file", name)
    return os.fdopen(handle, "rb")


def read_inside(root: Path, name: str, max_bytes: int) -> bytes:
    """The bytes of a file inside of a folder, at most one more than `max_bytes`; raises as `open_inside`."""
    with open_inside(root, name) as file:
        return file.read(max_bytes + 1)


def read_own_lines(root: Path, name: str) -> list[str]:
    """The lines of a small text file inside of a folder; none where it does not exist, or is a link out of it."""
    try:
        return read_inside(root, name, MAX_SMALL_FILE_BYTES).decode("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return []


def _open_below(root: str, path: str) -> int:
    """Open a path without links, folder by folder, so that a link put there in the meantime is refused."""
    if not OPENS_BY_DESCRIPTOR:
        return os.open(path, _READ_FLAGS)
    *folders, name = Path(path).relative_to(root).parts
    folder = os.open(root, _FOLDER_FLAGS)
    try:
        for part in folders:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(name, _READ_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
