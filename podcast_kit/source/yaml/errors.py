"""Messages for YAML that cannot be read: where, the cause in plain words, and the likely fix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from podcast_kit.errors import Problem, SourceLocation

if TYPE_CHECKING:
    import yaml

CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_QUOTED = re.compile(r""":[ \t]+("[^"]*"|'[^']*')[ \t]*$""")
_QUOTE_FIX = "put the value in quotes"
_TAB = ("a tab in the indentation", "use spaces")
_COLON = ("': ' inside an unquoted value", _QUOTE_FIX)
_NO_COLON = ("a line without ': ' between key and value", "write 'key: value'")
_CAUSES: tuple[tuple[str, str, str], ...] = (
    # words of the parser (PyYAML or libyaml), the cause, the fix
    ("mapping values are not allowed", *_COLON),
    ("cannot start any token", "a value cannot begin with this character", _QUOTE_FIX),
    ("found a tab", *_TAB),
    ("tab character", *_TAB),
    ("unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    ("quoted scalar", "a quote is opened and never closed", "close the quote"),
    ("unknown escape", "a backslash in double quotes begins an escape sequence", "use single quotes"),
    ("escape", "a backslash in double quotes begins an escape sequence", "use single quotes"),
    ("could not find expected ':'", *_NO_COLON),
    ("did not find expected ',' or", "a bracket is not closed, or a comma is missing", "close the bracket"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing", "close the bracket"),
    ("did not find expected '-'", "a list item is missing its '-'", "begin each item with '- '"),
    (
        "did not find expected key",
        "wrong indentation or an unclosed quote",
        "indent like the lines above; close quotes",
    ),
    ("expected <block end>", "wrong indentation or an unclosed quote", "indent like the lines above; close quotes"),
    ("block sequence entries are not allowed", "a '-' after the beginning of a value", "put the list on its own lines"),
    ("alias", "'*' begins an alias", _QUOTE_FIX),
    ("anchor", "'&' begins an anchor", _QUOTE_FIX),
    ("tag", "'!' begins a tag", _QUOTE_FIX),
    ("directive", "a line cannot begin with '%' here", _QUOTE_FIX),
    ("document start", "text after the end of the YAML", "remove it, or indent it under its key"),
)


def describe_syntax_error(error: yaml.YAMLError, source: str, path: str, first_line: int) -> Problem:
    """A YAML error as a problem: where it was noticed, its cause and the likely fix."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context_mark = getattr(error, "context_mark", None)
    message = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML")
    context = str(getattr(error, "context", None) or "")
    if context_mark and mark and context_mark.line < mark.line and ("quoted scalar" in context or "flow" in context):
        mark = context_mark  # the quote or bracket was opened on that line, not where the text ended
    location = (
        SourceLocation(path, mark.line + first_line, mark.column + 1) if mark else SourceLocation(path, first_line)
    )
    lines = source.split("\n")
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(location, *_TAB, "yaml.syntax")
    if mark and (diagnosis := _diagnose_from_lines(message, lines, mark.line, mark.column)):
        cause, fix, lines_above = diagnosis
        location = SourceLocation(path, location.line - lines_above, 1 if lines_above else location.column)
        return Problem(location, cause, fix, "yaml.syntax")
    for words, cause, fix in _CAUSES:
        if words in message or words in context:
            return Problem(location, cause, fix, "yaml.syntax")
    return Problem(location, message, _QUOTE_FIX, "yaml.syntax")


def _diagnose_from_lines(message: str, lines: list[str], line_index: int, column: int) -> tuple[str, str, int] | None:
    """What only the surrounding lines show: cause, fix, and how many lines above the mistake is."""
    line = lines[line_index] if line_index < len(lines) else ""
    before = line[:column]
    if "mapping values are not allowed" in message and 0 < line_index <= len(lines) and ":" not in before.rstrip(": "):
        line_above = lines[line_index - 1]
        if line_above.strip() and ":" not in line_above:
            return (*_NO_COLON, 1)
    if _QUOTED.search(before) and line[column:].strip():
        return "text after the closing quote", "put the whole value in quotes; double the quotes inside it", 0
    return None


def forbidden_feature(event: yaml.NodeEvent, location: SourceLocation) -> Problem | None:
    """The problem with an alias, an anchor or a tag; None for a plain value."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        return Problem(location, f"'*{event.anchor}' is an alias; aliases are not supported", _QUOTE_FIX, "yaml.alias")
    if event.anchor:
        return Problem(location, f"'&{event.anchor}' is an anchor; anchors are not supported", _QUOTE_FIX, "yaml.alias")
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
        return Problem(location, f"'{event.tag}' is a tag; tags are not supported", _QUOTE_FIX, "yaml.tag")
    return None


def find_escaped_control(text: str, location: SourceLocation) -> Iterator[Problem]:
    """The first control character that an escape such as "\\0" put into a value; XML cannot hold it."""
    if match := CONTROL_CHARACTER.search(text):
        message = f"control character U+{ord(match[0]):04X}"
        yield Problem(location, message, "delete the escape, or use single quotes", "file.control")


def find_control_character(source: str, path: str, first_line: int) -> Iterator[Problem]:
    """The first control character of a text."""
    if match := CONTROL_CHARACTER.search(source):
        before = source[: match.start()]
        line, column = before.count("\n") + first_line, len(before) - (before.rfind("\n") + 1) + 1
        location = SourceLocation(path, line, column)
        text = f"control character U+{ord(match[0]):04X}"
        yield Problem(location, text, "delete it (most editors do not show it)", "file.control")
