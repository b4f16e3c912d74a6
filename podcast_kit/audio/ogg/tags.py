"""Tags of Opus and Vorbis: the second packet of the stream written anew, the pages behind it renumbered, in a copy."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import vorbis_comment
from podcast_kit.audio.hashed_copy import Stretch, write
from podcast_kit.audio.ogg import pages as ogg
from podcast_kit.audio.ogg.pages import FIRST, HEAD, Page
from podcast_kit.audio.tag import Found
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Tags

OPUS, VORBIS = b"OpusTags", b"\x03vorbis"
SWAPPED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
HEADERS = 64 << 20
"""Bytes of all headers; more is no podcast."""


def tag(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """A copy of an Opus or Vorbis file with our comments and cover in its first stream."""
    with source.open("rb") as file:
        pages, packets = _headers(source, file)
        mine = [page for page in pages if page.serial == pages[0].serial]
        old = _parsed(packets[1])
        new = vorbis_comment.ours(tags, lambda: ogg.probe(source).seconds)
        if tags.cover:
            cover = base64.b64encode(vorbis_comment.picture(tags.cover)).decode("ascii")
            new.append((vorbis_comment.PICTURE, cover))
        rewritten = [_rendered(packets[1][:8], vorbis_comment.merged(old, new, cover=bool(tags.cover))), *packets[2:]]
        head = _paged(rewritten, mine[0].serial)
        shift = len(head) - (len(mine) - 1)
        foreign = [(page.start, page.end - page.start) for page in pages if page.serial != mine[0].serial]
        first: list[bytes | Stretch] = [(mine[0].start, mine[0].end - mine[0].start), *foreign, *head]
        size, begin = os.fstat(file.fileno()).st_size, pages[-1].end
        rest = [(begin, size - begin)] if not shift else _renumbered(file, begin, size, mine[0].serial, shift)
        return write(file, destination, _chain(first, rest))


def read(path: Path) -> Found:
    """What the comments of the first stream say."""
    with path.open("rb") as file:
        _, packets = _headers(path, file)
    return vorbis_comment.found(_parsed(packets[1]))


def _headers(path: Path, file: BinaryIO) -> tuple[list[Page], list[bytes]]:
    """The pages up to the last header of the first stream of sound, and its two or three headers."""
    stream: ogg.Stream | None = None
    found: list[Page] = []
    total = 0
    for page in ogg.pages(file):
        if stream is None and page.flags & FIRST and page.body.startswith((b"OpusHead", b"\x01vorbis")):
            stream = ogg.Stream(page.serial)
        found.append(page)
        total += len(page.body)
        if total > HEADERS:
            break
        if stream is None or page.serial != stream.serial:
            continue
        for begin, stop, whole in page.packets():
            ogg.take_header(stream, page.body[begin:stop], goes_on=stream.open)
            stream.open = not whole
        if stream.whole and not stream.open:
            expected = 2 if stream.opus else 3
            if len(stream.headers) != expected or stream.headers[1][:7] not in {OPUS[:7], VORBIS}:
                break
            mine = [one for one in found if one.serial == stream.serial]
            return [*mine[:1], *(one for one in found if one is not mine[0])], stream.headers
    raise InvalidAudio(str(path), "is damaged: its headers are not as Ogg has them", "export it again", "au.broken")


def _parsed(packet: bytes) -> vorbis_comment.Comments:
    return vorbis_comment.parse(packet[8:] if packet.startswith(OPUS) else packet[7:])


def _rendered(magic: bytes, said: vorbis_comment.Comments) -> bytes:
    """A comment packet; what stands behind the list of Opus is kept when it says that it matters (RFC 7845 5.2)."""
    if magic == OPUS:
        return OPUS + said.render() + (said.rest if said.rest[:1] and said.rest[0] & 1 else b"")
    return VORBIS + said.render() + b"\x01"


def _paged(packets: list[bytes], serial: int) -> list[bytes]:
    """Packets as pages from number 1; sound begins on a page of its own."""
    from mutagen.ogg import OggPage

    pages = OggPage.from_packets(packets, sequence=1)
    for page in pages:
        page.serial = serial
    return [page.write() for page in pages]


def _renumbered(file: BinaryIO, begin: int, size: int, serial: int, shift: int) -> Iterator[bytes | Stretch]:
    """The pages from `begin` on, those of our stream renumbered; a later stream of the same file is left as it is."""
    at, ours = begin, True
    for page in ogg.pages(file, begin):
        if page.start > at:
            yield (at, page.start - at)
        if page.flags & FIRST:
            ours = False
        if ours and page.serial == serial:
            page.number = (page.number + shift) & 0xFFFFFFFF
            yield rendered(page)
        else:
            yield (page.start, page.end - page.start)
        at = page.end
    if at < size:
        yield (at, size - at)


def rendered(page: Page) -> bytes:
    """A page's bytes with its checksum: CRC-32 as Ogg counts it is zlib's over bytes turned end to end."""
    fields = (b"OggS", 0, page.flags, page.granule, page.serial, page.number)
    data = HEAD.pack(*fields, 0, len(page.lacing)) + page.lacing + page.body
    crc = ~zlib.crc32(data.translate(SWAPPED), 0xFFFFFFFF) & 0xFFFFFFFF
    checksum = struct.pack(">I", crc).translate(SWAPPED)
    return data[:22] + checksum + data[26:]


def _chain(first: list[bytes | Stretch], rest: list[Stretch] | Iterator[bytes | Stretch]) -> Iterator[bytes | Stretch]:
    yield from first
    yield from rest
