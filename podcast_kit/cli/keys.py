"""`keys`: what podcast.yaml and the front matter can say to directories and apps."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

if TYPE_CHECKING:
    from podcast_kit.namespaces import Field, Tag

FILES = {"channel": "podcast.yaml", "item": "an episode's front matter"}
NEEDS = ("", "should be there", "must be there")


@command("keys", short_help="List what a show can say to directories and apps.")
@click.argument("key", required=False)
def keys(console: Console, key: str | None) -> None:
    """List the keys with which podcast.yaml and the front matter speak to directories and apps.

    With a KEY, tell all of what it can hold, with an example. What no key says can be handed through as it is,
    with `extra:`.

    \b
      podcast-kit keys
      podcast-kit keys funding
      podcast-kit keys alternate_enclosures
    """
    from podcast_kit.namespaces import rows

    found = {parent: [tag for tag in rows(parent) if parent not in tag.own] for parent in FILES}
    if key is None:
        _all(console, found)
        return
    named = {name: tag for tags in found.values() for tag in tags for name in tag.keys}
    if key not in named:
        import difflib

        near = difflib.get_close_matches(key, named, n=1)
        raise OperationError(f"no key {key!r}", f"did you mean {near[0]!r}?" if near else "podcast-kit keys lists them all")
    _one(console, named[key], [FILES[parent] for parent, tags in found.items() if named[key] in tags])


def _all(console: Console, found: dict[str, list[Tag]]) -> None:
    console.document(
        "keys",
        keys=[
            {"key": tag.keys[0], "file": FILES[parent], "tag": tag.name, "about": tag.about}
            for parent, tags in found.items()
            for tag in tags
        ],
    )
    wide = max(len(tag.keys[0]) for tags in found.values() for tag in tags) + 2
    for parent, tags in found.items():
        console.say(f"{FILES[parent]}:")
        for tag in sorted(tags, key=lambda tag: tag.keys[0]):
            console.say(f"  {tag.keys[0]:{wide}}{tag.about}")
        console.say()
    console.say("extra:  elements of any namespace, as XML or as {name, xmlns, text, attributes, children}")


def _one(console: Console, tag: Tag, files: list[str]) -> None:
    from podcast_kit.namespaces import TAGS, rows
    from podcast_kit.namespaces.examples import example

    inner = [child.keys[0] for child in rows(tag.name)]
    direct = TAGS[tag.needs[0]] if not tag.fields else tag
    console.document(
        "keys",
        key=tag.keys[0],
        also=list(tag.keys[1:]),
        tag=tag.name,
        about=tag.about,
        files=files,
        many=tag.many,
        fields=[
            {"key": field.yaml, "kind": str(field.kind), "need": NEEDS[field.need], "limit": field.limit or None}
            for field in direct.fields
        ],
        example=example(tag),
    )
    console.say(f"{', '.join(tag.keys)}: {tag.about}")
    console.say(f"  writes <{tag.name}>, in {' and '.join(files)}{'; one or a list' if tag.many else ''}")
    if tag.instead:
        console.say(f"  old: today {tag.instead} says it")
    wide = max((len(field.yaml) for field in direct.fields), default=0) + 2
    for field in direct.fields:
        console.say(f"    {field.yaml:{wide}}{_said(field)}")
    if inner and direct is tag:
        _wrapped(console, "    and in it: " + ", ".join(inner))
    console.say()
    console.say(example(tag).rstrip())


def _said(field: Field) -> str:
    parts = [" or ".join(field.choices[:12]) + (" ..." if len(field.choices) > 12 else "")] if field.choices else []  # noqa: PLR2004  # a line of them
    parts = parts or [str(field.kind) + (", or a file" if field.file else "")]
    parts += [f"at most {field.limit} characters"] if field.limit else []
    parts += [NEEDS[field.need]] if field.need and not field.written else []
    return "; ".join(parts)


def _wrapped(console: Console, text: str) -> None:
    import textwrap

    width = shutil.get_terminal_size((100, 24)).columns
    console.say(textwrap.fill(text, width=max(width, 40), subsequent_indent="      "))
