"""What an audio file is, and what is written into its copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.model.episode import Chapter
from podcast_kit.model.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What an audio file is, measured rather than believed."""

    bytes: int
    seconds: float
    """Exact, from the frames or samples themselves."""
    mime: str
    codec: str
    """`mp3`, `aac`, `alac`, `opus`, `vorbis`, `flac`, `pcm`."""
    bit_rate: int
    """Bits a second, the mean."""
    channels: int
    sample_rate: int
    mode: str = ""
    """`cbr`, `vbr` or empty where the codec knows no such thing."""
    payload_sha256: str = ""
    """Of the audio without tags: the same recording under other tags has the same."""
    remarks: tuple[str, ...] = ()
    """What is odd about the file though it plays, in words."""

    @property
    def length(self) -> float:
        """Seconds to the microsecond, as they are kept: a sum of frames may be 73.99999999999999 of them."""
        return round(self.seconds, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A picture as it goes into a tag."""

    data: bytes = field(repr=False)
    mime: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What is written into a copy of the audio."""

    title: str
    show: str
    author: str = ""
    date: datetime | None = None
    number: int | None = None
    season: int | None = None
    summary: str = ""
    """One plain paragraph."""
    comment: str = ""
    """Plain text: the summary and the invitations."""
    description: str = ""
    """Plain text: the notes in full, without the invitations."""
    transcript: str = ""
    """Plain text: all that is said, for players that show it as lyrics."""
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
    """Pictures of chapters, by `Chapter.image`."""
    genre: str = "Podcast"
