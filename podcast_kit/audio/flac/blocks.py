"""FLAC measured (RFC 9639): what its head promises, held against the last frame that is there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import stretch
from podcast_kit.audio.tag_bounds import bounds, read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

STREAMINFO, PADDING, COMMENT, PICTURE = 0, 1, 4, 6
TAILS = (1 << 17, 1 << 21)
"""How much of the end is searched for the last frame: what is long enough for stereo, and for eight channels."""
TRIES = 64
"""Heads that are tried from behind."""
CUT = "copy the recording again"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of metadata, by its place."""

    kind: int
    start: int
    """Of its content, behind the four bytes of its head."""
    length: int


@dataclass(frozen=True, slots=True)
class Info:
    """STREAMINFO."""

    least: int
    """Samples of the shortest block."""
    most: int
    rate: int
    channels: int
    depth: int
    samples: int
    """0 when the encoder did not know."""


def blocks(file: BinaryIO, start: int, size: int) -> Iterator[Block]:
    """The blocks of metadata behind the `fLaC` at `start`."""
    at, last = start + 4, False
    while not last and at + 4 <= size:
        file.seek(at)
        head = file.read(4)
        last, length = bool(head[0] & 0x80), int.from_bytes(head[1:], "big")
        yield Block(head[0] & 0x7F, at + 4, length)
        at += 4 + length


def opened(path: Path, file: BinaryIO) -> tuple[int, list[Block], int, int]:
    """Where the FLAC begins, its blocks, and where its frames begin and end."""
    size = os.fstat(file.fileno()).st_size
    start, end = bounds(file, size)
    found = list(blocks(file, start, size))
    begin = found[-1].start + found[-1].length if found else end
    if not found or found[0].kind != STREAMINFO or found[0].length < 34 or begin >= end:
        raise InvalidAudio(str(path), "is cut off: it ends before the sound begins", CUT, "au.truncated")
    return start, found, begin, end


def stream_info(file: BinaryIO, block: Block) -> Info:
    """The first block read."""
    file.seek(block.start)
    data = file.read(34)
    packed = int.from_bytes(data[10:18], "big")
    return Info(
        least=int.from_bytes(data[:2], "big"),
        most=int.from_bytes(data[2:4], "big"),
        rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        depth=(packed >> 36 & 31) + 1,
        samples=packed & 0xFFFFFFFFF,
    )


def probe(path: Path) -> Audio:
    """Exact duration and payload of a FLAC; raises InvalidAudio when frames that were promised are missing."""
    with path.open("rb") as file:
        start, found, begin, end = opened(path, file)
        info = stream_info(file, found[0])
        if not info.rate:
            raise InvalidAudio(str(path), "is damaged: its sample rate is 0", "export it again")
        there = last_sample(file, begin, end, info)
        digest = hashlib.sha256()
        for block in stretch(file, begin, end - begin):
            digest.update(block)
    if info.samples and there < info.samples:
        text = f"is cut off: its head promises {info.samples / info.rate:.1f} s, there are {there / info.rate:.1f} s"
        raise InvalidAudio(str(path), text, CUT, "au.truncated")
    samples = info.samples or there
    if not samples:
        raise InvalidAudio(str(path), "holds no whole frame of audio", CUT, "au.truncated")
    remarks = [] if info.samples else ["its head does not say how long it is: players cannot seek"]
    if start:
        remarks.append("ID3 tags stand before the FLAC: many players refuse such a file")
    return Audio(
        bytes=path.stat().st_size,
        seconds=samples / info.rate,
        mime="audio/flac",
        codec="flac",
        bit_rate=round((end - begin) * 8 * info.rate / samples),
        channels=info.channels,
        sample_rate=info.rate,
        payload_sha256=digest.hexdigest(),
        remarks=tuple(remarks),
    )


def last_sample(file: BinaryIO, begin: int, end: int, info: Info) -> int:
    """Samples up to the end of the last whole frame: the last whose checksum is right up to another's head or the end.

    Heads are looked for from behind; what looks like one within a frame's bytes has no right checksum.
    """
    for tail in TAILS:
        start = max(begin, end - tail)
        data = read_at(file, start, end - start)
        at, stops = len(data), {len(data)}
        for _ in range(TRIES):
            at = _frame_before(data, at)
            if at < 0:
                break
            if _whole(data, at, stops):
                return sum(frame_head(data[at : at + 20], info))
            stops.add(at)
    return 0


def _whole(data: bytes, at: int, stops: set[int]) -> bool:
    """Whether the checksum (CRC-16) of a frame that begins at `at` is right at one of `stops`."""
    value, table = 0, CRC16
    for stop, byte in enumerate(data[at:], at + 1):
        value = (value << 8 ^ table[value >> 8 ^ byte]) & 0xFFFF
        if not value and stop in stops:
            return True
    return False


def _frame_before(data: bytes, at: int) -> int:
    """The last offset before `at` where a frame's head stands, its checksum right."""
    while (at := data.rfind(b"\xff", 0, max(at, 0))) >= 0:
        length = _head_length(data[at : at + 20]) if data[at + 1 : at + 2] in {b"\xf8", b"\xf9"} else 0
        if length and crc8(data[at : at + length]) == data[at + length]:
            return at
    return -1


def _head_length(head: bytes) -> int:
    """Bytes of a frame's head before its checksum; 0 when it is none."""
    if len(head) < 6 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] & 1:
        return 0
    first = head[4]
    coded = 1 if first < 0x80 else 8 - (first ^ 0xFF).bit_length()
    size = {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    return 4 + coded + size if 1 <= coded <= 7 and 4 + coded + size < len(head) else 0


def frame_head(head: bytes, info: Info) -> tuple[int, int]:
    """First sample and number of samples of a frame."""
    first = head[4]
    coded = 1 if first < 0x80 else 8 - (first ^ 0xFF).bit_length()
    number = first if coded == 1 else first & (0x7F >> coded)
    for byte in head[5 : 4 + coded]:
        number = number << 6 | byte & 0x3F
    code = head[2] >> 4
    rest = head[4 + coded :]
    if code == 6:
        size = rest[0] + 1
    elif code == 7:
        size = int.from_bytes(rest[:2], "big") + 1
    else:
        size = 192 if code == 1 else 576 << (code - 2) if code < 6 else 256 << (code - 8)
    variable = head[1] & 1
    return (number if variable else number * info.most), size


def _table(width: int, polynomial: int) -> tuple[int, ...]:
    top, mask = 1 << (width - 1), (1 << width) - 1
    found = []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        found.append(value)
    return tuple(found)


CRC8 = _table(8, 0x07)
CRC16 = _table(16, 0x8005)


def crc8(data: bytes) -> int:
    """Of a frame's head."""
    value = 0
    for byte in data:
        value = CRC8[value ^ byte]
    return value
