"""YAML as Values that know their places: no tags, no aliases, no deep nesting, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from podcast_kit.errors import InvalidInput, SourceLocation, Problem, Severity
from podcast_kit.source.yaml import errors

if TYPE_CHECKING:
    import yaml

_BREAKS = dict.fromkeys((0x85, 0x2028, 0x2029), " ")
"""Line breaks to YAML and to no editor: lines would be counted otherwise than people see them."""
MAX_DEPTH = 16
"""podcast.yaml needs five; without a bound a line of brackets exhausts the stack."""


MAX_VALUES = 20_000
"""Keys and values in a file; a show with everything has a few hundred."""
MAX_PROBLEMS = 200
"""Told of one file: whoever has more reads no further."""


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, sequence or mapping, and the place it was written: of its key, or of the item in a list."""

    place: SourceLocation
    content: str | list[Value] | dict[str, Value]
    empty: bool = False
    """Nothing was written at all, not even quotes."""


def compose(source: str, path: str, first_line: int, most: int) -> tuple[Value, list[Problem]]:
    """The root of a YAML text, and what is wrong with it though it can be read; raises InvalidInput where it cannot."""
    import yaml

    problems = list(errors.control_characters(source, path, first_line))
    if problems:
        raise InvalidInput(problems)
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml is ten times as fast, and not everywhere
    source = source.translate(_BREAKS)
    builder = _Builder(path, first_line, source, [], left=most)
    try:
        root = builder.document(yaml.parse(source, loader))
    except yaml.YAMLError as error:
        raise InvalidInput([*builder.problems, errors.syntax(error, source, path, first_line)]) from None
    return root, builder.problems


class _Mark(Protocol):
    """Where libyaml or PyYAML's own parser stands; both count from 0."""

    line: int
    column: int


@dataclass(slots=True)
class _Builder:
    """Makes Values of a parser's events: no recursion in the parser, and our own bound on depth."""

    path: str
    first_line: int
    source: str
    problems: list[Problem]
    lines: list[str] = field(default_factory=list)
    left: int = MAX_VALUES
    """How many more values are read."""

    def document(self, events: Iterator[yaml.Event]) -> Value:
        import yaml

        root: Value | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                text, hint = "a second YAML document begins here", "remove the '---' line"
                raise InvalidInput([Problem(self.place(event.start_mark), text, hint, "yaml.documents")])
            if isinstance(event, yaml.NodeEvent):
                root = self.node(event, events, 0, None)
        return root or Value(SourceLocation(self.path, self.first_line), "", empty=True)

    def place(self, mark: _Mark | None) -> SourceLocation:
        if mark is None:
            return SourceLocation(self.path, self.first_line)
        return SourceLocation(self.path, mark.line + self.first_line, mark.column + 1)

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int, at: SourceLocation | None) -> Value:
        import yaml

        here = self.place(event.start_mark)
        self.left -= 1
        if not self.left:
            text = "holds more keys and values than such a file ever needs"
            raise InvalidInput([*self.problems, Problem(here, text, "is it the right file?", "file.long")])
        if isinstance(event, yaml.NodeEvent) and (problem := errors.forbidden(event, here)):
            raise InvalidInput([*self.problems, problem])
        if isinstance(event, yaml.ScalarEvent):
            self.problems += errors.escaped_controls(event.value, at or here)
            bare = event.style is None or event.style == ""
            if bare:
                self.comment(event)
            return Value(at or here, event.value, empty=bare and not event.value)
        if depth >= MAX_DEPTH:
            text = f"nested more than {MAX_DEPTH} deep"
            raise InvalidInput([Problem(here, text, "is a bracket left open?", "yaml.deep")])
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Value] = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self.node(event, events, depth + 1, None))
            return Value(at or here, items)
        return Value(at or here, self.mapping(events, depth))

    def mapping(self, events: Iterator[yaml.Event], depth: int) -> dict[str, Value]:
        import yaml

        entries: dict[str, Value] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            where = self.place(event.start_mark)
            key = self.node(event, events, depth + 1, None)
            value = self.node(next(events), events, depth + 1, where)
            if not isinstance(key.content, str):
                text, hint = "a key must be a word, not a list or keys", "put the text in quotes"
                self.problems.append(Problem(where, text, hint, "yaml.syntax"))
            elif key.content in entries:
                text = f"{key.content!r} is written twice"
                hint = f"keep this one or that of line {entries[key.content].place.line}"
                self.problems.append(Problem(where, text, hint, "key.twice"))
            else:
                entries[key.content] = value
            if len(self.problems) >= MAX_PROBLEMS:
                raise InvalidInput(self.problems)
        return entries

    def comment(self, event: yaml.ScalarEvent) -> None:
        """Tell of `title: Questions #12`, where YAML drops the number in silence."""
        if not self.lines:
            self.lines = self.source.split("\n")
        mark = event.end_mark
        if mark is None:
            return
        rest = self.lines[mark.line][mark.column :] if mark.line < len(self.lines) else ""
        dropped = rest.strip()
        if event.value and dropped.startswith("#") and dropped[1:2].isalnum():
            text = f"{dropped!r} is dropped: ' #' begins a comment"
            hint = "put the whole value in quotes, or a blank after the '#'"
            self.problems.append(Problem(self.place(mark), text, hint, "yaml.comment", Severity.WARNING))
