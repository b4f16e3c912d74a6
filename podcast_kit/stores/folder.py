"""A folder as a store: for a web server that reads it, or for rsync to carry on from."""

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
from podcast_kit.stores import ALWAYS, Condition, Found, Honours, Upload, unheard

LOCK = ".podcast-kit/lock"
BLOCK = 1 << 20
BESIDE = ".part~"
"""How a file that is still being written ends; such files are never part of the store."""


class Folder:
    """Files below one folder. An ETag is the sha256 of the content; headers are the web server's business."""

    remote = False
    threads = 4
    honours: Honours | None = Honours.QUOTED
    requests = 0
    place = ""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def get(self, key: str) -> Found | None:
        """The file, read whole."""
        with _said(self.name):
            try:
                content = self._path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
            return Found(content, hashlib.sha256(content).hexdigest())

    def head(self, key: str) -> RemoteObject | None:
        """Its size and sha256; reads the file to know."""
        with _said(self.name):
            path = self._path(key)
            if not path.is_file():
                return None
            sha256 = _sha256(path)
            return RemoteObject(key=key, size=path.stat().st_size, sha256=sha256, etag=sha256)

    def walk(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Every file, sorted by key; no ETags, since they would mean reading everything."""
        with _said(self.name):
            found = [
                (path.relative_to(self.root).as_posix(), path)
                for path in self.root.rglob("*")
                if path.is_file() and not path.name.endswith(BESIDE)
            ]
            keys = sorted((key, path.stat().st_size) for key, path in found if key.startswith(prefix) and key != LOCK)
        for key, size in keys:
            yield RemoteObject(key=key, size=size)

    def put(self, upload: Upload, when: Condition = ALWAYS, sent: Callable[[int], None] = unheard) -> str:
        """Write beside, then replace; the condition is looked at and acted on under one lock."""
        with _said(self.name):
            path = self._path(upload.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{BESIDE}")
            try:
                _write(upload, beside, sent)
                if when == ALWAYS:
                    beside.replace(path)
                else:
                    with self._locked():
                        self._hold(path, upload.key, when)
                        beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
            return upload.sha256

    def put_small(self, uploads: Iterable[Upload], when: Condition = ALWAYS) -> Iterator[tuple[Upload, str]]:  # noqa: ARG002
        """None: a disk gains nothing by it."""
        return iter(())

    def dress(self, output: Output) -> str:
        """Nothing to do: a folder keeps no headers."""
        return output.sha256

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty."""
        with _said(self.name):
            path = self._path(key)
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.root or not parent.is_relative_to(self.root):
                    break
                try:
                    parent.rmdir()
                except OSError:
                    break

    def probe(self, token: str) -> Honours:  # noqa: ARG002  # nothing to find out
        """The lock file sees to it."""
        return Honours.QUOTED

    def sweep(self, before: datetime) -> int:
        """Remove half-written files of publishers that died."""
        with _said(self.name):
            left = [path for path in self.root.rglob(f"*{BESIDE}") if path.stat().st_mtime < before.timestamp()]
            for path in left:
                path.unlink(missing_ok=True)
        return len(left)

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
            raise OperationError(f"{key!r} is not a key that a folder can hold")
        return self.root.joinpath(*parts)

    def _hold(self, path: Path, key: str, when: Condition) -> None:
        there = path.is_file()
        if (when.absent and there) or (when.etag and (not there or _sha256(path) != when.etag)):
            raise PublishConflict(f"{key} in {self.name} was changed by somebody else", "plan again")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One conditional write at a time, among threads and processes; the system lets go when a process dies."""
        lock = self.root / LOCK
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
def _said(name: str) -> Iterator[None]:
    """The border: what the disk says, in our words."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise OperationError(f"{_named(error, name)}: {what}", "see that the folder can be written and has room") from error


def _named(error: OSError, name: str) -> str:
    """The file that was meant: one that is written beside it means nothing to anybody."""
    path = Path(error.filename) if isinstance(error.filename, str) else Path(name)
    return str(path.with_name(path.name[1:].split(f".{os.getpid()}.")[0]) if path.name.endswith(BESIDE) else path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(upload: Upload, path: Path, sent: Callable[[int], None]) -> None:
    """All of it, on the disk, and the very bytes that were planned."""
    digest = hashlib.sha256()
    with path.open("wb") as out:
        if isinstance(upload.content, bytes):
            digest.update(upload.content)
            out.write(upload.content)
            sent(len(upload.content))
        else:
            with upload.content.open("rb") as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
                    out.write(block)
                    sent(len(block))
        out.flush()
        os.fsync(out.fileno())  # or a power cut could leave a feed that names empty files
    if digest.hexdigest() != upload.sha256:
        raise OperationError(f"{upload.key} changed while it was being published", "build again")
