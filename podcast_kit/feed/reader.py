"""Parse any podcast feed, including hostile ones, into elements with line numbers, within bounded memory.

It uses expat rather than lxml, because expat keeps names as they were written, reports the line and column
of each element, and needs no second tree. Nothing is fetched, and only the five entities of XML are expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.model import FeedDocument, Node
from podcast_kit.namespaces import NAMESPACES, usual_prefix

if TYPE_CHECKING:
    from podcast_kit.io.stored_values import StoredValues

MAX_FEED_BYTES = 50_000_000
"""Ten times the limit of the W3C feed validator, and twice the size of a feed of 10,000 long episodes."""
MAX_FEED_ELEMENTS = 500_000
"""Including comments and processing instructions; about what a feed of 10,000 episodes with every tag has."""
MAX_ELEMENT_DEPTH = 100
MAX_ATTRIBUTE_LEN = 100_000
"""The longest legitimate ones are lists of images, a few thousand characters."""
MAX_ATTRIBUTES = 1_000
MAX_TOKEN_BYTES = 2_000_000
"""Bytes between one `<` and the next: no feed has a longer tag or text, and expat would need minutes for it."""

_LONG_TOKEN = re.compile(rb"<[^<]{%d}" % MAX_TOKEN_BYTES)
_BOM = b"\xef\xbb\xbf"
_XML_FIXES = {
    expat.errors.XML_ERROR_INVALID_TOKEN: "write a bare & as &amp;, a bare < as &lt;, and no control characters",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "write the character itself; XML only has &amp; &lt; &gt; &quot; &apos;",
    expat.errors.XML_ERROR_NO_ELEMENTS: "a feed starts with <rss>",
}
_NO_ATTRIBUTES: dict[str, str] = {}
_ROOT_SCOPE = {"": "", "xml": "http://www.w3.org/XML/1998/namespace"}


def parse_feed(data: bytes, path: str = "feed.xml", items: StoredValues[Node] | None = None) -> FeedDocument:
    """Parse a feed; `path` (a file or URL) is the path of its locations.

    The items of its first channel are added to `items`, one by one, instead of to the channel.

    Raises InvalidInput with line and column if the data are not well-formed XML, not in the declared encoding,
    larger or deeper than any feed, or use entities to attack the parser.
    """
    if len(data) > MAX_FEED_BYTES:
        text = f"the feed has at least {len(data):,} bytes; the limit is {MAX_FEED_BYTES:,}"
        raise _feed_error(SourceLocation(path), text, "xml.size", "split the feed into pages")
    bom = data.startswith(_BOM)
    body = data[len(_BOM) :] if bom else data
    stripped = body.lstrip(b" \t\r\n")
    leading = body[: len(body) - len(stripped)]
    if long_token := _LONG_TOKEN.search(stripped):
        line = leading.count(b"\n") + stripped.count(b"\n", 0, long_token.start()) + 1
        text = f"a tag or text is longer than {MAX_TOKEN_BYTES:,} bytes"
        raise _feed_error(SourceLocation(path, line), text, "xml.size", "shorten it")
    parser = _FeedParser(path, leading.count(b"\n"), items)
    parser.parse(stripped)
    return parser.feed_document(len(data), bom=bom, leading=len(leading))


def parse_repaired_feed(text: str, path: str, size: int, items: StoredValues[Node] | None = None) -> FeedDocument:
    """As `parse_feed`, of a feed whose faults of form were repaired; `size` is that of the file.

    Prefixes that are not declared get their usual namespace, which is reported in `faults`.
    """
    parser = _FeedParser(path, 0, items, accepts_undeclared=True)
    parser.parse(text.encode("utf-8", "replace"))
    return parser.feed_document(size)


def _describe_undeclared_prefix(prefix: str) -> tuple[str, str]:
    """What is reported of a prefix that is not declared, and what was made of it."""
    text = f"the prefix {prefix[:80]!r} is not declared"
    return text, "read with its usual namespace" if prefix in NAMESPACES else "elements with it are left out"


def _feed_error(location: SourceLocation, text: str, code: str, fix: str) -> InvalidInput:
    return InvalidInput([Problem(location, text, fix, code)])


@dataclass(slots=True)
class _OpenElement:
    """An element whose end tag has not been read yet."""

    name: str
    key: str
    uri: str
    attributes: dict[str, str]
    line: int
    column: int
    scope: dict[str, str]
    text: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


class _FeedParser:
    """Handlers for expat's events; nodes are created when their end tag is read."""

    def __init__(
        self,
        path: str,
        skipped_lines: int,
        items: StoredValues[Node] | None = None,
        *,
        accepts_undeclared: bool = False,
    ) -> None:
        self.path = path
        self.items = items
        self.has_channel = False
        """Whether the end of the first channel has been read."""
        self.skipped_lines = skipped_lines
        self.accepts_undeclared = accepts_undeclared
        self.undeclared: dict[str, SourceLocation] = {}
        """Where each prefix without a declaration is first used."""
        self.root: Node | None = None
        self.trailing: list[int] = []
        self.declarations: list[tuple[str, str]] = []
        self.instructions: list[str] = []
        self.doctype = ""
        self.encoding = ""
        self.open: list[_OpenElement] = []
        self.elements = 0
        self.names: dict[tuple[str, str], tuple[str, str]] = {}
        self.parser = expat.ParserCreate("utf-8" if accepts_undeclared else None)
        self.parser.ordered_attributes = True
        self.parser.specified_attributes = True  # a long default value on many elements would exhaust the memory
        self.parser.buffer_text = True
        self.parser.buffer_size = 65_536
        self.parser.StartElementHandler = self.start_element
        self.parser.EndElementHandler = self.end_element
        self.parser.CharacterDataHandler = self.append_text
        self.parser.CommentHandler = self.handle_comment
        self.parser.ProcessingInstructionHandler = self.handle_instruction
        self.parser.XmlDeclHandler = self.handle_declaration
        self.parser.StartDoctypeDeclHandler = self.handle_doctype
        self.parser.EntityDeclHandler = self.refuse_entity
        self.parser.SkippedEntityHandler = self.refuse_unknown_entity

    def feed_document(self, size: int, *, bom: bool = False, leading: int = 0) -> FeedDocument:
        """The feed that was parsed; raises InvalidInput if there is none."""
        if self.root is None:
            location = SourceLocation(self.path, 1)
            raise _feed_error(location, "the file has no elements", "xml.wellformed", "a feed starts with <rss>")
        del self.parser  # frees its buffers at once: it and this object refer to each other
        return FeedDocument(
            path=self.path,
            root=self.root,
            size=size,
            encoding=self.encoding,
            bom=bom,
            leading=leading,
            trailing=tuple(self.trailing),
            namespaces=tuple(self.declarations),
            instructions=tuple(self.instructions),
            doctype=self.doctype,
            faults=tuple(
                Problem(location, *_describe_undeclared_prefix(prefix), "xml.wellformed", Severity.WARNING)
                for prefix, location in self.undeclared.items()
            ),
            stored_items=self.items,
        )

    def current_location(self) -> SourceLocation:
        line = self.parser.CurrentLineNumber + self.skipped_lines
        return SourceLocation(self.path, line, self.parser.CurrentColumnNumber + 1)

    def size_error(self, text: str) -> InvalidInput:
        return _feed_error(self.current_location(), text, "xml.size", "no app reads such a feed; make it smaller")

    def parse(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise self.syntax_error(data, error) from None
        except (LookupError, ValueError) as error:  # an unknown or multi-byte encoding
            text = f"the encoding is not supported: {error}"
            raise _feed_error(SourceLocation(self.path, 1), text, "xml.utf8", "save the feed as UTF-8") from None

    def syntax_error(self, data: bytes, error: expat.ExpatError) -> InvalidInput:
        """Expat's error with a fix."""
        location = SourceLocation(self.path, error.lineno + self.skipped_lines, error.offset + 1)
        message = expat.errors.messages.get(error.code, "unreadable")
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN] and self.encoding in {"", "utf-8"}:
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as decode_error:
                text = f"byte {decode_error.start:,} is not UTF-8"
                return _feed_error(location, text, "xml.utf8", "save the feed as UTF-8")
        fix = _XML_FIXES.get(message, "check the feed with an XML editor")
        if message == expat.errors.XML_ERROR_TAG_MISMATCH and self.open:
            last = self.open[-1]
            fix = f"close <{last.name[:80]}> from line {last.line}"
        return _feed_error(location, f"not well-formed XML: {message}", "xml.wellformed", fix)

    def start_element(self, name: str, flat: list[str]) -> None:
        self.count_node()
        if len(self.open) >= MAX_ELEMENT_DEPTH:
            raise self.size_error(f"elements are nested more than {MAX_ELEMENT_DEPTH} deep")
        scope = self.open[-1].scope if self.open else _ROOT_SCOPE
        attributes: dict[str, str] = _NO_ATTRIBUTES
        if flat:
            if len(flat) > 2 * MAX_ATTRIBUTES:
                raise self.size_error(f"{name[:40]} has more than {MAX_ATTRIBUTES:,} attributes")
            attributes = dict(zip(flat[::2], flat[1::2], strict=True))
            if max(map(len, flat)) > MAX_ATTRIBUTE_LEN:
                raise self.size_error(f"an attribute of {name[:40]} is longer than {MAX_ATTRIBUTE_LEN:,} characters")
            if any(attribute.startswith("xmlns") for attribute in attributes):
                attributes, scope = self.extract_namespaces(attributes, scope)
            if any(":" in attribute for attribute in attributes):
                self.check_prefixes(attributes, scope)
        uri, key = self.resolve_name(name, scope)
        line = self.parser.CurrentLineNumber + self.skipped_lines
        self.open.append(_OpenElement(name, key, uri, attributes, line, self.parser.CurrentColumnNumber + 1, scope))

    def count_node(self) -> None:
        self.elements += 1
        if self.elements > MAX_FEED_ELEMENTS:
            raise self.size_error(f"the feed has more than {MAX_FEED_ELEMENTS:,} elements")

    def extract_namespaces(
        self, attributes: dict[str, str], scope: dict[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The attributes without namespace declarations, and the scope with them."""
        others, inner = {}, dict(scope)
        for name, value in attributes.items():
            if name == "xmlns" or name.startswith("xmlns:"):
                inner[name[6:]] = value
                self.declarations.append((name[6:], value))
            else:
                others[name] = value
        return others, inner

    def check_prefixes(self, attributes: dict[str, str], scope: dict[str, str]) -> None:
        for name in attributes:
            if ":" in name:
                self.resolve_name(name, scope)

    def resolve_name(self, name: str, scope: dict[str, str]) -> tuple[str, str]:
        """The namespace URI and the key (with the usual prefix) of a name."""
        prefix, colon, local = name.rpartition(":")
        if prefix not in scope and self.accepts_undeclared:
            self.undeclared.setdefault(prefix, self.current_location())
            return NAMESPACES.get(prefix, ""), name
        if prefix not in scope:
            text, fix = f"the prefix of <{name[:80]}> is not declared", f"declare xmlns:{prefix[:80]} on <rss>"
            raise _feed_error(self.current_location(), text, "xml.wellformed", fix)
        uri = scope[prefix]
        resolved = self.names.get((name, uri))
        if resolved is None:
            usual = usual_prefix(uri) if uri else ""
            key = f"{usual}:{local}" if usual else (name if colon else local)
            resolved = self.names[name, uri] = (uri, key)
        return resolved

    def end_element(self, _name: str) -> None:
        element = self.open.pop()
        node = Node(
            element.name,
            element.key,
            element.uri,
            "".join(element.text),
            element.attributes,
            tuple(element.children),
            element.line,
            element.column,
        )
        if self.items is not None and self.is_item(node.key):
            self.items.append(node)
        elif self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node

    def is_item(self, key: str) -> bool:
        """Whether an element with that key, which has just ended, is an item of the first channel."""
        if len(self.open) == 1 and key == "channel":
            self.has_channel = True
        return key == "item" and len(self.open) == 2 and self.open[1].key == "channel" and not self.has_channel  # noqa: PLR2004

    def append_text(self, text: str) -> None:
        self.open[-1].text.append(text)

    def handle_comment(self, _text: str) -> None:
        self.count_node()
        if self.root is not None:
            self.trailing.append(self.current_location().line)

    def handle_instruction(self, target: str, _text: str) -> None:
        self.instructions.append(target)
        self.handle_comment(target)

    def handle_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "").lower()

    def handle_doctype(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        self.doctype = name

    def refuse_entity(self, name: str, *_declaration: object) -> None:
        text = f"the feed declares the entity {name[:40]!r}; custom entities are not supported"
        raise _feed_error(
            self.current_location(), text, "xml.wellformed", "write the text itself; apps do not expand it either"
        )

    def refuse_unknown_entity(self, name: str, _parameter: int) -> None:
        text, fix = f"&{name[:40]}; is not an XML entity", _XML_FIXES[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
        raise _feed_error(self.current_location(), text, "xml.wellformed", fix)
