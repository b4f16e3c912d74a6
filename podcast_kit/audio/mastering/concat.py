"""Trim silence at both ends, and join intro, recording and outro. Import only after `require_codecs()`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator

import numpy as np

from podcast_kit.audio.mastering.decode import Block

SILENCE_GRAIN_S = 0.01
"""Length of the pieces in which silence is looked for."""
MAX_SILENCE_DBFS = -50.0
"""No sample of silence is louder than this."""
MAX_RELATIVE_SILENCE_DB = -45.0
"""Relative to the loudest sample; this also counts as silence in a recording that is quiet throughout."""
KEPT_SILENCE_BEFORE_S, KEPT_SILENCE_AFTER_S = 0.25, 0.5
"""Silence that is kept: a recording that begins or ends too abruptly sounds broken."""


def find_silent_ends(sound: Iterable[Block], rate: int) -> tuple[int, int]:
    """The first sample, and the one after the last sample, to keep when silence is trimmed at both ends."""
    size = max(1, round(SILENCE_GRAIN_S * rate))
    levels, pending, total = [], np.zeros(0, np.float32), 0
    for block in sound:
        total += block.shape[1]
        pending = np.concatenate((pending, np.abs(block).max(axis=0)))
        whole = len(pending) // size * size
        levels.append(pending[:whole].reshape(-1, size).max(axis=1))
        pending = pending[whole:]
    level = np.concatenate((*levels, [pending.max(initial=0.0)]))
    threshold = min(10 ** (MAX_SILENCE_DBFS / 20), float(level.max()) * 10 ** (MAX_RELATIVE_SILENCE_DB / 20))
    audible = np.flatnonzero(level > threshold)
    if not len(audible):
        return 0, total
    first, last = int(audible[0]) * size, (int(audible[-1]) + 1) * size
    return max(0, first - round(KEPT_SILENCE_BEFORE_S * rate)), min(total, last + round(KEPT_SILENCE_AFTER_S * rate))


def slice_samples(sound: Iterable[Block], first: int, stop: int | None) -> Iterator[Block]:
    """The samples from `first` to before `stop`; None is the end."""
    position = 0
    for block in sound:
        start, end = max(first - position, 0), block.shape[1]
        if stop is not None:
            end = min(end, stop - position)
        if start < end:
            yield block[:, start:end]
        position += block.shape[1]
        if stop is not None and position >= stop:
            return


def crossfade(parts: Iterable[Iterable[Block]], overlap: int) -> Iterator[Block]:
    """Join parts, with an equal-power crossfade of `overlap` samples between them.

    The crossfade of a shorter part is as long as the part.
    """
    tail: Block | None = None
    for part in parts:
        pieces = iter(part)
        if tail is not None and overlap:
            head, pieces = _take_samples(pieces, tail.shape[1])
            yield tail[:, : tail.shape[1] - head.shape[1]]
            yield _crossfade_blocks(tail[:, tail.shape[1] - head.shape[1] :], head)
            tail = None
        for piece in pieces:
            held = piece if tail is None else np.concatenate((tail, piece), axis=1)
            keep = max(0, held.shape[1] - overlap)
            yield held[:, :keep]
            tail = held[:, keep:]
    if tail is not None:
        yield tail


def _take_samples(pieces: Iterator[Block], count: int) -> tuple[Block, Iterator[Block]]:
    """The first `count` samples, or as many as exist, and the samples after them."""
    taken: list[Block] = []
    for piece in pieces:
        room = count - sum(block.shape[1] for block in taken)
        taken.append(piece[:, :room])
        if piece.shape[1] > room:
            return np.concatenate(taken, axis=1), itertools.chain([piece[:, room:]], pieces)
    return (np.concatenate(taken, axis=1) if taken else np.zeros((1, 0), np.float32)), pieces


def _crossfade_blocks(out: Block, into: Block) -> Block:
    angle = (np.arange(out.shape[1], dtype=np.float32) + np.float32(0.5)) * np.float32(
        math.pi / 2 / max(1, len(out[0]))
    )
    faded: Block = out * np.cos(angle) + into * np.sin(angle)
    return faded
