"""Measure true peaks, which are between samples (ITU-R BS.1770-5, annex 2), and limit them.

Only stretches that could matter are oversampled, which are a few percent of most recordings. Multiplications and sums
have a fixed order, so that every machine gets the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from podcast_kit.audio.mastering.decode import Block

Levels: TypeAlias = npt.NDArray[np.float64]
"""One number for each stretch."""

REACH_SAMPLES = 12
"""On either side of a point between two samples: what its value depends on."""
STRETCH_SAMPLES = 32
"""The unit of both the search and the limiter; at least REACH_SAMPLES."""
OVERSAMPLING = 4
LOUD_SHARE = 0.95
"""Of the loudest sample: the true peak is most likely in a stretch that reaches this."""
STRETCHES_AT_ONCE = 256
"""As many as fit into the processor's cache."""


def _sinc_kernels() -> npt.NDArray[np.float32]:
    """The weights for each point between two samples (windowed sinc), one row each."""
    offsets = np.arange(1 - REACH_SAMPLES, REACH_SAMPLES + 1)
    rows = []
    for phase in range(1, OVERSAMPLING):
        distance = offsets - phase / OVERSAMPLING
        window = np.cos(np.pi * distance / (2 * REACH_SAMPLES)) ** 2
        row = np.sinc(distance) * window
        rows.append(row / row.sum())
    return np.round(np.array(rows), 7).astype(np.float32)


KERNELS = _sinc_kernels()
MAX_OVERSHOOT = float(np.abs(KERNELS).sum(axis=1).max())
"""The largest ratio of a point between samples to the largest sample near it."""


def _compute_max_bend() -> float:
    """How far a point can be beyond the two samples around it, as a factor of the largest second difference.

    The difference between a kernel and the straight line between the two samples is summed twice.
    """
    most = 0.0
    for phase, kernel in enumerate(KERNELS.astype(np.float64), 1):
        deviation = kernel.copy()
        deviation[REACH_SAMPLES - 1 : REACH_SAMPLES + 1] -= 1 - phase / OVERSAMPLING, phase / OVERSAMPLING
        slopes = np.cumsum(deviation)[:-1]
        # Rounded kernels do not exactly follow a slope; over their length it differs by at most the sum of all bends.
        most = max(most, float(np.abs(np.cumsum(slopes)[:-1]).sum() + 2 * REACH_SAMPLES * abs(slopes.sum())))
    return most


MAX_BEND = _compute_max_bend()
SLACK = 1.00001
"""For the slope, and for rounding errors."""


def ratio_to_db(ratio: float) -> float | None:
    """A ratio to full scale in dB; None for 0."""
    return 20 * math.log10(ratio) if ratio > 0 else None


def db_to_ratio(decibels: float) -> float:
    """A factor from decibels."""
    return float(10 ** (decibels / 20))


class TruePeak:
    """The largest true peak of everything that was added; `value` is a ratio to full scale."""

    def __init__(self, channels: int) -> None:
        self.value = 0.0
        self._pending: Block = np.zeros((channels, REACH_SAMPLES), np.float32)

    def add(self, block: Block) -> None:
        """Measure the next samples."""
        x = np.concatenate((self._pending, block), axis=1)
        count = (x.shape[1] - 2 * REACH_SAMPLES) // STRETCH_SAMPLES
        if count > 0:
            self._search(x[:, : count * STRETCH_SAMPLES + 2 * REACH_SAMPLES], count)
        self._pending = x[:, max(count, 0) * STRETCH_SAMPLES :].copy()

    def finish(self) -> float:
        """Measure the last samples, and return the value."""
        self.add(np.zeros((len(self._pending), STRETCH_SAMPLES + 2 * REACH_SAMPLES), np.float32))
        return self.value

    def _search(self, x: Block, count: int) -> None:
        near = neighbourhood_peaks(x, count)
        self.value = max(self.value, float(near.max()))
        where, most = find_candidates(x, near, self.value)
        if len(where) > STRETCHES_AT_ONCE:
            # The loudest first: most of the others cannot exceed their peak and are skipped.
            loudest = most > LOUD_SHARE * most.max()
            self.value = max(self.value, float(stretch_peaks(x, where[loudest]).max()))
            where = where[~loudest & (most > self.value)]
        if len(where):
            self.value = max(self.value, float(stretch_peaks(x, where).max()))


def neighbourhood_peaks(x: Block, count: int) -> Levels:
    """For each stretch the largest sample that its points depend on, over all channels.

    `x` begins REACH samples before the first stretch and ends REACH samples after the last.
    """
    size = np.abs(x).max(axis=0)
    inner = size[REACH_SAMPLES : REACH_SAMPLES + count * STRETCH_SAMPLES].reshape(count, STRETCH_SAMPLES).max(axis=1)
    before = np.concatenate((size[:REACH_SAMPLES].max(keepdims=True), inner[:-1]))
    after = np.concatenate((inner[1:], size[-REACH_SAMPLES:].max(keepdims=True)))
    levels: Levels = np.maximum(inner, np.maximum(before, after)).astype(np.float64)
    return levels


