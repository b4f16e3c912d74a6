"""Where a build is published: a folder, or object storage. The only home of boto3."""

from __future__ import annotations

import difflib
import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.io.inside import real_path
from podcast_kit.model import Output, PublishSettings, RemoteObject
from podcast_kit.stores.ssh_target import SFTP_SCHEME, is_server_target, parse_server_target

__all__ = [
    "IF_NONE_MATCH",
    "LOCK_FILE_FIX",
    "UNCONDITIONAL",
    "UNPROTECTED_FIX",
    "ConditionalWrites",
    "Precondition",
    "Store",
    "StoredObject",
    "Upload",
    "copy_through",
    "find_outside_place",
    "if_match",
    "ignore_sent",
    "is_server_target",
    "normalize_place",
    "open_store",
    "require_place_consent",
    "require_valid_key",
    "validate_target",
]


UNPROTECTED_RISK = (
    "of two publishes at the same time, one can undo the other's changes to pages, feeds and the record,"
    " and both report success; audio and images are safe"
)
LOCK_FILE_LIMITS = (
    "has no conditional writes: a lock file keeps publishes of podcast-kit apart, but nothing keeps other programs from"
    " changing files at the same time; content types and cache headers are those of the web server"
)
LOCK_FILE_FIX = "let no other program write there, and see the guide to SFTP for the web server's headers"
UNPROTECTED_FIX = "publish from one place at a time only"


class ConditionalWrites(StrEnum):
    """How a store handles conditional writes, as a probe found out."""

    QUOTED = "quoted"
    """Supported, with the ETag as the store returns it."""
    UNQUOTED = "unquoted"
    """Supported, with the ETag without its quotes (Ceph)."""
    REFUSED = "refused"
    """Answered with an error (Backblaze B2)."""
    IGNORED = "ignored"
    """Silently ignored: the write happens anyway."""
    LOCK_FILE = "lock file"
    """There are none; a lock file keeps publishes of podcast-kit apart (SFTP)."""

    @property
    def unprotected(self) -> bool:
        """Whether two concurrent publishers could overwrite each other."""
        return self in {ConditionalWrites.REFUSED, ConditionalWrites.IGNORED}

    @property
    def risk(self) -> str:
        """What an unprotected store does, and what is not guaranteed there, as the end of a sentence."""
        if self is ConditionalWrites.LOCK_FILE:
            return LOCK_FILE_LIMITS
        how = "refuses" if self is ConditionalWrites.REFUSED else "silently ignores"
        return f"{how} conditional writes: {UNPROTECTED_RISK}"


SHOW_FOLDERS = ("episodes", "pages", "static", "templates", "build", ".podcast-kit", ".git")
"""Folders of a show whose files the podcaster or a build has written."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must hold in the store for a write to happen."""

    absent: bool = False
    """The key must not exist."""
    etag: str = ""
    """The object must have this ETag, as the store returned it."""


UNCONDITIONAL = Precondition()
IF_NONE_MATCH = Precondition(absent=True)


def if_match(etag: str) -> Precondition:
    """Only over the object with this ETag; an empty ETag means that the key must not exist."""
    return Precondition(etag=etag) if etag else IF_NONE_MATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Bytes to write under a key."""

    key: str
    content: bytes | Path
    size: int
    content_type: str
    cache_control: str
    sha256: str
    """Of the bytes; a file that no longer has this digest is refused."""
    redirect_to: str = ""
    """As in Output."""

    @classmethod
    def from_output(cls, output: Output) -> Upload:
        """The upload of a file of the build."""
        if not output.is_local and not output.copy_of:
            raise ValueError(f"{output.key} has no local file")  # a bug: plan_changes refuses such a plan
        return cls(
            key=output.key,
            content=output.path or Path(),
            size=output.size,
            content_type=output.content_type,
            cache_control=output.cache_control,
            sha256=output.sha256,
            redirect_to=output.redirect_to,
        )

    def read_verified(self) -> bytes:
        """Return all bytes; raises OperationError when they changed since the build, OSError when unreadable."""
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise OperationError(f"{self.key} changed after it was built", "build again")
        return content


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The whole content of an object, and its ETag."""

    content: bytes
    etag: str


