"""A show as the files of another tool describe it, before it is converted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from podcast_kit.errors import Problem, Severity, SourceLocation

if TYPE_CHECKING:
    from podcast_kit.model import Node


NO_SITE_URL = "https://unknown.invalid/"
"""The site's address where the files do not say it; never written."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """A tool, and the files by which it was recognized."""

    tool: str
    """Such as `Jekyll with Octopod`."""
    evidence: tuple[str, ...]
    """Paths in the folder, or what the file has."""

    def __str__(self) -> str:
        """The tool and the evidence, for messages."""
        return f"{self.tool}, by {', '.join(self.evidence)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPerson:
    """Someone who takes part in an episode or the show."""

    name: str
    role: str = ""
    url: str = ""
    image: str = ""
    """A URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChapter:
    """A chapter, as the tool has it."""

    start: str
    title: str
    url: str = ""
    image: str = ""


@dataclass(slots=True, kw_only=True)
class ToolEpisode:
    """An episode; every text is as the tool's own feed would have it, and empty where the tool has none."""

    location: SourceLocation
    slug: str = ""
    """The name of the page; empty for one made of the title."""
    title: str = ""
    guid: str = ""
    """By the tool's own rule; empty where the rule does not say it."""
    date: str = ""
    """In any form that a feed may have."""
    recording_url: str = ""
    length: str = ""
    """Bytes."""
    mime: str = ""
    duration: str = ""
    link: str = ""
    """The episode's page."""
    summary: str = ""
    subtitle: str = ""
    author: str = ""
    html: str = ""
    """The notes."""
    markdown: str = ""
    """The notes as they were written, where that is Markdown which needs no conversion."""
    number: str = ""
    season: str = ""
    type: str = ""
    explicit: str = ""
    image_url: str = ""
    tags: tuple[str, ...] = ()
    people: tuple[ToolPerson, ...] = ()
    chapters: tuple[ToolChapter, ...] = ()
    chapters_url: str = ""
    transcripts: tuple[tuple[str, str, str], ...] = ()
    """URL, MIME type and language of each."""
    aliases: tuple[str, ...] = ()
    """Former addresses of the page: paths of the site."""
    is_draft: bool = False
    has_guessed_date: bool = False
    """Whether the date is only that of a file."""
    extra: tuple[Node, ...] = ()
    """Further elements that the tool's feed has."""


@dataclass(slots=True, kw_only=True)
class ToolShow:
    """The show, its episodes, and what of the tool's files has no place in a show of podcast_kit."""

    recognition: Recognition
    location: SourceLocation
    title: str = ""
    description: str = ""
    subtitle: str = ""
    author: str = ""
    owner_name: str = ""
    owner_email: str = ""
    language: str = ""
    copyright: str = ""
    link: str = ""
    """The site."""
    feed_url: str = ""
    """Where the tool publishes the feed."""
    podcast_guid: str = ""
    explicit: str = ""
    type: str = ""
    image_url: str = ""
    categories: tuple[tuple[str, str], ...] = ()
    people: tuple[ToolPerson, ...] = ()
    listen: dict[str, str] = field(default_factory=dict)
    """The show's id or URL at each service."""
    extra: tuple[Node, ...] = ()
    episodes: list[ToolEpisode] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Files that are beside: the path in the source folder of a URL."""
    picture_folders: tuple[str, ...] = ()
    """Folders of the site's files, in which pictures of the notes are looked for."""
    left_out: Counter[str] = field(default_factory=Counter)
    """What has no place here, in words, and how often it occurs."""
    problems: list[Problem] = field(default_factory=list)
    guid_rule: str = ""
    """How the tool makes guids, in words; empty where that is up to the site."""

    def warn(self, location: SourceLocation, text: str, fix: str, severity: Severity = Severity.WARNING) -> None:
        """Report something that cannot be imported unchanged."""
        self.problems.append(Problem(location, text, fix, "import", severity))
