"""A transcript in whatever format it came: WebVTT, SubRip, JSON, HTML, plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.model import Cue
from podcast_kit.source.transcripts.json_html_text import from_html, from_json, from_text
from podcast_kit.source.transcripts.vtt_srt import Found, srt, vtt
from podcast_kit.source.transcripts.vtt_writer import write_json, write_srt, write_text, write_vtt
from podcast_kit.source.yaml.document import contents, decode

__all__ = ["MIMES", "load", "parse", "write_json", "write_srt", "write_text", "write_vtt"]
MIMES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "json": "application/json",
    "html": "text/html",
    "htm": "text/html",
    "txt": "text/plain",
}
"""The type of a transcript by its ending, as podcast:transcript names it."""
MAX_BYTES = 20_000_000
"""Some programs write every word with its time: three hours of talk are five megabytes."""
MOST = 200_000
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PARSERS: dict[str, Callable[[str], Found]] = {
    "vtt": vtt,
    "srt": srt,
    "json": from_json,
    "html": from_html,
    "htm": from_html,
    "txt": from_text,
}


def parse(data: bytes, path: str) -> tuple[Cue, ...]:
    """The cues of a transcript by its ending, in order of time; raises InvalidInput with every fault and its line."""
    text = _CONTROLS.sub("", decode(data, path, MAX_BYTES))
    understand = _PARSERS.get(path.rpartition(".")[2].lower(), from_text)
    found, faults = understand(text)
    if not found and not faults:
        faults = [(1, "holds nothing that is said", "is it the right file?")]
    if len(found) > MOST:
        faults = [(1, f"holds more than {MOST:,} cues", "is it the right file?")]
    if faults:
        most_told = 20
        raise InvalidInput(
            Problem(SourceLocation(path, line), text, hint, "tr.grammar") for line, text, hint in faults[:most_told]
        )
    return tuple(sorted(found, key=lambda cue: cue.start_ms))


def load(folder: Path, path: str) -> tuple[Cue, ...]:
    """The cues of a transcript inside the show's folder; raises InvalidInput."""
    return parse(contents(folder / path, path, MAX_BYTES), path)
