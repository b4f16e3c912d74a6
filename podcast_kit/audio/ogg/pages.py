"""Read Ogg pages (RFC 3533), and measure Opus (RFC 7845) and Vorbis."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.ogg.vorbis_blocks import VorbisBlocks, parse_vorbis_blocks
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

PAGE_MAGIC = b"OggS"
AUDIO_MAGICS = (b"OpusHead", b"\x01vorbis")
"""The first page of a stream of audio begins with one of these."""
PAGE_HEAD = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule, serial, number, checksum, segments."""
FIRST_PAGE_FLAG, LAST_PAGE_FLAG = 2, 4
"""Of the page that ends a stream; the other flag is of the page that begins it."""
OPUS_RATE = 48_000
"""Granules per second, whatever the recording's own rate was."""
MAX_OGG_JUNK_BYTES = 1 << 20
"""Between pages."""
TRUNCATED_OGG_FIX = (
    "copy the recording again; if there is no better copy, `podcast-kit inspect --fix DIR` writes one that ends with "
    "its last complete page"
)


@dataclass(slots=True)
class OggPage:
    """A page: its header, and the bytes of its packets."""

    start: int
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes = field(repr=False)

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.start + PAGE_HEAD.size + len(self.lacing) + len(self.body)

    def packets(self) -> Iterator[tuple[int, int, bool]]:
        """Start and end in the body of each part of a packet, and whether the packet ends there."""
        begin = at = 0
        for size in self.lacing:
            at += size
            if size < 255:
                yield begin, at, True
                begin = at
        if begin < at or (self.lacing and self.lacing[-1] == 255):
            yield begin, at, False


@dataclass(slots=True)
class OggStream:
    """One logical audio stream."""

    serial: int
    headers: list[bytes] = field(default_factory=list)
    blocks: VorbisBlocks | None = None
    """Vorbis only, once the headers are read."""
    samples: int = 0
    """Counted packet by packet."""
    first: int | None = None
    """Granule of the first page of audio."""
    before: int = 0
    """Samples of the packets that end on that page."""
    granule: int = 0
    payload_bytes: int = 0
    lost: int = 0
    """Pages that are missing."""
    number: int = -1
    heading: bool = True
    """Its headers are not complete yet."""
    open: bool = False
    """A packet continues on the next page."""
    ended: bool = False

    @property
    def opus(self) -> bool:
        """Whether it is Opus; otherwise Vorbis."""
        return self.headers[0].startswith(b"OpusHead")

    @property
    def is_opening(self) -> bool:
        """Whether nothing but its first page was read: other streams that begin now run at the same time."""
        return len(self.headers) == 1 and not self.ended

    @property
    def rate(self) -> int:
        """Granules per second."""
        return OPUS_RATE if self.opus else int.from_bytes(self.headers[0][12:16], "little") or 1

    @property
    def channels(self) -> int:
        """As its header says."""
        return self.headers[0][9] if self.opus else self.headers[0][11]

    @property
    def whole(self) -> bool:
        """Whether all its headers were read."""
        return len(self.headers) >= (2 if self.opus else 3)

    def count_samples(self, head: bytes) -> int:
        """Samples of an audio packet that begins with `head`, two bytes if it has as many."""
        if self.opus:
            return count_opus_samples(head)
        if self.blocks is None:
            self.blocks = parse_vorbis_blocks(self.headers[0], self.headers[2]) or VorbisBlocks((0,))
        return self.blocks.count_samples(head[0]) if head else 0

    @property
    def seconds(self) -> float:
        """What a decoder outputs: up to the last granule, without what came before the file and the lead-in."""
        if self.first is None:
            return 0.0
        skip = int.from_bytes(self.headers[0][10:12], "little") if self.opus else 0
        # Pages may be missing, and some encoders write no granules: a decoder outputs what the packets have.
        missed = max(self.first - self.before, 0)  # a stream recorded from the middle does not begin at 0
        length = min(self.granule - missed, self.samples)
        if length <= 0:
            length = self.samples or self.granule
        return max(length - skip, 0) / self.rate


def read_pages(file: BinaryIO, start: int = 0) -> Iterator[OggPage]:
    """Every complete page from `start`; junk between pages is skipped up to MAX_OGG_JUNK_BYTES."""
    at, budget = start, MAX_OGG_JUNK_BYTES
    while True:
        file.seek(at)
        head = file.read(PAGE_HEAD.size)
        if len(head) < PAGE_HEAD.size:
            return
        name, version, flags, granule, serial, number, _, count = PAGE_HEAD.unpack(head)
        if name != PAGE_MAGIC or version:
            file.seek(at + 1)
            offset = file.read(min(budget, 1 << 16)).find(PAGE_MAGIC)
            step = min(budget, 1 << 16) - 3 if offset < 0 else offset + 1
            budget -= step
            if budget <= 3 or step <= 0:
                return
            at += step
            continue
        lacing = file.read(count)
        page = OggPage(at, flags, granule, serial, number, lacing, file.read(sum(lacing)))
        if len(lacing) < count or len(page.body) < sum(lacing):
            return
        yield page
        at = page.end


