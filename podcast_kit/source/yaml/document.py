"""Source files read with the line and column of every value.

Scalars stay text until a key's converter says what they are: YAML never turns a chapter's `12:34` into 754 or an
episode's `010` into 8. A key without a value (`season:`) counts as left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.source.yaml.values import MAX_PROBLEMS, MAX_VALUES, Value, compose_yaml

__all__ = [
    "MAX_SOURCE_BYTES",
    "ForeignKey",
    "InvalidValue",
    "Table",
    "Value",
    "decode_source",
    "parse_front_matter",
    "parse_yaml_table",
    "read_source_file",
    "suggest_name",
]

ValueT = TypeVar("ValueT")
DefaultT = TypeVar("DefaultT")
MAX_SOURCE_BYTES = 2_000_000
"""Of a whole file: a thousand times the size of long show notes."""
MAX_SCALAR_LEN = 10_000
"""Characters; the longest legitimate value, a podcast:txt, has 4,000."""
MAX_LISTED_NAMES = 24
"""Valid names that a fix lists; more would be hard to read."""


class InvalidValue(ValueError):
    """A value that its key cannot have: what is wrong, the fix and the problem code."""

    def __init__(self, text: str, fix: str = "", code: str = "value.unknown") -> None:
        super().__init__(text)
        self.fix = fix
        self.code = code


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A key of another tool: what to report when it is found."""

    text: str
    fix: str
    code: str


