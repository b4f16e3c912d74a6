"""Examples of tags in podcast.yaml, generated from the table of tags."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.namespaces.registry import TAGS, tags_with_keys
from podcast_kit.namespaces.schema import Field, Need, Tag
from podcast_kit.namespaces.value_types import ValueType

EXAMPLE_VALUES = {
    ValueType.FLAG: "true",
    ValueType.YES_NO: "true",
    ValueType.YES: "true",
    ValueType.WHOLE: "10",
    ValueType.NUMBER: "0.5",
    ValueType.SECONDS: '"12:34"',
    ValueType.URL: "https://pod.example/page",
    ValueType.URI: "https://pod.example/file",
    ValueType.MAIL: "name@pod.example",
    ValueType.HOST: "chat.pod.example",
    ValueType.RFC2822: "2026-03-01 09:00",
    ValueType.ISO8601: "2026-03-01 20:00",
    ValueType.UUID: "917393e3-1b1e-5cef-ace4-edaa54e1f810",
    ValueType.MIME: "audio/mpeg",
    ValueType.LANGUAGE: "en",
    ValueType.COUNTRY: "DE",
    ValueType.COUNTRIES: "de at ch",
    ValueType.GEO: "geo:52.52,13.40",
    ValueType.OSM: "R62422",
    ValueType.RRULE: "FREQ=WEEKLY;BYDAY=MO",
    ValueType.RATIO: "16/9",
    ValueType.SRCSET: "https://pod.example/1500.jpg 1500w, https://pod.example/300.jpg 300w",
}


def example_value(field: Field) -> str:
    """An example value in podcast.yaml."""
    if field.example or field.choices:
        return field.example or field.choices[0]
    return EXAMPLE_VALUES.get(field.value_type, "A few words")


def example_yaml(tag: Tag) -> str:
    """Lines of podcast.yaml for a tag with all its required and recommended values."""
    key = tag.keys[0]
    fields = list(_example_fields(tag))
    if len(fields) == 1 and not tag.required_children and (tag.text is fields[0] or len(tag.fields) == 1):
        return f"{key}: {example_value(fields[0])}\n"
    return "".join(f"{line}\n" for line in [f"{key}:", *_yaml_block(tag, "  ")])


def _example_fields(tag: Tag) -> Iterator[Field]:
    fields = [
        field for field in tag.fields if field.need >= Need.SHOULD and not (field is tag.text and tag.has_derived_text)
    ]
    scalar_field = tag.field(tag.scalar)
    yield from fields if scalar_field is None or scalar_field in fields else [scalar_field, *fields]


def _yaml_block(tag: Tag, indent: str) -> Iterator[str]:
    if not tag.fields:
        yield from _yaml_entry(TAGS[tag.required_children[0]], indent)
    elif tag.is_repeatable:
        yield from _yaml_entry(tag, indent)
    else:
        yield from _yaml_keys(tag, indent)


def _yaml_entry(tag: Tag, indent: str) -> Iterator[str]:
    lines = list(_yaml_keys(tag, ""))
    yield f"{indent}- {lines[0]}"
    yield from (f"{indent}  {line}" for line in lines[1:])


def _yaml_keys(tag: Tag, indent: str) -> Iterator[str]:
    for field in _example_fields(tag):
        yield f"{indent}{field.yaml_key}: {example_value(field)}"
    for child in tags_with_keys(tag.name):
        if child.name in (*tag.required_children, *tag.either_child[-1:]):
            yield from (f"{indent}{line}" for line in example_yaml(child).splitlines())
