"""What a meter says of a recording."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

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
