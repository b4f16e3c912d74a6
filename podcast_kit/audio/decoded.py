"""Measure, and read the tags of, files that only the decoder of the extra `master` can read: they are never published.

Without the extra they have no facts; the error says how to get it.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_kit.audio import codecs
from podcast_kit.audio.foreign import decodes_sound
from podcast_kit.audio.sniff import detect_audio_kind
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio, Chapter

if TYPE_CHECKING:
    from podcast_kit.audio.tag import EmbeddedTags


UNTIMED_CONTAINERS = {"asf"}
"""Containers whose packets do not have the times of what is in them: only decoding tells the length."""


@decodes_sound
def probe_decoded(path: Path) -> Audio:
    """Facts about a file, from its packets; raises InvalidAudio if no decoder is installed."""
    if codecs.missing_codecs():
        text = f"is a {detect_audio_kind(path)} file, which only a decoder can read"
        raise InvalidAudio(str(path), text, f"export it as MP3 or M4A, or {codecs.INSTALL_CODECS_FIX}", "au.codec")
    from podcast_kit.audio.mastering import decode

    source = decode.read_source_info(path)
    payload, payload_bytes = hashlib.sha256(), 0
    starts, ends = list[Fraction](), list[Fraction]()
    with decode.open_container(path) as (container, stream):
        for packet in container.demux(stream):
            payload.update(bytes(packet))
            payload_bytes += packet.size
            if packet.pts is not None and packet.time_base:
                starts.append(packet.pts * packet.time_base)
                ends.append(starts[-1] + (packet.duration or 0) * packet.time_base)
    seconds = float(max(ends) - min(starts)) if ends else source.seconds
    if source.container in UNTIMED_CONTAINERS:
        seconds = sum(block.shape[1] for block in decode.decode_blocks(path, source.rate)) / source.rate
    return Audio(
        bytes=path.stat().st_size,
        seconds=seconds,
        mime="",
        codec="pcm" if source.codec.startswith("pcm") else source.codec,
        bit_rate=round(payload_bytes * 8 / seconds) if seconds else 0,
        channels=source.channels,
        sample_rate=source.rate,
        payload_sha256=payload.hexdigest(),
    )


@decodes_sound
def read_decoded_tags(path: Path) -> EmbeddedTags:
    """Title and chapters; empty if no decoder is installed."""
    from podcast_kit.audio.tag import EmbeddedTags

    if codecs.missing_codecs():
        return EmbeddedTags()
    from podcast_kit.audio.mastering import decode

    with decode.open_container(path) as (container, _):
        metadata = {name.lower(): str(value) for name, value in container.metadata.items()}
        chapters = tuple(_to_chapter(chapter) for chapter in container.chapters())
    return EmbeddedTags(
        title=metadata.get("title", ""),
        show=metadata.get("album", ""),
        author=metadata.get("artist", ""),
        date=metadata.get("date", ""),
        summary=metadata.get("comment", ""),
        language=metadata.get("language", ""),
        chapters=tuple(sorted(chapters, key=lambda chapter: chapter.start_ms)),
        has_broken_chapters=any(chapter.end_ms is None for chapter in chapters),
        fields=tuple(metadata.items()),
    )


def _to_chapter(chapter: Any) -> Chapter:
    start, end = (round(chapter[name] * chapter["time_base"] * 1000) for name in ("start", "end"))
    title = str(chapter["metadata"].get("title", ""))
    return Chapter(start_ms=max(0, start), title=title, end_ms=end if end > start >= 0 else None)
