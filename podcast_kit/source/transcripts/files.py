"""Reads a transcript file in any supported format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.model import Cue
from podcast_kit.source.text_encoding import decode_foreign_text
from podcast_kit.source.transcripts.json_html_text import (
    parse_html_transcript,
    parse_json_transcript,
    parse_text_transcript,
)
from podcast_kit.source.transcripts.vtt_srt import ParsedCues, parse_srt, parse_vtt
from podcast_kit.source.yaml import read_source_file

TRANSCRIPT_MIMES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "json": "application/json",
    "html": "text/html",
    "htm": "text/html",
    "txt": "text/plain",
}
"""The MIME type for podcast:transcript by file extension."""
MAX_TRANSCRIPT_BYTES = 20_000_000
"""Some programs write the time of every word: three hours of talk are 5 MB."""
MAX_CUES = 200_000
MAX_REPORTED_PROBLEMS = 20
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PARSERS: dict[str, Callable[[str], ParsedCues]] = {
    "vtt": parse_vtt,
    "srt": parse_srt,
    "json": parse_json_transcript,
    "html": parse_html_transcript,
    "htm": parse_html_transcript,
    "txt": parse_text_transcript,
}


@dataclass(frozen=True, slots=True)
class TranscriptSource:
    """A transcript file, read."""

    cues: tuple[Cue, ...]
    """In order of time."""
    text: str
    """The whole file, with line feeds only."""
    problems: tuple[Problem, ...] = ()
    """Warnings and hints: what apps would not understand as it is meant, and what was made of it."""
    is_standard: bool = True
    """Whether apps understand the file as it is; if not, it is published in the form that they do."""


def parse_transcript(data: bytes, path: str) -> tuple[Cue, ...]:
    """The cues of a transcript, in order of time; the format is that of the path's extension.

    Raises InvalidInput with every problem and its line.
    """
    return read_transcript(data, path).cues


def read_transcript(data: bytes, path: str) -> TranscriptSource:
    """A transcript with its cues and warnings; raises InvalidInput with every problem and its line."""
    decoded = decode_foreign_text(data, path, MAX_TRANSCRIPT_BYTES)
    text = _CONTROL_CHARACTERS.sub("", decoded.text)
    parse = _PARSERS.get(path.rpartition(".")[2].lower(), parse_text_transcript)
    parsed = parse(text)
    cues, problems = parsed.cues, parsed.problems
    if not cues and not problems:
        problems = [(1, "has no text", "is it the right file?")]
    if len(cues) > MAX_CUES:
        problems = [(1, f"has more than {MAX_CUES:,} cues", "is it the right file?")]
    if problems:
        raise InvalidInput(
            Problem(SourceLocation(path, line), cause, fix, "tr.grammar")
            for line, cause, fix in problems[:MAX_REPORTED_PROBLEMS]
        )
    repairs = (
        Problem(SourceLocation(path, line), text, fix, "tr.repaired", Severity.HINT)
        for line, text, fix in parsed.repairs[:MAX_REPORTED_PROBLEMS]
    )
    return TranscriptSource(
        cues=tuple(sorted(cues, key=lambda cue: cue.start_ms)),
        text=text,
        problems=(*decoded.problems, *repairs),
        is_standard=parsed.is_standard and not parsed.repairs and not decoded.encoding,
    )


def load_transcript(folder: Path, path: str) -> TranscriptSource:
    """A transcript inside the show's folder; raises InvalidInput."""
    return read_transcript(read_source_file(folder / path, path, MAX_TRANSCRIPT_BYTES), path)
