"""A feed's bytes to its elements, with lines: anybody's feed, also a hostile one, within bounded memory.

Expat rather than lxml: it gives names as they were written, a line and a column for each element,
and no tree beside our own. Nothing is ever fetched, and no entity is ever expanded but the five of XML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.model import FeedDocument, Node
from podcast_kit.namespaces import prefix_of

MAX_BYTES = 50_000_000
"""Ten times what the W3C's feed validator takes, and twice a feed of 10,000 long episodes."""
MAX_ELEMENTS = 500_000
"""With comments and instructions; a feed of 10,000 episodes with every tag has about as many."""
MAX_DEPTH = 100
MAX_ATTRIBUTE = 100_000
"""Characters; the longest that are meant are lists of pictures, a few thousand."""
MAX_ATTRIBUTES = 1_000
MAX_STRETCH = 2_000_000
"""Bytes between one `<` and the next: a tag or a text of that length is no feed's, and costs expat minutes."""
STRETCH = re.compile(rb"<[^<]{%d}" % MAX_STRETCH)

BOM = b"\xef\xbb\xbf"
MENDS = {
    expat.errors.XML_ERROR_INVALID_TOKEN: "write a bare & as &amp;, a bare < as &lt;, and no control characters",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "write the letter itself; XML knows &amp; &lt; &gt; &quot; &apos;",
    expat.errors.XML_ERROR_NO_ELEMENTS: "a feed begins with <rss>",
}
UNTOUCHED: dict[str, str] = {}
SCOPE = {"": "", "xml": "http://www.w3.org/XML/1998/namespace"}


def parse(data: bytes, path: str = "feed.xml") -> FeedDocument:
    """Read a feed; `path` (a file or an address) is named in places.

    Raises InvalidInput, with the line and the column, for what is not well-formed XML, not in its encoding,
    larger or deeper than any feed, or an attempt on the reader (entities).
    """
    if len(data) > MAX_BYTES:
        raise _refused(
            SourceLocation(path), f"the feed has {len(data):,} bytes; more than {MAX_BYTES:,} are not read", "xml.size"
        )
    bom = data.startswith(BOM)
    body = data[len(BOM) :] if bom else data
    stripped = body.lstrip(b" \t\r\n")
    leading = body[: len(body) - len(stripped)]
    if found := STRETCH.search(stripped):
        line = leading.count(b"\n") + stripped.count(b"\n", 0, found.start()) + 1
        text = f"a tag or a text of more than {MAX_STRETCH:,} bytes is not read"
        raise _refused(SourceLocation(path, line), text, "xml.size")
    reader = _Reader(path, leading.count(b"\n"))
    reader.read(stripped)
    if reader.root is None:
        raise _refused(SourceLocation(path, 1), "the file holds no element at all", "xml.wellformed")
    return FeedDocument(
        path=path,
        root=reader.root,
        size=len(data),
        encoding=reader.encoding,
        bom=bom,
        leading=len(leading),
        trailing=tuple(reader.trailing),
        namespaces=tuple(reader.declarations),
        instructions=tuple(reader.instructions),
        doctype=reader.doctype,
    )


