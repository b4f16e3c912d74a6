"""An MP3 mended in a copy: a true header frame; junk and half a frame left out; every frame of sound kept."""

from __future__ import annotations

import os
import struct
from array import array
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import Stretch, write
from podcast_kit.audio.mp3 import frame_scan
from podcast_kit.audio.probe import border
from podcast_kit.audio.sniff import Kind, recognise
from podcast_kit.audio.tag_bounds import bounds, read_at
from podcast_kit.errors import OperationError, InvalidAudio

FIELDS = 0b111
"""Frames, bytes and table of contents are there."""
TABLE = 100
"""Entries of the table of contents: where each hundredth of the time begins, in 256ths of the bytes."""
ROOM = 4 + 4 + 4 + 4 + TABLE


def mend(source: Path, destination: Path) -> tuple[str, int]:
    """Write a copy of an MP3 whose header says how long it is; return the sha256 (hex) and the length of the copy.

    What a decoder gives of the sound is unchanged to the sample. Tags are kept. Raises InvalidAudio for what is no
    MP3, Failed when the copy would overwrite the recording or the disk refuses.
    """
    kind = recognise(source)
    if kind is not Kind.MP3:
        raise InvalidAudio(str(source), f"is {kind}; only MP3 is mended here", "export it again", "au.codec")
    if destination.exists() and destination.samefile(source):
        raise OperationError(f"{source}: the copy would overwrite the recording", "write it to another folder")
    with border(source), source.open("rb") as file:
        return write(file, destination, _pieces(source, file))


def _pieces(path: Path, file: BinaryIO) -> list[bytes | Stretch]:
    size = os.fstat(file.fileno()).st_size
    start, end = bounds(file, size)
    first = frame_scan.find_first_frame(file, start, end)
    if first is None:
        raise InvalidAudio(str(path), *frame_scan.NO_MP3_FRAME)
    frame = read_at(file, first, 4096)
    promise = frame_scan.read_xing_header(frame)
    own = frame_scan.FRAME_HEADERS[frame[:3]].size if promise else 0
    walk = frame_scan.scan_frames(file, first + own, end, offsets=(places := array("Q")))
    if not places:
        raise InvalidAudio(str(path), "holds no whole frame of audio", "copy the recording again", "au.truncated")
    head = _head(frame[:own] if promise else b"", read_at(file, places[0], 4), promise, walk, places)
    lost = _cut(file, places[-1], end)
    return [(0, start), head, (places[0], end - lost - places[0]), (end, size - end)]


def _cut(file: BinaryIO, last: int, end: int) -> int:
    """Bytes behind the last whole frame."""
    return end - last - frame_scan.FRAME_SIZES[read_at(file, last, 3)]


def _head(
    own: bytes, first: bytes, promise: frame_scan.XingHeader | None, walk: frame_scan.FrameScan, places: array[int]
) -> bytes:
    """The encoder's own frame with what is true now, or a new one where there is none that can say it."""
    total = places[-1] - places[0]
    steps = [places[index * len(places) // TABLE] - places[0] for index in range(TABLE)]
    table = bytes(min(step * 256 // max(total, 1), 255) for step in steps)
    at = own.find(b"Xing") if b"Xing" in own else own.find(b"Info")
    if at >= 0 and promise and int.from_bytes(own[at + 4 : at + 8], "big") & FIELDS == FIELDS:
        said = struct.pack(">II", walk.frames, total + len(own)) + table
        frame = bytearray(own)
        frame[at + 8 : at + 8 + len(said)] = said
        version = at + 8 + len(said) + 4 * bool(frame[at + 7] & 8)
        if promise.gapless and promise.frames != walk.frames:
            # The silence that it speaks of ended another stretch of sound; this one is to be played to its end.
            frame[version + 21 : version + 24] = (promise.delay << 12).to_bytes(3, "big")
        return bytes(frame)
    header = _roomy(first)
    size = frame_scan.FRAME_SIZES[header[:3]]
    name = b"Xing" if len({frame_scan.FRAME_HEADERS[key].kbits for key in walk.counts}) > 1 else b"Info"
    said = struct.pack(">III", FIELDS, walk.frames, total + size) + table
    return (header + bytes(frame_scan.side_info_bytes(header)) + name + said).ljust(size, b"\0")


def _roomy(first: bytes) -> bytes:
    """The header of a frame like the first, without padding or checksum, and with room for what is said."""
    needed = 4 + frame_scan.side_info_bytes(first) + ROOM
    for index in range(1, 15):
        header = bytes((0xFF, first[1] | 1, index << 4 | first[2] & 0b1101, first[3]))
        if frame_scan.FRAME_SIZES[header[:3]] >= needed:
            return header
    raise ValueError("no frame of this rate holds a header")
