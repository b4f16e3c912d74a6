"""WAV (RIFF, RF64) and AIFF measured: chunks, and the samples that their sound chunk really holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.hashed_copy import stretch
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio

UNKNOWN = 0xFFFFFFFF
"""What a recorder writes as a size before it knows it."""
CODECS = {1: "pcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x55: "mp3", 0x11: "adpcm", 2: "adpcm"}
PCM = {b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32", b"raw "}
PACKED = {b"ulaw": "mulaw", b"ULAW": "mulaw", b"alaw": "alaw", b"ALAW": "alaw"}
CUT = "copy the recording again; a recorder that died may offer to repair it"
MOST = 10_000
"""Chunks that are looked at."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk by its place."""

    name: bytes
    start: int
    length: int
    """As it says; it may go beyond the file."""


@dataclass(frozen=True, slots=True)
class Form:
    """How samples are stored."""

    codec: str
    channels: int
    rate: int
    second: int
    """Bytes a second."""
    frames: int = 0
    """As the head says; 0 when it does not."""


def chunks(file: BinaryIO, size: int, order: str, wide: dict[bytes, int]) -> Iterator[Chunk]:
    """The chunks behind the twelve bytes of the head; `wide` has the 64-bit sizes of an RF64."""
    at = 12
    for _ in range(MOST):
        if at + 8 > size:
            return
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little" if order == "little" else "big")
        if length == UNKNOWN:
            length = wide.get(head[:4], length)
        yield Chunk(head[:4], at + 8, length)
        if head[:4] == b"ds64":
            file.seek(at + 8)
            wide[b"data"] = int.from_bytes(file.read(16)[8:], "little")
        at += 8 + length + length % 2


def probe(path: Path) -> Audio:
    """Exact duration and payload of a WAV or AIFF; raises InvalidAudio when samples are missing."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        wav = file.read(4) != b"FORM"
        head, sound = (b"fmt ", b"data") if wav else (b"COMM", b"SSND")
        found: dict[bytes, Chunk] = {}
        for chunk in chunks(file, size, "little" if wav else "big", {}):
            found.setdefault(chunk.name, chunk)
        if head not in found or sound not in found:
            text = "is cut off: it ends before the sound begins"
            raise InvalidAudio(str(path), text, CUT, "au.truncated")
        file.seek(found[head].start)
        form = (_wav if wav else _aiff)(path, file.read(min(found[head].length, 1 << 10)))
        start, length, said = _extent(path, found[sound], size, form, wav=wav)
        digest = hashlib.sha256()
        for block in stretch(file, start, length):
            digest.update(block)
    if wav and form.codec not in {"pcm", "alaw", "mulaw"} and b"fact" in found:
        with path.open("rb") as file:
            file.seek(found[b"fact"].start)
            form = Form(form.codec, form.channels, form.rate, form.second, int.from_bytes(file.read(4), "little"))
    packed = form.frames and form.codec not in {"pcm", "alaw", "mulaw"}
    seconds = form.frames / form.rate if packed else length / form.second
    if not seconds:
        raise InvalidAudio(str(path), "holds no sound: its data chunk is empty", CUT, "au.truncated")
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/wav" if wav else "audio/aiff",
        codec=form.codec,
        bit_rate=round(length * 8 / seconds),
        channels=form.channels,
        sample_rate=form.rate,
        payload_sha256=digest.hexdigest(),
        remarks=tuple(said),
    )


def _extent(path: Path, chunk: Chunk, size: int, form: Form, *, wav: bool) -> tuple[int, int, list[str]]:
    """Where the samples begin, how many bytes they are, and what is odd about it."""
    start, length = (chunk.start, chunk.length) if wav else (chunk.start + 8, chunk.length - 8)
    there = max(size - start, 0)
    if wav and (chunk.length in {0, UNKNOWN} or chunk.length >= UNKNOWN - (1 << 16)) and there:
        whole = there - there % max(form.second // form.rate, 1)
        return start, whole, ["its head was never finished: some programs take it for empty, or for hours long"]
    if length > there:
        text = f"is cut off: {(length - there) / form.second:.1f} s of sound are missing at the end"
        raise InvalidAudio(str(path), text, CUT, "au.truncated")
    return start, max(length, 0), []


def _wav(path: Path, data: bytes) -> Form:
    if len(data) < 16:
        raise InvalidAudio(str(path), "is cut off: it ends before the sound begins", CUT, "au.truncated")
    code = int.from_bytes(data[:2], "little")
    if code == 0xFFFE and len(data) >= 26:
        code = int.from_bytes(data[24:26], "little")
    channels, rate = int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:8], "little")
    second, frame, bits = (int.from_bytes(data[at:stop], "little") for at, stop in ((8, 12), (12, 14), (14, 16)))
    codec = CODECS.get(code)
    if codec is None:
        text = f"is WAV with a codec inside that is not known here (0x{code:04x})"
        raise InvalidAudio(str(path), text, "export it as plain PCM", "au.codec")
    if codec == "pcm":
        frame = channels * ((bits + 7) // 8) if bits else frame
        second = rate * frame
    if not channels or not rate or not second:
        raise InvalidAudio(str(path), "is damaged: its head says no channels or no rate", "export it again")
    return Form(codec, channels, rate, second)


def _aiff(path: Path, data: bytes) -> Form:
    if len(data) < 18:
        raise InvalidAudio(str(path), "is cut off: it ends before the sound begins", CUT, "au.truncated")
    channels, frames, bits = (int.from_bytes(data[at:stop], "big") for at, stop in ((0, 2), (2, 6), (6, 8)))
    rate = _extended(data[8:18])
    kind = data[18:22] or b"NONE"
    if not channels or not rate or not bits or (kind not in PCM and kind not in PACKED):
        text = "is AIFF in a form that is not known here" if channels and rate else "is damaged: no channels or no rate"
        raise InvalidAudio(str(path), text, "export it as plain PCM", "au.codec" if channels and rate else "au.broken")
    width = 1 if kind in PACKED else (bits + 7) // 8
    return Form(PACKED.get(kind, "pcm"), channels, rate, rate * channels * width, frames)


def sample_rate(head: bytes, *, wav: bool) -> int:
    """Samples a second, by a `fmt ` or `COMM` chunk; 0 when it does not say."""
    return int.from_bytes(head[4:8], "little") if wav else _extended(head[8:18])


def _extended(data: bytes) -> int:
    """An 80-bit float as a whole number; sample rates are."""
    exponent, mantissa = int.from_bytes(data[:2], "big") - 16383 - 63, int.from_bytes(data[2:], "big")
    if not -64 < exponent <= 0:
        return 0
    return mantissa >> -exponent
