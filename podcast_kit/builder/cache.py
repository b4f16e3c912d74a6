"""The build cache: what earlier builds worked out, found again by content.

A table of (kind, key) -> JSON in `.podcast-kit/memory.sqlite`. Each kind has a type of its own, see `CacheKind`.
The cache is a convenience: without it, or with a damaged one, a build takes longer and writes the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from podcast_kit.builder.cache_database import CacheDatabase, open_database
from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import write_error
from podcast_kit.io.bound_folder import open_bound_folder
from podcast_kit.io.pinned_folder import OpenFolder
from podcast_kit.model import Progress

CACHE_DIR = ".podcast-kit"
RECORDINGS_FOLDER = "recordings"
"""In the cache: copies of recordings in object storage."""
BUILD_LOCK_FILE = "building"
LOCK_POLL_S = 0.1
"""Between two attempts to lock the cache while another build holds it."""
MAX_LOCK_POLLS = 1200
MAX_UNUSED_FACTOR = 4
"""Rows that the cache may hold, as a multiple of what one build used, before the rest is evicted."""
MIN_ROWS_BEFORE_EVICTION = 1000
MAX_UNWRITTEN_ROWS = 1000
MAX_SINGLE_READS = 500
"""Rows of a kind that are read one by one: of more, all are read at once."""
MAX_COMPRESSED_BYTES = 64_000_000
COMPRESSION_LEVEL = 1
"""Half the time of the usual level, for a tenth more bytes."""

CachedT = TypeVar("CachedT")
CacheRows = dict[tuple[str, str], str]
"""(kind, key) → JSON."""
CacheUses = set[tuple[str, str]]
"""(kind, key) of the rows that were asked for or set."""


class WorkNeeded(Exception):  # no error: it says why an attempt ended
    """An attempt came to something that no earlier build worked out, see `Cache.attempt`."""


@dataclass(frozen=True, slots=True)
class CacheKind(Generic[CachedT]):
    """A kind of cached value: its name in the database, and how the value becomes JSON and back."""

    name: str
    to_json: Callable[[CachedT], object]
    from_json: Callable[[Any], CachedT]
    is_large: bool = False
    """Large values are always read one by one; of the other kinds all rows are read at once where many are needed."""


def dataclass_kind(name: str, type_: type[CachedT], *, is_large: bool = False) -> CacheKind[CachedT]:
    """A kind for a flat dataclass, kept as an object with its fields; JSON's lists become tuples again."""

    def from_json(value: dict[str, Any]) -> CachedT:
        return type_(**{key: tuple(item) if isinstance(item, list) else item for key, item in value.items()})

    return CacheKind(name, asdict, from_json, is_large)  # type: ignore[arg-type]  # T is a dataclass


def compressed_kind(kind: CacheKind[CachedT]) -> CacheKind[CachedT]:
    """The kind for texts so long that they would make up most of the database, which every build copies."""

    def to_json(value: CachedT) -> str:
        return base64.b64encode(zlib.compress(json.dumps(kind.to_json(value)).encode(), COMPRESSION_LEVEL)).decode(
            "ascii"
        )

    def from_json(text: str) -> CachedT:
        decompressor = zlib.decompressobj()
        try:
            data = decompressor.decompress(base64.b64decode(text), MAX_COMPRESSED_BYTES)
        except zlib.error as error:
            raise ValueError("damaged") from error
        return kind.from_json(json.loads(data))

    return CacheKind(f"compressed_{kind.name}", to_json, from_json, kind.is_large)


def text_kind(name: str) -> CacheKind[str]:
    """A kind for plain text."""
    return CacheKind(name, str, str)


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A file's digest, valid while its size, time and inode stay the same."""

    size: int
    mtime_ns: int
    inode: int
    sha256: str


FILE_DIGESTS: CacheKind[FileDigest] = CacheKind(
    "file",
    lambda digest: [digest.size, digest.mtime_ns, digest.inode, digest.sha256],
    lambda value: FileDigest(*value),
)
OUTPUT_FOLDERS: CacheKind[bool] = CacheKind("tree", bool, bool)
"""Folders that builds of this show wrote to before."""


class RepeatedUses(Protocol):
    """Rows that an unchanged part of the build used before."""

    def list_uses(self) -> Iterable[tuple[str, str]]:
        """(kind, key) of each."""


