"""A folder as a store: served by a web server, or copied elsewhere by rsync."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from podcast_kit.errors import PULL_FIX, OperationError, PublishConflict
from podcast_kit.io.inside import real_path
from podcast_kit.io.pinned_folder import OpenFolder, PinnedFolder, random_name
from podcast_kit.model import Output, RemoteObject
from podcast_kit.stores import (
    UNCONDITIONAL,
    ConditionalWrites,
    Precondition,
    StoredObject,
    Upload,
    copy_through,
    ignore_sent,
    require_valid_key,
)

LOCK_KEY = ".podcast-kit/lock"
BLOCK_BYTES = 1 << 20
PART_SUFFIX = ".part~"
"""Suffix of a file that is still being written; such files are not part of the store."""


class FolderStore:
    """Files below one folder. The ETag is the sha256 of the content; headers are up to the web server."""

    can_copy = False
    remote = False
    threads = 4
    conditional_writes: ConditionalWrites | None = ConditionalWrites.QUOTED
    requests = 0
    identity = ""

    def __init__(self, root: Path) -> None:
        """A store in the folder that the path leads to now; a link that replaces it later is refused."""
        self.root = real_path(root)
        self.name = str(root)

    @contextlib.contextmanager
    def _open_parent(self, key: str, *, create: bool = False) -> Iterator[tuple[OpenFolder, str]]:
        """The open folder of a key's file, and the file's name; links on the way are refused."""
        require_valid_key(key)
        folder = PinnedFolder(self.root, create=create, follows_links=False)
        try:
            with folder.parent(key, create=create) as parent:
                yield parent
        finally:
            folder.close()

    def get(self, key: str) -> StoredObject | None:
        """Read the whole file; None when it does not exist."""
        with _translate_disk_errors(self.name):
            try:
                with self._open_parent(key) as (folder, name), folder.open(name) as file:
                    content = file.read()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
            return StoredObject(content, hashlib.sha256(content).hexdigest())

    def head(self, key: str) -> RemoteObject | None:
        """Return the size and sha256 of the file, which is read to compute them; None when it does not exist."""
        with _translate_disk_errors(self.name):
            try:
                with self._open_parent(key) as (folder, name), folder.open(name) as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                    size = os.fstat(file.fileno()).st_size
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
            return RemoteObject(key=key, size=size, sha256=sha256, etag=sha256)

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Read the whole file, and return its size and sha256; None when it does not exist."""
        remote = self.head(key)
        return (remote.size, remote.sha256) if remote else None

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every file, sorted by key; without ETags, because they would mean reading every file."""
        with _translate_disk_errors(self.name):
            sizes = sorted(
                (key, path.stat().st_size)
                for key, path in self._files()
                if key.startswith(prefix) and key != LOCK_KEY and not key.endswith(PART_SUFFIX)
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
            with self._open_parent(upload.key, create=True) as (folder, name):
                part_name = random_name(PART_SUFFIX)
                try:
                    with folder.create(part_name) as part_file:
                        _write_verified(upload, part_file, on_sent)
                    if precondition == UNCONDITIONAL:
                        folder.replace(folder, part_name, name)
                    else:
                        with self._write_lock():
                            self._require(folder, name, upload.key, precondition)
                            folder.replace(folder, part_name, name)
                except OSError as error:
                    error.filename = str(folder.path / name)
                    raise
                finally:
                    folder.unlink(part_name)
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
            try:
                with self._open_parent(output.key) as (folder, name):
                    self._require(folder, name, output.key, precondition)
            except FileNotFoundError as error:
                if precondition.etag:
                    text = f"someone else deleted {output.key} in {self.name}"
                    raise PublishConflict(text, PULL_FIX) from error
        return output.sha256

    def copy(self, source_key: str, upload: Upload) -> str:
        """Read the other file, and write it again."""
        return copy_through(self, source_key, upload)

    def delete(self, key: str) -> None:
        """Delete the file, and the folders that become empty."""
        with _translate_disk_errors(self.name):
            parts = list(PurePosixPath(key).parts)
            with contextlib.suppress(FileNotFoundError), self._open_parent(key) as (folder, name):
                folder.unlink(name)
            for depth in range(len(parts) - 1, 0, -1):
                with (
                    contextlib.suppress(FileNotFoundError),
                    self._open_parent("/".join(parts[:depth])) as (folder, name),
                ):
                    if not folder.remove_folder(name):
                        break

    def probe(self, token: str) -> ConditionalWrites:  # noqa: ARG002
        """Conditional writes are supported: the lock file ensures it."""
        return ConditionalWrites.QUOTED

    def abort_stale_uploads(self, before: datetime) -> int:
        """Delete half-written files of interrupted publishes that are older than `before`."""
        with _translate_disk_errors(self.name):
            stale = [
                key
                for key, path in self._files()
                if key.endswith(PART_SUFFIX) and path.stat().st_mtime < before.timestamp()
            ]
            for key in stale:
                with contextlib.suppress(FileNotFoundError), self._open_parent(key) as (folder, name):
                    folder.unlink(name)
        return len(stale)

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Key and path of every regular file; links are not followed."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path.relative_to(self.root).as_posix(), path

    def _require(self, folder: OpenFolder, name: str, key: str, precondition: Precondition) -> None:
        status = folder.status(name)
        is_current = not precondition.etag or (status is not None and _hash_file(folder, name) == precondition.etag)
        if (precondition.absent and status is not None) or not is_current:
            raise PublishConflict(f"someone else changed {key} in {self.name}", PULL_FIX)

    @contextlib.contextmanager
    def _write_lock(self) -> Iterator[None]:
        """One conditional write at a time, across threads and processes; released by the system when a process dies."""
        with self._open_parent(LOCK_KEY, create=True) as (folder, name), folder.open_or_create(name) as stream:
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
    """The file that was to be read or written, or the folder of the store."""
    return error.filename if isinstance(error.filename, str) else name


def _hash_file(folder: OpenFolder, name: str) -> str:
    with folder.open(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_verified(upload: Upload, out: BinaryIO, on_sent: Callable[[int], None]) -> None:
    """Write all bytes and flush them to the disk; raises OperationError when they are not the planned ones."""
    digest = hashlib.sha256()
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
