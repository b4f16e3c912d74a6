"""Files people write, read with the line and column of every value.

Scalars stay text until the reader of a key says what they are: YAML never turns a
chapter's `12:34` into 754 or an episode's `010` into 8 behind anyone's back.
A key without a value (`season:`) counts as left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from podcast_kit.errors import InvalidInput, SourceLocation, Problem, Severity
from podcast_kit.source.yaml.values import MAX_PROBLEMS, MAX_VALUES, Value, compose

__all__ = [
    "MAX_BYTES",
    "Foreign",
    "Table",
    "Value",
    "Wrong",
    "contents",
    "decode",
    "front_matter",
    "nearest",
    "yaml_table",
]

T = TypeVar("T")
D = TypeVar("D")
MAX_BYTES = 2_000_000
"""Of a whole file: a thousand times what a long file of notes needs."""
MAX_SCALAR = 10_000
"""Characters; the longest that is meant, a podcast:txt, has 4,000."""


class Wrong(ValueError):
    """A value is not what its key needs: cause, mend and code."""

    def __init__(self, text: str, hint: str = "", code: str = "value.unknown") -> None:
        super().__init__(text)
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Foreign:
    """A key that other tools have: what is said of it."""

    text: str
    hint: str
    code: str


@dataclass(slots=True)
class Table:
    """A mapping taken key by key; `close` reports what nobody asked for.

    Faults gather in `problems`, which tables within one file share, so that all are told at once.
    """

    place: SourceLocation
    entries: dict[str, Value]
    problems: list[Problem] = field(default_factory=list)
    name: str = ""
    """What it is in words, such as `this chapter`; empty for the whole file."""
    known: set[str] = field(default_factory=set)
    places: dict[str, SourceLocation] = field(default_factory=dict)
    """Where each key that was taken is written."""

    def value(self, key: str, *, also: tuple[str, ...] = ()) -> Value | None:
        """What stands under the key, or under one of its other names; None when nothing does."""
        self.known.update((key, *also))
        found = [(name, self.entries[name]) for name in (key, *also) if name in self.entries]
        for name, value in found[1:]:
            self.reject(value.place, f"{name!r} and {found[0][0]!r} say the same", "keep one of them", "key.both")
        if not found:
            return None
        self.places[key] = found[0][1].place
        return None if found[0][1].empty else found[0][1]

    def take(self, key: str, read: Callable[[str], T], default: D, *, also: tuple[str, ...] = ()) -> T | D:
        """The key's scalar as its reader understands it; the default where it is left out or wrong."""
        value = self.value(key, also=also)
        return default if value is None else self.read(value, read, default, key)

    def need(self, key: str, read: Callable[[str], T], default: D, *, also: tuple[str, ...] = ()) -> T | D:
        """As `take`, and the key's absence is a fault."""
        if (value := self.value(key, also=also)) is None:
            self.missing(key)
            return default
        return self.read(value, read, default, key)

    def missing(self, key: str, hint: str = "") -> None:
        """Tell that a key is not there."""
        where = f" in {self.name}" if self.name else ""
        place = self.places.get(key, self.place)
        self.reject(place, f"{key!r} is missing{where}", hint or f"add a line '{key}: ...'", "key.missing")

    def read(self, value: Value, read: Callable[[str], T], default: D, label: str = "") -> T | D:
        """A scalar as `read` understands it; what it raises becomes a problem at the value's place."""
        prefix = f"{label}: " if label else ""
        if not isinstance(value.content, str):
            kind = "a list" if isinstance(value.content, list) else "keys"
            self.reject(value.place, f"{prefix}must be a single value, not {kind}", "", "value.single")
            return default
        if len(value.content) > MAX_SCALAR:
            text = f"{prefix}is longer than {MAX_SCALAR:,} characters"
            self.reject(value.place, text, "is a quote left open?", "value.long")
            return default
        try:
            return read(value.content)
        except Wrong as wrong:
            self.reject(value.place, f"{prefix}{wrong}", wrong.hint, wrong.code)
            return default

    def values(self, key: str, *, also: tuple[str, ...] = ()) -> list[Value]:
        """The key's list; a lone value counts as a list of one."""
        value = self.value(key, also=also)
        if value is None:
            return []
        return [item for item in value.content if not item.empty] if isinstance(value.content, list) else [value]

    def each(self, key: str, read: Callable[[str], T], *, also: tuple[str, ...] = ()) -> tuple[T, ...]:
        """The key's list, each scalar as its reader understands it; what is wrong is left out and told."""
        found: list[T] = []
        for value in self.values(key, also=also):
            self.read(value, lambda raw: found.append(read(raw)), None, key)
        return tuple(found)

    def table(self, key: str, name: str = "") -> Table | None:
        """The mapping under the key."""
        value = self.value(key)
        return None if value is None else self.within(value, name or key)

    def tables(self, key: str, name: str = "") -> list[Table]:
        """The mappings under the key, of which a lone one counts as a list."""
        found = [self.within(value, name or f"an entry of {key}") for value in self.values(key)]
        return [table for table in found if table is not None]

    def within(self, value: Value, name: str) -> Table | None:
        """A value as a table that reports to the same list; None and a problem when it is no mapping."""
        if isinstance(value.content, dict):
            return Table(value.place, value.content, self.problems, name)
        self.reject(value.place, f"{name} must be keys and values", "such as 'key: value'", "value.table")
        return None

    def reject(
        self, place: SourceLocation, text: str, hint: str = "", code: str = "value.unknown", severity: Severity = Severity.ERROR
    ) -> None:
        """Note a fault; raises InvalidInput when there are so many that nobody would read on."""
        self.problems.append(Problem(place, text, hint, code, severity))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidInput(self.problems)

    def warn(self, place: SourceLocation, text: str, hint: str = "", code: str = "value.unknown") -> None:
        """Note what is odd though it can be read."""
        self.reject(place, text, hint, code, Severity.WARNING)

    def close(self, foreign: Mapping[str, Foreign] | None = None) -> None:
        """Report the keys that nobody took, but for those that begin with `x-`.

        `foreign` tells, by lower-case name, of keys that other tools have and these files do not.
        """
        where = f" in {self.name}" if self.name else ""
        for key, value in self.entries.items():
            if key in self.known or key.startswith("x-"):
                continue
            if known := (foreign or {}).get(key.casefold()):
                self.reject(value.place, f"{key!r} {known.text}", known.hint, known.code)
            else:
                self.reject(value.place, f"unknown key {key!r}{where}", nearest(key, self.known), "key.unknown")


