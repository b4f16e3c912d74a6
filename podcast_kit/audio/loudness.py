"""How loud a recording is: measured, and drawn."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from podcast_kit.audio import codecs
from podcast_kit.model import Step

FLOOR = -70.0
"""LUFS below which BS.1770 takes nothing into account."""
GRAIN = 0.1
"""Seconds between two points of `momentary` and `short_term`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """What a meter says of a whole recording (EBU R 128)."""

    integrated: float | None
    """LUFS; None when nothing in it is loud enough (-70 LUFS) or long enough (0.4 s) to be measured."""
    range: float | None
    """LRA in LU; None as above."""
    true_peak: float | None
    """dBTP; None for digital silence."""
    seconds: float
    momentary: array[float] = field(default_factory=lambda: array("f"), repr=False, compare=False)
    """LUFS over the last 0.4 s, every GRAIN."""
    short_term: array[float] = field(default_factory=lambda: array("f"), repr=False, compare=False)
    """LUFS over the last 3 s, every GRAIN."""

    @property
    def silent(self) -> bool:
        """Whether there is nothing to measure."""
        return self.integrated is None

    def __str__(self) -> str:
        """In one line, for people."""
        if self.integrated is None:
            return (
                "silent" if self.true_peak is None else f"too quiet or too short to measure, {self.true_peak:.1f} dBTP"
            )
        peak = "" if self.true_peak is None else f", {self.true_peak:.1f} dBTP"
        return f"{self.integrated:.1f} LUFS{peak}"


def measure(path: Path, on: Callable[[Step], None] | None = None) -> Loudness:
    """Loudness and true peak of a file, in memory that does not grow with it.

    More than two channels are mixed to stereo first. Raises InvalidAudio for what cannot be decoded, and
    PodcastKitError where the extra `master` is not installed.
    """
    codecs.require()
    from podcast_kit.audio import meter, samples

    shape = samples.shape(path)
    channels = min(shape.channels, 2)
    heard = meter.Meter(shape.rate, channels)
    total, done = round(shape.seconds * shape.rate), 0
    for block in samples.blocks(path, shape.rate, channels):
        heard.add(block)
        done += block.shape[1]
        if on is not None:
            on(Step(stage="measure", subject=path.name, done=min(done, total), total=total))
    return heard.result()
