"""M4A and MP4 measured from their sample tables (ISO/IEC 14496-12), and checked against the bytes that are there."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, overload

from podcast_kit.audio.hashed_copy import stretch
from podcast_kit.audio.mp4 import fragments
from podcast_kit.audio.mp4.boxes import Box, Layout, body, layout, parse, pieces
from podcast_kit.audio.sniff import MIME
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

CODECS = {b"mp4a": "aac", b"alac": "alac", b".mp3": "mp3", b"Opus": "opus", b"fLaC": "flac", b"ac-3": "ac3"}
PCM = {b"sowt", b"twos", b"lpcm", b"ipcm", b"in24", b"in32", b"fl32", b"raw "}
LOCKED = {b"drms", b"drmi", b"enca", b"encv"}
CUT = "copy the recording again; a recorder that died may offer to repair it"


@dataclass(frozen=True, slots=True)
class Track:
    """A track of sound, picture or text, as its boxes say."""

    box: Box
    id: int
    handler: bytes
    """`soun`, `vide`, `text`, ..."""
    timescale: int
    duration: int
    """In timescale, as the media header says."""

    @property
    def stbl(self) -> Box:
        """The tables of its samples."""
        return self.box.find(b"mdia", b"minf", b"stbl") or Box(b"stbl", boxes=[])

    def table(self, name: bytes) -> bytes:
        """The content of one of its tables; empty when it has none."""
        found = self.stbl.find(name)
        return found.data if found else b""


def opened(path: Path, file: BinaryIO) -> tuple[Layout, Box]:
    """The boxes at the top, and the index (`moov`) read; raises InvalidAudio when the file is not whole."""
    top = layout(file)
    if top.missing < 0:
        raise InvalidAudio(str(path), f"is damaged: its last {-top.missing:,} bytes are no box", "export it again")
    if top.missing:
        text = f"is cut off: {top.missing:,} bytes are missing at the end"
        raise InvalidAudio(str(path), text, CUT, "au.truncated")
    found = top.all(b"moov")
    if not found:
        text = "has no index (moov): the recorder was stopped before it could write it, or the copy is cut off"
        raise InvalidAudio(str(path), text, CUT, "au.truncated")
    moov = Box(b"moov", boxes=parse(body(file, found[0])))
    if top.all(b"moof"):
        _defragment(file, top, moov)
    return top, moov


def _defragment(file: BinaryIO, top: Layout, moov: Box) -> None:
    """Give every track the tables that its fragments say piece by piece, so that the rest knows one kind of MP4."""
    movie = moov.find(b"mvhd")
    scale = (times(movie.data)[0] if movie else 0) or 1000
    longest = 0
    for track in tracks(moov):
        samples = fragments.gather(file, top, moov, track.id)
        if not samples.sizes:
            continue
        # Some files begin as a plain one: their first samples stand in the index.
        samples.sizes[:0] = before = sample_sizes(track)
        samples.durations[:0] = [
            each for count, each in runs(track.table(b"stts")) for _ in range(min(count, len(before)))
        ]
        samples.chunks[:0] = samples_by_chunk(track)
        made = list(fragments.tables(samples))
        names = {b"stco", *(box.name for box in made)}
        track.stbl.boxes = [*(box for box in track.stbl.boxes or () if box.name not in names), *made]
        ticks = sum(samples.durations)
        played = ticks * scale // track.timescale
        longest = max(longest, played)
        _lengthen(track.box.find(b"mdia", b"mdhd"), 16, ticks)
        _lengthen(track.box.find(b"tkhd"), 20, played)
        _end_edits(track, scale, ticks)
    _lengthen(movie, 16, longest)
    moov.boxes = [box for box in moov.boxes or () if box.name != b"mvex"]


def _lengthen(head: Box | None, at: int, ticks: int) -> None:
    """Write a length into a header, where a fragmented file says 0; `at` is its place in version 0."""
    if head:
        at, size = (at + 8, 8) if head.data[0] else (at, 4)
        head.data = head.data[:at] + ticks.to_bytes(size, "big") + head.data[at + size :]


def _end_edits(track: Track, scale: int, ticks: int) -> None:
    """An edit of length 0 means "to the end" in a fragmented file, and nothing at all in any other."""
    edits = track.box.find(b"edts", b"elst")
    if edits and int.from_bytes(edits.data[4:8], "big") == 1:
        code = ">Qq" if edits.data[0] == 1 else ">Ii"
        length, begin = struct.unpack_from(code, edits.data, 8)
        if not length and begin >= 0:
            length = max(ticks - begin, 0) * scale // track.timescale
            rest = edits.data[8 + struct.calcsize(code) :]
            edits.data = edits.data[:8] + struct.pack(code, length, begin) + rest


def tracks(moov: Box) -> list[Track]:
    """Every track that says what it is."""
    found = []
    for box in moov.all(b"trak"):
        head, media, handler = box.find(b"tkhd"), box.find(b"mdia", b"mdhd"), box.find(b"mdia", b"hdlr")
        if head and media and handler:
            timescale, duration = times(media.data)
            at = 20 if head.data[0] else 12
            number = int.from_bytes(head.data[at : at + 4], "big")
            found.append(Track(box, number, handler.data[8:12], timescale or 1, duration))
    return found


def times(data: bytes) -> tuple[int, int]:
    """Timescale and duration of an `mvhd` or `mdhd`."""
    scale, duration = struct.unpack_from(">IQ" if data[0] else ">II", data, 20 if data[0] else 12)
    return scale, duration


def sound(path: Path, moov: Box) -> Track:
    """The first track of sound; raises InvalidAudio when there is none."""
    track = next((track for track in tracks(moov) if track.handler == b"soun"), None)
    if track is None:
        text = "holds no sound: it has no audio track"
        raise InvalidAudio(str(path), text, "export the recording again with sound", "au.not-audio")
    return track


def probe(path: Path) -> Audio:
    """Exact duration, codec and payload of an M4A; raises InvalidAudio when it is cut off or holds no sound."""
    with path.open("rb") as file:
        top, moov = opened(path, file)
        track = sound(path, moov)
        entry = next(pieces(track.table(b"stsd")[8:]), None)
        if entry is None:
            raise InvalidAudio(str(path), "does not say how its sound is coded", "export it again")
        spans = chunks(track)
        end = max((start + size for start, size in spans), default=0)
        if end > top.size:
            text = f"is cut off: its sound goes on for {end - top.size:,} bytes behind the end of the file"
            raise InvalidAudio(str(path), text, CUT, "au.truncated")
        length = seconds(moov, track)
        if not spans or not length:
            raise InvalidAudio(str(path), "holds no sound: its audio track is empty", CUT, "au.truncated")
        digest = hashlib.sha256()
        for start, size in spans:
            for block in stretch(file, start, size):
                digest.update(block)
    name, about = entry
    if name in LOCKED:
        text = "is protected against copying, so that nobody else can play it"
        raise InvalidAudio(str(path), text, "export the recording without protection", "au.codec")
    channels, rate = _coded(about)
    return Audio(
        bytes=top.size,
        seconds=length,
        mime=MIME.get(path.suffix.lower(), MIME[".m4a"]),
        codec=CODECS.get(name) or ("pcm" if name in PCM else name.decode("latin-1").strip()),
        bit_rate=round(sum(size for _, size in spans) * 8 / length),
        channels=channels,
        sample_rate=rate or track.timescale,
        payload_sha256=digest.hexdigest(),
        remarks=tuple(_remarks(moov)),
    )


def _coded(about: bytes) -> tuple[int, int]:
    """Channels and sample rate of a sample entry.

    The entry itself says two channels by habit; of AAC only the decoder's configuration knows
    (AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1).
    """
    channels, rate = int.from_bytes(about[16:18], "big"), int.from_bytes(about[24:26], "big")
    esds = about.find(b"esds")
    config = about.find(b"\x05", about.find(b"\x04", esds) + 14) if esds > 0 else -1
    if config < 0:
        return channels, rate
    while config + 1 < len(about) and about[config + 1] & 0x80:  # lengths of up to four bytes
        config += 1
    bits = int.from_bytes(about[config + 2 : config + 7].ljust(5, b"\0"), "big")
    kind, index, layout_ = bits >> 35, bits >> 31 & 15, bits >> 27 & 15
    known = kind in {1, 2, 3, 4, 5, 29} and index < 15
    return (8 if layout_ == 7 else layout_) if known and 0 < layout_ < 8 else channels, rate


def seconds(moov: Box, track: Track) -> float:
    """What a player plays: the samples, without what the edit list cuts at the head, up to where it ends."""
    ticks = sum(count * delta for count, delta in runs(track.table(b"stts")))
    whole = ticks / track.timescale
    edits = track.box.find(b"edts", b"elst")
    movie = moov.find(b"mvhd")
    if not edits or not movie:
        return whole
    scale = times(movie.data)[0] or 1
    long = edits.data[0] == 1
    played, size = 0.0, 20 if long else 12
    for at in range(8, 8 + size * int.from_bytes(edits.data[4:8], "big"), size):
        length, begin = struct.unpack_from(">Qq" if long else ">Ii", edits.data, at)
        left = whole - begin / track.timescale
        played += min(length / scale, left) if length and begin >= 0 else left if begin >= 0 else 0.0
    return played or whole


def runs(table: bytes) -> list[tuple[int, int]]:
    """The pairs of an `stts`: how many samples, how long each."""
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // 8)
    return list(struct.iter_unpack(">II", table[8 : 8 + 8 * count]))


def chunks(track: Track) -> list[tuple[int, int]]:
    """Offset and length of the track's bytes in the file; neighbours are joined."""
    joined: list[tuple[int, int]] = []
    for start, length, _ in samples_by_chunk(track):
        if joined and sum(joined[-1]) == start:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        elif length:
            joined.append((start, length))
    return joined


