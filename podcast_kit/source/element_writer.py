"""Elements as podcast.yaml and the front matter say them: the way back of `elements.take`.

What is written is read again before it is believed, so that nothing comes back otherwise than it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Element
from podcast_kit.namespaces import TAGS, Tag
from podcast_kit.source import elements, scaffold
from podcast_kit.source.yaml.document import yaml_table

Said: TypeAlias = "str | dict[str, Said] | list[Said]"
"""A value of YAML, all scalars as text."""


def lines(found: Iterable[Element], parent: str) -> tuple[list[str], list[Element]]:
    """A line `key: value` for each key that says some of the elements below `parent`, and those that no key can say.

    `parent` is `channel` or `item`, as for `elements.take`.
    """
    said: dict[str, list[Said]] = {}
    unsaid: list[Element] = []
    for element in found:
        tag = TAGS.get(element.name)
        value = _value(element) if tag and tag.keys and parent in tag.parents else None
        key = tag.keys[0] if tag and value is not None else ""
        again = key in said and tag and not tag.many
        if value is None or again or not _comes_back(key, value, parent, element):
            unsaid.append(element)
        else:
            said.setdefault(key, []).append(value)
    return [_line(key, values) for key, values in said.items()], unsaid


def _comes_back(key: str, value: Said, parent: str, element: Element) -> bool:
    """Whether the line says this element and no other, without a fault."""
    try:
        table = yaml_table(_line(key, [value]), "written")
        again = elements.take(table, parent, every=True)
    except InvalidInput:
        return False
    return not table.problems and again == (element,)


def _line(key: str, values: list[Said]) -> str:
    return f"{key}: {scaffold.flow(values[0] if len(values) == 1 else values)}"


def _value(element: Element) -> Said | None:
    """The keys below an element's own; None where one of its children has none."""
    tag = TAGS[element.name]
    if not tag.fields:
        return [value for child in element.children if (value := _value(child)) is not None]
    said: dict[str, Said] = {}
    for name, value in element.attributes:
        field = tag.field(name)
        if field is None:
            return None
        said[field.yaml] = value
    if tag.text and element.text:
        said[tag.text.yaml] = element.text
    for child in element.children:
        row = TAGS.get(child.name)
        value = _value(child) if row and row.keys else None
        if row is None or value is None:
            return None
        _add(said, row, value)
    only_text = tag.text and not element.attributes and not element.children
    return element.text if only_text and element.text and not tag.scalar else said


def _add(said: dict[str, Said], row: Tag, value: Said) -> None:
    before = said.get(row.keys[0])
    if before is None:
        said[row.keys[0]] = [value] if row.many else value
    elif isinstance(before, list):
        before.append(value)
