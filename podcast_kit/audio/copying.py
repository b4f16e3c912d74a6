"""A new file written beside its name, hashed in the same pass, and renamed only when it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from podcast_kit.audio.beside import beside

BLOCK = 1 << 20
Stretch = tuple[int, int]
"""Offset and length of bytes of the source that are taken over as they are."""


def write(source: BinaryIO, destination: Path, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    """Write `pieces` to `destination`; return the sha256 (hex) and the length of what was written.

    A crash leaves the old file, or none, under the final name. Raises Failed when the disk refuses.
    """
    with beside(destination) as part, part.open("wb") as out:
        return _pour(source, out, pieces)


def _pour(source: BinaryIO, out: BinaryIO, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    digest = hashlib.sha256()
    total = 0
    for piece in pieces:
        for block in (piece,) if isinstance(piece, bytes) else stretch(source, *piece):
            out.write(block)
            digest.update(block)
            total += len(block)
    return digest.hexdigest(), total


def stretch(source: BinaryIO, offset: int, length: int) -> Iterable[bytes]:
    """The bytes of a stretch in blocks; EOFError when the file ends before."""
    source.seek(offset)
    while length:
        block = source.read(min(length, BLOCK))
        if not block:
            raise EOFError
        length -= len(block)
        yield block
