"""The list of chapters that timestamps in the notes form, and what to say of those that are not in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model import Chapter
from podcast_kit.source.chapters.timestamps import TIMECODE_GROUPS, TimestampLine, is_blank_line, parse_timestamps
from podcast_kit.text.timecode import format_timecode, format_timecode_like

MIN_CHAPTER_TIMESTAMPS = 2
"""Lines that make chapters; Apple and Spotify need three in a feed's notes."""
MIN_WEAK_TIMESTAMPS = 3
"""Lines that make chapters where the time ends a line without any sign before it."""
MAX_LIST_STARTS = 100
"""Times at 0 that are tried as the beginning of the list."""
MAX_GAP_MS = 1000
"""Between the end of a range and the next start: `0:00 - 0:14`, `0:15 - 0:39` is meant without gaps."""
_CLOCK_TIME = re.compile(r"(?:AM|PM|am|pm|[ap]\.m\.|[Uu]hr)\b")


@dataclass(frozen=True, slots=True)
class SkippedTimestamp:
    """A timestamp, or a list of them, that makes no chapter, and why."""

    line: int
    """Counts from 0, the first line of the notes."""
    text: str
    fix: str
    code: str = "cp.notes"
    severity: Severity = Severity.WARNING


def find_chapter_list(
    markdown: str, duration_ms: int | None = None
) -> tuple[list[TimestampLine], list[SkippedTimestamp]]:
    """The timestamps that form chapters, and those that do not, each with the reason.

    Chapters are at least two timestamps, the first at 0, in ascending order: on consecutive lines (blank lines aside),
    or written in the same way with text between. So "10:30 Meeting with Ann" alone makes no chapter. One that is out of
    order or after the end of the episode is left out. Where a list of times forms no chapters, the reason is at its
    first line; a single time in other text has none.
    """
    timestamps = parse_timestamps(markdown)
    if not timestamps:
        return [], []
    lines = markdown.split("\n")
    clear = [timestamp for timestamp in timestamps if not timestamp.is_weak]
    groups = _group_adjacent(clear, lines)
    entries = _find_entries(groups)
    if not entries:
        weak_groups = [group for group in _group_adjacent(timestamps, lines) if len(group) >= MIN_WEAK_TIMESTAMPS]
        is_sure = [not _first_unordered(group) and group[0].start_ms == 0 for group in weak_groups]
        entries = next((group for group, sure in zip(weak_groups, is_sure, strict=True) if sure), [])
        clear = entries or clear
    if not entries:
        return [], _reject_groups(groups)
    ascending = _longest_ascending(entries)
    fitting = [timestamp for timestamp in ascending if not duration_ms or timestamp.start_ms < duration_ms]
    is_list = len(fitting) >= MIN_CHAPTER_TIMESTAMPS
    skipped = chain(
        () if is_list else _skip_single(fitting),
        _skip_unordered(entries, ascending),
        _skip_late(ascending, duration_ms or 0),
        _skip_elsewhere(clear, entries),
        _reversed_ranges(ascending),
    )
    return fitting if is_list else [], sorted(skipped, key=lambda skip: skip.line)


def _group_adjacent(timestamps: Sequence[TimestampLine], lines: Sequence[str]) -> list[list[TimestampLine]]:
    groups = [list(timestamps[:1])] if timestamps else []
    for before, timestamp in pairwise(timestamps):
        if not all(is_blank_line(line) for line in lines[before.last_line + 1 : timestamp.first_line]):
            groups.append([])
        groups[-1].append(timestamp)
    return groups


def _find_entries(groups: list[list[TimestampLine]]) -> list[TimestampLine]:
    """The first group from its time 0 on, and those further down that go on in the same style; else an empty list."""
    begins = [
        (number, index)
        for number, group in enumerate(groups)
        if (index := next((index for index, timestamp in enumerate(group) if timestamp.start_ms == 0), None))
        is not None
    ]
    for number, index in begins[:MAX_LIST_STARTS]:
        entries = groups[number][index:]
        styles = {timestamp.style for timestamp in entries}
        last_ms = _longest_ascending(entries)[-1].start_ms
        for later_group in groups[number + 1 :]:
            if later_group[0].style in styles and later_group[0].start_ms > last_ms:
                entries.extend(later_group)
                last_ms = _longest_ascending(later_group)[-1].start_ms
        if len(_longest_ascending(entries)) >= MIN_CHAPTER_TIMESTAMPS:
            return entries
    return []


