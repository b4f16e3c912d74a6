"""Chapters of an MP4, written and read without a remux: a QuickTime text track, and Nero's `chpl`.

The text track is what Apple's programs show, `chpl` what many others do. Readers were found to want of the
track: disabled, named by `tref/chap` of the sound, one `stts` entry and one chunk a title, an `encd` mark behind
each title, and the titles in the one `mdat` that holds the sound.

A link stands behind its title as a hyperlink of timed text (`href`, 3GPP TS 26.245 5.17.1.5). Pictures would be a
second track that the sound names; they are left out, because music-metadata, which many players are made with, lists
no chapters at all where there are two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from podcast_kit.audio.mp4.boxes import Box, pieces
from podcast_kit.audio.mp4.container import Track, runs, sample_sizes, samples_by_chunk, times, tracks
from podcast_kit.audio.tag_text import line, listed
from podcast_kit.model import Chapter

UTF8 = (12).to_bytes(4, "big") + b"encd" + (0x100).to_bytes(4, "big")
"""What stands behind a title that is UTF-8."""
LINK = 255
"""Bytes of the longest address that a hyperlink holds."""
TITLE = 0xFFFF
"""Bytes of the longest title of the text track."""
EXTRAS = 4096
"""Bytes of boxes behind a title that are looked at."""
CHPL = 255
"""Entries of a `chpl`, and bytes of each of its titles."""
SCALE = 1000
"""Of the text track: milliseconds."""
MOST = 10_000
"""Chapters that are read from a file; more are an attack."""
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
FONTS = struct.pack(">I4sHHB", 13, b"ftab", 1, 1, 0)
ENTRY = struct.pack(">6xHI2B4x8x2H2H4x", 1, 1, 0, 0, 0, 0, 1, 0) + FONTS
"""A `text` sample entry as QuickTime and ffmpeg write it."""


@dataclass(frozen=True, slots=True)
class TextTrack:
    """A track of titles: its box, and the samples for the end of `mdat`."""

    box: Box
    samples: tuple[bytes, ...]

    def place(self, start: int) -> None:
        """Say where the first sample will lie; one chunk each, one behind another."""
        at, offsets = start, []
        for sample in self.samples:
            offsets.append(at)
            at += len(sample)
        table = self.box.find(b"mdia", b"minf", b"stbl")
        if table and table.boxes:
            name, code = (b"stco", "I") if at < 1 << 32 else (b"co64", "Q")
            table.boxes[-1] = Box(name, struct.pack(f">II{len(offsets)}{code}", 0, len(offsets), *offsets))


def cut(title: str, limit: int) -> bytes:
    """UTF-8 of at most `limit` bytes, cut between characters."""
    return title.encode("utf-8")[:limit].decode("utf-8", "ignore").encode("utf-8")


def text_track(moov: Box, number: int, marks: list[tuple[Chapter, int]], end_ms: int) -> TextTrack:
    """The track of the titles of one mark or more; a list that begins late gets an empty title at its head."""
    titles = [(mark.start_ms, line(mark.title), line(mark.url)) for mark, _ in marks]
    if titles and titles[0][0] > 0:
        titles.insert(0, (0, "", ""))
    samples = tuple(_sample(title, url) for _, title, url in titles)
    stops = [*(start for start, *_ in titles[1:]), end_ms]
    lengths = [max(stop - start, 0) for (start, *_), stop in zip(titles, stops, strict=True)]
    movie = moov.find(b"mvhd")
    scale = (times(movie.data)[0] if movie else 0) or SCALE
    whole = sum(lengths)
    box = Box(
        b"trak",
        boxes=[
            Box(b"tkhd", struct.pack(">I8xIII16x", 0, number, 0, whole * scale // SCALE) + MATRIX + bytes(8)),
            Box(
                b"mdia",
                boxes=[
                    Box(b"mdhd", struct.pack(">I8xIIHH", 0, SCALE, whole, 0x55C4, 0)),
                    Box(b"hdlr", struct.pack(">II4s12x", 0, 0, b"text") + b"Chapters\0"),
                    _media(samples, lengths),
                ],
            ),
        ],
    )
    return TextTrack(box, samples)


def _sample(title: str, url: str) -> bytes:
    """A title, its encoding, and its link; an address too long for a hyperlink goes without."""
    text, link = cut(title, TITLE), url.encode("utf-8")
    sample = len(text).to_bytes(2, "big") + text + UTF8
    if not link or len(link) > LINK:
        return sample
    letters = min(len(text.decode("utf-8")), 0xFFFF)
    return sample + Box(b"href", struct.pack(">HHB", 0, letters, len(link)) + link + b"\0").render()


def _media(samples: tuple[bytes, ...], lengths: list[int]) -> Box:
    count = len(samples)
    head = Box(b"gmin", struct.pack(">IHHHHHH", 0, 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    tables = [
        Box(b"stsd", struct.pack(">II", 0, 1) + Box(b"text", ENTRY).render()),
        Box(b"stts", struct.pack(">II", 0, count) + b"".join(struct.pack(">II", 1, each) for each in lengths)),
        Box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        Box(b"stsz", struct.pack(">III", 0, 0, count) + b"".join(len(each).to_bytes(4, "big") for each in samples)),
        Box(b"stco", struct.pack(">II", 0, count) + bytes(4 * count)),
    ]
    here = Box(b"dref", struct.pack(">II", 0, 1) + Box(b"url ", b"\0\0\0\1").render())
    return Box(
        b"minf",
        boxes=[
            Box(b"gmhd", head.render() + Box(b"text", MATRIX).render()),
            Box(b"dinf", boxes=[here]),
            Box(b"stbl", boxes=tables),
        ],
    )


def chpl(marks: list[tuple[Chapter, int]]) -> Box:
    """Nero's list: units of 100 ns, 255 entries, titles of 255 bytes."""
    entries = [(mark.start_ms * 10_000, cut(line(mark.title), CHPL)) for mark, _ in marks][:CHPL]
    body = b"".join(struct.pack(">QB", start, len(title)) + title for start, title in entries)
    return Box(b"chpl", b"\1\0\0\0\0\0\0\0" + bytes([len(entries)]) + body)


