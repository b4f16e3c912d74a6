"""Sanitizes the HTML of notes and transcripts: only listed tags and attributes are kept. The only module with nh3."""

from __future__ import annotations

import html as html_text
import re
from itertools import islice
from typing import Any

import nh3

from podcast_kit.text.html_depth import flatten_html, is_nested_too_deep

_URL_SCHEMES = {"http", "https", "mailto", "tel"}
_FEED_TAGS = {"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"}
_PAGE_TAGS = _FEED_TAGS | {
    "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "code", "hr", "img", "s", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_TRANSCRIPT_TAGS = _FEED_TAGS | {"cite", "time", "h1", "h2", "h3", "h4", "blockquote", "div", "span", "hr"}
_PAGE_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "decoding"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
}
_LINK_ATTRIBUTES = {"a": {"href"}}
_MAX_SLOW_CHARACTERS = 1_000
"""Above this, `&` and U+0080 to U+00BF are replaced first: nh3 takes quadratic time for them."""
_SLOW_CHARACTERS = re.compile("[&\x80-\xbf]")
_AMPERSAND = "\U000fff00"
_STAND_INS = {code: chr(0xFFF00 + code) for code in range(0x80, 0xC0)}
"""Characters for private use, which are in no real text."""
_ORIGINALS = {ord(_AMPERSAND): "&amp;"} | {ord(stand_in): chr(code) for code, stand_in in _STAND_INS.items()}
_ORIGINALS[ord(_STAND_INS[0xA0])] = "&nbsp;"
_REFERENCE = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{0,31})?;?")


def sanitize_page_html(html: str) -> str:
    """The HTML with only what a page allows in notes."""
    return _sanitize_html(html, _PAGE_TAGS, _PAGE_ATTRIBUTES)


def sanitize_transcript_html(html: str) -> str:
    """A transcript's HTML (https://podcasting2.org/docs/podcast-namespace/tags/transcript): text, speakers, times."""
    return _sanitize_html(html, _TRANSCRIPT_TAGS, _LINK_ATTRIBUTES)


def clean_transcript_html(html: str) -> str:
    """The same, without what a page shows in none of its elements: scripts, styles and the title."""
    hidden = {"script", "style", "title"}
    return _clean_html(html, tags=_TRANSCRIPT_TAGS, attributes={}, clean_content_tags=hidden, link_rel=None)


def sanitize_feed_html(html: str) -> str:
    """The HTML with only what Apple, Spotify and apps show of notes."""
    return _sanitize_html(html, _FEED_TAGS, _LINK_ATTRIBUTES)


def sanitize_comment_html(html: str) -> str:
    """The HTML of a stranger with only paragraphs, line breaks and links, which search engines must not count."""
    return _clean_html(
        html,
        tags={"p", "br", "a"},
        attributes=_LINK_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="nofollow ugc",
        clean_content_tags={"script", "style", "title", "textarea", "noscript"},
    )


def _sanitize_html(html: str, tags: set[str], attributes: dict[str, set[str]]) -> str:
    if is_nested_too_deep(html):
        html = flatten_html(html)  # nh3 takes quadratic time for it
    return _clean_html(html, tags=tags, attributes=attributes, url_schemes=_URL_SCHEMES, link_rel=None)


def _clean_html(html: str, **settings: Any) -> str:  # noqa: ANN401  # as nh3 names them
    """nh3's `clean`, in linear time."""
    if sum(1 for _ in islice(_SLOW_CHARACTERS.finditer(html), _MAX_SLOW_CHARACTERS + 1)) <= _MAX_SLOW_CHARACTERS:
        return str(nh3.clean(html, **settings))
    html = html.translate(dict.fromkeys(_ORIGINALS, "\ufffd"))
    html = _REFERENCE.sub(lambda reference: html_text.escape(html_text.unescape(reference[0])), html)
    html = html.replace("&amp;", _AMPERSAND).translate(_STAND_INS)
    return str(nh3.clean(html, **settings)).translate(_ORIGINALS)