def require_valid_key(key: str) -> None:
    """Raise OperationError for a key that cannot be the path of a file below a folder."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
        raise OperationError(f"{key!r} cannot be a file name in a folder")


def ignore_sent(_bytes: int) -> None:
    """Ignore how many bytes were sent."""


class Store(Protocol):
    """What publishing needs from a store; every method may be called from many threads.

    All methods raise StoreAccessError (credentials, a bucket that does not exist) or OperationError (network, disk,
    a failing server).
    """

    name: str
    """For messages: `s3://bucket/prefix`, or the folder."""
    can_copy: bool
    """Whether it copies an object itself, which is then not sent."""
    remote: bool
    """Whether listeners can reach it directly; a folder still needs a web server."""
    threads: int
    """Number of concurrent calls that suits it best."""
    conditional_writes: ConditionalWrites | None
    """How it handles conditional writes; None before a probe."""
    identity: str
    """What the result of a probe is valid for: another endpoint or bucket is probed again."""

    @property
    def requests(self) -> int:
        """Number of requests made, retries included."""

    def get(self, key: str) -> StoredObject | None:
        """Return the object, or None when the key does not exist."""
        ...

    def head(self, key: str) -> RemoteObject | None:
        """Return the object's metadata without its content, or None when the key does not exist."""
        ...

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Read the object, and return its size and the sha256 of its bytes; None when the key does not exist."""
        ...

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every key with this prefix, sorted; with size and ETag only."""
        ...

    def put(
        self,
        upload: Upload,
        precondition: Precondition = UNCONDITIONAL,
        on_sent: Callable[[int], None] = ignore_sent,
    ) -> str:
        """Write all of it or nothing, and return the new ETag; raises PublishConflict when the precondition fails.

        `on_sent` receives the number of bytes of each piece that arrived; an exception from it stops the upload.
        """
        ...

    def put_many(self, uploads: Iterable[tuple[Upload, Precondition]]) -> Iterator[tuple[Upload, str]]:
        """Put the small ones of these in bulk, where that is faster than one call each.

        Yields each upload that arrived with its new ETag, as it arrives. All others have to be `put`.
        """
        ...

    def update_headers(self, output: Output, precondition: Precondition = UNCONDITIONAL) -> str:
        """Give an existing object the headers of this output; returns its new ETag.

        Raises PublishConflict when the object has another ETag than that of the precondition.
        """
        ...

    def copy(self, source_key: str, upload: Upload) -> str:
        """Write an object with the bytes and headers of another one; all of it or nothing. Returns its ETag."""
        ...

    def delete(self, key: str) -> None:
        """Delete the object; does nothing when the key does not exist."""
        ...

    def probe(self, token: str) -> ConditionalWrites:
        """Find out how conditional writes are handled, by writing under a key made from the token."""
        ...

    def abort_stale_uploads(self, before: datetime) -> int:
        """Remove what uploads that started before then and never finished left behind; returns how many."""
        ...


def copy_through(store: Store, source_key: str, upload: Upload) -> str:
    """Copy an object in a store that cannot: read it, and write it again."""
    stored = store.get(source_key)
    if stored is None:
        raise OperationError(f"{store.name} lacks {source_key}", "run `podcast-kit publish --refresh`")
    return store.put(replace(upload, content=stored.content))


def open_store(publishing: PublishSettings, folder: Path, on_waiting: Callable[[str], None] = lambda _: None) -> Store:
    """Open the store that `publish.to` names: `s3://bucket/prefix` (or another provider's), or a folder.

    With `publish.provider`, `to` may be just the bucket. A folder is relative to the show's. Sends no request yet;
    later `on_waiting` receives, from any thread, the name of a host that is slow to answer. Raises InvalidInput when
    the setting is not a store, or when a setting that the provider needs is missing; OperationError for a folder
    outside of the show that the user has not allowed.
    """
    from podcast_kit.stores.folder import FolderStore

    store = validate_target(publishing, folder, on_waiting)
    if is_server_target(publishing.to):
        require_place_consent(folder, parse_server_target(publishing.to).place)
    elif isinstance(store, FolderStore) and find_outside_place(publishing, folder):
        require_place_consent(folder, str(store.root))
    return store


