"""A stretch of a recording as a file of its own: an MP3 at its frames, without loss; anything else encoded anew."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio import tag_bounds
from podcast_kit.audio.mastering import mp3_gain
from podcast_kit.audio.mp3 import frame_scan, xing_header
from podcast_kit.audio.sniff import Kind, recognise
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.io.atomic_write import atomic_path

RESERVOIR = 9
"""Frames before the first that may hold bits of it: as many as 511 bytes take at the lowest rate, and one."""
LONGEST_DELAY = 0xFFF
"""Samples that the tag can tell players to leave out."""
SHORT = 10_000
"""Frames, four minutes, of which the checksum is worked out; a longer stretch goes without."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch that was cut."""

    path: Path
    seconds: float
    lossless: bool


def suffix(source: Path) -> str:
    """What a clip's name ends in: as its source where that is a format that podcast apps play, else `.mp3`."""
    return {Kind.MP3: ".mp3", Kind.MP4: ".m4a", Kind.OGG: ".opus"}.get(recognise(source), ".mp3")


def cut(source: Path, destination: Path, start: float, seconds: float) -> Clip:
    """Write `seconds` of a recording from `start` on to `destination`, whose name ends in `suffix(source)`.

    Of an MP3 no sample is encoded anew: players that know of gapless playback give it to the sample, others begin and
    end it within a tenth of a second. Raises InvalidAudio where the stretch is not within the recording.
    """
    if not (start >= 0 and seconds > 0):
        raise PodcastKitError(f"a stretch from {start:g} s for {seconds:g} s", "begin at 0 or later, and take some")
    lossless = recognise(source) is Kind.MP3
    with atomic_path(destination) as part:
        length = _frames_cut(source, part, start, seconds) if lossless else _encoded(source, part, start, seconds)
    return Clip(destination, length, lossless)


