"""Pagination of long shows: a feed of the newest episodes, and archives of older ones (RFC 5005).

Archives are numbered from the oldest: `feed/1.xml` has the first episodes. A new archive is only split off when
the feed still keeps a full page afterwards, so apps that do not follow pages see at least that many episodes.
Apps follow rel=next and aggregators rel=prev-archive; both lead from the feed to the newest archive
and then down to the first. Archives do not link to newer ones, because that link would change them
with each new archive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from podcast_kit.feed.elements import channel_elements
from podcast_kit.feed.rss import RenderedItems, newest_first, stream_rss_document
from podcast_kit.model import Element, Image, Item, Show, public_url


class RenderedPages(RenderedItems, Protocol):
    """Items as they were rendered before, on the pages of the feed."""

    def start_page(self, key: str) -> None:
        """Begin with the page under this key: the places that follow are in it."""


def stream_feed_pages(
    show: Show, items: Sequence[Item], *, artwork: Image | None = None, rendered: RenderedPages | None = None
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Render the feed and, if `feed.page_size` is set, its archives: the key of each, and its bytes piece by piece.

    Each page has to be read before the next one begins.

    Every episode is on exactly one page. A newer episode changes no archive; one that is added with an older date, or
    removed, changes those that are newer than it. Unchanged items are taken from those that were `rendered` before.
    Raises InvalidInput as `render_rss` does.
    """
    current, archives = _split_into_archives(show, items)
    yield show.feed.path, _stream_feed_page(show, current, artwork, 0, len(archives), rendered)
    for number, archive in enumerate(archives, 1):
        yield feed_page_key(show, number), _stream_feed_page(show, archive, artwork, number, number - 1, rendered)


def _split_into_archives(show: Show, items: Sequence[Item]) -> tuple[list[Item], list[list[Item]]]:
    """The items of the feed itself, and those of each archive from the first; all newest first."""
    current = newest_first(items)
    size = show.feed.page_size
    archives = []
    while 0 < size * 2 <= len(current):
        archives.append(current[-size:])
        current = current[:-size]
    return current, archives


def feed_page_key(show: Show, number: int) -> str:
    """The key of an archive (1 is the oldest); 0 is the feed itself."""
    stem = show.feed.path.removesuffix(".xml")
    return f"{stem}/{number}.xml" if number else show.feed.path


def _stream_feed_page(
    show: Show,
    items: Sequence[Item],
    artwork: Image | None,
    number: int,
    older: int,
    rendered: RenderedPages | None,
) -> Iterator[bytes]:
    """One page; `number` 0 is the feed. `older` is the number of the next older archive, 0 for none."""
    is_archive = bool(number)
    page_show = replace(show, feed=replace(show.feed, hubs=())) if is_archive else show  # only the feed has a hub
    channel = list(channel_elements(page_show, artwork, items[0].date if items else None))
    if is_archive:
        lasting = [element for element in channel if element.name != "podcast:liveItem"]
        channel = [Element("fh:archive"), _page_link(show, "current", 0), *lasting]
    if is_archive or older:
        channel = [_page_link(show, "first", 0), _page_link(show, "last", 1), *channel]
    if older:
        channel = [_page_link(show, "next", older), _page_link(show, "prev-archive", older), *channel]
    page_url = public_url(show.publish.url, feed_page_key(show, number))
    if rendered is not None:
        rendered.start_page(feed_page_key(show, number))
    yield from stream_rss_document(page_show, items, channel, artwork, page_url, rendered=rendered)


def _page_link(show: Show, rel: str, number: int) -> Element:
    href = public_url(show.publish.url, feed_page_key(show, number))
    return Element("atom:link", attributes=(("href", href), ("rel", rel), ("type", "application/rss+xml")))
