"""A build's cache and folder as a worker sees them: what it works out and writes is recorded, and done by the parent.

Only the parent has the cache and writes to the build. A worker runs the same code with the rows that the parent read,
writes its files under unfinished names, and returns what is to become of them. The parent replays that in the order of
the episodes, so that a build comes out as if one process had done everything.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from podcast_kit.builder.cache import (
    FILE_DIGESTS,
    Cache,
    CachedT,
    CacheKind,
    CacheRows,
    CacheUses,
    FileDigest,
    WorkNeeded,
    stat_facts,
)
from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.io.pinned_folder import OpenFolder, random_name
from podcast_kit.model import Output

NAME_BYTES = 16


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that a worker wrote, to be put under a key."""

    key: str
    name: str
    """In the folder of unfinished files; empty where the worker has deleted it again."""
    sha256: str
    is_staged: bool = False
    """Whether it waits until everything could be rendered."""
    data: bytes | None = field(default=None, repr=False)
    """Its bytes, from a worker that does not share the folder."""


@dataclass(frozen=True, slots=True)
class RecordedWork:
    """What a worker did to the cache and the build's folder, in order."""

    rows: CacheRows
    used: tuple[tuple[str, str], ...]
    files: tuple[WrittenFile, ...]
    outputs: tuple[Output, ...]
    kept: tuple[tuple[str, str, bytes], ...] = field(default=(), repr=False)
    """What a worker made from a recording that it fetched, to be kept beside the cache: subfolder, name and bytes."""


class WorkerCache(Cache):
    """The rows that the parent sent, and those that this worker has worked out."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the cache's own, whose files a worker only reads."""
        self._folder = OpenFolder(folder, None)
        self.used: CacheUses = set()
        self._watched = self.used
        self._repeated_uses = []
        self.recorded: CacheRows = {}
        self._rows = {}
        self._read = None
        self._unwritten = {}
        self._known_digests = {}

    def set(self, kind: CacheKind[CachedT], key: str, value: CachedT) -> None:
        """Keep a value and record it; a large one only until the episode is finished."""
        super().set(kind, key, value)
        if not kind.is_large and (kind.name, key) in self.recorded:
            self._rows_of(kind.name)[key] = self.recorded[kind.name, key]

    def commit(self) -> None:
        """Do nothing: the parent saves."""

    def subfolder(self, name: str) -> OpenFolder:
        """A folder of the cache by its path: a worker holds none open."""
        return OpenFolder(self._folder.path / name, None)

    def start(self, rows: CacheRows) -> None:
        """Begin to record, with the rows of another episode."""
        self._watched = self.used = set()
        self.recorded = {}
        for (kind, key), text in rows.items():
            self._rows_of(kind).setdefault(key, text)

    def _rows_of(self, kind: str) -> dict[str, str]:
        return self._rows.setdefault(kind, {})

    def _read_row(self, kind: CacheKind[CachedT], key: str) -> str | None:
        rows = self._rows_of(kind.name)
        if kind.is_large:
            return self.recorded.get((kind.name, key)) or rows.pop(key, None)
        return rows.get(key)

    def _insert(self, kind: str, key: str, text: str) -> None:
        self.recorded[kind, key] = text


