"""Sound as blocks of numbers, decoded as it is asked for: no file is ever held whole.

Imported only after `codecs.require()`, since it needs the extra's libraries from its first line.
"""

from __future__ import annotations

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

from podcast_kit.audio.riff import chunks
from podcast_kit.errors import OperationError, InvalidAudio

Block: TypeAlias = npt.NDArray[np.float32]
"""Samples of full scale 1.0, one row a channel."""

BLOCK = 1 << 17
"""Samples a block; about three seconds."""

# A file is only what a recorder or an encoder makes. Without this a text file that names others (HLS, concat) would
# have them opened, from the disk or the network.
OPEN = {
    "protocol_whitelist": "file",
    "format_whitelist": "wav,w64,aiff,caf,flac,mp3,ogg,mov,aac",
    "max_size": str(1 << 14),  # of a packet of WAV: four times fewer of them than with the default
}
WIDTH = 2
"""Bytes of a sample of CD quality."""
FORM = struct.Struct("<HHIIHH")
"""Code, channels, rate, bytes a second, bytes a frame, bits: what a `fmt ` chunk begins with."""
LAYOUTS = {1: "mono", 2: "stereo"}
FASTEST = 768_000
"""Samples a second of the best converters. What says more is damaged, and a meter for it would fill the memory."""
BROKEN_PACKETS = 100
"""So many that will not decode, one after the other, are no slip of an encoder."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where in a file plain samples lie."""

    start: int
    length: int
    """Bytes."""
    channels: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file holds, in the words of its header."""

    rate: int
    channels: int
    """As in the file; more than two are mixed to stereo when decoded."""
    seconds: float
    """0 where the header does not say."""
    codec: str
    """Such as `mp3`, `aac`, `opus`, `flac`, `pcm_s16le`."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first audio stream; InvalidAudio where there is none."""
    if not path.is_file() and path.exists():
        raise InvalidAudio(str(path), "cannot be read: it is not a file", "name the recording itself", "au.unreadable")
    try:
        container = av.open(str(path.absolute()), options=OPEN)
    except FileNotFoundError:
        raise OperationError(f"{path}: there is no such file") from None
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise InvalidAudio(str(path), f"cannot be opened as audio: {_said(error)}", "export it again") from None
    with container:
        if not container.streams.audio:
            raise InvalidAudio(str(path), "holds no audio", "export it again, with sound", "au.none")
        if container.streams.audio[0].codec_context is None:
            raise InvalidAudio(str(path), "holds sound in a form that is not known here", "export it again")
        if container.streams.audio[0].codec_context.sample_rate > FASTEST:
            raise InvalidAudio(str(path), f"says that it has more than {FASTEST:,} samples a second", "export it again")
        yield container, container.streams.audio[0]


def shape(path: Path) -> Shape:
    """Rate, channels, length and codec as the header tells them."""
    with opened(path) as (container, stream):
        context = stream.codec_context
        if not context.sample_rate or not context.layout.nb_channels:
            raise InvalidAudio(str(path), "does not say its sample rate or channels", "export it again")
        seconds = float((container.duration or 0) / av.time_base)
        codec = context.name.removeprefix("lib").removesuffix("float")  # decoders are named after what they are made of
        return Shape(context.sample_rate, context.layout.nb_channels, seconds, codec)


def blocks(path: Path, rate: int = 0, channels: int = 0) -> Iterator[Block]:
    """The whole of a file, resampled and mixed as asked; 0 keeps what it has, up to two channels."""
    if path.is_file() and (stretch := _plain(path, rate, channels)):
        with _said_in_words(path):
            yield from _read(path, stretch)
        return
    with opened(path) as (container, stream), _said_in_words(path):
        rate = rate or stream.codec_context.sample_rate
        channels = channels or min(stream.codec_context.layout.nb_channels, 2)
        if not rate or channels not in LAYOUTS:
            raise InvalidAudio(str(path), "does not say its sample rate or channels", "export it again")
        resampler, kind = None, None
        for frame in _frames(path, container, stream):
            # A stream may change its mind midway (spliced MP3); each stretch gets a resampler of its own.
            if (now := (frame.sample_rate, frame.layout.nb_channels, frame.format.name)) != kind:
                yield from _arrays(resampler, None)
                resampler, kind = av.AudioResampler("fltp", LAYOUTS[channels], rate, BLOCK), now
            frame.pts = None  # only the order counts; gaps in the clock of a damaged file are not to be filled
            yield from _arrays(resampler, frame)
        if resampler is None:
            raise InvalidAudio(str(path), "holds no sound that can be decoded", "export it again")
        yield from _arrays(resampler, None)


def _plain(path: Path, rate: int, channels: int) -> Stretch | None:
    """The samples of a WAV of 16 bits, whole, and wanted as it is: what most recorders write needs no decoder.

    Whatever two readers might understand differently is left to the decoder.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if (head[:4], head[8:]) != (b"RIFF", b"WAVE") or int.from_bytes(head[4:8], "little") + 8 != size:
            return None
        found = [one for one in chunks.read_chunks(file, size, "little", {}) if one.name in {b"fmt ", b"data"}]
        if [one.name for one in found] != [b"fmt ", b"data"]:
            return None
        form, data = found
        if form.length < FORM.size or data.start + data.length > size:
            return None
        file.seek(form.start)
        code, own, every, _, frame, bits = FORM.unpack(file.read(FORM.size))
    plain = (code, bits, frame) == (1, WIDTH * 8, WIDTH * own) and own in LAYOUTS and 0 < every <= FASTEST
    asked = rate in {0, every} and channels in {0, own}
    return Stretch(data.start, data.length, own) if plain and asked and data.length >= frame else None


def _read(path: Path, stretch: Stretch) -> Iterator[Block]:
    frame = WIDTH * stretch.channels
    with path.open("rb") as file:
        file.seek(stretch.start)
        left = stretch.length
        while frames := len(data := file.read(min(BLOCK * frame, left))) // frame:
            left -= len(data)
            whole = np.frombuffer(data, "<i2", frames * stretch.channels).reshape(frames, stretch.channels)
            yield np.ascontiguousarray(whole.T, np.float32) * np.float32(1 / 32768)


@contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    """What a damaged stream makes of the resampler becomes InvalidAudio."""
    try:
        yield
    except (OSError, ValueError, ArithmeticError, LookupError) as error:
        raise InvalidAudio(str(path), f"cannot be decoded: {_said(error)}", "export it again") from None


def _frames(path: Path, container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames; what will not decode is left out, as players do, until it is too much."""
    broken = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                broken += 1
                if broken > BROKEN_PACKETS:
                    break
                continue
            broken = 0 if frames else broken
            yield from frames
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise InvalidAudio(str(path), f"cannot be decoded: {_said(error)}", "export it again") from None
    if broken > BROKEN_PACKETS:
        raise InvalidAudio(str(path), "is damaged: it cannot be decoded to its end", "export it again")


def _arrays(resampler: Any, frame: Any) -> Iterator[Block]:
    if resampler is not None:
        yield from (piece.to_ndarray() for piece in resampler.resample(frame))


def _said(error: Exception) -> str:
    return getattr(error, "strerror", "") or str(error) or type(error).__name__
