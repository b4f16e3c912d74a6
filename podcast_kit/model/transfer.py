"""Files to upload, objects in the store, progress, outcomes, and HTTP responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import MemberDescriptorType
from typing import Any

from podcast_kit.errors import SourceLocation
from podcast_kit.model.episode import Episode

REDIRECT_HEADER = "x-amz-website-redirect-location"
"""The header with which websites of Amazon S3 redirect."""


class Wave(IntEnum):
    """The order of uploads: a feed must never refer to a file that is not uploaded yet."""

    MEDIA = 0
    PAGES = 1
    FEED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file of the build, with its key in the store."""

    key: str
    size: int
    sha256: str
    content_type: str
    cache_control: str
    wave: Wave
    path: Path | None = field(default=None, compare=False)
    """The file on disk; None for a frozen enclosure that is only in the store."""
    embargoed: bool = field(default=False, compare=False)
    """It is uploaded before its episode is published, so its URL must not appear anywhere public."""
    copy_of: str = field(default="", compare=False)
    """The key of an output with the same bytes, which the store copies; empty for a file that is uploaded."""
    own_digest: str = field(default="", compare=False)
    """Of what a page says, without its look and listeners' comments; empty for what search engines do not list."""
    moved_to: str = field(default="", compare=False)
    """The key of the page to which a page redirects; empty for any other file."""
    redirect_to: str = ""
    """The URL to which websites of object storage redirect from here; empty if they do not."""

    @property
    def is_local(self) -> bool:
        """Whether the file is on this machine."""
        return _path.slot.__get__(self) is not None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The HTTP headers that the store must send, sorted."""
        redirect = ((REDIRECT_HEADER, self.redirect_to),) if self.redirect_to else ()
        return (("Cache-Control", self.cache_control), ("Content-Type", self.content_type), *redirect)


class _LatePath:
    """A field that can be kept as the folder that the output's key is in: a path each would fill the memory."""

    __slots__ = ("slot",)

    def __init__(self, slot: MemberDescriptorType) -> None:
        self.slot = slot

    def __get__(self, obj: object, owner: type | None = None) -> Any:  # noqa: ANN401  # itself, from the class
        if obj is None:
            return self
        kept = self.slot.__get__(obj, owner)
        return Path(kept, obj.key) if type(kept) is str and isinstance(obj, Output) else kept

    def __set__(self, obj: object, value: Path | None) -> None:
        self.slot.__set__(obj, value)


_path = _LatePath(vars(Output)["path"])
setattr(Output, "path", _path)  # noqa: B010  # what mypy knows of the field stays true


def set_folder(output: Output, folder: str) -> None:
    """Give an output that no one has seen yet its path, below a folder: a build lists thousands, and reads few."""
    _path.slot.__set__(output, folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    """An object in the store, according to the state of the last publish or a listing."""

    key: str
    size: int
    sha256: str = ""
    """Empty if it is known from a listing only."""
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = ""
    """As returned by the store; never computed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a long operation; `total` is 0 if it is unknown."""

    stage: str
    """`read`, `tag`, `render`, `upload`, ..."""
    subject: str
    done: int = 0
    total: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one action, or of one request to a public URL."""

    key: str
    action: str
    """`uploaded`, `dressed`, `kept`, `retired`, `answered`, `compared`, `recorded`, ..."""
    bytes: int = 0
    wave: Wave | None = None
    etag: str = ""
    """As returned by the store after a write."""
    error: str = ""
    """What went wrong, in words; empty on success."""
    fix: str = ""
    unreachable_host: str = ""
    """The host that could not be reached for any file; empty if only this file failed."""
    url: str = ""
    """The web address of a post; empty for anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response, after any redirects."""

    url: str
    """The URL that answered."""
    status: int = 0
    """0 without a response; `error` says why."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    redirects: tuple[tuple[int, str], ...] = ()
    """Status and target URL of each redirect."""
    size: int = 0
    """Bytes of the body that were read."""
    error: str = ""
    unreachable_host: str = ""
    """Scheme and host, if the host cannot be reached at all; else empty."""
    may_have_arrived: bool = False
    """Whether the server may have acted on a request that is sent once and got no response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A public URL and its responses to the requests of directories and players; None if not sent."""

    url: str
    kind: str
    """`feed`, `artwork`, `media`, `transcript`, `chapters`."""
    mime: str = ""
    """The media type that the feed gives; empty if none."""
    bytes: int = 0
    """The length that the feed gives; 0 if none."""
    get: Response | None = None
    head: Response | None = None
    range_get: Response | None = None
    """`Range: bytes=0-1`."""
    conditional_get: Response | None = None
    """With the validators of the first response: If-None-Match, If-Modified-Since."""
    gzip_get: Response | None = None
    """With `Accept-Encoding: gzip`."""
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)
    episode: Episode | None = field(default=None, compare=False, repr=False)
