"""`keys`: the keys of podcast.yaml and of an episode's front matter."""

from __future__ import annotations

import re
import shutil
import textwrap
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from podcast_kit.cli.app import command
from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError

if TYPE_CHECKING:
    from podcast_kit.namespaces import Field, Tag
    from podcast_kit.source.core_keys import CoreKey

FILES = {"channel": "podcast.yaml", "item": "an episode's front matter"}
NEEDS = ("", "recommended", "required")
EXTRA_KEY = "extra"
EXTRA_ABOUT = "Elements of any namespace, as XML or as {name, xmlns, text, attributes, children}."
MAX_CHOICES_SHOWN = 12
TERMINAL_SIZE = (100, 24)
"""Assumed where the terminal does not say."""
MIN_WIDTH = 40
DOCS_LINK = re.compile(r"\[([^]]+)\]\((?:\.\./)+([^)]+)\)")
"""A link of the reference pages to another page of docs/."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """Every key by the file that it belongs in."""

    core: dict[str, tuple[CoreKey, ...]]
    tags: dict[str, list[Tag]]
    """Keys that become a tag of the feed."""


@command("keys", short_help="List the keys of podcast.yaml and front matter.")
@click.argument("key", required=False)
def keys_command(console: Console, key: str | None) -> None:
    """List every key of podcast.yaml and of an episode's front matter, or explain one with an example.

    \b
      podcast-kit keys
      podcast-kit keys listen
      podcast-kit keys publish.host
      podcast-kit keys alternate_enclosures
    """
    every = _collect_keys()
    if key is None:
        _print_list(console, every)
        return
    outer, dot, inner = key.partition(".")
    if dot and outer in _keys_with_field(inner, every):
        key = outer
    core = {file: entry for file, entries in every.core.items() for entry in entries if key in _key_names(entry)}
    tag = next((tag for tags in every.tags.values() for tag in tags if key in tag.keys), None)
    if key == EXTRA_KEY:
        _print_wrapped(console, f"{EXTRA_KEY}: {EXTRA_ABOUT}")
        console.result(f"  in {' and '.join(FILES.values())}")
        console.document("keys", key=EXTRA_KEY, also=[], tag="", about=EXTRA_ABOUT, files=[*FILES.values()], many=True)
        return
    if not core and tag is None:
        from podcast_kit.source.yaml.converters import quote_value

        raise OperationError(f"unknown key {quote_value(key)}", _suggest_key(key, every))
    tag_files = [file for file, tags in every.tags.items() if tag in tags]
    for file, entry in core.items():
        _print_core_key(console, entry, file)
    if tag:
        _print_tag_key(console, tag, tag_files)
    tree = _print_categories(console) if "categories" in {entry.name for entry in core.values()} else None
    more = {"categories": tree} if tree else {}
    console.document("keys", **(_tag_to_json(tag, tag_files) if tag else _core_to_json(core) | more))


def _print_categories(console: Console) -> dict[str, list[str]]:
    """Print Apple's categories with their subcategories; the same as a mapping."""
    from podcast_kit.namespaces.categories import category_tree

    tree = {name: list(subs) for name, subs in category_tree().items()}
    for name, subs in tree.items():
        console.result(name)
        for sub in subs:
            console.result(f"  {name} > {sub}")
    return tree


def _collect_keys() -> _Keys:
    from podcast_kit.namespaces import tags_with_keys
    from podcast_kit.source import core_keys

    core = {FILES["channel"]: core_keys.SHOW_KEYS, FILES["item"]: core_keys.EPISODE_KEYS}
    tags = {
        file: [tag for tag in tags_with_keys(parent) if parent not in tag.builtin_in] for parent, file in FILES.items()
    }
    return _Keys(core, tags)


def _key_names(key: CoreKey) -> tuple[str, ...]:
    return (key.name, *key.other_names)


def _keys_with_field(name: str, every: _Keys) -> list[str]:
    """The keys whose mapping has an entry of this name."""
    entries = [entry for entries in every.core.values() for entry in entries]
    return sorted({entry.name for entry in entries if name in {field.name for field in entry.fields}})


def _suggest_key(key: str, every: _Keys) -> str:
    if keys := _keys_with_field(key, every):
        return f"use {' or '.join(f'`podcast-kit keys {name}.{key}`' for name in keys)}"
    names = [name for entries in every.core.values() for entry in entries for name in _key_names(entry)]
    names += [name for tags in every.tags.values() for tag in tags for name in tag.keys]
    near = [key.lower()] if key.lower() in names else get_close_matches(key.lower(), names, n=1)
    return f"did you mean {near[0]!r}?" if near else "`podcast-kit keys` lists all keys"


