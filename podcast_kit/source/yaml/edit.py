"""One line of podcast.yaml put in or changed; comments, order and every other byte stay."""

from __future__ import annotations

from pathlib import Path

from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.io import atomic_write
from podcast_kit.source.scaffold import written
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Wrong, decode, yaml_table


def feed_address(raw: str) -> str:
    """An address that a feed can have; raises Failed for anything else."""
    try:
        return converters.https(raw)
    except Wrong as wrong:
        raise OperationError(f"the new address {wrong}", wrong.hint) from None


def put(path: Path, key: str, value: str) -> None:
    """Give a key at the top of a YAML file a value of one line.

    Raises InvalidInput where the file cannot be read, or its form leaves no line to put it in; Failed where it
    cannot be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    text = decode(data, path.name)
    table = yaml_table(text, path.name)
    line = f"{key}: {written(value)}"
    lines = text.splitlines()
    there = table.entries.get(key)
    if there is None:
        lines.append(line)
    else:
        at = there.place.line - 1
        comment = lines[at].find(" #")
        lines[at] = line + (f"  {lines[at][comment:].strip()}" if comment >= 0 else "")
    edited = "\n".join([*lines, ""])
    try:
        again = yaml_table(edited, path.name)
        same = again.take(key, str, "") == value and again.entries.keys() == table.entries.keys() | {key}
    except InvalidInput:
        same = False
    if not same:
        hint = f"write '{line}' into it yourself"
        raise InvalidInput([Problem(SourceLocation(path.name, 1), f"a line with {key!r} cannot be put in", hint, "key.missing")])
    atomic_write.write(path, (edited.replace("\n", "\r\n") if b"\r\n" in data else edited).encode())
