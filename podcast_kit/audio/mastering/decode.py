"""Decode audio into blocks of samples, so that no file is ever in memory as a whole.

Import only after `require_codecs()`: this module imports the libraries of the extra.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.stream import Disposition

from podcast_kit.audio.aac import adts
from podcast_kit.audio.riff import chunks
from podcast_kit.audio.sniff import KIND_SUFFIXES, AudioKind, find_kind_by_magic
from podcast_kit.audio.spliced_file import SplicedFile
from podcast_kit.audio.tag_bounds import find_audio_bounds
from podcast_kit.errors import InvalidAudio, OperationError
from podcast_kit.io.decoder_process import max_decoded_seconds
from podcast_kit.limits import MAX_UNTRUSTED_RECORDING_HOURS

Block: TypeAlias = npt.NDArray[np.float32]
"""Samples, where full scale is 1.0; one row for each channel."""

DECODE_BLOCK_SAMPLES = 1 << 17
"""About three seconds."""

# Only formats that recorders and encoders write. Otherwise a text file that names others (HLS, concat) would make
# FFmpeg open those, from the disk or the network.
DEMUXER_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "wav,w64,aiff,caf,flac,mp3,ogg,mov,aac,matroska,asf,amr",
    "max_size": str(1 << 14),  # of a WAV packet: this needs a quarter of the packets of the default
}
CD_SAMPLE_BYTES = 2
"""16 bits."""
FMT_HEADER = struct.Struct("<HHIIHH")
"""The start of a `fmt ` chunk: code, channels, rate, bytes per second, bytes per frame, bits."""
CHANNEL_LAYOUTS = {1: "mono", 2: "stereo"}
MAX_DECODED_RATE_HZ = 768_000
"""The rate of the best converters. A header with more is damaged, and a meter for it would fill the memory."""
MIN_FRAME_SAMPLES = 16
"""On average. The smallest frames of a codec have 80; a damaged header may cut PCM into frames of two samples, which
take minutes for a megabyte."""
JUDGED_FRAMES = 2_000
"""So many are decoded before their average counts."""
MAX_BROKEN_PACKETS = 100
"""In a row; more cannot be decoded because the file is damaged, not because of an encoder's bug."""


@dataclass(frozen=True, slots=True)
class PcmSpan:
    """The uncompressed samples in a file."""

    start: int
    length: int
    """In bytes."""
    channels: int
    rate: int

    @property
    def seconds(self) -> float:
        """Of the sound."""
        return self.length / (CD_SAMPLE_BYTES * self.channels * self.rate)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What the header of a file says."""

    rate: int
    channels: int
    """In the file; more than two are mixed to stereo when decoded."""
    seconds: float
    """0 if the header does not say."""
    codec: str
    """Such as `mp3`, `aac`, `opus`, `flac`, `pcm_s16le`."""
    container: str = ""
    """Such as `mp3`, `mp4`, `ogg`, `wav`, `matroska`."""
    has_video: bool = False
    """Moving pictures; a cover image is none."""


CONTAINER_NAMES = {"mov": "mp4"}
"""Our names of containers, by the first of FFmpeg's names, where they differ."""


