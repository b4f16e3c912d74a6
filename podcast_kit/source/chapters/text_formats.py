"""Chapters in the text formats of other programs: one parser and one writer a format.

A parser takes the text and a function to report a line's fault to (line, cause, mend), and yields what it could
read. Titles are one line. Marks that are not listed exist in none of these formats: writers leave them out.

mp4chaps    `00:01:02.500 Title <https://link>`, as mp4chaps -i, Auphonic and Podlove have it
Audacity    labels: start TAB end TAB title in seconds; a line that begins with a backslash is a frequency range
ffmetadata  ffmpeg's `;FFMETADATA1` with [CHAPTER] sections; time base in nanoseconds where none is given
Ogg         `CHAPTER001=00:01:02.500`, CHAPTER001NAME, CHAPTER001URL; numbers of any width from 0 or 1 (xiph.org)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from podcast_kit.model import Chapter
from podcast_kit.text.timecode import format_timecode, parse_full_timecode, timecode_to_ms

Report = Callable[[int, str, str], None]
_TIMED = re.compile(r"(\d{1,3}):([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,9}))?(?:[ \t]+(.*))?", re.ASCII)
_TRAILING_LINK = re.compile(r"(.*?)[ \t]*<(https?://[^<>\s]+)>")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,12})?", re.ASCII)
_OGG = re.compile(r"CHAPTER(\d{1,4})(NAME|URL)?[ \t]*=[ \t]*(.*)", re.IGNORECASE | re.ASCII)


def one_line(text: str) -> str:
    """A title without breaks and runs of blanks."""
    return " ".join(text.split())


def mp4chaps(text: str, report: Report) -> Iterator[Chapter]:
    """A chapter a line; blank lines and those that begin with `#` are skipped."""
    for number, line in enumerate(text.split("\n"), 1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        if not (found := _TIMED.fullmatch(plain)):
            report(number, "is not a time and a title", "write it as '00:12:34.000 Title'")
            continue
        title, url = (found[5] or "").strip(), ""
        if link := _TRAILING_LINK.fullmatch(title):
            title, url = link[1], link[2]
        yield Chapter(start_ms=timecode_to_ms(found[1], found[2], found[3], found[4]), title=one_line(title), url=url)


def write_mp4chaps(chapters: Sequence[Chapter]) -> str:
    """The listed chapters, with their links at the end of the line."""
    lines = []
    for chapter in listed(chapters):
        link = f" <{chapter.url}>" if chapter.url else ""
        lines.append(f"{format_timecode(chapter.start_ms)} {one_line(chapter.title)}{link}".rstrip() + "\n")
    return "".join(lines)


def audacity(text: str, report: Report) -> Iterator[Chapter]:
    """Labels; one whose end is its start is a point and has no end."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        start, _, rest = line.partition("\t")
        end, _, title = rest.partition("\t")
        times = [_seconds(part) for part in (start, end)]
        if times[0] is None or times[1] is None:
            report(number, "is not a label: start, tab, end, tab, title", "export the labels from Audacity again")
            continue
        yield Chapter(start_ms=times[0], end_ms=times[1] if times[1] > times[0] else None, title=one_line(title))


def _seconds(text: str) -> int | None:
    plain = text.strip().replace(",", ".")
    if not _NUMBER.fullmatch(plain) or plain.startswith("-"):
        return None
    return round(float(plain) * 1000)


def write_audacity(chapters: Sequence[Chapter]) -> str:
    """The listed chapters as labels, in seconds with six digits."""
    return "".join(
        f"{one.start_ms / 1000:.6f}\t{(one.end_ms or one.start_ms) / 1000:.6f}\t{one_line(one.title)}\n"
        for one in listed(chapters)
    )


