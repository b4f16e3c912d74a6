"""Tells whether any file of a folder was touched, without reading it: by its size, its times and its inode.

Every change of a file sets its ctime, which nothing can set back, so an edit is found even where its size and mtime are
restored. A file that was changed just before it was stamped could be changed once more within the same tick of the
file system's clock; such recent files are read, too, as git does with its index.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import sys
import threading
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
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

NUMBERS = 1 << 64
FILE_KINDS = 0o170000
"""The bits of a mode that say what a file is, as `stat.S_IFMT` returns them, which costs a call."""
PATHS_BLOCK_BYTES = 1 << 15
"""Of the paths of about 800 files, which are stamped together."""
MIN_BLOCKS_TO_SHARE = 26
"""From which on two processes are faster than one."""
MAX_BLOCKS_TO_SHARE = 32_000
"""Whose numbers fit into a pipe."""
_NUMBER = "H"
"""The type of a block's number in a pipe."""

_BlockStamp = tuple[str, int]


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


def stamp_network(folder: Path, now_ns: int) -> tuple[SourceStamps, list[Path]] | None:
    """The stamps of a network's folder with all its shows, and the folders that they are built into.

    As `stamp_sources`.
    """
    walk = _Walk(now_ns - TICK_NS)
    root = os.path.realpath(folder)
    try:
        walk.add_owner(root)
        shows = walk.add_shows(root)
        if network := _find_network(root):
            walk.names.append(f"in {network}")
        stamps = SourceStamps(walk.digest(), walk.read_recent())
    except TooManyFilesError:
        return None
    return stamps, [Path(show, "build") for show in shows]


def has_unchanged_files(digests: Mapping[str, str]) -> bool:
    """Whether files still have these digests, by their paths."""
    return all(_hash_file(path) == digest for path, digest in digests.items())


def stamp_program(package: Path) -> str:
    """A digest of the program: of its own files where they can be edited, and of the folders of installed packages.

    An installation or an upgrade of any package changes the folder that it is in.
    """
    walk = _Walk(sys.maxsize)
    libraries = [path for path in sys.path if path.endswith("-packages")]
    for path in libraries:
        walk.add_file(path, path)
    if str(package.parent) not in libraries:
        walk.add_folder(str(package), skipped=frozenset({"__pycache__"}), everywhere=True)
        walk.add_folder(str(package.parent / "templates"))
    walk.names.append(f"{sys.version} {sys.getfilesystemencoding()}")
    return walk.digest()


def _find_network(folder: str) -> str:
    """The nearest folder above with a shows.yaml, or an empty string."""
    while (parent := os.path.dirname(folder)) != folder:  # noqa: PTH120
        if os.path.isfile(f"{parent}/shows.yaml"):  # noqa: PTH113
            return parent
        folder = parent
    return ""