def probe_ogg(path: Path) -> Audio:
    """Exact duration and payload of Opus or Vorbis in Ogg; raises InvalidAudio when it is truncated or neither."""
    digest = hashlib.sha256()
    streams: list[OggStream] = []
    others: list[bytes] = []
    with path.open("rb") as file:
        size, begin, end = os.fstat(file.fileno()).st_size, -1, 0
        for page in read_pages(file):
            begin, end = page.start if begin < 0 else begin, page.end
            if page.flags & FIRST_PAGE_FLAG:
                if page.body.startswith(AUDIO_MAGICS) and not (streams and streams[-1].is_opening):
                    streams.append(OggStream(page.serial))
                else:
                    others.append(page.body[:8])
            if streams and page.serial == streams[-1].serial:
                _count_page(streams[-1], page, digest)
        tail = read_at(file, end, len(PAGE_MAGIC))
    _check_streams(path, streams, others)
    if size > end and PAGE_MAGIC.startswith(tail):
        text = f"is truncated: it ends in the middle of a page, {size - end:,} bytes into it"
        raise InvalidAudio(str(path), text, TRUNCATED_OGG_FIX, "au.truncated")
    first, seconds = streams[0], sum(stream.seconds for stream in streams)
    head = first.headers[0]
    rate = int.from_bytes(head[12:16], "little") or OPUS_RATE
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/ogg",
        codec="opus" if first.opus else "vorbis",
        bit_rate=round(sum(stream.payload_bytes for stream in streams) * 8 / seconds),
        channels=first.channels,
        sample_rate=OPUS_RATE if first.opus else rate,
        payload_sha256=digest.hexdigest(),
        warnings=(*_ogg_warnings(streams, others, begin), *_ogg_end_warnings(streams[-1], size - end)),
    )


def _count_page(stream: OggStream, page: OggPage, digest: hashlib._Hash) -> None:
    """Add a page to the counts of its stream."""
    if stream.number >= 0 and page.number > stream.number + 1:
        stream.lost += page.number - stream.number - 1
    stream.number = page.number
    stream.ended = stream.ended or bool(page.flags & LAST_PAGE_FLAG)
    goes_on, samples, count = stream.open, 0, 0
    for begin, stop, whole in page.packets():
        if stream.heading:
            add_header_part(stream, page.body[begin:stop], goes_on=goes_on)
        elif not goes_on:
            samples += stream.count_samples(page.body[begin : begin + 2])
        count += whole
        goes_on = not whole
    stream.open = goes_on
    if stream.heading:
        stream.heading = goes_on or not stream.whole
        return
    digest.update(page.body)
    stream.payload_bytes += len(page.body)
    stream.samples += samples
    if page.granule >= 0 and count:
        if stream.first is None:
            stream.first, stream.before = page.granule, stream.samples
        stream.granule = page.granule


def add_header_part(stream: OggStream, data: bytes, *, goes_on: bool) -> None:
    """Add a part of a header packet to the stream."""
    if goes_on and stream.headers:
        stream.headers[-1] += data
    elif not stream.headers or not stream.whole:
        stream.headers.append(data)


def count_opus_samples(packet: bytes) -> int:
    """Samples of an Opus packet at 48 kHz, by its first two bytes (RFC 6716 3.1, 3.2)."""
    if not packet:
        return 0
    code = packet[0] & 3
    count = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return count * opus_frame_samples(packet[0] >> 3)


def opus_frame_samples(configuration: int) -> int:
    """Samples of one Opus frame: SILK has 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20."""
    if configuration < 12:
        return (480, 960, 1920, 2880)[configuration & 3]
    if configuration < 16:
        return (480, 960)[configuration & 1]
    return (120, 240, 480, 960)[configuration & 3]


def _check_streams(path: Path, streams: list[OggStream], others: list[bytes]) -> None:
    """Raise InvalidAudio if there is no audio."""
    if not streams:
        magics = {b"Speex   ": "Speex", b"\x7fFLAC": "FLAC"}
        kind = next((kind for magic, kind in magics.items() if any(name.startswith(magic) for name in others)), "")
        text = f"is Ogg with {kind} inside" if kind else "is an Ogg file without Opus or Vorbis inside"
        raise InvalidAudio(str(path), text, "convert it to MP3, M4A or Opus", "au.codec")
    if any(not stream.heading and not stream.channels for stream in streams):
        raise InvalidAudio(str(path), "is damaged: its header has no channels", "export it again")
    if not all(not stream.heading and stream.seconds for stream in streams):
        text = "is truncated: it ends before the audio begins"
        raise InvalidAudio(str(path), text, TRUNCATED_OGG_FIX, "au.truncated")


def _ogg_warnings(streams: list[OggStream], others: list[bytes], begin: int) -> list[str]:
    warnings = [f"{begin} bytes of junk before the first page"] if begin else []
    lost = sum(stream.lost for stream in streams)
    if lost:
        which = "a page is" if lost == 1 else f"{lost} pages are"
        warnings.append(f"{which} missing in the middle: there are gaps in the audio")
    if len(streams) > 1:
        warnings.append(f"{len(streams)} recordings are joined in one file: many players stop after the first")
    if any(name.startswith((b"\x80theora", b"BBCD\0")) for name in others):
        warnings.append("has a video stream: podcast apps will offer it as video")
    more = sum(name.startswith(AUDIO_MAGICS) for name in others)
    if more:
        warnings.append(f"has {more + 1} audio tracks: players play only one of them, usually the first")
    return warnings


def _ogg_end_warnings(last: OggStream, left: int) -> list[str]:
    """Warnings about the end of a file with `left` bytes after its last page."""
    warnings = [] if last.ended else ["its last page is not marked as the end: the end of the recording may be missing"]
    return [*warnings, f"{left:,} bytes of junk after the last page"] if left else warnings