class Cache:
    """Work already done: `get` what an earlier build kept, `set` what this one worked out."""

    def __init__(self, file: CacheDatabase, folder: OpenFolder) -> None:
        self.database = file.connection
        self._file = file
        self._folder = folder
        self._subfolders: dict[str, OpenFolder] = {}
        self._open_subfolders = ExitStack()
        self._used = set[int]()
        """The hashes of what was asked for or set: with thousands of episodes the keys would fill the memory."""
        self._watched: CacheUses | None = None
        self._repeated_uses: list[RepeatedUses] = []
        """Of parts of the build that are as they were: many, and hardly ever looked at."""
        self._rows: dict[str, dict[str, str]] = {}
        """Of the kinds of which all rows were read at once, those that have not changed since."""
        self._single_reads = Counter[str]()
        self._has_former_rows = self._has_rows()
        self._read: CacheRows | None = None
        self._unwritten: CacheRows = {}
        """Rows that the database does not have yet: many at once take a fraction of the time."""
        self._known_digests: dict[str, str] = {}

    @contextmanager
    def attempt(self) -> Iterator[CacheRows]:
        """Raise WorkNeeded inside at whatever is not kept; what was read until then is in the rows.

        Where only what is kept is needed, the work inside is complete. Otherwise a worker does it, with these rows.
        """
        rows: CacheRows = {}
        self._read = rows
        try:
            yield rows
        finally:
            self._read = None

    @property
    def is_attempt(self) -> bool:
        """Whether only what is kept may be used now."""
        return self._read is not None

    def require_work(self) -> None:
        """Raise WorkNeeded in an attempt: from here on something has to be worked out."""
        if self._read is not None:
            raise WorkNeeded

    @contextmanager
    def watched(self, used: CacheUses) -> Iterator[None]:
        """Add to `used` what is asked for or set inside."""
        outer, self._watched = self._watched, used
        try:
            yield
        finally:
            self._watched = outer
            self._count_uses(used)

    def _count_uses(self, uses: Iterable[tuple[str, str]]) -> None:
        if self._watched is None:
            self._used.update(map(hash, uses))
        else:
            self._watched.update(uses)

    def repeat_uses(self, uses: RepeatedUses) -> None:
        """Count rows as used that an unchanged part of the build used before."""
        self._repeated_uses.append(uses)

    def get(self, kind: CacheKind[CachedT], key: str) -> CachedT | None:
        """The value kept under the key, or None."""
        self._count_uses(((kind.name, key),))
        text = self._read_row(kind, key)
        if text is None:
            self.require_work()
            return None
        if self._read is not None:
            self._read[kind.name, key] = text
        try:
            return kind.from_json(json.loads(text))
        except (TypeError, ValueError):  # written by another version
            return None

    def set(self, kind: CacheKind[CachedT], key: str, value: CachedT) -> None:
        """Keep a value under the key."""
        self._count_uses(((kind.name, key),))
        text = json.dumps(kind.to_json(value))
        if kind.is_large or self._read_row(kind, key) != text:
            self._insert(kind.name, key, text)

    def add_rows(self, rows: CacheRows, used: Iterable[tuple[str, str]]) -> None:
        """Keep what a worker has worked out, and remember what it needed."""
        self._count_uses(used)
        for (kind, key), text in rows.items():
            self._insert(kind, key, text)

    def keys_used(self, kind: CacheKind[CachedT]) -> list[str]:
        """The keys of the rows of a kind that this build asked for or set."""
        self.flush()
        used = self._join_uses()
        keys = self.database.execute("SELECT key FROM remembered WHERE kind = ?", (kind.name,))
        return [key for (key,) in keys if hash((kind.name, key)) in used]

    def sha256(self, path: Path | str, facts: tuple[int, int, int] | None = None) -> str:
        """The digest (hex) of a file, hashed again only when its size, time or inode changed.

        `facts` are those of the file, as `stat_facts` returns them, if they are known.
        """
        name = str(path)
        if self._known_digests and (known_digest := self._known_digests.get(name)):
            return known_digest
        facts = facts or stat_facts(name)
        cached = self.get(FILE_DIGESTS, _path_key(name))
        if cached and (cached.size, cached.mtime_ns, cached.inode) == facts:
            return cached.sha256
        self.require_work()
        with open(name, "rb") as file:  # noqa: PTH123  # thousands of times a build, and a Path costs more than the rest
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.set(FILE_DIGESTS, _path_key(name), FileDigest(*facts, digest))
        return digest

    def set_digest(self, path: Path | str, sha256: str) -> None:
        """Keep the digest of a file that was just written, so that it need not be read again."""
        name = str(path)
        self.set(FILE_DIGESTS, _path_key(name), FileDigest(*stat_facts(name), sha256))

    def assume_digest(self, path: Path | str, sha256: str) -> None:
        """Take this for the digest of a file that is not on the disk now: what depends on it may be kept."""
        self._known_digests[str(path)] = sha256

    def forget_digest(self, path: Path | str) -> None:
        """Read the file from now on."""
        self._known_digests.pop(str(path), None)

    def knows_digest(self, path: Path | str) -> bool:
        """Whether the digest is known without the file."""
        return str(path) in self._known_digests

    def has_file(self, path: str) -> bool:
        """Whether a file of this name was ever written or hashed by a build."""
        return self._read_row(FILE_DIGESTS, _path_key(path)) is not None

    def commit(self) -> None:
        """Make what was set so far survive a kill, if that does not take long."""
        if self._file.is_due:
            self.flush()
            with suppress(OSError):  # what cannot be saved in the end is reported then
                self._file.save()

    def flush(self) -> None:
        """Write what was set so far into the database."""
        rows = [(kind, key, text) for (kind, key), text in self._unwritten.items()]
        self._unwritten = {}
        self.database.executemany("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", rows)

    @property
    def folder(self) -> OpenFolder:
        """The folder that the database is in."""
        return self._folder

    def subfolder(self, name: str) -> OpenFolder:
        """A folder of files beside the database, created if needed and open until the build is done."""
        if name not in self._subfolders:
            opened = self._open_subfolders.enter_context(self._folder.below(name, create=True))
            self._subfolders[name] = opened
        return self._subfolders[name]

    def close(self) -> None:
        """Let go of the subfolders."""
        self._open_subfolders.close()

    def evict(self) -> None:
        """Drop the rows that this build did not use, once they outweigh those that it did."""
        self.flush()
        (count,) = self.database.execute("SELECT count(*) FROM remembered").fetchone()
        if count <= MIN_ROWS_BEFORE_EVICTION:
            return
        used = self._join_uses()
        if count <= MAX_UNUSED_FACTOR * len(used) + MIN_ROWS_BEFORE_EVICTION:
            return
        rows = self.database.execute("SELECT kind, key FROM remembered").fetchall()
        unused = [row for row in rows if hash(row) not in used]
        self.database.executemany("DELETE FROM remembered WHERE kind = ? AND key = ?", unused)

    def _join_uses(self) -> Collection[int]:
        """The hashes of all rows that were used."""
        for uses in self._repeated_uses:
            self._used.update(map(hash, uses.list_uses()))
        self._repeated_uses = []
        return self._used

    def _has_rows(self) -> bool:
        return self.database.execute("SELECT 1 FROM remembered LIMIT 1").fetchone() is not None

    def _read_row(self, kind: CacheKind[CachedT], key: str) -> str | None:
        """The text of a row. All of a kind are read at once where many are needed that an earlier build has left."""
        if kind.name not in self._rows and self._has_former_rows and not kind.is_large:
            self._single_reads[kind.name] += 1
            if self._single_reads[kind.name] > MAX_SINGLE_READS:
                self._rows_of(kind.name)
        text = self._rows[kind.name].get(key) if kind.name in self._rows else None
        return self._select(kind.name, key) if text is None else text

    def _rows_of(self, kind: str) -> dict[str, str]:
        """All rows of a kind: one query instead of thousands."""
        if kind not in self._rows:
            self.flush()
            rows = self.database.execute("SELECT key, value FROM remembered WHERE kind = ?", (kind,))
            self._rows[kind] = dict(rows.fetchall())
        return self._rows[kind]

    def _select(self, kind: str, key: str) -> str | None:
        if (kind, key) in self._unwritten:
            return self._unwritten[kind, key]
        query = "SELECT value FROM remembered WHERE kind = ? AND key = ?"
        try:
            row: tuple[str] | None = self.database.execute(query, (kind, key)).fetchone()
        except UnicodeEncodeError:  # no database has such text
            return None
        return row[0] if row else None

    def _insert(self, kind: str, key: str, text: str) -> None:
        self._rows.get(kind, {}).pop(key, None)
        self._unwritten[kind, key] = text
        if len(self._unwritten) >= MAX_UNWRITTEN_ROWS:
            self.flush()


