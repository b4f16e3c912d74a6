"""Tags of an MP3 that tell players to change its volume, or how loud it was: dropped once its loudness has changed."""

from __future__ import annotations

import io
import re
import struct
from typing import BinaryIO

from podcast_kit.audio.mp3 import id3, id3_frames
from podcast_kit.audio.tag_bounds import read_at

LOUDNESS_NAMES = re.compile(r"(replaygain|mp3gain|r128)_\w+|itunnorm", re.IGNORECASE)
"""Of ReplayGain, mp3gain, EBU R 128 and iTunes, in a text, a comment or an APEv2 item."""
LOUDNESS_FRAMES = {"RVA2", "RVAD", "XRVA", "RGAD"}
"""Relative volume of ID3v2.4 and 2.3, and the ReplayGain frame."""
LOUDNESS_OWNERS = {"PeakValue", "AverageLevel"}
"""Of the private frames of Windows Media Player."""


def drop_from_id3(file: BinaryIO, start: int) -> list[bytes]:
    """The ID3v2 tags before `start` without those of loudness: as one tag of 2.3, or as they are if they have none."""
    frames = id3.kept_frames(file, start, [], marks=False)
    kept = [frame for frame in frames if not _is_loudness_frame(frame[:4].decode("latin-1"), frame[10:])]
    if len(kept) == len(frames):
        return [read_at(file, 0, start)]
    return id3_frames.join_id3_tag(kept) if kept else []


def _is_loudness_frame(name: str, payload: bytes) -> bool:
    if name == "TXXX":
        return bool(LOUDNESS_NAMES.fullmatch(id3.frame_description(payload[:1], payload[1:])))
    if name == "COMM":
        return bool(LOUDNESS_NAMES.fullmatch(id3.frame_description(payload[:1], payload[4:])))
    if name == "PRIV":
        return payload.partition(b"\0")[0].decode("latin-1") in LOUDNESS_OWNERS
    return name in LOUDNESS_FRAMES


def drop_from_apev2(data: bytes) -> bytes:
    """An APEv2 tag without the items of loudness; empty if it has no others, as it is if it cannot be read."""
    from mutagen import MutagenError
    from mutagen.apev2 import APEv2

    file = io.BytesIO(data)
    try:
        tag = APEv2(file)
    except (MutagenError, ValueError, LookupError, ArithmeticError, struct.error):
        return data
    names = [name for name in tag if LOUDNESS_NAMES.fullmatch(name)]
    for name in names:
        del tag[name]
    if not names:
        return data
    if not tag:
        return b""
    tag.save(file)
    return file.getvalue()