def chapter_tracks(moov: Box) -> list[Track]:
    """The tracks of text that the sound names as its chapters."""
    wanted: set[int] = set()
    for box in moov.all(b"trak"):
        if found := box.find(b"tref", b"chap"):
            wanted |= {number for (number,) in struct.iter_unpack(">I", found.data[: len(found.data) // 4 * 4])}
    return [track for track in tracks(moov) if track.id in wanted and track.handler in {b"text", b"sbtl"}]


def read(file: BinaryIO, moov: Box) -> tuple[Chapter, ...]:
    """The chapters of the text track, else those of `chpl`."""
    found = next((_titles(file, track) for track in chapter_tracks(moov)), [])
    starts = list(found or _nero(moov))
    if starts and not any(starts[0][1:]):
        del starts[0]  # an empty title only stands for a list that begins late
    return listed(starts)


def _titles(file: BinaryIO, track: Track) -> list[tuple[int, str, str]]:
    found: list[tuple[int, str, str]] = []
    at, left = 0, MOST
    places = list(_samples(track))
    for count, length in runs(track.table(b"stts")):
        for _ in range(min(count, left)):
            if len(found) == len(places):
                return found
            file.seek(places[len(found)][0])
            sample = file.read(min(places[len(found)][1], TITLE + 2 + EXTRAS))
            found.append((round(at * 1000 / track.timescale), *_said(sample)))
            at += length
        left -= count
        if left <= 0:
            break
    return found


def _samples(track: Track) -> Iterator[tuple[int, int]]:
    """Offset and length of each sample."""
    sizes = iter(sample_sizes(track)[:MOST])
    for start, _, count in samples_by_chunk(track):
        at = start
        for size in islice(sizes, count):
            yield at, size
            at += size


def _said(sample: bytes) -> tuple[str, str]:
    """Title and link of a text sample: two bytes of length, UTF-8 or UTF-16 with its mark, and boxes about it."""
    behind = 2 + int.from_bytes(sample[:2], "big")
    text = sample[2:behind]
    code = "utf-16" if text[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8"
    link = next((inside for name, inside in pieces(sample[behind:]) if name.lower() == b"href"), b"")
    url = link[5 : 5 + link[4]] if len(link) > 5 else b""  # two offsets and a length
    return line(text.decode(code, "replace")), line(url.decode("utf-8", "replace"))


def _nero(moov: Box) -> Iterator[tuple[int, str, str]]:
    found = moov.find(b"udta", b"chpl")
    if not found or len(found.data) < 9:
        return
    at = 9 if found.data[0] else 5
    while at + 9 <= len(found.data):
        start, length = struct.unpack_from(">QB", found.data, at)
        yield start // 10_000, line(found.data[at + 9 : at + 9 + length].decode("utf-8", "replace")), ""
        at += 9 + length
