"""Elements into lxml's tree, through an extension of feedgen's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Element, Item
from podcast_kit.namespaces import NAMESPACES
from podcast_kit.text.xml_clean import clean_xml_text

if TYPE_CHECKING:
    from lxml.etree import _Element

ALWAYS = ("itunes", "podcast", "atom", "content")
"""Declared in every feed, so that an episode that begins to use one changes its item alone."""


def declared(channel: Iterable[Element], items: Iterable[Item]) -> dict[str, str]:
    """The namespaces of a feed, address by prefix: those that are always there, then what it uses, sorted.

    Raises InvalidInput for a prefix without an address, or with two.
    """
    used: dict[str, str] = {}
    for item in items:
        if item.chapters:
            used["psc"] = NAMESPACES["psc"]
        if item.elements:
            _declare(item.elements, used)
    _declare(channel, used)
    return {prefix: NAMESPACES[prefix] for prefix in ALWAYS} | dict(sorted(used.items()))


def _declare(found: Iterable[Element], used: dict[str, str]) -> None:
    for element in _walk(found):
        names = (element.name, *(name for name, _ in element.attributes))
        for prefix in sorted({name.partition(":")[0] for name in names if ":" in name} - {"xml", *ALWAYS}):
            uri = NAMESPACES.get(prefix) or element.uri
            if uri and used.setdefault(prefix, uri) == uri:
                continue
            text = f"the prefix {prefix!r} stands for {'two namespaces' if uri else 'no namespace that is known'}"
            mend = "give its address as xmlns, one for each prefix"
            raise InvalidInput([Problem(element.location, text, mend, "xml.wellformed")])


def _walk(found: Iterable[Element]) -> Iterator[Element]:
    for element in found:
        yield element
        if element.children:
            yield from _walk(element.children)


class _Names(dict[str, str]):
    """Names as lxml has them, `{address}local`, by names with their prefix."""

    def __init__(self, uris: dict[str, str]) -> None:
        super().__init__()
        self.uris = uris | {"xml": NAMESPACES["xml"]}

    def __missing__(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        made = self[name] = f"{{{self.uris[prefix]}}}{local}" if colon else name
        return made


class _Writer:
    """Elements into lxml's tree; every text goes through `tidy`."""

    def __init__(self, uris: dict[str, str], tidy: Callable[[str], str]) -> None:
        from lxml.etree import SubElement

        self.make = SubElement
        self.names = _Names(uris)
        self.tidy = tidy

    def append(self, parent: _Element, element: Element) -> None:
        names, tidy = self.names, self.tidy
        text = tidy(element.text) if element.text else ""
        if element.text and not text and not element.children:
            return  # nothing is left of what it said, and an empty element is refused by directories
        made = self.make(parent, names[element.name])
        for name, value in element.attributes:
            made.set(names[name], tidy(value))
        if text:
            made.text = text
        for child in element.children:
            self.append(made, child)

    def write(self, parent: _Element, elements: Iterable[Element]) -> None:
        """Append all; what lxml refuses raises ValueError, or InvalidInput when only a name can be at fault."""
        for element in elements:
            try:
                self.append(parent, element)
            except ValueError as error:
                if self.tidy is not clean_xml_text:
                    raise
                text, mend = f"{element.name}: {error}", "a name is letters, digits, - _ . and begins with a letter"
                raise InvalidInput([Problem(element.location, text, mend, "xml.wellformed")]) from None


def extension(uris: dict[str, str], tidy: Callable[[str], str]) -> type:
    """Both halves of a feedgen extension in one: it writes what it is given into the channel or the item."""
    from feedgen.ext.base import BaseEntryExtension

    writer = _Writer(uris, tidy)

    class Own(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
        elements: Callable[[], Sequence[Element]] = staticmethod(tuple)

        def extend_ns(self) -> dict[str, str]:
            return uris

        def extend_rss(self, feed: _Element) -> _Element:
            writer.write(feed[0] if feed.tag == "rss" else feed, self.elements())
            return feed

    return Own
