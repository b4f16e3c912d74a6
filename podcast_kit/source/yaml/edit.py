"""Adds or changes one line of podcast.yaml; comments, order and all other bytes stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.io import atomic_write
from podcast_kit.source.scaffold import yaml_scalar
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import InvalidValue, Table, decode_source, parse_yaml_table


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
    data, text = _read_yaml(path)
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

    def is_set(new_table: Table) -> bool:
        return new_table.optional(key, str, "") == value and new_table.entries.keys() == table.entries.keys() | {key}

    _write_yaml(path, data, lines, is_set, f"cannot set {key!r} in this file", f"add the line '{line}' yourself")


def add_nested_yaml_key(path: Path, parent: str, key: str, value: str) -> None:
    """Add a key with a value of one line to a top-level mapping of a YAML file, which is created if there is none.

    Raises as `set_yaml_key`, also where the mapping has the key.
    """
    data, text = _read_yaml(path)
    table = parse_yaml_table(text, path.name)
    line = f"{key}: {yaml_scalar(value)}"
    lines = text.splitlines()
    mapping = table.entries.get(parent)
    siblings = mapping.content if mapping and isinstance(mapping.content, dict) else {}
    if mapping is None:
        lines += [f"{parent}:", f"  {line}"]
    else:
        index = mapping.location.line - 1
        first = min((entry.location for entry in siblings.values()), key=lambda place: place.line, default=None)
        before, brace, after = lines[index].partition("{")
        if first and first.line > index + 1 and not brace:
            lines.insert(first.line - 1, " " * (first.column - 1) + line)
        elif brace:
            lines[index] = f"{before}{{{line}{', ' if siblings else ''}{after}"
        else:
            lines.insert(index + 1, f"  {line}")

    def is_added(new_table: Table) -> bool:
        nested = new_table.table(parent)
        is_complete = nested is not None and nested.entries.keys() == siblings.keys() | {key}
        return bool(
            nested
            and is_complete
            and key not in siblings
            and nested.optional(key, str, "") == value
            and new_table.entries.keys() == table.entries.keys() | {parent}
        )

    fix = f"add the line '{line}' below '{parent}:' yourself"
    _write_yaml(path, data, lines, is_added, f"cannot add {key!r} to {parent!r} in this file", fix)


def _read_yaml(path: Path) -> tuple[bytes, str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    return data, decode_source(data, path.name)


def _write_yaml(
    path: Path, data: bytes, lines: list[str], is_right: Callable[[Table], bool], text: str, fix: str
) -> None:
    """Write the edited lines if they are read as they are meant; else raise InvalidInput with this text and fix."""
    edited = "\n".join([*lines, ""])
    try:
        is_valid = is_right(parse_yaml_table(edited, path.name))
    except InvalidInput:
        is_valid = False
    if not is_valid:
        raise InvalidInput([Problem(SourceLocation(path.name, 1), text, fix, "key.missing")])
    atomic_write.write_atomic(path, (edited.replace("\n", "\r\n") if b"\r\n" in data else edited).encode())
