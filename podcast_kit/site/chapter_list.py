"""Where an episode's page shows its chapters: in place of the list of times in its notes, or else below the notes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podcast_kit.model import Chapter
from podcast_kit.text.timecode import format_seconds

_LINE = r"(?:[^<]++|<(?!br>\n|/?p>|/?li>))++"
"""Nothing that follows a line can begin within it, so there is nothing to try again."""
_TIME_LIST = re.compile(
    rf"(?:<p>{_LINE}(?:<br>\n{_LINE})*</p>\n?)+|<([uo])l[^>]*>\n(?:<li>(?:<p>)?{_LINE}(?:</p>)?</li>\n)+</\1l>\n?",
    re.DOTALL,
)
"""Paragraphs of lines, or a flat list, as the notes are rendered."""
_LINE_END = re.compile(r"<br>\n|</?p>|</?li>|^<[uo]l[^>]*>|</[uo]l>\s*$")
_PARAGRAPH = re.compile(rf"<p>{_LINE}(?:<br>\n{_LINE})*</p>\n?", re.DOTALL)
_TIME_LINK = re.compile(r'<a href="#t=([0-9.]+)">[^<]*</a>')
_LINK = re.compile(r'<a href="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class ChapterPlacement:
    """The notes of a page and the chapters that it shows."""

    before: str
    """The notes, up to the chapters if these are in them."""
    after: str
    """The rest of the notes."""
    inside: tuple[Chapter, ...] = ()
    """The chapters to show between the two."""
    below: tuple[Chapter, ...] = ()
    """The chapters to show below the notes."""


def place_chapters(page: str, chapters: Sequence[Chapter]) -> ChapterPlacement:
    """Where a page shows its chapters, so that they are on it once.

    They replace a list in the notes that says the same. Notes that name every time in another form, such as headings,
    are left as they are and need no second list, unless chapters have images.
    """
    listed = tuple(chapter for chapter in chapters if chapter.toc)
    if not listed:
        return ChapterPlacement(page, "")
    for start, end in _time_lists(page):
        if _says_the_same(page[start:end], listed):
            return ChapterPlacement(page[:start], page[end:], inside=listed)
    linked_times = set(_TIME_LINK.findall(page))
    has_images = any(chapter.image for chapter in listed)
    if not has_images and all(format_seconds(chapter.start_ms) in linked_times for chapter in listed):
        return ChapterPlacement(page, "")
    return ChapterPlacement(page, "", below=listed)


def _time_lists(page: str) -> Iterator[tuple[int, int]]:
    """The spans of lists, and of runs of paragraphs, in which every line has a time."""
    for block in _TIME_LIST.finditer(page):
        if block[1]:
            yield block.span()
            continue
        run: list[tuple[int, int]] = []
        for paragraph in _PARAGRAPH.finditer(page, *block.span()):
            if all(_TIME_LINK.search(line) for line in _split_lines(paragraph[0])):
                run.append(paragraph.span())
            elif run:
                yield run[0][0], run[-1][1]
                run = []
        if run:
            yield run[0][0], run[-1][1]


def _split_lines(block: str) -> list[str]:
    return [line for line in _LINE_END.split(block) if line.strip()]


def _says_the_same(block: str, chapters: tuple[Chapter, ...]) -> bool:
    """Whether the lines of a block are these chapters, and nothing in it would be lost."""
    lines = _split_lines(block)
    return len(lines) == len(chapters) and all(
        _is_line_of(line, chapter) for line, chapter in zip(lines, chapters, strict=True)
    )


def _is_line_of(line: str, chapter: Chapter) -> bool:
    if _TIME_LINK.findall(line) != [format_seconds(chapter.start_ms)] or "<img" in line:
        return False
    title = _TIME_LINK.sub("", line)
    links = {html.unescape(url) for url in _LINK.findall(title)}
    return links <= {chapter.url} and _words_of(html.unescape(_TAG.sub("", title))) == _words_of(chapter.title)


def _words_of(text: str) -> list[str]:
    """The words of a title, without brackets and dashes around it."""
    return re.findall(r"\w+", text)
