"""Loudness by EBU R 128 (ITU-R BS.1770) and true peak, of blocks as they pass.

Imported only after `codecs.require()`.
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any

import av
import numpy as np

from podcast_kit.audio.mastering import peaks
from podcast_kit.audio.mastering.decode import LAYOUTS, Block
from podcast_kit.audio.mastering.loudness_result import FLOOR, Loudness


class Meter:
    """Add blocks, then take the result; the memory it needs is 16 bytes for a second of sound."""

    def __init__(self, rate: int, channels: int, *, peak: bool = True, curve: bool = True) -> None:
        """Without `peak` the true peak is not looked for, without `curve` loudness over time is not kept."""
        self._rate = rate
        self._samples = 0
        self._peak = peaks.TruePeak(channels) if peak else None
        self._layout = LAYOUTS[channels]
        self._momentary, self._short = array("f"), array("f")
        self._curve = curve
        self._latest: deque[Any] = deque(maxlen=2)
        """Frames that the meter gave back: the last, cut short by the end, may say nothing."""
        # libavfilter's meter for loudness; its true peak takes three times as long as all the rest, so ours stands in.
        self._graph = av.filter.Graph()
        self._in = self._graph.add_abuffer(
            format="fltp", sample_rate=rate, layout=self._layout, time_base=_reciprocal(rate)
        )
        meter, self._out = self._graph.add("ebur128", "metadata=1"), self._graph.add("abuffersink")
        self._in.link_to(meter)
        meter.link_to(self._out)
        self._graph.configure()

    def add(self, block: Block) -> None:
        """Hear the next samples."""
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
        """What was heard in all."""
        self._in.push(None)
        self._collect()
        last: dict[str, str] = next((said for frame in reversed(self._latest) if (said := frame.metadata)), {})
        integrated, spread = (float(last.get(f"lavfi.r128.{key}", "nan")) for key in ("I", "LRA"))
        return Loudness(
            integrated=integrated if integrated > FLOOR else None,
            range=spread if integrated > FLOOR else None,
            true_peak=None if self._peak is None else peaks.decibel(self._peak.finish()),
            seconds=self._samples / self._rate,
            momentary=self._momentary,
            short_term=self._short,
        )

    def _collect(self) -> None:
        for frame in _ready(self._out):
            self._latest.append(frame)
            if self._curve and (found := frame.metadata):
                self._momentary.append(float(found["lavfi.r128.M"]))
                self._short.append(float(found["lavfi.r128.S"]))


def _ready(sink: Any) -> Any:
    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _reciprocal(rate: int) -> Any:
    from fractions import Fraction

    return Fraction(1, rate)
