"""The folder or archive that a tool's files are read from: bounded, and never out of it by a link or a path."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io.inside import open_inside, read_inside
from podcast_kit.io.temp_folder import TemporaryFolder

MAX_SOURCE_FILES = 100_000
"""Files of one site; sites of twenty years of weekly episodes have a tenth of that."""
MAX_TEXT_FILE_BYTES = 2_000_000
MAX_UNPACKED_BYTES = 20_000_000_000
"""Of an archive with all recordings."""
MAX_PACKING_RATIO = 200
"""Deflate packs text to a tenth, and zeros to a thousandth."""
MIN_SUSPICIOUS_BYTES = 50_000_000
"""Archives that unpack to less are not checked for their ratio."""
ZIP_MAGIC = b"PK\x03\x04"
_SKIPPED_FOLDERS = {".git", "node_modules", "__MACOSX", ".svn", ".hg", ".cache", "vendor", "_site", "resources"}
"""What tools install or build; never what someone wrote."""
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class SourceFolder:
    """A folder that is read, and how it is called in messages."""

    path: Path
    name: str
    """As the user typed it."""
    only: str = ""
    """The one file of the folder that is read; empty for all."""
    skipped_links: list[str] = field(default_factory=list)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The paths of all regular files, sorted, with forward slashes; links and hidden folders are left out.

        Raises OperationError where there are more than any site has.
        """
        if self.only:
            return (self.only,)
        paths: list[str] = []
        for folder, folders, names in os.walk(self.path, followlinks=False):
            folders[:] = sorted(
                name for name in folders if name not in _SKIPPED_FOLDERS and not Path(folder, name).is_symlink()
            )
            for name in sorted(names):
                full = Path(folder, name)
                if full.is_symlink() or not stat.S_ISREG(full.lstat().st_mode):
                    self.skipped_links.append(full.relative_to(self.path).as_posix())
                    continue
                paths.append(full.relative_to(self.path).as_posix())
            if len(paths) > MAX_SOURCE_FILES:
                text = f"{self.name} has more than {MAX_SOURCE_FILES:,} files"
                raise OperationError(text, "pass the folder of the site itself")
        return tuple(path for path in paths if _is_printable(path))

    @cached_property
    def _file_set(self) -> frozenset[str]:
        return frozenset(self.files)

    def has(self, path: str) -> bool:
        """Whether there is a file of this path."""
        return path in self._file_set

    def matching(self, *patterns: str) -> tuple[str, ...]:
        """The paths that match any of the patterns; `*` also matches slashes."""
        return tuple(path for path in self.files if any(fnmatchcase(path, pattern) for pattern in patterns))

    def location(self, path: str, line: int = 0) -> SourceLocation:
        """A location for messages."""
        return SourceLocation("/".join(part for part in (self.name.rstrip("/"), path) if part) or ".", line)

    def read_bytes(self, path: str, max_bytes: int = MAX_TEXT_FILE_BYTES) -> bytes:
        """The bytes of a file; raises InvalidInput where it cannot be read or is too large."""
        location = self.location(path)
        try:
            data = read_inside(self.path, path, max_bytes)
        except (OSError, ValueError) as error:
            text = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            fix = "check the file's permissions; links that lead out of the folder are not followed"
            raise InvalidInput([Problem(location, text, fix, "file.read")]) from None
        if len(data) > max_bytes:
            text = f"is larger than {max_bytes:,} bytes"
            raise InvalidInput([Problem(location, text, "is it the right file?", "file.long")])
        return data

    def read_head(self, path: str, size: int = 4_096) -> bytes:
        """The first bytes of a file; none if it cannot be opened."""
        try:
            with open_inside(self.path, path) as file:
                return file.read(size)
        except (OSError, ValueError):
            return b""

    def size_of(self, path: str) -> int:
        """The size of a file in bytes; 0 if it cannot be opened."""
        try:
            with open_inside(self.path, path) as file:
                return os.fstat(file.fileno()).st_size
        except (OSError, ValueError):
            return 0

    def find(self, *paths: str) -> str:
        """The first of the paths that is a file; empty if none is."""
        return next((path for path in map(normalize_path, paths) if path and self.has(path)), "")


