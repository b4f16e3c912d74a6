"""Pagination of long shows: a feed of the newest episodes, and archives of older ones that never change (RFC 5005).

Archives are numbered from the oldest: `feed/1.xml` has the first episodes. A new archive is only split off when
the feed still keeps a full page afterwards, so apps that do not follow pages see at least that many episodes.
Apps follow rel=next and aggregators rel=prev-archive; both lead from the feed to the newest archive
and then down to the first. Archives do not link to newer ones, because that link would change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from podcast_kit.feed.elements import channel_elements
from podcast_kit.feed.rss import newest_first, render_rss_document
from podcast_kit.model import Element, Image, Item, Show, public_url


def render_feed_pages(
    show: Show, items: Sequence[Item], *, artwork: Image | None = None, archived: Sequence[Sequence[str]] = ()
) -> dict[str, bytes]:
    """Render the feed and, if `feed.page_size` is set, its archives; the result maps keys to bytes.

    `archived` has the guids of each published archive, from the first. Archives keep their episodes;
    an episode that is added with an older date goes into the feed itself.
    Every episode is on exactly one page. Raises InvalidInput as `render_rss` does.
    """
    current, archives = _split_into_archives(show, items, archived)
    pages = {show.feed.path: _render_feed_page(show, current, artwork, 0, len(archives))}
    for number, archive in enumerate(archives, 1):
        pages[feed_page_key(show, number)] = _render_feed_page(show, archive, artwork, number, number - 1)
    return pages


def archived_guids(
    show: Show, items: Sequence[Item], archived: Sequence[Sequence[str]] = ()
) -> tuple[tuple[str, ...], ...]:
    """The guids of each archive that `render_feed_pages` writes, from the first; pass them as `archived` next time."""
    return tuple(tuple(item.guid for item in page) for page in _split_into_archives(show, items, archived)[1])


def _split_into_archives(
    show: Show, items: Sequence[Item], archived: Sequence[Sequence[str]]
) -> tuple[list[Item], list[list[Item]]]:
    """The items of the feed itself, and those of each archive from the first; all newest first."""
    newest = newest_first(items)
    size = show.feed.page_size
    archives = _restore_archives(newest, archived) if size else []  # an archive without episodes keeps its number
    archived_items = {item.guid for page in archives for item in page}
    current = [item for item in newest if item.guid not in archived_items]
    while 0 < size * 2 <= len(current):
        archives.append(current[-size:])
        current = current[:-size]
    return current, archives


def _restore_archives(newest: Sequence[Item], archived: Sequence[Sequence[str]]) -> list[list[Item]]:
    by_guid = {item.guid: item for item in newest}
    return [newest_first(by_guid[guid] for guid in dict.fromkeys(page) if guid in by_guid) for page in archived]


def feed_page_key(show: Show, number: int) -> str:
    """The key of an archive (1 is the oldest); 0 is the feed itself."""
    stem = show.feed.path.removesuffix(".xml")
    return f"{stem}/{number}.xml" if number else show.feed.path


def _render_feed_page(show: Show, items: Sequence[Item], artwork: Image | None, number: int, older: int) -> bytes:
    """One page; `number` 0 is the feed. `older` is the number of the next older archive, 0 for none."""
    is_archive = bool(number)
    page_show = replace(show, feed=replace(show.feed, hub="")) if is_archive else show  # only the feed has a hub
    channel = list(channel_elements(page_show, artwork, items[0].date if items else None))
    if is_archive:
        lasting = [element for element in channel if element.name != "podcast:liveItem"]
        channel = [Element("fh:archive"), _page_link(show, "current", 0), *lasting]
    if is_archive or older:
        channel = [_page_link(show, "first", 0), _page_link(show, "last", 1), *channel]
    if older:
        channel = [_page_link(show, "next", older), _page_link(show, "prev-archive", older), *channel]
    page_url = public_url(show.publish.url, feed_page_key(show, number))
    return render_rss_document(page_show, items, channel, artwork, page_url)


def _page_link(show: Show, rel: str, number: int) -> Element:
    href = public_url(show.publish.url, feed_page_key(show, number))
    return Element("atom:link", attributes=(("href", href), ("rel", rel), ("type", "application/rss+xml")))
