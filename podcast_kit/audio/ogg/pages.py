"""Ogg pages walked (RFC 3533), and what Opus (RFC 7845) and Vorbis count in them."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

HEAD = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule, serial, number, checksum, segments."""
FIRST, LAST = 2, 4
"""Flags: the page begins a stream, or ends it."""
OPUS = 48_000
"""Granules a second, whatever the recording's own rate was."""
GAP = 1 << 20
"""Bytes of junk between pages that are searched through."""
CUT = "copy the recording again; the recorder may have been stopped before it could finish the file"


@dataclass(slots=True)
class Page:
    """A page: what its head says, and its packets' bytes."""

    start: int
    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes = field(repr=False)

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + HEAD.size + len(self.lacing) + len(self.body)

    def packets(self) -> Iterator[tuple[int, int, bool]]:
        """Start and end in the body of each stretch of a packet, and whether the packet ends with it."""
        begin = at = 0
        for size in self.lacing:
            at += size
            if size < 255:
                yield begin, at, True
                begin = at
        if begin < at or (self.lacing and self.lacing[-1] == 255):
            yield begin, at, False


@dataclass(slots=True)
class Stream:
    """One logical stream of sound."""

    serial: int
    headers: list[bytes] = field(default_factory=list)
    samples: int = 0
    """Counted packet by packet; Opus only."""
    first: int | None = None
    """Granule of the first page of sound."""
    before: int = 0
    """Samples of the packets that end on that page; Opus only."""
    opening: int = 0
    """Packets that end on that page."""
    granule: int = 0
    pages: int = 0
    packets: int = 0
    bytes: int = 0
    lost: int = 0
    """Pages that are missing."""
    number: int = -1
    heading: bool = True
    """Its headers are not all here yet."""
    open: bool = False
    """A packet goes on on the next page."""
    ended: bool = False

    @property
    def opus(self) -> bool:
        """Opus, or else Vorbis."""
        return self.headers[0].startswith(b"OpusHead")

    @property
    def rate(self) -> int:
        """Granules a second."""
        return OPUS if self.opus else int.from_bytes(self.headers[0][12:16], "little") or 1

    @property
    def channels(self) -> int:
        """As its head says."""
        return self.headers[0][9] if self.opus else self.headers[0][11]

    @property
    def whole(self) -> bool:
        """Whether all of its headers are here."""
        return len(self.headers) >= (2 if self.opus else 3)

    @property
    def seconds(self) -> float:
        """What a decoder gives: up to the last granule, without what came before the file and the lead-in."""
        if self.first is None:
            return 0.0
        skip = int.from_bytes(self.headers[0][10:12], "little") if self.opus else 0
        behind = self.packets - self.opening
        before = self.before if self.opus else self.opening * (self.granule - self.first) / behind if behind else 0
        missed = self.first - before  # a stream recorded from the middle does not begin at 0
        length = self.granule - (max(missed, 0) if missed > self.rate / 10 else 0)
        if self.opus:
            length = min(length, self.samples)
        return max(length - skip, 0) / self.rate


def pages(file: BinaryIO, start: int = 0) -> Iterator[Page]:
    """Every whole page from `start`; junk between pages is searched through up to a bound."""
    at, budget = start, GAP
    while True:
        file.seek(at)
        head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        name, version, flags, granule, serial, number, _, count = HEAD.unpack(head)
        if name != b"OggS" or version:
            file.seek(at + 1)
            found = file.read(min(budget, 1 << 16)).find(b"OggS")
            step = min(budget, 1 << 16) - 3 if found < 0 else found + 1
            budget -= step
            if budget <= 3 or step <= 0:
                return
            at += step
            continue
        lacing = file.read(count)
        page = Page(at, flags, granule, serial, number, lacing, file.read(sum(lacing)))
        if len(lacing) < count or len(page.body) < sum(lacing):
            return
        yield page
        at = page.end