def find_candidates(x: Block, near: Levels, limit: float) -> tuple[npt.NDArray[np.intp], Levels]:
    """The stretches that may exceed the limit, and an upper bound for each; `near` is `neighbourhood_peaks` of `x`.

    A smooth wave, which is anything but hiss, exceeds its samples only a little.
    """
    where = np.flatnonzero(near * MAX_OVERSHOOT > limit)
    most = np.zeros(len(where))
    for windows in _stretch_windows(x):
        for begin in range(0, len(where), STRETCHES_AT_ONCE):
            columns = np.ascontiguousarray(windows[where[begin : begin + STRETCHES_AT_ONCE]].T)
            reach = (
                np.abs(columns[REACH_SAMPLES - 1 : REACH_SAMPLES + STRETCH_SAMPLES + 1]).max(axis=0).astype(np.float64)
            )
            reach += MAX_BEND * np.abs(np.diff(columns, 2, axis=0)).max(axis=0)
            part = most[begin : begin + STRETCHES_AT_ONCE]
            np.maximum(part, reach * SLACK, out=part)
    most = np.minimum(most, near[where] * MAX_OVERSHOOT)
    is_candidate = most > limit
    return where[is_candidate], most[is_candidate]


def _stretch_windows(x: Block) -> Iterator[Block]:
    """For each channel a matrix with one row for each stretch: the samples that its points depend on."""
    for channel in x:
        yield np.lib.stride_tricks.sliding_window_view(channel, STRETCH_SAMPLES + 2 * REACH_SAMPLES)[::STRETCH_SAMPLES]


def stretch_peaks(x: Block, where: npt.NDArray[np.intp]) -> Levels:
    """The true peak of some stretches, over all channels; `x` as for `neighbourhood_peaks`.

    The points of a stretch are from the gap before its first sample to the gap after its last, so neighbours overlap.
    """
    levels = np.zeros(len(where))
    points = np.empty((STRETCH_SAMPLES + 1, STRETCHES_AT_ONCE), np.float32)
    part = np.empty_like(points)
    for windows in _stretch_windows(x):
        for first in range(0, len(where), STRETCHES_AT_ONCE):
            # One column for each stretch, so that every step below reads memory in order.
            columns = np.ascontiguousarray(windows[where[first : first + STRETCHES_AT_ONCE]].T)
            size = columns.shape[1]
            peaks = np.abs(columns[REACH_SAMPLES : REACH_SAMPLES + STRETCH_SAMPLES]).max(axis=0)
            for kernel in KERNELS:
                sums = np.multiply(columns[: STRETCH_SAMPLES + 1], kernel[0], out=points[:, :size])
                for tap in range(1, 2 * REACH_SAMPLES):
                    sums += np.multiply(columns[tap : tap + STRETCH_SAMPLES + 1], kernel[tap], out=part[:, :size])
                np.maximum(peaks, np.abs(sums, out=sums).max(axis=0), out=peaks)
            levels[first : first + size] = np.maximum(levels[first : first + size], peaks)
    return levels