class _Walk:
    """Collects names and stamps of files, in an order that only depends on names."""

    def __init__(self, recent_ns: int) -> None:
        self.names: list[str] = []
        """Of each folder a slash, its path and its names; then those that are not files again, with a word."""
        self._facts: list[int] = []
        """Four numbers a file, flat: a tuple for each would be tracked as garbage."""
        self._recent_ns = recent_ns
        self._recent: dict[str, int] = {}
        """Path → size."""
        self._followed: set[tuple[int, int]] = set()
        self._count = 0

    def digest(self) -> str:
        """The digest of everything that was added."""
        names = "\0".join(self.names).encode("utf-8", "surrogateescape")
        try:
            facts = array("Q", self._facts)
        except OverflowError:  # a time before 1970
            facts = array("Q", [fact % NUMBERS for fact in self._facts])
        return hashlib.sha256(hashlib.sha256(names).digest() + facts.tobytes()).hexdigest()

    def read_recent(self) -> dict[str, str]:
        """The sha256 of each recent file. Raises TooManyFilesError."""
        if len(self._recent) > MAX_RECENT_FILES or sum(self._recent.values()) > MAX_RECENT_SIZE_BYTES:
            raise TooManyFilesError
        return {path: _hash_file(path) for path in self._recent}

    def add_owner(self, folder: str) -> None:
        """Who a folder belongs to: a show of another user is not used from below."""
        with suppress(OSError):
            self.names.append(f"{folder} of {os.stat(folder).st_uid}")  # noqa: PTH116

    def add_folder(
        self, root: str, *, below: str = "", skipped: frozenset[str] = frozenset(), everywhere: bool = False
    ) -> None:
        """Add everything below a folder, but not what is skipped: at its top, or `everywhere`."""
        folders = [(root, below)]
        while folders:
            folder, prefix = folders.pop()
            names = self._list_names(folder, prefix)
            if everywhere or not prefix:
                names = [name for name in names if name not in skipped]
            folders += self._add_files(folder, prefix, names)

    def add_network(self, root: str, own_show: str) -> None:
        """Add everything below a network's folder, of its other shows only the settings."""
        folders = [(root, "network/")]
        while folders:
            folder, prefix = folders.pop()
            names = self._list_names(folder, prefix)
            if folder != root and not set(names).isdisjoint(SHOW_FILES):
                names = [name for name in names if name in SHOW_FILES]
            names = [name for name in names if name not in UNSTAMPED_FOLDERS and f"{folder}/{name}" != own_show]
            folders += self._add_files(folder, prefix, names)

    def add_shows(self, root: str) -> list[str]:
        """Add everything below a network's folder but what its shows and its page build; the folders of all these."""
        shows = []
        folders = [(root, "")]
        while folders:
            folder, prefix = folders.pop()
            names = self._list_names(folder, prefix)
            if not set(names).isdisjoint(SHOW_FILES):
                shows.append(folder)
                names = [name for name in names if name not in UNSTAMPED_FOLDERS]
            folders += self._add_files(folder, prefix, names)
        return shows

    def add_file(self, path: str, name: str) -> None:
        """Add a file, or only the folder itself, as what its path leads to."""
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            self.names.append(f"{name}\0missing")
        else:
            self._add_status(path, name, status)

    def _add_files(self, folder: str, prefix: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """Add these files and links of a folder; its folders among them, of which only the names are added."""
        self._count += len(names)
        if self._count > MAX_STAMPED_FILES:
            raise TooManyFilesError
        self.names += [f"/{prefix}", *names]
        folders = []
        add_fact, lstat, recent_ns = self._facts.append, os.lstat, self._recent_ns
        with _look_into(folder) as descriptor:
            start = f"{folder}/" if descriptor is None else ""
            for name in names:  # as in `_stamp_block`
                try:
                    status = lstat(start + name, dir_fd=descriptor)
                except OSError:
                    self.names.append(f"{name}\0missing")
                    continue
                kind = status.st_mode & FILE_KINDS
                if kind == stat.S_IFDIR:
                    self.names.append(f"{name}\0folder")
                    folders.append((f"{folder}/{name}", f"{prefix}{name}/"))
                    continue
                ctime = status.st_ctime_ns
                add_fact(ctime)
                add_fact(status.st_mtime_ns)
                add_fact(status.st_size)
                add_fact(status.st_ino)
                if kind == stat.S_IFLNK:
                    self._follow_link(f"{folder}/{name}", prefix + name)
                elif ctime >= recent_ns and kind == stat.S_IFREG:
                    self._recent[f"{folder}/{name}"] = status.st_size
        return folders

    def _follow_link(self, path: str, name: str) -> None:
        """Add what a link leads to, each folder once."""
        self.add_file(path, f"{name} target")
        with suppress(OSError):
            status = os.stat(path)  # noqa: PTH116
            if stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in self._followed:
                self._followed.add((status.st_dev, status.st_ino))
                self.add_folder(path, below=f"{name}/")

    def _add_status(self, path: str, name: str, status: os.stat_result) -> None:
        ctime = status.st_ctime_ns
        self.names.append(name)
        add_fact = self._facts.append
        add_fact(ctime)
        add_fact(status.st_mtime_ns)
        add_fact(status.st_size)
        add_fact(status.st_ino)
        if ctime >= self._recent_ns and stat.S_ISREG(status.st_mode):
            self._recent[path] = status.st_size

    def _list_names(self, folder: str, name: str) -> list[str]:
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208
        except OSError as error:
            self.names.append(f"{name}\0unreadable {error.errno}")
            return []


@contextmanager
def _look_into(folder: str | bytes) -> Iterator[int | None]:
    """Open a folder, from which its files are found sooner than from the root; None where that is not possible."""
    descriptor = None
    if os.stat in os.supports_dir_fd:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


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


def stamp_outputs(folder: Path, paths: bytes) -> tuple[str, int]:
    """A digest of the state of these files and folders, separated by NUL, and the newest of their ctimes in ns.

    The digest is empty where one is missing. A file that was added changes the state of the folder that it is in.
    """
    with stamping_outputs(folder, paths) as finish:
        return finish()


@contextmanager
def stamping_outputs(folder: Path, paths: bytes) -> Iterator[Callable[[], tuple[str, int]]]:
    """Begin to find what `stamp_outputs` returns, which the function returns that this yields.

    Of very many files, another process looks at some, also while something else is done here.
    """
    blocks = _split_paths(paths)
    with ExitStack() as stack:
        stamp = partial(_stamp_block, os.fsencode(folder))
        take_stamps: Callable[[], list[_BlockStamp]] = partial(_stamp_here, stamp, blocks)
        if MIN_BLOCKS_TO_SHARE <= len(blocks) <= MAX_BLOCKS_TO_SHARE and _can_share():
            take_stamps = stack.enter_context(_sharing_with_another_process(stamp, blocks))

        def finish() -> tuple[str, int]:
            try:
                stamps = take_stamps()
            except (OSError, ValueError, OverflowError):
                return "", 0
            digests = "".join(digest for digest, _ in stamps)
            return hashlib.sha256(digests.encode()).hexdigest(), max(newest for _, newest in stamps)

        yield finish


def _split_paths(paths: bytes) -> list[bytes]:
    """Paths that are separated by NUL, in blocks."""
    blocks: list[bytes] = []
    start = 0
    while (end := paths.find(b"\0", start + PATHS_BLOCK_BYTES)) >= 0:
        blocks.append(paths[start:end])
        start = end + 1
    return [*blocks, paths[start:]]


def _stamp_here(stamp: Callable[[bytes], _BlockStamp], blocks: Sequence[bytes]) -> list[_BlockStamp]:
    return [stamp(block) for block in blocks]


def _stamp_block(root: bytes, paths: bytes) -> _BlockStamp:
    """The digest of some files and folders, and the newest of their ctimes in ns. Raises OSError."""
    facts: list[int] = []
    add_fact, lstat = facts.append, os.lstat
    below, names = _split_common_folder(paths)
    with _look_into(folder := root + b"/" + below) as descriptor:
        prefix = folder if descriptor is None else b""
        for name in names:  # tens of thousands: nothing here is done twice, or in a function of its own
            status = lstat(prefix + name or b".", dir_fd=descriptor)
            add_fact(status.st_ctime_ns)
            add_fact(status.st_mtime_ns)
            add_fact(status.st_size)
            add_fact(status.st_ino)
    return hashlib.sha256(array("Q", facts).tobytes()).hexdigest(), max(facts[::4])


def _split_common_folder(paths: bytes) -> tuple[bytes, list[bytes]]:
    """The folder that all paths begin with, with a slash, and the rest of each: what is looked up for each path."""
    names = paths.split(b"\0")
    folder = os.path.commonpath([names[0], names[-1]]) + b"/"  # of all, for they are sorted
    whole = b"\0" + paths
    if whole.count(b"\0" + folder) != len(names):
        return b"", names
    return folder, whole.replace(b"\0" + folder, b"\0")[1:].split(b"\0")


def _can_share() -> bool:
    """Whether this process can be copied, and the copy would run at the same time."""
    return sys.platform == "linux" and threading.active_count() == 1 and (os.cpu_count() or 1) > 1


@contextmanager
def _sharing_with_another_process(
    stamp: Callable[[bytes], _BlockStamp], blocks: Sequence[bytes]
) -> Iterator[Callable[[], list[_BlockStamp]]]:
    """Let a copy of this process begin to stamp blocks; the function that is yielded stamps the others here.

    It returns the stamps of all, and raises OSError where a file is missing. Who is ready takes the next number.
    """
    queue, numbers = os.pipe()
    os.write(numbers, array(_NUMBER, range(len(blocks))).tobytes())
    os.close(numbers)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as out:
                out.write(json.dumps(list(_stamp_from_queue(queue, stamp, blocks))).encode())
        finally:
            os._exit(0)
    os.close(writer)

    def take_stamps() -> list[_BlockStamp]:
        rows = [*_stamp_from_queue(queue, stamp, blocks), *json.loads(answer.read() or b"[]")]
        if len(rows) != len(blocks):
            raise FileNotFoundError
        return [(digest, newest) for _, digest, newest in sorted(map(tuple, rows))]

    with os.fdopen(reader, "rb") as answer:
        try:
            yield take_stamps
        finally:
            os.close(queue)
            os.kill(child, signal.SIGKILL)  # the rest is not needed
            os.waitpid(child, 0)


def _stamp_from_queue(
    queue: int, stamp: Callable[[bytes], _BlockStamp], blocks: Sequence[bytes]
) -> Iterator[tuple[int, str, int]]:
    """Stamp those blocks whose numbers are taken from the queue: number, digest and newest ctime."""
    while data := os.read(queue, array(_NUMBER).itemsize):
        (number,) = array(_NUMBER, data)
        yield number, *stamp(blocks[number])


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
