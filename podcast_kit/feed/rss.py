"""RSS 2.0: feedgen writes the core, our own elements everything that feedgen writes wrongly or not at all.

feedgen writes `explicit` as yes and no, drops artwork whose URL does not end in .jpg or .png, supports neither
hubs nor Podcasting 2.0 nor chapters, writes the current time into every feed, and changes the process's locale
to format a date, which affects other threads. So all of these are written as elements by our own extension.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any, Protocol

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.feed.elements import channel_elements, item_elements, prefixed_url
from podcast_kit.feed.feedgen_extension import declared_namespaces, make_extension
from podcast_kit.model import Element, Image, Item, Show
from podcast_kit.text.xml_clean import clean_xml_text

GENERATOR = "podcast_kit"
"""Without a version, so that an update of the tool does not change the feed."""
XML_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
ITEMS_PER_PART = 50
"""Whose elements are in memory at the same time."""
_FEED_END = b"  </channel>\n</rss>\n"
_ITEM_START = b"    <item>\n"


class RenderedItems(Protocol):
    """Items as they were rendered before: an unchanged one is taken from there."""

    def find(self, item: Item, context: str) -> bytes | None:
        """The item as it was rendered with the same context; None if it has to be rendered."""

    def add_place(self, item: Item, context: str, start: int, length: int) -> None:
        """Take down where an item is in the page that is being rendered, in bytes."""


class _OmittedDate(datetime):
    """A date that feedgen does not write: it skips dates that are false."""

    def __bool__(self) -> bool:
        return False


_NO_BUILD_DATE = _OmittedDate(1970, 1, 1, tzinfo=UTC)


def newest_first(items: Iterable[Item]) -> list[Item]:
    """The items by date, newest first, then by guid."""
    return sorted(sorted(items, key=lambda item: item.guid), key=lambda item: item.date, reverse=True)


def render_rss(show: Show, items: Sequence[Item], *, artwork: Image | None = None) -> bytes:
    """Render the show's feed with all items, newest first. The same input gives the same bytes.

    Dates are in UTC; lastBuildDate is the date of the newest item, never the current time.
    Raises InvalidInput if a title, description or URL that RSS requires is empty.
    """
    ordered = newest_first(items)
    channel = channel_elements(show, artwork, ordered[0].date if ordered else None)
    return b"".join(stream_rss_document(show, ordered, channel, artwork))


def stream_rss_document(
    show: Show,
    items: Sequence[Item],
    channel: Sequence[Element],
    artwork: Image | None,
    self_url: str = "",
    *,
    has_self: bool = True,
    rendered: RenderedItems | None = None,
) -> Iterator[bytes]:
    """Render a feed from items in their final order and the elements of its channel, piece by piece.

    Its own address is `self_url`, by default that of the show's feed; none without `has_self`. Unchanged items are
    taken from those that were `rendered` before.

    feedgen keeps the elements of all entries until it writes them, so items are written in parts: each is a feed of its
    own, of which only the items are kept.
    """
    _check_required_texts(show, items)
    namespaces = declared_namespaces(channel, items)
    address = (self_url or show.feed_url) if has_self else ""
    start = _render_cleaned(partial(_render_start, show, channel, artwork, address, namespaces))
    yield start
    place = len(start)
    context = hashlib.sha256(repr((show, sorted(namespaces.items()))).encode()).hexdigest()
    for first in range(0, len(items), ITEMS_PER_PART):
        part = items[first : first + ITEMS_PER_PART]
        pieces = _render_pieces(show, part, namespaces, context, rendered) if rendered else None
        if rendered is None or pieces is None:
            whole = _render_cleaned(partial(_render_part, show, part, namespaces))
            place += len(whole)
            yield whole
            continue
        for item, piece in zip(part, pieces, strict=True):
            rendered.add_place(item, context, place, len(piece))
            place += len(piece)
            yield piece
    yield _FEED_END


def _render_cleaned(render: Callable[[Callable[[str], str]], bytes]) -> bytes:
    """What `render` gives of texts without characters that XML cannot hold.

    lxml refuses such characters itself, so most texts, which have none, are not scanned twice.
    """
    try:
        return render(str.strip)
    except ValueError:
        return render(clean_xml_text)


def _render_start(
    show: Show,
    channel: Sequence[Element],
    artwork: Image | None,
    self_url: str,
    namespaces: dict[str, str],
    clean: Callable[[str], str],
) -> bytes:
    """The feed up to its first item."""
    feed = _start_feed(show, namespaces, clean)
    site = show.website_url
    if self_url:
        feed.link(href=clean(self_url), rel="self", type="application/rss+xml")
    feed.link(href=clean(site), rel="alternate")  # must be last: feedgen uses the last link as the channel's
    feed.language(clean(show.language))
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.generator(GENERATOR)
    if show.copyright:
        feed.copyright(clean(show.copyright))
    if artwork:
        feed.image(url=clean(artwork.url), title=clean(show.title), link=clean(site))
    feed.own.elements = lambda: channel
    return XML_DECLARATION + _write_feed(feed).removesuffix(_FEED_END)


def _render_part(show: Show, items: Sequence[Item], namespaces: dict[str, str], clean: Callable[[str], str]) -> bytes:
    """Some items one after the other, without what is around them."""
    feed = _start_feed(show, namespaces, clean)
    feed.link(href=clean(show.website_url), rel="alternate")
    start_len = len(_write_feed(feed)) - len(_FEED_END)
    for item in items:
        _add_entry(feed, show, item, clean)
    return _write_feed(feed)[start_len : -len(_FEED_END)]


def _render_pieces(
    show: Show, items: Sequence[Item], namespaces: dict[str, str], context: str, rendered: RenderedItems
) -> list[bytes] | None:
    """Each item, rendered unless it was before; None if they cannot be told apart."""
    found = [rendered.find(item, context) for item in items]
    missing = [item for item, piece in zip(items, found, strict=True) if piece is None]
    new: list[bytes] = []
    if missing:
        new = _render_cleaned(partial(_render_part, show, missing, namespaces)).split(_ITEM_START)[1:]
    if len(new) != len(missing):  # a text has the same line
        return None
    pieces = iter(new)
    return [piece if piece is not None else _ITEM_START + next(pieces) for piece in found]


def _start_feed(show: Show, namespaces: dict[str, str], clean: Callable[[str], str]) -> Any:  # noqa: ANN401  # feedgen has no types
    """A feed that has nothing but what feedgen requires, except for the link."""
    from feedgen.feed import FeedGenerator

    extension = make_extension(namespaces, clean)
    feed: Any = FeedGenerator()
    feed.lastBuildDate(_NO_BUILD_DATE)
    feed.register_extension("own", extension, extension, atom=False)
    feed.title(clean(show.title))
    feed.description(clean(show.description))
    return feed


def _write_feed(feed: Any) -> bytes:  # noqa: ANN401  # feedgen has no types
    """The feed without lxml's declaration, whose single quotes some parsers do not accept."""
    return bytes(feed.rss_str(pretty=True, xml_declaration=False))


