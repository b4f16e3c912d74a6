"""Files of chapters in the formats of other programs, and the chapters of an episode, wherever they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from posixpath import dirname

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.io.inside import real_path
from podcast_kit.model import Chapter, ChapterList, ChaptersFromFile, ChaptersFromNotes, Episode, LocalFile
from podcast_kit.source.chapters.json_psc import parse_json_chapters, parse_psc_chapters
from podcast_kit.source.chapters.note_chapters import chapters_from_notes, without_overlaps
from podcast_kit.source.chapters.text_formats import (
    ReportProblem,
    collapse_spaces,
    parse_audacity_labels,
    parse_ffmetadata,
    parse_mp4chaps,
    parse_ogg_chapters,
)
from podcast_kit.source.chapters.timestamps import is_blank_line, parse_timestamps
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.text_encoding import decode_foreign_text
from podcast_kit.source.yaml import InvalidValue, read_source_file
from podcast_kit.source.yaml.errors import find_control_character
from podcast_kit.text.timecode import format_timecode

MAX_CHAPTERS = 5_000
"""In a file: one every twenty seconds for a day."""
_MP4CHAPS = re.compile(r"(?:\s*(?:#.*)?\n|\s*\d{1,3}:\d\d:\d\d(?:[.,]\d+)?(?:[ \t].*)?(?:\n|$))+\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChapterFormat:
    """A format of chapter files."""

    name: str
    matches: Callable[[str], object]
    """Whether a text looks like this format."""
    parse: Callable[[str, ReportProblem], Iterable[Chapter]]


def _parse_vtt_chapters(text: str, report: ReportProblem) -> Iterable[Chapter]:
    """WebVTT chapters: each cue is a chapter, its text the title."""
    from podcast_kit.source.transcripts import parse_vtt

    parsed = parse_vtt(text, keep_times=True)
    for line, cause, fix in parsed.problems:
        report(line, cause, fix)
    return [
        Chapter(
            start_ms=cue.start_ms,
            end_ms=cue.end_ms if cue.end_ms > cue.start_ms else None,
            title=collapse_spaces(cue.text),
        )
        for cue in parsed.cues
    ]


def _parse_timestamp_file(text: str, report: ReportProblem) -> Iterable[Chapter]:
    """Timestamps as in show notes, one per line; unlike in notes, a single one is enough."""
    timestamps = parse_timestamps(text)
    yield from without_overlaps([timestamp.to_chapter() for timestamp in timestamps], None)
    used = {line for timestamp in timestamps for line in (timestamp.line, timestamp.title_line)}
    for number, line in enumerate(text.split("\n")):
        if number not in used and not is_blank_line(line) and not line.lstrip().startswith("#"):
            report(number + 1, "is not a time and a title", "write it as '0:12:34 Title'")


CHAPTER_FORMATS: dict[str, ChapterFormat] = {
    chapter_format.name: chapter_format
    for chapter_format in (
        # tried in this order: the least ambiguous formats first
        ChapterFormat("json", lambda text: text.lstrip()[:1] in {"{", "["}, parse_json_chapters),
        ChapterFormat("psc", lambda text: text.lstrip()[:1] == "<", parse_psc_chapters),
        ChapterFormat("vtt", lambda text: text.startswith("WEBVTT"), _parse_vtt_chapters),
        ChapterFormat(
            "ffmetadata",
            lambda text: text.lstrip().upper().startswith((";FFMETADATA", "[CHAPTER]")),
            parse_ffmetadata,
        ),
        ChapterFormat("ogg", re.compile(r"\s*(#.*\n\s*)*CHAPTER\d+", re.IGNORECASE).match, parse_ogg_chapters),
        ChapterFormat("audacity", re.compile(r"\s*\d+([.,]\d+)?\t\d+([.,]\d+)?(\t|\n|$)").match, parse_audacity_labels),
        ChapterFormat("mp4chaps", _MP4CHAPS.fullmatch, parse_mp4chaps),
        ChapterFormat("notes", lambda _: True, _parse_timestamp_file),
    )
}


def parse_chapters(data: bytes, path: str, format_name: str = "") -> tuple[Chapter, ...]:
    """The chapters in a file's bytes, in the format that its content looks like unless `format_name` is given.

    Raises InvalidInput with every problem and its line: text that cannot be read, no chapters, starts that do not
    ascend, too many chapters.
    """
    return _parse_decoded(decode_foreign_text(data, path).text, path, format_name)


def _parse_decoded(text: str, path: str, format_name: str = "") -> tuple[Chapter, ...]:
    problems = list(find_control_character(text, path, 1))
    chapter_format = CHAPTER_FORMATS[format_name or _guess_format(text)]

    def report(line: int, cause: str, fix: str) -> None:
        problems.append(Problem(SourceLocation(path, line), cause, fix, "cp.grammar"))

    chapters = tuple(chapter_format.parse(text, report))
    if not chapters and not problems:
        report(1, "has no chapters", "write one per line, as '00:12:34 Title'")
    if len(chapters) > MAX_CHAPTERS:
        report(1, f"has more than {MAX_CHAPTERS:,} chapters", "is it the right file?")
    for url in _written_urls(chapters):
        if not url.lower().startswith(("https://", "http://")):
            report(1, f"{url[:60]!r} is not an http URL", "write the whole URL, with https://")
    for before, after in pairwise(chapters):
        if after.start_ms <= before.start_ms:
            start, start_before = (
                format_timecode(start_ms, fraction=False) for start_ms in (after.start_ms, before.start_ms)
            )
            text = f"the chapter at {start} is not after the one at {start_before}"
            problems.append(Problem(SourceLocation(path), text, "sort the chapters by time", "value.order"))
            break
    if problems:
        raise InvalidInput(problems)
    return chapters


def guess_chapter_format(data: bytes) -> str:
    """The name of the format that a file's content looks like: `notes` for any other text, empty for no text."""
    try:
        return _guess_format(decode_foreign_text(data, "").text)
    except InvalidInput:
        return ""


