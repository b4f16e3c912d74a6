"""A folder as a store: served by a web server, or copied elsewhere by rsync."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject
from podcast_kit.stores import UNCONDITIONAL, ConditionalWrites, Precondition, StoredObject, Upload, ignore_sent

LOCK_KEY = ".podcast-kit/lock"
BLOCK_BYTES = 1 << 20
PART_SUFFIX = ".part~"
"""Suffix of a file that is still being written; such files are not part of the store."""


class FolderStore:
    """Files below one folder. The ETag is the sha256 of the content; headers are up to the web server."""

    remote = False
    threads = 4
    conditional_writes: ConditionalWrites | None = ConditionalWrites.QUOTED
    requests = 0
    identity = ""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def get(self, key: str) -> StoredObject | None:
        """Read the whole file; None when it does not exist."""
        with _translate_disk_errors(self.name):
            try:
                content = self._resolve_key(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
            return StoredObject(content, hashlib.sha256(content).hexdigest())

    def head(self, key: str) -> RemoteObject | None:
        """Return the size and sha256 of the file, which is read to compute them; None when it does not exist."""
        with _translate_disk_errors(self.name):
            path = self._resolve_key(key)
            if not path.is_file():
                return None
            sha256 = _hash_file(path)
            return RemoteObject(key=key, size=path.stat().st_size, sha256=sha256, etag=sha256)

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Read the whole file, and return its size and sha256; None when it does not exist."""
        remote = self.head(key)
        return (remote.size, remote.sha256) if remote else None

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every file, sorted by key; without ETags, because they would mean reading every file."""
        with _translate_disk_errors(self.name):
            files = [
                (path.relative_to(self.root).as_posix(), path)
                for path in self.root.rglob("*")
                if path.is_file() and not path.name.endswith(PART_SUFFIX)
            ]
            sizes = sorted(
                (key, path.stat().st_size) for key, path in files if key.startswith(prefix) and key != LOCK_KEY
            )
        for key, size in sizes:
            yield RemoteObject(key=key, size=size)

    def put(
        self,
        upload: Upload,
        precondition: Precondition = UNCONDITIONAL,
        on_sent: Callable[[int], None] = ignore_sent,
    ) -> str:
        """Write a temporary file, then rename it; the precondition is checked under the lock of the rename."""
        with _translate_disk_errors(self.name):
            path = self._resolve_key(upload.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            part_file = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{PART_SUFFIX}")
            try:
                _write_verified(upload, part_file, on_sent)
                if precondition == UNCONDITIONAL:
                    part_file.replace(path)
                else:
                    with self._write_lock():
                        self._require(path, upload.key, precondition)
                        part_file.replace(path)
            finally:
                part_file.unlink(missing_ok=True)
            return upload.sha256

    def put_many(
        self,
        uploads: Iterable[tuple[Upload, Precondition]],  # noqa: ARG002
    ) -> Iterator[tuple[Upload, str]]:
        """Yield nothing: bulk writes are not faster on a disk."""
        return iter(())

    def update_headers(self, output: Output, precondition: Precondition = UNCONDITIONAL) -> str:
        """Only check the precondition: a folder stores no headers."""
        with _translate_disk_errors(self.name):
            self._require(self._resolve_key(output.key), output.key, precondition)
        return output.sha256

    def delete(self, key: str) -> None:
        """Delete the file, and the folders that become empty."""
        with _translate_disk_errors(self.name):
            path = self._resolve_key(key)
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.root or not parent.is_relative_to(self.root):
                    break
                try:
                    parent.rmdir()
                except OSError:
                    break

    def probe(self, token: str) -> ConditionalWrites:  # noqa: ARG002
        """Conditional writes are supported: the lock file ensures it."""
        return ConditionalWrites.QUOTED

    def abort_stale_uploads(self, before: datetime) -> int:
        """Delete half-written files of interrupted publishes that are older than `before`."""
        with _translate_disk_errors(self.name):
            stale = [path for path in self.root.rglob(f"*{PART_SUFFIX}") if path.stat().st_mtime < before.timestamp()]
            for path in stale:
                path.unlink(missing_ok=True)
        return len(stale)

    def _resolve_key(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
            raise OperationError(f"{key!r} cannot be a file name in a folder")
        return self.root.joinpath(*parts)

    def _require(self, path: Path, key: str, precondition: Precondition) -> None:
        exists = path.is_file()
        is_current = not precondition.etag or (exists and _hash_file(path) == precondition.etag)
        if (precondition.absent and exists) or not is_current:
            raise PublishConflict(f"someone else changed {key} in {self.name}", "run plan again")

    @contextlib.contextmanager
    def _write_lock(self) -> Iterator[None]:
        """One conditional write at a time, across threads and processes; released by the system when a process dies."""
        lock = self.root / LOCK_KEY
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a+b") as stream:
            if sys.platform == "win32":
                import msvcrt

                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(stream, fcntl.LOCK_EX)
            yield


@contextlib.contextmanager
def _translate_disk_errors(name: str) -> Iterator[None]:
    """Raise an OSError as an OperationError with a fix."""
    try:
        yield
    except OSError as error:
        text = f"{_intended_path(error, name)}: {error.strerror or error}"
        raise OperationError(text, "check the folder's permissions and the free disk space") from error


def _intended_path(error: OSError, name: str) -> str:
    """The file that was to be written: the name of its temporary file means nothing to a reader."""
    path = Path(error.filename) if isinstance(error.filename, str) else Path(name)
    return str(path.with_name(path.name[1:].split(f".{os.getpid()}.")[0]) if path.name.endswith(PART_SUFFIX) else path)


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_verified(upload: Upload, path: Path, on_sent: Callable[[int], None]) -> None:
    """Write all bytes and flush them to the disk; raises OperationError when they are not the planned ones."""
    digest = hashlib.sha256()
    with path.open("wb") as out:
        if isinstance(upload.content, bytes):
            digest.update(upload.content)
            out.write(upload.content)
            on_sent(len(upload.content))
        else:
            with upload.content.open("rb") as stream:
                while block := stream.read(BLOCK_BYTES):
                    digest.update(block)
                    out.write(block)
                    on_sent(len(block))
        out.flush()
        os.fsync(out.fileno())  # a power cut must not leave a feed that names empty files
    if digest.hexdigest() != upload.sha256:
        raise OperationError(f"{upload.key} changed while it was being published", "build again")
