"""MP3 measured by walking its frames (ISO/IEC 11172-3 and 13818-3): no header is believed.

The encoder's own frame at the head (Xing, Info, VBRI) is read for what only it knows: the samples of
silence that the encoder added at both ends, and how many frames there should be.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.tag_bounds import bounds, read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio
from podcast_kit.text.timecode import format_length

BLOCK = 1 << 20
FIRST = 1 << 20
"""How far the first frame may be from the head; a search in noise costs half a second a megabyte."""
GAPS = 4 << 20
"""Bytes of junk that are searched through in all, before the file is called damaged."""
DECODER = 529
"""Samples that every decoder adds at the head; LAME counts them into what it says of the end."""

RATES = {0b11: (44100, 48000, 32000), 0b10: (22050, 24000, 16000), 0b00: (11025, 12000, 8000)}
KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


@dataclass(frozen=True, slots=True)
class Header:
    """What the second and third byte of a frame say of it."""

    size: int
    """Bytes, the header counted."""
    samples: int
    rate: int
    kbits: int
    version: int
    """The two bits of the header: 3 is MPEG-1, 2 MPEG-2, 0 MPEG-2.5."""


@dataclass(slots=True)
class Promise:
    """What the encoder's own frame says of the stream."""

    name: str
    frames: int = 0
    """0 when it does not say."""
    bytes: int = 0
    delay: int = 0
    padding: int = 0
    gapless: bool = False
    encoder: str = ""


@dataclass(slots=True)
class Walk:
    """What was met from the first frame to the last."""

    counts: Counter[bytes] = field(default_factory=Counter)
    """Frames by the first three bytes of their header."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """Offset and length of what is no frame."""
    cut: int = 0
    """Bytes that the last frame lacks."""
    sha256: str = ""

    @property
    def frames(self) -> int:
        """Whole frames."""
        return sum(self.counts.values())

    @property
    def samples(self) -> int:
        """Samples a channel, as the frames hold them."""
        return sum(HEADERS[key].samples * count for key, count in self.counts.items())

    @property
    def seconds(self) -> float:
        """Of all frames, what the encoder added counted."""
        return sum(HEADERS[key].samples * count / HEADERS[key].rate for key, count in self.counts.items())


def _headers() -> dict[bytes, Header]:
    """Every layer III header that can be, by its first three bytes."""
    found = {}
    for second in range(0xE0, 0x100):
        version, layer = second >> 3 & 3, second >> 1 & 3
        if version == 1 or layer != 1:
            continue
        for third in range(256):
            index, rate_index = third >> 4, third >> 2 & 3
            if index in {0, 15} or rate_index == 3:
                continue
            kbits = (KBITS_1 if version == 3 else KBITS_2)[index]
            rate = RATES[version][rate_index]
            samples = 1152 if version == 3 else 576
            size = samples // 8 * kbits * 1000 // rate + (third >> 1 & 1)
            found[bytes((0xFF, second, third))] = Header(size, samples, rate, kbits, version)
    return found


HEADERS = _headers()
TRIMMED = 0.01
"""Of the frames: so little is missing behind a whole last frame where an editor took off the end, not a bad copy."""
NO_FRAME = ("holds no MP3 frame", "copy or export the recording again", "au.not-audio")
LONGEST = 1500
"""Bytes of the longest frame, 320 kbit/s at 32 kHz, and the head of the next."""
SIZES = {key: header.size for key, header in HEADERS.items()}


def probe(path: Path) -> Audio:
    """Exact duration, mode and payload of an MP3; raises InvalidAudio when it is no whole MP3."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, end = bounds(file, size)
        first = first_frame(file, start, end)
        if first is None:
            raise InvalidAudio(str(path), *NO_FRAME)
        frame = read_at(file, first, 4096)
        promise = promised(frame)
        head = HEADERS[frame[:3]]
        walk = tread(file, first + (head.size if promise else 0), end)
    if not walk.frames:
        text = "holds no whole frame of audio"
        raise InvalidAudio(str(path), text, "copy the recording again: this copy was cut off", "au.truncated")
    _check(path, walk, promise)
    return _audio(size, first - start, frame, walk, promise)


def first_frame(file: BinaryIO, start: int, end: int) -> int | None:
    """The offset of the first frame that another like it follows; None when the first megabyte holds none."""
    for reach in (1 << 13, FIRST):  # nearly always it is the very first
        data = read_at(file, start, min(reach, end - start) + 3000)
        position = data.find(b"\xff")
        while 0 <= position < min(len(data), reach):
            size = SIZES.get(data[position : position + 3])
            if size and (start + position + size >= end or follows(data, position, size)):
                return start + position
            position = data.find(b"\xff", position + 1)
    return None


def follows(data: bytes, position: int, size: int) -> bool:
    """Whether a frame of the same version and rate begins where this one ends."""
    here, there = HEADERS[data[position : position + 3]], HEADERS.get(data[position + size : position + size + 3])
    return there is not None and (here.version, here.rate) == (there.version, there.rate)


def promised(frame: bytes) -> Promise | None:
    """The encoder's own frame read; None when the frame is one of audio."""
    head = HEADERS[frame[:3]]
    for at in {4 + side(frame), 6 + side(frame)}:  # two more when a checksum follows the header
        name = frame[at : at + 4]
        if name in {b"Xing", b"Info"}:
            return _xing(frame[: head.size], at, name.decode())
    if frame[36:40] == b"VBRI":
        size, count = int.from_bytes(frame[46:50], "big"), int.from_bytes(frame[50:54], "big")
        return Promise("VBRI", frames=count, bytes=size)
    return None


def side(frame: bytes) -> int:
    """Bytes of side information behind the four of a frame's header."""
    mono = frame[3] >> 6 == 3
    return (17 if mono else 32) if frame[1] >> 3 & 3 == 3 else (9 if mono else 17)


