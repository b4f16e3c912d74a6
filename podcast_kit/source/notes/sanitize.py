"""What may get out of notes and transcripts as HTML, and nothing else: no script survives. The only home of nh3."""

from __future__ import annotations

import nh3

_SCHEMES = {"http", "https", "mailto", "tel"}
_FEED_TAGS = {"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"}
_PAGE_TAGS = _FEED_TAGS | {
    "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "code", "hr", "img", "s", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_PAGE_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "decoding"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
}


def guard_page(markup: str) -> str:
    """What notes may bring onto a page, and nothing else."""
    return str(nh3.clean(markup, tags=_PAGE_TAGS, attributes=_PAGE_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None))


def guard_transcript(markup: str) -> str:
    """A transcript as HTML (https://podcasting2.org/docs/podcast-namespace/tags/transcript): words, speakers, times."""
    tags = _FEED_TAGS | {"cite", "time", "h1", "h2", "h3", "h4", "blockquote", "div", "span", "hr"}
    return str(nh3.clean(markup, tags=tags, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None))


def guard_feed(markup: str) -> str:
    """What Apple, Spotify and the apps show of notes, and nothing else."""
    return str(nh3.clean(markup, tags=_FEED_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None))
