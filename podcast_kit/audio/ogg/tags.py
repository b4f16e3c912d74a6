"""Write and read tags of Opus and Vorbis: a copy gets a new second packet, and the pages after it are renumbered."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import vorbis_comment
from podcast_kit.audio.hashed_copy import ByteSpan, write_hashed_copy
from podcast_kit.audio.ogg import pages as ogg
from podcast_kit.audio.ogg.pages import FIRST_PAGE_FLAG, LAST_PAGE_FLAG, PAGE_HEAD, OggPage
from podcast_kit.audio.tag import EmbeddedTags
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Tags

OPUS_TAGS_MAGIC, VORBIS_COMMENT_MAGIC = b"OpusTags", b"\x03vorbis"
REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
MAX_PAGE_BYTES = PAGE_HEAD.size + 255 + 255 * 255
MAX_HEADER_BYTES = 64 << 20
"""Of all headers; no podcast has more."""


def write_ogg_tags(source: Path, destination: Path, tags: Tags) -> tuple[str, int]:
    """Write a copy of an Opus or Vorbis file with our comments and cover in its first stream."""
    with source.open("rb") as file:
        pages, packets = _read_headers(source, file)
        mine = [page for page in pages if page.serial == pages[0].serial]
        old = _parse_comment_packet(packets[1])
        new = vorbis_comment.to_comments(tags, lambda: ogg.probe_ogg(source).seconds)
        if tags.cover:
            cover = base64.b64encode(vorbis_comment.build_picture_block(tags.cover)).decode("ascii")
            new.append((vorbis_comment.PICTURE_COMMENT, cover))
        rewritten = [
            _render_comment_packet(packets[1][:8], vorbis_comment.merge_comments(old, new, cover=bool(tags.cover))),
            *packets[2:],
        ]
        head = _packets_to_pages(rewritten, mine[0].serial)
        shift = len(head) - (len(mine) - 1)
        foreign = [(page.start, page.end - page.start) for page in pages if page.serial != mine[0].serial]
        first: list[bytes | ByteSpan] = [(mine[0].start, mine[0].end - mine[0].start), *foreign, *head]
        size, begin = os.fstat(file.fileno()).st_size, pages[-1].end
        last = find_last_page(file, begin, size)
        is_complete = last is not None and last.end == size and last.flags & LAST_PAGE_FLAG
        following = (
            [(begin, size - begin)]
            if is_complete and not shift
            else renumber_pages(file, begin, mine[0].serial, shift, last.start if last else -1)
        )
        return write_hashed_copy(file, destination, _chain_pieces(first, following))


def repaired_ogg_pieces(path: Path, file: BinaryIO) -> Iterator[bytes | ByteSpan]:
    """Every page, the last one marked as the end, without what is before, between or after them."""
    _read_headers(path, file)
    last = find_last_page(file, 0, os.fstat(file.fileno()).st_size)
    yield from renumber_pages(file, 0, 0, 0, last.start if last else -1)


def read_ogg_tags(path: Path) -> EmbeddedTags:
    """The tags in the comments of the first stream."""
    with path.open("rb") as file:
        _, packets = _read_headers(path, file)
    return vorbis_comment.from_comments(_parse_comment_packet(packets[1]))


def _read_headers(path: Path, file: BinaryIO) -> tuple[list[OggPage], list[bytes]]:
    """The pages up to the last header of the first audio stream, and its two or three headers."""
    stream: ogg.OggStream | None = None
    pages: list[OggPage] = []
    total = 0
    for page in ogg.read_pages(file):
        if stream is None and page.flags & FIRST_PAGE_FLAG and page.body.startswith((b"OpusHead", b"\x01vorbis")):
            stream = ogg.OggStream(page.serial)
        pages.append(page)
        total += len(page.body)
        if total > MAX_HEADER_BYTES:
            break
        if stream is None or page.serial != stream.serial:
            continue
        for begin, stop, whole in page.packets():
            ogg.add_header_part(stream, page.body[begin:stop], goes_on=stream.open)
            stream.open = not whole
        if stream.whole and not stream.open:
            expected = 2 if stream.opus else 3
            if len(stream.headers) != expected or stream.headers[1][:7] not in {
                OPUS_TAGS_MAGIC[:7],
                VORBIS_COMMENT_MAGIC,
            }:
                break
            mine = [other for other in pages if other.serial == stream.serial]
            return [*mine[:1], *(other for other in pages if other is not mine[0])], stream.headers
    raise InvalidAudio(str(path), "is damaged: its headers are not valid", "export it again", "au.broken")


def _parse_comment_packet(packet: bytes) -> vorbis_comment.VorbisComments:
    return vorbis_comment.parse_comments(packet[8:] if packet.startswith(OPUS_TAGS_MAGIC) else packet[7:])


def _render_comment_packet(magic: bytes, comments: vorbis_comment.VorbisComments) -> bytes:
    """A comment packet; the data after an Opus comment list is kept if flagged so (RFC 7845 5.2)."""
    if magic == OPUS_TAGS_MAGIC:
        return (
            OPUS_TAGS_MAGIC
            + comments.render()
            + (comments.trailing if comments.trailing[:1] and comments.trailing[0] & 1 else b"")
        )
    return VORBIS_COMMENT_MAGIC + comments.render() + b"\x01"


def _packets_to_pages(packets: list[bytes], serial: int) -> list[bytes]:
    """Packets as pages from number 1; audio begins on a page of its own."""
    from mutagen.ogg import OggPage

    pages = OggPage.from_packets(packets, sequence=1)
    for page in pages:
        page.serial = serial
    return [page.write() for page in pages]


def find_last_page(file: BinaryIO, begin: int, size: int) -> OggPage | None:
    """The last complete page from `begin` on."""
    pages = ogg.read_pages(file, max(begin, size - 2 * MAX_PAGE_BYTES))
    return next(iter(deque(pages, maxlen=1)), None)


def renumber_pages(file: BinaryIO, begin: int, serial: int, shift: int, last: int) -> Iterator[bytes | ByteSpan]:
    """The pages from `begin` on, without what is between or after them.

    Those of our stream are renumbered; a later stream of the file is not changed. The page at `last` is marked as the
    end.
    """
    is_own_stream = True
    for page in ogg.read_pages(file, begin):
        if page.flags & FIRST_PAGE_FLAG:
            is_own_stream = False
        is_shifted = bool(shift) and is_own_stream and page.serial == serial
        is_ended = page.start == last and not page.flags & LAST_PAGE_FLAG
        page.number = (page.number + shift * is_shifted) & 0xFFFFFFFF
        page.flags |= LAST_PAGE_FLAG * is_ended
        yield render_page(page) if is_shifted or is_ended else (page.start, page.end - page.start)


def render_page(page: OggPage) -> bytes:
    """A page's bytes with its checksum: Ogg's CRC-32 is zlib's over bytes with reversed bits."""
    fields = (b"OggS", 0, page.flags, page.granule, page.serial, page.number)
    data = PAGE_HEAD.pack(*fields, 0, len(page.lacing)) + page.lacing + page.body
    crc = ~zlib.crc32(data.translate(REVERSED_BITS), 0xFFFFFFFF) & 0xFFFFFFFF
    checksum = struct.pack(">I", crc).translate(REVERSED_BITS)
    return data[:22] + checksum + data[26:]


def _chain_pieces(
    first: list[bytes | ByteSpan], following: list[ByteSpan] | Iterator[bytes | ByteSpan]
) -> Iterator[bytes | ByteSpan]:
    yield from first
    yield from following
