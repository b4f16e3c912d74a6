"""A file of chapters, in whatever format some program wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from posixpath import dirname

from podcast_kit.errors import InvalidInput, SourceLocation, Problem, Severity
from podcast_kit.model import Chapter, ChapterList, ChaptersFromFile, ChaptersFromNotes, Episode, LocalFile
from podcast_kit.source import chapters
from podcast_kit.source.chapters import json_psc as chapter_data
from podcast_kit.source.chapters import text_formats as chapter_text
from podcast_kit.source.chapters.text_formats import Report
from podcast_kit.source.paths import Folder
from podcast_kit.source.transcripts import vtt_srt as transcript_cues
from podcast_kit.source.transcripts import vtt_writer as transcript_writing
from podcast_kit.source.yaml import errors
from podcast_kit.source.yaml.document import Wrong, contents, decode
from podcast_kit.text.timecode import format_timecode

MOST = 5_000
"""Chapters in a file; a day of one every twenty seconds."""
_LEAST = 3
_STRICT = re.compile(r"(?:\s*(?:#.*)?\n|\s*\d{1,3}:\d\d:\d\d(?:[.,]\d+)?(?:[ \t].*)?(?:\n|$))+\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """A format of chapter files."""

    name: str
    sign: Callable[[str], object]
    """Whether a text looks like it."""
    parse: Callable[[str, Report], Iterable[Chapter]]
    write: Callable[[Sequence[Chapter]], str] | None = None
    """None where another room writes it: JSON chapters belong to the feed."""
    keeps: frozenset[str] = frozenset({"start_ms", "title"})
    """The fields of a Chapter that it can carry."""


def _vtt(text: str, report: Report) -> Iterable[Chapter]:
    """WebVTT chapters: a cue a chapter, its text the title."""
    cues, faults = transcript_cues.vtt(text)
    for line, cause, mend in faults:
        report(line, cause, mend)
    return [Chapter(start_ms=cue.start_ms, end_ms=cue.end_ms, title=chapter_text.one_line(cue.text)) for cue in cues]


def _write_vtt(found: Sequence[Chapter]) -> str:
    """Cues need an end: that of the chapter, else the next one's start, else a second later."""
    marks = chapter_text.listed(found)
    ends = [later.start_ms for _, later in pairwise(marks)] + [0]
    cues = [
        f"{format_timecode(one.start_ms)} --> "
        f"{format_timecode(one.end_ms or max(end, one.start_ms + 1000))}\n"
        f"{transcript_writing.escaped(chapter_text.one_line(one.title))}\n"
        for one, end in zip(marks, ends, strict=False)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _lines(text: str, report: Report) -> Iterable[Chapter]:
    """Timestamps as in show notes, one a line, without the demands that running text needs."""
    for number, line in enumerate(text.split("\n"), 1):
        found = chapters.stamps(line)
        if found:
            title, url = chapters.plain_title(found[0].title)
            yield Chapter(start_ms=found[0].start_ms, title=title, url=url)
        elif line.strip() and not line.lstrip().startswith("#"):
            report(number, "is not a time and a title", "write it as '0:12:34 Title'")


def write_notes(found: Sequence[Chapter]) -> str:
    """Timestamps for show notes: `- 00:12:34 [Title](link)`, Markdown's marks in titles made harmless."""
    lines = []
    for one in chapter_text.listed(found):
        title = re.sub(r"([\\`*_\[\]<>~!&])", r"\\\1", chapter_text.one_line(one.title))
        said = format_timecode(one.start_ms, fraction=bool(one.start_ms % 1000))
        lines.append(f"- {said} [{title}]({one.url})\n" if one.url else f"- {said} {title}\n")
    return "".join(lines)


_ALL = frozenset({"start_ms", "end_ms", "title", "url", "image", "toc"})
_LINKS = frozenset({"start_ms", "title", "url"})
_ENDS = frozenset({"start_ms", "end_ms", "title"})
FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        # the order is that of looking: the surest signs first
        Form("json", lambda text: text.lstrip()[:1] in {"{", "["}, chapter_data.from_json, keeps=_ALL),
        Form(
            "psc", lambda text: text.lstrip()[:1] == "<", chapter_data.psc, chapter_data.write_psc, _LINKS | {"image"}
        ),
        Form("vtt", lambda text: text.startswith("WEBVTT"), _vtt, _write_vtt, _ENDS),
        Form(
            "ffmetadata",
            lambda text: text.lstrip().upper().startswith((";FFMETADATA", "[CHAPTER]")),
            chapter_text.ffmetadata,
            chapter_text.write_ffmetadata,
            _ENDS,
        ),
        Form(
            "ogg",
            re.compile(r"\s*(#.*\n\s*)*CHAPTER\d+", re.IGNORECASE).match,
            chapter_text.ogg,
            chapter_text.write_ogg,
            _LINKS,
        ),
        Form(
            "audacity",
            re.compile(r"\s*\d+([.,]\d+)?\t\d+([.,]\d+)?(\t|\n|$)").match,
            chapter_text.audacity,
            chapter_text.write_audacity,
            _ENDS,
        ),
        Form("mp4chaps", _STRICT.fullmatch, chapter_text.mp4chaps, chapter_text.write_mp4chaps, _LINKS),
        Form("notes", lambda _: True, _lines, write_notes, _LINKS),
    )
}


