"""A folder on a server, reached by SFTP. The only home of paramiko.

A file is uploaded beside its place and renamed, which a server does in one step: a reader has the old file or the new
one, whatever dies. SFTP has no conditional writes. What replaces a file only if it is still the one that was read does
so under a lock file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from posixpath import dirname
from typing import TYPE_CHECKING, TypeVar

from podcast_kit.errors import PULL_FIX, OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject
from podcast_kit.stores import (
    IF_NONE_MATCH,
    UNCONDITIONAL,
    ConditionalWrites,
    Precondition,
    StoredObject,
    Upload,
    copy_through,
    ignore_sent,
    require_valid_key,
)
from podcast_kit.stores.lock_lease import LockFile, LockLease
from podcast_kit.stores.ssh_connection import SshConnection
from podcast_kit.stores.ssh_target import ServerTarget

if TYPE_CHECKING:
    from paramiko import SFTPAttributes, SFTPClient

SERVER_LOCK_KEY = ".podcast-kit/lock.server"
SFTP_PART_SUFFIX = ".part~"
"""Suffix of a file that is still being written; such files are not part of the store."""
TRANSFER_BLOCK_BYTES = 1 << 18
MAX_SFTP_TRIES = 3
RETRY_DELAY_S = 0.5
MAX_SERVER_DEPTH = 40
MAX_SERVER_ROWS = 2_000_000
"""Files and folders that a listing of the server may have: folders in folders could go on for ever."""
MAX_READ_BYTES = 2_000_000_000
"""Of a file that is read as a whole; the longest recordings are below."""
MAX_DIGESTED_BYTES = 50_000_000_000
"""Of a file that is read in blocks, whose requests are prepared for the size that the server names."""
MAX_LOCK_TRIES = 8
"""How often the lock may have gone between a try to create it and a look at it."""

AnswerT = TypeVar("AnswerT")


class SftpStore:
    """Files below one folder of a server. The ETag is the sha256 of the content; headers are up to the web server."""

    can_copy = False
    remote = True
    threads = 6
    conditional_writes: ConditionalWrites | None = None

    def __init__(self, target: ServerTarget, on_waiting: Callable[[str], None] = lambda _: None) -> None:
        self.name = self.identity = target.place
        self._root = target.path
        self._connection = SshConnection(target, on_waiting)
        self._folders: set[str] = set()
        self._requests = 0
        self._key_locks: dict[str, threading.Lock] = {}
        self._mutex = threading.Lock()
        lock_file = LockFile(self._create_lock, self._read_lock, self._take_lock_away)
        self._lease = LockLease(lock_file, target.place)

    @property
    def requests(self) -> int:
        """Number of operations, retries included."""
        return self._requests

    def get(self, key: str) -> StoredObject | None:
        """Read the whole file; None when it does not exist."""
        require_valid_key(key)

        def read(client: SFTPClient) -> StoredObject | None:
            content = io.BytesIO()
            if not self._copy_out(client, key, content.write, MAX_READ_BYTES):
                return None
            return StoredObject(content.getvalue(), hashlib.sha256(content.getvalue()).hexdigest())

        return self._run(key, read)

    def head(self, key: str) -> RemoteObject | None:
        """Return the size and sha256 of the file, which is read to compute them; None when it does not exist."""
        digest = self.read_digest(key)
        return RemoteObject(key=key, size=digest[0], sha256=digest[1], etag=digest[1]) if digest else None

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Read the whole file, and return its size and sha256; None when it does not exist."""
        require_valid_key(key)
        return self._run(key, lambda client: self._digest_file(client, key))

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every file, sorted by key; without ETags, because they would mean reading every file."""
        below = prefix.rpartition("/")[0]
        rows = self._run(prefix, lambda client: self._list_files(client, below))
        for key, attributes in sorted(rows, key=lambda row: row[0]):
            if key.startswith(prefix) and not key.endswith(SFTP_PART_SUFFIX) and not key.startswith(SERVER_LOCK_KEY):
                yield RemoteObject(key=key, size=attributes.st_size or 0)

    def put(
        self,
        upload: Upload,
        precondition: Precondition = UNCONDITIONAL,
        on_sent: Callable[[int], None] = ignore_sent,
    ) -> str:
        """Upload beside the file, then rename: all of it or nothing; the precondition is checked under the lock."""
        require_valid_key(upload.key)
        self._run(upload.key, lambda client: self._put_once(client, upload, precondition, on_sent))
        return upload.sha256

    def put_many(
        self,
        uploads: Iterable[tuple[Upload, Precondition]],  # noqa: ARG002
    ) -> Iterator[tuple[Upload, str]]:
        """Yield nothing: SFTP has no bulk writes."""
        return iter(())

    def update_headers(self, output: Output, precondition: Precondition = UNCONDITIONAL) -> str:
        """Only check the precondition: a server has its own headers."""
        if precondition.etag and self.read_digest(output.key) != (output.size, precondition.etag):
            raise PublishConflict(f"someone else changed {output.key} in {self.name}", PULL_FIX)
        return output.sha256

    def copy(self, source_key: str, upload: Upload) -> str:
        """Read the other file, and write it again."""
        return copy_through(self, source_key, upload)

    def delete(self, key: str) -> None:
        """Delete the file, and the folders that become empty."""
        require_valid_key(key)

        def remove(client: SFTPClient) -> None:
            with _ignore_missing():
                client.remove(self._path(key))
            folder = dirname(key)
            while folder:
                self._folders.discard(folder)
                try:
                    client.rmdir(self._path(folder))
                except OSError:
                    return  # it is not empty
                folder = dirname(folder)

        self._run(key, remove)

    def probe(self, token: str) -> ConditionalWrites:
        """Find out whether the server creates a file only where there is none, and replaces one in a single step."""
        key = f".podcast-kit/probe/{token}"
        self.conditional_writes = self._run(key, lambda client: self._probe_once(client, key))
        self.delete(key)
        return self.conditional_writes

    def abort_stale_uploads(self, before: datetime) -> int:
        """Delete half-written files of interrupted publishes that are older than `before`."""

        def remove_stale(client: SFTPClient) -> int:
            stale = [
                key
                for key, attributes in self._list_files(client, "")
                if key.endswith(SFTP_PART_SUFFIX) and (attributes.st_mtime or 0) < before.timestamp()
            ]
            for key in stale:
                with _ignore_missing():
                    client.remove(self._path(key))
            return len(stale)

        return self._run("", remove_stale)

    def _run(self, key: str, action: Callable[[SFTPClient], AnswerT]) -> AnswerT:
        """Do something on a connection, again after it was lost; every action can be repeated."""
        for attempt in range(1, MAX_SFTP_TRIES + 1):
            self._requests += 1
            with self._connection.translated_errors(key):
                try:
                    return action(self._connection.client())
                except Exception as error:
                    if not self._connection.is_lost(error):
                        raise
                    self._connection.drop()
                    self._folders.clear()
                    if attempt == MAX_SFTP_TRIES:
                        raise
            time.sleep(RETRY_DELAY_S * attempt)
        raise OperationError(f"{self.name}: no connection", "run it again")  # unreachable

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    def _digest_file(self, client: SFTPClient, key: str) -> tuple[int, str] | None:
        digest, size = hashlib.sha256(), 0

        def add(block: bytes) -> None:
            nonlocal size
            digest.update(block)
            size += len(block)

        return (size, digest.hexdigest()) if self._copy_out(client, key, add) else None

    def _copy_out(
        self, client: SFTPClient, key: str, write: Callable[[bytes], object], max_bytes: int = MAX_DIGESTED_BYTES
    ) -> bool:
        """Read a file in blocks; False where it does not exist. Raises OperationError for one that is too large."""
        try:
            file = client.open(self._path(key), "rb")
        except FileNotFoundError:
            return False
        except OSError:
            if self._is_folder(client, key):
                return False
            raise
        with file:
            attributes = file.stat()
            if attributes.st_mode is not None and not stat.S_ISREG(attributes.st_mode):
                return False
            size = attributes.st_size or 0
            if size > max_bytes:
                text = f"{self.name}/{key} has {size:,} bytes, more than the {max_bytes:,} that are read"
                raise OperationError(text, "look at this file on the server: podcast-kit did not upload it")
            file.prefetch(size)
            left = size
            while left > 0 and (block := file.read(min(TRANSFER_BLOCK_BYTES, left))):
                write(block)
                left -= len(block)
            if left:
                raise EOFError(f"{key} ended {left} bytes early")
        return True

    def _is_folder(self, client: SFTPClient, key: str) -> bool:
        try:
            mode = client.stat(self._path(key)).st_mode
        except OSError:
            return False
        return mode is not None and stat.S_ISDIR(mode)

    def _list_files(self, client: SFTPClient, folder: str) -> tuple[tuple[str, SFTPAttributes], ...]:
        """Key and attributes of every regular file; links are not followed. Raises OperationError for too many."""
        files: list[tuple[str, SFTPAttributes]] = []
        row_count, folders = 0, [(folder, 0)]
        while folders:
            above, depth = folders.pop()
            try:
                rows = client.listdir_attr(self._path(above))
            except FileNotFoundError:
                continue
            row_count += len(rows)
            if row_count > MAX_SERVER_ROWS:
                text = f"{self.name} has more than {MAX_SERVER_ROWS:,} files and folders"
                raise OperationError(text, "publish to a folder that has only this show")
            for row in rows:
                key = f"{above}/{row.filename}" if above else row.filename
                if "/" in row.filename or row.filename == "..":  # a file cannot have such a name
                    continue
                if row.st_mode is not None and stat.S_ISDIR(row.st_mode):
                    if depth < MAX_SERVER_DEPTH:
                        folders.append((key, depth + 1))
                elif row.st_mode is None or stat.S_ISREG(row.st_mode):
                    files.append((key, row))
        return tuple(files)

    def _make_folder(self, client: SFTPClient, folder: str) -> None:
        """Create a folder below the root, with those above it."""
        if folder in self._folders:
            return
        path = self._path(folder)
        try:
            mode = client.stat(path).st_mode
        except FileNotFoundError:
            if folder:
                self._make_folder(client, dirname(folder))
            elif parent := dirname(path.rstrip("/")):
                self._make_parents(client, parent)
            try:
                client.mkdir(path)
            except OSError:
                client.stat(path)  # another thread or publish made it; else this raises the error
        else:
            if mode is not None and not stat.S_ISDIR(mode):
                raise NotADirectoryError(errno.ENOTDIR, "there is a file of this name") from None
        self._folders.add(folder)

    def _make_parents(self, client: SFTPClient, path: str) -> None:
        """Create the folders above the root."""
        if path in {"/", ""}:
            return
        try:
            client.stat(path)
        except FileNotFoundError:
            self._make_parents(client, dirname(path))
            client.mkdir(path)

    def _put_once(
        self, client: SFTPClient, upload: Upload, precondition: Precondition, on_sent: Callable[[int], None]
    ) -> None:
        folder = dirname(upload.key)
        self._make_folder(client, folder)
        part = f"{self._path(folder)}/.{secrets.token_hex(16)}{SFTP_PART_SUFFIX}"
        try:
            self._write_part(client, part, upload, on_sent)
            if precondition == UNCONDITIONAL:
                client.posix_rename(part, self._path(upload.key))
            elif precondition == IF_NONE_MATCH:
                self._create(client, part, upload)
            else:
                self._replace(client, part, upload, precondition)
        finally:
            with contextlib.suppress(Exception):  # after a rename there is none, and after a lost connection no client
                client.remove(part)

    def _write_part(self, client: SFTPClient, part: str, upload: Upload, on_sent: Callable[[int], None]) -> None:
        """Upload under a temporary name; raises OperationError when the bytes are not the planned ones."""
        digest, size = hashlib.sha256(), 0
        source = io.BytesIO(upload.content) if isinstance(upload.content, bytes) else upload.content.open("rb")
        with source, client.open(part, "wbx") as file:
            file.set_pipelined(True)
            while block := source.read(TRANSFER_BLOCK_BYTES):
                digest.update(block)
                file.write(block)
                size += len(block)
                on_sent(len(block))
        if digest.hexdigest() != upload.sha256:
            raise OperationError(f"{upload.key} changed while it was being published", "build again")
        arrived = client.stat(part).st_size
        if arrived != size:
            raise OSError(f"only {arrived:,} of {size:,} bytes were stored")

    def _create(self, client: SFTPClient, part: str, upload: Upload) -> None:
        """Give the upload its name if nothing has it: SFTP's rename refuses to replace a file."""
        path = self._path(upload.key)
        if _exists(client, path):
            raise self._conflict(upload.key)
        try:
            client.rename(part, path)
        except OSError:
            if _exists(client, path) and _exists(client, part):
                raise self._conflict(upload.key) from None
            raise

    def _replace(self, client: SFTPClient, part: str, upload: Upload, precondition: Precondition) -> None:
        """Replace a file, if it is still the one that was read."""
        with self._key_lock(upload.key), self._lease.hold() as require_time_left:
            digest = self._digest_file(client, upload.key)
            if digest is None or digest[1] != precondition.etag:
                raise self._conflict(upload.key)
            require_time_left()
            client.posix_rename(part, self._path(upload.key))

    def _conflict(self, key: str) -> PublishConflict:
        return PublishConflict(f"someone else changed {key} in {self.name}", PULL_FIX)

    def _key_lock(self, key: str) -> threading.Lock:
        """Threads of this process share the lock file, so those that write the same key wait here."""
        with self._mutex:
            return self._key_locks.setdefault(key, threading.Lock())

    def _probe_once(self, client: SFTPClient, key: str) -> ConditionalWrites:
        path = self._path(key)
        self._make_folder(client, dirname(key))
        with _ignore_missing():
            client.remove(path)
        for name in (path, f"{path}.new"):
            with client.open(name, "wb") as file:
                file.write(name.encode())
        try:
            creates_only = not _succeeds(lambda: client.open(path, "wbx").close())
            refuses_rename = not _succeeds(lambda: client.rename(f"{path}.new", path))
            if refuses_rename:
                client.posix_rename(f"{path}.new", path)
        finally:
            with contextlib.suppress(OSError):
                client.remove(f"{path}.new")
        return ConditionalWrites.LOCK_FILE if creates_only and refuses_rename else ConditionalWrites.IGNORED

    def _create_lock(self, token: bytes) -> bool:
        client = self._connection.client()
        self._make_folder(client, dirname(SERVER_LOCK_KEY))
        path = self._path(SERVER_LOCK_KEY)
        for attempt in range(1, MAX_LOCK_TRIES + 1):
            try:
                with client.open(path, "wbx") as file:
                    file.write(token)
            except OSError as error:
                if self._connection.is_lost(error):
                    raise
                if _exists(client, path):
                    return False
                if attempt == MAX_LOCK_TRIES:  # it was not there, and cannot be made
                    raise
            else:
                return True
        return False

    def _read_lock(self) -> bytes | None:
        content = io.BytesIO()
        client = self._connection.client()
        return content.getvalue() if self._copy_out(client, SERVER_LOCK_KEY, content.write) else None

    def _take_lock_away(self, token: bytes) -> None:
        """Move the lock away in one step, look at it, and put it back if someone else took it in the meantime."""
        client = self._connection.client()
        path = self._path(SERVER_LOCK_KEY)
        moved = f"{path}.{secrets.token_hex(8)}"
        if self._read_lock() != token:
            return
        try:
            client.rename(path, moved)
        except FileNotFoundError:
            return
        content = io.BytesIO()
        self._copy_out(client, f"{SERVER_LOCK_KEY}{moved.removeprefix(path)}", content.write)
        if content.getvalue() != token:
            with contextlib.suppress(OSError):
                client.rename(moved, path)
                return
        with _ignore_missing():
            client.remove(moved)


def _exists(client: SFTPClient, path: str) -> bool:
    try:
        client.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _succeeds(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _ignore_missing() -> Iterator[None]:
    with contextlib.suppress(FileNotFoundError):
        yield
