"""Tells whether any file of a folder was touched, without reading it: by its size, its times and its inode.

Every change of a file sets its ctime, which nothing can set back, so an edit is found even where its size and mtime are
restored. A file that was changed just before it was stamped could be changed once more within the same tick of the
file system's clock; such recent files are read, too, as git does with its index.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.io.pinned_folder import OpenFolder, random_name

TICK_NS = 2_000_000_000
"""Longest tick of a file system's clock, which is that of FAT."""
MAX_STAMPED_FILES = 300_000
"""In a show's folder and that of its network: with more, telling costs more than it saves."""
MAX_RECENT_FILES = 64
MAX_RECENT_SIZE_BYTES = 64_000_000
"""What is read at most to tell whether recent files are the same."""
UNSTAMPED_FOLDERS = frozenset({"build", ".git", ".podcast-kit"})
"""In the folder of a show or a network: what a build does not read, or stamps on its own."""
SHOW_FILES = ("podcast.yaml", "shows.yaml")
"""What is read of the other shows of a network."""
MAX_CLOCK_POLLS = 10

_Row = tuple[object, ...]


class TooManyFilesError(Exception):
    """A folder has more files than it is worth to look at."""


@dataclass(frozen=True, slots=True)
class SourceStamps:
    """The state of all files that a build of a show can read."""

    digest: str
    recent: Mapping[str, str] = field(default_factory=dict)
    """The path of each recent file → its sha256 (hex)."""


def stamp_sources(folder: Path, now_ns: int) -> SourceStamps | None:
    """The stamps of a show's folder, of what links in it lead to, and of the network that it is part of.

    `now_ns` is the current time, in ns since 1970. None where too many files are there, or are recent.
    """
    walk = _Walk(now_ns - TICK_NS)
    root = os.path.realpath(folder)
    try:
        walk.add_owner(root)
        walk.add_folder(root, skipped=UNSTAMPED_FOLDERS)
        if network := _find_network(root):
            walk.add_owner(network)
            walk.add_network(network, root)
        return SourceStamps(walk.digest(), walk.read_recent())
    except TooManyFilesError:
        return None


def has_unchanged_files(digests: Mapping[str, str]) -> bool:
    """Whether files still have these digests, by their paths."""
    return all(_hash_file(path) == digest for path, digest in digests.items())


def stamp_program(package: Path) -> str:
    """A digest of the program: of its own files where they can be edited, and of the folders of installed packages.

    An installation or an upgrade of any package changes the folder that it is in.
    """
    import sys

    walk = _Walk(sys.maxsize)
    libraries = [path for path in sys.path if path.endswith("-packages")]
    for path in libraries:
        walk.add_file(path, path)
    if str(package.parent) not in libraries:
        walk.add_folder(str(package), skipped=frozenset({"__pycache__"}), everywhere=True)
        walk.add_folder(str(package.parent / "templates"))
    walk.rows.append((sys.version, sys.flags.utf8_mode))
    return walk.digest()


def _find_network(folder: str) -> str:
    """The nearest folder above with a shows.yaml, or an empty string."""
    while (parent := os.path.dirname(folder)) != folder:  # noqa: PTH120
        if os.path.isfile(f"{parent}/shows.yaml"):  # noqa: PTH113
            return parent
        folder = parent
    return ""