def _print_list(console: Console, every: _Keys) -> None:
    rows = [(entry.name, file, "", entry.about) for file, entries in every.core.items() for entry in entries]
    rows += [(tag.keys[0], file, tag.name, tag.about) for file, tags in every.tags.items() for tag in tags]
    console.document(
        "keys", keys=[{"key": name, "file": file, "tag": tag, "about": about} for name, file, tag, about in rows]
    )
    width = max(len(name) for name, *_ in rows) + 2
    for file in FILES.values():
        console.result(f"{file}:")
        for entry in every.core[file]:
            console.result(f"  {entry.name:{width}}{entry.about}")
        console.result()
        console.result(f"{file}, for directories and apps:")
        for tag in sorted(every.tags[file], key=lambda tag: tag.keys[0]):
            console.result(f"  {tag.keys[0]:{width}}{tag.about}")
        console.result(f"  {EXTRA_KEY:{width}}{EXTRA_ABOUT}")
        console.result()


def _print_core_key(console: Console, key: CoreKey, file: str) -> None:
    console.result(f"{', '.join(_key_names(key))}: {key.about}")
    console.result(f"  in {file}: {_describe_core_value(key)}")
    if key.details:
        details = DOCS_LINK.sub(r"\1 (docs/\2)", key.details).replace("`", "")
        _print_wrapped(console, f"  {details}")
    width = max((len(field.name) for field in key.fields), default=0) + 2
    for field in key.fields:
        _print_wrapped(console, f"    {field.name:{width}}{field.about} {_describe_core_value(field)}", width + 4)
    console.result()
    if key.example:
        console.result(key.example.rstrip())
        console.result()


def _describe_core_value(key: CoreKey) -> str:
    parts = [key.form.replace("`", "")]
    parts += ["required"] if key.is_required else []
    parts += [f"default: {key.default}".replace("`", "")] if key.default else []
    return f"({'; '.join(parts)})"


def _core_to_json(core: dict[str, CoreKey]) -> dict[str, Any]:
    key = next(iter(core.values()))
    return {
        "key": key.name,
        "also": list(key.other_names),
        "tag": "",
        "about": key.about,
        "files": list(core),
        "many": False,
        "fields": [
            {"key": field.name, "kind": field.form, "need": NEEDS[2 * field.is_required], "limit": None}
            for field in key.fields
        ],
        "example": key.example,
    }


def _print_tag_key(console: Console, tag: Tag, files: list[str]) -> None:
    from podcast_kit.namespaces import tags_with_keys
    from podcast_kit.namespaces.examples import example_yaml

    fields = _direct_fields(tag)
    console.result(f"{', '.join(tag.keys)}: {tag.about}")
    many = "; one or a list" if tag.is_repeatable else ""
    console.result(f"  becomes <{tag.name}>, in {' and '.join(files)}{many}")
    if tag.replaced_by:
        console.result(f"  deprecated: use {tag.replaced_by}")
    width = max((len(field.yaml_key) for field in fields), default=0) + 2
    for field in fields:
        console.result(f"    {field.yaml_key:{width}}{_describe_field(field)}")
    inner_keys = [child.keys[0] for child in tags_with_keys(tag.name)]
    if inner_keys and fields == tag.fields:
        _print_wrapped(console, "    with the keys: " + ", ".join(inner_keys))
    console.result()
    console.result(example_yaml(tag).rstrip())


def _tag_to_json(tag: Tag, files: list[str]) -> dict[str, Any]:
    from podcast_kit.namespaces.examples import example_yaml

    return {
        "key": tag.keys[0],
        "also": list(tag.keys[1:]),
        "tag": tag.name,
        "about": tag.about,
        "files": files,
        "many": tag.is_repeatable,
        "fields": [
            {
                "key": field.yaml_key,
                "kind": str(field.value_type),
                "need": NEEDS[field.need],
                "limit": field.max_len or None,
            }
            for field in _direct_fields(tag)
        ],
        "example": example_yaml(tag),
    }


def _direct_fields(tag: Tag) -> tuple[Field, ...]:
    """The fields of a tag, or of its child where it has none itself."""
    from podcast_kit.namespaces import TAGS

    return tag.fields or TAGS[tag.required_children[0]].fields


def _describe_field(field: Field) -> str:
    choices = " or ".join(field.choices[:MAX_CHOICES_SHOWN])
    more = " ..." if len(field.choices) > MAX_CHOICES_SHOWN else ""
    kind = str(field.value_type) + (", or a file" if field.allows_file else "")
    parts = [choices + more if field.choices else kind]
    parts += [f"at most {field.max_len} characters"] if field.max_len else []
    parts += [NEEDS[field.need]] if field.need and not field.default else []
    return "; ".join(parts)


def _print_wrapped(console: Console, text: str, indent: int = 6) -> None:
    width = max(shutil.get_terminal_size(TERMINAL_SIZE).columns, MIN_WIDTH)
    console.result(textwrap.fill(text, width=width, subsequent_indent=" " * indent))