@dataclass(slots=True)
class Table:
    """A mapping that is read key by key; `finish` reports the keys that were not read.

    Problems are collected in `problems`, shared by all tables of a file, so that all are reported at once.
    """

    location: SourceLocation
    entries: dict[str, Value]
    problems: list[Problem] = field(default_factory=list)
    name: str = ""
    """What the table is, such as `this chapter`; empty for the whole file."""
    known_keys: set[str] = field(default_factory=set)
    locations: dict[str, SourceLocation] = field(default_factory=dict)
    """Where each key that was read is written."""

    def value(self, key: str, *, other_names: tuple[str, ...] = ()) -> Value | None:
        """The value of the key, or of one of its other names; None where it is left out."""
        self.known_keys.update((key, *other_names))
        entries = [(name, self.entries[name]) for name in (key, *other_names) if name in self.entries]
        for name, value in entries[1:]:
            self.error(value.location, f"{name!r} means the same as {entries[0][0]!r}", "keep one of them", "key.both")
        if not entries:
            return None
        value = entries[0][1]
        self.locations[key] = value.location
        return None if value.is_empty else value

    def optional(
        self, key: str, convert: Callable[[str], ValueT], default: DefaultT, *, other_names: tuple[str, ...] = ()
    ) -> ValueT | DefaultT:
        """The key's scalar, converted; the default where it is left out or invalid."""
        value = self.value(key, other_names=other_names)
        return default if value is None else self.converted(value, convert, default, key)

    def required(
        self, key: str, convert: Callable[[str], ValueT], default: DefaultT, *, other_names: tuple[str, ...] = ()
    ) -> ValueT | DefaultT:
        """Like `optional`, and reports an error where the key is left out."""
        if (value := self.value(key, other_names=other_names)) is None:
            self.report_missing(key)
            return default
        return self.converted(value, convert, default, key)

    def report_missing(self, key: str, fix: str = "") -> None:
        """Report an error: the key is missing."""
        where = f" in {self.name}" if self.name else ""
        location = self.locations.get(key, self.location)
        self.error(location, f"{key!r} is missing{where}", fix or f"add a line '{key}: ...'", "key.missing")

    def converted(
        self, value: Value, convert: Callable[[str], ValueT], default: DefaultT, label: str = ""
    ) -> ValueT | DefaultT:
        """A scalar, converted; InvalidValue becomes a problem at the value's location, and the default is returned."""
        prefix = f"{label}: " if label else ""
        if not isinstance(value.content, str):
            kind = "a list" if isinstance(value.content, list) else "keys and values"
            self.error(value.location, f"{prefix}must be a single value, not {kind}", "", "value.single")
            return default
        if len(value.content) > MAX_SCALAR_LEN:
            text = f"{prefix}is longer than {MAX_SCALAR_LEN:,} characters"
            self.error(value.location, text, "is a quote left open?", "value.long")
            return default
        try:
            return convert(value.content)
        except InvalidValue as error:
            self.error(value.location, f"{prefix}{error}", error.fix, error.code)
            return default

    def values(self, key: str, *, other_names: tuple[str, ...] = ()) -> list[Value]:
        """The items of the key's list; a single value counts as a list of one."""
        value = self.value(key, other_names=other_names)
        if value is None:
            return []
        return [item for item in value.content if not item.is_empty] if isinstance(value.content, list) else [value]

    def list_of(
        self, key: str, convert: Callable[[str], ValueT], *, other_names: tuple[str, ...] = ()
    ) -> tuple[ValueT, ...]:
        """The items of the key's list, each converted; invalid items are reported and left out."""
        items: list[ValueT] = []
        for value in self.values(key, other_names=other_names):
            self.converted(value, lambda raw: items.append(convert(raw)), None, key)
        return tuple(items)

    def table(self, key: str, name: str = "") -> Table | None:
        """The mapping under the key."""
        value = self.value(key)
        return None if value is None else self.nested(value, name or key)

    def tables(self, key: str, name: str = "") -> list[Table]:
        """The mappings in the key's list; a single mapping counts as a list of one."""
        tables = [self.nested(value, name or f"an entry of {key}") for value in self.values(key)]
        return [table for table in tables if table is not None]

    def nested(self, value: Value, name: str) -> Table | None:
        """A value as a table that shares this one's problems; reports an error and returns None for anything else."""
        if isinstance(value.content, dict):
            return Table(value.location, value.content, self.problems, name)
        self.error(value.location, f"{name} must be keys and values", "such as 'key: value'", "value.table")
        return None

    def error(
        self,
        location: SourceLocation,
        text: str,
        fix: str = "",
        code: str = "value.unknown",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Report a problem; raises InvalidInput when there are too many to go on."""
        self.problems.append(Problem(location, text, fix, code, severity))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidInput(self.problems)

    def warning(self, location: SourceLocation, text: str, fix: str = "", code: str = "value.unknown") -> None:
        """Report a problem that does not stop the file from being used."""
        self.error(location, text, fix, code, Severity.WARNING)

    def finish(self, foreign_keys: Mapping[str, ForeignKey] | None = None) -> None:
        """Report the keys that were not read, except those that begin with `x-`.

        `foreign_keys` has, by name in lower case, the keys of other tools and what to report for them.
        """
        where = f" in {self.name}" if self.name else ""
        for key, value in self.entries.items():
            if key in self.known_keys or key.startswith("x-"):
                continue
            if foreign_key := (foreign_keys or {}).get(key.casefold()):
                self.error(value.location, f"{key!r} {foreign_key.text}", foreign_key.fix, foreign_key.code)
            else:
                fix = suggest_name(key, self.known_keys)
                self.error(value.location, f"unknown key {key!r}{where}", fix, "key.unknown")


def suggest_name(word: str, known_names: set[str] | list[str] | tuple[str, ...]) -> str:
    """The fix for an unknown word: the most similar known name, or all names if they are few."""
    by_folded = {name.casefold(): name for name in sorted(known_names)}
    if matches := difflib.get_close_matches(word.casefold()[:80], by_folded, n=1):
        return f"did you mean {by_folded[matches[0]]!r}?"
    if 0 < len(known_names) <= MAX_LISTED_NAMES:
        return f"use one of: {', '.join(sorted(known_names))}"
    return "remove it, or begin it with 'x-'"


def read_source_file(path: Path, name: str, max_bytes: int = MAX_SOURCE_BYTES) -> bytes:
    """A file's bytes; raises InvalidInput, located at `name`, where it is missing, not a file, or too large."""
    try:
        if not path.is_file():
            text = "is not a file" if path.exists() else "does not exist"
            raise InvalidInput([Problem(SourceLocation(name), text, "", "file.missing")])
        if path.stat().st_size > max_bytes:
            text = f"is larger than {max_bytes:,} bytes"
            raise InvalidInput([Problem(SourceLocation(name), text, "is it the right file?", "file.long")])
        return path.read_bytes()
    except (OSError, ValueError) as error:
        text = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InvalidInput(
            [Problem(SourceLocation(name), text, "check the file's name and permissions", "file.read")]
        ) from None


def decode_source(data: bytes, path: str, max_bytes: int = MAX_SOURCE_BYTES) -> str:
    """The text of a UTF-8 file, without a byte-order mark and with line feeds only.

    Raises InvalidInput where the data is not UTF-8 or too long.
    """
    if len(data) > max_bytes:
        text = f"is larger than {max_bytes:,} bytes"
        raise InvalidInput([Problem(SourceLocation(path), text, "is it the right file?", "file.long")])
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        is_utf16 = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
        text = "is UTF-16, not UTF-8" if is_utf16 else f"is not UTF-8: byte 0x{data[error.start]:02x}"
        raise InvalidInput(
            [Problem(SourceLocation(path, line, column), text, "save the file as UTF-8", "file.encoding")]
        ) from None
    return source.replace("\r\n", "\n").replace("\r", "\n")


def parse_yaml_table(source: str, path: str, first_line: int = 1, max_values: int = MAX_VALUES) -> Table:
    """The mapping in a YAML text; raises InvalidInput where it cannot be read.

    `first_line` is the line of the file that the text begins on. Duplicate keys and comments that look like text are
    reported in the table's `problems`, as reading can go on.
    """
    root, problems = compose_yaml(source, path, first_line, max_values)
    if not isinstance(root.content, dict):
        if root.is_empty:
            return Table(root.location, {}, problems)
        raise InvalidInput(
            [Problem(root.location, "must be keys and values", "such as 'title: My show'", "yaml.mapping")]
        )
    return Table(root.location, root.content, problems)


def parse_front_matter(source: str, path: str) -> tuple[Table, str, int]:
    """The mapping between the `---` lines, the Markdown below it, and the line that the Markdown begins on."""
    lines = source.split("\n")
    if lines[0].rstrip() != "---":
        fix = "write a line '---', then 'title: ...', then a line '---', above the notes"
        if lines[0].rstrip() == "+++":
            fix = "this is TOML front matter; use YAML between '---' lines instead"
        problem = Problem(SourceLocation(path, 1), "does not begin with front matter", fix, "front.missing")
        raise InvalidInput([problem])
    closing = next((index for index, line in enumerate(lines) if index and line.rstrip() == "---"), None)
    if closing is None:
        fix = "write a line '---' between the front matter and the notes"
        raise InvalidInput([Problem(SourceLocation(path, 1), "front matter has no closing '---'", fix, "front.open")])
    table = parse_yaml_table("\n".join(lines[1:closing]) + "\n", path, first_line=2)
    return replace(table, location=SourceLocation(path, 1)), "\n".join(lines[closing + 1 :]), closing + 2