def validate_target(
    publishing: PublishSettings, folder: Path, on_waiting: Callable[[str], None] = lambda _: None
) -> Store:
    """The store that `publish.to` names, before anything is allowed; raises InvalidInput as `open_store` does."""
    if is_server_target(publishing.to):
        return _open_server(publishing, on_waiting)
    scheme, location = _split_target(publishing)
    if scheme:
        from podcast_kit.stores.providers import PROVIDERS, open_bucket

        if scheme not in PROVIDERS:
            raise InvalidInput([_unknown_provider(scheme, PROVIDERS, is_setting=bool(publishing.provider))])
        return open_bucket(publishing, scheme, location, folder / ".podcast-kit" / "uploads", on_waiting)
    if not publishing.to.strip() or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", publishing.to):
        text = f"publish.to: {publishing.to!r} is not a store" if publishing.to else "publish.to is missing"
        fix = "set publish.to to where to publish: s3://bucket/prefix, sftp://user@host/path, or a folder"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, fix, "pb.to")])
    target, show_folder = _target_folder(publishing, folder), real_path(folder)
    if show_folder.is_relative_to(target) or any(target.is_relative_to(show_folder / name) for name in SHOW_FOLDERS):
        text = f"publish.to: {publishing.to!r} contains the show's own files"
        fix = "use a separate folder, such as public: published files must not mix with the files that you write"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, fix, "pb.to")])
    from podcast_kit.stores.folder import FolderStore

    return FolderStore(target)


def _open_server(publishing: PublishSettings, on_waiting: Callable[[str], None]) -> Store:
    """The folder on a server that `publish.to` names; raises InvalidInput."""
    if publishing.provider:
        text = f"publish.to names a server, but publish.provider is {publishing.provider}"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, "remove publish.provider", "pb.to")])
    target = parse_server_target(publishing.to)
    if target.scheme == SFTP_SCHEME:
        from podcast_kit.stores.sftp import SftpStore

        return SftpStore(target, on_waiting)
    from podcast_kit.stores.rsync import RsyncStore

    return RsyncStore(target)


def find_outside_place(publishing: PublishSettings, folder: Path) -> str:
    """What `publish.to` names outside of the show's folder: a folder, with links followed, or one on a server.

    Empty for a bucket, and for a folder of the show or of its network.
    """
    if is_server_target(publishing.to):
        return parse_server_target(publishing.to).place
    if _split_target(publishing)[0]:
        return ""
    target = _target_folder(publishing, folder)
    roots = [folder, *([Path(publishing.network_folder)] if publishing.network_folder else [])]
    return "" if any(target.is_relative_to(real_path(root)) for root in roots) else str(target)


def normalize_place(written: str) -> str:
    """A place that was passed as an option, as `find_outside_place` returns it."""
    if is_server_target(written):
        return parse_server_target(written).place
    return str(real_path(Path(written).expanduser()))


def require_place_consent(folder: Path, place: str) -> None:
    """Raise OperationError unless the user has allowed the show in `folder` to be published to this place."""
    if not has_consent(ConsentKind.PLACE, folder, place):
        text = f"publish.to is outside of the show's folder: {place}"
        fix = f"publish once on a terminal, which asks, or pass --allow-place {shlex.quote(place)}"
        raise OperationError(text, fix)


def _split_target(publishing: PublishSettings) -> tuple[str, str]:
    """The provider and the location in it; for a folder, an empty text and the folder. Raises InvalidInput."""
    scheme, separator, location = publishing.to.partition("://")
    if publishing.provider:
        if separator and scheme not in {"s3", publishing.provider}:
            text = f"publish.to starts with {scheme}://, but publish.provider is {publishing.provider}"
            raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, "keep one of them", "pb.to")])
        return publishing.provider, location if separator else publishing.to
    return (scheme, location) if separator else ("", publishing.to)


def _target_folder(publishing: PublishSettings, folder: Path) -> Path:
    return real_path(folder / Path(publishing.to).expanduser())


def _unknown_provider(scheme: str, known_schemes: Iterable[str], *, is_setting: bool) -> Problem:
    close_matches = difflib.get_close_matches(scheme, known_schemes, n=1)
    if is_setting:
        text, suffix, more = f"publish.provider: unknown provider {scheme!r}", "", ""
    else:
        text, suffix, more = f"publish.to: unknown scheme {scheme}://", "://", ", or a folder"
    fix = f"did you mean {close_matches[0]}{suffix}?" if close_matches else f"use {', '.join(known_schemes)}{more}"
    return Problem(SourceLocation("podcast.yaml"), text, fix, "pb.to")
