"""Settings and front matter of other tools, in YAML, TOML or JSON, as values that know their location."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.source.yaml import Value, decode_source, parse_yaml_table

MAX_FRONT_MATTER_LEN = 100_000
"""Characters; real ones have a few thousand."""
MAX_DATA_DEPTH = 16
MAX_KEY_PARTS = 20
"""Parts of a dotted key in TOML, which its parser handles in quadratic time."""
MAX_DATA_VALUES = 20_000
_LONG_KEY = re.compile(rf"^(?:[^=.\n\"'#]*+\.){{{MAX_KEY_PARTS}}}", re.MULTILINE)
_KEY_LINE = re.compile(r"^[ \t]*[\"']?([A-Za-z0-9_.-]{1,80})[\"']?[ \t]*[=:]", re.MULTILINE)
_RUBY_SYMBOL = re.compile(r"^([ \t-]*):([A-Za-z_]\w*):", re.MULTILINE)
_FIX = "correct it, or remove the file if the show does not need it"


@dataclass(slots=True)
class Fields:
    """The keys of a file or of a part of it, without regard to case; those that were not read are left over."""

    entries: dict[str, Value]
    location: SourceLocation
    used: set[str] = field(default_factory=set)

    @classmethod
    def from_value(cls, value: Value | None, location: SourceLocation) -> Fields:
        """The keys of a mapping; none of anything else."""
        content = value.content if value else {}
        entries = content if isinstance(content, dict) else {}
        folded: dict[str, Value] = {}
        for key, entry in entries.items():
            folded.setdefault(key.casefold(), entry)
        return cls(folded, value.location if value else location)

    def value(self, *names: str) -> Value | None:
        """The value of the first of the names that has one."""
        self.used.update(names)
        values = (self.entries[name] for name in names if name in self.entries)
        return next((value for value in values if has_content(value)), None)

    def text(self, *names: str) -> str:
        """A single value as text; empty if there is none, or a list or mapping."""
        value = self.value(*names)
        return value.content.strip() if value and isinstance(value.content, str) else ""

    def texts(self, *names: str) -> tuple[str, ...]:
        """The single values in a list; a single value counts as a list of one."""
        return tuple(
            value.content.strip() for value in self.values(*names) if isinstance(value.content, str) and value.content
        )

    def values(self, *names: str) -> list[Value]:
        """The values in a list; any other value counts as a list of one."""
        value = self.value(*names)
        if value is None:
            return []
        return value.content if isinstance(value.content, list) else [value]

    def table(self, *names: str) -> Fields:
        """The keys below a key."""
        return Fields.from_value(self.value(*names), self.location)

    def flag(self, *names: str) -> bool:
        """Whether a key is set to true."""
        return self.text(*names).casefold() in {"true", "yes", "on", "1"}

    def location_of(self, name: str) -> SourceLocation:
        """Where a key is written."""
        value = self.entries.get(name)
        return value.location if value else self.location

    def unread(self) -> Iterator[str]:
        """The keys with a value that were not read."""
        return (key for key, value in self.entries.items() if key not in self.used and has_content(value))


def has_content(value: Value) -> bool:
    """Whether a value is not empty."""
    return bool(value.content) and not value.is_empty


def read_fields(data: bytes, location: SourceLocation, kind: str) -> Fields:
    """The keys of a file of the kind `yaml`, `toml` or `json`; raises InvalidInput where it cannot be read."""
    return parse_fields(decode_source(data, location.path), location, kind)


def parse_fields(source: str, location: SourceLocation, kind: str, first_line: int = 1) -> Fields:
    """The keys of a text of the kind `yaml`, `toml` or `json`; raises InvalidInput where it cannot be read."""
    if kind == "yaml":
        table = parse_yaml_table(_RUBY_SYMBOL.sub(r"\1\2:", source), location.path, first_line)
        return Fields.from_value(Value(table.location, table.entries), location)
    parsed = _parse_toml(source, location) if kind == "toml" else _parse_json(source, location)
    lines = {key.rpartition(".")[2].casefold(): line for key, line in _key_lines(source, first_line)}
    return Fields.from_value(_ValueMaker(location, lines).make_value(parsed), location)


def split_front_matter(source: str, location: SourceLocation) -> tuple[Fields, str, int]:
    """The front matter of a page in YAML, TOML or JSON, its text, and the line that the text begins on.

    A page without front matter is all text. Raises InvalidInput where the front matter cannot be read.
    """
    lines = source.split("\n")
    first = lines[0].rstrip()
    kind = {"---": "yaml", "+++": "toml"}.get(first, "")
    if not kind:
        return Fields.from_value(None, location), source, 1
    closing = next((index for index, line in enumerate(lines) if index and line.rstrip() == first), None)
    if closing is None:
        text = f"the front matter has no closing {first!r}"
        raise InvalidInput([Problem(location, text, _FIX, "front.open")])
    matter = "\n".join(lines[1:closing]) + "\n"
    if len(matter) > MAX_FRONT_MATTER_LEN:
        text = f"the front matter has more than {MAX_FRONT_MATTER_LEN:,} characters"
        raise InvalidInput([Problem(location, text, _FIX, "file.long")])
    fields = parse_fields(matter, location, kind, first_line=2)
    return fields, "\n".join(lines[closing + 1 :]), closing + 2


def _key_lines(source: str, first_line: int) -> Iterator[tuple[str, int]]:
    """The names of keys, and the line of the last of each; read once from the top."""
    line, position = first_line, 0
    for match in _KEY_LINE.finditer(source):
        line += source.count("\n", position, match.start())
        position = match.start()
        yield match[1], line


def _parse_toml(source: str, location: SourceLocation) -> object:
    if len(source) > MAX_FRONT_MATTER_LEN or _LONG_KEY.search(source):
        text = "is longer, or has longer keys, than settings ever need"
        raise InvalidInput([Problem(location, text, _FIX, "file.long")])
    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        text = f"is not valid TOML: {str(error)[:200] or 'nested too deep'}"
        raise InvalidInput([Problem(location, text, _FIX, "import")]) from None


def _parse_json(source: str, location: SourceLocation) -> object:
    try:
        return json.loads(source, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        text = f"is not valid JSON: {str(error)[:200]}"
        raise InvalidInput([Problem(location, text, _FIX, "import")]) from None


@dataclass(slots=True)
class _ValueMaker:
    """Turns what a parser gives into values, with the line of the last key of each name."""

    location: SourceLocation
    lines: dict[str, int]
    values_left: int = MAX_DATA_VALUES

    def make_value(self, parsed: Any, depth: int = 0, location: SourceLocation | None = None) -> Value:  # noqa: ANN401
        self.values_left -= 1
        location = location or self.location
        if depth > MAX_DATA_DEPTH or self.values_left < 0:
            text = "is nested deeper, or has more values, than settings ever need"
            raise InvalidInput([Problem(location, text, _FIX, "file.long")])
        if isinstance(parsed, dict):
            pairs = ((str(key), value) for key, value in parsed.items())
            return Value(
                location, {key: self.make_value(value, depth + 1, self.key_location(key)) for key, value in pairs}
            )
        if isinstance(parsed, list):
            return Value(location, [self.make_value(value, depth + 1, location) for value in parsed])
        return Value(location, _scalar_text(parsed), is_empty=parsed is None)

    def key_location(self, key: str) -> SourceLocation:
        return SourceLocation(self.location.path, self.lines.get(key.casefold(), 0))


def _scalar_text(parsed: object) -> str:
    match parsed:
        case bool():
            return "true" if parsed else "false"
        case datetime() | date() | time():
            return parsed.isoformat()
        case None:
            return ""
        case _:
            return str(parsed)[:1_000_000]