def _check_required_texts(show: Show, items: Sequence[Item]) -> None:
    """Report every empty text that apps require, all at once."""
    texts = [
        (show.title, "the show's title", show.locations.get("title"), "ch.title"),
        (show.description, "the show's description", show.locations.get("description"), "ch.description"),
        (show.publish.url, "the show's URL", show.locations.get("publish"), "ch.link"),
    ]
    for item in items:
        if not clean_xml_text(item.episode.title):
            texts.append(("", "the episode's title", item.episode.location_of("title"), "it.title"))
        if not clean_xml_text(item.guid):
            texts.append(("", "the episode's guid", item.episode.location_of("guid"), "it.guid"))
    problems = [
        Problem(location or SourceLocation("podcast.yaml"), f"{name} is empty", "set it; apps require it", code)
        for text, name, location, code in texts
        if not clean_xml_text(text)
    ]
    if problems:
        raise InvalidInput(problems)


def _add_entry(
    feed: Any,  # noqa: ANN401  # feedgen has no types
    show: Show,
    item: Item,
    clean: Callable[[str], str],
) -> None:
    entry = feed.add_entry(order="append")
    entry.title(clean(item.episode.title))
    if item.url:
        entry.link(href=clean(item.url))
    if description := clean(item.description or escape(item.summary, quote=False)):
        entry.description(description)
    if content := clean(item.content):
        entry.content(content, type="CDATA")
    entry.guid(clean(item.guid), permalink=False)
    url = clean(prefixed_url(show, item.enclosure_url))
    entry.enclosure(url=url, length=item.enclosure.bytes, type=clean(item.enclosure.mime))
    entry.own.elements = partial(item_elements, show, item)
