"""Reads the keys of podcast.yaml and front matter that become XML elements, from the table of tags.

A tag's key has a single value, keys and values, or a list of either. The inner keys are the attributes' names in
snake_case (or as the namespace spells them), the text's own key (label, name, title, ...), and the keys of child tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from podcast_kit.model import Element
from podcast_kit.namespaces import TAGS, Field, Need, Tag, ValueType, find_value_error, tags_with_keys
from podcast_kit.source import extra_xml
from podcast_kit.source.yaml import InvalidValue, Table, Value, converters, suggest_name
from podcast_kit.text.dates import format_rfc2822
from podcast_kit.text.timecode import format_seconds

URL_START = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|/")
"""How a value begins that is not a path inside the show's folder."""


def elements_from_table(
    table: Table, parent: str, time_zone: str = "UTC", *, include_builtin: bool = False
) -> tuple[Element, ...]:
    """The elements in a table for a parent: `channel` for podcast.yaml, `item` for an episode.

    Dates without an offset are in `time_zone`. Problems are reported to the table; invalid elements are left out. Keys
    that the show's or the episode's own reader handles (people, guid, ...) are skipped unless `include_builtin`.
    """
    reader = _ElementReader(table, time_zone)
    elements = list(reader.read_children(table, parent, include_builtin=include_builtin))
    for value in table.values("extra"):
        elements += extra_xml.extra_elements(table, value)
    return tuple(elements)


class _ElementReader:
    """Reads values as the table of tags describes them; reports to one list of problems."""

    def __init__(self, table: Table, time_zone: str) -> None:
        self.table = table
        self.time_zone = time_zone

    def read_children(self, table: Table, parent: str, *, include_builtin: bool = True) -> Iterator[Element]:
        """The elements in a mapping, for the tags that a parent can have."""
        for tag in tags_with_keys(parent):
            if parent not in tag.builtin_in or include_builtin:
                yield from self.read_key(table, tag, parent)

    def read_key(self, table: Table, tag: Tag, parent: str) -> Iterator[Element]:
        """The elements under one key of a mapping."""
        key, *other_names = tag.keys
        value = table.value(key, other_names=tuple(other_names))
        if value is None:
            return
        is_container = not tag.fields  # a podroll is a list of shows: the list is one podroll, not several
        if not tag.is_repeatable and not is_container and isinstance(value.content, list):
            table.error(value.location, f"{key}: must be a single value, not a list", "keep one", "value.single")
            return
        entries = value.content if isinstance(value.content, list) and not is_container else [value]
        defaults = dict(TAGS[parent].child_defaults) if parent in TAGS else {}
        for entry in entries:
            if not entry.is_empty and (element := self.read_element(entry, tag, key, defaults)):
                yield element

    def read_element(self, value: Value, tag: Tag, label: str, defaults: dict[str, str]) -> Element | None:
        """A value as an element; None where it is empty or invalid."""
        problems_before = len(self.table.problems)
        text, attributes, given_keys = "", dict(defaults), set[str]()
        children: tuple[Element, ...] = ()
        if not tag.fields:
            children = tuple(self.read_entries(value, tag, label))
            given_keys = set(TAGS[tag.required_children[0]].keys) if value.content else given_keys
        elif isinstance(value.content, str):
            text, attributes, given_keys = self.read_scalar(value, tag, label, attributes)
        elif (inner := self.table.nested(value, label)) is None:
            return None
        else:
            text, attributes = self.read_fields(inner, tag, attributes)
            children = tuple(self.read_children(inner, tag.name))
            inner.finish()
            given_keys = set(inner.entries)
        self.report_missing_keys(Table(value.location, {}, self.table.problems, label), tag, attributes, given_keys)
        if len(self.table.problems) > problems_before or (not text and _is_flag(tag)):
            return None
        attributes = {field.name: field.default for field in tag.attributes if field.default} | attributes
        in_order = tuple((field.name, attributes[field.name]) for field in tag.attributes if attributes.get(field.name))
        return Element(tag.name, text or (tag.text.default if tag.text else ""), in_order, children, value.location)

    def read_entries(self, value: Value, tag: Tag, label: str) -> Iterator[Element]:
        """The children of a tag that has nothing else."""
        child = TAGS[tag.required_children[0]]
        for entry in value.content if isinstance(value.content, list) else [value]:
            if not entry.is_empty and (element := self.read_element(entry, child, label, dict(tag.child_defaults))):
                yield element

    def read_scalar(
        self, value: Value, tag: Tag, label: str, attributes: dict[str, str]
    ) -> tuple[str, dict[str, str], set[str]]:
        """A single value, which is the tag's text or one of its attributes: text, attributes, and the key given."""
        first_required = next((field for field in tag.attributes if field.need is Need.MUST), None)
        field = tag.field(tag.scalar) or tag.text or first_required
        if field is None:
            self.table.nested(value, label)  # reports that keys and values are expected
            return "", attributes, {field.yaml_key for field in tag.fields}
        word = self.table.converted(value, self.converter_for(field), "", label)
        if not field.name:
            return word, attributes, {field.yaml_key}
        return "", attributes | {field.name: word}, {field.yaml_key}

    def read_fields(self, inner: Table, tag: Tag, attributes: dict[str, str]) -> tuple[str, dict[str, str]]:
        text = ""
        for field in tag.fields:
            other_names = (field.name,) if field.name and field.name != field.yaml_key else ()
            word = inner.optional(field.yaml_key, self.converter_for(field), "", other_names=other_names)
            if not field.name:
                text = word
            elif word:
                attributes = attributes | {field.name: word}
        return text, attributes

    def report_missing_keys(self, inside: Table, tag: Tag, attributes: dict[str, str], given_keys: set[str]) -> None:
        """Report the required keys that are left out."""
        for field in tag.fields:
            other_attribute, other_value = field.optional_if
            is_optional = (
                field.default
                or (other_attribute and attributes.get(other_attribute) == other_value)
                or (not field.name and tag.has_derived_text)
            )
            is_given = given_keys & {field.yaml_key, field.name or field.yaml_key}
            if field.need is Need.MUST and not is_given and not is_optional:
                inside.report_missing(field.yaml_key)
        for name in tag.required_children:
            keys = TAGS[name].keys
            if keys and not given_keys & set(keys):
                inside.report_missing(keys[0])
        if tag.either_child and sum(bool(given_keys & set(TAGS[name].keys)) for name in tag.either_child) != 1:
            choices = " or ".join(repr(TAGS[name].keys[0]) for name in tag.either_child)
            inside.error(inside.location, f"{inside.name}: needs either {choices}", "use one of the two", "key.missing")

    def converter_for(self, field: Field) -> Callable[[str], str]:
        """The converter of a field's values."""

        def convert(raw: str) -> str:
            if field.allows_file and not URL_START.match(raw.strip()):
                return converters.to_line(raw)  # a file in the show's folder, which the build looks for
            word = _format_value(field.value_type, raw, self.time_zone)
            if not field.choices:
                return word
            choices = {choice.casefold(): choice for choice in field.choices}
            if word.casefold() not in choices:
                fix = suggest_name(word, list(field.choices))
                raise InvalidValue(f"{converters.quote_value(raw)} is not a valid choice", fix, "value.choice")
            return choices[word.casefold()]

        return convert


