"""Items to RSS 2.0: feedgen for the core, our own elements where it is wrong or silent.

feedgen writes `explicit` as yes and no, drops artwork whose address does not end in .jpg or .png,
knows no hub, no Podcasting 2.0 and no chapters, puts the time of the run into every feed,
and sets the process's locale for each date, which other threads feel.
None of that gets out of here: all of it is written as elements through an extension of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from typing import Any

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.feed import elements, writer
from podcast_kit.model import Element, Item, Image, Show
from podcast_kit.text.xml_clean import clean_xml_text

GENERATOR = "podcast_kit"
"""Without a version: an update of the tool is no news of the show."""
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def in_order(items: Iterable[Item]) -> list[Item]:
    """Newest first; of two at the same instant the one whose guid sorts first."""
    return sorted(sorted(items, key=lambda item: item.guid), key=lambda item: item.date, reverse=True)


def render(show: Show, items: Sequence[Item], *, artwork: Image | None = None) -> bytes:
    """The show's feed with all items, newest first, the same bytes for the same input.

    Dates are in UTC, and lastBuildDate is the newest item's: a clock has no say.
    Raises InvalidInput where a title, a description or an address that RSS cannot do without is empty.
    """
    ordered = in_order(items)
    return document(show, ordered, elements.of_show(show, artwork, ordered[0].date if ordered else None), artwork)


def document(
    show: Show, items: Sequence[Item], channel: Sequence[Element], artwork: Image | None, self_url: str = ""
) -> bytes:
    """A feed's bytes from items in their final order and the elements of its channel."""
    _required(show, items)
    uris = writer.declared(channel, items)
    call = partial(_rendered, show, items, channel, artwork, self_url, uris)
    try:
        return call(str.strip)  # lxml itself notices what XML cannot hold, at no cost where there is none
    except ValueError:
        return call(clean_xml_text)


def _rendered(
    show: Show,
    items: Sequence[Item],
    channel: Sequence[Element],
    artwork: Image | None,
    self_url: str,
    uris: dict[str, str],
    tidy: Callable[[str], str],
) -> bytes:
    """As `document`; raises ValueError for characters that XML cannot hold when `tidy` leaves them."""
    from feedgen.feed import FeedGenerator

    feed: Any = FeedGenerator()
    feed._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001  # the time of the run; nothing else drops it
    extension = writer.extension(uris, tidy)
    feed.register_extension("own", extension, extension, atom=False)
    feed.title(tidy(show.title))
    feed.description(tidy(show.description))
    site = show.page_url("index.html")
    feed.link(href=tidy(self_url or show.feed_url), rel="self", type="application/rss+xml")
    feed.link(href=tidy(site), rel="alternate")  # last: feedgen's channel link is that of the last call
    feed.language(tidy(show.language))
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.generator(GENERATOR)
    if show.copyright:
        feed.copyright(tidy(show.copyright))
    if artwork:
        feed.image(url=tidy(artwork.url), title=tidy(show.title), link=tidy(site))
    feed.own.elements = lambda: channel
    for item in items:
        _add(feed, show, item, tidy)
    # Its own declaration has single quotes, which some parsers do not know.
    return DECLARATION + bytes(feed.rss_str(pretty=True, xml_declaration=False))


def _required(show: Show, items: Sequence[Item]) -> None:
    """Tell at once of every text without which no app shows the show or the episode."""
    wanted = [
        (show.title, "the show's title", show.locations.get("title"), "ch.title"),
        (show.description, "the show's description", show.locations.get("description"), "ch.description"),
        (show.publish.url, "the show's address", show.locations.get("publish"), "ch.link"),
    ]
    for item in items:
        if not clean_xml_text(item.episode.title):
            wanted.append(("", "the episode's title", item.episode.location_of("title"), "it.title"))
        if not clean_xml_text(item.guid):
            wanted.append(("", "the episode's guid", item.episode.location_of("guid"), "it.guid"))
    problems = [
        Problem(place or SourceLocation("podcast.yaml"), f"{what} is empty", "no app shows a feed without it", code)
        for text, what, place, code in wanted
        if not clean_xml_text(text)
    ]
    if problems:
        raise InvalidInput(problems)


def _add(feed: Any, show: Show, item: Item, tidy: Callable[[str], str]) -> None:  # noqa: ANN401  # feedgen is untyped
    entry = feed.add_entry(order="append")
    entry.title(tidy(item.episode.title))
    if item.url:
        entry.link(href=tidy(item.url))
    if description := tidy(item.description or escape(item.summary, quote=False)):
        entry.description(description)
    if content := tidy(item.content):
        entry.content(content, type="CDATA")
    entry.guid(tidy(item.guid), permalink=False)
    entry.enclosure(url=tidy(item.enclosure_url), length=item.enclosure.bytes, type=tidy(item.enclosure.mime))
    entry.own.elements = partial(elements.of_item, show, item)