def ogg(text: str, report: Report) -> Iterator[Chapter]:
    """OGM's chapter comments, in the order of their numbers."""
    times: dict[int, int] = {}
    names: dict[int, dict[str, str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _OGG.fullmatch(line.strip())
        if not found:
            report(number, "is not a chapter comment", "write it as 'CHAPTER001=00:12:34.000'")
        elif found[2]:
            names.setdefault(int(found[1]), {})[found[2].upper()] = found[3]
        elif (start := parse_full_timecode(found[3])) is None:
            report(number, f"{found[3][:40]!r} is not a time", "write it as 00:12:34.000")
        else:
            times[int(found[1])] = start
    for index in sorted(times):
        known = names.get(index, {})
        yield Chapter(start_ms=times[index], title=one_line(known.get("NAME", "")), url=known.get("URL", "").strip())


def write_ogg(chapters: Sequence[Chapter]) -> str:
    """Three digits, from 001 on, as ffmpeg and VLC expect."""
    lines = []
    for number, chapter in enumerate(listed(chapters), 1):
        name = f"CHAPTER{number:03}"
        lines += [f"{name}={format_timecode(chapter.start_ms)}\n", f"{name}NAME={one_line(chapter.title)}\n"]
        lines += [f"{name}URL={chapter.url}\n"] if chapter.url else []
    return "".join(lines)


def ffmetadata(text: str, report: Report) -> Iterator[Chapter]:
    """The [CHAPTER] sections of ffmpeg's metadata file; its other sections are skipped."""
    section: dict[str, str] | None = None
    began = 0
    for number, line in _joined(text):
        if not line or line[0] in ";#":
            continue
        if line.startswith("["):
            if section is not None:
                yield from _section(section, began, report)
            section, began = ({} if line.strip().upper() == "[CHAPTER]" else None), number
        elif section is not None:
            key, _, value = _split(line)
            section[key.strip().upper()] = value
    if section is not None:
        yield from _section(section, began, report)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines, where a backslash at the end takes the next one in."""
    began, held = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        began = began or number
        held += line
        backslashes = len(held) - len(held.rstrip("\\"))
        if backslashes % 2:
            held += "\n"
            continue
        yield began, held
        began, held = 0, ""
    if held:
        yield began, held


def _split(line: str) -> tuple[str, str, str]:
    """Key and value at the first `=` that no backslash stands before, backslashes undone."""
    parts = re.split(r"(?<!\\)((?:\\\\)*)=", line, maxsplit=1)
    key, value = (parts[0] + parts[1], parts[2]) if len(parts) > 1 else (line, "")
    return tuple(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in (key, "=", value))  # type: ignore[return-value]


def _section(section: dict[str, str], line: int, report: Report) -> Iterator[Chapter]:
    base = re.fullmatch(r"\s*(\d{1,12})\s*/\s*(\d{1,12})\s*", section.get("TIMEBASE", "1/1000000000"))
    start, end = (
        re.fullmatch(r"\s*(\d{1,18})\s*", section.get(key, default)) for key, default in (("START", ""), ("END", "0"))
    )
    if not base or not int(base[2]) or not start or not end:
        report(line, "the chapter has no START, or no TIMEBASE such as 1/1000", "write both as whole numbers")
        return
    first, last = (int(time[1]) * int(base[1]) * 1000 / int(base[2]) for time in (start, end))
    stop = round(last) if last > first else None
    yield Chapter(start_ms=round(first), end_ms=stop, title=one_line(section.get("TITLE", "")))


def write_ffmetadata(chapters: Sequence[Chapter]) -> str:
    """Milliseconds; a chapter without an end ends where the next begins."""
    lines = [";FFMETADATA1\n"]
    marks = listed(chapters)
    ends = [later.start_ms for _, later in pairwise(marks)] + [0]
    for chapter, end in zip(marks, ends, strict=False):
        title = re.sub(r"([=;#\\\n])", r"\\\1", one_line(chapter.title))
        stop = chapter.end_ms or max(end, chapter.start_ms)
        lines.append(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={chapter.start_ms}\nEND={stop}\ntitle={title}\n")
    return "".join(lines)


def listed(chapters: Iterable[Chapter]) -> list[Chapter]:
    """Those that a table of contents shows."""
    return [chapter for chapter in chapters if chapter.toc]