def _xing(frame: bytes, at: int, name: str) -> Promise:
    promise = Promise(name)
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


def tread(file: BinaryIO, start: int, end: int, places: array[int] | None = None) -> Walk:
    """Walk the frames from `start` to `end`, hashing as it goes; a megabyte is in memory at a time.

    Where each frame begins is added to `places` when it is given.
    """
    walk, digest, counts = Walk(), hashlib.sha256(), dict[bytes, int]()
    file.seek(start)
    data, base, budget, last = b"", start, GAPS, False
    while not last:
        block = file.read(min(BLOCK, end - base - len(data)))
        digest.update(block)
        data += block
        last = not block or base + len(data) >= end
        position = _stride(data, 0, counts)
        if places is not None:
            _record(data, 0, position, base, places)
        while len(data) - position >= (3 if last else LONGEST) and data[position : position + 3] not in SIZES:
            found = _resync(data, position, budget, last=last)
            budget -= found - position
            _note(walk, base + position, found - position)
            position = _stride(data, found, counts)
            if places is not None:
                _record(data, found, position, base, places)
        data, base = data[position:], base + position
    if data:
        walk.cut = SIZES.get(data[:3], 4) - len(data)
    walk.counts.update(counts)
    walk.sha256 = digest.hexdigest()
    return walk


def _stride(data: bytes, position: int, counts: dict[bytes, int]) -> int:
    """Step over whole frames; return where the first that is none, or is not all here, begins."""
    sizes, limit = SIZES, len(data)
    while True:
        key = data[position : position + 3]
        size = sizes.get(key)
        if size is None or position + size > limit:
            return position
        counts[key] = counts.get(key, 0) + 1
        position += size


def _record(data: bytes, position: int, stop: int, base: int, places: array[int]) -> None:
    """Note where the frames of a stretch begin; apart from the stride, which must be quick."""
    while position < stop:
        places.append(base + position)
        position += SIZES[data[position : position + 3]]


def _resync(data: bytes, start: int, budget: int, *, last: bool) -> int:
    """Where behind `start` two frames alike stand one behind the other.

    The end of `data` when nothing is in sight, but for what may be half a frame.
    """
    position = data.find(b"\xff", start + 1)
    while 0 <= position < start + budget:
        size = SIZES.get(data[position : position + 3])
        if size and (follows(data, position, size) or (last and position + size == len(data))):
            return position
        position = data.find(b"\xff", position + 1)
    return len(data) if last else max(len(data) - LONGEST + 1, start + 1)


def _note(walk: Walk, offset: int, length: int) -> None:
    """Remember a gap; one that continues the last is the same gap."""
    if walk.gaps and sum(walk.gaps[-1]) == offset:
        offset, length = walk.gaps[-1][0], walk.gaps[-1][1] + length
        walk.gaps.pop()
    walk.gaps.append((offset, length))


def relative(head: bytes) -> tuple[str, str] | None:
    """What MPEG audio that is no MP3 is, and its mend; None for what is no MPEG audio."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 3 & 3 == 1:
        return None
    if head[1] >> 1 & 3 in {2, 3}:
        return "is MPEG audio of layer I or II, not MP3", "encode it as MP3; podcast apps do not play it"
    if head[1] >> 1 & 3 == 1 and head[2] >> 4 == 0:
        return "is MP3 in free format, a bit rate of its own", "encode it at a usual bit rate; hardly any app plays it"
    return None


def _check(path: Path, walk: Walk, promise: Promise | None) -> None:
    """Raise when frames that were promised are missing: players would show a length that is not there."""
    missing = promise.frames - walk.frames if promise else 0
    if promise is None or missing <= 1 or (not walk.cut and missing < promise.frames * TRIMMED):
        return
    head = HEADERS[next(iter(walk.counts))]
    whole = format_length(promise.frames * head.samples / head.rate)
    text = f"is cut off: its header promises {whole}, there are {format_length(walk.seconds)}"
    hint = "copy the recording again; if this is all there is, `podcast-kit inspect --mend DIR` gives it a true header"
    raise InvalidAudio(str(path), text, hint, "au.truncated")


def _audio(size: int, junk: int, frame: bytes, walk: Walk, promise: Promise | None) -> Audio:
    kbits = {HEADERS[key].kbits for key in walk.counts}
    rate = HEADERS[frame[:3]].rate
    total = sum(SIZES[key] * count for key, count in walk.counts.items())
    whole = walk.seconds
    added = (promise.delay + promise.padding) / rate if promise and promise.gapless else 0.0
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
        remarks=tuple(_remarks(junk, walk, promise, len(kbits) > 1)),
    )


def _remarks(junk: int, walk: Walk, promise: Promise | None, varies: bool) -> list[str]:
    said = []
    if junk:
        said.append(f"{junk} bytes of junk before the first frame")
    if varies and promise is None:
        said.append("variable bit rate without a Xing header: players show a wrong length and seek badly")
    if promise and 0 < promise.frames < walk.frames - 1:
        said.append("its header promises less than there is: players show a wrong length (were two files joined?)")
    if promise and promise.frames > walk.frames + 1:
        said.append("its header promises more than there is: players show a wrong length (was the end taken off?)")
    if walk.gaps:
        where = sum(length for _, length in walk.gaps)
        places = f", in {len(walk.gaps)} places" if len(walk.gaps) > 1 else ""
        said.append(f"{where} bytes between the frames are no audio{places}")
    if walk.cut:
        said.append("the last frame is cut off: the end of the recording may be missing")
    if len({HEADERS[key].rate for key in walk.counts}) > 1:
        said.append("the sample rate changes inside the file: many players stop or play it at a wrong speed")
    return said
