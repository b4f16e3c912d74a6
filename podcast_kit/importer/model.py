"""A show as another host's feed describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.errors import Problem
from podcast_kit.model import Element, EpisodeType, Person


@dataclass(frozen=True, slots=True)
class RequiredFile:
    """A file that the feed links to and the show's folder needs."""

    url: str
    kind: str
    """`artwork`, `chapters`, `transcript`, `picture` or `recording`."""
    path: str
    """Relative to the show's folder, with forward slashes; without extension for artwork."""
    element: Element | None = field(default=None, compare=False)
    """The element that links to it, which stays in the feed if the file is not downloaded."""
    local_path: str = field(default="", compare=False)
    """Where the file is in the folder that is imported, which it is copied from; empty if it is only on the web."""
    bytes: int = field(default=0, compare=False)
    """As the feed declares; 0 if it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedShow:
    """The channel."""

    title: str
    description: str
    author: str
    language: str
    guid: str
    """podcast:guid: that of the feed, or the one derived from its URL."""
    owner_name: str
    owner_email: str
    categories: tuple[str, ...]
    explicit: bool
    serial: bool
    copyright: str
    flags: Mapping[str, bool]
    """Keys that the feed sets to true or false, such as `complete`."""
    artwork: RequiredFile | None
    people: tuple[Person, ...]
    listen: Mapping[str, str]
    """The show's id or URL at each service that the feed links to."""
    links: Mapping[str, str]
    """Labels of links to unknown services, by URL."""
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEpisode:
    """An item."""

    slug: str
    title: str
    guid: str
    date: datetime | None
    """None if the feed has no valid date: the episode becomes a draft."""
    notes: str
    """Markdown."""
    summary: str
    """Empty if it is the first paragraph of the notes."""
    number: int | None
    season: int | None
    type: EpisodeType
    explicit: bool | None
    """None if it is that of the show."""
    recording: RequiredFile
    bytes: int
    """As the feed declares; 0 if it does not."""
    mime: str
    seconds: float
    artwork: RequiredFile | None
    chapters: RequiredFile | None
    chapter_list: tuple[Mapping[str, str], ...] = ()
    """The chapters in the feed itself, as entries of `chapters:`."""
    transcripts: tuple[RequiredFile, ...]
    people: tuple[Person, ...]
    tags: tuple[str, ...]
    elements: tuple[Element, ...]
    is_draft: bool = False
    aliases: tuple[str, ...] = ()
    """Former addresses of the page."""
    pictures: tuple[RequiredFile, ...] = ()
    """Of the notes, which link to their URLs until they are copied."""

    @property
    def recording_url(self) -> str:
        """The audio's URL until it is downloaded."""
        return self.recording.url

    @property
    def required_files(self) -> tuple[RequiredFile, ...]:
        """Every file except the audio."""
        return tuple(file for file in (self.artwork, self.chapters, *self.transcripts, *self.pictures) if file)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFeed:
    """A feed, converted."""

    show: ImportedShow
    episodes: Sequence[ImportedEpisode]
    """Oldest first."""
    problems: tuple[Problem, ...] = ()
    """What could not be imported, located in the feed."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Elements that are specific to the old host, and how often they occur."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Elements that only repeat what others say, and how often they occur."""
