"""Reads feeds with faults of form, as apps do: each fault is repaired and reported at its line and column.

Repaired are bytes that do not fit the encoding, multi-byte encodings, undefined entities, bare `&` and `<`, control
characters, prefixes that are not declared, tags that do not match, invalid attributes, HTML that is not escaped, and
text around the feed. Refused are entity bombs, and what exceeds the limits of `parse_feed`.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from html.entities import html5
from itertools import chain
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.feed.reader import MAX_ELEMENT_DEPTH, MAX_FEED_BYTES, parse_feed, parse_repaired_feed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from podcast_kit.io.stored_values import StoredValues
    from podcast_kit.model import FeedDocument, Node

MAX_FAULTS_OF_A_KIND = 20
"""Faults of one kind that are reported one by one."""
MAX_ENTITY_LEN = 1_000
MAX_EXPANDED_LEN = 1_000_000
"""Characters that all uses of a feed's own entities may add."""
TEXT_ELEMENTS = frozenset(
    ("title", "description", "content:encoded", "itunes:summary", "itunes:subtitle", "itunes:title", "summary",
     "subtitle", "content", "googleplay:description", "copyright", "atom:summary", "atom:content")
)  # fmt: skip
"""Elements that only have text: tags inside them are HTML that was not escaped."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_ENCODING_NAME = re.compile(r"ascii|(?:utf|iso8859|iso2022|cp|gb|big5|euc|shift|koi8|mac|latin|johab|tis|kz|ptcp|hz).*")
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
    "euc_kr": "cp949",
}  # fmt: skip
"""What servers mean by an encoding's name (WHATWG Encoding)."""
_SPECIAL = re.compile("[<&\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|\\]\\]>")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z_][\w.-]{0,63});", re.ASCII)
_TAG = re.compile(r"</?([A-Za-z_][\w:.-]*+)(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>")
_LOOSE_TAG = re.compile(r"</?([A-Za-z_][\w:.-]*+)[^<>]*+>")
_STRICT_TAG = re.compile(r"</?[A-Za-z_][\w:.-]*(?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:\"[^\"<&]*\"|'[^'<&]*'))*\s*/?>")
_ATTRIBUTE = re.compile(r"\s*([^\s=<>\"'/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_][\w:.-]*")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[(.*?)\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]*)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_BOUNDARY = re.compile(r"</?(?:item|channel|entry|feed|rss)\b")
_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_MIN_CHARACTER, _MAX_CHARACTER = 0x20, 0x10FFFF


def parse_feed_leniently(data: bytes, path: str = "feed.xml", items: StoredValues[Node] | None = None) -> FeedDocument:
    """Parse a feed as `parse_feed` does, but repair faults of form; `faults` of the result has a warning for each.

    Raises the InvalidInput of `parse_feed` if what is left is not a feed, or an attack.
    """
    error = None
    try:
        document = parse_feed(data, path, items)
        if not _has_markup_in_text(document):
            return document
    except InvalidInput as strict_error:
        if len(data) > MAX_FEED_BYTES or any(problem.code == "xml.size" for problem in strict_error.problems):
            raise
        error = strict_error
    try:
        text, encoding, encoding_fault = _decode_feed(data)
        repair = _Repair(text, encoding)
        if items is not None:
            items.clear()
        repaired = parse_repaired_feed(repair.repaired_text(), path, len(data), items)
    except InvalidInput as repair_error:
        raise error or repair_error from None
    if error and not _is_feed(repaired.root):
        raise error
    faults = repair.problems(path)
    if encoding_fault:
        faults.insert(0, Problem(SourceLocation(path, 1), *encoding_fault, "xml.utf8", Severity.WARNING))
    return replace(repaired, encoding=encoding, faults=(*faults, *repaired.faults))


def _has_markup_in_text(document: FeedDocument) -> bool:
    """Whether an element that should only have text has elements, whose order among the text is lost."""
    root = document.root
    parents = chain(
        root.children, (child for channel in root.children for child in channel.children), document.stored_items or ()
    )
    return any(
        child.children and (child.key in TEXT_ELEMENTS or child.name in TEXT_ELEMENTS)
        for parent in parents
        for child in (parent, *parent.children)
    )


