"""A finished episode, ready for the feed and for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.model.episode import Chapter, Cue, Episode
from podcast_kit.model.project import Media, Soundbite
from podcast_kit.model.resources import Resource
from podcast_kit.model.show import Person
from podcast_kit.model.xml import Element


@dataclass(frozen=True, slots=True)
class RenderedNotes:
    """One content for three surfaces: a page's HTML, the feed's HTML, plain text."""

    page_html: str = ""
    feed_html: str = ""
    plain_text: str = ""

    def __bool__(self) -> bool:
        """Whether any surface has something to show."""
        return bool(self.page_html or self.feed_html or self.plain_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Rendered show notes, parted where the `{{ prompts }}` marker stands."""

    before: RenderedNotes
    after: RenderedNotes | None = None
    """None when the notes hold no marker."""
    summary: str = ""
    """The first paragraph as plain text."""
    links: tuple[str, ...] = ()
    """Every address that the author linked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A published picture: its address and its pixels."""

    url: str
    key: str = ""
    width: int = 0
    height: int = 0
    mime: str = ""
    thumbnails: tuple[Image, ...] = ()
    """Copies for screens that need fewer pixels, the smallest first."""
    colour: str = ""
    """Its most striking colour as `#rrggbb`; empty while nobody looked, or where it has none."""
    social_card: Image | None = None
    """Of the cover: what social networks show of the pages that are no episode's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A published transcript."""

    url: str
    mime: str
    language: str = ""
    cues: tuple[Cue, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A finished episode, ready for the feed and for its page."""

    episode: Episode
    guid: str
    date: datetime
    """UTC."""
    url: str
    """The episode's page."""
    enclosure: Media
    enclosure_url: str
    alternate: Media | None = None
    """The same episode in another format."""
    alternate_url: str = ""
    soundbites: tuple[Soundbite, ...] = ()
    former_slugs: tuple[str, ...] = ()
    """Slugs that it was published under before, the oldest first."""
    artwork: Image | None = None
    """The episode's own; None where the show's stands for it."""
    social_card: Image | None = None
    """What social networks and messengers show of the page: cover and title, wide."""
    summary: str = ""
    description: str = ""
    """Feed HTML, at most 4,000 bytes, invitations included."""
    content: str = ""
    """Feed HTML in full, invitations included."""
    page: str = ""
    """Page HTML in full, invitations included."""
    chapters: tuple[Chapter, ...] = ()
    chapters_url: str = ""
    transcripts: tuple[Transcript, ...] = ()
    people: tuple[Person, ...] = ()
    elements: tuple[Element, ...] = ()
    images: Mapping[Resource, Image] = field(default_factory=dict)
    """Pictures of people and chapters with their thumbnails, by `Person.image` and `Chapter.image`."""

    @property
    def explicit(self) -> bool | None:
        """The episode's own word; None leaves it to the show."""
        return self.episode.explicit
