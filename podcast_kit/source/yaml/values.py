"""YAML parsed into Values that know their location: no tags, no aliases, no deep nesting, no type guessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.source.yaml import errors

if TYPE_CHECKING:
    import yaml

_LINE_BREAKS = dict.fromkeys((0x85, 0x2028, 0x2029), " ")
"""Line breaks to YAML but not to editors: they would shift the line numbers that people see."""
MAX_YAML_DEPTH = 16
"""podcast.yaml needs five; without a limit a line of brackets exhausts the stack."""
MAX_VALUES = 20_000
"""Keys and values in a file; a show that uses every key has a few hundred."""
MAX_PROBLEMS = 200
"""Problems reported in one file; reading stops there."""


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, sequence or mapping, and where it was written: the location of its key, or of the list item."""

    location: SourceLocation
    content: str | list[Value] | dict[str, Value]
    is_empty: bool = False
    """Nothing was written, not even quotes."""


def compose_yaml(source: str, path: str, first_line: int, max_values: int) -> tuple[Value, list[Problem]]:
    """The root value of a YAML text, and the problems that do not stop it from being read.

    Raises InvalidInput where the text cannot be read.
    """
    import yaml

    problems = list(errors.find_control_character(source, path, first_line))
    if problems:
        raise InvalidInput(problems)
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml is ten times as fast, but not always installed
    source = source.translate(_LINE_BREAKS)
    builder = _ValueBuilder(path, first_line, source, [], values_left=max_values)
    try:
        root = builder.build_document(yaml.parse(source, loader))
    except yaml.YAMLError as error:
        raise InvalidInput([*builder.problems, errors.describe_syntax_error(error, source, path, first_line)]) from None
    return root, builder.problems


class _Mark(Protocol):
    """A position as libyaml and PyYAML's own parser give it; both count from 0."""

    line: int
    column: int


@dataclass(slots=True)
class _ValueBuilder:
    """Builds Values from a parser's events: the parser does not recurse, and the depth is limited here."""

    path: str
    first_line: int
    source: str
    problems: list[Problem]
    lines: list[str] = field(default_factory=list)
    values_left: int = MAX_VALUES
    """How many more values may be read."""

    def build_document(self, events: Iterator[yaml.Event]) -> Value:
        import yaml

        root: Value | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                text, fix = "a second YAML document begins here", "remove the '---' line"
                raise InvalidInput([Problem(self.location_at(event.start_mark), text, fix, "yaml.documents")])
            if isinstance(event, yaml.NodeEvent):
                root = self.build_node(event, events, 0, None)
        return root or Value(SourceLocation(self.path, self.first_line), "", is_empty=True)

    def location_at(self, mark: _Mark | None) -> SourceLocation:
        if mark is None:
            return SourceLocation(self.path, self.first_line)
        return SourceLocation(self.path, mark.line + self.first_line, mark.column + 1)

    def build_node(
        self, event: yaml.Event, events: Iterator[yaml.Event], depth: int, key_location: SourceLocation | None
    ) -> Value:
        import yaml

        location = self.location_at(event.start_mark)
        self.values_left -= 1
        if not self.values_left:
            text = "has more keys and values than such a file ever needs"
            raise InvalidInput([*self.problems, Problem(location, text, "is it the right file?", "file.long")])
        if isinstance(event, yaml.NodeEvent) and (problem := errors.forbidden_feature(event, location)):
            raise InvalidInput([*self.problems, problem])
        if isinstance(event, yaml.ScalarEvent):
            self.problems += errors.find_escaped_control(event.value, key_location or location)
            is_bare = event.style is None or event.style == ""
            if is_bare:
                self.check_comment(event)
            return Value(key_location or location, event.value, is_empty=is_bare and not event.value)
        if depth >= MAX_YAML_DEPTH:
            text = f"nested more than {MAX_YAML_DEPTH} levels deep"
            raise InvalidInput([Problem(location, text, "is a bracket left open?", "yaml.deep")])
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Value] = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self.build_node(event, events, depth + 1, None))
            return Value(key_location or location, items)
        return Value(key_location or location, self.build_mapping(events, depth))

    def build_mapping(self, events: Iterator[yaml.Event], depth: int) -> dict[str, Value]:
        import yaml

        entries: dict[str, Value] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            location = self.location_at(event.start_mark)
            key = self.build_node(event, events, depth + 1, None)
            value = self.build_node(next(events), events, depth + 1, location)
            if not isinstance(key.content, str):
                text, fix = "a key must be a word, not a list or a mapping", "put the text in quotes"
                self.problems.append(Problem(location, text, fix, "yaml.syntax"))
            elif key.content in entries:
                first_line = entries[key.content].location.line
                text = f"duplicate key {key.content!r} (also on line {first_line})"
                self.problems.append(Problem(location, text, "remove one of the two", "key.twice"))
            else:
                entries[key.content] = value
            if len(self.problems) >= MAX_PROBLEMS:
                raise InvalidInput(self.problems)
        return entries

    def check_comment(self, event: yaml.ScalarEvent) -> None:
        """Warn of `title: Questions #12`, where YAML silently drops the number."""
        if not self.lines:
            self.lines = self.source.split("\n")
        mark = event.end_mark
        if mark is None:
            return
        dropped = self.lines[mark.line][mark.column :].strip() if mark.line < len(self.lines) else ""
        if event.value and dropped.startswith("#") and dropped[1:2].isalnum():
            text = f"{dropped!r} is dropped: ' #' begins a comment"
            fix = "put the whole value in quotes, or add a space after the '#'"
            self.problems.append(Problem(self.location_at(mark), text, fix, "yaml.comment", Severity.WARNING))