class Limiter:
    """Apply a gain, and reduce it around peaks that would exceed the ceiling; the output is delayed by the lookahead.

    All channels get the same reduction. It begins LOOKAHEAD_S before the peak and fades, in dB, to a third in
    RELEASE_S: slower than the wave, faster than the ear. `max_reduction_db` is the largest reduction so far,
    `limited_stretches` the number of stretches that exceeded the ceiling.
    """

    LOOKAHEAD_S = 0.005
    RELEASE_S = 0.05
    MIN_REDUCTION_DB = 0.01
    """Smaller reductions count as none."""

    def __init__(self, channels: int, rate: int, gain: float, ceiling: float) -> None:
        """`gain` and `ceiling` are ratios."""
        self.max_reduction_db = 0.0
        self.limited_stretches = 0
        self._gain = np.float32(gain)
        self._ceiling = ceiling
        self._lookahead = max(1, round(self.LOOKAHEAD_S * rate / STRETCH_SAMPLES))
        self._fade = STRETCH_SAMPLES / (self.RELEASE_S * rate)
        # Silence before the first sample, so that there is a lookahead for a loud beginning.
        self._lead_in = (self._lookahead + 1) * STRETCH_SAMPLES
        self._pending: Block = np.zeros((channels, REACH_SAMPLES + self._lead_in), np.float32)
        """Samples with gain that are not in a stretch yet, and the REACH_SAMPLES before them."""
        self._waiting: Block = np.zeros((channels, 0), np.float32)
        """Samples with gain whose reduction is not final."""
        self._required: Levels = np.zeros(0)
        """Reduction in dB that each waiting stretch needs."""
        self._last_required = 0.0
        self._held = 0.0
        self._released: Levels = np.zeros(self._lookahead)
        self._node = 0.0

    def push(self, block: Block) -> Block:
        """Take the next samples, and return those that are ready."""
        return self._push(block * self._gain)

    def finish(self) -> Block:
        """The samples that are still waiting."""
        left = self._pending.shape[1] - REACH_SAMPLES + self._waiting.shape[1] - self._lead_in
        zeros = np.zeros((len(self._pending), (self._lookahead + 3) * STRETCH_SAMPLES + 2 * REACH_SAMPLES), np.float32)
        return self._push(zeros)[:, :left]

    def _push(self, gained: Block) -> Block:
        x = np.concatenate((self._pending, gained), axis=1)
        count = max(0, (x.shape[1] - 2 * REACH_SAMPLES) // STRETCH_SAMPLES)
        if count:
            head = x[:, : count * STRETCH_SAMPLES + 2 * REACH_SAMPLES]
            self._required = np.concatenate((self._required, self._required_reductions(head, count)))
            self._waiting = np.concatenate(
                (self._waiting, x[:, REACH_SAMPLES : REACH_SAMPLES + count * STRETCH_SAMPLES]), axis=1
            )
        self._pending = x[:, count * STRETCH_SAMPLES :].copy()
        return self._release_ready()

    def _required_reductions(self, x: Block, count: int) -> Levels:
        reductions = np.zeros(count)
        where, _ = find_candidates(x, neighbourhood_peaks(x, count), self._ceiling)
        if len(where):
            reductions[where] = 20 * np.log10(np.maximum(stretch_peaks(x, where) / self._ceiling, 1.0))
            self.limited_stretches += int(np.count_nonzero(reductions))
        return reductions

    def _release_ready(self) -> Block:
        """The waiting stretches whose lookahead is complete, reduced."""
        ready = len(self._required) - self._lookahead - 1
        if ready <= 0:
            return self._waiting[:, :0]
        out, self._waiting = (
            self._waiting[:, : ready * STRETCH_SAMPLES],
            self._waiting[:, ready * STRETCH_SAMPLES :].copy(),
        )
        nodes = self._border_reductions(ready)
        if nodes.any():
            self.max_reduction_db = max(self.max_reduction_db, float(nodes.max()))
            out = self._reduce(out, nodes)
        self._node = float(nodes[-1])
        skipped = min(self._lead_in, out.shape[1])
        self._lead_in -= skipped
        return out[:, skipped:]

    def _border_reductions(self, ready: int) -> Levels:
        """The reduction in dB at each border, from the start of the first ready stretch to the end of the last."""
        # A border must satisfy the stretches on both its sides.
        pairs = np.maximum(self._required, np.concatenate(([self._last_required], self._required[:-1])))
        ahead = np.lib.stride_tricks.sliding_window_view(pairs, self._lookahead + 1)[: ready + 1].max(axis=1)
        # The first border was computed with the stretches before it.
        released = np.concatenate(
            (self._released, self._fade_reductions(np.concatenate(([self._held], ahead[1:])))[1:])
        )
        if released.any():
            sums = np.cumsum(np.concatenate(([0.0], released)))
            smooth = (sums[self._lookahead + 1 :] - sums[: -self._lookahead - 1]) / (self._lookahead + 1)
        else:
            smooth = np.zeros(ready)
        self._held = float(released[-1])
        self._released = released[-self._lookahead :]
        self._last_required = float(self._required[ready - 1])
        self._required = self._required[ready:]
        return np.concatenate(([self._node], smooth))

    def _fade_reductions(self, reductions: Levels) -> Levels:
        """At each border the largest reduction required so far, faded by the time since."""
        if not reductions.any():
            return reductions
        # In logarithms a fade is a slope, and the largest of all slopes is a running maximum.
        slope = self._fade * np.arange(len(reductions))
        with np.errstate(divide="ignore"):
            faded = np.exp(np.maximum.accumulate(np.log(reductions) + slope) - slope)
        return np.where(faded < self.MIN_REDUCTION_DB, 0.0, faded)

    def _reduce(self, out: Block, nodes: Levels) -> Block:
        where = np.flatnonzero((nodes[:-1] > 0) | (nodes[1:] > 0))
        factors = (10 ** (-nodes / 20)).astype(np.float32)
        slope = np.arange(STRETCH_SAMPLES, dtype=np.float32) / STRETCH_SAMPLES
        curve = factors[where, None] + (factors[where + 1] - factors[where])[:, None] * slope
        rows = out.reshape(len(out), -1, STRETCH_SAMPLES).copy()
        rows[:, where] *= curve
        return rows.reshape(len(out), -1)