def _guess_format(text: str) -> str:
    return next(name for name, candidate in CHAPTER_FORMATS.items() if candidate.matches(text))


def _written_urls(chapters: Iterable[Chapter]) -> Iterator[str]:
    """The links of chapters, and their images unless they are paths."""
    for chapter in chapters:
        image = str(chapter.image or "")
        yield from filter(None, (chapter.url, image if ":" in image else ""))


def load_chapter_file(folder: Path, path: str) -> tuple[tuple[Chapter, ...], tuple[Problem, ...]]:
    """The chapters of a file inside the show's folder, with local pictures relative to the show's folder, and warnings.

    Raises InvalidInput.
    """
    to_file = ShowFolder(real_path(folder), dirname(path)).file_converter()
    decoded = decode_foreign_text(read_source_file(folder / path, path), path)
    chapters = _parse_decoded(decoded.text, path)
    try:
        with_pictures = tuple(
            replace(chapter, image=to_file(chapter.image.path)) if isinstance(chapter.image, LocalFile) else chapter
            for chapter in chapters
        )
    except InvalidValue as error:
        raise InvalidInput([Problem(SourceLocation(path), f"picture: {error}", error.fix, error.code)]) from None
    return with_pictures, decoded.problems


@dataclass(frozen=True, slots=True)
class EpisodeChapters:
    """An episode's chapters as its author wrote them, in the notes, the front matter or a file."""

    written: tuple[Chapter, ...] = ()
    fitting: tuple[Chapter, ...] = ()
    """Those of them that begin inside the recording."""
    problems: tuple[Problem, ...] = ()
    """Warnings and hints: one for each chapter that is left out."""


def load_episode_chapters(folder: Path, episode: Episode, seconds: float) -> EpisodeChapters:
    """An episode's chapters, wherever they are written.

    `seconds` is the length of the recording, 0 where it is not known; a chapter that begins after its end is left out
    with a warning. Raises InvalidInput for a file that cannot be read.
    """
    length_ms = round(seconds * 1000)
    match episode.chapters:
        case ChaptersFromNotes():
            from_notes, warnings = chapters_from_notes(
                episode.notes, path=episode.path, first_line=episode.notes_line, duration_ms=length_ms or None
            )
            return EpisodeChapters(from_notes, from_notes, warnings)
        case ChaptersFromFile(path):
            written, file_problems = load_chapter_file(folder, path)
            location = SourceLocation(path)
        case ChapterList(written):
            location, file_problems = episode.location_of("chapters"), ()
    fitting = tuple(chapter for chapter in written if not length_ms or chapter.start_ms < length_ms)
    late = (_late_chapter_problem(chapter, length_ms, location) for chapter in written if chapter not in fitting)
    return EpisodeChapters(written, fitting, (*file_problems, *late))


def _late_chapter_problem(chapter: Chapter, length_ms: int, location: SourceLocation) -> Problem:
    start, length = (format_timecode(time_ms, fraction=False) for time_ms in (chapter.start_ms, length_ms))
    text = f"the chapter at {start} begins after the end of the recording ({length})"
    return Problem(location, text, "correct its time or remove it", "cp.start", Severity.WARNING)
