"""Where a build is published: a folder, or object storage. The only home of boto3."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.model import Output, PublishSettings, RemoteObject


class Honours(StrEnum):
    """What a store makes of a conditional write, as it was found by trying."""

    QUOTED = "quoted"
    """Honoured, with the ETag as the store gives it."""
    UNQUOTED = "unquoted"
    """Honoured, with the ETag without its quotes (Ceph)."""
    REFUSED = "refused"
    """Said to be impossible (Backblaze B2)."""
    IGNORED = "ignored"
    """Written all the same, in silence."""

    @property
    def blind(self) -> bool:
        """Two publishers at once could overwrite each other."""
        return self in {Honours.REFUSED, Honours.IGNORED}


WRITTEN = ("episodes", "templates", "build", ".podcast-kit", ".git")
"""Folders of a show that hold what somebody or a build has written there."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold at the store for a write to happen."""

    absent: bool = False
    """Nothing may be there yet."""
    etag: str = ""
    """Exactly this must be there, as the store once returned it."""


ALWAYS = Condition()
ABSENT = Condition(absent=True)


def match(etag: str) -> Condition:
    """Only over what had this ETag; an empty one means that nothing was there."""
    return Condition(etag=etag) if etag else ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Bytes on their way to a key."""

    key: str
    content: bytes | Path
    size: int
    content_type: str
    cache_control: str
    sha256: str
    """What the bytes must be; a file that has changed since it was made is refused."""

    @classmethod
    def of(cls, output: Output) -> Upload:
        """A file of the build."""
        if output.path is None:
            raise ValueError(f"{output.key} has no bytes here")  # a bug: plan.make refuses such a plan
        return cls(
            key=output.key,
            content=output.path,
            size=output.size,
            content_type=output.content_type,
            cache_control=output.cache_control,
            sha256=output.sha256,
        )

    def read(self) -> bytes:
        """All of it; Failed when it is not what was built, OSError when it cannot be read."""
        content = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise OperationError(f"{self.key} changed after it was built", "build again")
        return content


@dataclass(frozen=True, slots=True)
class Found:
    """An object read whole, and the ETag that it had."""

    content: bytes
    etag: str


def unheard(_: int) -> None:
    """Nobody listens to how many bytes were sent."""


class Store(Protocol):
    """What publishing asks of a place; every method may be called from many threads.

    All of them raise `StoreRefused` (credentials, a bucket that does not exist) or `Failed`
    (network, disk, a server in trouble).
    """

    name: str
    """As people call it: `s3://bucket/prefix`, or the folder."""
    remote: bool
    """Listeners reach it by itself; a folder waits to be served by something else."""
    threads: int
    """How many calls at a time serve it best."""
    honours: Honours | None
    """What is known of its conditional writes; None before anybody tried."""
    place: str
    """What the knowledge holds for: another endpoint or bucket has to be tried anew."""

    @property
    def requests(self) -> int:
        """How many were made, those that were repeated included."""

    def get(self, key: str) -> Found | None:
        """The object, or None where there is none."""
        ...

    def head(self, key: str) -> RemoteObject | None:
        """What is known of the object without reading it; None where there is none."""
        ...

    def walk(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Every key that begins with the prefix, sorted; sizes and ETags only."""
        ...

    def put(self, upload: Upload, when: Condition = ALWAYS, sent: Callable[[int], None] = unheard) -> str:
        """Write whole or not at all, and return the new ETag; `Overtaken` when the condition does not hold.

        `sent` is called with the bytes of each piece that arrived; what it raises stops the upload.
        """
        ...

    def put_small(self, uploads: Iterable[Upload], when: Condition = ALWAYS) -> Iterator[tuple[Upload, str]]:
        """Put what of these is small, where many at once are faster than each by itself.

        Each that arrived is told with its new ETag, as it arrives. All others have to be `put`.
        """
        ...

    def dress(self, output: Output) -> str:
        """Give an object that is already there the headers of this output; return its ETag."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        ...

    def probe(self, token: str) -> Honours:
        """Find out, by writing under a key made of the token, what becomes of conditional writes."""
        ...

    def sweep(self, before: datetime) -> int:
        """Clear away what uploads that never ended have left since then; how many there were."""
        ...


def open_store(publishing: PublishSettings, folder: Path, waiting: Callable[[str], None] = lambda _: None) -> Store:
    """The place that `publish.to` names: `s3://bucket/prefix` (or another provider's), or a folder.

    With `publish.provider`, `to` may name the bucket alone. A folder is relative to the show's. Nothing is asked of
    the store yet; later `waiting` hears, from any thread, of a host that is long in answering. Raises `InvalidInput`
    when it names none of these, or when something that the provider needs is missing.
    """
    scheme, parted, rest = publishing.to.partition("://")
    if publishing.provider:
        if parted and scheme not in {"s3", publishing.provider}:
            text = f"publish.to says {scheme}://, and publish.provider {publishing.provider}"
            raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, "say one of them", "pb.to")])
        scheme, parted, rest = publishing.provider, "://", rest if parted else publishing.to
    if parted:
        from podcast_kit.stores.providers import PROVIDERS, at

        if scheme in PROVIDERS:
            return at(publishing, scheme, rest, folder / ".podcast-kit" / "uploads", waiting)
        near = difflib.get_close_matches(scheme, PROVIDERS, n=1)
        if publishing.provider:
            text = f"publish.provider: {scheme!r} is not known"
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(PROVIDERS)}"
        else:
            text = f"publish.to: {scheme}:// is not known"
            hint = f"did you mean {near[0]}://?" if near else f"known are {', '.join(PROVIDERS)}, and folders"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, hint, "pb.to")])
    if not publishing.to.strip() or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", publishing.to):
        text = f"publish.to: {publishing.to!r} is not a place" if publishing.to else "publish.to is missing"
        hint = "write where to publish: s3://bucket/prefix, or a folder"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, hint, "pb.to")])
    from podcast_kit.stores.folder import Folder

    place = (folder / Path(publishing.to).expanduser()).resolve()
    here = folder.resolve()
    if here.is_relative_to(place) or any(place.is_relative_to(here / name) for name in WRITTEN):
        text = f"publish.to: {publishing.to!r} is where the show itself lies"
        hint = "name a folder of its own, such as public: what is published must not mix with what you write"
        raise InvalidInput([Problem(SourceLocation("podcast.yaml"), text, hint, "pb.to")])
    return Folder(place)
