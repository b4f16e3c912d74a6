"""Renders elements as lines of podcast.yaml or front matter: the reverse of `elements_from_table`.

Each line is parsed again before it is used, so that it means exactly the element that it was rendered from.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
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
    """Lines `key: value` for some elements, `extra:` for those that no key can express, and what neither can.

    `parent` is `channel` or `item`, as for `elements_from_table`.
    """
    values: dict[str, list[YamlValue]] = {}
    extra: list[YamlValue] = []
    rejected: list[Element] = []
    for element in all_elements:
        key, value = _find_key(element, parent)
        if key and (key not in values or TAGS[element.name].is_repeatable):
            values.setdefault(key, []).append(value)
        elif _is_extra(element, parent):
            extra.append(_extra_value(element))
        else:
            rejected.append(element)
    lines = [_yaml_line(key, key_values) for key, key_values in values.items()]
    lines += [f"extra: {scaffold.yaml_flow(extra)}"] if extra else []
    return lines, rejected


@lru_cache(maxsize=4096)
def _find_key(element: Element, parent: str) -> tuple[str, YamlValue]:
    """The key that expresses an element, and its value; an empty key if none does."""
    tag = TAGS.get(element.name)
    value = _element_value(element) if tag and tag.keys and parent in tag.parents else None
    if tag is None or value is None or parent in tag.builtin_in:
        return "", ""
    key = tag.keys[0]
    return (key, value) if _round_trips(key, value, parent, element) else ("", "")


@lru_cache(maxsize=4096)
def _is_extra(element: Element, parent: str) -> bool:
    """Whether `extra:` is read as exactly this element."""
    return _read_back(f"extra: {scaffold.yaml_flow([_extra_value(element)])}", parent) == (element,)


def _extra_value(element: Element, outer_uri: str = "") -> YamlValue:
    value: dict[str, YamlValue] = {"name": element.name}
    if element.uri and element.uri != outer_uri:
        value["xmlns"] = element.uri
    if element.text:
        value["text"] = element.text
    if element.attributes:
        value["attributes"] = dict(element.attributes)
    if element.children:
        value["children"] = [_extra_value(child, element.uri or outer_uri) for child in element.children]
    return value


def _round_trips(key: str, value: YamlValue, parent: str, element: Element) -> bool:
    """Whether the line is read as this element by value, without a problem."""
    parsed = _read_back(_yaml_line(key, [value]), parent)
    return len(parsed) == 1 and _values_equal(parsed[0], element)


def _read_back(line: str, parent: str) -> tuple[Element, ...]:
    """The elements that a line is read as; none if it has problems."""
    try:
        table = parse_yaml_table(line, "written")
        parsed = elements.elements_from_table(table, parent, include_builtin=True)
    except InvalidInput:
        return ()
    return () if table.problems else parsed


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
        if any(child.name not in tag.required_children for child in element.children):
            return None
        return [value for child in element.children if (value := _element_value(child)) is not None]
    mapping: dict[str, YamlValue] = {}
    if tag.text is None and element.text:
        return None
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
