"""Chapters as the podcaster writes them: timestamps in the notes, or a list in the front matter; a file: `files.py`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model import Chapter
from podcast_kit.source.paths import PICTURES, Folder
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value, Wrong
from podcast_kit.text.timecode import format_timecode, format_timecode_like, timecode_to_ms

FEWEST = 2
"""Lines that make chapters of timestamps; Apple and Spotify read three or more from a feed's notes."""
MAX_TITLE = 1_000
STAMP = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)(?:[.,](?P<fraction>\d{1,3}))?"
_LINE = re.compile(
    r"^[ \t>]*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?(?P<mark>(?P<open>[(\[])?" + STAMP + r"(?(open)[)\]]))"
    r"(?![\d:.,]*\d)[ \t]*(?:(?:[-–—:|]+|->)[ \t]+)?(?P<title>\S.*)$",
    re.ASCII,
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?[^()]*\)")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPED = re.compile("[\ue021-\ue07e]")
_EMPHASIS = re.compile(r"(\*\*|__|\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|`|~~)")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A line of the notes that begins with a timestamp."""

    line: int
    """From 0, the first line of the notes."""
    start_ms: int
    mark: str
    """As written, brackets included."""
    title: str
    """As written: Markdown."""


def stamps(markdown: str) -> list[Stamp]:
    """Every line that begins with a timestamp and has a title, outside of fenced code."""
    found: list[Stamp] = []
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if opened := _FENCE.match(line):
            if not fence:
                fence = opened[1]
            elif line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if fence or len(line) > MAX_TITLE or not (match := _LINE.match(line)):
            continue
        found.append(Stamp(number, milliseconds(match), match["mark"], match["title"].strip()))
    return found


def milliseconds(match: re.Match[str]) -> int:
    """Of a match of STAMP."""
    return timecode_to_ms(match["hours"], match["minutes"], match["seconds"], match["fraction"])


def run(markdown: str, duration_ms: int | None = None) -> tuple[list[Stamp], str]:
    """The timestamps that form chapters, or none and the reason in words; both empty where there are no timestamps.

    They must stand on at least two lines that follow one another, blank lines aside, in ascending order,
    begin at 0, and lie inside the episode. So "10:30 Meeting with Ann" alone makes no chapter.
    """
    found = stamps(markdown)
    if not found:
        return [], ""
    groups = _groups(found, markdown.split("\n"))
    reasons = [_fault(group, duration_ms) for group in groups]
    for group, reason in zip(groups, reasons, strict=True):
        if not reason:
            return group, ""
    longest = max(range(len(groups)), key=lambda at: len(groups[at]))
    return [], reasons[longest] if len(groups[longest]) >= FEWEST else ""


def _groups(found: list[Stamp], lines: list[str]) -> list[list[Stamp]]:
    groups = [[found[0]]]
    for before, stamp in pairwise(found):
        between = lines[before.line + 1 : stamp.line]
        if any(line.strip() for line in between):
            groups.append([])
        groups[-1].append(stamp)
    return groups


def _fault(group: list[Stamp], duration_ms: int | None) -> str:
    if len(group) < FEWEST:
        return "a single timestamp"
    if group[0].start_ms:
        return f"the first timestamp is {group[0].mark}, not 0:00"
    for before, stamp in pairwise(group):
        if stamp.start_ms <= before.start_ms:
            return f"{stamp.mark} does not come after {before.mark}"
    if duration_ms and group[-1].start_ms >= duration_ms:
        return f"{group[-1].mark} is not inside the episode, which is {format_timecode(duration_ms, fraction=False)} long"
    return ""


@lru_cache(maxsize=8)  # a build asks twice for each episode: for the tags of its recording, and for its page
def from_notes(
    markdown: str, *, path: str = "", first_line: int = 1, duration_ms: int | None = None
) -> tuple[tuple[Chapter, ...], tuple[Problem, ...]]:
    """The chapters that timestamps in the notes form, and a warning that says why they form none.

    A title that is a Markdown link gives the chapter its address.
    """
    group, reason = run(markdown, duration_ms)
    if group:
        return tuple(_chapter(stamp) for stamp in group), ()
    if not reason:
        return (), ()
    line = stamps(markdown)[0].line + first_line
    text = f"the timestamps in the notes are no chapters: {reason}"
    hint = "begin at 0:00 and ascend, one a line; or write 'chapters: none'"
    return (), (Problem(SourceLocation(path, line), text, hint, "cp.notes", Severity.WARNING),)


def _chapter(stamp: Stamp) -> Chapter:
    title, url = plain_title(stamp.title)
    return Chapter(start_ms=stamp.start_ms, title=title, url=url)


def shifted(markdown: str, by_ms: int) -> str:
    """The notes with the timestamps that form chapters later by so much; one at 0 stays the beginning.

    Each keeps its form, and is cut to whole seconds where it was written so.
    """
    group = run(markdown)[0] if by_ms else []
    lines = markdown.split("\n")
    for stamp in group:
        at = max(0, stamp.start_ms + by_ms) if stamp.start_ms else 0
        lines[stamp.line] = lines[stamp.line].replace(stamp.mark, _as_written(stamp.mark, at), 1)
    return "\n".join(lines)


def _as_written(mark: str, milliseconds_: int) -> str:
    found = re.search(STAMP, mark, re.ASCII)
    assert found is not None  # noqa: S101  # the mark came from it
    return mark[: found.start()] + format_timecode_like(found[0], milliseconds_) + mark[found.end() :]


def plain_title(markdown: str) -> tuple[str, str]:
    """A title without Markdown's marks, and the first address that it links to."""
    url = ""
    markdown = _ESCAPE.sub(lambda found: chr(0xE000 + ord(found[1])), markdown)  # out of the way of the marks
    if link := _LINK.search(markdown) or _AUTOLINK.search(markdown):
        target = link[2] if link.re is _LINK else link[1]
        url = target if target.startswith(("https://", "http://")) else ""
    title = _AUTOLINK.sub("", _LINK.sub(r"\1", markdown))
    title = " ".join(html.unescape(_EMPHASIS.sub("", title)).split())
    return _ESCAPED.sub(lambda found: chr(ord(found[0]) - 0xE000), title), url


