"""A new file written beside its name, hashed in the same pass, and renamed only when it is whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 20
Stretch = tuple[int, int]
"""Offset and length of bytes of the source that are taken over as they are."""


def write(source: BinaryIO, destination: Path, pieces: Iterable[bytes | Stretch]) -> tuple[str, int]:
    """Write `pieces` to `destination`; return the sha256 (hex) and the length of what was written.

    A crash leaves the old file, or none, under the final name.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    beside = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            written = _pour(source, out, pieces)
        beside.replace(destination)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return written


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