def _is_flag(tag: Tag) -> bool:
    return tag.text is not None and tag.text.value_type is ValueType.YES


def _format_value(value_type: ValueType, raw: str, time_zone: str) -> str:
    """A value as the feed has it; raises InvalidValue."""
    if value_type in _FLAGS:
        return _FLAGS[value_type][converters.to_flag(raw)]
    if value_type is ValueType.SECONDS:
        return format_seconds(converters.to_milliseconds(raw))
    if value_type in {ValueType.RFC2822, ValueType.ISO8601}:
        if not find_value_error(value_type, raw.strip()) and value_type is ValueType.RFC2822:
            return raw.strip()
        date, _ = converters.to_datetime(raw, time_zone)
        return format_rfc2822(date) if value_type is ValueType.RFC2822 else date.isoformat()
    word = _CONVERTERS.get(value_type, converters.to_line)(raw)
    if error := find_value_error(value_type, word):
        fix = "see the tag's page in the namespace's documentation"
        raise InvalidValue(f"{converters.quote_value(raw)} {error}", fix, "value.form")
    return word


_FLAGS = {
    ValueType.FLAG: ("false", "true"),
    ValueType.YES_NO: ("no", "yes"),
    ValueType.YES: ("", "Yes"),
}
_CONVERTERS = {
    ValueType.TEXT: converters.to_text,
    ValueType.URL: converters.to_url,
    ValueType.MAIL: converters.to_email,
    ValueType.UUID: converters.to_uuid,
}
