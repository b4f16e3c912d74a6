"""What a tag looks like in podcast.yaml: an example made from its row."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.namespaces.registry import TAGS, rows
from podcast_kit.namespaces.schema import Field, Need, Tag
from podcast_kit.namespaces.value_types import Kind

SAMPLES = {
    Kind.FLAG: "true",
    Kind.YES_NO: "true",
    Kind.YES: "true",
    Kind.WHOLE: "10",
    Kind.NUMBER: "0.5",
    Kind.SECONDS: '"12:34"',
    Kind.URL: "https://pod.example/page",
    Kind.URI: "https://pod.example/file",
    Kind.MAIL: "name@pod.example",
    Kind.HOST: "chat.pod.example",
    Kind.RFC2822: "2026-03-01 09:00",
    Kind.ISO8601: "2026-03-01 20:00",
    Kind.UUID: "917393e3-1b1e-5cef-ace4-edaa54e1f810",
    Kind.MIME: "audio/mpeg",
    Kind.LANGUAGE: "en",
    Kind.COUNTRY: "DE",
    Kind.COUNTRIES: "de at ch",
    Kind.GEO: "geo:52.52,13.40",
    Kind.OSM: "R62422",
    Kind.RRULE: "FREQ=WEEKLY;BYDAY=MO",
    Kind.RATIO: "16/9",
    Kind.SRCSET: "https://pod.example/1500.jpg 1500w, https://pod.example/300.jpg 300w",
}


def sample(field: Field) -> str:
    """A value as podcast.yaml has it."""
    if field.sample or field.choices:
        return field.sample or field.choices[0]
    return SAMPLES.get(field.kind, "A few words")


def example(tag: Tag) -> str:
    """Lines of podcast.yaml that say one such tag with everything that it must and should have."""
    key = tag.keys[0]
    fields = list(_shown(tag))
    if len(fields) == 1 and not tag.needs and (tag.text is fields[0] or len(tag.fields) == 1):
        return f"{key}: {sample(fields[0])}\n"
    return "".join(f"{line}\n" for line in [f"{key}:", *_block(tag, "  ")])


def _shown(tag: Tag) -> Iterator[Field]:
    wanted = [field for field in tag.fields if field.need >= Need.SHOULD and not (field is tag.text and tag.filled)]
    named = tag.field(tag.scalar)
    yield from wanted if named is None or named in wanted else [named, *wanted]


def _block(tag: Tag, indent: str) -> Iterator[str]:
    if not tag.fields:
        yield from _entry(TAGS[tag.needs[0]], indent)
    elif tag.many:
        yield from _entry(tag, indent)
    else:
        yield from _keys(tag, indent)


def _entry(tag: Tag, indent: str) -> Iterator[str]:
    lines = list(_keys(tag, ""))
    yield f"{indent}- {lines[0]}"
    yield from (f"{indent}  {line}" for line in lines[1:])


def _keys(tag: Tag, indent: str) -> Iterator[str]:
    for field in _shown(tag):
        yield f"{indent}{field.yaml}: {sample(field)}"
    for child in rows(tag.name):
        if child.name in (*tag.needs, *tag.either[-1:]):
            yield from (f"{indent}{line}" for line in example(child).splitlines())
