"""Sound put together: silence off the ends, an intro before, an outro behind. Imported after `codecs.require()`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator

import numpy as np

from podcast_kit.audio.mastering.decode import Block

GRAIN = 0.01
"""Seconds that silence is looked for in at a time."""
SILENCE = -50.0
"""dBFS that no sample of silence reaches."""
BELOW = -45.0
"""dB under the loudest sample that count as silence too, in a recording that is quiet throughout."""
BEFORE, AFTER = 0.25, 0.5
"""Seconds of silence that stay: a beginning or an end cut to the breath sounds like a fault."""


def ends(sound: Iterable[Block], rate: int) -> tuple[int, int]:
    """The first sample and the one behind the last that are to stay when silence is taken off both ends."""
    size = max(1, round(GRAIN * rate))
    levels, rest, total = [], np.zeros(0, np.float32), 0
    for block in sound:
        total += block.shape[1]
        rest = np.concatenate((rest, np.abs(block).max(axis=0)))
        whole = len(rest) // size * size
        levels.append(rest[:whole].reshape(-1, size).max(axis=1))
        rest = rest[whole:]
    level = np.concatenate((*levels, [rest.max(initial=0.0)]))
    threshold = min(10 ** (SILENCE / 20), float(level.max()) * 10 ** (BELOW / 20))
    heard = np.flatnonzero(level > threshold)
    if not len(heard):
        return 0, total
    first, last = int(heard[0]) * size, (int(heard[-1]) + 1) * size
    return max(0, first - round(BEFORE * rate)), min(total, last + round(AFTER * rate))


def stretch(sound: Iterable[Block], first: int, behind: int | None) -> Iterator[Block]:
    """The samples from `first` to the one before `behind`."""
    position = 0
    for block in sound:
        start, end = max(first - position, 0), block.shape[1]
        if behind is not None:
            end = min(end, behind - position)
        if start < end:
            yield block[:, start:end]
        position += block.shape[1]
        if behind is not None and position >= behind:
            return


def chain(parts: Iterable[Iterable[Block]], overlap: int) -> Iterator[Block]:
    """One part behind another, each fading over into the next for `overlap` samples at equal power.

    A part that is shorter than that fades for as long as it lasts.
    """
    tail: Block | None = None
    for part in parts:
        pieces = iter(part)
        if tail is not None and overlap:
            head, pieces = _take(pieces, tail.shape[1])
            yield tail[:, : tail.shape[1] - head.shape[1]]
            yield _faded(tail[:, tail.shape[1] - head.shape[1] :], head)
            tail = None
        for piece in pieces:
            held = piece if tail is None else np.concatenate((tail, piece), axis=1)
            keep = max(0, held.shape[1] - overlap)
            yield held[:, :keep]
            tail = held[:, keep:]
    if tail is not None:
        yield tail


def _take(pieces: Iterator[Block], count: int) -> tuple[Block, Iterator[Block]]:
    """The first `count` samples, or as many as there are, and what follows them."""
    taken: list[Block] = []
    for piece in pieces:
        room = count - sum(one.shape[1] for one in taken)
        taken.append(piece[:, :room])
        if piece.shape[1] > room:
            return np.concatenate(taken, axis=1), itertools.chain([piece[:, room:]], pieces)
    return (np.concatenate(taken, axis=1) if taken else np.zeros((1, 0), np.float32)), pieces


def _faded(out: Block, into: Block) -> Block:
    angle = (np.arange(out.shape[1], dtype=np.float32) + np.float32(0.5)) * np.float32(
        math.pi / 2 / max(1, len(out[0]))
    )
    faded: Block = out * np.cos(angle) + into * np.sin(angle)
    return faded
