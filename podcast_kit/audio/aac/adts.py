"""Measure raw AAC by its ADTS frames (ISO/IEC 13818-7)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from podcast_kit.audio.tag_bounds import find_audio_bounds
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

ADTS_SAMPLE_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
ADTS_BLOCK_BYTES = 1 << 20
MAX_ADTS_FRAME_BYTES = 8191 + 7


def probe_adts(path: Path) -> Audio:
    """Exact duration of raw AAC; raises InvalidAudio when its frames are not contiguous to the end."""
    digest, frames, payload = hashlib.sha256(), 0, 0
    rate = channels = 0
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = find_audio_bounds(file, size)
        file.seek(start)
        data, left, at = b"", end - start, 0
        while True:
            if len(data) - at < MAX_ADTS_FRAME_BYTES and left:
                block = file.read(min(ADTS_BLOCK_BYTES, left))
                left = left - len(block) if block else 0
                digest.update(block)
                data, at = data[at:] + block, 0
            head = data[at : at + 7]
            length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) == 7 else 0
            if length < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or at + length > len(data):
                break
            if not rate:
                index = head[2] >> 2 & 15
                rate = ADTS_SAMPLE_RATES[index] if index < len(ADTS_SAMPLE_RATES) else 0
                channels = (head[2] & 1) << 2 | head[3] >> 6
            frames += 1 + (head[6] & 3)
            payload += length
            at += length
        trailing = len(data) - at + left
    if not frames or not rate:
        raise InvalidAudio(str(path), "has no complete AAC frame", "export it again as M4A", "au.not-audio")
    seconds = frames * 1024 / rate
    if trailing:
        text = f"is truncated or damaged after {seconds:.1f} s: the remaining {trailing:,} bytes are not AAC frames"
        raise InvalidAudio(str(path), text, "copy the recording again", "au.truncated")
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/aac",
        codec="aac",
        bit_rate=round(payload * 8 / seconds),
        channels=8 if channels == 7 else channels or 2,
        sample_rate=rate,
        payload_sha256=digest.hexdigest(),
        warnings=("raw AAC has no index, so players guess its length and seek badly: put it into M4A",),
    )
