"""Measure MP3 by its frames (ISO/IEC 11172-3 and 13818-3), without trusting any header.

The encoder's header frame (Xing, Info, VBRI) is read for what only it knows: how many samples of silence the encoder
added at both ends, and how many frames there should be.
"""

from __future__ import annotations

import hashlib
import os
import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.tag_bounds import find_audio_bounds, id3_length, read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio
from podcast_kit.text.timecode import format_length

SCAN_BLOCK_BYTES = 1 << 20
MAX_FIRST_FRAME_OFFSET = 1 << 20
"""Searching noise takes half a second per megabyte."""
MAX_INNER_TAG_BYTES = 16 << 20
"""Of a tag between the frames, where files were joined."""
MAX_JUNK_BYTES = 4 << 20
"""Searched through in total, before the file counts as damaged."""
DECODER_DELAY_SAMPLES = 529
"""Added by every decoder at the start; LAME includes them in its padding."""

MPEG_SAMPLE_RATES = {0b11: (44100, 48000, 32000), 0b10: (22050, 24000, 16000), 0b00: (11025, 12000, 8000)}
MPEG1_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What the second and third byte of a frame mean."""

    size: int
    """Bytes, header included."""
    samples: int
    rate: int
    kbits: int
    version: int
    """The two bits of the header: 3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5."""


@dataclass(slots=True)
class XingHeader:
    """What the encoder's header frame says about the stream."""

    name: str
    frames: int = 0
    """0 if unknown."""
    bytes: int = 0
    delay: int = 0
    padding: int = 0
    gapless: bool = False
    encoder: str = ""


@dataclass(slots=True)
class FrameScan:
    """What a scan from the first frame to the last counted."""

    counts: Counter[bytes] = field(default_factory=Counter)
    """Frames by the first three bytes of their header."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """Offset and length of bytes between frames."""
    missing_bytes: int = 0
    """Of the last frame, where the file is truncated."""
    sha256: str = ""

    @property
    def frames(self) -> int:
        """Whole frames."""
        return sum(self.counts.values())

    @property
    def samples(self) -> int:
        """Samples per channel."""
        return sum(FRAME_HEADERS[key].samples * count for key, count in self.counts.items())

    @property
    def seconds(self) -> float:
        """Of all frames, including what the encoder added."""
        return sum(FRAME_HEADERS[key].samples * count / FRAME_HEADERS[key].rate for key, count in self.counts.items())


def _all_frame_headers() -> dict[bytes, FrameHeader]:
    """Every possible layer III header, by its first three bytes."""
    headers = {}
    for second in range(0xE0, 0x100):
        version, layer = second >> 3 & 3, second >> 1 & 3
        if version == 1 or layer != 1:
            continue
        for third in range(256):
            index, rate_index = third >> 4, third >> 2 & 3
            if index in {0, 15} or rate_index == 3:
                continue
            kbits = (MPEG1_KBITS if version == 3 else MPEG2_KBITS)[index]
            rate = MPEG_SAMPLE_RATES[version][rate_index]
            samples = 1152 if version == 3 else 576
            size = samples // 8 * kbits * 1000 // rate + (third >> 1 & 1)
            headers[bytes((0xFF, second, third))] = FrameHeader(size, samples, rate, kbits, version)
    return headers


FRAME_HEADERS = _all_frame_headers()
MAX_TRIMMED_SHARE = 0.01
"""Of the frames: if so few are missing after a complete last frame, an editor trimmed the end; it is not a bad copy."""
NO_MP3_FRAME = ("has no MP3 frame", "copy or export the recording again", "au.not-audio")
MAX_FRAME_BYTES = 1500
"""Of the longest frame, 320 kbit/s at 32 kHz, and the header of the next."""
FRAME_SIZES = {key: header.size for key, header in FRAME_HEADERS.items()}


def probe_mp3(path: Path) -> Audio:
    """Exact duration, mode and payload of an MP3; raises InvalidAudio when it is not a complete MP3."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = find_audio_bounds(file, size)
        first = find_first_frame(file, start, end)
        if first is None:
            raise InvalidAudio(str(path), *NO_MP3_FRAME)
        frame = read_at(file, first, 4096)
        promise = read_xing_header(frame)
        head = FRAME_HEADERS[frame[:3]]
        walk = scan_frames(file, min(first + (head.size if promise else 0), end), end)
    if not walk.frames:
        text = "has no complete frame of audio"
        raise InvalidAudio(str(path), text, "copy the recording again: this copy is truncated", "au.truncated")
    _check_frame_count(path, walk, promise)
    return _mp3_facts(size, first - start, frame, walk, promise)


