"""True peak: what the wave reaches between its samples (ITU-R BS.1770-5, annex 2), and a limiter for it.

Sparse: oversampling is worked out only where a stretch could matter, which is a few hundredths of most programmes.
Plain multiplications and sums in a fixed order, so that every machine gets the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from podcast_kit.audio.mastering.decode import Block

Levels: TypeAlias = npt.NDArray[np.float64]
"""One number a stretch."""

REACH = 12
"""Samples on either side that a point between two samples depends on."""
STRETCH = 32
"""Samples a stretch, the grain of both the search and the limiter; no less than REACH."""
OVERSAMPLING = 4
LOUD = 0.95
"""Of the loudest sample: where the true peak most likely is."""
AT_ONCE = 256
"""Stretches worked on together: as many as the processor's cache holds."""


def _kernels() -> npt.NDArray[np.float32]:
    """One row of weights for each point between two samples: windowed sinc."""
    offsets = np.arange(1 - REACH, REACH + 1)
    rows = []
    for phase in range(1, OVERSAMPLING):
        distance = offsets - phase / OVERSAMPLING
        window = np.cos(np.pi * distance / (2 * REACH)) ** 2
        row = np.sinc(distance) * window
        rows.append(row / row.sum())
    return np.round(np.array(rows), 7).astype(np.float32)


KERNELS = _kernels()
BOUND = float(np.abs(KERNELS).sum(axis=1).max())
"""No point between samples exceeds its neighbourhood's largest sample by more than this factor."""


def _bend() -> float:
    """How far a point may lie beyond the two samples around it, as a factor of the largest second difference.

    What a kernel weighs otherwise than the straight line between the two would, is summed up twice.
    """
    most = 0.0
    for phase, kernel in enumerate(KERNELS.astype(np.float64), 1):
        rest = kernel.copy()
        rest[REACH - 1 : REACH + 1] -= 1 - phase / OVERSAMPLING, phase / OVERSAMPLING
        slopes = np.cumsum(rest)[:-1]
        # Rounded kernels do not quite follow a slope; over their length no slope differs by more than all bends.
        most = max(most, float(np.abs(np.cumsum(slopes)[:-1]).sum() + 2 * REACH * abs(slopes.sum())))
    return most


BEND = _bend()
SLACK = 1.00001
"""For the slope itself, and for what is lost when sums are rounded."""


def decibel(ratio: float) -> float | None:
    """A ratio to full scale in dB; None for nothing at all."""
    return 20 * math.log10(ratio) if ratio > 0 else None


def ratio(decibels: float) -> float:
    """Decibels as a factor."""
    return float(10 ** (decibels / 20))


class TruePeak:
    """The largest true peak of everything that was added; `value` is a ratio to full scale."""

    def __init__(self, channels: int) -> None:
        self.value = 0.0
        self._rest: Block = np.zeros((channels, REACH), np.float32)

    def add(self, block: Block) -> None:
        """Take the next samples into account."""
        x = np.concatenate((self._rest, block), axis=1)
        count = (x.shape[1] - 2 * REACH) // STRETCH
        if count > 0:
            self._search(x[:, : count * STRETCH + 2 * REACH], count)
        self._rest = x[:, max(count, 0) * STRETCH :].copy()

    def finish(self) -> float:
        """The value, once the last samples have been looked at."""
        self.add(np.zeros((len(self._rest), STRETCH + 2 * REACH), np.float32))
        return self.value

    def _search(self, x: Block, count: int) -> None:
        near = nearby(x, count)
        self.value = max(self.value, float(near.max()))
        where, most = doubtful(x, near, self.value)
        if len(where) > AT_ONCE:
            # The loudest first: what they reach spares looking at most of the others.
            loudest = most > LOUD * most.max()
            self.value = max(self.value, float(stretch_peaks(x, where[loudest]).max()))
            where = where[~loudest & (most > self.value)]
        if len(where):
            self.value = max(self.value, float(stretch_peaks(x, where).max()))


