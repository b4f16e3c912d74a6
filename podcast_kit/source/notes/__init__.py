"""Show notes: one Markdown source, rendered for the page, for the feed and as plain text.

The Markdown is parsed once and its tokens are walked for each flavour; nh3 is the last guard of what becomes HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from podcast_kit.model import RenderedNotes, Notes, Image
from podcast_kit.source import chapters
from podcast_kit.source.chapters import shifted
from podcast_kit.source.notes.feed_html import Feed, Text
from podcast_kit.source.notes.markdown import images, pictures, tokens
from podcast_kit.source.notes.renderer import Page
from podcast_kit.source.notes.sanitize import guard_feed, guard_page
from podcast_kit.source.notes.truncate import plain, shorten

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["images", "pictures", "plain", "render", "shifted", "shorten"]


def render(
    markdown: str,
    *,
    page_url: str,
    pictures: Mapping[str, Image] | None = None,
    source_url: str = "",
    duration_ms: int | None = None,
) -> Notes:
    """The notes in every flavour, parted at a line `{{ prompts }}`.

    `page_url` is the episode's page: what `#t=` links point into. Other relative links are made absolute
    against `source_url`, by default the page too. `pictures` has what was published for each local picture
    that `pictures()` names; one that is missing there is shown by its alternative text alone.
    Timestamps that form chapters become links on the page that seek there.
    """
    parsed = tokens(markdown)
    marks = {stamp.line: stamp for stamp in chapters.run(markdown, duration_ms)[0]}
    base = source_url or page_url
    parts = _parted(parsed)
    shown = dict(pictures or {})
    shift = int(any(token.type == "heading_open" and token.tag == "h1" for token in parsed))
    page, feed, text = (flavour(shown, marks, page_url, base, shift) for flavour in (Page, Feed, Text))
    flavours = [
        RenderedNotes(page_html=guard_page(page.render(part)), feed_html=guard_feed(feed.render(part)), plain_text=text.render(part))
        for part in parts
    ]
    return Notes(
        before=flavours[0],
        after=flavours[1] if len(flavours) > 1 else None,
        summary=_summary(parsed, marks),
        links=_links(parsed),
    )


def _parted(tokens: list[Token]) -> list[list[Token]]:
    """The tokens before and after the first marker; further markers are dropped."""
    at = next((place for place, token in enumerate(tokens) if token.type == "prompts"), None)
    if at is None:
        return [tokens]
    return [tokens[:at], [token for token in tokens[at + 1 :] if token.type != "prompts"]]


def _summary(tokens: list[Token], marks: Mapping[int, chapters.Stamp]) -> str:
    """The first paragraph that says something, as one line of plain text; a list of chapters says nothing."""
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.type == "inline":
            if token.map and token.map[0] in marks:
                continue
            said = "".join(_words(token.children or []))
            if said := " ".join(said.split()):
                return said
    return ""


def _words(children: list[Token]) -> list[str]:
    return [
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in children
        if child.type != "image"
    ]


def _links(tokens: list[Token]) -> tuple[str, ...]:
    """Every absolute address that the author linked to, once, in order."""
    found: dict[str, None] = {}
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                address = str(child.attrs.get("href", ""))
                if address.startswith(("http://", "https://")):
                    found[address] = None
    return tuple(found)
