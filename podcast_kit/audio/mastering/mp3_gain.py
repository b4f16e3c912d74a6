"""Change the loudness of an MP3 without loss: the global gain of every granule, in steps of 1.5 dB.

Gives the same bytes as mp3gain. ISO/IEC 11172-3, 2.4.1.7: `global_gain` has 8 bits, and 4 steps double the amplitude.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import tag_bounds
from podcast_kit.audio.mp3 import frame_scan, loudness_tags, xing_header

GAIN_BLOCK_BYTES = 1 << 20
MPEG_1 = 3


def change_mp3_gain(source: Path, destination: Path, steps: int) -> None:
    """Write a copy of an MP3 that is `steps` times 1.505 dB louder; tags and everything else stay unchanged."""
    with source.open("rb") as file, destination.open("wb") as out:
        size = os.fstat(file.fileno()).st_size
        start, end = tag_bounds.find_audio_bounds(file, size)
        first = frame_scan.find_first_frame(file, start, end)
        start = end if first is None else _find_first_sound_frame(file, first)
        for piece in _copy_range(file, 0, start):
            out.write(piece)
        for piece in _change_range(file, start, end, steps):
            out.write(piece)
        for piece in _copy_range(file, end, size):
            out.write(piece)


def write_without_loudness_tags(source: Path, destination: Path, steps: int) -> None:
    """Write a copy of an MP3, whose gain was changed by so many steps, without what tags say of its former loudness.

    A player that believes such a tag would change the volume once more. In the encoder's header frame, peak and
    ReplayGain become unknown, and its checksums fit again.
    """
    with source.open("rb") as file, destination.open("wb") as out:
        size = os.fstat(file.fileno()).st_size
        start, end = tag_bounds.find_audio_bounds(file, size)
        first = frame_scan.find_first_frame(file, start, end)
        first = end if first is None else first
        sound = _find_first_sound_frame(file, first) if first < end else end
        for piece in loudness_tags.drop_from_id3(file, start):
            out.write(piece)
        for piece in _copy_range(file, start, first):
            out.write(piece)
        crc = xing_header.Crc16()
        for piece in _copy_range(file, sound, end):
            crc.add(piece)
        frame = tag_bounds.read_at(file, first, sound - first)
        out.write(xing_header.update_lame_fields(frame, steps, end - sound, crc.finish()) if frame else b"")
        for piece in _copy_range(file, sound, end):
            out.write(piece)
        for name, at, length in reversed(tag_bounds.end_tag_spans(file, start, size)):
            data = tag_bounds.read_at(file, at, length)
            out.write(loudness_tags.drop_from_apev2(data) if name == "APEv2" else data)


def _find_first_sound_frame(file: BinaryIO, first: int) -> int:
    """The offset of the first audio frame, after the encoder's own header frame."""
    file.seek(first)
    frame = file.read(4096)
    return first + frame_scan.FRAME_SIZES[frame[:3]] if frame_scan.read_xing_header(frame) else first


def _copy_range(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (block := file.read(min(GAIN_BLOCK_BYTES, end - start))):
        start += len(block)
        yield block


def _change_range(file: BinaryIO, start: int, end: int, steps: int) -> Iterator[bytes]:
    """The bytes of a range, with the gains of its frames changed."""
    data = bytearray()
    for block in _copy_range(file, start, end):
        data += block
        start += len(block)
        position = _change_whole_frames(data, steps, last=start >= end)
        yield bytes(data[:position])
        del data[:position]
    yield bytes(data)


def _change_whole_frames(data: bytearray, steps: int, *, last: bool) -> int:
    """Change every whole frame in place; return the end of what is finished."""
    position, enough = 0, len(data) if last else len(data) - 4096
    while position < enough:
        size = frame_scan.FRAME_SIZES.get(bytes(data[position : position + 3]))
        if size is None:
            position = _find_next_frame(data, position + 1)
        elif position + size > len(data):
            break
        else:
            _change_frame(data, position, steps)
            position += size
    return min(position, len(data))


def _find_next_frame(data: bytearray, position: int) -> int:
    """The next offset where a frame is followed by one like it, or the end."""
    while (position := data.find(b"\xff", position)) >= 0:
        size = frame_scan.FRAME_SIZES.get(bytes(data[position : position + 3]))
        if size and frame_scan.is_followed_by_frame(bytes(data[position : position + size + 3]), 0, size):
            return position
        position += 1
    return len(data)


def _change_frame(data: bytearray, frame: int, steps: int) -> None:
    """Add to each gain of a frame, within its 8 bits, and update the checksum if the frame has one."""
    side = frame + (4 if data[frame + 1] & 1 else 6)
    is_mpeg1 = frame_scan.FRAME_HEADERS[bytes(data[frame : frame + 3])].version == MPEG_1
    channels = 1 if data[frame + 3] >> 6 == 3 else 2
    if is_mpeg1:
        bit, stride, count = (18, 59, 2) if channels == 1 else (20, 59, 4)
    else:
        bit, stride, count = (9, 63, 1) if channels == 1 else (10, 63, 2)
    for gain in range(count):
        byte, low = divmod(bit + gain * stride + 21, 8)
        at, lift = side + byte, 8 - low
        both = data[at] << 8 | data[at + 1]
        value = both >> lift & 0xFF
        both ^= (value ^ _clamp_gain(value, steps)) << lift
        data[at], data[at + 1] = both >> 8, both & 0xFF
    update_frame_crc(data, frame)


def update_frame_crc(data: bytearray, frame: int) -> None:
    """Recompute the checksum of the frame that begins at `frame`, if it has one."""
    if data[frame + 1] & 1:
        return
    is_mpeg1 = frame_scan.FRAME_HEADERS[bytes(data[frame : frame + 3])].version == MPEG_1
    mono = data[frame + 3] >> 6 == 3
    length = (17 if mono else 32) if is_mpeg1 else (9 if mono else 17)
    covered = data[frame + 2 : frame + 4] + data[frame + 6 : frame + 6 + length]
    data[frame + 4 : frame + 6] = _mpeg_crc16(covered).to_bytes(2, "big")


def _clamp_gain(value: int, steps: int) -> int:
    return min(max(value + steps, 0), 255)


def _mpeg_crc16(data: bytes | bytearray) -> int:
    """CRC-16 of ISO/IEC 11172-3, 2.4.3.1."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x8005 if value & 0x8000 else 0)) & 0xFFFF
    return value
