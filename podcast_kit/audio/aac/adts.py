"""Measure raw AAC by its ADTS frames (ISO/IEC 13818-7)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import ByteSpan
from podcast_kit.audio.tag_bounds import find_audio_bounds
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

ADTS_SAMPLE_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
ADTS_BLOCK_BYTES = 1 << 20
ADTS_HEADER_BYTES = 7
MAX_ADTS_FRAME_BYTES = 8191
MAX_ADTS_JUNK_BYTES = 1 << 20
"""Searched through in total, before the rest of the file counts as damaged."""
TRUNCATED_ADTS_FIX = (
    "copy the recording again; if there is no better copy, `podcast-kit inspect --fix DIR` writes one that ends with "
    "its last complete frame"
)
NO_AAC_FRAME = ("has no complete AAC frame", "export it again as M4A", "au.not-audio")
FRAME_SAMPLES = 1024


@dataclass(slots=True)
class AdtsScan:
    """What a scan from the first frame to the last counted."""

    blocks: int = 0
    """Of 1024 samples; a frame may hold several."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Offset and length of the frames; adjacent frames are joined."""
    header: bytes = b""
    """Of the first frame."""
    junk_bytes: int = 0
    """Between the frames, and after the last."""
    tail_bytes: int = 0
    """Of the last frame, if the file is truncated in it."""
    sha256: str = ""

    @property
    def rate(self) -> int:
        """Samples per second; 0 if the header does not say."""
        index = self.header[2] >> 2 & 15 if self.header else len(ADTS_SAMPLE_RATES)
        return ADTS_SAMPLE_RATES[index] if index < len(ADTS_SAMPLE_RATES) else 0

    @property
    def channels(self) -> int:
        """As the first header says."""
        code = (self.header[2] & 1) << 2 | self.header[3] >> 6
        return 8 if code == 7 else code or 2  # 0: the channels are in the data, and nearly always two


def probe_adts(path: Path) -> Audio:
    """Exact duration of raw AAC; raises InvalidAudio when it has no frames, or is damaged over a long part."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = find_audio_bounds(file, size)
        scan = scan_adts(file, start, end)
    if not scan.blocks or not scan.rate:
        raise InvalidAudio(str(path), *NO_AAC_FRAME)
    seconds = scan.blocks * FRAME_SAMPLES / scan.rate
    if scan.junk_bytes > MAX_ADTS_JUNK_BYTES:
        text = f"is damaged after {seconds:.1f} s: the remaining {scan.junk_bytes:,} bytes are not AAC frames"
        raise InvalidAudio(str(path), text, TRUNCATED_ADTS_FIX, "au.truncated")
    if scan.tail_bytes:
        text = f"is truncated after {seconds:.1f} s: the last {scan.tail_bytes:,} bytes are not AAC frames"
        raise InvalidAudio(str(path), text, TRUNCATED_ADTS_FIX, "au.truncated")
    warnings = ["raw AAC has no index, so players guess its length and seek badly: put it into M4A"]
    if scan.junk_bytes:
        warnings.append(f"{scan.junk_bytes:,} bytes between or after the frames are not audio")
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/aac",
        codec="aac",
        bit_rate=round(sum(length for _, length in scan.spans) * 8 / seconds),
        channels=scan.channels,
        sample_rate=scan.rate,
        payload_sha256=scan.sha256,
        warnings=tuple(warnings),
    )


def repaired_adts_pieces(path: Path, file: BinaryIO) -> list[bytes | ByteSpan]:
    """The tags and every frame, without what is between or after the frames."""
    size = os.fstat(file.fileno()).st_size
    start, end = find_audio_bounds(file, size)
    scan = scan_adts(file, start, end)
    if not scan.spans:
        raise InvalidAudio(str(path), *NO_AAC_FRAME)
    return [(0, start), *scan.spans, (end, size - end)]


def has_frames(data: bytes) -> bool:
    """Whether these first bytes of a file have two frames that follow one another, after other bytes or none."""
    first = _find_next_frame(b"\0" + data, 0, b"") - 1
    length = _frame_bytes(data, first, b"")
    return bool(length) and first + length < len(data)


def scan_adts(file: BinaryIO, start: int, end: int) -> AdtsScan:
    """Scan the frames from `start` to `end` and hash them; other bytes are skipped, up to MAX_ADTS_JUNK_BYTES."""
    scan, digest = AdtsScan(), hashlib.sha256()
    data, base, at = b"", start, 0
    file.seek(start)
    while True:
        left = end - base - len(data)
        if left > 0 and len(data) - at < 2 * MAX_ADTS_FRAME_BYTES:
            block = file.read(min(ADTS_BLOCK_BYTES, left))
            digest.update(block)
            data, base, at = data[at:] + block, base + at, 0
            if block:
                continue
        length = _frame_bytes(data, at, scan.header)
        if length and at + length <= len(data):
            scan.header = scan.header or data[at : at + ADTS_HEADER_BYTES]
            scan.blocks += 1 + (data[at + 6] & 3)
            _add_span(scan, base + at, length)
            at += length
        elif length or _is_half_header(data[at:], scan.header):
            scan.tail_bytes = len(data) - at
            break
        elif at >= len(data):
            break
        else:
            following = _find_next_frame(data, at, scan.header)
            scan.junk_bytes += following - at
            at = following
            if scan.junk_bytes > MAX_ADTS_JUNK_BYTES:
                scan.junk_bytes += end - base - at
                break
    scan.sha256 = digest.hexdigest()
    return scan


def _add_span(scan: AdtsScan, offset: int, length: int) -> None:
    if scan.spans and sum(scan.spans[-1]) == offset:
        scan.spans[-1] = (scan.spans[-1][0], scan.spans[-1][1] + length)
    else:
        scan.spans.append((offset, length))


def _frame_bytes(data: bytes, at: int, like: bytes) -> int:
    """Length of the frame whose header is at `at`; 0 if there is none, or it is unlike the first (`like`)."""
    head = data[at : at + ADTS_HEADER_BYTES]
    if len(head) < ADTS_HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    if like and (head[2] & 0xFD, head[3] & 0xC0) != (like[2] & 0xFD, like[3] & 0xC0):
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= ADTS_HEADER_BYTES else 0


def _is_half_header(data: bytes, like: bytes) -> bool:
    """Whether these last bytes of a file are the beginning of a header like the first."""
    return 0 < len(data) < ADTS_HEADER_BYTES and like[:2].startswith(data[:2])


def _find_next_frame(data: bytes, at: int, like: bytes) -> int:
    """The offset after `at` of a frame that another follows, or that ends the data; else the end of the data."""
    position = data.find(b"\xff", at + 1)
    while position >= 0:
        length = _frame_bytes(data, position, like)
        stop = position + length
        if length and (stop == len(data) or _frame_bytes(data, stop, data[position : position + ADTS_HEADER_BYTES])):
            return position
        position = data.find(b"\xff", position + 1)
    return len(data)