def probe(path: Path) -> Audio:
    """Exact duration and payload of Opus or Vorbis in Ogg; raises InvalidAudio when it is cut off or neither."""
    digest = hashlib.sha256()
    streams: list[Stream] = []
    others: set[bytes] = set()
    with path.open("rb") as file:
        size, begin, end = os.fstat(file.fileno()).st_size, -1, 0
        for page in pages(file):
            begin, end = page.start if begin < 0 else begin, page.end
            if page.flags & FIRST:
                if page.body.startswith((b"OpusHead", b"\x01vorbis")):
                    streams.append(Stream(page.serial))
                else:
                    others.add(page.body[:7])
            if streams and page.serial == streams[-1].serial:
                _take(streams[-1], page, digest)
    _check(path, streams, others, size - end)
    first, seconds = streams[0], sum(stream.seconds for stream in streams)
    head = first.headers[0]
    rate = int.from_bytes(head[12:16], "little") or OPUS
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/ogg",
        codec="opus" if first.opus else "vorbis",
        bit_rate=round(sum(stream.bytes for stream in streams) * 8 / seconds),
        channels=first.channels,
        sample_rate=OPUS if first.opus else rate,
        payload_sha256=digest.hexdigest(),
        remarks=tuple(_remarks(streams, others, begin)),
    )


def _take(stream: Stream, page: Page, digest: hashlib._Hash) -> None:
    """Count a page into its stream."""
    if stream.number >= 0 and page.number > stream.number + 1:
        stream.lost += page.number - stream.number - 1
    stream.number = page.number
    stream.ended = stream.ended or bool(page.flags & LAST)
    goes_on, samples, count = stream.open, 0, 0
    for begin, stop, whole in page.packets():
        if stream.heading:
            take_header(stream, page.body[begin:stop], goes_on=goes_on)
        elif not goes_on and stream.opus:
            samples += opus_samples(page.body[begin : begin + 2])
        count += whole
        goes_on = not whole
    stream.open = goes_on
    if stream.heading:
        stream.heading = goes_on or not stream.whole
        return
    digest.update(page.body)
    stream.bytes += len(page.body)
    stream.samples += samples
    stream.pages += 1
    stream.packets += count
    if page.granule >= 0 and count:
        if stream.first is None:
            stream.first, stream.before, stream.opening = page.granule, stream.samples, stream.packets
        stream.granule = page.granule


def take_header(stream: Stream, data: bytes, *, goes_on: bool) -> None:
    """Add a stretch of a header packet to the stream."""
    if goes_on and stream.headers:
        stream.headers[-1] += data
    elif not stream.headers or not stream.whole:
        stream.headers.append(data)


def opus_samples(packet: bytes) -> int:
    """Samples of an Opus packet at 48 kHz, by its first two bytes (RFC 6716 3.1, 3.2)."""
    if not packet:
        return 0
    code = packet[0] & 3
    count = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return count * frame_samples(packet[0] >> 3)


def frame_samples(configuration: int) -> int:
    """Samples of one Opus frame: SILK knows 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20."""
    if configuration < 12:
        return (480, 960, 1920, 2880)[configuration & 3]
    if configuration < 16:
        return (480, 960)[configuration & 1]
    return (120, 240, 480, 960)[configuration & 3]


def _check(path: Path, streams: list[Stream], others: set[bytes], left: int) -> None:
    """Raise when there is nothing to hear, or less than there was."""
    if not streams:
        kind = "Speex" if b"Speex  " in others else "FLAC" if b"\x7fFLAC\x01" in {name[:6] for name in others} else ""
        text = f"is Ogg with {kind} inside" if kind else "is an Ogg file without Opus or Vorbis inside"
        raise InvalidAudio(str(path), text, "convert it to MP3, M4A or Opus", "au.codec")
    last = streams[-1]
    if any(not stream.heading and not stream.channels for stream in streams):
        raise InvalidAudio(str(path), "is damaged: its head says no channels", "export it again")
    if not all(not stream.heading and stream.seconds for stream in streams):
        text = "is cut off: it ends before the sound begins"
        raise InvalidAudio(str(path), text, CUT, "au.truncated")
    if not last.ended:
        more = f" in the middle of a page, {left:,} bytes into it" if left else " without its last page"
        raise InvalidAudio(str(path), f"is cut off: it ends{more}", CUT, "au.truncated")


def _remarks(streams: list[Stream], others: set[bytes], begin: int) -> list[str]:
    said = [f"{begin} bytes of junk before the first page"] if begin else []
    lost = sum(stream.lost for stream in streams)
    if lost:
        which = "a page is" if lost == 1 else f"{lost} pages are"
        said.append(f"{which} missing in the middle: there are gaps in the sound")
    if len(streams) > 1:
        said.append(f"{len(streams)} recordings stand one behind another: many players stop after the first")
    if any(name.startswith((b"\x80theora", b"BBCD\0")) for name in others):
        said.append("holds a video stream: podcast apps will offer it as video")
    return said
