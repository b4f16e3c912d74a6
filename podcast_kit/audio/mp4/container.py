"""Measure M4A and MP4 by their sample tables (ISO/IEC 14496-12), compared with the bytes that exist."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, overload

from podcast_kit.audio.hashed_copy import ByteSpan, read_span
from podcast_kit.audio.mp4 import fragments
from podcast_kit.audio.mp4.boxes import Box, FileLayout, parse_boxes, read_body, read_layout, split_boxes
from podcast_kit.audio.sniff import AUDIO_MIME_TYPES
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

MP4_CODECS = {
    b"mp4a": "aac",
    b"alac": "alac",
    b".mp3": "mp3",
    b"Opus": "opus",
    b"fLaC": "flac",
    b"ac-3": "ac3",
    b"ec-3": "eac3",
}
MP4_PCM_CODES = {b"sowt", b"twos", b"lpcm", b"ipcm", b"in24", b"in32", b"fl32", b"raw "}
MPEG_AUDIO_OBJECT_TYPES = {b"\x69": "mp3", b"\x6b": "mp3", b"\xa5": "ac3", b"\xa6": "eac3", b"\xa9": "dts"}
"""`objectTypeIndication` of the decoder configuration (ISO/IEC 14496-1 7.2.6.6), where it is not AAC."""
MONO_FRAME_BYTE = b"\xc0"
"""The fourth byte of a frame of MP3 is as large or larger if it has one channel."""
RARE_MP4_CODECS = {"mp3": "MP3", "opus": "Opus", "flac": "FLAC", "ac3": "AC-3", "eac3": "E-AC-3", "dts": "DTS"}
"""Codecs that an MP4 may hold, and that podcast apps rarely play from it."""
DRM_CODES = {b"drms", b"drmi", b"enca", b"encv"}
WIDE_BOX_HEADER_BYTES = 16
"""With a length of 64 bits."""
TRUNCATED_MP4_FIX = "copy the recording again; a recorder that died may offer to repair it"


@dataclass(frozen=True, slots=True)
class Track:
    """A track of audio, video or text."""

    box: Box
    id: int
    handler: bytes
    """`soun`, `vide`, `text`, ..."""
    timescale: int
    duration: int
    """In units of the timescale, as the media header says."""

    @property
    def stbl(self) -> Box:
        """The tables of its samples."""
        return self.box.find(b"mdia", b"minf", b"stbl") or Box(b"stbl", boxes=[])

    def table(self, name: bytes) -> bytes:
        """The content of one of its tables; empty if it has none."""
        table_box = self.stbl.find(name)
        return table_box.data if table_box else b""


def open_mp4(path: Path, file: BinaryIO) -> tuple[FileLayout, Box]:
    """The top-level boxes and the parsed index (`moov`); raises InvalidAudio when there is no complete index.

    Bytes after the last box, and a truncated last box, are accepted if the audio is complete: players ignore
    both.
    """
    top = read_layout(file)
    indexes = top.spans_named(b"moov")
    if not indexes and top.missing_bytes < 0:
        raise InvalidAudio(
            str(path), f"is damaged: its last {-top.missing_bytes:,} bytes are not an MP4 box", "export it again"
        )
    if top.missing_bytes > 0 and (not indexes or indexes[0].end > top.size):
        text = f"is truncated: {top.missing_bytes:,} bytes are missing at the end"
        raise InvalidAudio(str(path), text, TRUNCATED_MP4_FIX, "au.truncated")
    if not indexes:
        text = "has no index (moov): the recorder stopped before writing it, or the copy is truncated"
        raise InvalidAudio(str(path), text, TRUNCATED_MP4_FIX, "au.truncated")
    moov = Box(b"moov", boxes=parse_boxes(read_body(file, indexes[0])))
    if top.spans_named(b"moof"):
        _join_fragments(file, top, moov)
    return top, moov


def repaired_mp4_pieces(path: Path, file: BinaryIO) -> list[bytes | ByteSpan]:
    """Every complete box, and an `mdat` with the length that it has, without what is after them."""
    top, _ = open_mp4(path, file)
    pieces: list[bytes | ByteSpan] = []
    for span in top.spans:
        clipped = span.clip(top.size)
        if clipped.length == span.length:
            pieces.append((span.start, span.length))
        elif span.name == b"mdat":
            wide = span.header == WIDE_BOX_HEADER_BYTES
            head = (1 if wide else clipped.length).to_bytes(4, "big") + span.name
            pieces.append(head + clipped.length.to_bytes(8, "big") * wide)
            pieces.append((span.start + span.header, clipped.length - span.header))
    return pieces


def _join_fragments(file: BinaryIO, top: FileLayout, moov: Box) -> None:
    """Build the sample tables of a fragmented file, so that other code handles one kind of MP4."""
    movie = moov.find(b"mvhd")
    scale = (parse_times(movie.data)[0] if movie else 0) or 1000
    longest = 0
    for track in list_tracks(moov):
        samples = fragments.gather_fragments(file, top, moov, track.id)
        if not samples.sizes:
            continue
        # Some files begin like a plain one: their first samples are in the index.
        samples.sizes[:0] = before = sample_sizes(track)
        samples.durations[:0] = [
            duration for count, duration in parse_stts(track.table(b"stts")) for _ in range(min(count, len(before)))
        ]
        samples.chunks[:0] = samples_by_chunk(track)
        built = list(fragments.build_sample_tables(samples))
        names = {b"stco", *(box.name for box in built)}
        track.stbl.boxes = [*(box for box in track.stbl.boxes or () if box.name not in names), *built]
        ticks = sum(samples.durations)
        played = ticks * scale // track.timescale
        longest = max(longest, played)
        _set_duration(track.box.find(b"mdia", b"mdhd"), 16, ticks)
        _set_duration(track.box.find(b"tkhd"), 20, played)
        _set_edit_length(track, scale, ticks)
    _set_duration(movie, 16, longest)
    moov.boxes = [box for box in moov.boxes or () if box.name != b"mvex"]


def _set_duration(head: Box | None, at: int, ticks: int) -> None:
    """Set the duration in a header, where a fragmented file has 0; `at` is its offset in version 0."""
    if head:
        at, size = (at + 8, 8) if head.data[0] else (at, 4)
        head.data = head.data[:at] + ticks.to_bytes(size, "big") + head.data[at + size :]


def _set_edit_length(track: Track, scale: int, ticks: int) -> None:
    """An edit of length 0 means "to the end" in a fragmented file, and nothing at all in any other."""
    edits = track.box.find(b"edts", b"elst")
    if edits and int.from_bytes(edits.data[4:8], "big") == 1:
        code = ">Qq" if edits.data[0] == 1 else ">Ii"
        length, begin = struct.unpack_from(code, edits.data, 8)
        if not length and begin >= 0:
            length = max(ticks - begin, 0) * scale // track.timescale
            behind = edits.data[8 + struct.calcsize(code) :]
            edits.data = edits.data[:8] + struct.pack(code, length, begin) + behind


def list_tracks(moov: Box) -> list[Track]:
    """Every track that has the required headers."""
    result = []
    for box in moov.children(b"trak"):
        head, media, handler = box.find(b"tkhd"), box.find(b"mdia", b"mdhd"), box.find(b"mdia", b"hdlr")
        if head and media and handler:
            timescale, duration = parse_times(media.data)
            at = 20 if head.data[0] else 12
            number = int.from_bytes(head.data[at : at + 4], "big")
            result.append(Track(box, number, handler.data[8:12], timescale or 1, duration))
    return result


def parse_times(data: bytes) -> tuple[int, int]:
    """Timescale and duration of an `mvhd` or `mdhd`."""
    scale, duration = struct.unpack_from(">IQ" if data[0] else ">II", data, 20 if data[0] else 12)
    return scale, duration


def sound_track(path: Path, moov: Box) -> Track:
    """The first audio track; raises InvalidAudio if there is none."""
    track = next((track for track in list_tracks(moov) if track.handler == b"soun"), None)
    if track is None:
        text = "has no audio track"
        raise InvalidAudio(str(path), text, "export the recording again with sound", "au.not-audio")
    return track


def probe_mp4(path: Path) -> Audio:
    """Exact duration, codec and payload of an M4A; raises InvalidAudio when it is truncated or has no audio."""
    with path.open("rb") as file:
        top, moov = open_mp4(path, file)
        track = sound_track(path, moov)
        entry = next(split_boxes(track.table(b"stsd")[8:]), None)
        if entry is None:
            raise InvalidAudio(str(path), "does not say how its audio is encoded", "export it again")
        spans = joined_chunks(track)
        end = max((start + size for start, size in spans), default=0)
        if end > top.size:
            text = f"is truncated: its audio continues for {end - top.size:,} bytes after the end of the file"
            raise InvalidAudio(str(path), text, TRUNCATED_MP4_FIX, "au.truncated")
        length = track_seconds(moov, track)
        if not spans or not length:
            raise InvalidAudio(str(path), "has an empty audio track", TRUNCATED_MP4_FIX, "au.truncated")
        frame_head = read_at(file, spans[0][0], 4)
        digest = hashlib.sha256()
        for start, size in spans:
            for block in read_span(file, start, size):
                digest.update(block)
    name, about = entry
    if name in DRM_CODES:
        text = "is copy-protected, so listeners can't play it"
        raise InvalidAudio(str(path), text, "export the recording without protection", "au.codec")
    channels, rate = _channels_and_rate(about)
    codec = _codec_name(name, about)
    if codec == "mp3":
        channels = 1 if frame_head[3:4] >= MONO_FRAME_BYTE else 2
    return Audio(
        bytes=top.size,
        seconds=length,
        mime=AUDIO_MIME_TYPES.get(path.suffix.lower(), AUDIO_MIME_TYPES[".m4a"]),
        codec=codec,
        bit_rate=round(sum(size for _, size in spans) * 8 / length),
        channels=channels,
        sample_rate=rate or track.timescale,
        payload_sha256=digest.hexdigest(),
        warnings=tuple(_mp4_warnings(top, moov, codec)),
    )


def _codec_name(name: bytes, about: bytes) -> str:
    """The codec of a sample entry; `mp4a` may hold others than AAC, as its decoder configuration says."""
    esds = about.find(b"esds") if name == b"mp4a" else -1
    config = about.find(b"\x04", esds) if esds > 0 else -1
    while 0 < config < len(about) - 1 and about[config + 1] & 0x80:  # lengths of up to four bytes
        config += 1
    if config > 0 and about[config + 2 : config + 3] in MPEG_AUDIO_OBJECT_TYPES:
        return MPEG_AUDIO_OBJECT_TYPES[about[config + 2 : config + 3]]
    return MP4_CODECS.get(name) or ("pcm" if name in MP4_PCM_CODES else name.decode("latin-1").strip())


def _channels_and_rate(about: bytes) -> tuple[int, int]:
    """Channels and sample rate of a sample entry.

    The entry itself usually says two channels; for AAC only the decoder configuration is right
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
    is_known = kind in {1, 2, 3, 4, 5, 29} and index < 15
    return (8 if layout_ == 7 else layout_) if is_known and 0 < layout_ < 8 else channels, rate


