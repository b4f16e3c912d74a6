"""What a source file says, as lineage compares it: the value of each key, whatever the comments, quotes and order."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping

from podcast_kit.errors import InvalidInput
from podcast_kit.model.lineage import SourceText, digest_part
from podcast_kit.source.yaml import Value, decode_source, parse_front_matter, parse_yaml_table

MAX_FILE_NAME_LEN = 200
_FILE_NAME = re.compile(r"[^\n:]*\.[A-Za-z0-9]{2,5}")
PRIVATE_KEYS = frozenset({"draft", "guid", "ignore"})
"""Keys that change nothing for listeners, or that identify the show or the episode."""
PUBLIC_SETTINGS = ("url", "clean_urls")
"""Of `publish:`, what listeners notice."""


def read_source_text(entries: Mapping[str, Value], notes: str = "") -> SourceText:
    """The digest of each key's value, and of the notes; with the values that may name files."""
    parts: dict[str, str] = {}
    names: list[str] = []
    for key, value in entries.items():
        if key in PRIVATE_KEYS or value.is_empty or key.startswith("x-"):
            continue
        plain = _to_plain(value)
        if key == "publish" and isinstance(plain, dict):
            plain = {name: plain[name] for name in PUBLIC_SETTINGS if name in plain}
        parts[sys.intern(key)] = digest_part(plain if isinstance(plain, str) else json.dumps(plain, sort_keys=True))
        names.extend(_list_file_names(plain))
    if notes := notes.strip():
        parts["notes"] = digest_part(notes)
    return SourceText(parts, tuple(dict.fromkeys(names)))


def parse_source_text(data: bytes, path: str, *, is_show: bool) -> SourceText:
    """What the bytes of podcast.yaml, or of an episode's notes, say; nothing where they cannot be read."""
    try:
        source = decode_source(data, path)
        if is_show:
            return read_source_text(parse_yaml_table(source, path).entries)
        table, notes, _ = parse_front_matter(source, path)
        return read_source_text(table.entries, notes)
    except InvalidInput:
        return SourceText()


def _to_plain(value: Value) -> object:
    if isinstance(value.content, dict):
        return {key: _to_plain(inner) for key, inner in value.content.items()}
    if isinstance(value.content, list):
        return [_to_plain(inner) for inner in value.content]
    return value.content.strip()


def _list_file_names(plain: object) -> Iterator[str]:
    if isinstance(plain, str):
        if len(plain) <= MAX_FILE_NAME_LEN and _FILE_NAME.fullmatch(plain):
            yield plain
    elif isinstance(plain, dict):
        for inner in plain.values():
            yield from _list_file_names(inner)
    elif isinstance(plain, list):
        for inner in plain:
            yield from _list_file_names(inner)
