"""Renders transcripts as WebVTT, SubRip, JSON and plain text, as Apple and the podcast namespace require."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from podcast_kit.model import Cue
from podcast_kit.source.transcripts.vtt_srt import split_speaker
from podcast_kit.text.indented_json import render_json
from podcast_kit.text.timecode import format_timecode

VTT_WRAP_LEN, SRT_WRAP_LEN, SRT_WRAP_LINES = 65, 32, 2
"""Characters per line and lines per cue that the podcast namespace recommends."""


def escape_vtt(text: str) -> str:
    """Text escaped for WebVTT."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT with voice tags (`<v Name>`, which Apple shows) and lines of at most 65 characters where possible."""
    blocks = ["WEBVTT\n"]
    for cue in _sort_spoken_cues(cues):
        lines = [
            escape_vtt(line)
            for line in textwrap.wrap(cue.text, VTT_WRAP_LEN, break_long_words=False, break_on_hyphens=False)
        ]
        voice = f"<v {escape_vtt(' '.join(cue.speaker.split()))}>" if cue.speaker.strip() else ""
        times = f"{format_timecode(cue.start_ms)} --> {format_timecode(cue.end_ms)}"
        blocks.append(f"{times}\n{voice}{chr(10).join(lines)}\n")
    return "\n".join(blocks)


def render_srt(cues: Iterable[Cue]) -> str:
    """SubRip with at most two lines of 32 characters per cue, unless a word is longer.

    Longer cues are split; each part gets time in proportion to its length.
    """
    blocks: list[str] = []
    for cue in _sort_spoken_cues(cues):
        for start_ms, end_ms, lines in _split_cue(cue):
            times = " --> ".join(format_timecode(time_ms, decimal_mark=",") for time_ms in (start_ms, end_ms))
            blocks.append(f"{len(blocks) + 1}\n{times}\n{chr(10).join(lines)}\n")
    return "\n".join(blocks)


def _split_cue(cue: Cue) -> list[tuple[int, int, list[str]]]:
    """A cue as one or more SubRip cues: start, end and lines of each; each begins with the speaker's name."""
    speaker = " ".join(cue.speaker.split())
    prefix = ""
    if speaker:
        prefix = f"{speaker}: " if split_speaker(f"{speaker}: x")[0] == speaker else f"[{speaker}]: "
    parts: list[list[str]] = []
    for word in cue.text.split():
        lines = parts[-1] if parts else []
        if lines and len(lines[-1]) + 1 + len(word) <= SRT_WRAP_LEN:
            lines[-1] += f" {word}"
        elif lines and len(lines) < SRT_WRAP_LINES:
            lines.append(word)
        else:
            parts.append([prefix + word])
    if cue.end_ms - cue.start_ms < len(parts):  # too short to be divided
        return [(cue.start_ms, cue.end_ms, lines) for lines in parts]
    total_len = sum(len(line) for lines in parts for line in lines)
    len_so_far, start_ms = 0, cue.start_ms
    split_cues: list[tuple[int, int, list[str]]] = []
    for number, lines in enumerate(parts, 1):
        len_so_far += sum(len(line) for line in lines)
        end_ms = cue.start_ms + (cue.end_ms - cue.start_ms) * len_so_far // total_len
        end_ms = max(start_ms + 1, min(end_ms, cue.end_ms - len(parts) + number))
        split_cues.append((start_ms, end_ms, lines))
        start_ms = end_ms
    return split_cues


def render_transcript_json(cues: Iterable[Cue]) -> str:
    """The podcast namespace's JSON 1.0.0, in seconds."""
    segments: list[dict[str, Any]] = []
    for cue in _sort_spoken_cues(cues):
        speaker = {"speaker": cue.speaker} if cue.speaker else {}
        segments.append({**speaker, "startTime": cue.start_ms / 1000, "endTime": cue.end_ms / 1000, "body": cue.text})
    return render_json({"version": "1.0.0", "segments": segments}, 1) + "\n"


def render_transcript_text(cues: Iterable[Cue]) -> str:
    """Plain text: consecutive cues of a speaker are one paragraph, which begins with the name."""
    paragraphs: list[str] = []
    speaker_before: str | None = None
    for cue in _sort_spoken_cues(cues):
        if cue.speaker == speaker_before and paragraphs:
            paragraphs[-1] += f" {cue.text}"
        else:
            paragraphs.append(f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text)
        speaker_before = cue.speaker
    return "\n\n".join(paragraphs) + "\n"


def _sort_spoken_cues(cues: Iterable[Cue]) -> list[Cue]:
    """The cues with text, each on one line, in order of time."""
    on_one_line = (replace(cue, text=" ".join(cue.text.split())) for cue in cues)
    return sorted((cue for cue in on_one_line if cue.text), key=lambda cue: cue.start_ms)
