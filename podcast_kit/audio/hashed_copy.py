"""Write and hash a new file in one pass, and rename it when it is complete."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, active_count
from typing import BinaryIO

from podcast_kit.io.atomic_write import atomic_path

HASHED_BLOCK_BYTES = 1 << 20
"""So large that calls do not count, and so small that a block is still in the processor's cache when it is hashed."""
MAX_UNHASHED_BLOCKS = 2
"""Blocks that may be written before they are hashed."""
MIN_THREAD_BYTES = 4 << 20
"""Of a file, from which a thread for hashing saves more than it costs."""
ByteSpan = tuple[int, int]
"""Offset and length of bytes that are copied from the source unchanged."""


def write_hashed_copy(source: BinaryIO, destination: Path, pieces: Iterable[bytes | ByteSpan]) -> tuple[str, int]:
    """Write `pieces` to `destination`; return the sha256 (hex) and the length of what was written.

    After a crash, the final name has the old file or none. Raises OperationError if the file cannot be written.
    """
    pieces = list(pieces)
    size = sum(len(piece) if isinstance(piece, bytes) else piece[1] for piece in pieces)
    # Hashing takes twice as long as copying, so it gets a thread, unless other threads already keep the machine busy.
    has_thread = active_count() == 1 and size >= MIN_THREAD_BYTES
    write_pieces = _write_in_two_threads if has_thread else _write_in_one_thread
    with atomic_path(destination) as part, part.open("wb") as out:
        return write_pieces(source, out, pieces)


def _write_in_one_thread(source: BinaryIO, out: BinaryIO, pieces: Iterable[bytes | ByteSpan]) -> tuple[str, int]:
    """Write a block, hash it, continue with the next."""
    digest, total = hashlib.sha256(), 0
    for block in _read_pieces(source, pieces, 0):
        out.write(block)
        digest.update(block)
        total += len(block)
    return digest.hexdigest(), total


def _write_in_two_threads(source: BinaryIO, out: BinaryIO, pieces: Iterable[bytes | ByteSpan]) -> tuple[str, int]:
    """Write while a second thread hashes; both release the interpreter lock."""
    digest, total = hashlib.sha256(), 0
    todo, done = SimpleQueue[bytes | memoryview | None](), SimpleQueue[None]()
    hasher = Thread(target=_hash_blocks, args=(digest, todo, done), daemon=True)
    hasher.start()
    try:
        for number, block in enumerate(_read_pieces(source, pieces, MAX_UNHASHED_BLOCKS)):
            todo.put(block)
            out.write(block)
            total += len(block)
            if (
                number >= MAX_UNHASHED_BLOCKS - 1
            ):  # else the next block would be read into a view that is still being hashed
                done.get()
    finally:
        todo.put(None)
        hasher.join()
    return digest.hexdigest(), total


def _hash_blocks(digest: hashlib._Hash, todo: SimpleQueue[bytes | memoryview | None], done: SimpleQueue[None]) -> None:
    """Hash blocks until None arrives."""
    while (block := todo.get()) is not None:
        digest.update(block)
        done.put(None)


def _read_pieces(source: BinaryIO, pieces: Iterable[bytes | ByteSpan], ahead: int) -> Iterator[bytes | memoryview]:
    """The bytes of all pieces in order; a block of a span is valid until more than `ahead` later ones were read."""
    ring: deque[memoryview] = deque()
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        offset, length = piece
        source.seek(offset)
        while length:
            oldest = ring.popleft() if len(ring) > ahead else memoryview(b"")
            size = min(length, HASHED_BLOCK_BYTES)
            ring.append(oldest if len(oldest) >= size else memoryview(bytearray(size)))
            view = ring[-1][:size]
            count = source.readinto(view)  # type: ignore[attr-defined]  # every binary file has it
            if not count:
                raise EOFError
            yield view[:count]
            length -= count


def read_span(source: BinaryIO, offset: int, length: int) -> Iterable[bytes]:
    """The bytes of a span in blocks; EOFError if the file ends too early."""
    source.seek(offset)
    while length:
        block = source.read(min(length, HASHED_BLOCK_BYTES))
        if not block:
            raise EOFError
        length -= len(block)
        yield block
