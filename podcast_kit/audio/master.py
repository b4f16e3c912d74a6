"""Master a recording: join intro and outro, set its loudness, limit its peaks, encode it, and measure the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.foreign import decodes_sound
from podcast_kit.audio.mastering.decision import (
    FORMAT_OF_CODEC,
    PUBLISHED_CONTAINERS,
    format_suffix,
    mastered_format,
    must_encode,
)
from podcast_kit.audio.mastering.job import MasteringJob, MasteringResult
from podcast_kit.audio.probe import probe_audio, translate_audio_errors
from podcast_kit.audio.tag import can_hold_tags
from podcast_kit.errors import PodcastKitError
from podcast_kit.model import AudioSettings, Progress
from podcast_kit.writer_versions import MASTERING


def mastering_key(payload_sha256: str, settings: AudioSettings, *joined: str) -> str:
    """A digest (64 hex digits) of everything that the result depends on, for use as a cache key.

    `payload_sha256` is the digest of the recording without its tags, `joined` those of intro and outro.
    """
    parts = [
        payload_sha256,
        *joined,
        json.dumps(asdict(settings), sort_keys=True),
        *codecs.codec_versions(),
        str(MASTERING),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def mastered_suffix(source: Path, settings: AudioSettings) -> str:
    """The file extension of the result, such as `.mp3`; reads only the header of the source.

    With `reencode: true` a source of a rare codec may become an MP3 instead of staying what it is; then the name of
    `MasteringResult.path` is right.
    """
    codecs.require_codecs()
    return _find_mastered_suffix(source, settings)


@decodes_sound
def _find_mastered_suffix(source: Path, settings: AudioSettings) -> str:
    from podcast_kit.audio.mastering import decode

    with translate_audio_errors(source):
        return format_suffix(source, mastered_format(decode.read_source_info(source), settings))


def must_be_converted(source: Path) -> bool:
    """Whether a recording cannot be published as it is, or keeps every bit; needs no codecs."""
    try:
        return not can_hold_tags(source) or probe_audio(source).codec in {"alac", "flac"}
    except PodcastKitError:
        return False  # reported where it is read


def choose_format(source: Path, format_: str) -> str:
    """The format that a show's `format:` gives a recording; empty if it is published as it is.

    A lossless recording gets the show's format. What apps play is not encoded again: it stays as it is, or is taken
    out of a container that they don't play. Reads only the header.
    """
    codecs.require_codecs()
    return _choose_by_header(source, format_)


@decodes_sound
def _choose_by_header(source: Path, format_: str) -> str:
    from podcast_kit.audio.mastering import decode

    with translate_audio_errors(source):
        info = decode.read_source_info(source)
    if must_encode(info, AudioSettings()):
        return format_
    own = FORMAT_OF_CODEC.get(info.codec, "")
    return own if info.container not in PUBLISHED_CONTAINERS else ""


def master_recording(
    source: Path,
    destination: Path,
    settings: AudioSettings,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    intro: Path | None = None,
    outro: Path | None = None,
) -> MasteringResult:
    """Master `source` into `destination`, whose suffix is `mastered_suffix(source, settings)`; a result of another
    format gets its own suffix.

    Raises InvalidAudio for a source that cannot be decoded or needs re-encoding without permission, OperationError if
    the file cannot be written, and PodcastKitError if the extra `master` is not installed. The source is only read; the
    destination is complete or does not exist.
    """
    codecs.require_codecs()
    from podcast_kit.audio.mastering import pipeline

    job = MasteringJob(source=source, destination=destination, settings=settings, intro=intro, outro=outro)
    with translate_audio_errors(source, "cannot be mastered: {} while encoding it"):
        return pipeline.run_mastering_job(job, on_progress or (lambda _: None))
