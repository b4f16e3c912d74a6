"""A new file written beside its name, hashed in the same pass, and renamed only when it is whole."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, active_count
from typing import BinaryIO

from podcast_kit.io.atomic_write import atomic_path

BLOCK = 1 << 18
"""Bytes: what is read is still in the processor's cache when it is written and hashed."""
AHEAD = 2
"""Blocks that may be written before they are hashed."""
Stretch = tuple[int, int]
"""Offset and length of bytes of the source that are taken over as they are."""


def write(source: BinaryIO, destination: Path, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    """Write `pieces` to `destination`; return the sha256 (hex) and the length of what was written.

    A crash leaves the old file, or none, under the final name. Raises Failed when the disk refuses.
    """
    # Hashing takes twice as long as copying, so it gets a thread; but not where others keep the machine busy already.
    pour = _overlapped if active_count() == 1 else _in_turn
    with atomic_path(destination) as part, part.open("wb") as out:
        return pour(source, out, pieces)


def _in_turn(source: BinaryIO, out: BinaryIO, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    """Write a block, hash it, take the next."""
    digest, total = hashlib.sha256(), 0
    for block in _blocks(source, pieces, 0):
        out.write(block)
        digest.update(block)
        total += len(block)
    return digest.hexdigest(), total


def _overlapped(source: BinaryIO, out: BinaryIO, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    """Write while a second thread hashes; both let go of the interpreter."""
    digest, total = hashlib.sha256(), 0
    todo, done = SimpleQueue[bytes | memoryview | None](), SimpleQueue[None]()
    hasher = Thread(target=_hash, args=(digest, todo, done), daemon=True)
    hasher.start()
    try:
        for number, block in enumerate(_blocks(source, pieces, AHEAD)):
            todo.put(block)
            out.write(block)
            total += len(block)
            if number >= AHEAD - 1:  # before the block that comes next is read into a view that is still hashed
                done.get()
    finally:
        todo.put(None)
        hasher.join()
    return digest.hexdigest(), total


def _hash(digest: hashlib._Hash, todo: SimpleQueue[bytes | memoryview | None], done: SimpleQueue[None]) -> None:
    """Hash blocks as they come, until there are no more."""
    while (block := todo.get()) is not None:
        digest.update(block)
        done.put(None)


def _blocks(source: BinaryIO, pieces: Iterable[bytes | Stretch], ahead: int) -> Iterator[bytes | memoryview]:
    """The pieces one behind another; a block of a stretch is good until more than `ahead` others were taken."""
    ring: deque[memoryview] = deque()
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        offset, length = piece
        source.seek(offset)
        while length:
            oldest = ring.popleft() if len(ring) > ahead else memoryview(b"")
            size = min(length, BLOCK)
            ring.append(oldest if len(oldest) >= size else memoryview(bytearray(size)))
            view = ring[-1][:size]
            count = source.readinto(view)  # type: ignore[attr-defined]  # every file opened for bytes has it
            if not count:
                raise EOFError
            yield view[:count]
            length -= count


def stretch(source: BinaryIO, offset: int, length: int) -> Iterable[bytes]:
    """The bytes of a stretch in blocks; EOFError when the file ends before."""
    source.seek(offset)
    while length:
        block = source.read(min(length, BLOCK))
        if not block:
            raise EOFError
        length -= len(block)
        yield block