def _path_key(path: str) -> str:
    """A path as text that every database takes; file systems allow bytes that are not text."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def stat_facts(name: str) -> tuple[int, int, int]:
    """Size, time and inode: by these an unchanged file is recognised without reading it."""
    facts = os.stat(name)  # noqa: PTH116  # thousands of times a build
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


@contextmanager
def open_cache(
    folder: Path, on_progress: Callable[[Progress], None] = lambda _: None, *, subfolder: str = ""
) -> Iterator[Cache]:
    """The cache in `folder`, or in a folder below it, held by one build at a time.

    Waits for another build of the same show to end, reporting progress; raises OperationError when it does not end.
    """
    with (
        open_bound_folder(folder, lambda text: on_progress(Progress("note", text))) as outer,
        outer.below(subfolder, create=True) if subfolder else nullcontext(outer) as bound,
        _exclusive_lock(bound, on_progress),
        _database_errors(folder),
        open_database(bound) as file,
        closing(Cache(file, bound)) as cache,
    ):
        try:
            yield cache
            cache.evict()
        finally:
            cache.flush()
            _save_database(file, folder)


def _save_database(file: CacheDatabase, folder: Path) -> None:
    try:
        file.save()
    except OSError as error:
        raise write_error(error, str(folder)) from error


@contextmanager
def _database_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        fix = "check free disk space and permissions; it is safe to delete that folder"
        raise OperationError(f"{folder}: {error}", fix) from error


@contextmanager
def _exclusive_lock(folder: OpenFolder, on_progress: Callable[[Progress], None]) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: files are still written beside and renamed, two builds only do the work twice
        yield
        return
    with folder.open_or_create(BUILD_LOCK_FILE) as file:
        for poll in range(MAX_LOCK_POLLS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                on_progress(
                    Progress("wait", "for another podcast-kit that is building this show", poll, MAX_LOCK_POLLS)
                )
                time.sleep(LOCK_POLL_S)
            else:
                break
        else:
            raise OperationError("another podcast-kit is building this show", "wait until it has finished, then retry")
        yield