def _is_feed(root: Node) -> bool:
    local_name = root.name.rpartition(":")[2].lower()
    return local_name in {"rss", "rdf", "feed"} or root.child("channel") is not None


def _decode_feed(data: bytes) -> tuple[str, str, tuple[str, str] | None]:
    """The text, its encoding, and what is reported of the encoding; bytes that do not fit become lone surrogates."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "surrogateescape" if name == "utf-8" else "replace").lstrip("\ufeff"), name, None
    match = _DECLARED_ENCODING.search(data[:1_000])
    declared = match[1].decode().lower() if match else ""
    try:
        name = codecs.lookup(declared or "utf-8").name
    except LookupError:
        name = ""
    if not _ENCODING_NAME.fullmatch(name) or name.startswith(("utf-16", "utf-32")):
        text = data.decode("utf-8", "surrogateescape")  # in UTF-16, the declaration would not have been read
        return text, "utf-8", (f"the encoding {declared[:40]!r} is not that of the file", "read as UTF-8")
    name = _SUPERSETS.get(name, name)
    fault = (
        None if name in {"utf-8", "cp1252"} else (f"the feed is in {declared}", "read as such; the new one is UTF-8")
    )
    return data.decode(name, "surrogateescape"), declared or "utf-8", fault


@dataclass(frozen=True, slots=True)
class _Fault:
    offset: int
    kind: str
    text: str
    fix: str


class _Repair:
    """Copies a feed's text, repairing what the parser would refuse; lines stay where they are."""

    def __init__(self, text: str, encoding: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.encoding = encoding
        self.pieces: list[str] = []
        self.faults: list[_Fault] = []
        self.stack: list[tuple[str, int]] = []
        """Names of the open elements, and where each begins."""
        self.entities: Mapping[str, str] = {}
        self.expanded_len = 0
        self.has_doctype = False
        self.has_root = False
        self.has_ended = False
        self.is_end_of: dict[str, int] = {}
        self.no_end_before: dict[str, int] = {}
        """Up to where an element with text is known to have no end tag."""

    def report(self, offset: int, kind: str, text: str, fix: str) -> None:
        self.faults.append(_Fault(offset, kind, text, fix))

    def problems(self, path: str) -> list[Problem]:
        """A warning for each fault; of many of the same kind, the first ones and their number."""
        line_ends = [match.start() for match in re.finditer("\n", self.text)]
        counts = Counter(fault.kind for fault in self.faults)
        shown: Counter[str] = Counter()
        problems = []
        for fault in sorted(self.faults, key=lambda fault: fault.offset):
            shown[fault.kind] += 1
            if shown[fault.kind] > MAX_FAULTS_OF_A_KIND:
                continue
            more = counts[fault.kind] - MAX_FAULTS_OF_A_KIND
            is_last_shown = shown[fault.kind] == MAX_FAULTS_OF_A_KIND and more > 0
            text = f"{fault.text}; {more} more like this" if is_last_shown else fault.text
            line = bisect_left(line_ends, fault.offset)
            column = fault.offset - (line_ends[line - 1] if line else -1)
            location = SourceLocation(path, line + 1, column)
            problems.append(Problem(location, text, fault.fix, "xml.wellformed", Severity.WARNING))
        return problems

    def repaired_text(self) -> str:
        """The text as well-formed XML, but for prefixes that are not declared."""
        position = 0
        while not self.has_ended and (match := _SPECIAL.search(self.text, position)):
            self.copy_text(position, match.start())
            position = self.copy_special(match.start())
        if not self.has_ended:
            self.copy_text(position, len(self.text))
        elif self.text[position:].strip():
            offset = len(self.text) - len(self.text[position:].lstrip())
            self.report(offset, "outside", "there is text after the end of the feed", "it is ignored")
        for name, start in reversed(self.stack):
            self.report(start, "unclosed", f"<{name[:80]}> is not closed", "closed at the end of the file")
            self.pieces.append(f"</{name}>")
        return "".join(self.pieces)

    def copy_text(self, start: int, end: int) -> None:
        text = self.text[start:end]
        if self.stack or not text.strip():
            self.pieces.append(text if self.has_root else "\n" * text.count("\n"))
        else:
            offset = end - len(text.lstrip())
            self.report(offset, "outside", "there is text before the feed", "it is ignored")
            self.pieces.append("\n" * text.count("\n"))

    def copy_special(self, start: int) -> int:
        """Copy what begins at `start`, repaired if needed; returns where it ends."""
        text = self.text
        if text[start] != "<":
            if not self.stack:
                return start + 1
            replacement, end = self.repair_character(start)
            self.pieces.append(replacement)
            return end
        if text.startswith("<!--", start):
            return self.skip_to(start, "-->")
        if text.startswith("<?", start):
            return self.skip_to(start, "?>")
        return self.copy_markup(start)

    def copy_markup(self, start: int) -> int:
        """Copy a CDATA section or a tag; a document type is left out."""
        text = self.text
        if text.startswith("<![CDATA[", start) and self.stack:
            return self.copy_cdata(start)
        if not self.has_root and not self.has_doctype and text[start : start + 9].upper() == "<!DOCTYPE":
            self.has_doctype = True
            match = _DOCTYPE.match(text, start)
            if match is None:
                return start + 1
            self.read_entities(match[1] or "")
            self.pieces.append("\n" * match[0].count("\n"))
            return match.end()
        return self.copy_tag(start)

    def find_end(self, mark: str, start: int) -> int:
        """Where `mark` is next, or -1; a mark that is missing is looked for only once."""
        if self.is_end_of.get(mark) == -1:
            return -1
        self.is_end_of[mark] = self.text.find(mark, start)
        return self.is_end_of[mark]

    def skip_to(self, start: int, mark: str) -> int:
        """Leave out a comment or an instruction."""
        end = self.find_end(mark, start)
        if end < 0:
            self.pieces.append("&lt;" if self.stack else "")
            return start + 1
        self.pieces.append("\n" * self.text.count("\n", start, end))
        return end + len(mark)

    def copy_cdata(self, start: int) -> int:
        end = self.find_end("]]>", start)
        if end < 0:
            self.report(start, "cdata", "a CDATA section is not closed", "read as text")
            self.pieces.append("&lt;")
            return start + 1
        content = self.text[start:end]
        for match in _ILLEGAL.finditer(content):
            self.report_character(start + match.start())
        self.pieces.append(_ILLEGAL.sub(lambda match: _legal_character(match[0]), content) + "]]>")
        return end + 3

    def read_entities(self, subset: str) -> None:
        """The entities that a feed defines itself, if none refers to another one."""
        entities: dict[str, str] = {}
        for name, quoted, single in _ENTITY.findall(subset):
            value = _REFERENCE.sub(lambda match: _character(match[1]) or match[0], quoted or single)
            if _REFERENCE.search(value) or len(value) > MAX_ENTITY_LEN:
                raise _refuse("the entities of the feed are too large")
            entities[name] = value
        self.entities = entities

    def repair_character(self, start: int) -> tuple[str, int]:
        """A reference, a bare `&`, `]]>` or an illegal character as XML allows it, and where it ends."""
        text = self.text
        if text.startswith("]]>", start):
            return "]]&gt;", start + 3
        if text[start] != "&":
            self.report_character(start)
            return _legal_character(text[start]), start + 1
        match = _REFERENCE.match(text, start)
        if match is None:
            self.report(start, "ampersand", "a bare & must be written as &amp;", "read as &")
            return "&amp;", start + 1
        if match[1] in _XML_ENTITIES or _character(match[1]):
            return match[0], match.end()
        return self.resolve_entity(match[1], start), match.end()

    def resolve_entity(self, name: str, start: int) -> str:
        """An entity that XML does not have: the feed's own, HTML's, or its name."""
        if name in self.entities:
            value = self.entities[name]
            self.expanded_len += len(value)
            if self.expanded_len > MAX_EXPANDED_LEN:
                raise _refuse("the entities of the feed are too large")
            return escape(value, {'"': "&quot;"})
        if name.startswith("#"):
            self.report(start, "entity", f"&{name}; is not a character", "left out")
            return ""
        character = html5.get(f"{name};", "")
        read_as = _describe_characters(character) if character else "these characters"
        self.report(start, "entity", f"&{name[:40]}; is not an XML entity", f"read as {read_as}")
        return escape(character or f"&{name};", {'"': "&quot;"})

    def report_character(self, offset: int) -> None:
        character = self.text[offset]
        if "\udc80" <= character <= "\udcff":
            byte, read_as = ord(character) - 0xDC00, _legal_character(character)
            self.report(
                offset, "byte", f"byte 0x{byte:02X} is not {self.encoding}", f"read as {_describe_characters(read_as)}"
            )
        else:
            self.report(offset, "control", f"control character U+{ord(character):04X}", "left out")

    def copy_tag(self, start: int) -> int:
        text = self.text
        match = _TAG.match(text, start) or _LOOSE_TAG.match(text, start)
        if match is None:
            if self.stack:
                self.report(start, "less", "a bare < must be written as &lt;", "read as <")
                self.pieces.append("&lt;")
            return start + 1
        name = match[1]
        if text.startswith("</", start):
            self.close_element(name, start)
            return match.end()
        if self.has_root and not self.stack:
            self.has_ended = True
            return start
        self.has_root = True
        if len(self.stack) > MAX_ELEMENT_DEPTH:
            raise _refuse("elements are nested too deep")
        tag = self.repair_tag(match[0], name, start)
        self.pieces.append(tag)
        if tag.endswith("/>"):
            self.has_ended = not self.stack
            return match.end()
        self.stack.append((name, start))
        return self.copy_text_element(name, match.end()) if name in TEXT_ELEMENTS else match.end()

    def close_element(self, name: str, start: int) -> None:
        if name not in {open_name for open_name, _ in self.stack}:
            self.report(start, "end", f"</{name[:80]}> closes nothing", "it is ignored")
            return
        while self.stack[-1][0] != name:
            self.close_unclosed(f"closed before </{name[:80]}>")
        self.stack.pop()
        self.pieces.append(f"</{name}>")
        self.has_ended = not self.stack

    def close_unclosed(self, fix: str) -> None:
        """Close the innermost element, whose end tag is missing."""
        name, start = self.stack.pop()
        self.report(start, "unclosed", f"<{name[:80]}> is not closed", fix)
        self.pieces.append(f"</{name}>")

    def repair_tag(self, tag: str, name: str, start: int) -> str:
        """A start tag whose attributes are quoted, unique, and without undefined entities."""
        attributes = tag[len(name) + 1 :].rstrip(">")
        is_empty = attributes.endswith("/")
        names = [match[1] for match in _ATTRIBUTE.finditer(attributes.rstrip("/"))]
        if _STRICT_TAG.fullmatch(tag) and not _ILLEGAL.search(tag) and len(set(names)) == len(names):
            return tag
        values: dict[str, str] = {}
        is_changed = False
        for match in _ATTRIBUTE.finditer(attributes[:-1] if is_empty else attributes):
            attribute, written = match[1], match[2] or '""'
            if attribute in values or not _ATTRIBUTE_NAME.fullmatch(attribute):
                is_changed = True
                continue
            is_quoted = written[0] in "\"'"
            is_changed = is_changed or not is_quoted or match[2] is None
            value_start = start + len(name) + 1 + match.start(2) if match[2] else start
            value = written[1:-1] if is_quoted else written
            values[attribute] = self.repair_value(value, value_start + is_quoted)
        if is_changed:
            self.report(start, "attribute", f"<{name[:80]}> has attributes that XML does not allow", "read as in HTML")
        pairs = "".join(f' {attribute}="{value}"' for attribute, value in values.items())
        lines = "\n" * max(0, tag.count("\n") - pairs.count("\n"))
        return f"<{name}{pairs}{lines}{'/' if is_empty else ''}>"

    def repair_value(self, value: str, offset: int) -> str:
        """An attribute's value, which begins at `offset`, for double quotes."""
        end = offset + len(value)
        pieces, position = [], offset
        while position < end and (match := _SPECIAL.search(self.text, position, end)):
            pieces.append(self.text[position : match.start()].replace('"', "&quot;"))
            if match[0] == "<":
                pieces.append("&lt;")
                position = match.end()
            else:
                replacement, position = self.repair_character(match.start())
                pieces.append(replacement)
        return "".join([*pieces, self.text[position:end].replace('"', "&quot;")])

    def copy_text_element(self, name: str, start: int) -> int:
        """Copy the content of an element that only has text, with tags as text; returns where it ends."""
        end = self.find_text_end(name, start)
        if end < 0:
            next_tag = self.text.find("<", start)
            if next_tag < 0 or self.text.startswith("<![CDATA[", next_tag):
                return start
            while (match := _SPECIAL.search(self.text, start, next_tag)) is not None:
                self.pieces.append(self.text[start : match.start()])
                replacement, start = self.repair_character(match.start())
                self.pieces.append(replacement)
            self.pieces.append(self.text[start:next_tag])
            self.close_unclosed(f"closed before {self.text[next_tag : next_tag + 20]!r}")
            return next_tag
        position, has_markup = start, False
        while match := _SPECIAL.search(self.text, position, end):
            self.pieces.append(self.text[position : match.start()])
            position = match.start()
            if self.text.startswith("<![CDATA[", position):
                position = self.copy_cdata(position)
            elif match[0] == "<":
                is_tag = _LOOSE_TAG.match(self.text, position) is not None
                if is_tag and not has_markup:
                    self.report(position, "markup", f"the markup in <{name}> is not escaped", "read as HTML")
                elif not is_tag:
                    self.report(position, "less", "a bare < must be written as &lt;", "read as <")
                has_markup = has_markup or is_tag
                self.pieces.append("&lt;")
                position += 1
            else:
                replacement, position = self.repair_character(position)
                self.pieces.append(replacement)
        self.pieces.append(self.text[position:end])
        return end

    def find_text_end(self, name: str, start: int) -> int:
        """Where the end tag of an element with text is, or -1 if the item ends first."""
        if start < self.no_end_before.get(name, 0):
            return -1
        position = start
        closing = re.compile(rf"</{re.escape(name)}\s*>|<!\[CDATA\[|{_BOUNDARY.pattern}")
        while match := closing.search(self.text, position):
            if match[0].startswith(f"</{name}"):
                return match.start()
            position = self.find_end("]]>", match.end()) if match[0] == "<![CDATA[" else -1
            if position < 0:
                break
        self.no_end_before[name] = match.start() if match else len(self.text)
        return -1


def _refuse(text: str) -> InvalidInput:
    """The error for what is not repaired; the caller raises that of the parser instead."""
    return InvalidInput([Problem(SourceLocation(""), text, "make the feed smaller", "xml.wellformed")])


def _character(name: str) -> str:
    """The character of a numeric reference such as `#8217`; empty if XML does not allow it."""
    if not name.startswith("#"):
        return ""
    number = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    if number > _MAX_CHARACTER or (number < _MIN_CHARACTER and number not in {9, 10, 13}):
        return ""
    return "" if _ILLEGAL.fullmatch(chr(number)) else chr(number)


def _describe_characters(characters: str) -> str:
    """Characters as a person can tell them: those that show nothing by their names in Unicode."""
    if characters.isprintable() and not characters.isspace() and not unicodedata.combining(characters[:1] or " "):
        return f"'{characters}'"
    names = [f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip() for character in characters]
    return " and ".join(names) or "nothing"


def _legal_character(character: str) -> str:
    """What an illegal character becomes: a byte of another encoding its character in Windows-1252, others nothing."""
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]).decode("cp1252", "replace")
    return ""
