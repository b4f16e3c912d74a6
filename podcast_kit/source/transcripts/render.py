"""Transcripts as Apple and the podcast namespace want them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from podcast_kit.model import Cue
from podcast_kit.source.transcripts.vtt_srt import named
from podcast_kit.text.timecode import format_timecode

VTT_WIDTH, SRT_WIDTH, SRT_LINES = 65, 32, 2
"""Characters a line, and lines a cue, that the podcast namespace asks for."""


def escaped(text: str) -> str:
    """Text as WebVTT has it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT with voices, lines of at most 65 characters where words allow; `<v Name>` is what Apple shows."""
    parts = ["WEBVTT\n"]
    for cue in _spoken(cues):
        lines = [
            escaped(line) for line in textwrap.wrap(cue.text, VTT_WIDTH, break_long_words=False, break_on_hyphens=False)
        ]
        voice = f"<v {escaped(' '.join(cue.speaker.split()))}>" if cue.speaker.strip() else ""
        times = f"{format_timecode(cue.start_ms)} --> {format_timecode(cue.end_ms)}"
        parts.append(f"{times}\n{voice}{chr(10).join(lines)}\n")
    return "\n".join(parts)


def write_srt(cues: Iterable[Cue]) -> str:
    """SubRip: two lines of 32 characters a cue where words allow.

    Longer cues are parted, and the parts share the time by their length.
    """
    parts: list[str] = []
    for cue in _spoken(cues):
        for start, end, lines in _parted(cue):
            times = " --> ".join(format_timecode(at, decimal_mark=",") for at in (start, end))
            parts.append(f"{len(parts) + 1}\n{times}\n{chr(10).join(lines)}\n")
    return "\n".join(parts)


def _parted(cue: Cue) -> list[tuple[int, int, list[str]]]:
    """A cue as one or more, each with its start, its end and its rows; every one says who speaks."""
    who = " ".join(cue.speaker.split())
    prefix = f"{who}: " if who and named(f"{who}: x")[0] == who else f"[{who}]: " if who else ""
    parts: list[list[str]] = []
    for word in cue.text.split():
        rows = parts[-1] if parts else []
        if rows and len(rows[-1]) + 1 + len(word) <= SRT_WIDTH:
            rows[-1] += f" {word}"
        elif rows and len(rows) < SRT_LINES:
            rows.append(word)
        else:
            parts.append([prefix + word])
    total, said, start = sum(len(row) for part in parts for row in part), 0, cue.start_ms
    found: list[tuple[int, int, list[str]]] = []
    for part in parts:
        said += sum(len(row) for row in part)
        end = cue.start_ms + (cue.end_ms - cue.start_ms) * said // total
        found.append((start, end, part))
        start = end
    return found


def write_json(cues: Iterable[Cue]) -> str:
    """The namespace's JSON 1.0.0, in seconds."""
    segments: list[dict[str, Any]] = []
    for cue in _spoken(cues):
        speaker = {"speaker": cue.speaker} if cue.speaker else {}
        segments.append({**speaker, "startTime": cue.start_ms / 1000, "endTime": cue.end_ms / 1000, "body": cue.text})
    return json.dumps({"version": "1.0.0", "segments": segments}, ensure_ascii=False, indent=1) + "\n"


def write_text(cues: Iterable[Cue]) -> str:
    """A paragraph a speech, with its speaker where that changes."""
    paragraphs: list[str] = []
    before: str | None = None
    for cue in _spoken(cues):
        if cue.speaker == before and paragraphs:
            paragraphs[-1] += f" {cue.text}"
        else:
            paragraphs.append(f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text)
        before = cue.speaker
    return "\n\n".join(paragraphs) + "\n"


def _spoken(cues: Iterable[Cue]) -> list[Cue]:
    """Those with words, each on one line, in order of time."""
    found = (replace(cue, text=" ".join(cue.text.split())) for cue in cues)
    return sorted((cue for cue in found if cue.text), key=lambda cue: cue.start_ms)
