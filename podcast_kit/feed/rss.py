"""Items to RSS 2.0: feedgen for the core, our own elements where it is wrong or silent.

feedgen writes `explicit` as yes and no, drops artwork whose address does not end in .jpg or .png,
knows no hub, no Podcasting 2.0 and no chapters, puts the time of the run into every feed,
and sets the process's locale for each date, which other threads feel.
None of that gets out of here: all of it is written as elements through an extension of our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from podcast_kit.errors import InvalidInput, Place, Problem
from podcast_kit.feed import elements
from podcast_kit.feed.text import clean
from podcast_kit.model import Element, Item, Picture, Show, page_url
from podcast_kit.namespaces import NAMESPACES

if TYPE_CHECKING:
    from lxml.etree import _Element

ALWAYS = ("itunes", "podcast", "atom", "content")
"""Declared in every feed, so that an episode that begins to use one changes its item alone."""
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def in_order(items: Iterable[Item]) -> list[Item]:
    """Newest first; of two at the same instant the one whose guid sorts first."""
    return sorted(sorted(items, key=lambda item: item.guid), key=lambda item: item.date, reverse=True)


def render(show: Show, items: Sequence[Item], *, artwork: Picture | None = None) -> bytes:
    """The show's feed with all items, newest first, the same bytes for the same input.

    Dates are in UTC, and lastBuildDate is the newest item's: a clock has no say.
    Raises InvalidInput where a title, a description or an address that RSS cannot do without is empty.
    """
    ordered = in_order(items)
    return document(show, ordered, elements.of_show(show, artwork, ordered[0].date if ordered else None), artwork)


def document(
    show: Show, items: Sequence[Item], channel: Sequence[Element], artwork: Picture | None, self_url: str = ""
) -> bytes:
    """A feed's bytes from items in their final order and the elements of its channel."""
    from feedgen.feed import FeedGenerator

    given = [(item, elements.of_item(show, item)) for item in items]
    uris = _declared([*channel, *(element for _, of_item in given for element in of_item)])
    extension = _extension(uris)
    feed: Any = FeedGenerator()
    feed._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001  # the time of the run; nothing else drops it
    feed.register_extension("own", extension, extension, atom=False)
    _required(show, items)
    feed.title(clean(show.title))
    feed.description(clean(show.description))
    site = page_url(show, "index.html")
    feed.link(href=clean(self_url or show.feed_url), rel="self", type="application/rss+xml")
    feed.link(href=clean(site), rel="alternate")  # last: feedgen's channel link is that of the last call
    feed.language(clean(show.language))
    feed.docs("https://www.rssboard.org/rss-specification")
    feed.generator("podcast_kit")  # without a version: an update of the tool is no news of the show
    if show.copyright:
        feed.copyright(clean(show.copyright))
    if artwork:
        feed.image(url=clean(artwork.url), title=clean(show.title), link=clean(site))
    feed.own.elements = channel
    for item, of_item in given:
        _add(feed, item, of_item)
    # Its own declaration has single quotes, which some parsers do not know.
    return DECLARATION + bytes(feed.rss_str(pretty=True, xml_declaration=False))


def _required(show: Show, items: Sequence[Item]) -> None:
    place = show.places.get
    wanted = [
        (place("title"), "ch.title", "the show's title", show.title),
        (place("description"), "ch.description", "the show's description", show.description),
        (place("publish"), "ch.link", "the show's address", show.publish.url),
    ]
    wanted += [(item.episode.place("title"), "it.title", "the episode's title", item.episode.title) for item in items]
    wanted += [(item.episode.place("guid"), "it.guid", "the episode's guid", item.guid) for item in items]
    problems = [
        Problem(where or Place("podcast.yaml"), f"{what} is empty", "no app shows a feed without it", code)
        for where, code, what, text in wanted
        if not clean(text)
    ]
    if problems:
        raise InvalidInput(problems)


def _add(feed: Any, item: Item, of_item: Sequence[Element]) -> None:  # noqa: ANN401  # feedgen ships no types
    entry = feed.add_entry(order="append")
    entry.title(clean(item.episode.title))
    if item.url:
        entry.link(href=clean(item.url))
    if description := clean(item.description or item.summary):
        entry.description(description)
    if content := clean(item.content):
        entry.content(content, type="CDATA")
    entry.guid(clean(item.guid), permalink=False)
    entry.enclosure(url=clean(item.enclosure_url), length=item.enclosure.bytes, type=clean(item.enclosure.mime))
    entry.own.elements = of_item


def _walk(found: Iterable[Element]) -> Iterator[Element]:
    for element in found:
        yield element
        yield from _walk(element.children)


def _declared(found: Iterable[Element]) -> dict[str, str]:
    """The namespaces of a feed: those that are always there, then what its elements use, sorted."""
    used: dict[str, str] = {}
    for element in _walk(found):
        names = (element.name, *(name for name, _ in element.attributes))
        for prefix in {name.partition(":")[0] for name in names if ":" in name} - {"xml", *ALWAYS}:
            uri = NAMESPACES.get(prefix) or element.uri
            if not uri or used.setdefault(prefix, uri) != uri:
                said = "two namespaces" if uri else "no namespace that is known"
                text, mend = (
                    f"the prefix {prefix!r} stands for {said}",
                    "give its address as xmlns, one for each prefix",
                )
                raise InvalidInput([Problem(element.place, text, mend, "xml.wellformed")])
    return {prefix: NAMESPACES[prefix] for prefix in ALWAYS} | dict(sorted(used.items()))


class _Writer:
    """Elements into lxml's tree, under the prefixes that the feed declares."""

    def __init__(self, uris: dict[str, str]) -> None:
        from lxml import etree

        self.make = etree.SubElement
        self.uris = uris | {"xml": NAMESPACES["xml"]}

    def qualified(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        return f"{{{self.uris[prefix]}}}{local}" if colon else name

    def append(self, parent: _Element, element: Element) -> None:
        text = clean(element.text)
        if element.text and not text and not element.children:
            return  # nothing is left of what it said, and an empty element is refused by directories
        try:
            made = self.make(parent, self.qualified(element.name))
            for name, value in element.attributes:
                made.set(self.qualified(name), clean(value))
        except ValueError as error:
            mend = "a name is letters, digits, - _ . and begins with a letter"
            raise InvalidInput([Problem(element.place, f"{element.name}: {error}", mend, "xml.wellformed")]) from None
        if text:
            made.text = text
        for child in element.children:
            self.append(made, child)


def _extension(uris: dict[str, str]) -> type:
    """Both halves of a feedgen extension in one: it writes what it is given into the channel or the item."""
    from feedgen.ext.base import BaseEntryExtension

    writer = _Writer(uris)

    class Own(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
        elements: Sequence[Element] = ()

        def extend_ns(self) -> dict[str, str]:
            return uris

        def extend_rss(self, feed: _Element) -> _Element:
            target = feed[0] if feed.tag == "rss" else feed
            for element in self.elements:
                writer.append(target, element)
            return feed

    return Own
