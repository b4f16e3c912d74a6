"""What one file of notes says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from podcast_kit.errors import SourceLocation
from podcast_kit.model.resources import LocalFile, Resource
from podcast_kit.model.show import AudioSettings, ListenLink, Person
from podcast_kit.model.xml import Element


class EpisodeType(StrEnum):
    """`itunes:episodeType`."""

    FULL = "full"
    TRAILER = "trailer"
    BONUS = "bonus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A mark in an episode."""

    start_ms: int
    title: str
    end_ms: int | None = None
    url: str = ""
    image: Resource | None = None
    toc: bool = True
    """False for a silent mark that changes the picture but is not listed."""


@dataclass(frozen=True, slots=True)
class ChaptersFromNotes:
    """`chapters: auto`: timestamps in the notes; without any, the chapters inside the recording."""


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
    """A stretch of a transcript."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What one file of notes says."""

    slug: str
    path: str
    """Of the notes, relative to the show's folder, with forward slashes."""
    title: str
    notes: str
    """Markdown below the front matter."""
    notes_line: int = 1
    """The line of the file that the notes begin on."""
    audio: Resource | None = None
    """None where no recording was found next to the notes."""
    date: datetime | None = None
    """With its offset; None only for a draft."""
    guid: str = ""
    number: int | None = None
    season: int | None = None
    type: EpisodeType = EpisodeType.FULL
    summary: str = ""
    image: LocalFile | None = None
    explicit: bool | None = None
    draft: bool = False
    chapters: ChapterSource = ChaptersFromNotes()
    transcripts: tuple[str, ...] = ()
    """Paths relative to the show's folder."""
    people: tuple[Person, ...] = ()
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Keys of pages that lead here, such as `episodes/old-name/index.html`."""
    listen: tuple[ListenLink, ...] = ()
    prompts: str = "default"
    mastering: AudioSettings | None = None
    """The show's, with what this episode wants otherwise; None where it says nothing."""
    elements: tuple[Element, ...] = ()
    ignore: Mapping[str, str] = field(default_factory=dict)
    """Rules of the check that are set aside for this episode, each code with its reason."""
    locations: Mapping[str, SourceLocation] = field(default_factory=dict, compare=False, repr=False)

    def location_of(self, key: str = "") -> SourceLocation:
        """Where the key was written; the file itself when it was not."""
        return self.locations.get(key, SourceLocation(self.path))