def nearby(x: Block, count: int) -> Levels:
    """For each stretch the largest sample of all that its points depend on, all channels together.

    `x` begins REACH samples before the first stretch and ends REACH samples after the last.
    """
    size = np.abs(x).max(axis=0)
    inner = size[REACH : REACH + count * STRETCH].reshape(count, STRETCH).max(axis=1)
    before = np.concatenate((size[:REACH].max(keepdims=True), inner[:-1]))
    after = np.concatenate((inner[1:], size[-REACH:].max(keepdims=True)))
    found: Levels = np.maximum(inner, np.maximum(before, after)).astype(np.float64)
    return found


def doubtful(x: Block, near: Levels, limit: float) -> tuple[npt.NDArray[np.intp], Levels]:
    """The stretches that may pass the limit, and what each reaches at most; `near` is what `nearby` says of `x`.

    A wave that bends little between its samples, as all but hiss does, passes them by little.
    """
    where = np.flatnonzero(near * BOUND > limit)
    most = np.zeros(len(where))
    for windows in _windows(x):
        for begin in range(0, len(where), AT_ONCE):
            columns = np.ascontiguousarray(windows[where[begin : begin + AT_ONCE]].T)
            reach = np.abs(columns[REACH - 1 : REACH + STRETCH + 1]).max(axis=0).astype(np.float64)
            reach += BEND * np.abs(np.diff(columns, 2, axis=0)).max(axis=0)
            part = most[begin : begin + AT_ONCE]
            np.maximum(part, reach * SLACK, out=part)
    most = np.minimum(most, near[where] * BOUND)
    found = most > limit
    return where[found], most[found]


def _windows(x: Block) -> Iterator[Block]:
    """For each channel one row a stretch, of all samples that its points depend on."""
    for channel in x:
        yield np.lib.stride_tricks.sliding_window_view(channel, STRETCH + 2 * REACH)[::STRETCH]


def stretch_peaks(x: Block, where: npt.NDArray[np.intp]) -> Levels:
    """The true peak of the chosen stretches, all channels together; `x` as for `nearby`.

    A stretch's points run from the gap before its first sample to the gap after its last, so that neighbours overlap.
    """
    found = np.zeros(len(where))
    points = np.empty((STRETCH + 1, AT_ONCE), np.float32)
    part = np.empty_like(points)
    for windows in _windows(x):
        for first in range(0, len(where), AT_ONCE):
            # One column a stretch, so that every step below runs through memory from end to end.
            columns = np.ascontiguousarray(windows[where[first : first + AT_ONCE]].T)
            size = columns.shape[1]
            peaks = np.abs(columns[REACH : REACH + STRETCH]).max(axis=0)
            for kernel in KERNELS:
                sums = np.multiply(columns[: STRETCH + 1], kernel[0], out=points[:, :size])
                for tap in range(1, 2 * REACH):
                    sums += np.multiply(columns[tap : tap + STRETCH + 1], kernel[tap], out=part[:, :size])
                np.maximum(peaks, np.abs(sums, out=sums).max(axis=0), out=peaks)
            found[first : first + size] = np.maximum(found[first : first + size], peaks)
    return found