def _refused(place: SourceLocation, text: str, code: str, hint: str = "") -> InvalidInput:
    return InvalidInput([Problem(place, text, hint, code)])


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet."""

    name: str
    key: str
    uri: str
    attributes: dict[str, str]
    line: int
    column: int
    scope: dict[str, str]
    text: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


class _Reader:
    """What expat calls; builds nodes from the leaves up."""

    def __init__(self, path: str, skipped_lines: int) -> None:
        self.path = path
        self.skipped_lines = skipped_lines
        self.root: Node | None = None
        self.trailing: list[int] = []
        self.declarations: list[tuple[str, str]] = []
        self.instructions: list[str] = []
        self.doctype = ""
        self.encoding = ""
        self.open: list[_Open] = []
        self.elements = 0
        self.names: dict[tuple[str, str], tuple[str, str]] = {}
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = True
        self.parser.specified_attributes = True  # a default of 100 kB on a million elements is a bomb
        self.parser.buffer_text = True
        self.parser.buffer_size = 65_536
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.CommentHandler = self.comment
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.XmlDeclHandler = self.declare_encoding
        self.parser.StartDoctypeDeclHandler = self.declare_doctype
        self.parser.EntityDeclHandler = self.declare_entity
        self.parser.SkippedEntityHandler = self.skip_entity

    def place(self) -> SourceLocation:
        return SourceLocation(self.path, self.parser.CurrentLineNumber + self.skipped_lines, self.parser.CurrentColumnNumber + 1)

    def read(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise self.malformed(data, error) from None
        except (LookupError, ValueError) as error:  # an encoding that nobody knows, or of several bytes a letter
            raise _refused(SourceLocation(self.path, 1), f"the encoding cannot be read: {error}", "xml.utf8") from None

    def malformed(self, data: bytes, error: expat.ExpatError) -> InvalidInput:
        """What expat found, in words that lead to the mend."""
        place = SourceLocation(self.path, error.lineno + self.skipped_lines, error.offset + 1)
        said = expat.errors.messages.get(error.code, "unreadable")
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN] and self.encoding in {"", "utf-8"}:
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as wrong:
                return _refused(place, f"byte {wrong.start:,} is not UTF-8", "xml.utf8", "save the feed as UTF-8")
        hint = MENDS.get(said, "")
        if said == expat.errors.XML_ERROR_TAG_MISMATCH and self.open:
            last = self.open[-1]
            hint = f"<{last.name[:80]}> of line {last.line} is still open"
        return _refused(place, f"not well-formed XML: {said}", "xml.wellformed", hint)

    def start(self, name: str, flat: list[str]) -> None:
        self.count()
        if len(self.open) >= MAX_DEPTH:
            raise _refused(self.place(), f"elements are nested more than {MAX_DEPTH} deep", "xml.size")
        scope = self.open[-1].scope if self.open else SCOPE
        attributes: dict[str, str] = UNTOUCHED
        if flat:
            if len(flat) > 2 * MAX_ATTRIBUTES:
                raise _refused(self.place(), f"{name[:40]} has more than {MAX_ATTRIBUTES:,} attributes", "xml.size")
            attributes = dict(zip(flat[::2], flat[1::2], strict=True))
            if max(map(len, flat)) > MAX_ATTRIBUTE:
                raise _refused(
                    self.place(), f"an attribute of {name[:40]} is longer than {MAX_ATTRIBUTE:,}", "xml.size"
                )
            if any(attribute.startswith("xmlns") for attribute in attributes):
                attributes, scope = self.declare(attributes, scope)
            if any(":" in attribute for attribute in attributes):
                self.check_prefixes(attributes, scope)
        uri, key = self.resolve(name, scope)
        self.open.append(
            _Open(
                name,
                key,
                uri,
                attributes,
                self.parser.CurrentLineNumber + self.skipped_lines,
                self.parser.CurrentColumnNumber + 1,
                scope,
            )
        )

    def count(self) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise _refused(self.place(), f"more than {MAX_ELEMENTS:,} elements are not read", "xml.size")

    def declare(self, attributes: dict[str, str], scope: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Take the declarations of namespaces out of the attributes."""
        rest, inner = {}, dict(scope)
        for name, value in attributes.items():
            if name == "xmlns" or name.startswith("xmlns:"):
                inner[name[6:]] = value
                self.declarations.append((name[6:], value))
            else:
                rest[name] = value
        return rest, inner

    def check_prefixes(self, attributes: dict[str, str], scope: dict[str, str]) -> None:
        for name in attributes:
            if ":" in name:
                self.resolve(name, scope)

    def resolve(self, name: str, scope: dict[str, str]) -> tuple[str, str]:
        """The namespace and the key of a name."""
        prefix, colon, local = name.rpartition(":")
        if prefix not in scope:
            raise _refused(
                self.place(),
                f"the prefix of <{name[:80]}> is not declared",
                "xml.wellformed",
                f"declare xmlns:{prefix[:80]} on <rss>",
            )
        uri = scope[prefix]
        known = self.names.get((name, uri))
        if known is None:
            usual = prefix_of(uri) if uri else ""
            key = f"{usual}:{local}" if usual else (name if colon else local)
            known = self.names[name, uri] = (uri, key)
        return known

    def end(self, _name: str) -> None:
        done = self.open.pop()
        node = Node(
            done.name,
            done.key,
            done.uri,
            "".join(done.text),
            done.attributes,
            tuple(done.children),
            done.line,
            done.column,
        )
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node

    def characters(self, text: str) -> None:
        self.open[-1].text.append(text)

    def comment(self, _text: str) -> None:
        self.count()
        if self.root is not None:
            self.trailing.append(self.place().line)

    def instruction(self, target: str, _text: str) -> None:
        self.instructions.append(target)
        self.comment(target)

    def declare_encoding(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "").lower()

    def declare_doctype(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        self.doctype = name

    def declare_entity(self, name: str, *_rest: object) -> None:
        raise _refused(
            self.place(),
            f"the feed declares the entity {name[:40]!r}; entities of one's own are not read",
            "xml.wellformed",
            "write the text itself; no app expands them either",
        )

    def skip_entity(self, name: str, _parameter: int) -> None:
        raise _refused(
            self.place(),
            f"&{name[:40]}; is not an entity of XML",
            "xml.wellformed",
            MENDS[expat.errors.XML_ERROR_UNDEFINED_ENTITY],
        )
