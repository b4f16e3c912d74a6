"""What is said when YAML itself cannot be read: the place, the cause in words, the likely mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from podcast_kit.errors import SourceLocation, Problem

if TYPE_CHECKING:
    import yaml

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_QUOTED = re.compile(r""":[ \t]+("[^"]*"|'[^']*')[ \t]*$""")
_QUOTES = "put the value in quotes"
_CAUSES: tuple[tuple[str, str, str], ...] = (
    # what the parser says (PyYAML's or libyaml's words), what it means, what mends it
    ("mapping values are not allowed", "a second ': ' in an unquoted value", _QUOTES),
    ("cannot start any token", "a value cannot begin with this character", _QUOTES),
    ("found a tab", "a tab in the indentation", "indent with blanks"),
    ("tab character", "a tab in the indentation", "indent with blanks"),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("quoted scalar", "a quote is opened and never closed", "close the quote"),
    ("unknown escape", "a backslash in double quotes means something to YAML", "use single quotes"),
    ("escape", "a backslash in double quotes means something to YAML", "use single quotes"),
    ("could not find expected ':'", "a line without ': ' between key and value", "write 'key: value'"),
    ("did not find expected ',' or", "a bracket is not closed, or a comma is missing", "close the bracket"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing", "close the bracket"),
    ("did not find expected '-'", "a list item is missing its '-'", "begin each item with '- '"),
    ("did not find expected key", "the indentation or a quote does not fit here", "indent as the lines above; quote"),
    ("expected <block end>", "the indentation or a quote does not fit here", "indent as the lines above; quote"),
    ("block sequence entries are not allowed", "a '-' where a value was begun", "put the list on its own lines"),
    ("alias", "'*' begins an alias", _QUOTES),
    ("anchor", "'&' begins an anchor", _QUOTES),
    ("tag", "'!' begins a tag", _QUOTES),
    ("directive", "'%' cannot begin a line here", _QUOTES),
    ("document start", "text after the end of the YAML", "remove it, or indent it under its key"),
)


def syntax(error: yaml.YAMLError, source: str, path: str, first_line: int) -> Problem:
    """A YAML error as a problem: where it was noticed, in words, with the likely mend."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    begun = getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
    context = str(getattr(error, "context", None) or "")
    if begun and mark and begun.line < mark.line and ("quoted scalar" in context or "flow" in context):
        mark = begun  # what was opened and not closed is on that line, not where the text ran out
    place = SourceLocation(path, mark.line + first_line, mark.column + 1) if mark else SourceLocation(path, first_line)
    lines = source.split("\n")
    here = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        return Problem(place, "a tab in the indentation", "indent with blanks", "yaml.syntax")
    if mark and (known := _neighbour(said, lines, mark.line, mark.column)):
        cause, mend, above = known
        place = SourceLocation(path, place.line - above, 1 if above else place.column)
        return Problem(place, cause, mend, "yaml.syntax")
    for sign, cause, mend in _CAUSES:
        if sign in said or sign in context:
            return Problem(place, cause, mend, "yaml.syntax")
    return Problem(place, said, _QUOTES, "yaml.syntax")


def _neighbour(said: str, lines: list[str], line: int, column: int) -> tuple[str, str, int] | None:
    """What only the lines around tell: cause, mend, and how many lines above the fault is."""
    here = lines[line] if line < len(lines) else ""
    before = here[:column]
    if "mapping values are not allowed" in said and 0 < line <= len(lines) and ":" not in before.rstrip(": "):
        above = lines[line - 1]
        if above.strip() and ":" not in above:
            return "a line without ': ' between key and value", "write 'key: value'", 1
    if _QUOTED.search(before) and here[column:].strip():
        return "text after the closing quote", "put all of the value in quotes; double those inside it", 0
    return None


def forbidden(event: yaml.NodeEvent, place: SourceLocation) -> Problem | None:
    """The problem with an alias, an anchor or a tag; None for what is plain."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        return Problem(place, f"'*{event.anchor}' is an alias, which these files do not use", _QUOTES, "yaml.alias")
    if event.anchor:
        return Problem(place, f"'&{event.anchor}' is an anchor, which these files do not use", _QUOTES, "yaml.alias")
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
        return Problem(place, f"'{event.tag}' is a tag, which these files do not use", _QUOTES, "yaml.tag")
    return None


def escaped_controls(text: str, place: SourceLocation) -> Iterator[Problem]:
    """The first control character that a value got by an escape such as "\\0"; XML could not carry it."""
    if found := CONTROL.search(text):
        said = f"control character U+{ord(found[0]):04X}"
        yield Problem(place, said, "delete the escape, or use single quotes", "file.control")


def control_characters(source: str, path: str, first_line: int) -> Iterator[Problem]:
    """The first character that has no place in text."""
    if found := CONTROL.search(source):
        before = source[: found.start()]
        line, column = before.count("\n") + first_line, len(before) - (before.rfind("\n") + 1) + 1
        text = f"control character U+{ord(found[0]):04X}"
        yield Problem(SourceLocation(path, line, column), text, "delete it; it is invisible in most editors", "file.control")
