"""Renders elements as lines of podcast.yaml or front matter: the reverse of `elements_from_table`.

Each line is parsed again before it is used, so that it means exactly the element that it was rendered from.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Element
from podcast_kit.namespaces import TAGS, Tag, ValueType
from podcast_kit.source import elements, scaffold
from podcast_kit.source.yaml import parse_yaml_table

YamlValue: TypeAlias = "str | dict[str, YamlValue] | list[YamlValue]"
"""A YAML value whose scalars are all text."""
_NUMBER_TYPES = {ValueType.SECONDS, ValueType.NUMBER, ValueType.WHOLE}


def elements_to_yaml(all_elements: Iterable[Element], parent: str) -> tuple[list[str], list[Element]]:
    """A line `key: value` for each key that can express some of the elements, and the elements that no key can.

    `parent` is `channel` or `item`, as for `elements_from_table`.
    """
    values: dict[str, list[YamlValue]] = {}
    rejected: list[Element] = []
    for element in all_elements:
        tag = TAGS.get(element.name)
        value = _element_value(element) if tag and tag.keys and parent in tag.parents else None
        key = tag.keys[0] if tag and value is not None else ""
        is_repeated = key in values and tag and not tag.is_repeatable
        if value is None or is_repeated or not _round_trips(key, value, parent, element):
            rejected.append(element)
        else:
            values.setdefault(key, []).append(value)
    return [_yaml_line(key, key_values) for key, key_values in values.items()], rejected


def _round_trips(key: str, value: YamlValue, parent: str, element: Element) -> bool:
    """Whether the line is read as exactly this element, without a problem."""
    try:
        table = parse_yaml_table(_yaml_line(key, [value]), "written")
        parsed = elements.elements_from_table(table, parent, include_builtin=True)
    except InvalidInput:
        return False
    return not table.problems and len(parsed) == 1 and _values_equal(parsed[0], element)


def _values_equal(parsed: Element, element: Element) -> bool:
    """Whether two elements say the same: attributes in any order, numbers by value, and defaults filled in."""
    if parsed.name != element.name or parsed.text != element.text or len(parsed.children) != len(element.children):
        return False
    tag = TAGS[element.name]
    before = {field.name: field.default for field in tag.attributes if field.default} | dict(element.attributes)
    after = dict(parsed.attributes)
    return (
        {name for name, value in before.items() if value} == after.keys()
        and all(_attribute_values_equal(tag, name, before[name], value) for name, value in after.items())
        and all(map(_values_equal, parsed.children, element.children))
    )


def _attribute_values_equal(tag: Tag, name: str, before: str, after: str) -> bool:
    field = tag.field(name)
    if before.strip() == after or field is None or field.value_type not in _NUMBER_TYPES:
        return before.strip() == after
    try:
        return Decimal(before.strip()) == Decimal(after)
    except InvalidOperation:
        return False


def _yaml_line(key: str, values: list[YamlValue]) -> str:
    return f"{key}: {scaffold.yaml_flow(values[0] if len(values) == 1 else values)}"


def _element_value(element: Element) -> YamlValue | None:
    """The value of an element's key; None where one of its attributes or children has no key."""
    tag = TAGS[element.name]
    if not tag.fields:
        return [value for child in element.children if (value := _element_value(child)) is not None]
    mapping: dict[str, YamlValue] = {}
    for name, attribute_value in element.attributes:
        field = tag.field(name)
        if field is None:
            return None
        mapping[field.yaml_key] = attribute_value
    if tag.text and element.text:
        mapping[tag.text.yaml_key] = element.text
    for child in element.children:
        child_tag = TAGS.get(child.name)
        child_value = _element_value(child) if child_tag and child_tag.keys else None
        if child_tag is None or child_value is None:
            return None
        _add_child_value(mapping, child_tag, child_value)
    is_text_only = tag.text and not element.attributes and not element.children
    return element.text if is_text_only and element.text and not tag.scalar else mapping


def _add_child_value(mapping: dict[str, YamlValue], tag: Tag, value: YamlValue) -> None:
    values_before = mapping.get(tag.keys[0])
    if values_before is None:
        mapping[tag.keys[0]] = [value] if tag.is_repeatable else value
    elif isinstance(values_before, list):
        values_before.append(value)