def track_seconds(moov: Box, track: Track) -> float:
    """Seconds that a player plays: the samples, minus what the edit list cuts at either end."""
    ticks = sum(count * delta for count, delta in parse_stts(track.table(b"stts")))
    whole = ticks / track.timescale
    edits = track.box.find(b"edts", b"elst")
    movie = moov.find(b"mvhd")
    if not edits or not movie:
        return whole
    scale = parse_times(movie.data)[0] or 1
    long = edits.data[0] == 1
    played, size = 0.0, 20 if long else 12
    for at in range(8, 8 + size * int.from_bytes(edits.data[4:8], "big"), size):
        length, begin = struct.unpack_from(">Qq" if long else ">Ii", edits.data, at)
        left = whole - begin / track.timescale
        played += min(length / scale, left) if length and begin >= 0 else left if begin >= 0 else 0.0
    return played or whole


def parse_stts(table: bytes) -> list[tuple[int, int]]:
    """The pairs of an `stts`: number of samples, length of each."""
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // 8)
    return list(struct.iter_unpack(">II", table[8 : 8 + 8 * count]))


def joined_chunks(track: Track) -> list[tuple[int, int]]:
    """Offset and length of the track's bytes in the file; adjacent chunks are joined."""
    joined: list[tuple[int, int]] = []
    for start, length, _ in samples_by_chunk(track):
        if joined and sum(joined[-1]) == start:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        elif length:
            joined.append((start, length))
    return joined