@contextmanager
def open_container(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first audio stream; raises InvalidAudio if there is none."""
    if not path.is_file() and path.exists():
        raise InvalidAudio(str(path), "cannot be read: not a regular file", "use the recording itself", "au.unreadable")
    try:
        with contextlib.ExitStack() as stack:
            spliced = _open_spliced(path)
            source: Any = stack.enter_context(spliced) if spliced else str(path.absolute())
            options = DEMUXER_OPTIONS | ({"ignore_length": "1"} if spliced else {})
            container = av.open(source, options=options)
            opened = stack.pop_all()
    except FileNotFoundError:
        raise OperationError(f"{path}: no such file") from None
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise InvalidAudio(str(path), f"cannot be opened as audio: {_error_text(error)}", "export it again") from None
    with opened, container:
        if not container.streams.audio:
            raise InvalidAudio(str(path), "contains no audio", "export it again, with audio", "au.none")
        if container.streams.audio[0].codec_context is None:
            raise InvalidAudio(str(path), "contains audio in an unknown format", "export it again")
        if container.streams.audio[0].codec_context.sample_rate > MAX_DECODED_RATE_HZ:
            raise InvalidAudio(
                str(path), f"has more than {MAX_DECODED_RATE_HZ:,} samples per second", "export it again"
            )
        yield container, container.streams.audio[0]


def _open_spliced(path: Path) -> SplicedFile | None:
    """A file that FFmpeg would decode wrongly, as it should see it; None for any other file.

    These are a WAV or AIFF whose header has a wrong size, and raw AAC with other bytes between its frames.
    """
    with path.open("rb") as file:
        kind = find_kind_by_magic(file.read(12))
        try:
            if kind in {AudioKind.WAV, AudioKind.AIFF}:
                sound = chunks.locate_sound(path, file)
                if sound.length != sound.declared:
                    corrected = chunks.build_corrected_head(file, sound)
                    return SplicedFile(path, [corrected, (sound.start, sound.length)])
            elif kind is AudioKind.ADTS or (kind is None and path.suffix.lower() in KIND_SUFFIXES[AudioKind.ADTS]):
                start, end = find_audio_bounds(file, os.fstat(file.fileno()).st_size)
                scan = adts.scan_adts(file, start, end)
                if scan.spans and (scan.junk_bytes or scan.tail_bytes):
                    return SplicedFile(path, scan.spans)
        except InvalidAudio:
            return None
    return None


def read_source_info(path: Path) -> SourceInfo:
    """Rate, channels, length and codec, from the header."""
    with open_container(path) as (container, stream):
        context = stream.codec_context
        if not context.sample_rate or not context.layout.nb_channels:
            raise InvalidAudio(str(path), "has no sample rate or channels in its header", "export it again")
        seconds = float((container.duration or 0) / av.time_base)
        codec = context.name.removeprefix("lib").removesuffix(
            "float"
        )  # names of decoders, such as libopus and mp3float
        name = container.format.name.partition(",")[0]
        return SourceInfo(
            rate=context.sample_rate,
            channels=context.layout.nb_channels,
            seconds=seconds,
            codec=codec,
            container=CONTAINER_NAMES.get(name, name),
            has_video=any(not _is_picture(video) for video in container.streams.video),
        )


def _is_picture(stream: Any) -> bool:
    """Whether a video stream is only a cover image."""
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.still_image))


def decode_blocks(path: Path, rate: int = 0, channels: int = 0) -> Iterator[Block]:
    """All blocks of a file, resampled and mixed; 0 keeps its own rate, or its own channels up to two."""
    longest = max_decoded_seconds()
    if path.is_file() and (span := _find_plain_pcm(path, rate, channels)):
        if span.seconds > longest:
            raise _too_long(path)
        with _translate_decode_errors(path):
            yield from _read_plain_pcm(path, span)
        return
    with open_container(path) as (container, stream), _translate_decode_errors(path):
        rate = rate or stream.codec_context.sample_rate
        channels = channels or min(stream.codec_context.layout.nb_channels, 2)
        if not rate or channels not in CHANNEL_LAYOUTS:
            raise InvalidAudio(str(path), "has no sample rate or channels in its header", "export it again")
        if (container.duration or 0) / av.time_base > longest:
            raise _too_long(path)
        resampler, kind, seconds = None, None, 0.0
        for frame in _decode_frames(path, container, stream):
            # The format of a stream may change midway (spliced MP3); each part gets its own resampler.
            if (new_kind := (frame.sample_rate, frame.layout.nb_channels, frame.format.name)) != kind:
                yield from _resample_frame(resampler, None)
                resampler, kind = (
                    av.AudioResampler("fltp", CHANNEL_LAYOUTS[channels], rate, DECODE_BLOCK_SAMPLES),
                    new_kind,
                )
            seconds += frame.samples / (frame.sample_rate or rate)
            if seconds > longest:  # a header may say anything
                raise _too_long(path)
            frame.pts = None  # only the order counts; gaps in the timestamps of a damaged file must not be filled
            yield from _resample_frame(resampler, frame)
        if resampler is None:
            raise InvalidAudio(str(path), "contains no audio that can be decoded", "export it again")
        yield from _resample_frame(resampler, None)


def _too_long(path: Path) -> InvalidAudio:
    text = f"is longer than {MAX_UNTRUSTED_RECORDING_HOURS} hours, so it is not decoded"
    return InvalidAudio(str(path), text, "if you trust the show, check it with --trusted", "au.large")


def _find_plain_pcm(path: Path, rate: int, channels: int) -> PcmSpan | None:
    """The samples of a complete 16-bit WAV that needs no conversion: most recorders write these; no decoder is needed.

    None for any other file; files that two readers might understand differently are left to the decoder.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if (head[:4], head[8:]) != (b"RIFF", b"WAVE") or int.from_bytes(head[4:8], "little") + 8 != size:
            return None
        format_and_data = [
            chunk for chunk in chunks.read_chunks(file, size, "little", {}) if chunk.name in {b"fmt ", b"data"}
        ]
        if [chunk.name for chunk in format_and_data] != [b"fmt ", b"data"]:
            return None
        form, data = format_and_data
        if form.length < FMT_HEADER.size or data.start + data.length > size:
            return None
        file.seek(form.start)
        code, own_channels, own_rate, _, frame, bits = FMT_HEADER.unpack(file.read(FMT_HEADER.size))
    is_cd_quality = (
        (code, bits, frame) == (1, CD_SAMPLE_BYTES * 8, CD_SAMPLE_BYTES * own_channels)
        and own_channels in CHANNEL_LAYOUTS
        and 0 < own_rate <= MAX_DECODED_RATE_HZ
    )
    is_unchanged = rate in {0, own_rate} and channels in {0, own_channels}
    return (
        PcmSpan(data.start, data.length, own_channels, own_rate)
        if is_cd_quality and is_unchanged and data.length >= frame
        else None
    )


def _read_plain_pcm(path: Path, span: PcmSpan) -> Iterator[Block]:
    frame = CD_SAMPLE_BYTES * span.channels
    with path.open("rb") as file:
        file.seek(span.start)
        left = span.length
        while frames := len(data := file.read(min(DECODE_BLOCK_SAMPLES * frame, left))) // frame:
            left -= len(data)
            whole = np.frombuffer(data, "<i2", frames * span.channels).reshape(frames, span.channels)
            yield np.ascontiguousarray(whole.T, np.float32) * np.float32(1 / 32768)


@contextmanager
def _translate_decode_errors(path: Path) -> Iterator[None]:
    """Turn the resampler's errors for a damaged stream into InvalidAudio."""
    try:
        yield
    except (OSError, ValueError, ArithmeticError, LookupError) as error:
        raise InvalidAudio(str(path), f"cannot be decoded: {_error_text(error)}", "export it again") from None


def _decode_frames(path: Path, container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames; packets that cannot be decoded are skipped, as players do, until there are too many."""
    broken = frame_count = samples = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:  # InvalidDataError mostly; a decoder of AAC has others
                broken += 1
                if broken > MAX_BROKEN_PACKETS:
                    break
                continue
            broken = 0 if frames else broken
            frame_count, samples = frame_count + len(frames), samples + sum(frame.samples for frame in frames)
            if frame_count > JUDGED_FRAMES and samples < frame_count * MIN_FRAME_SAMPLES:
                raise InvalidAudio(str(path), "is damaged: its frames are too short", "export it again")
            yield from frames
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise InvalidAudio(str(path), f"cannot be decoded: {_error_text(error)}", "export it again") from None
    if broken > MAX_BROKEN_PACKETS:
        raise InvalidAudio(str(path), "is damaged: cannot be decoded to its end", "export it again")


def _resample_frame(resampler: Any, frame: Any) -> Iterator[Block]:
    if resampler is not None:
        yield from (piece.to_ndarray() for piece in resampler.resample(frame))


def _error_text(error: Exception) -> str:
    return getattr(error, "strerror", "") or str(error) or type(error).__name__
