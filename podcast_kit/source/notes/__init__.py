"""Show notes: one Markdown source, rendered as HTML for pages, as HTML for the feed and as plain text.

The Markdown is parsed once; each renderer walks the same tokens, and the HTML is sanitized at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from podcast_kit.model import Image, Notes, RenderedNotes
from podcast_kit.source.chapters import TimestampLine, find_chapter_list, shift_timestamps
from podcast_kit.source.notes.feed_html import FeedRenderer
from podcast_kit.source.notes.html_to_text import feed_html_to_text
from podcast_kit.source.notes.markdown import find_local_images, local_image_lines, parse_markdown, prepare_parser
from podcast_kit.source.notes.page_html import PageRenderer
from podcast_kit.source.notes.plain_text import PlainTextRenderer
from podcast_kit.source.notes.sanitize import sanitize_comment_html, sanitize_feed_html, sanitize_page_html
from podcast_kit.source.notes.truncate import html_to_plain_text, truncate_html

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = [
    "feed_html_to_text",
    "find_local_images",
    "html_to_plain_text",
    "local_image_lines",
    "prepare_parser",
    "render_notes",
    "sanitize_comment_html",
    "shift_timestamps",
    "truncate_html",
]


def render_notes(
    markdown: str,
    *,
    page_url: str,
    images: Mapping[str, Image] | None = None,
    source_url: str = "",
    duration_ms: int | None = None,
    is_own_page: bool = False,
) -> Notes:
    """The notes as page HTML, feed HTML and plain text, split at a line `{{ prompts }}`.

    `page_url` is the episode's page: `#t=` links point into it. Other relative links are made absolute against
    `source_url`, by default the page as well. `images` has the published image for each source that
    `local_image_lines` returns; a missing one is rendered as its alternative text. Timestamps that form chapters become
    links on the page that seek to that time, unless it is after the end of the recording. A page of the podcaster's own
    has no recording, and its links to other files are read from `pages/`.
    """
    tokens = parse_markdown(markdown)
    chapter_lines = () if is_own_page else find_chapter_list(markdown)[0]
    timestamps = {timestamp.line: timestamp for timestamp in chapter_lines}
    first_lines = frozenset(timestamp.first_line for timestamp in timestamps.values())
    links = timestamps
    if timestamps and duration_ms:
        links = {timestamp.line: timestamp for timestamp in find_chapter_list(markdown, duration_ms)[0]}
    has_h1 = any(token.type == "heading_open" and token.tag == "h1" for token in tokens)
    page, feed, text = (
        renderer(dict(images or {}), links, page_url, source_url or page_url, int(has_h1), first_lines, is_own_page)
        for renderer in (PageRenderer, FeedRenderer, PlainTextRenderer)
    )
    parts = [
        RenderedNotes(
            page_html=sanitize_page_html(page.render(part)),
            feed_html=sanitize_feed_html(feed.render(part)),
            plain_text=text.render(part),
        )
        for part in _split_at_prompts(tokens)
    ]
    return Notes(
        before=parts[0],
        after=parts[1] if len(parts) > 1 else None,
        summary=_first_paragraph(tokens, timestamps),
        links=_absolute_links(tokens),
    )


def _split_at_prompts(tokens: list[Token]) -> list[list[Token]]:
    """The tokens before and after the first `{{ prompts }}`; further ones are dropped."""
    marker = next((index for index, token in enumerate(tokens) if token.type == "prompts"), None)
    if marker is None:
        return [tokens]
    return [tokens[:marker], [token for token in tokens[marker + 1 :] if token.type != "prompts"]]


def _first_paragraph(tokens: list[Token], timestamps: Mapping[int, TimestampLine]) -> str:
    """The first paragraph with text, as one line of plain text; a list of chapters does not count."""
    list_lines = {line for timestamp in timestamps.values() for line in (timestamp.line, timestamp.title_line)}
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.type == "inline":
            if token.map and token.map[0] in list_lines:
                continue
            text = "".join(_text_pieces(token.children or []))
            if text := " ".join(text.split()):
                return text
    return ""


def _text_pieces(children: list[Token]) -> list[str]:
    return [
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in children
        if child.type != "image"
    ]


def _absolute_links(tokens: list[Token]) -> tuple[str, ...]:
    """Every http(s) URL that the author linked to, once, in order."""
    urls: dict[str, None] = {}
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                url = str(child.attrs.get("href", ""))
                if url.startswith(("http://", "https://")):
                    urls[url] = None
    return tuple(urls)