def sample_sizes(track: Track) -> Sequence[int]:
    """Bytes of each sample, as many as the table has.

    If all are equal, as in PCM with its millions of samples, no list is built.
    """
    sizes = track.table(b"stsz")
    same, count = struct.unpack_from(">II", sizes, 4) if len(sizes) >= 12 else (0, 0)
    if same:
        return ConstantSequence(same, count)
    return [size for (size,) in struct.iter_unpack(">I", sizes[12 : 12 + (len(sizes) - 12) // 4 * 4])][:count]


@dataclass(frozen=True, slots=True)
class ConstantSequence(Sequence[int]):
    """A sequence of one repeated number."""

    value: int
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> ConstantSequence: ...
    def __getitem__(self, at: int | slice) -> int | ConstantSequence:
        if isinstance(at, slice):
            return ConstantSequence(self.value, len(range(*at.indices(self.length))))
        if at >= self.length:
            raise IndexError(at)
        return self.value


def sum_sizes(sizes: Sequence[int]) -> int:
    """Their sum, computed at once for a constant sequence."""
    return sizes.value * sizes.length if isinstance(sizes, ConstantSequence) else sum(sizes)


def samples_by_chunk(track: Track) -> list[tuple[int, int, int]]:
    """Offset, length and number of samples of each chunk, in the order of the track."""
    offsets, sizes = chunk_offsets(track.stbl), sample_sizes(track)
    table = track.table(b"stsc")
    spans = [struct.unpack_from(">III", table, at) for at in range(8, len(table) - 11, 12)]
    result, taken = [], 0
    for index, (first, number, _) in enumerate(spans):
        last = spans[index + 1][0] if index + 1 < len(spans) else len(offsets) + 1
        for chunk in range(max(first, 1), min(last, len(offsets) + 1)):
            take = sizes[taken : taken + number]
            result.append((offsets[chunk - 1], sum_sizes(take), len(take)))
            taken += len(take)
    return result


def chunk_offsets(stbl: Box) -> list[int]:
    """The offsets of the chunks, from `stco` or `co64`."""
    for name, code in ((b"stco", ">I"), (b"co64", ">Q")):
        if table := stbl.find(name):
            step = struct.calcsize(code)
            count = min(int.from_bytes(table.data[4:8], "big"), (len(table.data) - 8) // step)
            return [offset for (offset,) in struct.iter_unpack(code, table.data[8 : 8 + step * count])]
    return []


def _mp4_warnings(top: FileLayout, moov: Box, codec: str) -> list[str]:
    tracks, warnings = list_tracks(moov), []
    if any(track.handler == b"vide" and not _is_still_image(track) for track in tracks):
        warnings.append("has a video stream: podcast apps will offer it as video")
    if codec in RARE_MP4_CODECS:
        warnings.append(f"has {RARE_MP4_CODECS[codec]} inside instead of AAC: many podcast apps cannot play it")
    audio_tracks = sum(track.handler == b"soun" for track in tracks)
    if audio_tracks > 1:
        warnings.append(f"has {audio_tracks} audio tracks: players play only one of them, usually the first")
    if top.missing_bytes > 0:
        name = max(top.spans, key=lambda span: span.end).name.decode("latin-1")
        warnings.append(f"its last box ({name}) is truncated by {top.missing_bytes:,} bytes; the audio is complete")
    if top.missing_bytes < 0:
        warnings.append(f"{-top.missing_bytes:,} bytes of junk after the last box")
    return warnings


def _is_still_image(track: Track) -> bool:
    """Whether a video track is a still image, such as a cover or a chapter image."""
    entry = next(split_boxes(track.table(b"stsd")[8:]), (b"", b""))
    return entry[0] in {b"jpeg", b"png "}
