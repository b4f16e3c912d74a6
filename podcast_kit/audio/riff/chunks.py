"""Measure WAV (RIFF, RF64) and AIFF: chunks, and the samples that their audio chunk has."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from podcast_kit.audio.hashed_copy import ByteSpan, read_span
from podcast_kit.audio.tag_bounds import read_at
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import Audio
from podcast_kit.text.timecode import format_length

UNKNOWN_SIZE = 0xFFFFFFFF
"""Written by a recorder before it knows the size."""
STREAMED_SIZES = (range(0x7F000000, 0x7F000100), range(0x7FFFEF00, 0x80000001), range(0xFFFEFFFF, 0x100000000))
"""What programs that write to a pipe use as the size of the data: arecord, sox, ffmpeg and others."""
MAX_SIZE_EXCESS_S = 0.05
"""Some recorders count the header as audio: its size is 16 to 44 bytes more than the file has."""
SIZE_LIMIT = 1 << 32
"""A plain WAV stores its size in 32 bits; a longer recording's size wraps around."""
WAV_CODECS = {1: "pcm", 3: "pcm", 6: "alaw", 7: "mulaw", 0x50: "mp2", 0x55: "mp3", 0x11: "adpcm", 2: "adpcm"}
PLAIN_CODECS = {"pcm", "alaw", "mulaw"}
"""Codecs with the same number of bytes for every sample."""
MAX_PCM_SAMPLE_BITS, DOUBLE_BITS = 32, 64
"""What decoders read."""
UNSUPPORTED_WAV_CODECS = {
    0x31: "GSM 6.10",
    0x45: "G.726",
    0x64: "G.726",
    0x22: "TrueSpeech",
    0xFF: "AAC",
    0x160: "Windows Media Audio",
    0x161: "Windows Media Audio",
    0x162: "Windows Media Audio",
    0x2000: "AC-3",
    0x2001: "DTS",
    0x674F: "Vorbis",
    0xF1AC: "FLAC",
}
AIFF_PCM_CODES = {b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32", b"raw "}
AIFF_COMPANDED_CODES = {b"ulaw": "mulaw", b"ULAW": "mulaw", b"alaw": "alaw", b"ALAW": "alaw"}
PACKED_CODEC_NAMES = {"mp3": "MP3", "mp2": "MPEG layer II", "adpcm": "ADPCM"}
TRUNCATED_RIFF_FIX = "copy the recording again; a recorder that died may offer to repair it"
TRUNCATED_SOUND_FIX = (
    "copy the recording again; if there is no better copy, `podcast-kit inspect --fix DIR` writes one that ends where "
    "its audio ends"
)
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
    frame_bytes: int = 1
    """Of one sample of every channel, or of a block of packed samples."""
    samples_per_block: int = 0
    """Of packed samples; 0 if unknown."""
    order: Literal["little", "big"] = "little"
    """Of the bytes in the header: `little` for WAV, `big` for AIFF."""


@dataclass(frozen=True, slots=True)
class SoundExtent:
    """The audio data of a file."""

    start: int
    length: int
    """In bytes, as many as there are."""
    declared: int
    """In bytes, as the header says."""
    wav: bool
    form: SampleFormat
    warnings: tuple[str, ...] = ()


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
        sound = locate_sound(path, file)
        form = sound.form
        if not sound.length:
            raise InvalidAudio(str(path), "has an empty data chunk", TRUNCATED_RIFF_FIX, "au.truncated")
        seconds = _packed_seconds(file, sound) if form.codec not in PLAIN_CODECS else 0.0
        seconds = seconds or sound.length / form.bytes_per_second
        digest = hashlib.sha256()
        for block in read_span(file, sound.start, sound.length):
            digest.update(block)
    warnings = list(sound.warnings)
    if form.codec in PACKED_CODEC_NAMES:
        warnings.append(f"is a WAV file with {PACKED_CODEC_NAMES[form.codec]} inside instead of plain samples")
    return Audio(
        bytes=size,
        seconds=seconds,
        mime="audio/wav" if sound.wav else "audio/aiff",
        codec=form.codec,
        bit_rate=round(sound.length * 8 / seconds),
        channels=form.channels,
        sample_rate=form.rate,
        payload_sha256=digest.hexdigest(),
        warnings=tuple(warnings),
    )


def locate_sound(path: Path, file: BinaryIO, *, as_is: bool = False) -> SoundExtent:
    """Where the audio data of a WAV or AIFF begin and end; raises InvalidAudio when samples are missing.

    With `as_is`, a truncated file is taken as it is.
    """
    file.seek(0)
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
    form = (_parse_wav_format if wav else _parse_aiff_format)(path, file.read(min(chunk_by_name[head].length, 1 << 10)))
    if form.codec not in PLAIN_CODECS and b"fact" in chunk_by_name:
        file.seek(chunk_by_name[b"fact"].start)
        form = replace(form, frames=int.from_bytes(file.read(4), "little"))
    chunk = chunk_by_name[sound]
    start, length = (chunk.start, chunk.length) if wav else (chunk.start + 8, chunk.length - 8)
    claimed = min(length, max(size - start, 0) // form.frame_bytes * form.frame_bytes) if as_is else length
    actual, warnings = _actual_length(path, file, start, claimed, size, form)
    return SoundExtent(start, actual, max(length, 0), wav, form, warnings)


def _actual_length(
    path: Path, file: BinaryIO, start: int, length: int, size: int, form: SampleFormat
) -> tuple[int, tuple[str, ...]]:
    """Bytes of audio from `start`, where the header says `length`, and warnings if the header is wrong."""
    available = max(size - start, 0)
    whole = available - available % form.frame_bytes
    claimed = length + 8 * (form.order == "big")
    is_streamed = claimed in {0, 8} or any(claimed in sizes for sizes in STREAMED_SIZES)
    if is_streamed and whole and (length > available or (length <= 0 and not _is_chunk(file, start, size))):
        return whole, ("its header was never finished: some programs show it as empty, or as hours long",)
    if length - available > MAX_SIZE_EXCESS_S * form.bytes_per_second or (length > available and not whole):
        text = f"is truncated: {(length - available) / form.bytes_per_second:.1f} s of audio are missing at the end"
        raise InvalidAudio(str(path), text, TRUNCATED_SOUND_FIX, "au.truncated")
    if length > available:
        return whole, (f"its header says {length - available} bytes more than there are",)
    if form.order == "little" and available - length >= SIZE_LIMIT:
        wrapped = length + (available - length) // SIZE_LIMIT * SIZE_LIMIT
        text = f"its header says {length:,} bytes of audio, but a WAV of more than 4 GB cannot store its length"
        return wrapped, (f"{text}: most programs play only {format_length(length / form.bytes_per_second)}",)
    left = available - length - length % 2
    if left > form.bytes_per_second and not _is_chunk_name(read_at(file, start + length + length % 2, 4)):
        text = f"{left:,} bytes after the audio data are not part of any chunk"
        return max(length, 0), (f"{text}: if they are audio, the header is out of date",)
    return max(length, 0), ()


def repaired_riff_pieces(path: Path, file: BinaryIO) -> list[bytes | ByteSpan]:
    """A header with the right sizes, and the audio; a WAV of more than 4 GB becomes an RF64.

    A file whose sizes are right is copied as it is.
    """
    size = os.fstat(file.fileno()).st_size
    sound = locate_sound(path, file, as_is=True)
    if sound.length == sound.declared:
        return [(0, size)]
    padding = bytes(sound.length % 2)
    total = sound.start + sound.length + len(padding)
    head = build_corrected_head(file, sound)
    if total - 8 > UNKNOWN_SIZE:
        frames = sound.length // sound.form.frame_bytes
        wide = struct.pack("<4sI3QI", b"ds64", 28, total + 28, sound.length, frames, 0)
        head = b"RF64" + head[4:12] + wide + head[12:]
    else:
        head = head[:4] + (total - 8).to_bytes(4, sound.form.order) + head[8:]
    return [head, (sound.start, sound.length), padding]


def build_corrected_head(file: BinaryIO, sound: SoundExtent) -> bytes:
    """What a file has before its audio data, with sizes for a file that ends after them.

    Sizes of a WAV that exceed 32 bits are the largest that fit.
    """
    head = bytearray(read_at(file, 0, sound.start))
    order = sound.form.order
    offset = 0 if sound.wav else 8
    head[4:8] = min(sound.start + sound.length - 8, UNKNOWN_SIZE).to_bytes(4, order)
    at = sound.start - offset - 4
    head[at : at + 4] = min(sound.length + offset, UNKNOWN_SIZE).to_bytes(4, order)
    if sound.wav:
        head[:4] = b"RIFF"
    elif (common := head.find(b"COMM")) >= 0:
        head[common + 10 : common + 14] = (sound.length // sound.form.frame_bytes).to_bytes(4, order)
    return bytes(head)


def _is_chunk_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def _is_chunk(file: BinaryIO, at: int, size: int) -> bool:
    """Whether what begins at `at` is a chunk inside the file."""
    head = read_at(file, at, 8)
    return _is_chunk_name(head[:4]) and at + 8 + int.from_bytes(head[4:], "little") <= size


def _packed_seconds(file: BinaryIO, sound: SoundExtent) -> float:
    """Seconds of a codec whose samples have no fixed size; 0 if neither its frames nor its header say."""
    form = sound.form
    if form.codec == "mp3":
        from podcast_kit.audio.mp3 import frame_scan

        first = frame_scan.find_first_frame(file, sound.start, sound.start + sound.length)
        return 0.0 if first is None else frame_scan.scan_frames(file, first, sound.start + sound.length).seconds
    blocks = sound.length // form.frame_bytes * form.samples_per_block
    return (min(form.frames or blocks, blocks) if blocks else form.frames) / form.rate


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
        name = UNSUPPORTED_WAV_CODECS.get(code, f"an unsupported codec (0x{code:04x})")
        raise InvalidAudio(
            str(path), f"is WAV with {name} inside", "export the original recording as MP3 or M4A", "au.codec"
        )
    if codec == "pcm" and bits > MAX_PCM_SAMPLE_BITS and bits != DOUBLE_BITS:
        raise InvalidAudio(str(path), f"is WAV with {bits} bits per sample", "export it with 16 or 24 bits", "au.codec")
    if codec == "pcm":
        frame = channels * ((bits + 7) // 8) if bits else frame
        second = rate * frame
    if not channels or not rate or (codec in PLAIN_CODECS and not second):
        raise InvalidAudio(str(path), "is damaged: its header has no channels or no sample rate", "export it again")
    samples_per_block = int.from_bytes(data[18:20], "little") if codec == "adpcm" else 0
    return SampleFormat(codec, channels, rate, max(second, 1), 0, max(frame, 1), samples_per_block)


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
    frame = channels * width
    return SampleFormat(AIFF_COMPANDED_CODES.get(kind, "pcm"), channels, rate, rate * frame, frames, frame, 0, "big")


def parse_sample_rate(head: bytes, *, wav: bool) -> int:
    """Samples per second, by a `fmt ` or `COMM` chunk; 0 if it does not say."""
    return int.from_bytes(head[4:8], "little") if wav else _parse_extended_float(head[8:18])


def _parse_extended_float(data: bytes) -> int:
    """An 80-bit float as a whole number, which sample rates are."""
    exponent, mantissa = int.from_bytes(data[:2], "big") - 16383 - 63, int.from_bytes(data[2:], "big")
    if not -64 < exponent <= 0:
        return 0
    return mantissa >> -exponent
