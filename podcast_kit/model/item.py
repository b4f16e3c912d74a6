"""An episode as it is published in the feed and on its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit.model.comments import CommentThread
from podcast_kit.model.episode import Chapter, Cue, Episode
from podcast_kit.model.own_page import OwnPage
from podcast_kit.model.project import Media, Soundbite
from podcast_kit.model.resources import Image, Resource
from podcast_kit.model.show import Person
from podcast_kit.model.xml import Element
from podcast_kit.text.compact_texts import keep_packed, keep_texts_compact


@dataclass(frozen=True, slots=True)
class RenderedNotes:
    """The same content as HTML for pages, HTML for the feed, and plain text."""

    page_html: str = ""
    feed_html: str = ""
    plain_text: str = ""

    def __bool__(self) -> bool:
        """Whether any of the three is not empty."""
        return bool(self.page_html or self.feed_html or self.plain_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Rendered show notes, split at the `{{ prompts }}` marker."""

    before: RenderedNotes
    after: RenderedNotes | None = None
    """None if the notes have no marker."""
    summary: str = ""
    """The first paragraph as plain text."""
    links: tuple[str, ...] = ()
    """Every URL that the notes link to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A published transcript."""

    url: str
    mime: str
    language: str = ""
    cues: tuple[Cue, ...] = field(default=(), repr=False)


def _pack_cues(cues: tuple[Cue, ...]) -> str:
    rows = [(cue.start_ms, cue.end_ms, cue.text, cue.speaker) for cue in cues]
    return json.dumps(rows, ensure_ascii=False) if rows else ""


def _unpack_cues(text: str) -> tuple[Cue, ...]:
    rows = json.loads(text) if text else []
    return tuple(Cue(start_ms=start, end_ms=end, text=words, speaker=speaker) for start, end, words, speaker in rows)


keep_packed(Transcript, "cues", _pack_cues, _unpack_cues)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An episode as it is published in the feed and on its page."""

    episode: Episode
    guid: str
    date: datetime
    """UTC."""
    url: str
    """URL of the episode's page."""
    enclosure: Media
    enclosure_url: str
    alternate: Media | None = None
    """The same episode in another format."""
    alternate_url: str = ""
    soundbites: tuple[Soundbite, ...] = ()
    former_slugs: tuple[str, ...] = ()
    """Earlier slugs, the oldest first."""
    artwork: Image | None = None
    """The episode's own artwork; None if the show's is used."""
    social_card: Image | None = None
    """The wide image with cover and title that social networks show for the page."""
    clip_cards: Mapping[int, Image] = field(default_factory=dict)
    """The social cards of the soundbites' pages, by `Soundbite.start_ms`."""
    summary: str = ""
    description: str = ""
    """Feed HTML of at most 4,000 bytes, with the prompts."""
    content: str = ""
    """Complete feed HTML, with the prompts."""
    notes: str = field(default="", repr=False)
    """Complete feed HTML, without the prompts."""
    page: str = ""
    """Complete page HTML, with the prompts."""
    chapters: tuple[Chapter, ...] = ()
    chapters_url: str = ""
    transcripts: tuple[Transcript, ...] = ()
    people: tuple[Person, ...] = ()
    elements: tuple[Element, ...] = ()
    post_urls: Mapping[str, str] = field(default_factory=dict)
    """The web addresses of posts about the episode, by the URIs in its podcast:socialInteract elements."""
    comments: tuple[CommentThread, ...] = field(default=(), repr=False)
    """The replies to the episode's posts; only its page has them, so no other output may depend on them."""
    images: Mapping[Resource, Image] = field(default_factory=dict)
    """Images of people and chapters with their thumbnails, by `Person.image` and `Chapter.image`."""

    def __post_init__(self) -> None:
        """Keep a description that is the content only once: a show holds thousands of them."""
        if self.description == self.content:
            object.__setattr__(self, "description", self.content)

    @property
    def explicit(self) -> bool | None:
        """The episode's setting; None if the show's applies."""
        return self.episode.explicit


keep_texts_compact(Item, "description", "content", "notes", "page")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """A page as listeners get it."""

    page: OwnPage
    content: str
    """HTML of its text, and of the prompts."""
    summary: str
    """Its description, or else its first paragraph."""
    image: Image | None = None
    """For previews of links."""
