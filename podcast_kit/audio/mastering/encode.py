"""Blocks of sound in, an encoded file out. Imported only after `codecs.require()`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import lameenc
import numpy as np

from podcast_kit.audio.mastering.decode import LAYOUTS, Block
from podcast_kit.audio.mp3 import frame_scan, xing_header

QUALITY = 5
"""LAME's "good speed, reasonable quality", a fifth less work than 3. By a model of what the ear lets through (in the
manner of BS.1387, with no listeners asked) its noise is 0.2 dB above that of 3 at 128 kbit/s in stereo, and 0.4 dB in
one voice at 96. From 7 on there is no shaping of noise, and it shows."""


class Encoder(Protocol):
    """Takes blocks, and finishes the file."""

    def write(self, block: Block) -> None:
        """Encode the next samples."""

    def finish(self) -> None:
        """Write what is left and close the file."""

    def abandon(self) -> None:
        """Close the file as it is."""


def encoder(format_: str, path: Path, rate: int, channels: int, kbits: int) -> Encoder:
    """A writer of `mp3`, `m4a` or `opus` to `path`."""
    if format_ == "mp3":
        return Mp3(path, rate, channels, kbits)
    return Libav(format_, path, rate, channels, kbits)


def scale(format_: str, kbits: int) -> float:
    """What the encoder multiplies the sound with by itself.

    LAME turns down what it encodes at lower rates (`abr_switch_map` in its presets.c), whatever `--scale` says.
    """
    if format_ != "mp3":
        return 1.0
    return next((factor for limit, factor in ((160, 0.95), (192, 0.97), (224, 0.98)) if kbits <= limit), 1.0)


KBITS = {"mp3": (96, 128), "m4a": (64, 128), "opus": (48, 80)}
"""kbit/s where nothing is asked for: in one channel, in two."""
KINDS = {"m4a": ("aac", "ipod"), "opus": ("libopus", "ogg")}
"""The codec and the container of a format, in FFmpeg's words."""
# Without bitexact the version of the library and a random serial number would be in the file. With the index in front a
# player starts before it has the whole file.
OPTIONS = {"fflags": "+bitexact", "movflags": "+faststart"}


class Mp3:
    """LAME at a constant bit rate, with the Info frame that lameenc leaves out."""

    def __init__(self, path: Path, rate: int, channels: int, kbits: int) -> None:
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(channels)
        self._lame.set_in_sample_rate(rate)
        self._lame.set_out_sample_rate(rate)  # else LAME resamples at lower bit rates
        self._lame.set_bit_rate(kbits)
        self._lame.set_quality(QUALITY)
        self._samples = self._frames = self._bytes = 0
        self._crc = xing_header.Crc16()
        self._first = b""
        self._ahead = 0
        """Bytes to the next frame's header, from the end of what was written."""
        self._file = path.open("wb")

    def write(self, block: Block) -> None:
        """Encode the next samples; what passes full scale is cut there."""
        self._samples += block.shape[1]
        scaled = block.T * np.float32(32768)
        whole = np.clip(np.rint(scaled, out=scaled), -32768, 32767, out=scaled).astype("<i2", order="C")
        self._pour(bytes(self._lame.encode(whole.tobytes())))

    def finish(self) -> None:
        """Write what LAME holds back, then the Info frame into the room that was kept for it."""
        with self._file:
            self._pour(bytes(self._lame.flush()))
            if not self._first:
                return
            padding = self._frames * frame_scan.FRAME_HEADERS[self._first[:3]].samples - self._samples - xing_header.LAME_DELAY_SAMPLES
            tag = self._tag(padding, self._crc.finish())
            self._file.seek(0)
            self._file.write(tag)

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _tag(self, padding: int = 0, crc: int = 0) -> bytes:
        return xing_header.build_xing_frame(self._first, frames=self._frames, size=self._bytes, padding=padding, crc=crc)

    def _pour(self, data: bytes) -> None:
        if not data:
            return
        if not self._first:
            self._first = data[:4]
            self._file.write(bytes(len(self._tag())))
        self._file.write(data)
        self._crc.add(data)
        self._bytes += len(data)
        # lameenc gives whole frames only, one behind another.
        position = self._ahead
        while position < len(data):
            position += frame_scan.FRAME_SIZES[data[position : position + 3]]
            self._frames += 1
        self._ahead = position - len(data)


class Libav:
    """AAC in M4A, or Opus in Ogg, by FFmpeg's libraries."""

    def __init__(self, format_: str, path: Path, rate: int, channels: int, kbits: int) -> None:
        codec, container = KINDS[format_]
        self._rate, self._layout, self._samples = rate, LAYOUTS[channels], 0
        self._out: Any = av.open(str(path.absolute()), "w", format=container, container_options=OPTIONS)
        self._stream: Any = self._out.add_stream(codec, rate=rate, layout=self._layout)
        context: Any = self._stream.codec_context
        context.bit_rate = kbits * 1000
        context.flags |= av.codec.context.Flags.bitexact
        context.open()
        self._resampler = av.AudioResampler(context.format.name, self._layout, rate, context.frame_size)

    def write(self, block: Block) -> None:
        """Encode the next samples."""
        if not block.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._samples, Fraction(1, self._rate)
        self._samples += block.shape[1]
        self._encode(frame)

    def finish(self) -> None:
        """Write what the encoder holds back, and the index."""
        self._encode(None)
        self._out.mux(self._stream.encode(None))
        self._out.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._out.close()

    def _encode(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            self._out.mux(self._stream.encode(piece))
