"""The loudness of an MP3 changed without loss: the global gain of every granule, in steps of 1.5 dB.

What mp3gain does, byte for byte. ISO/IEC 11172-3, 2.4.1.7: `global_gain` has 8 bits, and 4 more of it double the sound.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import tag_bounds
from podcast_kit.audio.mp3 import frame_scan

BLOCK = 1 << 20
MPEG_1 = 3


def shift(source: Path, destination: Path, steps: int) -> None:
    """Write a copy of an MP3 that is `steps` times 1.505 dB louder; tags and all else stay as they are."""
    with source.open("rb") as file, destination.open("wb") as out:
        size = os.fstat(file.fileno()).st_size
        start, end = tag_bounds.bounds(file, size)
        first = frame_scan.find_first_frame(file, start, end)
        start = end if first is None else _behind_info(file, first)
        for piece in _copied(file, 0, start):
            out.write(piece)
        for piece in _shifted(file, start, end, steps):
            out.write(piece)
        for piece in _copied(file, end, size):
            out.write(piece)


def _behind_info(file: BinaryIO, first: int) -> int:
    """The offset of the first frame of sound: the encoder's own frame holds none."""
    file.seek(first)
    frame = file.read(4096)
    return first + frame_scan.FRAME_SIZES[frame[:3]] if frame_scan.read_xing_header(frame) else first


def _copied(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (block := file.read(min(BLOCK, end - start))):
        start += len(block)
        yield block


def _shifted(file: BinaryIO, start: int, end: int, steps: int) -> Iterator[bytes]:
    """The frames between, each with its gains changed; what is no frame passes as it is."""
    data = bytearray()
    for block in _copied(file, start, end):
        data += block
        start += len(block)
        position = _walk(data, steps, last=start >= end)
        yield bytes(data[:position])
        del data[:position]
    yield bytes(data)


def _walk(data: bytearray, steps: int, *, last: bool) -> int:
    """Change every whole frame in place; return how far all is decided."""
    position, enough = 0, len(data) if last else len(data) - 4096
    while position < enough:
        size = frame_scan.FRAME_SIZES.get(bytes(data[position : position + 3]))
        if size is None:
            position = _next(data, position + 1)
        elif position + size > len(data):
            break
        else:
            _change(data, position, steps)
            position += size
    return min(position, len(data))


def _next(data: bytearray, position: int) -> int:
    """The next place where two frames alike follow each other, or the end."""
    while (position := data.find(b"\xff", position)) >= 0:
        size = frame_scan.FRAME_SIZES.get(bytes(data[position : position + 3]))
        if size and frame_scan.is_followed_by_frame(bytes(data[position : position + size + 3]), 0, size):
            return position
        position += 1
    return len(data)


def _change(data: bytearray, frame: int, steps: int) -> None:
    """Add to each gain of one frame, within its 8 bits, and mend the checksum where there is one."""
    side = frame + (4 if data[frame + 1] & 1 else 6)
    one = frame_scan.FRAME_HEADERS[bytes(data[frame : frame + 3])].version == MPEG_1
    channels = 1 if data[frame + 3] >> 6 == 3 else 2
    if one:
        bit, stride, count = (18, 59, 2) if channels == 1 else (20, 59, 4)
    else:
        bit, stride, count = (9, 63, 1) if channels == 1 else (10, 63, 2)
    for gain in range(count):
        byte, low = divmod(bit + gain * stride + 21, 8)
        at, lift = side + byte, 8 - low
        both = data[at] << 8 | data[at + 1]
        value = both >> lift & 0xFF
        both ^= (value ^ _clamped(value, steps)) << lift
        data[at], data[at + 1] = both >> 8, both & 0xFF
    mend(data, frame)


def mend(data: bytearray, frame: int) -> None:
    """Make the checksum of the frame that begins there true again, where it has one."""
    if data[frame + 1] & 1:
        return
    one = frame_scan.FRAME_HEADERS[bytes(data[frame : frame + 3])].version == MPEG_1
    mono = data[frame + 3] >> 6 == 3
    length = (17 if mono else 32) if one else (9 if mono else 17)
    covered = data[frame + 2 : frame + 4] + data[frame + 6 : frame + 6 + length]
    data[frame + 4 : frame + 6] = _crc(covered).to_bytes(2, "big")


def _clamped(value: int, steps: int) -> int:
    return min(max(value + steps, 0), 255)


def _crc(data: bytes | bytearray) -> int:
    """CRC-16 of ISO/IEC 11172-3, 2.4.3.1."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x8005 if value & 0x8000 else 0)) & 0xFFFF
    return value
