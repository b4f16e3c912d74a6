"""Probe, inspect, tag and repair audio files. The only package that uses mutagen and the codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podcast_kit.late_imports import import_late

if TYPE_CHECKING:
    from podcast_kit.audio.first_minute import FirstMinute, measure_first_minute
    from podcast_kit.audio.inspect import UNPUBLISHABLE_CODE, AudioReport, inspect_audio
    from podcast_kit.audio.probe import probe_audio
    from podcast_kit.audio.repair import repair_audio
    from podcast_kit.audio.sniff import AudioKind, audio_mime_type, detect_audio_kind
    from podcast_kit.audio.tag import NO_TAGS_FIX, EmbeddedTags, can_hold_tags, digest_tags, read_tags, write_tags

__all__ = [
    "NO_TAGS_FIX",
    "UNPUBLISHABLE_CODE",
    "AudioKind",
    "AudioReport",
    "EmbeddedTags",
    "FirstMinute",
    "audio_mime_type",
    "can_hold_tags",
    "detect_audio_kind",
    "digest_tags",
    "inspect_audio",
    "measure_first_minute",
    "probe_audio",
    "read_tags",
    "repair_audio",
    "write_tags",
]

__getattr__ = import_late(
    __name__,
    {
        "first_minute": ("FirstMinute", "measure_first_minute"),
        "inspect": ("UNPUBLISHABLE_CODE", "AudioReport", "inspect_audio"),
        "probe": ("probe_audio",),
        "repair": ("repair_audio",),
        "sniff": ("AudioKind", "audio_mime_type", "detect_audio_kind"),
        "tag": ("NO_TAGS_FIX", "EmbeddedTags", "can_hold_tags", "digest_tags", "read_tags", "write_tags"),
    },
)
