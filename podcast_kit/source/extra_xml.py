"""`extra:` — elements of any namespace, as keys or as XML itself, handed through to the feed well-formed."""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from podcast_kit.errors import SourceLocation
from podcast_kit.model import Element
from podcast_kit.namespaces import NAMESPACES, prefix_of
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value, Wrong

NAME = re.compile(r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*")
MAX_DEPTH = 16
OURS = {"rss", "channel", "item", "title", "link", "description", "guid", "enclosure", "pubDate", "lastBuildDate"}
"""What every feed and item has once already."""


def take(table: Table, value: Value) -> list[Element]:
    """The elements that one entry of `extra:` says; faults go to the table's problems."""
    if isinstance(value.content, str):
        found: list[Element] = []
        table.read(value, lambda raw: found.extend(parse(raw, value.place)), None, "extra")
        return found
    inner = table.within(value, "this element")
    if inner is None:
        return []
    before = len(table.problems)
    element = _element(inner, value.place, "", 0)
    return [element] if len(table.problems) == before else []


def _element(inner: Table, place: SourceLocation, uri: str, depth: int) -> Element:
    name = inner.need("name", _name, "")
    uri = inner.take("xmlns", converters.line, uri)
    text = inner.take("text", str, "")
    attributes: list[tuple[str, str]] = []
    if (named := inner.table("attributes")) is not None:
        for key in named.entries:
            if not NAME.fullmatch(key):
                named.reject(
                    named.entries[key].place, f"{converters.shown(key)} cannot name an attribute", "", "value.form"
                )
            attributes.append((key, named.take(key, str, "")))
    children: list[Element] = []
    if depth < MAX_DEPTH:
        for child in inner.tables("children", "this element"):
            children.append(_element(child, child.place, uri, depth + 1))  # noqa: PERF401  # each call may note a fault
    inner.close()
    prefix = name.rpartition(":")[0]
    if prefix and not uri and prefix not in NAMESPACES:
        inner.reject(place, f"nobody knows the namespace of {prefix!r}", "add its address as 'xmlns:'", "key.missing")
    return Element(name, text.strip(), tuple(attributes), tuple(children), place, _own(prefix, uri))


def _own(prefix: str, uri: str) -> str:
    return "" if not prefix or NAMESPACES.get(prefix) else uri


def _name(raw: str) -> str:
    name = raw.strip()
    if not NAME.fullmatch(name):
        raise Wrong(f"{converters.shown(raw)} cannot name an element", "write it as in 'podcast:txt'", "value.form")
    if name in OURS:
        raise Wrong(f"{name!r} is in every feed already", "remove it here", "key.both")
    return name


def parse(raw: str, place: SourceLocation) -> list[Element]:
    """The elements of a piece of XML, in which the usual prefixes need no declaration; raises Wrong."""
    reader = _Reader(place)
    known = " ".join(f"xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMESPACES.items() if prefix != "xml")
    try:
        reader.parser.Parse(f"<extra {known}>{raw}</extra>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        said = expat.errors.messages.get(error.code, "unreadable")
        hint = "close every element, and write a bare & as &amp;"
        raise Wrong(f"is not well-formed XML: {said}", hint, "value.form") from None
    return reader.found


class _Reader:
    """Builds elements of what expat calls out."""

    def __init__(self, place: SourceLocation) -> None:
        self.place = place
        self.found: list[Element] = []
        self.levels: list[tuple[str, dict[str, str], list[str], dict[str, str], list[Element]]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *_declared: object) -> None:
        raise Wrong("a document type has no place here", "write the elements alone", "value.form")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.levels) > MAX_DEPTH:
            raise Wrong(f"is nested more than {MAX_DEPTH} deep", "", "value.form")
        if "xmlns" in attributes:
            raise Wrong("a namespace needs a prefix here", "write xmlns:name=... and name:element", "value.form")
        scope = dict(self.levels[-1][3]) if self.levels else {}
        scope |= {key[6:]: value for key, value in attributes.items() if key.startswith("xmlns:")}
        rest = {key: value for key, value in attributes.items() if not key.startswith("xmlns:")}
        self.levels.append((name, rest, [], scope, []))

    def text(self, said: str) -> None:
        self.levels[-1][2].append(said)

    def end(self, name: str) -> None:
        _, attributes, text, scope, children = self.levels.pop()
        if not self.levels:
            self.found = children
            if "".join(text).strip():
                raise Wrong("holds text outside of any element", "write it inside an element", "value.form")
            return
        if len(self.levels) == 1:
            _name(name)
        said = tuple((self.usual(key, scope, name), value) for key, value in attributes.items())
        prefix = name.rpartition(":")[0]
        uri = "" if not prefix or prefix_of(scope.get(prefix, "")) else scope.get(prefix, "")
        usual = self.usual(name, scope, name)
        made = Element(usual, "".join(text).strip(), said, tuple(children), self.place, uri)
        self.levels[-1][4].append(made)

    def usual(self, name: str, scope: dict[str, str], element: str) -> str:
        """The name under its namespace's usual prefix."""
        prefix, colon, local = name.rpartition(":")
        if not colon or prefix == "xml":
            return name
        if prefix not in scope:
            raise Wrong(f"nobody knows the namespace of {prefix!r}", f'add xmlns:{prefix}="..."', "value.form")
        known = prefix_of(scope[prefix])
        if not known and (prefix in NAMESPACES or prefix != element.rpartition(":")[0]):
            raise Wrong(f"the prefix {prefix!r} cannot be written in this place", "choose another", "value.form")
        return f"{known or prefix}:{local}"
