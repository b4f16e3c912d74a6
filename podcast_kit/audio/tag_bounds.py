"""Tags that may stand before and behind the audio of any file: ID3v2, ID3v1, APEv2, Lyrics3."""

from __future__ import annotations

from typing import BinaryIO

V1 = 128
"""Bytes of an ID3v1 tag."""


def read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Bytes from a place; fewer where the file ends."""
    file.seek(offset)
    return file.read(length)


def id3_length(head: bytes) -> int:
    """Bytes of the ID3v2 tag whose header this is, header and footer counted; 0 when it is none."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] == 0xFF or head[4] == 0xFF or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 and head[3] >= 4 else 0)


def id3_end(file: BinaryIO, start: int, size: int) -> int:
    """The offset behind every ID3v2 tag that begins at `start`; they may stand one behind another."""
    while True:
        length = id3_length(read_at(file, start, 10))
        if not length or start + length > size:
            return start
        start += length


def bounds(file: BinaryIO, size: int) -> tuple[int, int]:
    """Where the audio may begin and where it ends: between the tags before and behind."""
    start = id3_end(file, 0, size)
    end = size
    while end > start:
        length = _tail(file, start, end)[1]
        if not length or end - length < start:
            break
        end -= length
    return start, end


def tails(file: BinaryIO, start: int, size: int) -> list[str]:
    """The kinds of tags behind the audio, the last first."""
    found, end = [], size
    while end > start:
        name, length = _tail(file, start, end)
        if not length or end - length < start:
            break
        found.append(name)
        end -= length
    return found


def _tail(file: BinaryIO, start: int, end: int) -> tuple[str, int]:
    """Kind and bytes of the tag that ends the file here; 0 for none."""
    tail = read_at(file, max(start, end - 160), min(160, end - start))
    if tail[-V1 : 3 - V1] == b"TAG":
        return "ID3v1", V1
    if tail[-32:-24] == b"APETAGEX":
        length = int.from_bytes(tail[-20:-16], "little") + (32 if tail[-9] & 0x80 else 0)
        return "APEv2", length if 32 <= length <= end - start else 0
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return "Lyrics3", int(tail[-15:-9]) + 15
    if tail[-9:] == b"LYRICSEND":
        text = read_at(file, max(start, end - 5100), min(5100, end - start))
        found = text.rfind(b"LYRICSBEGIN")
        return "Lyrics3", len(text) - found if found >= 0 else 0
    if tail[-10:-7] == b"3DI":
        return "ID3v2", id3_length(b"ID3" + tail[-7:])
    return "", 0