def _longest_ascending(entries: Sequence[TimestampLine]) -> list[TimestampLine]:
    """The first entry, and as many others as ascend: one wrong time costs one entry and not the whole list."""
    later = [entry for entry in entries[1:] if entry.start_ms > entries[0].start_ms]
    tails: list[int] = []  # of the longest runs from the end of the list up, the negated start of the first entry
    tail_indexes: list[int] = []
    following = [-1] * len(later)
    for index in reversed(range(len(later))):
        position = bisect_left(tails, -later[index].start_ms)
        following[index] = tail_indexes[position - 1] if position else -1
        tails[position : position + 1] = [-later[index].start_ms]
        tail_indexes[position : position + 1] = [index]
    chosen = [entries[0]]
    index = tail_indexes[-1] if tail_indexes else -1
    while index >= 0:
        chosen.append(later[index])
        index = following[index]
    return chosen


def _first_unordered(group: Sequence[TimestampLine]) -> str:
    """The first time that is not after the one before it, in words; empty if all ascend."""
    for before, timestamp in pairwise(group):
        if timestamp.start_ms <= before.start_ms:
            return f"{timestamp.timecode} is not after {before.timecode}"
    return ""


def _reject_groups(groups: list[list[TimestampLine]]) -> list[SkippedTimestamp]:
    """Why the longest list of times forms no chapters; nothing where no list looks like chapters."""
    longest = max(groups, key=len, default=[])
    times = [timestamp for group in groups for timestamp in group if timestamp.style == longest[0].style]
    if len(longest) < MIN_CHAPTER_TIMESTAMPS:
        longest = times if len(times) > MIN_CHAPTER_TIMESTAMPS and not _first_unordered(times) else []
    unordered = _first_unordered(longest)
    if not longest or all(_CLOCK_TIME.match(timestamp.title) for timestamp in longest):
        return []
    is_doubtful = longest[0].is_title_first or not any(timestamp.start_ms == 0 for timestamp in longest)
    if longest[0].is_title_first and unordered:
        return []  # the lengths of songs
    reason = f"the first is {longest[0].timecode}, not 0:00" if longest[0].start_ms else unordered
    text = f"the timestamps in the notes are not used as chapters: {reason}"
    fix = "begin at 0:00, in ascending order, one per line; or set 'chapters: none'"
    severity = Severity.HINT if is_doubtful else Severity.WARNING
    return [SkippedTimestamp(longest[0].first_line, text, fix, severity=severity)]


def _skip_unordered(entries: Sequence[TimestampLine], ascending: Sequence[TimestampLine]) -> Iterator[SkippedTimestamp]:
    kept_lines = [timestamp.line for timestamp in ascending]
    last, kept_count = entries[0], 0
    for timestamp in entries:
        if kept_count < len(kept_lines) and timestamp.line == kept_lines[kept_count]:
            last, kept_count = timestamp, kept_count + 1
            continue
        following = ascending[kept_count] if kept_count < len(ascending) else last
        relation = f"after {last.timecode}" if timestamp.start_ms <= last.start_ms else f"before {following.timecode}"
        text = f"{timestamp.timecode} is not used as a chapter: it is not {relation}"
        yield SkippedTimestamp(timestamp.line, text, "correct its time or move the line")


def _skip_late(ascending: Sequence[TimestampLine], duration_ms: int) -> Iterator[SkippedTimestamp]:
    for timestamp in ascending:
        if duration_ms and timestamp.start_ms >= duration_ms:
            length = format_timecode(duration_ms, fraction=False)
            text = f"{timestamp.timecode} is not used as a chapter: it is after the end of the recording ({length})"
            yield SkippedTimestamp(timestamp.line, text, "correct its time or remove the line", "cp.start")


