"""Measure loudness by EBU R 128 (ITU-R BS.1770) and true peak, block by block.

Import only after `require_codecs()`.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any

import av
import numpy as np

from podcast_kit.audio.mastering import peaks
from podcast_kit.audio.mastering.decode import CHANNEL_LAYOUTS, Block
from podcast_kit.audio.mastering.loudness_result import MIN_MEASURED_LUFS, Loudness


class LoudnessMeter:
    """Add blocks, then get the result; needs 16 bytes of memory for a second of audio."""

    def __init__(self, rate: int, channels: int, *, peak: bool = True, curve: bool = True) -> None:
        """Without `peak` the true peak is not measured, without `curve` loudness over time is not kept."""
        self._rate = rate
        self._samples = 0
        self._peak = peaks.TruePeak(channels) if peak else None
        self._layout = CHANNEL_LAYOUTS[channels]
        self._momentary, self._short = array("f"), array("f")
        self._curve = curve
        self._latest: deque[Any] = deque(maxlen=2)
        """The latest frames from the meter: the very last one may be too short to have results."""
        # libavfilter measures loudness; its true peak takes three times as long as everything else, so we use our own.
        self._graph = av.filter.Graph()
        self._in = self._graph.add_abuffer(
            format="fltp", sample_rate=rate, layout=self._layout, time_base=_time_base(rate)
        )
        meter, self._out = self._graph.add("ebur128", "metadata=1"), self._graph.add("abuffersink")
        self._in.link_to(meter)
        meter.link_to(self._out)
        self._graph.configure()

    def add(self, block: Block) -> None:
        """Measure the next samples."""
        if not block.shape[1]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate, self._samples
        self._samples += block.shape[1]
        self._in.push(frame)
        self._collect()
        if self._peak is not None:
            self._peak.add(block)

    def result(self) -> Loudness:
        """The loudness of everything that was added."""
        self._in.push(None)
        self._collect()
        last: dict[str, str] = next((metadata for frame in reversed(self._latest) if (metadata := frame.metadata)), {})
        integrated, spread = (float(last.get(f"lavfi.r128.{key}", "nan")) for key in ("I", "LRA"))
        return Loudness(
            integrated=integrated if integrated > MIN_MEASURED_LUFS else None,
            range=spread if integrated > MIN_MEASURED_LUFS else None,
            true_peak=None if self._peak is None else peaks.ratio_to_db(self._peak.finish()),
            seconds=self._samples / self._rate,
            momentary=self._momentary,
            short_term=self._short,
        )

    def _collect(self) -> None:
        for frame in _pull_frames(self._out):
            self._latest.append(frame)
            if self._curve and (metadata := frame.metadata):
                self._momentary.append(float(metadata["lavfi.r128.M"]))
                self._short.append(float(metadata["lavfi.r128.S"]))


def _pull_frames(sink: Any) -> Any:
    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _time_base(rate: int) -> Any:
    from fractions import Fraction

    return Fraction(1, rate)
