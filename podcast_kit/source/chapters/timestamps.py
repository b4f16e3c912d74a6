"""Timestamps as people write them in show notes: before or after a title, bold, in brackets, headings and tables."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from podcast_kit.model import Chapter
from podcast_kit.text.timecode import timecode_to_ms

MAX_LINE_LEN = 1_000
TIMECODE_GROUPS = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)(?:[.,](?P<fraction>\d{1,3}))?"
_END_GROUPS = re.sub(r"\?P<(\w+)>", r"?P<end_\1>", TIMECODE_GROUPS)
_RANGE_SIGN = r"[ \t]*(?:[-–—−~→]|-&gt;|-+>|to|bis)[ \t]*"
_TIMES = (
    rf"(?P<timecode>(?P<open>\\?[(\[])?[ \t]*(?P<start>{TIMECODE_GROUPS})"
    rf"(?:{_RANGE_SIGN}(?P<end>{_END_GROUPS}))?[ \t]*(?(open)\\?[)\]]))"
)
"""One time or a range, with or without brackets."""
_EMPHASIS_MARK = r"(?:\*{1,3}|_{1,3}|`|~~)"
_PREFIX = re.compile(
    r"[ \t>]*(?P<block>(?:\#{1,6}[ \t]+|(?:\\?[-*+•]|\d{1,3}\\?[.)])[ \t]+){0,2})(?:\[[ xX]\][ \t]+)?"
    "(?:[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]{1,4}[ \t]*)?"
)
"""What comes before the words of a line: quotes, a heading or a bullet, a pictogram."""
_LEADING = re.compile(
    rf"(?P<emphasis>{_EMPHASIS_MARK})?{_TIMES}(?![\d:.,]*\d)(?P<link>\([^()\s]*\))?:?(?(emphasis){_EMPHASIS_MARK}?)"
    r"[ \t]*(?:\\?(?:[-–—−:|~»·]+|[-=]+>|→)[ \t]+|[–—|:][ \t]*|(?<=[\d \t])-(?=[^\W\d_]))?(?P<title>\S.*)?",
    re.ASCII,
)
_TRAILING_TIMES = re.compile(rf"{_EMPHASIS_MARK}?(?<![\d:.,]){_TIMES}{_EMPHASIS_MARK}?[.;]?$", re.ASCII)
_MAX_TRAILING_LEN = 60
_TRAILING_SIGNS = ("–", "—", "|", ":", "→", "…", "..", " -", " \\-")
"""Between a title and the time after it."""
_TIMES_CELL = re.compile(rf"{_EMPHASIS_MARK}?{_TIMES}{_EMPHASIS_MARK}?", re.ASCII)
_TABLE_RULE = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_RULER = re.compile(r"[ \t]*(?:=+|(?:[-*_][ \t]*){2,})")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?[^()]*\)")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPED = re.compile("[\ue021-\ue07e]")
"""Escaped characters, moved to the private use area so that they are not read as Markdown."""
_PRIVATE_USE = 0xE000
_EMPHASIS = re.compile(r"(\*\*|__|\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|`|~~)")


@dataclass(frozen=True, slots=True)
class TimestampLine:
    """A line of the notes with a timestamp and a title."""

    line: int
    """Counts from 0, the first line of the notes."""
    start_ms: int
    timecode: str
    """As written, with its brackets; in a range, the first time without them."""
    title: str
    """As written, in Markdown."""
    end_ms: int | None = None
    """Where the line has a range of times."""
    end_timecode: str = ""
    title_line: int = -1
    """The line with the title, where it is not the same."""
    style: str = ""
    """How it is written: lines of one style belong together, even with text between them."""
    is_weak: bool = False
    """The time ends a line without any sign before it, as in any sentence."""

    @property
    def first_line(self) -> int:
        """The line where the time and its title begin."""
        return min(self.line, self.title_line) if self.title_line >= 0 else self.line

    @property
    def last_line(self) -> int:
        """The line where the time and its title end."""
        return max(self.line, self.title_line)

    @property
    def is_title_first(self) -> bool:
        """Whether the time is written after the title."""
        return self.style.startswith("trailing")

    @property
    def shown_timecode(self) -> str:
        """The timecode as Markdown shows it."""
        return self.timecode.replace("\\", "")

    def to_chapter(self) -> Chapter:
        """The chapter that begins here."""
        title, url = plain_chapter_title(self.title)
        end_ms = self.end_ms if self.end_ms and self.end_ms > self.start_ms else None
        return Chapter(start_ms=self.start_ms, end_ms=end_ms, title=title, url=url)


def parse_timestamp_line(line: str, number: int = 0) -> TimestampLine | None:
    """A line with a timestamp and a title; None for any other."""
    timestamp = _parse_line(line, number, in_table=False)
    return timestamp if timestamp and timestamp.title else None


@lru_cache(maxsize=4)  # the notes of an episode are looked at several times, one episode after the other
def parse_timestamps(markdown: str) -> tuple[TimestampLine, ...]:
    """Every line with a timestamp and a title, except in fenced code; a title may be in the line below or above."""
    if ":" not in markdown:
        return ()
    lines = markdown.split("\n")
    timestamps: list[TimestampLine] = []
    fence, in_table = "", False
    for number, line in enumerate(lines):
        if opened := _FENCE.match(line):
            if not fence:
                fence = opened[1]
            elif line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif not fence:
            in_table = "|" in line and (in_table or is_table_rule("".join(lines[number + 1 : number + 2])))
            if timestamp := _parse_line(line, number, in_table=in_table):
                timestamps.append(timestamp)
    return tuple(_with_titles(timestamps, lines))


def is_table_rule(line: str) -> bool:
    """Whether a line is the one below the header of a table."""
    return "|" in line and bool(_TABLE_RULE.fullmatch(line))


def is_blank_line(line: str) -> bool:
    """Whether a line shows no text: it is empty, a ruler, or the line below the header of a table."""
    return not line.strip() or bool(_RULER.fullmatch(line)) or is_table_rule(line)


def _parse_line(line: str, number: int, *, in_table: bool) -> TimestampLine | None:
    """A line with a timestamp; its title is empty where the line has nothing else."""
    if ":" not in line or len(line) > MAX_LINE_LEN:
        return None
    line = line.rstrip().removesuffix("\\").rstrip()
    prefix = _PREFIX.match(line)
    assert prefix is not None  # noqa: S101  # everything in it is optional
    text = line[prefix.end() :]
    if in_table or text.startswith("|"):
        return _parse_row(text, number)
    block = re.sub(r"\d+", "1", prefix["block"].strip())
    if match := _LEADING.fullmatch(text):
        position = "leading" if match["title"] else "alone"
        return _to_timestamp(match, number, match["title"] or "", f"{position} {block} {match['emphasis'] or ''}")
    return _parse_trailing(text, number, f"trailing {block}")


def _parse_trailing(text: str, number: int, style: str) -> TimestampLine | None:
    """A line that ends with a time; the time is a weak sign of a chapter unless it is set apart from the words."""
    tail = text[-_MAX_TRAILING_LEN:]
    match = _TRAILING_TIMES.search(tail)
    if not match:
        return None
    times_len = len(tail) - match.start() - (len(match[0]) - len(match[0].lstrip()))
    before = text[:-times_len]
    title = before.rstrip()
    sign = next((sign for sign in _TRAILING_SIGNS if title.endswith(sign)), "")
    if not title or (title == before and not sign):
        return None
    title = title.rstrip(".") if sign == ".." else title.removesuffix(sign)
    is_weak = not match["open"] and not sign and "\t" not in before[len(title) :]
    return _to_timestamp(match, number, title, style, is_weak=is_weak) if title.strip() else None


def _parse_row(row: str, number: int) -> TimestampLine | None:
    """A row of a table with a time in a cell of its own; the first other cell with words is the title."""
    cells = [cell.strip() for cell in _CELL_BORDER.split(row.strip().removeprefix("|").removesuffix("|"))]
    times = [(index, match) for index, cell in enumerate(cells) if (match := _TIMES_CELL.fullmatch(cell))]
    if not times:
        return None
    time_indexes = {index for index, _ in times}
    titles = [cell for index, cell in enumerate(cells) if cell and index not in time_indexes]
    title = next((cell for cell in titles if not cell.strip("#.)").isdigit()), next(iter(titles), ""))
    timestamp = _to_timestamp(times[0][1], number, title, "table")
    if len(times) > 1 and timestamp.end_ms is None:
        end = times[1][1]
        end_ms = timecode_to_ms(end["hours"], end["minutes"], end["seconds"], end["fraction"])
        timestamp = replace(timestamp, end_ms=end_ms, end_timecode=end["start"])
    return timestamp


def _to_timestamp(match: re.Match[str], number: int, title: str, style: str, *, is_weak: bool = False) -> TimestampLine:
    start_ms = timecode_to_ms(match["hours"], match["minutes"], match["seconds"], match["fraction"])
    timecode, end_ms = match["timecode"] if match["open"] else match["start"], None
    if match["end"]:
        timecode = match["start"]
        end_ms = timecode_to_ms(match["end_hours"], match["end_minutes"], match["end_seconds"], match["end_fraction"])
    return TimestampLine(
        number,
        start_ms,
        timecode,
        title.strip(),
        end_ms=end_ms,
        end_timecode=match["end"] or "",
        style=style if match["open"] is None else f"{style} {match['open']}",
        is_weak=is_weak,
    )


def _with_titles(timestamps: list[TimestampLine], lines: Sequence[str]) -> Iterator[TimestampLine]:
    """The timestamps; one alone on its line has the title from the line below or above, or is left out."""
    if all(timestamp.title for timestamp in timestamps):
        yield from timestamps
        return
    paragraphs = _paragraph_bounds(lines)
    times = frozenset(timestamp.line for timestamp in timestamps)
    used = set(times)
    for timestamp in timestamps:
        if timestamp.title:
            yield timestamp
            continue
        title_line = _find_title_line(timestamp.line, times, used, paragraphs)
        if title_line is not None:
            used.add(title_line)
            text = lines[title_line]
            prefix = _PREFIX.match(text)
            title = text[prefix.end() if prefix else 0 :].strip().removesuffix("\\").strip()
            yield replace(timestamp, title=title, title_line=title_line)


def _paragraph_bounds(lines: Sequence[str]) -> list[tuple[int, int]]:
    """For each line the first and the last line of its paragraph; for a line without text the next line with text."""
    has_text = [not is_blank_line(line) and not _FENCE.match(line) for line in lines]
    bounds: list[tuple[int, int]] = [(0, 0)] * len(lines)
    first = last = len(lines)
    for number in reversed(range(len(lines))):
        if not has_text[number]:
            last = number - 1
            bounds[number] = (first, first)
            continue
        first = number
        bounds[number] = (number, min(last, len(lines) - 1))
    for number in range(1, len(lines)):
        if has_text[number] and has_text[number - 1]:
            bounds[number] = (bounds[number - 1][0], bounds[number][1])
    return bounds


def _find_title_line(
    number: int, times: frozenset[int], used: set[int], paragraphs: Sequence[tuple[int, int]]
) -> int | None:
    """The line with the title of the timestamp in line `number`, which has none itself; not a used one."""
    first, last = paragraphs[number]
    is_below_title = first not in times and last in times  # a paragraph of title, time, title, time
    if number - 1 >= first and number - 1 not in used and (is_below_title or number == last):
        return number - 1
    if number < last:
        return number + 1 if number + 1 not in used else None
    following = paragraphs[number + 1][0] if number + 1 < len(paragraphs) else len(paragraphs)
    return following if following < len(paragraphs) and following not in used else None


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
