"""Measure WAV (RIFF, RF64) and AIFF: chunks, and the samples that their audio chunk has."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import read_span
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

UNKNOWN_SIZE = 0xFFFFFFFF
"""Written by a recorder before it knows the size."""
WAV_CODECS = {1: "pcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x55: "mp3", 0x11: "adpcm", 2: "adpcm"}
AIFF_PCM_CODES = {b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32", b"raw "}
AIFF_COMPANDED_CODES = {b"ulaw": "mulaw", b"ULAW": "mulaw", b"alaw": "alaw", b"ALAW": "alaw"}
TRUNCATED_RIFF_FIX = "copy the recording again; a recorder that died may offer to repair it"
MAX_CHUNKS = 10_000
"""Read from a file."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The location of a chunk."""

    name: bytes
    start: int
    length: int
    """As it says; may exceed the file."""


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How samples are stored."""

    codec: str
    channels: int
    rate: int
    bytes_per_second: int
    """Of the audio data."""
    frames: int = 0
    """As the header says; 0 if it does not."""


def read_chunks(file: BinaryIO, size: int, order: str, wide: dict[bytes, int]) -> Iterator[Chunk]:
    """The chunks after the twelve bytes of the header; `wide` has the 64-bit sizes of an RF64."""
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > size:
            return
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little" if order == "little" else "big")
        if length == UNKNOWN_SIZE:
            length = wide.get(head[:4], length)
        yield Chunk(head[:4], at + 8, length)
        if head[:4] == b"ds64":
            file.seek(at + 8)
            wide[b"data"] = int.from_bytes(file.read(16)[8:], "little")
        at += 8 + length + length % 2


def probe_riff(path: Path) -> Audio:
    """Exact duration and payload of a WAV or AIFF; raises InvalidAudio when samples are missing."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        wav = file.read(4) != b"FORM"
        head, sound = (b"fmt ", b"data") if wav else (b"COMM", b"SSND")
        chunk_by_name: dict[bytes, Chunk] = {}
        for chunk in read_chunks(file, size, "little" if wav else "big", {}):
            chunk_by_name.setdefault(chunk.name, chunk)
        if head not in chunk_by_name or sound not in chunk_by_name:
            text = "is truncated: it ends before the audio begins"
            raise InvalidAudio(str(path), text, TRUNCATED_RIFF_FIX, "au.truncated")
        file.seek(chunk_by_name[head].start)
        form = (_parse_wav_format if wav else _parse_aiff_format)(
            path, file.read(min(chunk_by_name[head].length, 1 << 10))
        )
        start, length, warnings = _sound_extent(path, chunk_by_name[sound], size, form, wav=wav)
        digest = hashlib.sha256()
        for block in read_span(file, start, length):
            digest.update(block)
    if wav and form.codec not in {"pcm", "alaw", "mulaw"} and b"fact" in chunk_by_name:
        with path.open("rb") as file:
            file.seek(chunk_by_name[b"fact"].start)
            form = SampleFormat(
                form.codec, form.channels, form.rate, form.bytes_per_second, int.from_bytes(file.read(4), "little")
            )
    packed = form.frames and form.codec not in {"pcm", "alaw", "mulaw"}
    seconds = form.frames / form.rate if packed else length / form.bytes_per_second
    if not seconds:
        raise InvalidAudio(str(path), "has an empty data chunk", TRUNCATED_RIFF_FIX, "au.truncated")
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/wav" if wav else "audio/aiff",
        codec=form.codec,
        bit_rate=round(length * 8 / seconds),
        channels=form.channels,
        sample_rate=form.rate,
        payload_sha256=digest.hexdigest(),
        warnings=tuple(warnings),
    )


def _sound_extent(path: Path, chunk: Chunk, size: int, form: SampleFormat, *, wav: bool) -> tuple[int, int, list[str]]:
    """Offset and bytes of the samples, and warnings."""
    start, length = (chunk.start, chunk.length) if wav else (chunk.start + 8, chunk.length - 8)
    available = max(size - start, 0)
    if wav and (chunk.length in {0, UNKNOWN_SIZE} or chunk.length >= UNKNOWN_SIZE - (1 << 16)) and available:
        whole = available - available % max(form.bytes_per_second // form.rate, 1)
        return start, whole, ["its header was never finished: some programs show it as empty, or as hours long"]
    if length > available:
        text = f"is truncated: {(length - available) / form.bytes_per_second:.1f} s of audio are missing at the end"
        raise InvalidAudio(str(path), text, TRUNCATED_RIFF_FIX, "au.truncated")
    return start, max(length, 0), []


def _parse_wav_format(path: Path, data: bytes) -> SampleFormat:
    if len(data) < 16:
        raise InvalidAudio(
            str(path), "is truncated: it ends before the audio begins", TRUNCATED_RIFF_FIX, "au.truncated"
        )
    code = int.from_bytes(data[:2], "little")
    if code == 0xFFFE and len(data) >= 26:
        code = int.from_bytes(data[24:26], "little")
    channels, rate = int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little")
    second, frame, bits = (int.from_bytes(data[at:stop], "little") for at, stop in ((8, 12), (12, 14), (14, 16)))
    codec = WAV_CODECS.get(code)
    if codec is None:
        text = f"is WAV with an unsupported codec (0x{code:04x})"
        raise InvalidAudio(str(path), text, "export it as plain PCM", "au.codec")
    if codec == "pcm":
        frame = channels * ((bits + 7) // 8) if bits else frame
        second = rate * frame
    if not channels or not rate or not second:
        raise InvalidAudio(str(path), "is damaged: its header has no channels or no sample rate", "export it again")
    return SampleFormat(codec, channels, rate, second)


def _parse_aiff_format(path: Path, data: bytes) -> SampleFormat:
    if len(data) < 18:
        raise InvalidAudio(
            str(path), "is truncated: it ends before the audio begins", TRUNCATED_RIFF_FIX, "au.truncated"
        )
    channels, frames, bits = (int.from_bytes(data[at:stop], "big") for at, stop in ((0, 2), (2, 6), (6, 8)))
    rate = _parse_extended_float(data[8:18])
    kind = data[18:22] or b"NONE"
    if not channels or not rate or not bits or (kind not in AIFF_PCM_CODES and kind not in AIFF_COMPANDED_CODES):
        text = (
            "is AIFF in an unsupported format"
            if channels and rate
            else "is damaged: its header has no channels or no sample rate"
        )
        raise InvalidAudio(str(path), text, "export it as plain PCM", "au.codec" if channels and rate else "au.broken")
    width = 1 if kind in AIFF_COMPANDED_CODES else (bits + 7) // 8
    return SampleFormat(AIFF_COMPANDED_CODES.get(kind, "pcm"), channels, rate, rate * channels * width, frames)


def parse_sample_rate(head: bytes, *, wav: bool) -> int:
    """Samples per second, by a `fmt ` or `COMM` chunk; 0 if it does not say."""
    return int.from_bytes(head[4:8], "little") if wav else _parse_extended_float(head[8:18])


def _parse_extended_float(data: bytes) -> int:
    """An 80-bit float as a whole number, which sample rates are."""
    exponent, mantissa = int.from_bytes(data[:2], "big") - 16383 - 63, int.from_bytes(data[2:], "big")
    if not -64 < exponent <= 0:
        return 0
    return mantissa >> -exponent
