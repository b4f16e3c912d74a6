"""How many bytes of a file come before its audio, and how many with the first minute: what a counted download needs."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.mp3 import frame_scan
from podcast_kit.audio.sniff import AudioKind, detect_audio_kind
from podcast_kit.audio.tag_bounds import find_audio_bounds, read_at
from podcast_kit.errors import InvalidAudio

FIRST_MINUTE_S = 60.0
MAX_MP3_MINUTE_BYTES = 3_000_000
"""A minute at 320 kbit/s has 2.4 MB."""
OGG_HEADERS = {b"OpusHead": 2, b"\x01vorbis": 3}
"""Packets before the audio."""
OPUS_GRANULES = 48_000
OGG_RATE_SPAN = slice(12, 16)


@dataclass(frozen=True, slots=True)
class FirstMinute:
    """Positions in a file."""

    head_bytes: int
    """Bytes before the first sample."""
    minute_bytes: int
    """Bytes up to the end of the first minute; all of them where it is shorter."""


def measure_first_minute(path: Path, seconds: float = FIRST_MINUTE_S) -> FirstMinute | None:
    """The positions of a file, where a minute is as long as `seconds`.

    None for a damaged file, and for formats that would have to be decoded.
    """
    measures: dict[AudioKind, Callable[[Path, BinaryIO, float], FirstMinute | None]] = {
        AudioKind.MP3: _measure_mp3,
        AudioKind.MP4: _measure_mp4,
        AudioKind.OGG: _measure_ogg,
        AudioKind.WAV: _measure_riff,
        AudioKind.AIFF: _measure_riff,
    }
    try:
        measure = measures.get(detect_audio_kind(path))
        if measure is None:
            return None
        with path.open("rb") as file:
            minute = measure(path, file, seconds)
    except InvalidAudio:
        return None
    size = path.stat().st_size
    return FirstMinute(min(minute.head_bytes, size), min(minute.minute_bytes, size)) if minute else None


def _measure_mp3(_path: Path, file: BinaryIO, seconds: float) -> FirstMinute | None:
    size = os.fstat(file.fileno()).st_size
    begin, end = find_audio_bounds(file, size)
    first = frame_scan.find_first_frame(file, begin, end)
    if first is None:
        return None
    head = read_at(file, first, 4096)
    xing, header = frame_scan.read_xing_header(head), frame_scan.FRAME_HEADERS[head[:3]]
    start = min(first + header.size * bool(xing), end)
    stop = min(start + MAX_MP3_MINUTE_BYTES, end)
    silence = xing.delay + frame_scan.DECODER_DELAY_SAMPLES if xing and xing.gapless else 0
    frames = math.ceil((seconds * header.rate + silence) / header.samples)
    data = read_at(file, start, stop - start)
    offset = frame_scan.find_frame_offset(data, frames)
    if offset is not None:
        return FirstMinute(start, start + offset if offset < len(data) else size)
    offsets = array("Q")
    frame_scan.scan_frames(file, start, stop, offsets)
    return FirstMinute(start, offsets[frames] if frames < len(offsets) else size)


def _measure_mp4(path: Path, file: BinaryIO, seconds: float) -> FirstMinute | None:
    from podcast_kit.audio.mp4 import container

    _, moov = container.open_mp4(path, file)
    track = container.sound_track(path, moov)
    needed, samples, ticks = seconds * track.timescale, 0, 0
    for count, length in container.parse_stts(track.table(b"stts")):
        take = min(count, math.ceil((needed - ticks) / length)) if length else count
        samples, ticks = samples + take, ticks + take * length
        if ticks >= needed:
            break
    sizes = container.sample_sizes(track)
    chunks = [chunk for chunk in container.samples_by_chunk(track) if chunk[2]]
    if not chunks:
        return None
    taken = end = 0
    for offset, length, number in chunks:
        if taken >= samples:
            break
        part = min(number, samples - taken)
        end = max(end, offset + (length if part == number else container.sum_sizes(sizes[taken : taken + part])))
        taken += number
    is_whole = ticks < needed or sum(number for _, _, number in chunks) <= samples
    size = os.fstat(file.fileno()).st_size
    return FirstMinute(min(offset for offset, _, _ in chunks), size if is_whole else end)


def _measure_ogg(_path: Path, file: BinaryIO, seconds: float) -> FirstMinute | None:
    from podcast_kit.audio.ogg.pages import read_pages

    size = os.fstat(file.fileno()).st_size
    serial, head, headers, rate, skip = -1, 0, 0, OPUS_GRANULES, 0
    for page in read_pages(file):
        if serial < 0:
            magic = next((magic for magic in OGG_HEADERS if page.body.startswith(magic)), None)
            if magic is None:
                continue
            serial, headers = page.serial, OGG_HEADERS[magic]
            is_opus = headers == OGG_HEADERS[b"OpusHead"]
            rate = OPUS_GRANULES if is_opus else int.from_bytes(page.body[OGG_RATE_SPAN], "little") or 1
            skip = int.from_bytes(page.body[10:12], "little") if is_opus else 0
        if page.serial != serial:
            continue
        if headers > 0:
            headers -= sum(is_end for *_, is_end in page.packets())
            head = page.end
        elif page.granule - skip >= seconds * rate:
            return FirstMinute(head, page.end)
    return FirstMinute(head, size) if head else None


def _measure_riff(path: Path, file: BinaryIO, seconds: float) -> FirstMinute:
    from podcast_kit.audio.riff.chunks import locate_sound

    sound = locate_sound(path, file)
    minute = min(sound.length, round(sound.form.bytes_per_second * seconds))
    return FirstMinute(sound.start, sound.start + minute)
