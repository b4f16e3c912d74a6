"""The loudness of a recording, as a meter reads it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

MIN_MEASURED_LUFS = -70.0
"""BS.1770 ignores anything quieter."""
CURVE_INTERVAL_S = 0.1
"""The time between two points of `momentary` and `short_term`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """The loudness of a whole recording (EBU R 128)."""

    integrated: float | None
    """LUFS; None if it is too quiet (-70 LUFS) or too short (0.4 s) to be measured."""
    range: float | None
    """LRA in LU; None as above."""
    true_peak: float | None
    """dBTP; None for digital silence."""
    seconds: float
    momentary: array[float] = field(default_factory=lambda: array("f"), repr=False, compare=False)
    """LUFS over the last 0.4 s, every CURVE_INTERVAL_S."""
    short_term: array[float] = field(default_factory=lambda: array("f"), repr=False, compare=False)
    """LUFS over the last 3 s, every CURVE_INTERVAL_S."""

    @property
    def silent(self) -> bool:
        """Whether the recording is too quiet or too short to measure."""
        return self.integrated is None

    def __str__(self) -> str:
        """One line for people."""
        if self.integrated is None:
            return (
                "silent" if self.true_peak is None else f"too quiet or too short to measure, {self.true_peak:.1f} dBTP"
            )
        peak = "" if self.true_peak is None else f", {self.true_peak:.1f} dBTP"
        return f"{self.integrated:.1f} LUFS{peak}"
