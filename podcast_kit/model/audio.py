"""Audio files: their measured facts, and the tags for published copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.model.episode import Chapter
from podcast_kit.model.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Facts about an audio file, measured from its frames and not read from its headers."""

    bytes: int
    seconds: float
    """Exact duration, counted in frames or samples."""
    mime: str
    codec: str
    """`mp3`, `aac`, `alac`, `opus`, `vorbis`, `flac`, `pcm`."""
    bit_rate: int
    """Average bits per second."""
    channels: int
    sample_rate: int
    mode: str = ""
    """`cbr` or `vbr`; empty for codecs without this distinction."""
    payload_sha256: str = ""
    """Digest of the audio without tags, so it is the same after the tags change."""
    warnings: tuple[str, ...] = ()
    """Problems of a file that still plays, in words."""

    @property
    def length(self) -> float:
        """Seconds rounded to microseconds, because a sum of frames may be 73.99999999999999."""
        return round(self.seconds, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """An image that is written into a tag."""

    data: bytes = field(repr=False)
    mime: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The tags for the published copy of a recording."""

    title: str
    show: str
    author: str = ""
    date: datetime | None = None
    number: int | None = None
    season: int | None = None
    summary: str = ""
    """One plain paragraph."""
    comment: str = ""
    """Plain text: the summary and the prompts."""
    description: str = ""
    """Plain text: the complete notes, without the prompts."""
    transcript: str = ""
    """Plain text of everything that is said; players show it as lyrics."""
    link: str = ""
    """The episode's page."""
    feed_url: str = ""
    guid: str = ""
    language: str = ""
    copyright: str = ""
    license_url: str = ""
    explicit: bool | None = None
    keywords: tuple[str, ...] = ()
    category: str = ""
    cover: Cover | None = None
    chapters: tuple[Chapter, ...] = ()
    images: tuple[tuple[Resource, Cover], ...] = ()
    """Chapter images, by `Chapter.image`."""
    genre: str = "Podcast"
