"""Logs in object storage: listed and fetched by the client that publishes, each of them once.

A fetched log stays in a folder of its own, named by its address and ETag, until its lines are recorded.
"""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Protocol

from podcast_kit.io.atomic_write import atomic_path
from podcast_kit.model import PublishSettings, RemoteObject
from podcast_kit.stores.providers import PROVIDERS, open_bucket
from podcast_kit.stores.s3 import S3Store

MAX_CONCURRENT_FETCHES = 16


class LogStore(Protocol):
    """What reading logs needs of a store."""

    name: str

    def download(self, key: str, path: Path) -> bool:
        """Write an object to a file; False when there is none."""


@dataclass(slots=True)
class RemoteLog:
    """A log in object storage."""

    store: LogStore
    key: str
    version: str
    """The ETag."""
    folder: Path
    pool: ThreadPoolExecutor
    fetch: Future[bool] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Its address."""
        return f"{self.store.name}/{self.key}"

    @property
    def path(self) -> Path:
        """Where it is until its lines are recorded."""
        return self.folder / hashlib.sha256(f"{self.name}\n{self.version}".encode()).hexdigest()

    def start_fetch(self) -> None:
        """Begin to fetch it in the background."""
        if self.fetch is None:
            self.fetch = self.pool.submit(self._fetch_file)

    def open_log(self) -> IO[bytes]:
        """Open it once it is fetched; raises OperationError or StoreAccessError."""
        self.start_fetch()
        exists = self.fetch is not None and self.fetch.result()
        return self.path.open("rb") if exists else io.BytesIO()

    def discard(self) -> None:
        """Remove the copy, as it has the addresses of listeners."""
        self.path.unlink(missing_ok=True)

    def _fetch_file(self) -> bool:
        if self.path.exists():
            return True
        with atomic_path(self.path) as part:
            exists = self.store.download(self.key, part)
            if not exists:
                part.touch()
        return exists


def is_remote_place(argument: str) -> bool:
    """Whether an argument names object storage, such as s3://bucket/prefix."""
    return argument.partition("://")[0] in PROVIDERS and "://" in argument


def list_remote_logs(argument: str, publishing: PublishSettings, folder: Path) -> list[RemoteLog]:
    """The logs below `s3://bucket/prefix` or another provider's, with the show's region, endpoint and account.

    Raises InvalidInput where a setting is missing, StoreAccessError and OperationError where it cannot be listed.
    """
    scheme, _, location = argument.partition("://")
    own_scheme = publishing.to.partition("://")[0] if "://" in publishing.to else publishing.provider
    settings = publishing if own_scheme == scheme else PublishSettings(url=publishing.url)
    store = open_bucket(replace(settings, to=argument), scheme, location.rstrip("/"), folder, lambda _: None)
    return remote_logs_of(store, folder)


def remote_logs_of(store: S3Store, folder: Path) -> list[RemoteLog]:
    """Every log of a store; empty objects and folder markers are left out."""
    pool = ThreadPoolExecutor(MAX_CONCURRENT_FETCHES, thread_name_prefix="logs")
    objects = sorted(store.list(), key=lambda remote: remote.key)
    return [RemoteLog(store, remote.key, _version_of(remote), folder, pool) for remote in objects if remote.size]


def _version_of(remote: RemoteObject) -> str:
    return f"{remote.etag} {remote.size}"
