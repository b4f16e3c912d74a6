"""Files on their way to the store, what the store has, and what is told of the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from podcast_kit.errors import SourceLocation
from podcast_kit.model.episode import Episode


class Wave(IntEnum):
    """The order readers need: a feed must never name a file that is not there yet."""

    MEDIA = 0
    PAGES = 1
    FEED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file of the build, under the key that it will have in the store."""

    key: str
    size: int
    sha256: str
    content_type: str
    cache_control: str
    wave: Wave
    path: Path | None = field(default=None, compare=False)
    """Where the bytes lie; None for a frozen enclosure that only the store still has."""
    embargoed: bool = field(default=False, compare=False)
    """It goes ahead of its episode: nothing that anybody can read may tell its address yet."""

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the store must answer with, sorted."""
        return (("Cache-Control", self.cache_control), ("Content-Type", self.content_type))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    """What the store has, as the state of the last publish or a listing tells."""

    key: str
    size: int
    sha256: str = ""
    """Empty when only a listing was seen."""
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = ""
    """As the store returned it; never computed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Something long took a step; `total` is 0 while nobody knows."""

    stage: str
    """`read`, `tag`, `render`, `upload`, ..."""
    subject: str
    done: int = 0
    total: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one thing that was done, or asked of a public address."""

    key: str
    action: str
    """`uploaded`, `dressed`, `kept`, `retired`, `answered`, `compared`, `recorded`, ..."""
    bytes: int = 0
    wave: Wave | None = None
    etag: str = ""
    """As the store gave it, where something was written."""
    error: str = ""
    """What was wrong, in words; empty when all is well."""
    fix: str = ""
    unreachable_host: str = ""
    """Where nobody could be asked at all, whatever the file; empty where it is this file that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer over HTTP, after whatever redirects there were."""

    url: str
    """The address that answered."""
    status: int = 0
    """0 when nothing answered; `trouble` says why."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    redirects: tuple[tuple[int, str], ...] = ()
    """Each redirect's status and the address that it led to."""
    size: int = 0
    """Bytes of the body that were read."""
    error: str = ""
    unreachable_host: str = ""
    """Scheme and host that let nobody in at all; empty where something answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A public address, asked in the ways in which directories and players ask; None was not asked."""

    url: str
    kind: str
    """`feed`, `artwork`, `media`, `transcript`, `chapters`."""
    mime: str = ""
    """The type that the feed gives it; empty where it gives none."""
    bytes: int = 0
    """The length that the feed gives it; 0 where it gives none."""
    get: Response | None = None
    head: Response | None = None
    range_get: Response | None = None
    """`Range: bytes=0-1`."""
    conditional_get: Response | None = None
    """With the validators of the first answer: If-None-Match, If-Modified-Since."""
    gzip_get: Response | None = None
    """With `Accept-Encoding: gzip`."""
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)
    episode: Episode | None = field(default=None, compare=False, repr=False)
