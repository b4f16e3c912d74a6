"""Measure FLAC (RFC 9639): its STREAMINFO, compared with the last frame that exists."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import ByteSpan, read_span
from podcast_kit.audio.tag_bounds import find_audio_bounds, read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

STREAMINFO, PADDING, COMMENT, PICTURE = 0, 1, 4, 6
STREAMINFO_BYTES, SAMPLE_COUNT_BITS = 34, 36
"""Of the content of STREAMINFO, and of the number of samples in it, which is before the digest of 16 bytes."""
SEARCHED_TAIL_BYTES = (1 << 17, 1 << 21)
"""Searched for the last frame: enough for stereo, then for eight channels."""
MAX_FRAME_HEADS_TRIED = 64
"""From the end."""
TRUNCATED_FLAC_FIX = (
    "copy the recording again; if there is no better copy, `podcast-kit inspect --fix DIR` writes one with the length "
    "that it has"
)


@dataclass(frozen=True, slots=True)
class MetadataBlock:
    """The location of a metadata block."""

    kind: int
    start: int
    """Of its content, after the four bytes of its header."""
    length: int


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """The STREAMINFO block."""

    min_block_samples: int
    """Of the shortest block."""
    max_block_samples: int
    rate: int
    channels: int
    depth: int
    samples: int
    """0 if the encoder did not know."""


def read_metadata_blocks(file: BinaryIO, start: int, size: int) -> Iterator[MetadataBlock]:
    """The metadata blocks after the `fLaC` marker at `start`."""
    at, last = start + 4, False
    while not last and at + 4 <= size:
        file.seek(at)
        head = file.read(4)
        last, length = bool(head[0] & 0x80), int.from_bytes(head[1:], "big")
        yield MetadataBlock(head[0] & 0x7F, at + 4, length)
        at += 4 + length


def open_flac(path: Path, file: BinaryIO) -> tuple[int, list[MetadataBlock], int, int]:
    """The start of the FLAC, its metadata blocks, and the start and end of its frames. Raises InvalidAudio."""
    size = os.fstat(file.fileno()).st_size
    start, end = find_audio_bounds(file, size)
    blocks = list(read_metadata_blocks(file, start, size))
    begin = blocks[-1].start + blocks[-1].length if blocks else end
    if not blocks or blocks[0].kind != STREAMINFO or blocks[0].length < 34 or begin >= end:
        raise InvalidAudio(
            str(path), "is truncated: it ends before the audio begins", TRUNCATED_FLAC_FIX, "au.truncated"
        )
    return start, blocks, begin, end


def read_stream_info(file: BinaryIO, block: MetadataBlock) -> StreamInfo:
    """Parse the first block."""
    file.seek(block.start)
    data = file.read(34)
    packed = int.from_bytes(data[10:18], "big")
    return StreamInfo(
        min_block_samples=int.from_bytes(data[:2], "big"),
        max_block_samples=int.from_bytes(data[2:4], "big"),
        rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        depth=(packed >> 36 & 31) + 1,
        samples=packed & 0xFFFFFFFFF,
    )


def probe_flac(path: Path) -> Audio:
    """Exact duration and payload of a FLAC; raises InvalidAudio when frames are missing."""
    with path.open("rb") as file:
        start, metadata, begin, end = open_flac(path, file)
        info = read_stream_info(file, metadata[0])
        if not info.rate:
            raise InvalidAudio(str(path), "is damaged: its sample rate is 0", "export it again")
        available = find_last_sample(file, begin, end, info)
        digest = hashlib.sha256()
        for block in read_span(file, begin, end - begin):
            digest.update(block)
    if info.samples and available < info.samples:
        text = (
            f"is truncated: its header says {info.samples / info.rate:.1f} s, but it has {available / info.rate:.1f} s"
        )
        raise InvalidAudio(str(path), text, TRUNCATED_FLAC_FIX, "au.truncated")
    samples = info.samples or available
    if not samples:
        raise InvalidAudio(str(path), "has no complete frame of audio", TRUNCATED_FLAC_FIX, "au.truncated")
    remarks = [] if info.samples else ["its header has no length: players cannot seek"]
    if start:
        remarks.append("has ID3 tags before the FLAC data: many players refuse such a file")
    return Audio(
        bytes=path.stat().st_size,
        seconds=samples / info.rate,
        mime="audio/flac",
        codec="flac",
        bit_rate=round((end - begin) * 8 * info.rate / samples),
        channels=info.channels,
        sample_rate=info.rate,
        payload_sha256=digest.hexdigest(),
        warnings=tuple(remarks),
    )


def repaired_flac_pieces(path: Path, file: BinaryIO) -> list[bytes | ByteSpan]:
    """The FLAC without ID3 around it, and with the number of its samples in its header."""
    start, metadata, begin, end = open_flac(path, file)
    info = read_stream_info(file, metadata[0])
    available = find_last_sample(file, begin, end, info)
    body = metadata[0].start + STREAMINFO_BYTES
    header = bytearray(read_at(file, start, body - start))
    if available and available != info.samples:
        packed = int.from_bytes(header[-24:-16], "big") >> SAMPLE_COUNT_BITS << SAMPLE_COUNT_BITS
        # The digest of the samples is removed where it belongs to other samples.
        digest = header[-16:] if not info.samples else bytes(16)
        header[-24:] = (packed | available).to_bytes(8, "big") + digest
    return [bytes(header), (body, end - body)]


def find_last_sample(file: BinaryIO, begin: int, end: int, info: StreamInfo) -> int:
    """Samples up to the end of the last complete frame: the last with a valid checksum up to another header or the end.

    Headers are searched from the end; what looks like one inside a frame does not have a valid checksum.
    """
    for tail in SEARCHED_TAIL_BYTES:
        start = max(begin, end - tail)
        data = read_at(file, start, end - start)
        at, stops = len(data), {len(data)}
        for _ in range(MAX_FRAME_HEADS_TRIED):
            at = _find_frame_before(data, at)
            if at < 0:
                break
            if _is_whole_frame(data, at, stops):
                return sum(parse_frame_head(data[at : at + 20], info))
            stops.add(at)
    return 0


def _is_whole_frame(data: bytes, at: int, stops: set[int]) -> bool:
    """Whether the checksum (CRC-16) of a frame that begins at `at` is valid at one of `stops`."""
    value, table = 0, CRC16_TABLE
    for stop, byte in enumerate(data[at:], at + 1):
        value = (value << 8 ^ table[value >> 8 ^ byte]) & 0xFFFF
        if not value and stop in stops:
            return True
    return False


def _find_frame_before(data: bytes, at: int) -> int:
    """The last offset before `at` of a frame header with a valid checksum; negative if there is none."""
    while (at := data.rfind(b"\xff", 0, max(at, 0))) >= 0:
        length = _frame_head_bytes(data[at : at + 20]) if data[at + 1 : at + 2] in {b"\xf8", b"\xf9"} else 0
        if length and frame_head_crc8(data[at : at + length]) == data[at + length]:
            return at
    return -1


def _frame_head_bytes(head: bytes) -> int:
    """Bytes of a frame header before its checksum; 0 if it is not one."""
    if len(head) < 6 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] & 1:
        return 0
    first = head[4]
    coded = 1 if first < 0x80 else 8 - (first ^ 0xFF).bit_length()
    size = {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    return 4 + coded + size if 1 <= coded <= 7 and 4 + coded + size < len(head) else 0


def parse_frame_head(head: bytes, info: StreamInfo) -> tuple[int, int]:
    """First sample and number of samples of a frame."""
    first = head[4]
    coded = 1 if first < 0x80 else 8 - (first ^ 0xFF).bit_length()
    number = first if coded == 1 else first & (0x7F >> coded)
    for byte in head[5 : 4 + coded]:
        number = number << 6 | byte & 0x3F
    code = head[2] >> 4
    size_bytes = head[4 + coded :]
    if code == 6:
        size = size_bytes[0] + 1
    elif code == 7:
        size = int.from_bytes(size_bytes[:2], "big") + 1
    else:
        size = 192 if code == 1 else 576 << (code - 2) if code < 6 else 256 << (code - 8)
    variable = head[1] & 1
    return (number if variable else number * info.max_block_samples), size


def _crc_table(width: int, polynomial: int) -> tuple[int, ...]:
    top, mask = 1 << (width - 1), (1 << width) - 1
    table = []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return tuple(table)


CRC8_TABLE = _crc_table(8, 0x07)
CRC16_TABLE = _crc_table(16, 0x8005)


def frame_head_crc8(data: bytes) -> int:
    """The CRC-8 of a frame header."""
    value = 0
    for byte in data:
        value = CRC8_TABLE[value ^ byte]
    return value