def find_first_frame(file: BinaryIO, start: int, end: int) -> int | None:
    """The offset of the first frame that another follows, or that is alone; None if the first megabyte has none."""
    for reach in (1 << 13, MAX_FIRST_FRAME_OFFSET):  # nearly always it is the very first
        data = read_at(file, start, min(reach, end - start) + 3000)
        position = data.find(b"\xff")
        while 0 <= position < min(len(data), reach):
            size = FRAME_SIZES.get(data[position : position + 3])
            if size and ((position == 0 and start + size >= end) or is_followed_by_frame(data, position, size)):
                return start + position
            position = data.find(b"\xff", position + 1)
    return None


def is_followed_by_frame(data: bytes, position: int, size: int) -> bool:
    """Whether a frame of the same version and rate begins where this one ends."""
    current, following = (
        FRAME_HEADERS[data[position : position + 3]],
        FRAME_HEADERS.get(data[position + size : position + size + 3]),
    )
    return following is not None and (current.version, current.rate) == (following.version, following.rate)


def read_xing_header(frame: bytes) -> XingHeader | None:
    """Parse the encoder's header frame; None if the frame is audio."""
    head = FRAME_HEADERS[frame[:3]]
    for at in {4 + side_info_bytes(frame), 6 + side_info_bytes(frame)}:  # two more when a checksum follows the header
        name = frame[at : at + 4]
        if name in {b"Xing", b"Info"}:
            return _parse_xing(frame[: head.size], at, name.decode())
    if frame[36:40] == b"VBRI":
        size, count = int.from_bytes(frame[46:50], "big"), int.from_bytes(frame[50:54], "big")
        return XingHeader("VBRI", frames=count, bytes=size)
    return None


def side_info_bytes(frame: bytes) -> int:
    """Bytes of side information after the four bytes of a frame's header."""
    mono = frame[3] >> 6 == 3
    return (17 if mono else 32) if frame[1] >> 3 & 3 == 3 else (9 if mono else 17)


def _parse_xing(frame: bytes, at: int, name: str) -> XingHeader:
    promise = XingHeader(name)
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    at += 8
    if flags & 1:
        promise.frames = int.from_bytes(frame[at : at + 4], "big")
        at += 4
    if flags & 2:
        promise.bytes = int.from_bytes(frame[at : at + 4], "big")
        at += 4
    at += 100 * bool(flags & 4) + 4 * bool(flags & 8)
    if frame[at : at + 4] in {b"LAME", b"Lavf", b"Lavc"} and len(frame) >= at + 24:
        both = int.from_bytes(frame[at + 21 : at + 24], "big")
        promise.encoder = frame[at : at + 9].decode("latin-1").rstrip("\0 ")
        promise.delay, promise.padding, promise.gapless = both >> 12, both & 0xFFF, True
    return promise


def scan_frames(file: BinaryIO, start: int, end: int, offsets: array[int] | None = None) -> FrameScan:
    """Scan the frames from `start` to `end` and hash them, a megabyte at a time.

    Appends the offset of each frame to `offsets`, if given.
    """
    walk, digest, counts = FrameScan(), hashlib.sha256(), dict[bytes, int]()
    file.seek(start)
    data, base, budget, last = b"", start, MAX_JUNK_BYTES, False
    while not last:
        block = file.read(min(SCAN_BLOCK_BYTES, end - base - len(data)))
        digest.update(block)
        data += block
        last = not block or base + len(data) >= end
        position = _skip_frames(data, 0, counts)
        if offsets is not None:
            _record_offsets(data, 0, position, base, offsets)
        while (
            len(data) - position >= (3 if last else MAX_FRAME_BYTES)
            and data[position : position + 3] not in FRAME_SIZES
        ):
            if (
                0
                < (tag := id3_length(data[position : position + 10]))
                <= min(MAX_INNER_TAG_BYTES, end - base - position)
            ):
                data, next_frame = _read_through(file, data, position + tag, digest), position + tag
                last = base + len(data) >= end
            else:
                next_frame = _find_resync(data, position, budget, last=last)
                budget -= next_frame - position
            _add_gap(walk, base + position, next_frame - position)
            position = _skip_frames(data, next_frame, counts)
            if offsets is not None:
                _record_offsets(data, next_frame, position, base, offsets)
        data, base = data[position:], base + position
    if data:
        walk.missing_bytes = FRAME_SIZES.get(data[:3], 4) - len(data)
    walk.counts.update(counts)
    walk.sha256 = digest.hexdigest()
    return walk