def listed(table: Table, items: Iterable[Value], folder: Folder) -> tuple[Chapter, ...]:
    """The front matter's list: keys `start`, `title`, `end`, `url`, `image`, `toc`, or a line `00:12:34 Title`.

    Images become relative to the show's folder. Starts must ascend.
    """
    found: list[Chapter] = []
    for item in items:
        if isinstance(item.content, str):
            chapter = table.read(item, _line, None, "chapters")
        else:
            inner = table.within(item, "this chapter")
            chapter = _keys(inner, folder) if inner else None
        if chapter and found and chapter.start_ms <= found[-1].start_ms:
            text = f"chapter at {format_timecode(chapter.start_ms, fraction=False)} does not come after {format_timecode(found[-1].start_ms, fraction=False)}"
            table.reject(item.place, text, "put the chapters in order of time", "value.order")
        elif chapter:
            found.append(chapter)
    return tuple(found)


def _keys(table: Table, folder: Folder) -> Chapter | None:
    start = table.need("start", converters.clock, None, also=("startTime",))
    chapter = Chapter(
        start_ms=start or 0,
        title=table.take("title", converters.line, ""),
        end_ms=table.take("end", converters.clock, None, also=("endTime",)),
        url=table.take("url", converters.url, "", also=("href",)),
        image=table.take("image", folder.resource(PICTURES), None, also=("img",)),
        toc=table.take("toc", converters.flag, default=True),
    )
    if chapter.toc and "title" not in table.entries:
        table.missing("title")
    if chapter.end_ms is not None and start is not None and chapter.end_ms <= start:
        table.reject(table.places["end"], "end: is not after start", "leave it out", "value.order")
    table.close()
    return None if start is None else chapter


def _line(raw: str) -> Chapter:
    match = _LINE.match(" ".join(raw.split()))
    if not match:
        raise Wrong(f"{converters.shown(raw)} is not a time and a title", "write it as '0:12:34 Title'", "value.time")
    title, url = plain_title(match["title"])
    return Chapter(start_ms=milliseconds(match), title=title, url=url)
