"""A show as another host's feed tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.errors import Problem
from podcast_kit.model import Element, EpisodeType, Person


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that the feed names and the folder needs."""

    url: str
    kind: str
    """`artwork`, `chapters`, `transcript` or `recording`."""
    path: str
    """Relative to the show's folder, with forward slashes; that of a picture lacks its ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedShow:
    """The channel."""

    title: str
    description: str
    author: str
    language: str
    guid: str
    """podcast:guid: the feed's own, or the one that its address gives."""
    owner_name: str
    owner_email: str
    categories: tuple[str, ...]
    explicit: bool
    serial: bool
    copyright: str
    true: tuple[str, ...]
    """Keys that are set, such as `complete`."""
    artwork: Wanted | None
    people: tuple[Person, ...]
    listen: Mapping[str, str]
    """Where the feed itself sends listeners: the id that each service gave the show, or the address there."""
    links: Mapping[str, str]
    """The same of services that nobody knows: what each is called, by its address."""
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEpisode:
    """An item."""

    slug: str
    title: str
    guid: str
    date: datetime | None
    """None where the feed gives none that can be read: the episode becomes a draft."""
    notes: str
    """Markdown."""
    summary: str
    """Empty where it is the notes' first paragraph."""
    number: int | None
    season: int | None
    type: EpisodeType
    explicit: bool | None
    """None where it is as the show's."""
    recording: Wanted
    bytes: int
    """As the feed says; 0 where it does not."""
    mime: str
    seconds: float
    artwork: Wanted | None
    chapters: Wanted | None
    transcripts: tuple[Wanted, ...]
    people: tuple[Person, ...]
    tags: tuple[str, ...]
    elements: tuple[Element, ...]

    @property
    def home(self) -> str:
        """Where the recording is heard until it is fetched: over https, without which no directory takes it."""
        return re.sub(r"^http:", "https:", self.recording.url)

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """Every file but the recording."""
        return tuple(one for one in (self.artwork, self.chapters, *self.transcripts) if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A feed, understood."""

    show: ImportedShow
    episodes: tuple[ImportedEpisode, ...]
    """Oldest first."""
    problems: tuple[Problem, ...] = ()
    """What could not be taken over, at its line of the feed."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Elements that no file of ours can say, mostly the old host's own, and how often they stood there."""