def _read_through(file: BinaryIO, data: bytes, stop: int, digest: hashlib._Hash) -> bytes:
    """The data and what follows in the file, so that there are at least `stop` bytes."""
    if stop > len(data):
        digest.update(more := file.read(stop - len(data)))
        data += more
    return data


def _skip_frames(data: bytes, position: int, counts: dict[bytes, int]) -> int:
    """Skip complete frames; return the offset of the first bytes that are not a complete frame."""
    sizes, limit = FRAME_SIZES, len(data)
    while True:
        key = data[position : position + 3]
        size = sizes.get(key)
        if size is None or position + size > limit:
            return position
        counts[key] = counts.get(key, 0) + 1
        position += size


def _record_offsets(data: bytes, position: int, stop: int, base: int, offsets: array[int]) -> None:
    """Append the offsets of frames; separate from `_skip_frames`, which must be fast."""
    while position < stop:
        offsets.append(base + position)
        position += FRAME_SIZES[data[position : position + 3]]


def find_frame_offset(data: bytes, number: int) -> int | None:
    """The offset of a frame by its number from 0, or the length of the data where they have fewer whole frames.

    None where anything else comes between the frames before it: only `scan_frames` finds its way through that.
    """
    key = data[:3]
    if number and key in FRAME_SIZES:  # of a constant bit rate, as most: one match takes a fifth of the time
        if alike := _alike_frames(key, f"{{{number}}}").match(data):
            return _walk_frames(data, alike.end(), 0)
        alike = _alike_frames(key, "+").match(data)
        end = alike.end() if alike else 0
        offset = _walk_frames(data, end, 0)
        if offset is None or offset == len(data):
            return offset
    return _walk_frames(data, 0, number)


def _walk_frames(data: bytes, start: int, number: int) -> int | None:
    """As `find_frame_offset`, counted from a frame that begins at `start`."""
    offset, following, limit = start, start, len(data)
    for _ in range(number + 1):
        offset = following
        size = FRAME_SIZES.get(data[offset : offset + 3])
        if size is None:
            return limit if offset == limit else None
        following = offset + size
        if following > limit:
            return limit
    return offset


@lru_cache(maxsize=64)
def _alike_frames(key: bytes, count: str) -> re.Pattern[bytes]:
    """Some whole frames that begin as this one, but for the bits that say how long each of them is."""
    kinds = [key[:2] + bytes([key[2] & ~3 | bits]) for bits in range(4)]
    frames = b"|".join(re.escape(kind) + b".{%d}" % (FRAME_SIZES[kind] - len(kind)) for kind in kinds)
    return re.compile(b"(?:" + frames + b")" + count.encode() + b"+", re.DOTALL)


def _find_resync(data: bytes, start: int, budget: int, *, last: bool) -> int:
    """The offset after `start` where two frames of the same kind follow each other.

    The end of `data` if there is none, minus what may be half a frame.
    """
    position = data.find(b"\xff", start + 1)
    while 0 <= position < start + budget:
        size = FRAME_SIZES.get(data[position : position + 3])
        if size and (is_followed_by_frame(data, position, size) or (last and position + size == len(data))):
            return position
        position = data.find(b"\xff", position + 1)
    return len(data) if last else max(len(data) - MAX_FRAME_BYTES + 1, start + 1)