class RecordedOutputDir(OutputDir):
    """The build's folder, to which only the parent writes; new files go to the folder of unfinished files."""

    def __init__(self, folder: Path, cache: WorkerCache, scratch: Path, *, shares_disk: bool) -> None:
        super().__init__(folder, cache, folder)
        self.shares_disk = shares_disk
        self.scratch = scratch
        self.files: list[WrittenFile] = []
        self.keeps_files = False
        """Whether files beside the cache are written to a folder of the worker's own, and returned."""
        self._digests: dict[str, str] = {}
        """Of every file that this worker wrote in this build: the parent has put it in place, or will."""
        self._names: dict[str, str] = {}
        self._sources: tuple[Output, ...] = ()

    @property
    def added_outputs(self) -> tuple[Output, ...]:
        """What was listed since `start`."""
        return tuple(output for output in self.outputs.values() if output not in self._sources)

    def start(self, outputs: tuple[Output, ...] = ()) -> None:
        """Begin to record for another episode, which uses these outputs of the parent."""
        self.files, self.outputs = [], {output.key: output for output in outputs}
        self._sources = outputs
        self._names = {}

    def path(self, key: str) -> Path:
        """The path of a key's file, which the parent has not put in place yet if it was written just now."""
        name = self._names.get(key)
        return self.scratch / name if name else super().path(key)

    def has(self, key: str, sha256: str) -> bool:
        """Whether the file exists with these bytes, or was written by this worker."""
        digest = self._digests.get(key)
        return digest == sha256 if digest else super().has(key, sha256)

    def temp_path(self, suffix: str = ".new") -> Path:
        """A free path in the folder of unfinished files."""
        return self.scratch / f".{secrets.token_hex(NAME_BYTES)}{suffix}"

    def discard_file(self, temp: Path) -> None:
        """Delete an unfinished file."""
        temp.unlink(missing_ok=True)

    def commit_file(self, file: Path, key: str, sha256: str) -> None:
        """Record that a finished file gets its name."""
        self._record(WrittenFile(key, file.name, sha256))

    def delete_file(self, key: str) -> None:
        """Delete a file that was written under a key just now."""
        name = self._names.pop(key, "")
        self._digests.pop(key, None)
        self.files = [file for file in self.files if file.key != key]
        if name:
            (self.scratch / name).unlink(missing_ok=True)

    def require_cache_folder(self) -> None:
        """Raise WorkNeeded where only the parent can write to the cache's folder."""
        if not self.shares_disk and not self.keeps_files:
            raise WorkNeeded

    def take_data(self, file: WrittenFile) -> WrittenFile:
        """A written file with its bytes, which are then only there."""
        path = self.scratch / file.name
        data = path.read_bytes()
        path.unlink()
        return replace(file, data=data)

    def _locate(self, output: Output) -> None:
        if output.key in self._names:
            object.__setattr__(output, "path", self.path(output.key))
        else:
            super()._locate(output)

    def _put(self, key: str, data: bytes, sha256: str) -> None:
        self._write_new(key, data, sha256, is_staged=False)

    def _stage(self, key: str, data: bytes, sha256: str) -> None:
        self._write_new(key, data, sha256, is_staged=True)

    def _write_new(self, key: str, data: bytes, sha256: str, *, is_staged: bool) -> None:
        temp = self.temp_path()
        with temp.open("xb") as file:
            file.write(data)
        self._record(WrittenFile(key, temp.name, sha256, is_staged))

    def _record(self, file: WrittenFile) -> None:
        self.files.append(file)
        self._digests[file.key] = file.sha256
        self._names[file.key] = file.name


def replay_work(work: RecordedWork, out: OutputDir) -> None:
    """Do what a worker recorded: keep what it worked out, put its files in place, list its outputs."""
    rows = {place: text for place, text in work.rows.items() if not _is_stale_digest(place, text)}
    out.cache.add_rows(rows, work.used)
    for subfolder, name, data in work.kept:
        folder = out.cache.subfolder(subfolder)
        with folder.create(temporary := random_name(".part")) as unfinished:
            unfinished.write(data)
        folder.replace(folder, temporary, name)
    for file in work.files:
        out.adopt_file(file.key, file.name, file.sha256, file.data, is_staged=file.is_staged)
    for output in work.outputs:
        out.add(
            output.key,
            output.size,
            output.sha256,
            output.wave,
            output.content_type,
            is_local=output.is_local,
        )


def _is_stale_digest(place: tuple[str, str], text: str) -> bool:
    """Whether a worker hashed a file that is another one here, as on a machine with other disks."""
    kind, path = place
    if kind != FILE_DIGESTS.name:
        return False
    digest: FileDigest = FILE_DIGESTS.from_json(json.loads(text))
    try:
        return stat_facts(path) != (digest.size, digest.mtime_ns, digest.inode)
    except (OSError, ValueError):
        return True
