"""Parsers of chapters in the text formats of other programs.

A parser takes the text and a function that reports a problem of a line (line, cause, fix), and yields the chapters
that it could read. Titles are one line.

mp4chaps    `00:01:02.500 Title <https://link>`, as written by mp4chaps -i, Auphonic and Podlove
Audacity    labels: start TAB end TAB title in seconds; a line that begins with a backslash is a frequency range
ffmetadata  ffmpeg's `;FFMETADATA1` with [CHAPTER] sections; the time base is nanoseconds unless given
Ogg         `CHAPTER001=00:01:02.500`, CHAPTER001NAME, CHAPTER001URL; numbers of any width from 0 or 1 (xiph.org)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from podcast_kit.model import Chapter
from podcast_kit.text.timecode import parse_full_timecode, timecode_to_ms

ReportProblem = Callable[[int, str, str], None]
_TIMED_LINE = re.compile(r"(\d{1,3}):([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,9}))?(?:[ \t]+(.*))?", re.ASCII)
_TRAILING_LINK = re.compile(r"(.*?)[ \t]*<(https?://[^<>\s]+)>")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,12})?", re.ASCII)
_OGG_COMMENT = re.compile(r"CHAPTER(\d{1,4})(NAME|URL)?[ \t]*=[ \t]*(.*)", re.IGNORECASE | re.ASCII)


def collapse_spaces(text: str) -> str:
    """A title without line breaks and repeated spaces."""
    return " ".join(text.split())


def parse_mp4chaps(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """One chapter per line; blank lines and lines that begin with `#` are skipped."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not (match := _TIMED_LINE.fullmatch(stripped)):
            report(number, "is not a time and a title", "write it as '00:12:34.000 Title'")
            continue
        title, url = (match[5] or "").strip(), ""
        if link := _TRAILING_LINK.fullmatch(title):
            title, url = link[1], link[2]
        start_ms = timecode_to_ms(match[1], match[2], match[3], match[4])
        yield Chapter(start_ms=start_ms, title=collapse_spaces(title), url=url)


def parse_audacity_labels(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """Audacity labels; a label whose end equals its start is a point and gets no end."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        start, _, end_and_title = line.partition("\t")
        end, _, title = end_and_title.partition("\t")
        start_ms, end_ms = _seconds_to_ms(start), _seconds_to_ms(end)
        if start_ms is None or end_ms is None:
            report(number, "is not a label: start, tab, end, tab, title", "export the labels from Audacity again")
            continue
        yield Chapter(start_ms=start_ms, end_ms=end_ms if end_ms > start_ms else None, title=collapse_spaces(title))


def _seconds_to_ms(text: str) -> int | None:
    number = text.strip().replace(",", ".")
    if not _NUMBER.fullmatch(number) or number.startswith("-"):
        return None
    return round(float(number) * 1000)


def parse_ogg_chapters(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """OGM chapter comments, in the order of their numbers."""
    starts_ms: dict[int, int] = {}
    comments: dict[int, dict[str, str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _OGG_COMMENT.fullmatch(line.strip())
        if not match:
            report(number, "is not a chapter comment", "write it as 'CHAPTER001=00:12:34.000'")
        elif match[2]:
            comments.setdefault(int(match[1]), {})[match[2].upper()] = match[3]
        elif (start_ms := parse_full_timecode(match[3])) is None:
            report(number, f"{match[3][:40]!r} is not a time", "write it as 00:12:34.000")
        else:
            starts_ms[int(match[1])] = start_ms
    for index in sorted(starts_ms):
        comment = comments.get(index, {})
        title, url = collapse_spaces(comment.get("NAME", "")), comment.get("URL", "").strip()
        yield Chapter(start_ms=starts_ms[index], title=title, url=url)


def parse_ffmetadata(text: str, report: ReportProblem) -> Iterator[Chapter]:
    """The [CHAPTER] sections of ffmpeg's metadata file; other sections are skipped."""
    section: dict[str, str] | None = None
    section_line = 0
    for number, line in _join_continued_lines(text):
        if not line or line[0] in ";#":
            continue
        if line.startswith("["):
            if section is not None:
                yield from _section_chapter(section, section_line, report)
            section, section_line = ({} if line.strip().upper() == "[CHAPTER]" else None), number
        elif section is not None:
            key, value = _split_key_value(line)
            section[key.strip().upper()] = value
    if section is not None:
        yield from _section_chapter(section, section_line, report)


def _join_continued_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, where a backslash at the end of a line continues it on the next."""
    first_line, joined = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        first_line = first_line or number
        joined += line
        backslashes = len(joined) - len(joined.rstrip("\\"))
        if backslashes % 2:
            joined += "\n"
            continue
        yield first_line, joined
        first_line, joined = 0, ""
    if joined:
        yield first_line, joined


def _split_key_value(line: str) -> tuple[str, str]:
    """Key and value at the first `=` without a backslash before it, both unescaped."""
    parts = re.split(r"(?<!\\)((?:\\\\)*)=", line, maxsplit=1)
    key, value = (parts[0] + parts[1], parts[2]) if len(parts) > 1 else (line, "")
    return _unescape_backslashes(key), _unescape_backslashes(value)


def _unescape_backslashes(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _section_chapter(section: dict[str, str], line: int, report: ReportProblem) -> Iterator[Chapter]:
    base = re.fullmatch(r"\s*(\d{1,12})\s*/\s*(\d{1,12})\s*", section.get("TIMEBASE", "1/1000000000"))
    start = re.fullmatch(r"\s*(\d{1,18})\s*", section.get("START", ""))
    end = re.fullmatch(r"\s*(\d{1,18})\s*", section.get("END", "0"))
    if not base or not int(base[2]) or not start or not end:
        report(line, "the chapter has no START, or no TIMEBASE such as 1/1000", "write both as whole numbers")
        return
    start_ms, end_ms = (int(time[1]) * int(base[1]) * 1000 / int(base[2]) for time in (start, end))
    yield Chapter(
        start_ms=round(start_ms),
        end_ms=round(end_ms) if end_ms > start_ms else None,
        title=collapse_spaces(section.get("TITLE", "")),
    )