def _skip_single(fitting: Sequence[TimestampLine]) -> Iterator[SkippedTimestamp]:
    for timestamp in fitting:
        text = f"{timestamp.timecode} is not used as a chapter: it is the only one before the end of the recording"
        yield SkippedTimestamp(timestamp.line, text, "correct the times of the others, or remove the line")


def _skip_elsewhere(
    timestamps: Sequence[TimestampLine], entries: Sequence[TimestampLine]
) -> Iterator[SkippedTimestamp]:
    """Other lines of the notes with times."""
    entry_lines = {timestamp.line for timestamp in entries}
    for timestamp in timestamps:
        if timestamp.line not in entry_lines:
            text = f"{timestamp.timecode} is not used as a chapter: it is apart from the list that begins at 0:00"
            fix = "move the line into the list if it is a chapter"
            yield SkippedTimestamp(timestamp.line, text, fix, severity=Severity.HINT)


def _reversed_ranges(timestamps: Sequence[TimestampLine]) -> Iterator[SkippedTimestamp]:
    for timestamp in timestamps:
        if timestamp.end_ms is not None and timestamp.end_ms <= timestamp.start_ms:
            text = f"the end {timestamp.end_timecode} is not after {timestamp.timecode} and is not used"
            yield SkippedTimestamp(timestamp.line, text, "correct the range")


def chapters_from_notes(
    markdown: str, *, path: str = "", first_line: int = 1, duration_ms: int | None = None
) -> tuple[tuple[Chapter, ...], tuple[Problem, ...]]:
    """The chapters that timestamps in the notes form, and a problem for each one that is left out, at its line.

    A title that is a Markdown link gives the chapter its URL.
    """
    timestamps, skipped = find_chapter_list(markdown, duration_ms)
    chapters = tuple(timestamp.to_chapter() for timestamp in timestamps)
    problems = tuple(
        Problem(SourceLocation(path, skip.line + first_line), skip.text, skip.fix, skip.code, skip.severity)
        for skip in skipped
    )
    return tuple(without_overlaps(chapters, duration_ms)), problems


def without_overlaps(chapters: Sequence[Chapter], duration_ms: int | None) -> Iterator[Chapter]:
    """The chapters, where an end is kept only if it leaves a gap before the next one, or before the end."""
    limits = [chapter.start_ms for chapter in chapters[1:]] + [duration_ms]
    for chapter, limit in zip(chapters, limits, strict=True) if chapters else ():
        end_ms = chapter.end_ms
        leaves_gap = limit is not None and end_ms is not None and chapter.start_ms < end_ms < limit - MAX_GAP_MS
        yield chapter if leaves_gap or end_ms is None else replace(chapter, end_ms=None)


def shift_timestamps(markdown: str, by_ms: int, duration_ms: int | None = None) -> str:
    """The notes with the timestamps of chapters moved later; one at 0 stays at 0.

    Each keeps its format; without decimals it is cut to whole seconds.
    """
    timestamps = find_chapter_list(markdown, duration_ms)[0] if by_ms else []
    lines = markdown.split("\n")
    for timestamp in timestamps:
        start_ms = max(0, timestamp.start_ms + by_ms) if timestamp.start_ms else 0
        line, position = lines[timestamp.line], 0
        times = [(timestamp.timecode, start_ms)]
        if timestamp.end_ms is not None:
            times.append((timestamp.end_timecode, max(0, timestamp.end_ms + by_ms)))
        for timecode, time_ms in times:
            position = line.rfind(timecode) if timestamp.is_title_first else line.find(timecode, position)
            moved = _format_timecode_part(timecode, time_ms)
            line = line[:position] + moved + line[position + len(timecode) :]
            position += len(moved)
        lines[timestamp.line] = line
    return "\n".join(lines)


def _format_timecode_part(timecode: str, start_ms: int) -> str:
    """The text with another time in the same format, its brackets kept."""
    match = re.search(TIMECODE_GROUPS, timecode, re.ASCII)
    assert match is not None  # noqa: S101  # a timestamp line has one
    return timecode[: match.start()] + format_timecode_like(match[0], start_ms) + timecode[match.end() :]
