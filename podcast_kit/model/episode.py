"""An episode as its notes file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from podcast_kit.errors import SourceLocation
from podcast_kit.model.lineage import SourceText
from podcast_kit.model.resources import AudioSource, LocalFile, Resource
from podcast_kit.model.show import AudioSettings, ListenLink, Person
from podcast_kit.model.xml import Element
from podcast_kit.text.compact_texts import keep_texts_compact


class EpisodeType(StrEnum):
    """`itunes:episodeType`."""

    FULL = "full"
    TRAILER = "trailer"
    BONUS = "bonus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter of an episode."""

    start_ms: int
    title: str
    end_ms: int | None = None
    url: str = ""
    image: Resource | None = None
    toc: bool = True
    """False for a chapter that only changes the image and is not listed."""


@dataclass(frozen=True, slots=True)
class ChaptersFromNotes:
    """`chapters: auto`: from timestamps in the notes, else the chapters in the recording."""


@dataclass(frozen=True, slots=True)
class ChaptersFromFile:
    """`chapters: FILE`."""

    path: str
    """Relative to the show's folder."""


@dataclass(frozen=True, slots=True)
class ChapterList:
    """Chapters written in the front matter; an empty list for `chapters: none`."""

    chapters: tuple[Chapter, ...] = ()


ChapterSource: TypeAlias = ChaptersFromNotes | ChaptersFromFile | ChapterList


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A part of a transcript with its times."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An episode as its notes file describes it."""

    slug: str
    path: str
    """The notes file, relative to the show's folder, with forward slashes."""
    title: str
    notes: str
    """Markdown below the front matter."""
    notes_line: int = 1
    """The line of the file on which the notes start."""
    audio: AudioSource | None = None
    """None without a recording next to the notes."""
    date: datetime | None = None
    """With its UTC offset; None only for a draft."""
    guid: str = ""
    number: int | None = None
    season: int | None = None
    type: EpisodeType = EpisodeType.FULL
    summary: str = ""
    image: LocalFile | None = None
    explicit: bool | None = None
    draft: bool = False
    audience: tuple[str, ...] = ()
    """The tiers of members whose private feeds have the episode; empty for a public one."""
    members_from: datetime | None = None
    """From when on the private feeds have a public episode; None if that is its date."""
    members_audio: LocalFile | None = None
    """The recording in private feeds, such as one without advertising; None if it is the public one."""
    chapters: ChapterSource = ChaptersFromNotes()
    transcripts: tuple[str, ...] = ()
    """Paths relative to the show's folder."""
    people: tuple[Person, ...] = ()
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Keys of pages that redirect to this episode, such as `episodes/old-name/index.html`."""
    listen: tuple[ListenLink, ...] = ()
    prompts: str = "default"
    mastering: AudioSettings | None = None
    """The show's settings with the episode's overrides; None if the episode has none."""
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Codes of rules that are ignored for this episode, each with its reason."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)
    source: SourceText = field(default=SourceText(), compare=False, repr=False)
    """What its file says, for lineage."""

    def location_of(self, key: str = "") -> SourceLocation:
        """Where a key is written; the file as a whole if it is not."""
        return self.locations.get(key, SourceLocation(self.path))


keep_texts_compact(Episode, "notes")
