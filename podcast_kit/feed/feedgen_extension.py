"""A feedgen extension that writes Elements into feedgen's tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Element, Item
from podcast_kit.namespaces import NAMESPACES
from podcast_kit.text.xml_clean import clean_xml_text

if TYPE_CHECKING:
    from lxml.etree import _Element

DEFAULT_PREFIXES = ("itunes", "podcast", "atom", "content")
"""Declared in every feed, so that the first episode that uses one changes no other part of the feed."""


def declared_namespaces(channel: Iterable[Element], items: Iterable[Item]) -> dict[str, str]:
    """The namespaces that a feed declares, URI by prefix: the default ones, then those that it uses, sorted.

    Raises InvalidInput for a prefix that has no URI or two.
    """
    used: dict[str, str] = {}
    for item in items:
        if item.chapters:
            used["psc"] = NAMESPACES["psc"]
        if item.elements:
            _collect_namespaces(item.elements, used)
    _collect_namespaces(channel, used)
    return {prefix: NAMESPACES[prefix] for prefix in DEFAULT_PREFIXES} | dict(sorted(used.items()))


def _collect_namespaces(elements: Iterable[Element], used: dict[str, str]) -> None:
    for element in _walk_elements(elements):
        names = (element.name, *(name for name, _ in element.attributes))
        for prefix in sorted({name.partition(":")[0] for name in names if ":" in name} - {"xml", *DEFAULT_PREFIXES}):
            uri = NAMESPACES.get(prefix) or element.uri
            if uri and used.setdefault(prefix, uri) == uri:
                continue
            text = f"the prefix {prefix!r} {'is used for two namespaces' if uri else 'belongs to no known namespace'}"
            fix = "use a different prefix for each namespace" if uri else "set the namespace's URI as `xmlns`"
            raise InvalidInput([Problem(element.location, text, fix, "xml.wellformed")])


def _walk_elements(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        if element.children:
            yield from _walk_elements(element.children)


class _QualifiedNames(dict[str, str]):
    """lxml's names, `{uri}local`, by names with a prefix."""

    def __init__(self, namespaces: dict[str, str]) -> None:
        super().__init__()
        self.namespaces = namespaces | {"xml": NAMESPACES["xml"]}

    def __missing__(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        qualified = self[name] = f"{{{self.namespaces[prefix]}}}{local}" if colon else name
        return qualified


class _ElementWriter:
    """Appends Elements to lxml's tree; every text passes through `clean`."""

    def __init__(self, namespaces: dict[str, str], clean: Callable[[str], str]) -> None:
        from lxml.etree import SubElement

        self.add_subelement = SubElement
        self.names = _QualifiedNames(namespaces)
        self.clean = clean

    def append_element(self, parent: _Element, element: Element) -> None:
        names, clean = self.names, self.clean
        text = clean(element.text) if element.text else ""
        if element.text and not text and not element.children:
            return  # only illegal characters: directories refuse an empty element
        node = self.add_subelement(parent, names[element.name])
        for name, value in element.attributes:
            node.set(names[name], clean(value))
        if text:
            node.text = text
        for child in element.children:
            self.append_element(node, child)

    def append_elements(self, parent: _Element, elements: Iterable[Element]) -> None:
        """Append all. Raises ValueError for illegal characters, InvalidInput if only a name can be wrong."""
        for element in elements:
            try:
                self.append_element(parent, element)
            except ValueError as error:
                if self.clean is not clean_xml_text:
                    raise
                text = f"{element.name}: {error}"
                fix = "use only letters, digits, `-`, `_` and `.` in names, starting with a letter"
                raise InvalidInput([Problem(element.location, text, fix, "xml.wellformed")]) from None


def make_extension(namespaces: dict[str, str], clean: Callable[[str], str]) -> type:
    """A feedgen extension for channels and entries; it writes what its `elements` returns."""
    from feedgen.ext.base import BaseEntryExtension

    writer = _ElementWriter(namespaces, clean)

    class Extension(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
        elements: Callable[[], Sequence[Element]] = staticmethod(tuple)

        def extend_ns(self) -> dict[str, str]:
            return namespaces

        def extend_rss(self, feed: _Element) -> _Element:
            writer.append_elements(feed[0] if feed.tag == "rss" else feed, self.elements())
            return feed

    return Extension