def _add_gap(walk: FrameScan, offset: int, length: int) -> None:
    """Add a gap, or extend the last one if it continues there."""
    if walk.gaps and sum(walk.gaps[-1]) == offset:
        offset, length = walk.gaps[-1][0], walk.gaps[-1][1] + length
        walk.gaps.pop()
    walk.gaps.append((offset, length))


def diagnose_other_mpeg(head: bytes) -> tuple[str, str] | None:
    """What MPEG audio other than MP3 is, and the fix; None if it is not MPEG audio."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 3 & 3 == 1:
        return None
    if head[1] >> 1 & 3 in {2, 3}:
        return "is MPEG audio of layer I or II, not MP3", "encode it as MP3: podcast apps don't play it"
    if head[1] >> 1 & 3 == 1 and head[2] >> 4 == 0:
        return (
            "is a free-format MP3 (non-standard bit rate)",
            "encode it at a standard bit rate: hardly any app plays it",
        )
    return None


def _check_frame_count(path: Path, walk: FrameScan, promise: XingHeader | None) -> None:
    """Raise InvalidAudio if frames are missing: players would show a length that the file does not have."""
    missing = promise.frames - walk.frames if promise else 0
    if promise is None or missing <= 1 or (not walk.missing_bytes and missing < promise.frames * MAX_TRIMMED_SHARE):
        return
    head = FRAME_HEADERS[next(iter(walk.counts))]
    whole = format_length(promise.frames * head.samples / head.rate)
    text = f"is truncated: its header says {whole}, but it has {format_length(walk.seconds)}"
    fix = "copy the recording again; if there is no better copy, `podcast-kit inspect --fix DIR` corrects its header"
    raise InvalidAudio(str(path), text, fix, "au.truncated")


def _mp3_facts(size: int, junk: int, frame: bytes, walk: FrameScan, promise: XingHeader | None) -> Audio:
    kbits = {FRAME_HEADERS[key].kbits for key in walk.counts}
    rate = FRAME_HEADERS[frame[:3]].rate
    total = sum(FRAME_SIZES[key] * count for key, count in walk.counts.items())
    whole = walk.seconds
    added = _skipped_samples(promise, walk) / rate if promise and promise.gapless else 0.0
    return Audio(
        bytes=size,
        seconds=max(whole - added, 0.0) or whole,
        mime="audio/mpeg",
        codec="mp3",
        bit_rate=round(total * 8 / whole),
        channels=1 if frame[3] >> 6 == 3 else 2,
        sample_rate=rate,
        mode="cbr" if len(kbits) == 1 else "vbr",
        payload_sha256=walk.sha256,
        warnings=tuple(_mp3_warnings(junk, walk, promise, len(kbits) > 1)),
    )


def _skipped_samples(promise: XingHeader, walk: FrameScan) -> int:
    """Samples that players skip; the padding of a joined file is in its middle, where they play it."""
    joined = 0 < promise.frames < walk.frames - 1
    return promise.delay + (DECODER_DELAY_SAMPLES if joined else promise.padding)


def _mp3_warnings(junk: int, walk: FrameScan, promise: XingHeader | None, varies: bool) -> list[str]:
    warnings = []
    if promise and promise.gapless and _skipped_samples(promise, walk) >= walk.samples:
        warnings.append("its header says more silence than there is audio: players may play nothing")
    if junk:
        warnings.append(f"{junk} bytes of junk before the first frame")
    if varies and promise is None:
        warnings.append("variable bit rate without a Xing header: players show a wrong length and seek badly")
    if promise and 0 < promise.frames < walk.frames - 1:
        warnings.append("its header says less than there is: players show a wrong length (were two files joined?)")
    if promise and promise.frames > walk.frames + 1:
        warnings.append("its header says more than there is: players show a wrong length (was the end trimmed?)")
    if walk.gaps:
        where = sum(length for _, length in walk.gaps)
        places = f", in {len(walk.gaps)} places" if len(walk.gaps) > 1 else ""
        warnings.append(f"{where} bytes between the frames are not audio{places}")
    if walk.missing_bytes:
        warnings.append("the last frame is truncated: the end of the recording may be missing")
    if len({FRAME_HEADERS[key].rate for key in walk.counts}) > 1:
        warnings.append("the sample rate changes within the file: many players stop or play it at the wrong speed")
    return warnings