class _Walk:
    """Collects a row for each file, in an order that only depends on names."""

    def __init__(self, recent_ns: int) -> None:
        self.rows: list[_Row] = []
        self._recent_ns = recent_ns
        self._recent: dict[str, int] = {}
        """Path → size."""
        self._followed: set[tuple[int, int]] = set()

    def digest(self) -> str:
        """The digest of all rows."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    def read_recent(self) -> dict[str, str]:
        """The sha256 of each recent file. Raises TooManyFilesError."""
        if len(self._recent) > MAX_RECENT_FILES or sum(self._recent.values()) > MAX_RECENT_SIZE_BYTES:
            raise TooManyFilesError
        return {path: _hash_file(path) for path in self._recent}

    def add_owner(self, folder: str) -> None:
        """Who a folder belongs to: a show of another user is not used from below."""
        with suppress(OSError):
            self.rows.append((folder, os.stat(folder).st_uid))  # noqa: PTH116

    def add_folder(
        self, root: str, *, below: str = "", skipped: frozenset[str] = frozenset(), everywhere: bool = False
    ) -> None:
        """Add everything below a folder, but not what is skipped: at its top, or `everywhere`."""
        folders = [(root, below)]
        while folders:
            folder, prefix = folders.pop()
            for entry in self._list_entries(folder, prefix):
                if entry.name in skipped and (everywhere or not prefix):
                    continue
                name = prefix + entry.name
                if entry.is_symlink():
                    self._add_link(entry.path, name)
                elif entry.is_dir(follow_symlinks=False):
                    self.rows.append((name, "folder"))
                    folders.append((entry.path, f"{name}/"))
                else:
                    self._add_status(entry.path, name, entry.stat(follow_symlinks=False))

    def add_network(self, root: str, own_show: str) -> None:
        """Add everything below a network's folder, of its other shows only the settings."""
        folders = [(root, "network/")]
        while folders:
            folder, prefix = folders.pop()
            entries = self._list_entries(folder, prefix)
            is_show = folder != root and any(entry.name in SHOW_FILES for entry in entries)
            for entry in entries:
                if is_show and entry.name not in SHOW_FILES:
                    continue
                name = prefix + entry.name
                if entry.is_symlink():
                    self._add_link(entry.path, name)
                elif not entry.is_dir(follow_symlinks=False):
                    self._add_status(entry.path, name, entry.stat(follow_symlinks=False))
                elif entry.path != own_show and entry.name not in UNSTAMPED_FOLDERS:
                    self.rows.append((name, "folder"))
                    folders.append((entry.path, f"{name}/"))

    def add_file(self, path: str, name: str) -> None:
        """Add a file, or only the folder itself, as what its path leads to."""
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            self.rows.append((name, "missing"))
        else:
            self._add_status(path, name, status)

    def _add_link(self, path: str, name: str) -> None:
        """Add a link and what it leads to, each folder once."""
        with suppress(OSError):
            self._add_status(path, f"{name} link", os.lstat(path), is_file=False)
        self.add_file(path, name)
        with suppress(OSError):
            status = os.stat(path)  # noqa: PTH116
            if stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in self._followed:
                self._followed.add((status.st_dev, status.st_ino))
                self.add_folder(path, below=f"{name}/")

    def _add_status(self, path: str, name: str, status: os.stat_result, *, is_file: bool = True) -> None:
        if len(self.rows) > MAX_STAMPED_FILES:
            raise TooManyFilesError
        self.rows.append((name, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
        if is_file and status.st_ctime_ns >= self._recent_ns and stat.S_ISREG(status.st_mode):
            self._recent[path] = status.st_size

    def _list_entries(self, folder: str, name: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.rows.append((name, "unreadable", error.errno))
            return []


def _hash_file(path: str) -> str:
    """The sha256 (hex) of a regular file; empty if it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(handle).st_mode)
            return hashlib.file_digest(file, "sha256").hexdigest() if is_file else ""
    except OSError:
        return ""


def list_outputs(folder: Path) -> list[bytes] | None:
    """The path of every file and folder of a build, relative to its folder; those of folders end with a slash.

    None where there is anything but files and folders.
    """
    paths = [b""]
    prefix_len = len(os.fsencode(folder)) + 1
    folders = [os.fsencode(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        paths.append(entry.path[prefix_len:] + b"/")
                    elif entry.is_file(follow_symlinks=False):
                        paths.append(entry.path[prefix_len:])
                    else:
                        return None
        except OSError:
            return None
    return sorted(paths)


def stamp_outputs(folder: Path, paths: list[bytes]) -> tuple[str, int]:
    """A digest of the state of these files and folders, and the newest of their ctimes in ns.

    The digest is empty where one is missing. A file that was added changes the state of the folder that it is in.
    """
    prefix = os.fsencode(folder) + b"/"
    facts: list[int] = []
    add_facts, lstat = facts.extend, os.lstat
    newest = 0
    try:
        for path in paths:  # tens of thousands: nothing here is done twice, or in a function of its own
            status = lstat(prefix + path)
            ctime = status.st_ctime_ns
            add_facts((status.st_mtime_ns, ctime, status.st_size, status.st_ino, status.st_mode))
            newest = max(newest, ctime)
    except (OSError, ValueError):
        return "", newest
    return hashlib.sha256(repr(facts).encode()).hexdigest(), newest


def wait_for_clock(folder: OpenFolder, sleep: Callable[[float], None]) -> int:
    """Wait for the next tick of a file system's clock; the time then, in ns, or 0 where that takes long.

    What was changed before has an earlier time than what is changed from then on.
    """
    first = None
    for _ in range(MAX_CLOCK_POLLS):
        now = _read_clock(folder)
        first = now if first is None else first
        if now > first:
            return now
        sleep(0.002)
    return 0


def _read_clock(folder: OpenFolder) -> int:
    """The time of a file system, as it gives it to a file that is created now."""
    name = random_name()
    with folder.create(name) as file:
        status = os.fstat(file.fileno())
    folder.unlink(name)
    return status.st_ctime_ns
