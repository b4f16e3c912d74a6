"""A recording made ready for listeners: joined, brought to its loudness, limited, encoded, and measured again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.audio.mastering.decision import wanted
from podcast_kit.audio.mastering.job import Job, Mastered
from podcast_kit.model import AudioSettings, Progress
from podcast_kit.writer_versions import MASTERING


def key(payload_sha256: str, settings: AudioSettings, *joined: str) -> str:
    """What the result depends on, as one digest (64 hex digits): a cache may keep the result under it.

    `payload_sha256` is that of the recording without its tags, `joined` those of intro and outro.
    """
    parts = [payload_sha256, *joined, json.dumps(asdict(settings), sort_keys=True), *codecs.versions(), str(MASTERING)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def suffix(source: Path, settings: AudioSettings) -> str:
    """What the result's name ends in, such as `.mp3`; of the source only the header is read."""
    codecs.require()
    from podcast_kit.audio.mastering import decode

    return _suffix(source, wanted(decode.shape(source).codec, settings))


def _suffix(source: Path, format_: str) -> str:
    return f".{format_}" if format_ else source.suffix.lower()


def master(
    source: Path,
    destination: Path,
    settings: AudioSettings,
    on: Callable[[Progress], None] | None = None,
    *,
    intro: Path | None = None,
    outro: Path | None = None,
) -> Mastered:
    """Make `destination` of `source` as the settings ask; its suffix is `suffix(source, settings)`.

    Raises InvalidAudio for a source that cannot be decoded or cannot become what is asked, Failed for a disk that will
    not take it, and PodcastKitError where the extra `master` is not installed. The source is only read; the destination
    is whole or not there.
    """
    codecs.require()
    from podcast_kit.audio.mastering import pipeline

    job = Job(source=source, destination=destination, settings=settings, intro=intro, outro=outro)
    return pipeline.master(job, on or (lambda _: None))
