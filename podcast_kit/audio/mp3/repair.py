"""The parts of a repaired MP3: a correct header frame and every audio frame, no junk, no truncated frame."""

from __future__ import annotations

import os
import struct
from array import array
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import ByteSpan
from podcast_kit.audio.mp3 import frame_scan
from podcast_kit.audio.tag_bounds import find_audio_bounds, read_at
from podcast_kit.errors import InvalidAudio

XING_FIELDS = 0b111
"""The flags for frames, bytes and table of contents."""
XING_TOC_ENTRIES = 100
"""Entries of the table of contents: where each hundredth of the time begins, in 256ths of the bytes."""
XING_BYTES = 4 + 4 + 4 + 4 + XING_TOC_ENTRIES


def repaired_mp3_pieces(path: Path, file: BinaryIO) -> list[bytes | ByteSpan]:
    """The tags, a correct header frame, and every audio frame, without what is between or after the frames."""
    size = os.fstat(file.fileno()).st_size
    start, end = find_audio_bounds(file, size)
    first = frame_scan.find_first_frame(file, start, end)
    if first is None:
        raise InvalidAudio(str(path), *frame_scan.NO_MP3_FRAME)
    frame = read_at(file, first, 4096)
    xing = frame_scan.read_xing_header(frame)
    own = frame_scan.FRAME_HEADERS[frame[:3]].size if xing else 0
    scan = frame_scan.scan_frames(file, min(first + own, end), end, offsets=(offsets := array("Q")))
    if not offsets:
        raise InvalidAudio(str(path), "contains no complete audio frame", "copy the recording again", "au.truncated")
    head = _corrected_xing_frame(frame[:own] if xing else b"", read_at(file, offsets[0], 4), xing, scan, offsets)
    stop = offsets[-1] + frame_scan.FRAME_SIZES[read_at(file, offsets[-1], 3)]
    pieces, at = list[bytes | ByteSpan]([(0, start), head]), offsets[0]
    for gap, length in [*scan.gaps, (stop, 0)]:
        if at < gap <= stop:
            pieces.append((at, gap - at))
        at = max(at, gap + length)
    return [*pieces, (end, size - end)]


def _corrected_xing_frame(
    own: bytes, first: bytes, xing: frame_scan.XingHeader | None, scan: frame_scan.FrameScan, offsets: array[int]
) -> bytes:
    """The encoder's own header frame with correct numbers, or a new one if it has no place for them."""
    total = offsets[-1] - offsets[0]
    steps = [offsets[index * len(offsets) // XING_TOC_ENTRIES] - offsets[0] for index in range(XING_TOC_ENTRIES)]
    table = bytes(min(step * 256 // max(total, 1), 255) for step in steps)
    at = own.find(b"Xing") if b"Xing" in own else own.find(b"Info")
    if at >= 0 and xing and int.from_bytes(own[at + 4 : at + 8], "big") & XING_FIELDS == XING_FIELDS:
        counts = struct.pack(">II", scan.frames, total + len(own)) + table
        frame = bytearray(own)
        frame[at + 8 : at + 8 + len(counts)] = counts
        version = at + 8 + len(counts) + 4 * bool(frame[at + 7] & 8)
        if xing.gapless and xing.frames != scan.frames:
            # Its padding belongs to another end of the audio; this one is played to its end.
            frame[version + 21 : version + 24] = (xing.delay << 12).to_bytes(3, "big")
        return bytes(frame)
    header = _header_with_toc_room(first)
    size = frame_scan.FRAME_SIZES[header[:3]]
    name = b"Xing" if len({frame_scan.FRAME_HEADERS[key].kbits for key in scan.counts}) > 1 else b"Info"
    counts = struct.pack(">III", XING_FIELDS, scan.frames, total + size) + table
    return (header + bytes(frame_scan.side_info_bytes(header)) + name + counts).ljust(size, b"\0")


def _header_with_toc_room(first: bytes) -> bytes:
    """The header of a frame like the first, without padding or checksum, that has room for the table of contents."""
    needed = 4 + frame_scan.side_info_bytes(first) + XING_BYTES
    for index in range(1, 15):
        header = bytes((0xFF, first[1] | 1, index << 4 | first[2] & 0b1101, first[3]))
        if frame_scan.FRAME_SIZES[header[:3]] >= needed:
            return header
    raise ValueError("no frame of this rate holds a header")
