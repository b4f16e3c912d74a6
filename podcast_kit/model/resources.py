"""Where a recording or a picture is: a file in the show's folder, or a URL; and a picture that is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file in the show's folder."""

    path: str
    """Relative to the show's folder, with forward slashes."""

    def resolve_in(self, folder: Path) -> Path:
        """The file's path on disk; `folder` is the show's folder."""
        return folder / self.path

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A file on a web server."""

    url: str
    """Absolute; http or https."""

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A recording in object storage, which is read with the credentials of who builds the show."""

    address: str
    """Such as `s3://bucket/folder/talk.wav`; the scheme is one of PROVIDER_NAMES."""

    @property
    def bucket(self) -> str:
        """Its bucket, such as `s3://bucket`: what a show is allowed to read from."""
        scheme, _, location = self.address.partition("://")
        return f"{scheme}://{location.partition('/')[0]}"

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class FetchedFile(LocalFile):
    """The copy of a recording in object storage, which may have been removed again.

    Its address says what it is; where the copy is does not matter to what is made from it.
    """

    path: str = field(repr=False, compare=False)
    address: str

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A published image."""

    url: str
    key: str = ""
    width: int = 0
    height: int = 0
    mime: str = ""
    thumbnails: tuple[Image, ...] = ()
    """Smaller copies, the smallest first."""
    colour: str = ""
    """Its dominant colour as `#rrggbb`; empty if it has none or was not computed."""
    social_card: Image | None = None
    """For the show's artwork: the social card of all pages that are not an episode's."""


Resource: TypeAlias = LocalFile | RemoteUrl
AudioSource: TypeAlias = LocalFile | RemoteUrl | BucketFile
