"""Adds or changes one line of podcast.yaml; comments, order and all other bytes stay."""

from __future__ import annotations

from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.source.scaffold import yaml_scalar
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import InvalidValue, decode_source, parse_yaml_table


def to_feed_url(raw: str) -> str:
    """The new https URL of a feed; raises OperationError for anything else."""
    try:
        return converters.to_https_url(raw)
    except InvalidValue as error:
        raise OperationError(f"new feed URL: {error}", error.fix) from None


def set_yaml_key(path: Path, key: str, value: str) -> None:
    """Set a top-level key of a YAML file to a value of one line.

    Raises InvalidInput where the file cannot be read or the line cannot be added, OperationError where the file cannot
    be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    text = decode_source(data, path.name)
    table = parse_yaml_table(text, path.name)
    line = f"{key}: {yaml_scalar(value)}"
    lines = text.splitlines()
    old_value = table.entries.get(key)
    if old_value is None:
        lines.append(line)
    else:
        index = old_value.location.line - 1
        comment = lines[index].find(" #")
        lines[index] = line + (f"  {lines[index][comment:].strip()}" if comment >= 0 else "")
    edited = "\n".join([*lines, ""])
    try:
        new_table = parse_yaml_table(edited, path.name)
        is_set = new_table.optional(key, str, "") == value
        is_set = is_set and new_table.entries.keys() == table.entries.keys() | {key}
    except InvalidInput:
        is_set = False
    if not is_set:
        location, fix = SourceLocation(path.name, 1), f"add the line '{line}' yourself"
        raise InvalidInput([Problem(location, f"cannot set {key!r} in this file", fix, "key.missing")])
    atomic_write.write_atomic(path, (edited.replace("\n", "\r\n") if b"\r\n" in data else edited).encode())