def nearest(word: str, known: set[str] | list[str] | tuple[str, ...]) -> str:
    """The mend for a word that is not known: the nearest that is, or all where they are few."""
    lower = {name.casefold(): name for name in sorted(known)}
    if near := difflib.get_close_matches(word.casefold()[:80], lower, n=1):
        return f"did you mean {lower[near[0]]!r}?"
    few = 24
    return f"known: {', '.join(sorted(known))}" if len(known) <= few else "remove it, or begin it with 'x-'"


def contents(path: Path, name: str, limit: int = MAX_BYTES) -> bytes:
    """A file's bytes; raises InvalidInput with `name` as its place when it is not there, no file, or too long."""
    try:
        if not path.is_file():
            text = "is not a file" if path.exists() else "is not there"
            raise InvalidInput([Problem(SourceLocation(name), text, "", "file.missing")])
        if path.stat().st_size > limit:
            text = f"is larger than {limit:,} bytes"
            raise InvalidInput([Problem(SourceLocation(name), text, "is it the right file?", "file.long")])
        return path.read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        problem = Problem(SourceLocation(name), f"cannot be read: {said}", "look at its name and its permissions", "file.read")
        raise InvalidInput([problem]) from None


def decode(data: bytes, path: str, limit: int = MAX_BYTES) -> str:
    """The text of a file, without a byte-order mark and with line feeds only.

    Raises InvalidInput for what is not UTF-8, is too long, or holds a NUL.
    """
    if len(data) > limit:
        text = f"is larger than {limit:,} bytes"
        raise InvalidInput([Problem(SourceLocation(path), text, "is it the right file?", "file.long")])
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        kind = "UTF-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else f"not UTF-8: byte 0x{data[error.start]:02x}"
        text = f"is text in another encoding, {kind}"
        raise InvalidInput(
            [Problem(SourceLocation(path, line, column), text, "save the file as UTF-8", "file.encoding")]
        ) from None
    return source.replace("\r\n", "\n").replace("\r", "\n")


def yaml_table(source: str, path: str, first_line: int = 1, most: int = MAX_VALUES) -> Table:
    """The mapping that a YAML text holds; raises InvalidInput with the place of what cannot be read.

    `first_line` is the line of the file that the text begins on. Duplicate keys and comments that
    look like text are in the table's `problems`, since reading can go on.
    """
    root, problems = compose(source, path, first_line, most)
    if not isinstance(root.content, dict):
        if root.empty:
            return Table(root.place, {}, problems)
        raise InvalidInput([Problem(root.place, "must be keys and values", "such as 'title: My show'", "yaml.mapping")])
    return Table(root.place, root.content, problems)


def front_matter(source: str, path: str) -> tuple[Table, str, int]:
    """The mapping between the `---` lines, the Markdown below it, and the line that the Markdown begins on."""
    lines = source.split("\n")
    if lines[0].rstrip() != "---":
        hint = "write a line '---', then 'title: ...', then a line '---', above the notes"
        if lines[0].rstrip() == "+++":
            hint = "this is TOML front matter; write YAML between '---' lines instead"
        raise InvalidInput([Problem(SourceLocation(path, 1), "does not begin with front matter", hint, "front.missing")])
    closing = next((at for at, line in enumerate(lines) if at and line.rstrip() == "---"), None)
    if closing is None:
        hint = "write a line '---' between the front matter and the notes"
        raise InvalidInput([Problem(SourceLocation(path, 1), "front matter has no closing '---'", hint, "front.open")])
    table = yaml_table("\n".join(lines[1:closing]) + "\n", path, first_line=2)
    return replace(table, place=SourceLocation(path, 1)), "\n".join(lines[closing + 1 :]), closing + 2