class Limiter:
    """Gain, and less of it around what would pass the ceiling; comes out as much later as it must look ahead.

    The reduction is linked over the channels, sets in AHEAD seconds before the peak and fades, in dB, to a third in
    RELEASE seconds: slow against the wave, fast against the ear. `most` is the largest reduction so far in dB,
    `touched` the number of stretches that passed the ceiling.
    """

    AHEAD = 0.005
    RELEASE = 0.05
    LEAST = 0.01
    """dB of reduction that is none."""

    def __init__(self, channels: int, rate: int, gain: float, ceiling: float) -> None:
        """`gain` and `ceiling` are ratios."""
        self.most = 0.0
        self.touched = 0
        self._gain = np.float32(gain)
        self._ceiling = ceiling
        self._ahead = max(1, round(self.AHEAD * rate / STRETCH))
        self._fade = STRETCH / (self.RELEASE * rate)
        # Silence is put before the first sample, so that a loud beginning can be seen coming.
        self._unasked = (self._ahead + 1) * STRETCH
        self._rest: Block = np.zeros((channels, REACH + self._unasked), np.float32)
        """Gained samples of which no stretch was worked out yet, and the REACH before them."""
        self._waiting: Block = np.zeros((channels, 0), np.float32)
        """Gained samples whose reduction is not final."""
        self._wanted: Levels = np.zeros(0)
        """Reduction in dB that each waiting stretch needs."""
        self._last_wanted = 0.0
        self._held = 0.0
        self._released: Levels = np.zeros(self._ahead)
        self._node = 0.0

    def push(self, block: Block) -> Block:
        """The next samples in, those that are ready out."""
        return self._push(block * self._gain)

    def finish(self) -> Block:
        """What is still waiting."""
        left = self._rest.shape[1] - REACH + self._waiting.shape[1] - self._unasked
        zeros = np.zeros((len(self._rest), (self._ahead + 3) * STRETCH + 2 * REACH), np.float32)
        return self._push(zeros)[:, :left]

    def _push(self, gained: Block) -> Block:
        x = np.concatenate((self._rest, gained), axis=1)
        count = max(0, (x.shape[1] - 2 * REACH) // STRETCH)
        if count:
            head = x[:, : count * STRETCH + 2 * REACH]
            self._wanted = np.concatenate((self._wanted, self._reductions(head, count)))
            self._waiting = np.concatenate((self._waiting, x[:, REACH : REACH + count * STRETCH]), axis=1)
        self._rest = x[:, count * STRETCH :].copy()
        return self._release()

    def _reductions(self, x: Block, count: int) -> Levels:
        wanted = np.zeros(count)
        where, _ = doubtful(x, nearby(x, count), self._ceiling)
        if len(where):
            wanted[where] = 20 * np.log10(np.maximum(stretch_peaks(x, where) / self._ceiling, 1.0))
            self.touched += int(np.count_nonzero(wanted))
        return wanted

    def _release(self) -> Block:
        """Those waiting stretches whose future is known, reduced."""
        ready = len(self._wanted) - self._ahead - 1
        if ready <= 0:
            return self._waiting[:, :0]
        out, self._waiting = self._waiting[:, : ready * STRETCH], self._waiting[:, ready * STRETCH :].copy()
        nodes = self._nodes(ready)
        if nodes.any():
            self.most = max(self.most, float(nodes.max()))
            out = self._reduced(out, nodes)
        self._node = float(nodes[-1])
        skipped = min(self._unasked, out.shape[1])
        self._unasked -= skipped
        return out[:, skipped:]

    def _nodes(self, ready: int) -> Levels:
        """The reduction in dB at each border from the start of the first ready stretch to the end of the last."""
        # A border must satisfy the stretches on both its sides.
        pairs = np.maximum(self._wanted, np.concatenate(([self._last_wanted], self._wanted[:-1])))
        ahead = np.lib.stride_tricks.sliding_window_view(pairs, self._ahead + 1)[: ready + 1].max(axis=1)
        # The first border was worked out with the stretches before it.
        released = np.concatenate((self._released, self._faded(np.concatenate(([self._held], ahead[1:])))[1:]))
        if released.any():
            sums = np.cumsum(np.concatenate(([0.0], released)))
            smooth = (sums[self._ahead + 1 :] - sums[: -self._ahead - 1]) / (self._ahead + 1)
        else:
            smooth = np.zeros(ready)
        self._held = float(released[-1])
        self._released = released[-self._ahead :]
        self._last_wanted = float(self._wanted[ready - 1])
        self._wanted = self._wanted[ready:]
        return np.concatenate(([self._node], smooth))

    def _faded(self, wanted: Levels) -> Levels:
        """At each border the largest of what was wanted until there, faded by the time since."""
        if not wanted.any():
            return wanted
        # In logarithms a fade is a slope, and the largest of all slopes a running maximum.
        slope = self._fade * np.arange(len(wanted))
        with np.errstate(divide="ignore"):
            faded = np.exp(np.maximum.accumulate(np.log(wanted) + slope) - slope)
        return np.where(faded < self.LEAST, 0.0, faded)

    def _reduced(self, out: Block, nodes: Levels) -> Block:
        where = np.flatnonzero((nodes[:-1] > 0) | (nodes[1:] > 0))
        factors = (10 ** (-nodes / 20)).astype(np.float32)
        slope = np.arange(STRETCH, dtype=np.float32) / STRETCH
        curve = factors[where, None] + (factors[where + 1] - factors[where])[:, None] * slope
        rows = out.reshape(len(out), -1, STRETCH).copy()
        rows[:, where] *= curve
        return rows.reshape(len(out), -1)
