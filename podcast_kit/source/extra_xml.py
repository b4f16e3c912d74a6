"""`extra:`: elements of any namespace, as keys or as XML, which go into the feed unchanged but well-formed."""

from __future__ import annotations

import re
from xml.parsers import expat

from podcast_kit.errors import SourceLocation
from podcast_kit.model import Element
from podcast_kit.namespaces import NAMESPACES, usual_prefix
from podcast_kit.source.yaml import InvalidValue, Table, Value, converters
from podcast_kit.text.xml_clean import quote_attribute

XML_NAME = re.compile(r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*")
MAX_XML_DEPTH = 16
GENERATED_ELEMENTS = {
    "rss", "channel", "item", "title", "link", "description", "guid", "enclosure", "pubDate", "lastBuildDate",
}  # fmt: skip
"""Elements that every feed and item already has."""


def extra_elements(table: Table, value: Value) -> list[Element]:
    """The elements of one entry of `extra:`; problems are reported to the table."""
    if isinstance(value.content, str):
        elements: list[Element] = []
        table.converted(value, lambda raw: elements.extend(parse_xml_fragment(raw, value.location)), None, "extra")
        return elements
    inner = table.nested(value, "this element")
    if inner is None:
        return []
    problems_before = len(table.problems)
    element = _element_from_table(inner, value.location, "", 0)
    return [element] if len(table.problems) == problems_before else []


def _element_from_table(inner: Table, location: SourceLocation, uri: str, depth: int) -> Element:
    name = inner.required("name", _to_inner_name if depth else _to_element_name, "")
    uri = inner.optional("xmlns", converters.to_line, uri)
    text = inner.optional("text", str, "")
    attributes: list[tuple[str, str]] = []
    if (attribute_table := inner.table("attributes")) is not None:
        for key in attribute_table.entries:
            if not XML_NAME.fullmatch(key):
                message = f"{converters.quote_value(key)} is not an attribute name"
                attribute_table.error(attribute_table.entries[key].location, message, "", "value.form")
            attributes.append((key, attribute_table.optional(key, str, "")))
    children: list[Element] = []
    if depth < MAX_XML_DEPTH:
        for child in inner.tables("children", "this element"):
            element = _element_from_table(child, child.location, uri, depth + 1)
            children.append(element)
    inner.finish()
    prefix = name.rpartition(":")[0]
    if prefix and not uri and prefix not in NAMESPACES:
        inner.error(location, f"the namespace of {prefix!r} is unknown", "add its URI as 'xmlns:'", "key.missing")
    return Element(name, text.strip(), tuple(attributes), tuple(children), location, _unknown_uri(prefix, uri))


def _unknown_uri(prefix: str, uri: str) -> str:
    return "" if not prefix or NAMESPACES.get(prefix) else uri


def _to_inner_name(raw: str) -> str:
    name = raw.strip()
    if not XML_NAME.fullmatch(name):
        text = f"{converters.quote_value(raw)} is not an element name"
        raise InvalidValue(text, "write a name such as 'podcast:txt'", "value.form")
    return name


def _to_element_name(raw: str) -> str:
    name = _to_inner_name(raw)
    if name in GENERATED_ELEMENTS:
        raise InvalidValue(f"every feed already has {name!r}", "remove it here", "key.both")
    return name


def parse_xml_fragment(raw: str, location: SourceLocation) -> list[Element]:
    """The elements of a piece of XML, where the usual prefixes need no declaration; raises InvalidValue."""
    reader = _FragmentReader(location)
    declarations = " ".join(
        f"xmlns:{prefix}={quote_attribute(uri)}" for prefix, uri in NAMESPACES.items() if prefix != "xml"
    )
    try:
        reader.parser.Parse(f"<extra {declarations}>{raw}</extra>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "unreadable")
        fix = "close every element, and write a bare & as &amp;"
        raise InvalidValue(f"is not well-formed XML: {reason}", fix, "value.form") from None
    return reader.elements


class _FragmentReader:
    """Builds elements from expat's events."""

    def __init__(self, location: SourceLocation) -> None:
        self.location = location
        self.elements: list[Element] = []
        self.levels: list[tuple[dict[str, str], list[str], dict[str, str], list[Element]]] = []
        """Of each open element: attributes, pieces of text, namespaces by prefix, children."""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.on_start
        self.parser.EndElementHandler = self.on_end
        self.parser.CharacterDataHandler = self.on_text
        self.parser.StartDoctypeDeclHandler = self.on_doctype

    def on_doctype(self, *_declaration: object) -> None:
        raise InvalidValue("a document type is not allowed here", "write only the elements", "value.form")

    def on_start(self, _name: str, attributes: dict[str, str]) -> None:
        if len(self.levels) > MAX_XML_DEPTH:
            raise InvalidValue(f"nested more than {MAX_XML_DEPTH} levels deep", "", "value.form")
        if "xmlns" in attributes:
            raise InvalidValue("a namespace needs a prefix here", "write xmlns:name=... and name:element", "value.form")
        scope = dict(self.levels[-1][2]) if self.levels else {}
        scope |= {key[6:]: value for key, value in attributes.items() if key.startswith("xmlns:")}
        own_attributes = {key: value for key, value in attributes.items() if not key.startswith("xmlns:")}
        self.levels.append((own_attributes, [], scope, []))

    def on_text(self, text: str) -> None:
        self.levels[-1][1].append(text)

    def on_end(self, name: str) -> None:
        attributes, text, scope, children = self.levels.pop()
        if not self.levels:
            self.elements = children
            if "".join(text).strip():
                raise InvalidValue("has text outside of any element", "move it into an element", "value.form")
            return
        if len(self.levels) == 1:
            _to_element_name(name)
        usual_attributes = tuple((self.usual_name(key, scope, name), value) for key, value in attributes.items())
        prefix = name.rpartition(":")[0]
        uri = "" if not prefix or usual_prefix(scope.get(prefix, "")) else scope.get(prefix, "")
        element_name = self.usual_name(name, scope, name)
        element = Element(element_name, "".join(text).strip(), usual_attributes, tuple(children), self.location, uri)
        self.levels[-1][3].append(element)

    def usual_name(self, name: str, scope: dict[str, str], element: str) -> str:
        """The name with its namespace's usual prefix."""
        prefix, colon, local = name.rpartition(":")
        if not colon or prefix == "xml":
            return name
        if prefix not in scope:
            raise InvalidValue(f"the namespace of {prefix!r} is unknown", f'add xmlns:{prefix}="..."', "value.form")
        usual = usual_prefix(scope[prefix])
        if not usual and (prefix in NAMESPACES or prefix != element.rpartition(":")[0]):
            raise InvalidValue(f"the prefix {prefix!r} cannot be used here", "choose another one", "value.form")
        return f"{usual or prefix}:{local}"
