"""Transcripts: parsed from WebVTT, SubRip, JSON, HTML and plain text; rendered as the formats that apps ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podcast_kit.late_imports import import_late

if TYPE_CHECKING:
    from podcast_kit.source.transcripts.files import (
        TRANSCRIPT_MIMES,
        TranscriptSource,
        load_transcript,
        parse_transcript,
        read_transcript,
    )
    from podcast_kit.source.transcripts.render import (
        render_srt,
        render_transcript_json,
        render_transcript_text,
        render_vtt,
    )
    from podcast_kit.source.transcripts.service_json import is_transcript_json
    from podcast_kit.source.transcripts.vtt_srt import parse_vtt

__all__ = [
    "TRANSCRIPT_MIMES",
    "TranscriptSource",
    "is_transcript_json",
    "load_transcript",
    "parse_transcript",
    "parse_vtt",
    "read_transcript",
    "render_srt",
    "render_transcript_json",
    "render_transcript_text",
    "render_vtt",
]

__getattr__ = import_late(
    __name__,
    {
        "files": ("TRANSCRIPT_MIMES", "TranscriptSource", "load_transcript", "parse_transcript", "read_transcript"),
        "render": ("render_srt", "render_transcript_json", "render_transcript_text", "render_vtt"),
        "service_json": ("is_transcript_json",),
        "vtt_srt": ("parse_vtt",),
    },
)