def normalize_path(path: str) -> str:
    """A path below a folder without `.` and empty parts; empty if it leads out of it."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
    return "" if ".." in parts else "/".join(parts)


def _is_printable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return path.isprintable()


def has_tool_files(source: str) -> bool:
    """Whether a path is a folder or a regular file, which may be that of a tool."""
    try:
        return Path(source).is_dir() or Path(source).is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def open_source_folder(source: str) -> Iterator[SourceFolder]:
    """The folder at a path, or a folder of one file; a ZIP archive is unpacked into a temporary folder first.

    Raises OperationError where it cannot be read, leads out of itself, or unpacks to more than any site has.
    """
    path = Path(source)
    if path.is_dir():
        yield SourceFolder(path, source)
        return
    try:
        with path.open("rb") as file:
            is_archive = file.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError as error:
        raise OperationError(f"{source}: {error.strerror}", "check the file's permissions") from None
    if not is_archive:
        yield SourceFolder(path.parent, posixpath.dirname(source), path.name)
        return
    with TemporaryFolder() as temp:
        unpack_zip(path, source, Path(temp))
        yield SourceFolder(_only_subfolder(Path(temp)), source)


def unpack_zip(path: Path, source: str, folder: Path, skipped_folders: Collection[str] = _SKIPPED_FOLDERS) -> None:
    """Unpack an archive into a folder, without links and what no tool needs. Raises OperationError."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_archive(members, source, path.stat().st_size)
            budget = sum(member.file_size for member in members)
            for member in members:
                budget -= _unpack_member(archive, member, source, folder, budget, skipped_folders)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise OperationError(f"{source} is a damaged or encrypted archive: {error}", "unpack it yourself") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        fix = "unpack it yourself, and pass the folder"
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            fix = "free up disk space, then run it again"
        raise OperationError(f"{source} cannot be unpacked: {reason}", fix) from None


def _check_archive(members: list[zipfile.ZipInfo], source: str, packed: int) -> None:
    """Refuse an archive that has too much in it."""
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_SOURCE_FILES:
        raise OperationError(f"{source} has more than {MAX_SOURCE_FILES:,} files", "pack the folder of the site only")
    is_bomb = unpacked > MIN_SUSPICIOUS_BYTES and unpacked > packed * MAX_PACKING_RATIO
    if is_bomb or unpacked > MAX_UNPACKED_BYTES:
        text = f"{source} would unpack to {unpacked:,} bytes, from {packed:,}"
        raise OperationError(text, "unpack it yourself if you trust it, and pass the folder")


def _unpack_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    source: str,
    folder: Path,
    budget: int,
    skipped_folders: Collection[str],
) -> int:
    """Unpack one file, and return its bytes; folders, links and what no tool needs are skipped."""
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    if member.is_dir() or is_link or not set(parts).isdisjoint(skipped_folders):
        return 0
    name = normalize_path(member.filename)
    if not name or member.filename.startswith(("/", "\\")) or ":" in parts[0] or not _is_printable(name):
        raise OperationError(
            f"{source} has a file whose path leads out of it: {member.filename[:100]!r}", "do not trust this archive"
        )
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as packed, target.open("xb") as output:
        while block := packed.read(_COPY_BYTES):
            written += len(block)
            if written > max(budget, 0):
                raise OperationError(f"{source} unpacks to more than it says", "do not trust this archive")
            output.write(block)
    with suppress(OverflowError, ValueError):  # some tools have the date of an episode only there
        seconds = datetime(*member.date_time, tzinfo=UTC).timestamp()
        os.utime(target, (seconds, seconds))
    return written


def _only_subfolder(folder: Path) -> Path:
    """The one folder that everything is in, if there is one, as archives of GitHub have it."""
    for _ in range(3):
        entries = list(folder.iterdir())
        if len(entries) != 1 or not entries[0].is_dir():
            break
        folder = entries[0]
    return folder
