"""Writes below one folder and nowhere else: links on the way are refused, also those put there in the meantime.

Where the system can (Linux, macOS), folders are opened one by one and used by their descriptor, so a name that is
given to another folder during the work changes nothing. Elsewhere each folder on the way is checked before it is used.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedRandom, BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from podcast_kit.io.inside import OPENS_BY_DESCRIPTOR, OutsideFolderError

FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
NEW_FILE_FLAGS = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
LINK_ERRORS = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}
"""What systems answer where a link is, and only a folder was asked for."""
RANDOM_NAME_BYTES = 16
PROCESS_FOLDER = Path("/proc/self")
"""Where Linux has the open files of a process."""


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """One folder that is open: its names are used relative to it."""

    path: Path
    handle: int | None
    """Its descriptor; None where the system has none for folders."""

    def __reduce__(self) -> tuple[Callable[..., OpenFolder], tuple[object, ...]]:
        """Pickle it for another process of this program, which gets the open folder itself."""
        if self.handle is None:
            return OpenFolder, (self.path, None)
        from multiprocessing.reduction import DupFd

        return _receive_folder, (self.path, DupFd(self.handle))

    def _at(self, name: str) -> str | Path:
        return name if self.handle is not None else self.path / name

    def status(self, name: str) -> os.stat_result | None:
        """What a name is, without following a link; None if there is nothing."""
        try:
            return os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def create(self, name: str, mode: int = 0o666) -> BufferedRandom:
        """Create a file for writing; raises FileExistsError if there is anything of this name."""
        return os.fdopen(os.open(self._at(name), NEW_FILE_FLAGS, mode, dir_fd=self.handle), "w+b")

    def open(self, name: str) -> BufferedReader:
        """Open a regular file for reading; raises OutsideFolderError for a link, a pipe or a device."""
        try:
            handle = os.open(self._at(name), READ_FLAGS, dir_fd=self.handle)
        except OSError as error:
            if error.errno in LINK_ERRORS:
                raise link_error(self.path / name) from error
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OutsideFolderError(errno.EPERM, "is not a regular file", str(self.path / name))
        return os.fdopen(handle, "rb")

    def open_or_create(self, name: str) -> BufferedRandom:
        """Open a regular file for reading and writing, created if needed and never emptied."""
        flags = (NEW_FILE_FLAGS & ~os.O_EXCL) | getattr(os, "O_NONBLOCK", 0)
        try:
            handle = os.open(self._at(name), flags, 0o666, dir_fd=self.handle)
        except OSError as error:
            if error.errno in LINK_ERRORS | {errno.ENXIO}:
                raise link_error(self.path / name) from error
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OutsideFolderError(errno.EPERM, "is not a regular file", str(self.path / name))
        return os.fdopen(handle, "r+b")

    def replace(self, source: OpenFolder, source_name: str, name: str) -> None:
        """Give a file of another open folder a name in this one; a link of this name is replaced, not followed."""
        os.replace(source._at(source_name), self._at(name), src_dir_fd=source.handle, dst_dir_fd=self.handle)

    def unlink(self, name: str) -> None:
        """Delete a file or a link, if it exists."""
        with suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self.handle)

    def remove_folder(self, name: str) -> bool:
        """Delete a folder if it is empty; whether it was."""
        try:
            os.rmdir(self._at(name), dir_fd=self.handle)
        except OSError:
            return False
        return True

    def entries(self) -> list[os.DirEntry[str]]:
        """What is in the folder, sorted by name. Only the names and kinds of the entries are to be used."""
        with os.scandir(self.path if self.handle is None else self.handle) as entries:
            return sorted(entries, key=lambda entry: entry.name)

    @contextmanager
    def below(self, name: str, *, create: bool = False) -> Iterator[OpenFolder]:
        """Open a folder of this one, created on request; raises OutsideFolderError for a link."""
        folder = self.open_below(name, create=create)
        try:
            yield folder
        finally:
            folder.close()

    def open_below(self, name: str, *, create: bool = False) -> OpenFolder:
        """As `below`, but the caller closes the folder."""
        path = self.path / name
        if create:
            with suppress(FileExistsError):
                os.mkdir(self._at(name), dir_fd=self.handle)
        return OpenFolder(path, _open_folder(path if self.handle is None else name, self.handle, path))

    def close(self) -> None:
        """Let go of the folder, which cannot be used any more."""
        if self.handle is not None:
            os.close(self.handle)

    def path_for_others(self, name: str) -> Path:
        """A path of a file for programs and libraries that take no descriptor: it stays in this folder on Linux."""
        if self.handle is not None and PROCESS_FOLDER.is_dir():
            return PROCESS_FOLDER.parent / str(os.getpid()) / "fd" / str(self.handle) / name
        return self.path / name


def _receive_folder(path: Path, sent: Any) -> OpenFolder:  # noqa: ANN401  # one of the classes of multiprocessing
    """The folder that another process sent; it stays open as long as this process runs."""
    return OpenFolder(path, sent.detach())


class PinnedFolder:
    """A folder whose files are written by their keys, such as `episodes/one/index.html`."""

    def __init__(self, path: Path, *, create: bool = False, follows_links: bool = True) -> None:
        """Open the folder that the path leads to now, created if asked. Raises OSError.

        Unless it follows links, no part of the path may be one: for a path whose links were followed when it was
        checked, so that it is not given to another folder between the check and its use.
        """
        real_path = Path(os.path.realpath(path)) if follows_links else path
        if not OPENS_BY_DESCRIPTOR:
            if os.path.realpath(path) != os.path.abspath(real_path):  # noqa: PTH100
                raise link_error(path)
            if create:
                real_path.mkdir(parents=True, exist_ok=True)
            if not real_path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(path))
        self.root = OpenFolder(real_path, _open_from_root(real_path, create=create) if OPENS_BY_DESCRIPTOR else None)
        self._kept: list[tuple[str, OpenFolder]] = []
        """Names and folders below the root that `create_parent` left open, each in the one before."""

    def close(self) -> None:
        """Let go of the folder."""
        self._close_kept(0)
        if self.root.handle is not None:
            handle, self.root = self.root.handle, OpenFolder(self.root.path, -1)
            if handle >= 0:
                os.close(handle)

    def create_parent(self, key: str) -> tuple[OpenFolder, str]:
        """As `parent`, for many files in the order of their keys: the folder stays open until the next call or the end.

        So folders that follow one another are opened once.
        """
        *folders, name = PurePosixPath(key).parts
        depth = 0
        while depth < min(len(folders), len(self._kept)) and self._kept[depth][0] == folders[depth]:
            depth += 1
        self._close_kept(depth)
        for part in folders[depth:]:
            outer = self._kept[-1][1] if self._kept else self.root
            self._kept.append((part, outer.open_below(part, create=True)))
        return (self._kept[-1][1] if self._kept else self.root), name

    def _close_kept(self, depth: int) -> None:
        while len(self._kept) > depth:
            self._kept.pop()[1].close()

    @contextmanager
    def parent(self, key: str, *, create: bool = False) -> Iterator[tuple[OpenFolder, str]]:
        """The open folder of a key's file, and its name; raises OutsideFolderError where a link is on the way."""
        *folders, name = PurePosixPath(key).parts
        with self.folder(folders, create=create) as folder:
            yield folder, name

    @contextmanager
    def folder(self, parts: list[str], *, create: bool = False) -> Iterator[OpenFolder]:
        """A folder below, opened part by part."""
        if not parts:
            yield self.root
            return
        with self.folder(parts[:-1], create=create) as outer, outer.below(parts[-1], create=create) as folder:
            yield folder


