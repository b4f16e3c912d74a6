"""Write and read chapters of an MP4 without a remux: a QuickTime text track, and Nero's `chpl`.

Apple's programs show the text track, many others `chpl`. Readers need the track to be disabled, referenced by
`tref/chap` of the audio track, with one `stts` entry and one chunk per title, an `encd` mark after each title, and the
titles in the same `mdat` as the audio.

A link follows its title as a hyperlink of timed text (`href`, 3GPP TS 26.245 5.17.1.5). Images would be a second track
that the audio track references; they are left out, because music-metadata, which many players use, lists no chapters
where there are two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from podcast_kit.audio.mp4.boxes import Box, split_boxes
from podcast_kit.audio.mp4.container import Track, list_tracks, parse_stts, parse_times, sample_sizes, samples_by_chunk
from podcast_kit.audio.tag_text import chapters_from_starts, clean_tag_line
from podcast_kit.model import Chapter

UTF8_MARK = (12).to_bytes(4, "big") + b"encd" + (0x100).to_bytes(4, "big")
"""Follows a title that is UTF-8."""
MAX_LINK_BYTES = 255
"""That a hyperlink can hold."""
MAX_TITLE_BYTES = 0xFFFF
"""Of the text track."""
MAX_EXTRA_BYTES = 4096
"""Of boxes after a title that are read."""
MAX_CHPL_ENTRIES = 255
"""Entries of a `chpl`, and bytes of each of its titles."""
TEXT_TIMESCALE = 1000
"""Milliseconds."""
MAX_MP4_CHAPTERS = 10_000
"""More are an attack."""
IDENTITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
FONTS = struct.pack(">I4sHHB", 13, b"ftab", 1, 1, 0)
TEXT_SAMPLE_ENTRY = struct.pack(">6xHI2B4x8x2H2H4x", 1, 1, 0, 0, 0, 0, 1, 0) + FONTS
"""A `text` sample entry as QuickTime and ffmpeg write it."""


@dataclass(frozen=True, slots=True)
class TextTrack:
    """A track of titles: its box, and the samples at the end of `mdat`."""

    box: Box
    samples: tuple[bytes, ...]

    def set_offsets(self, start: int) -> None:
        """Set the offset of the first sample; each is a chunk, and they are contiguous."""
        at, offsets = start, []
        for sample in self.samples:
            offsets.append(at)
            at += len(sample)
        table = self.box.find(b"mdia", b"minf", b"stbl")
        if table and table.boxes:
            name, code = (b"stco", "I") if at < 1 << 32 else (b"co64", "Q")
            table.boxes[-1] = Box(name, struct.pack(f">II{len(offsets)}{code}", 0, len(offsets), *offsets))


def truncate_utf8(title: str, limit: int) -> bytes:
    """UTF-8 of at most `limit` bytes, cut between characters."""
    return title.encode("utf-8")[:limit].decode("utf-8", "ignore").encode("utf-8")


def build_text_track(moov: Box, number: int, marks: list[tuple[Chapter, int]], end_ms: int) -> TextTrack:
    """The track of the chapters' titles; a list that does not begin at 0 gets an empty title first."""
    titles = [(mark.start_ms, clean_tag_line(mark.title), clean_tag_line(mark.url)) for mark, _ in marks]
    if titles and titles[0][0] > 0:
        titles.insert(0, (0, "", ""))
    samples = tuple(_title_sample(title, url) for _, title, url in titles)
    stops = [*(start for start, *_ in titles[1:]), end_ms]
    lengths = [max(stop - start, 0) for (start, *_), stop in zip(titles, stops, strict=True)]
    movie = moov.find(b"mvhd")
    scale = (parse_times(movie.data)[0] if movie else 0) or TEXT_TIMESCALE
    whole = sum(lengths)
    box = Box(
        b"trak",
        boxes=[
            Box(
                b"tkhd",
                struct.pack(">I8xIII16x", 0, number, 0, whole * scale // TEXT_TIMESCALE) + IDENTITY_MATRIX + bytes(8),
            ),
            Box(
                b"mdia",
                boxes=[
                    Box(b"mdhd", struct.pack(">I8xIIHH", 0, TEXT_TIMESCALE, whole, 0x55C4, 0)),
                    Box(b"hdlr", struct.pack(">II4s12x", 0, 0, b"text") + b"Chapters\0"),
                    _media_information(samples, lengths),
                ],
            ),
        ],
    )
    return TextTrack(box, samples)


def _title_sample(title: str, url: str) -> bytes:
    """A title, its encoding, and its link; a URL that is too long for a hyperlink is left out."""
    text, link = truncate_utf8(title, MAX_TITLE_BYTES), url.encode("utf-8")
    sample = len(text).to_bytes(2, "big") + text + UTF8_MARK
    if not link or len(link) > MAX_LINK_BYTES:
        return sample
    letters = min(len(text.decode("utf-8")), 0xFFFF)
    return sample + Box(b"href", struct.pack(">HHB", 0, letters, len(link)) + link + b"\0").render()


def _media_information(samples: tuple[bytes, ...], lengths: list[int]) -> Box:
    count = len(samples)
    head = Box(b"gmin", struct.pack(">IHHHHHH", 0, 0x40, 0x8000, 0x8000, 0x8000, 0, 0))
    tables = [
        Box(b"stsd", struct.pack(">II", 0, 1) + Box(b"text", TEXT_SAMPLE_ENTRY).render()),
        Box(b"stts", struct.pack(">II", 0, count) + b"".join(struct.pack(">II", 1, sample) for sample in lengths)),
        Box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        Box(b"stsz", struct.pack(">III", 0, 0, count) + b"".join(len(sample).to_bytes(4, "big") for sample in samples)),
        Box(b"stco", struct.pack(">II", 0, count) + bytes(4 * count)),
    ]
    references = Box(b"dref", struct.pack(">II", 0, 1) + Box(b"url ", b"\0\0\0\1").render())
    return Box(
        b"minf",
        boxes=[
            Box(b"gmhd", head.render() + Box(b"text", IDENTITY_MATRIX).render()),
            Box(b"dinf", boxes=[references]),
            Box(b"stbl", boxes=tables),
        ],
    )


def build_chpl(marks: list[tuple[Chapter, int]]) -> Box:
    """Nero's list: units of 100 ns, 255 entries, titles of 255 bytes."""
    entries = [
        (mark.start_ms * 10_000, truncate_utf8(clean_tag_line(mark.title), MAX_CHPL_ENTRIES)) for mark, _ in marks
    ][:MAX_CHPL_ENTRIES]
    body = b"".join(struct.pack(">QB", start, len(title)) + title for start, title in entries)
    return Box(b"chpl", b"\1\0\0\0\0\0\0\0" + bytes([len(entries)]) + body)


def chapter_tracks(moov: Box) -> list[Track]:
    """The text tracks that the audio track references as its chapters."""
    numbers: set[int] = set()
    for box in moov.children(b"trak"):
        if reference := box.find(b"tref", b"chap"):
            numbers |= {
                number for (number,) in struct.iter_unpack(">I", reference.data[: len(reference.data) // 4 * 4])
            }
    return [track for track in list_tracks(moov) if track.id in numbers and track.handler in {b"text", b"sbtl"}]


def read_mp4_chapters(file: BinaryIO, moov: Box) -> tuple[Chapter, ...]:
    """The chapters of the text track, else those of `chpl`."""
    titles = next((_read_titles(file, track) for track in chapter_tracks(moov)), [])
    starts = list(titles or _parse_chpl(moov))
    if starts and not any(starts[0][1:]):
        del starts[0]  # an empty title at the start marks a list that does not begin at 0
    return chapters_from_starts(starts)


def _read_titles(file: BinaryIO, track: Track) -> list[tuple[int, str, str]]:
    titles: list[tuple[int, str, str]] = []
    at, left = 0, MAX_MP4_CHAPTERS
    places = list(_sample_spans(track))
    for count, length in parse_stts(track.table(b"stts")):
        for _ in range(min(count, left)):
            if len(titles) == len(places):
                return titles
            file.seek(places[len(titles)][0])
            sample = file.read(min(places[len(titles)][1], MAX_TITLE_BYTES + 2 + MAX_EXTRA_BYTES))
            titles.append((round(at * 1000 / track.timescale), *_parse_text_sample(sample)))
            at += length
        left -= count
        if left <= 0:
            break
    return titles


def _sample_spans(track: Track) -> Iterator[tuple[int, int]]:
    """Offset and length of each sample."""
    sizes = iter(sample_sizes(track)[:MAX_MP4_CHAPTERS])
    for start, _, count in samples_by_chunk(track):
        at = start
        for size in islice(sizes, count):
            yield at, size
            at += size


def _parse_text_sample(sample: bytes) -> tuple[str, str]:
    """Title and link of a text sample: two bytes of length, UTF-8 or UTF-16 with its mark, and boxes about it."""
    behind = 2 + int.from_bytes(sample[:2], "big")
    text = sample[2:behind]
    code = "utf-16" if text[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8"
    link = next((inside for name, inside in split_boxes(sample[behind:]) if name.lower() == b"href"), b"")
    url = link[5 : 5 + link[4]] if len(link) > 5 else b""  # two offsets and a length
    return clean_tag_line(text.decode(code, "replace")), clean_tag_line(url.decode("utf-8", "replace"))


def _parse_chpl(moov: Box) -> Iterator[tuple[int, str, str]]:
    chpl = moov.find(b"udta", b"chpl")
    if not chpl or len(chpl.data) < 9:
        return
    at = 9 if chpl.data[0] else 5
    while at + 9 <= len(chpl.data):
        start, length = struct.unpack_from(">QB", chpl.data, at)
        yield start // 10_000, clean_tag_line(chpl.data[at + 9 : at + 9 + length].decode("utf-8", "replace")), ""
        at += 9 + length