def _frames_cut(source: Path, part: Path, start: float, seconds: float) -> float:
    with source.open("rb") as file:
        begin, end = tag_bounds.bounds(file, os.fstat(file.fileno()).st_size)
        first = frame_scan.find_first_frame(file, begin, end)
        if first is None:
            raise InvalidAudio(str(source), "holds no MP3 frame", "export it again")
        file.seek(first)
        head = file.read(4096)
        promise, header = frame_scan.read_xing_header(head), frame_scan.FRAME_HEADERS[head[:3]]
        silence = promise.delay + frame_scan.DECODER_DELAY_SAMPLES if promise and promise.gapless else 0
        at = round(start * header.rate) + silence
        behind = at + round(seconds * header.rate)
        wanted = range(max(0, at // header.samples), -(-behind // header.samples))
        sound = first + (header.size if promise else 0)
        lead, kept = _collected(file, sound, end, wanted)
    if not kept:
        raise InvalidAudio(str(source), f"ends before {start:g} s", "begin the stretch earlier", "au.range")
    fillers = _fillers(lead[:-1], lead[-1]) if lead else []
    frames = [*fillers, *lead[-1:], *kept]
    skipped = (len(fillers) + len(lead[-1:])) * header.samples + at - wanted.start * header.samples
    silent = max(skipped - frame_scan.DECODER_DELAY_SAMPLES, 0)
    delay = min(silent, LONGEST_DELAY)
    length = min(behind - at, len(frames) * header.samples - skipped)
    padding = min(max(len(frames) * header.samples - silent - length, 0), LONGEST_DELAY)
    _write(part, frames, delay, padding)
    return (length + silent - delay) / header.rate


def _collected(file: BinaryIO, start: int, end: int, wanted: range) -> tuple[list[bytes], list[bytes]]:
    """The frames just before the wanted ones, and those."""
    lead: deque[bytes] = deque(maxlen=RESERVOIR)
    kept: list[bytes] = []
    for number, frame in enumerate(_frames(file, start, end)):
        if number >= wanted.stop:
            break
        (kept if number >= wanted.start else lead).append(frame)
    return list(lead), kept


def _frames(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Every whole frame; what is none is passed over."""
    data, base = b"", start
    file.seek(start)
    while True:
        block = file.read(min(1 << 20, end - base - len(data)))
        data += block
        position = 0
        while size := frame_scan.FRAME_SIZES.get(data[position : position + 3]):
            if position + size > len(data):
                break
            yield data[position : position + size]
            position += size
        if position + 3 <= len(data) and data[position : position + 3] not in frame_scan.FRAME_SIZES:
            following = data.find(b"\xff", position + 1)
            position = len(data) if following < 0 else following
        elif not block:
            return
        data, base = data[position:], base + position


def _fillers(before: list[bytes], first: bytes) -> list[bytes]:
    """Silent frames that carry what the first real one has left of its bits in earlier frames (the bit reservoir)."""
    needed, chosen = _back(first), list[bytes]()
    for frame in reversed(before):
        if needed <= 0:
            break
        chosen.insert(0, frame)
        needed -= _room(frame)
    held, fillers = 0, list[bytes]()
    for frame in chosen:
        # Each says that its nothing begins where the first one's bits do: decoders throw away what lies before.
        fillers.append(_silent(frame, held))
        held += _room(frame)
    return fillers


def _silent(frame: bytes, back: int) -> bytes:
    """The same bits in a frame that plays none of them."""
    side, length = _side(frame)
    silent = bytearray(frame)
    silent[side : side + length] = bytes(length)
    if _one(frame):
        silent[side : side + 2] = (min(back, 511) << 7).to_bytes(2, "big")
    else:
        silent[side] = min(back, 255)
    mp3_gain.mend(silent, 0)
    return bytes(silent)


def _room(frame: bytes) -> int:
    """Bytes of a frame that are neither header nor side information."""
    return len(frame) - sum(_side(frame))


def _one(frame: bytes) -> bool:
    return frame_scan.FRAME_HEADERS[frame[:3]].version == mp3_gain.MPEG_1


def _side(frame: bytes) -> tuple[int, int]:
    """Where a frame's side information begins, and its bytes."""
    mono = frame[3] >> 6 == 3
    length = (17 if mono else 32) if _one(frame) else (9 if mono else 17)
    return (4 if frame[1] & 1 else 6), length


def _back(frame: bytes) -> int:
    """`main_data_begin`: how many bytes before this frame its data begin."""
    side, _ = _side(frame)
    if _one(frame):
        return frame[side] << 1 | frame[side + 1] >> 7
    return frame[side]


def _write(part: Path, frames: list[bytes], delay: int, padding: int) -> None:
    sizes = {frame_scan.FRAME_HEADERS[frame[:3]].kbits for frame in frames}
    crc = xing_header.crc16_arc(b"".join(frames)) if len(frames) < SHORT else 0
    tag = xing_header.build_xing_frame(
        frames[0][:4],
        frames=len(frames),
        size=sum(map(len, frames)),
        padding=padding,
        crc=crc,
        delay=delay,
        constant=len(sizes) == 1,
    )
    with part.open("wb") as out:
        out.write(tag)
        out.writelines(frames)


def _encoded(source: Path, part: Path, start: float, seconds: float) -> float:
    from podcast_kit.audio import codecs

    codecs.require()
    from podcast_kit.audio.mastering import concat, decode, encode, mix

    format_ = suffix(source).lstrip(".")
    sound = mix.of(source, source.name, mix.rate_for(decode.shape(source).rate, format_))
    stretch = concat.stretch(sound.play(), round(start * sound.rate), round((start + seconds) * sound.rate))
    first = next(stretch, None)
    if first is None:
        raise InvalidAudio(str(source), f"ends before {start:g} s", "begin the stretch earlier", "au.range")
    encoder = encode.encoder(format_, part, sound.rate, sound.channels, encode.KBITS[format_][sound.channels - 1])
    written = 0
    try:
        for block in itertools.chain([first], stretch):
            written += block.shape[1]
            encoder.write(block)
        encoder.finish()
    except BaseException:
        encoder.abandon()
        raise
    return written / sound.rate