def sample_sizes(track: Track) -> Sequence[int]:
    """Bytes of each sample; as many as the table really holds.

    Where all are alike, as in PCM, whose samples are millions, nothing is listed.
    """
    sizes = track.table(b"stsz")
    same, count = struct.unpack_from(">II", sizes, 4) if len(sizes) >= 12 else (0, 0)
    if same:
        return Alike(same, count)
    return [size for (size,) in struct.iter_unpack(">I", sizes[12 : 12 + (len(sizes) - 12) // 4 * 4])][:count]


@dataclass(frozen=True, slots=True)
class Alike(Sequence[int]):
    """So many of the same number."""

    each: int
    number: int

    def __len__(self) -> int:
        return self.number

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> Alike: ...
    def __getitem__(self, at: int | slice) -> int | Alike:
        if isinstance(at, slice):
            return Alike(self.each, len(range(*at.indices(self.number))))
        if at >= self.number:
            raise IndexError(at)
        return self.each


def total(sizes: Sequence[int]) -> int:
    """Their sum, without counting what is alike."""
    return sizes.each * sizes.number if isinstance(sizes, Alike) else sum(sizes)


def samples_by_chunk(track: Track) -> list[tuple[int, int, int]]:
    """Offset, length and number of samples of each chunk, in the order of the track."""
    offsets, sizes = chunk_offsets(track.stbl), sample_sizes(track)
    table = track.table(b"stsc")
    spans = [struct.unpack_from(">III", table, at) for at in range(8, len(table) - 11, 12)]
    found, taken = [], 0
    for index, (first, number, _) in enumerate(spans):
        last = spans[index + 1][0] if index + 1 < len(spans) else len(offsets) + 1
        for chunk in range(max(first, 1), min(last, len(offsets) + 1)):
            take = sizes[taken : taken + number]
            found.append((offsets[chunk - 1], total(take), len(take)))
            taken += len(take)
    return found


def chunk_offsets(stbl: Box) -> list[int]:
    """Where the chunks begin, from `stco` or `co64`."""
    for name, code in ((b"stco", ">I"), (b"co64", ">Q")):
        if found := stbl.find(name):
            step = struct.calcsize(code)
            count = min(int.from_bytes(found.data[4:8], "big"), (len(found.data) - 8) // step)
            return [offset for (offset,) in struct.iter_unpack(code, found.data[8 : 8 + step * count])]
    return []


def _remarks(moov: Box) -> list[str]:
    return ["holds a video stream: podcast apps will offer it as video"] * any(
        track.handler == b"vide" and not _is_cover(track) for track in tracks(moov)
    )


def _is_cover(track: Track) -> bool:
    """Whether a track of pictures is a still: one sample, as a chapter's picture or a cover is."""
    entry = next(pieces(track.table(b"stsd")[8:]), (b"", b""))
    return entry[0] in {b"jpeg", b"png "}
