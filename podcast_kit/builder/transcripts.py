"""An episode's transcripts: loaded once, published as given and in the formats that apps ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from podcast_kit.builder.images import resolve_in_show
from podcast_kit.builder.output_dir import OutputDir, media_key
from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.model import Cue, Episode, Project, Transcript, Wave, public_url
from podcast_kit.source import transcripts as source
from podcast_kit.source.notes.sanitize import sanitize_transcript_html
from podcast_kit.text.timecode import format_timecode

HTML_SUFFIXES = (".html", ".htm")
TIMED_WRITERS = {".vtt": source.render_vtt, ".srt": source.render_srt, ".json": source.render_transcript_json}
"""Each format can be written from each other; from text without times none can."""
LANGUAGE_TAG_LENGTHS = range(2, 6)
"""Of an ISO 639 code, with or without a region."""


@dataclass(frozen=True, slots=True)
class LoadedTranscript:
    """A transcript that the podcaster gave, parsed."""

    file: Path
    suffix: str
    language: str
    """Of its name, as in `talk.de.vtt`; empty for the show's language."""
    cues: tuple[Cue, ...]
    text: str = ""
    """The whole file."""
    problems: tuple[Problem, ...] = ()
    """What apps would not understand as it is meant, and what was made of it."""
    is_standard: bool = True
    """Whether apps understand the file as it is."""

    @property
    def is_timed(self) -> bool:
        """Whether it has times, so that every other format with times can be written from it."""
        has_times = self.suffix not in HTML_SUFFIXES and any(cue.start_ms for cue in self.cues)
        return self.suffix in TIMED_WRITERS or has_times


def load_transcripts(project: Project, episode: Episode, shift: float = 0.0) -> tuple[LoadedTranscript, ...]:
    """Every transcript of an episode, each parsed once, for a recording whose moments come `shift` seconds later.

    Raises InvalidInput with every problem of all of them.
    """
    problems: list[Problem] = []
    loaded: list[LoadedTranscript] = []
    for name in episode.transcripts:
        path = PurePosixPath(name)
        file = resolve_in_show(project.folder, "podcast.yaml", name)
        if file is None:
            location = episode.location_of("transcript")
            problems.append(Problem(location, f"transcript {name!r} not found", "correct the path", "tr.missing"))
            continue
        try:
            read = source.load_transcript(project.folder, name)
        except InvalidInput as error:
            problems += error.problems
            continue
        loaded.append(
            LoadedTranscript(
                file,
                path.suffix.lower(),
                _language_in(path),
                read.cues,
                text=read.text,
                problems=(*read.problems, *_trimmed_cue_problems(read.cues, name, shift)),
                is_standard=read.is_standard,
            )
        )
    if problems:
        raise InvalidInput(problems)
    return tuple(loaded)


def transcript_text(loaded: tuple[LoadedTranscript, ...]) -> str:
    """The first transcript as plain text, for players that show it as lyrics; empty where there is none."""
    return source.render_transcript_text(loaded[0].cues).strip() if loaded else ""


def publish_transcripts(
    project: Project, episode: Episode, loaded: tuple[LoadedTranscript, ...], out: OutputDir, shift: float = 0.0
) -> tuple[Transcript, ...]:
    """Publish every transcript: the author's files first, then the timed formats that can be written from them.

    A file that apps would not understand is published in the form that they do. All cues come `shift` seconds later
    than they are written, where mastering joined an intro or trimmed silence; the author's own file would then be
    wrong, so only what is written from it is published.
    """
    transcripts: list[Transcript] = []
    cues_by_language: dict[str, tuple[Cue, ...]] = {}
    published: set[tuple[str, str]] = set()
    precise_languages = {transcript.language for transcript in loaded if transcript.suffix in TIMED_WRITERS}
    for transcript in loaded:
        cues = transcript.cues
        if transcript.is_timed:
            cues = _shift_cues(cues, round(shift * 1000))
            if transcript.suffix in TIMED_WRITERS or transcript.language not in precise_languages:
                cues_by_language.setdefault(transcript.language, cues)
        is_rewritten = transcript.suffix in TIMED_WRITERS and not transcript.is_standard
        if not is_rewritten and not (transcript.is_timed and shift):
            key = _publish_file(transcript, out)
            transcripts.append(_transcript_at(project, key, transcript.suffix, transcript.language, cues))
            published.add((transcript.language, transcript.suffix))
    for language, cues in cues_by_language.items():
        for suffix, write in TIMED_WRITERS.items():
            if (language, suffix) not in published:
                data = write(cues).encode()
                name = f"{episode.slug}{f'.{language}' if language else ''}{suffix}"
                key = out.write(media_key(hashlib.sha256(data).hexdigest(), name), data, Wave.MEDIA).key
                transcripts.append(_transcript_at(project, key, suffix, language, cues))
    return tuple(transcripts)


def _publish_file(transcript: LoadedTranscript, out: OutputDir) -> str:
    """Copy the author's file; its key. HTML is sanitized, since it is served from the show's own domain, and what is
    not UTF-8 becomes it.
    """
    if transcript.suffix not in HTML_SUFFIXES and transcript.is_standard:
        return out.publish_file(transcript.file).key
    is_html = transcript.suffix in HTML_SUFFIXES
    data = (sanitize_transcript_html(transcript.text) if is_html else transcript.text).encode()
    name = transcript.file.name.lower().replace(" ", "-")
    return out.write(media_key(hashlib.sha256(data).hexdigest(), name), data, Wave.MEDIA).key


def _trimmed_cue_problems(cues: tuple[Cue, ...], path: str, shift: float) -> Iterator[Problem]:
    """A warning for each cue that is in the silence that mastering trims off the start."""
    for cue in cues:
        if shift < 0 and cue.end_ms + round(shift * 1000) <= 0 and cue.text and cue.end_ms > cue.start_ms:
            start = format_timecode(cue.start_ms)
            text = f"the cue at {start}, {cue.text[:40]!r}, is left out: it is in the silence that is trimmed"
            fix = "correct its time, or turn off trimming"
            yield Problem(SourceLocation(path), text, fix, "tr.repaired", Severity.WARNING)


def _shift_cues(cues: tuple[Cue, ...], by_ms: int) -> tuple[Cue, ...]:
    """Each later by so many milliseconds; what was trimmed off the start is gone."""
    if not by_ms:
        return cues
    moved = (replace(cue, start_ms=max(0, cue.start_ms + by_ms), end_ms=cue.end_ms + by_ms) for cue in cues)
    return tuple(cue for cue in moved if cue.end_ms > cue.start_ms)


def _transcript_at(project: Project, key: str, suffix: str, language: str, cues: tuple[Cue, ...]) -> Transcript:
    mime = source.TRANSCRIPT_MIMES.get(suffix.removeprefix("."), "text/plain")
    url = public_url(project.show.publish.url, key)
    return Transcript(url=url, mime=mime, language=language or project.show.language, cues=cues)


def _language_in(path: PurePosixPath) -> str:
    """`de` of `talk.de.vtt`; empty for the show's own language."""
    middle = PurePosixPath(path.stem).suffix.removeprefix(".")
    is_language = len(middle) in LANGUAGE_TAG_LENGTHS and middle.replace("-", "").isalpha()
    return middle if is_language else ""
