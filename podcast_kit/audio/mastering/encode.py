"""Encode blocks of samples into a file. Import only after `require_codecs()`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import lameenc
import numpy as np

from podcast_kit.audio.mastering.decode import CHANNEL_LAYOUTS, Block
from podcast_kit.audio.mp3 import frame_scan, xing_header

LAME_QUALITY = 5
"""LAME's "good speed, reasonable quality": a fifth less work than 3. In a model of hearing (similar to BS.1387, without
listening tests) its noise is 0.2 dB above that of 3 at 128 kbit/s in stereo, and 0.4 dB for one voice at 96 kbit/s.
From 7 on LAME does not shape noise, which is audible."""


class AudioEncoder(Protocol):
    """Encodes blocks into a file."""

    def write(self, block: Block) -> None:
        """Encode the next samples."""

    def finish(self) -> None:
        """Write the remaining samples and close the file."""

    def abort(self) -> None:
        """Close the incomplete file."""


def open_encoder(format_: str, path: Path, rate: int, channels: int, kbits: int) -> AudioEncoder:
    """An encoder that writes `mp3`, `m4a` or `opus` to `path`."""
    if format_ == "mp3":
        return Mp3Encoder(path, rate, channels, kbits)
    return LibavEncoder(format_, path, rate, channels, kbits)


def encoder_gain(format_: str, kbits: int) -> float:
    """The factor that the encoder applies to its input.

    LAME lowers the volume at low bit rates (`abr_switch_map` in its presets.c), regardless of `--scale`.
    """
    if format_ != "mp3":
        return 1.0
    return next((factor for limit, factor in ((160, 0.95), (192, 0.97), (224, 0.98)) if kbits <= limit), 1.0)


DEFAULT_KBITS = {"mp3": (96, 128), "m4a": (64, 128), "opus": (48, 80)}
"""For one channel, and for two."""
LIBAV_FORMATS = {"m4a": ("aac", "ipod"), "opus": ("libopus", "ogg")}
"""FFmpeg's names of the codec and the container of each format."""
# Without bitexact the file would contain the version of the library and a random serial number. With the index at the
# start a player can begin before it has the whole file.
MUXER_OPTIONS = {"fflags": "+bitexact", "movflags": "+faststart"}


class Mp3Encoder:
    """MP3 by LAME at a constant bit rate, with the Info frame that lameenc does not write."""

    def __init__(self, path: Path, rate: int, channels: int, kbits: int) -> None:
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(channels)
        self._lame.set_in_sample_rate(rate)
        self._lame.set_out_sample_rate(rate)  # otherwise LAME resamples at low bit rates
        self._lame.set_bit_rate(kbits)
        self._lame.set_quality(LAME_QUALITY)
        self._samples = self._frames = self._bytes = 0
        self._crc = xing_header.Crc16()
        self._first = b""
        self._to_next_frame = 0
        """Bytes from the end of what was written to the next frame's header."""
        self._file = path.open("wb")

    def write(self, block: Block) -> None:
        """Encode the next samples; values beyond full scale are clipped."""
        self._samples += block.shape[1]
        scaled = block.T * np.float32(32768)
        whole = np.clip(np.rint(scaled, out=scaled), -32768, 32767, out=scaled).astype("<i2", order="C")
        self._append(bytes(self._lame.encode(whole.tobytes())))

    def finish(self) -> None:
        """Write what LAME has buffered, then the Info frame into the space reserved for it."""
        with self._file:
            self._append(bytes(self._lame.flush()))
            if not self._first:
                return
            padding = (
                self._frames * frame_scan.FRAME_HEADERS[self._first[:3]].samples
                - self._samples
                - xing_header.LAME_DELAY_SAMPLES
            )
            tag = self._xing_frame(padding, self._crc.finish())
            self._file.seek(0)
            self._file.write(tag)

    def abort(self) -> None:
        """Close the incomplete file."""
        self._file.close()

    def _xing_frame(self, padding: int = 0, crc: int = 0) -> bytes:
        return xing_header.build_xing_frame(
            self._first, frames=self._frames, size=self._bytes, padding=padding, crc=crc
        )

    def _append(self, data: bytes) -> None:
        if not data:
            return
        if not self._first:
            self._first = data[:4]
            self._file.write(bytes(len(self._xing_frame())))
        self._file.write(data)
        self._crc.add(data)
        self._bytes += len(data)
        # lameenc returns whole frames only, one after another.
        position = self._to_next_frame
        while position < len(data):
            position += frame_scan.FRAME_SIZES[data[position : position + 3]]
            self._frames += 1
        self._to_next_frame = position - len(data)


class LibavEncoder:
    """AAC in M4A, or Opus in Ogg, by FFmpeg's libraries."""

    def __init__(self, format_: str, path: Path, rate: int, channels: int, kbits: int) -> None:
        codec, container = LIBAV_FORMATS[format_]
        self._rate, self._layout, self._samples = rate, CHANNEL_LAYOUTS[channels], 0
        self._out: Any = av.open(str(path.absolute()), "w", format=container, container_options=MUXER_OPTIONS)
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
        """Write what the encoder has buffered, and the index."""
        self._encode(None)
        self._out.mux(self._stream.encode(None))
        self._out.close()

    def abort(self) -> None:
        """Close the incomplete file."""
        self._out.close()

    def _encode(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            self._out.mux(self._stream.encode(piece))