def parse(data: bytes, path: str, form: str = "") -> tuple[Chapter, ...]:
    """The chapters of a file's bytes, by its content unless `form` names one of FORMS.

    Raises InvalidInput with every fault and its line: what cannot be read, no chapters at all, starts that do not
    ascend, too many.
    """
    text = decode(data, path)
    problems = list(errors.control_characters(text, path, 1))
    known = FORMS[form] if form else next(one for one in FORMS.values() if one.sign(text))

    def report(line: int, cause: str, mend: str) -> None:
        problems.append(Problem(SourceLocation(path, line), cause, mend, "cp.grammar"))

    found = tuple(known.parse(text, report))
    if not found and not problems:
        report(1, "holds no chapters", "write one a line, as '00:12:34 Title'")
    if len(found) > MOST:
        report(1, f"holds more than {MOST:,} chapters", "is it the right file?")
    for one in found:
        image = str(one.image or "")
        for said in (one.url, image if ":" in image else ""):
            if said and not said.lower().startswith(("https://", "http://")):
                report(1, f"{said[:60]!r} is not an http address", "write it whole, with https://")
    for before, after in pairwise(found):
        if after.start_ms <= before.start_ms:
            text = (
                f"the chapter at {format_timecode(after.start_ms, fraction=False)} does not come after {format_timecode(before.start_ms, fraction=False)}"
            )
            problems.append(Problem(SourceLocation(path), text, "put the chapters in order of time", "value.order"))
            break
    if problems:
        raise InvalidInput(problems)
    return found


def load(folder: Path, path: str) -> tuple[Chapter, ...]:
    """The chapters of a file inside the show's folder; pictures that are paths become relative to the show's folder.

    Raises InvalidInput.
    """
    root = Folder(folder.resolve(), dirname(path))
    found = parse(contents(folder / path, path), path)
    try:
        return tuple(
            replace(one, image=root.local_file()(one.image.path)) if isinstance(one.image, LocalFile) else one
            for one in found
        )
    except Wrong as wrong:
        raise InvalidInput([Problem(SourceLocation(path), f"picture: {wrong}", wrong.hint, wrong.code)]) from None


@dataclass(frozen=True, slots=True)
class EpisodeChapters:
    """An episode's chapters as its author wrote them, in the notes, the front matter or a file."""

    written: tuple[Chapter, ...] = ()
    fitting: tuple[Chapter, ...] = ()
    """Those of them that begin inside the recording."""
    problems: tuple[Problem, ...] = ()
    """Warnings."""


def load_episode_chapters(folder: Path, episode: Episode, seconds: float) -> EpisodeChapters:
    """An episode's chapters, wherever they are written.

    `seconds` is the length of the recording, 0 where it is not known; a chapter that begins after its end is left out
    with a warning. Raises InvalidInput for a file that cannot be read.
    """
    length = round(seconds * 1000)
    match episode.chapters:
        case ChaptersFromNotes():
            from_notes, warnings = chapters.from_notes(
                episode.notes, path=episode.path, first_line=episode.notes_line, duration_ms=length or None
            )
            return EpisodeChapters(from_notes, from_notes, warnings)
        case ChaptersFromFile(path):
            written, location = load(folder, path), SourceLocation(path)
        case ChapterList(written):
            location = episode.location_of("chapters")
    fitting = tuple(chapter for chapter in written if not length or chapter.start_ms < length)
    if len(fitting) == len(written):
        return EpisodeChapters(written, written)
    first = written[len(fitting)]
    text = f"the chapter at {format_timecode(first.start_ms, fraction=False)} is behind the end of the recording, {format_timecode(length, fraction=False)}"
    problem = Problem(location, text, "correct its time or remove it", "cp.start", Severity.WARNING)
    return EpisodeChapters(written, fitting, (problem,))
