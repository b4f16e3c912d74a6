"""Long shows: a feed of the newest episodes, and archives of the rest that never change (RFC 5005).

Archives are counted from the oldest, `feed/1.xml` holding the first episodes. A new one is cut off only when
the feed itself would keep a whole page even then, so an app that does not page still sees that many.
Apps that page follow rel=next, aggregators rel=prev-archive; both lead from the feed to the newest archive
and on to the first. No archive names the one after it: that link would change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from podcast_kit.feed import elements
from podcast_kit.feed.rss import document, in_order
from podcast_kit.model import Element, Item, Image, Show, public_url


def render_pages(
    show: Show, items: Sequence[Item], *, artwork: Image | None = None, archived: Sequence[Sequence[str]] = ()
) -> dict[str, bytes]:
    """The feed under its key and, where `feed.page_size` asks for it, its archives under theirs.

    `archived` has the guids of the archives that are out already, page by page from the first: they stay as they
    are though an episode was added with an older date, which then stands in the feed itself.
    Every episode is on exactly one page. Raises InvalidInput as `render` does.
    """
    rest, pages = _cut(show, items, archived)
    made = {show.feed.path: _page(show, rest, artwork, 0, len(pages))}
    for number, page in enumerate(pages, 1):
        made[key_of(show, number)] = _page(show, page, artwork, number, number - 1)
    return made


def archives(show: Show, items: Sequence[Item], archived: Sequence[Sequence[str]] = ()) -> tuple[tuple[str, ...], ...]:
    """The guids of each archive from the first, as `render_pages` cuts them: what to remember as `archived`."""
    return tuple(tuple(item.guid for item in page) for page in _cut(show, items, archived)[1])


def _cut(show: Show, items: Sequence[Item], archived: Sequence[Sequence[str]]) -> tuple[list[Item], list[list[Item]]]:
    """The feed's own items, and those of each archive from the first; all newest first."""
    newest = in_order(items)
    size = show.feed.page_size
    pages = _known(newest, archived) if size else []  # an archive that lost all its episodes keeps its number
    out = {item.guid for page in pages for item in page}
    rest = [item for item in newest if item.guid not in out]
    while 0 < size * 2 <= len(rest):
        pages.append(rest[-size:])
        rest = rest[:-size]
    return rest, pages


def _known(newest: Sequence[Item], archived: Sequence[Sequence[str]]) -> list[list[Item]]:
    by_guid = {item.guid: item for item in newest}
    return [in_order(by_guid[guid] for guid in dict.fromkeys(page) if guid in by_guid) for page in archived]


def key_of(show: Show, number: int) -> str:
    """The key of an archive, the oldest being number 1; the feed itself for 0."""
    stem = show.feed.path.removesuffix(".xml")
    return f"{stem}/{number}.xml" if number else show.feed.path


def _page(show: Show, items: Sequence[Item], artwork: Image | None, number: int, older: int) -> bytes:
    """One page: number 0 is the feed; `older` is the archive that follows, 0 for none."""
    archive = bool(number)
    whole = replace(show, feed=replace(show.feed, hub="")) if archive else show  # only the feed itself is pushed
    channel = list(elements.of_show(whole, artwork, items[0].date if items else None))
    if archive:
        kept = [element for element in channel if element.name != "podcast:liveItem"]  # what is on now is no archive's
        channel = [Element("fh:archive"), _link(show, "current", 0), *kept]
    if archive or older:
        channel = [_link(show, "first", 0), _link(show, "last", 1), *channel]
    if older:
        channel = [_link(show, "next", older), _link(show, "prev-archive", older), *channel]
    return document(whole, items, channel, artwork, public_url(show.publish.url, key_of(show, number)))


def _link(show: Show, rel: str, number: int) -> Element:
    href = public_url(show.publish.url, key_of(show, number))
    return Element("atom:link", attributes=(("href", href), ("rel", rel), ("type", "application/rss+xml")))
