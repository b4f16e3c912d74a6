"""What podcast.yaml and the front matter say to directories and apps, as elements: read by the table of tags.

A tag's key holds a lone value, keys, or a list of either. The keys within are the attributes' names in
snake_case (or as the namespace writes them), the text's own key (label, name, title, ...), and those of the
tags that stand inside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from podcast_kit.model import Element
from podcast_kit.namespaces import TAGS, Field, Kind, Need, Tag, fault, rows
from podcast_kit.source import extra_xml
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value, Wrong, nearest
from podcast_kit.text.dates import format_rfc2822
from podcast_kit.text.timecode import format_seconds

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|/")
"""What begins so is no path within the show's folder."""


def take(table: Table, parent: str, zone: str = "UTC", *, every: bool = False) -> tuple[Element, ...]:
    """The elements that a table says below a parent: `channel` for podcast.yaml, `item` for an episode.

    Dates without an offset are in `zone`. Faults go to the table's problems; what is wrong is left out.
    Keys that the show's or the episode's own reader takes (people, guid, ...) are left to it unless `every`.
    """
    reader = _Reader(table, zone)
    found = list(reader.children(table, parent, every=every))
    for value in table.values("extra"):
        found += extra_xml.take(table, value)
    return tuple(found)


class _Reader:
    """Reads values by the rows of the table; reports to one list of problems."""

    def __init__(self, table: Table, zone: str) -> None:
        self.table = table
        self.zone = zone

    def children(self, table: Table, parent: str, *, every: bool = True) -> Iterator[Element]:
        """What a mapping says with the keys of the tags that can stand below a parent."""
        for tag in rows(parent):
            if parent not in tag.own or every:
                yield from self.under(table, tag, parent)

    def under(self, table: Table, tag: Tag, parent: str) -> Iterator[Element]:
        """What one key of a mapping says."""
        key, *also = tag.keys
        value = table.value(key, also=tuple(also))
        if value is None:
            return
        direct = not tag.fields  # a podroll is a list of shows: the list is the one podroll, not many
        if not tag.many and not direct and isinstance(value.content, list):
            table.reject(value.place, f"{key}: there is one, not a list", "keep one", "value.single")
            return
        listed = value.content if isinstance(value.content, list) and not direct else [value]
        written = dict(TAGS[parent].child_written) if parent in TAGS else {}
        for one in listed:
            if not one.empty and (element := self.element(one, tag, key, written)):
                yield element

    def element(self, value: Value, tag: Tag, label: str, written: dict[str, str]) -> Element | None:
        """One value as the element of its tag; None where it says nothing or is wrong."""
        before = len(self.table.problems)
        text, said, there = "", dict(written), set[str]()
        children: tuple[Element, ...] = ()
        if not tag.fields:
            children = tuple(self.direct(value, tag, label))
            there = set(TAGS[tag.needs[0]].keys) if value.content else there
        elif isinstance(value.content, str):
            text, said, there = self.scalar(value, tag, label, said)
        elif (inner := self.table.within(value, label)) is None:
            return None
        else:
            text, said = self.fields(inner, tag, said)
            children = tuple(self.children(inner, tag.name))
            inner.close()
            there = set(inner.entries)
        self.missing(Table(value.place, {}, self.table.problems, label), tag, said, there)
        if len(self.table.problems) > before or (not text and _is_flag(tag)):
            return None
        said = {field.name: field.written for field in tag.attributes if field.written} | said
        attributes = tuple((field.name, said[field.name]) for field in tag.attributes if said.get(field.name))
        return Element(tag.name, text or (tag.text.written if tag.text else ""), attributes, children, value.place)

    def direct(self, value: Value, tag: Tag, label: str) -> Iterator[Element]:
        """The entries of a tag that has nothing but children."""
        child = TAGS[tag.needs[0]]
        for one in value.content if isinstance(value.content, list) else [value]:
            if not one.empty and (element := self.element(one, child, label, dict(tag.child_written))):
                yield element

    def scalar(self, value: Value, tag: Tag, label: str, said: dict[str, str]) -> tuple[str, dict[str, str], set[str]]:
        """A lone value: the tag's text, or the attribute that it stands for; and the key that it saves."""
        field = (
            tag.field(tag.scalar) or tag.text or next((one for one in tag.attributes if one.need is Need.MUST), None)
        )
        if field is None:
            self.table.within(value, label)  # says that keys are wanted
            return "", said, {one.yaml for one in tag.fields}
        word = self.table.read(value, self.reads(field), "", label)
        return (word, said, {field.yaml}) if not field.name else ("", said | {field.name: word}, {field.yaml})

    def fields(self, inner: Table, tag: Tag, said: dict[str, str]) -> tuple[str, dict[str, str]]:
        text = ""
        for field in tag.fields:
            also = (field.name,) if field.name and field.name != field.yaml else ()
            word = inner.take(field.yaml, self.reads(field), "", also=also)
            if not field.name:
                text = word
            elif word:
                said = said | {field.name: word}
        return text, said

    def missing(self, inside: Table, tag: Tag, said: dict[str, str], there: set[str]) -> None:
        """Tell which keys are not there though they must be."""
        for field in tag.fields:
            other, excuse = field.unless
            excused = field.written or (other and said.get(other) == excuse) or (not field.name and tag.filled)
            if field.need is Need.MUST and not there & {field.yaml, field.name or field.yaml} and not excused:
                inside.missing(field.yaml)
        for name in tag.needs:
            keys = TAGS[name].keys
            if keys and not there & set(keys):
                inside.missing(keys[0])
        if tag.either and sum(bool(there & set(TAGS[name].keys)) for name in tag.either) != 1:
            words = " or ".join(repr(TAGS[name].keys[0]) for name in tag.either)
            inside.reject(inside.place, f"{inside.name}: needs either {words}", "keep one of the two", "key.missing")

    def reads(self, field: Field) -> Callable[[str], str]:
        """The reader of a field's values."""

        def read(raw: str) -> str:
            if field.file and not ADDRESS.match(raw.strip()):
                return converters.line(raw)  # a file of the show's folder, which the build will look for
            word = _spelled(field.kind, raw, self.zone)
            if not field.choices:
                return word
            known = {choice.casefold(): choice for choice in field.choices}
            if word.casefold() not in known:
                hint = nearest(word, list(field.choices))
                raise Wrong(f"{converters.shown(raw)} is none of those that exist", hint, "value.choice")
            return known[word.casefold()]

        return read