@contextmanager
def open_folder_inside(root: Path, name: str, *, create: bool = False) -> Iterator[OpenFolder]:
    """Open a folder below another; links are followed if they stay inside. Raises OutsideFolderError if they do not."""
    real_root = os.path.realpath(root)
    real_path = os.path.realpath(os.path.join(real_root, name))  # noqa: PTH118
    if not (real_path + os.sep).startswith(real_root.rstrip(os.sep) + os.sep):
        raise OutsideFolderError(errno.EPERM, "is outside of its folder", str(root / name))
    parts = list(Path(real_path).relative_to(real_root).parts)
    with (
        closing(PinnedFolder(Path(real_root), follows_links=False)) as pinned,
        pinned.folder(parts, create=create) as folder,
    ):
        yield folder


def _open_from_root(path: Path, *, create: bool) -> int:
    """Open a folder by its absolute path without links, part by part; those that are missing are created if asked."""
    handle = os.open(path.anchor, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    for part in path.parts[1:]:
        parent = handle
        try:
            try:
                handle = _open_by_handle(part, parent, path)
            except FileNotFoundError:
                if not create:
                    raise
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=parent)
                handle = _open_by_handle(part, parent, path)
        finally:
            os.close(parent)
    return handle


def _open_by_handle(name: str, parent: int, path: Path) -> int:
    """Open a folder of an open one, which must not be a link."""
    try:
        return os.open(name, FOLDER_FLAGS, dir_fd=parent)
    except OSError as error:
        if error.errno in LINK_ERRORS:
            raise link_error(path) from error
        error.filename = str(path)
        raise


def _open_folder(name: str | Path, handle: int | None, path: Path) -> int | None:
    """Open a folder by name, which must not be a link; None where folders have no descriptors."""
    if handle is None:
        if os.path.islink(name) or os.path.realpath(name) != os.path.abspath(name):  # noqa: PTH100, PTH114
            raise link_error(path)
        if not os.path.isdir(name):  # noqa: PTH112
            raise FileNotFoundError(errno.ENOENT, "does not exist", str(path))
        return None
    return _open_by_handle(str(name), handle, path)


def link_error(path: Path) -> OutsideFolderError:
    """What is raised where a link, or a file, is in the way of a folder."""
    return OutsideFolderError(errno.ELOOP, "is a link or not a folder, and is not followed: remove it", str(path))


def readable_path(path: str) -> str:
    """A path as people know it, of one that `path_for_others` made."""
    match = re.match(r"/proc/\d+/fd/\d+", path)
    if match is None:
        return path
    try:
        return f"{Path(match[0]).readlink()}{path[match.end() :]}"
    except OSError:
        return path[match.end() :].lstrip("/")


def random_name(suffix: str = "") -> str:
    """A hidden name that no one can have prepared."""
    return f".{secrets.token_hex(RANDOM_NAME_BYTES)}{suffix}"
