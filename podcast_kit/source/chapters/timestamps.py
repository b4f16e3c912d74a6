"""Chapters from timestamps in the notes: lines such as `00:12:34 Title`."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import pairwise

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model import Chapter
from podcast_kit.text.timecode import format_timecode, format_timecode_like, timecode_to_ms

MIN_CHAPTER_TIMESTAMPS = 2
"""Lines that make chapters; Apple and Spotify need three in a feed's notes."""
MAX_LINE_LEN = 1_000
TIMECODE_GROUPS = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)(?:[.,](?P<fraction>\d{1,3}))?"
_TIMESTAMP_LINE = re.compile(
    r"^[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?(?P<timecode>(?P<open>[(\[])?" + TIMECODE_GROUPS + r"(?(open)[)\]]))"
    r"(?![\d:.,]*\d)[ \t]*(?:(?:[-–—:|]+|->)[ \t]+)?(?P<title>\S.*)$",
    re.ASCII,
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?[^()]*\)")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPED = re.compile("[\ue021-\ue07e]")
"""Escaped characters, moved to the private use area so that they are not read as Markdown."""
_PRIVATE_USE = 0xE000
_EMPHASIS = re.compile(r"(\*\*|__|\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|`|~~)")


@dataclass(frozen=True, slots=True)
class TimestampLine:
    """A line of the notes that begins with a timestamp."""

    line: int
    """Counts from 0, the first line of the notes."""
    start_ms: int
    timecode: str
    """As written, with its brackets."""
    title: str
    """As written, in Markdown."""


def parse_timestamp_line(line: str, number: int = 0) -> TimestampLine | None:
    """A line that begins with a timestamp and has a title; None for any other."""
    match = _TIMESTAMP_LINE.match(line) if len(line) <= MAX_LINE_LEN else None
    if not match:
        return None
    start_ms = timecode_to_ms(match["hours"], match["minutes"], match["seconds"], match["fraction"])
    return TimestampLine(number, start_ms, match["timecode"], match["title"].strip())


def timestamp_lines(markdown: str) -> list[TimestampLine]:
    """Every line that begins with a timestamp and has a title, except in fenced code."""
    lines: list[TimestampLine] = []
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if opened := _FENCE.match(line):
            if not fence:
                fence = opened[1]
            elif line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif not fence and (timestamp := parse_timestamp_line(line, number)):
            lines.append(timestamp)
    return lines


def find_chapter_list(markdown: str, duration_ms: int | None = None) -> tuple[list[TimestampLine], str]:
    """The timestamps that form chapters, or an empty list and the reason why there are none.

    Chapters are at least two timestamps on consecutive lines (blank lines aside), in ascending order, that begin at 0
    and are inside the episode. So "10:30 Meeting with Ann" alone makes no chapter. The reason is empty where there are
    no timestamps, or none that look like chapters.
    """
    timestamps = timestamp_lines(markdown)
    if not timestamps:
        return [], ""
    groups = _group_adjacent(timestamps, markdown.split("\n"))
    reasons = [_rejection_reason(group, duration_ms) for group in groups]
    for group, reason in zip(groups, reasons, strict=True):
        if not reason:
            return group, ""
    longest = max(range(len(groups)), key=lambda index: len(groups[index]))
    return [], reasons[longest] if len(groups[longest]) >= MIN_CHAPTER_TIMESTAMPS else ""


def _group_adjacent(timestamps: list[TimestampLine], lines: list[str]) -> list[list[TimestampLine]]:
    groups = [[timestamps[0]]]
    for before, timestamp in pairwise(timestamps):
        between = lines[before.line + 1 : timestamp.line]
        if any(line.strip() for line in between):
            groups.append([])
        groups[-1].append(timestamp)
    return groups


def _rejection_reason(group: list[TimestampLine], duration_ms: int | None) -> str:
    if len(group) < MIN_CHAPTER_TIMESTAMPS:
        return "there is only one"
    if group[0].start_ms:
        return f"the first is {group[0].timecode}, not 0:00"
    for before, timestamp in pairwise(group):
        if timestamp.start_ms <= before.start_ms:
            return f"{timestamp.timecode} is not after {before.timecode}"
    if duration_ms and group[-1].start_ms >= duration_ms:
        length = format_timecode(duration_ms, fraction=False)
        return f"{group[-1].timecode} is after the end of the episode ({length})"
    return ""


def chapters_from_notes(
    markdown: str, *, path: str = "", first_line: int = 1, duration_ms: int | None = None
) -> tuple[tuple[Chapter, ...], tuple[Problem, ...]]:
    """The chapters that timestamps in the notes form, or a warning that says why they form none.

    A title that is a Markdown link gives the chapter its URL.
    """
    group, reason = find_chapter_list(markdown, duration_ms)
    if group:
        return tuple(_timestamp_chapter(timestamp) for timestamp in group), ()
    if not reason:
        return (), ()
    line = timestamp_lines(markdown)[0].line + first_line
    text = f"the timestamps in the notes are not used as chapters: {reason}"
    fix = "begin at 0:00, in ascending order, one per line; or set 'chapters: none'"
    return (), (Problem(SourceLocation(path, line), text, fix, "cp.notes", Severity.WARNING),)


def _timestamp_chapter(timestamp: TimestampLine) -> Chapter:
    title, url = plain_chapter_title(timestamp.title)
    return Chapter(start_ms=timestamp.start_ms, title=title, url=url)


def shift_timestamps(markdown: str, by_ms: int) -> str:
    """The notes with the timestamps of chapters moved later; one at 0 stays at 0.

    Each keeps its format; without decimals it is cut to whole seconds.
    """
    group = find_chapter_list(markdown)[0] if by_ms else []
    lines = markdown.split("\n")
    for timestamp in group:
        start_ms = max(0, timestamp.start_ms + by_ms) if timestamp.start_ms else 0
        new_timecode = _format_timecode_part(timestamp.timecode, start_ms)
        lines[timestamp.line] = lines[timestamp.line].replace(timestamp.timecode, new_timecode, 1)
    return "\n".join(lines)


def _format_timecode_part(timecode: str, start_ms: int) -> str:
    """The text with another time in the same format, its brackets kept."""
    match = re.search(TIMECODE_GROUPS, timecode, re.ASCII)
    assert match is not None  # noqa: S101  # a timestamp line has one
    return timecode[: match.start()] + format_timecode_like(match[0], start_ms) + timecode[match.end() :]


def plain_chapter_title(markdown: str) -> tuple[str, str]:
    """A title without Markdown, and the first URL that it links to (or an empty string)."""
    url = ""
    markdown = _ESCAPE.sub(lambda match: chr(_PRIVATE_USE + ord(match[1])), markdown)
    if link := _LINK.search(markdown) or _AUTOLINK.search(markdown):
        target = link[2] if link.re is _LINK else link[1]
        url = target if target.startswith(("https://", "http://")) else ""
    title = _AUTOLINK.sub("", _LINK.sub(r"\1", markdown))
    title = " ".join(html.unescape(_EMPHASIS.sub("", title)).split())
    return _ESCAPED.sub(lambda match: chr(ord(match[0]) - _PRIVATE_USE), title), url
