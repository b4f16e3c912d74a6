"""Find the tags before and after the audio of any file: ID3v2, ID3v1, APEv2, Lyrics3."""

from __future__ import annotations

from typing import BinaryIO

ID3V1_BYTES = 128


def read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Bytes from an offset; fewer at the end of the file."""
    file.seek(offset)
    return file.read(length)


def id3_length(head: bytes) -> int:
    """Length of the ID3v2 tag with this header, header and footer included; 0 if it is not an ID3v2 header."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] == 0xFF or head[4] == 0xFF or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 and head[3] >= 4 else 0)


def id3_end(file: BinaryIO, start: int, size: int) -> int:
    """The offset after all ID3v2 tags that begin at `start`; several may follow one another."""
    while True:
        length = id3_length(read_at(file, start, 10))
        if not length or start + length > size:
            return start
        start += length


def find_audio_bounds(file: BinaryIO, size: int) -> tuple[int, int]:
    """Where the audio begins and ends, between the tags before and after it."""
    start = id3_end(file, 0, size)
    end = size
    while end > start:
        length = _find_end_tag(file, start, end)[1]
        if not length or end - length < start:
            break
        end -= length
    return start, end


def list_end_tags(file: BinaryIO, start: int, size: int) -> list[str]:
    """The names of the tags after the audio, the last one first."""
    return [name for name, _, _ in end_tag_spans(file, start, size)]


def end_tag_spans(file: BinaryIO, start: int, size: int) -> list[tuple[str, int, int]]:
    """Name, offset and length of each tag after the audio, the last one first."""
    spans, end = [], size
    while end > start:
        name, length = _find_end_tag(file, start, end)
        if not length or end - length < start:
            break
        end -= length
        spans.append((name, end, length))
    return spans


def _find_end_tag(file: BinaryIO, start: int, end: int) -> tuple[str, int]:
    """Name and length of the tag that ends at `end`; 0 if there is none."""
    tail = read_at(file, max(start, end - 160), min(160, end - start))
    if tail[-ID3V1_BYTES : 3 - ID3V1_BYTES] == b"TAG":
        return "ID3v1", ID3V1_BYTES
    if tail[-32:-24] == b"APETAGEX":
        length = int.from_bytes(tail[-20:-16], "little") + (32 if tail[-9] & 0x80 else 0)
        return "APEv2", length if 32 <= length <= end - start else 0
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return "Lyrics3", int(tail[-15:-9]) + 15
    if tail[-9:] == b"LYRICSEND":
        text = read_at(file, max(start, end - 5100), min(5100, end - start))
        begin = text.rfind(b"LYRICSBEGIN")
        return "Lyrics3", len(text) - begin if begin >= 0 else 0
    if tail[-10:-7] == b"3DI":
        return "ID3v2", id3_length(b"ID3" + tail[-7:])
    return "", 0