def _is_flag(tag: Tag) -> bool:
    return tag.text is not None and tag.text.kind is Kind.YES


def _spelled(kind: Kind, raw: str, zone: str) -> str:
    """A value as the feed spells it; raises Wrong."""
    if kind in _FLAGS:
        return _FLAGS[kind][converters.flag(raw)]
    if kind is Kind.SECONDS:
        return format_seconds(converters.clock(raw))
    if kind in {Kind.RFC2822, Kind.ISO8601}:
        if not fault(kind, raw.strip()) and kind is Kind.RFC2822:
            return raw.strip()
        when, _ = converters.moment(raw, zone)
        return format_rfc2822(when) if kind is Kind.RFC2822 else when.isoformat()
    reader = _READERS.get(kind, converters.line)
    word = reader(raw)
    if wrong := fault(kind, word):
        raise Wrong(
            f"{converters.shown(raw)} {wrong}", "see the tag's page in the namespace's documentation", "value.form"
        )
    return word


_FLAGS = {
    Kind.FLAG: ("false", "true"),
    Kind.YES_NO: ("no", "yes"),
    Kind.YES: ("", "Yes"),
}
_READERS = {
    Kind.TEXT: converters.text,
    Kind.URL: converters.url,
    Kind.MAIL: converters.email,
    Kind.UUID: converters.uuid,
}
