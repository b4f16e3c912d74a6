"""Raw AAC measured by walking its ADTS frames (ISO/IEC 13818-7)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from podcast_kit.audio.tag_bounds import bounds
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
BLOCK = 1 << 20
LONGEST = 8191 + 7


def probe(path: Path) -> Audio:
    """Exact duration of raw AAC; raises InvalidAudio when its frames do not follow one another to the end."""
    digest, frames, payload = hashlib.sha256(), 0, 0
    rate = channels = 0
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = bounds(file, size)
        file.seek(start)
        data, left, at = b"", end - start, 0
        while True:
            if len(data) - at < LONGEST and left:
                block = file.read(min(BLOCK, left))
                left = left - len(block) if block else 0
                digest.update(block)
                data, at = data[at:] + block, 0
            head = data[at : at + 7]
            length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) == 7 else 0
            if length < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or at + length > len(data):
                break
            if not rate:
                index = head[2] >> 2 & 15
                rate = RATES[index] if index < len(RATES) else 0
                channels = (head[2] & 1) << 2 | head[3] >> 6
            frames += 1 + (head[6] & 3)
            payload += length
            at += length
        rest = len(data) - at + left
    if not frames or not rate:
        raise InvalidAudio(str(path), "holds no whole frame of AAC", "export it again as M4A", "au.not-audio")
    seconds = frames * 1024 / rate
    if rest:
        text = f"is cut off or damaged {seconds:.1f} s from its head: {rest:,} bytes from there are no frame"
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
        remarks=("raw AAC has no index: players guess its length and seek badly; put it into M4A",),
    )
