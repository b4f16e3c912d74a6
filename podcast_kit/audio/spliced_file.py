"""A file made of pieces of another, for a decoder that must not see the rest of it."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from podcast_kit.audio.hashed_copy import ByteSpan


class SplicedFile(io.RawIOBase):
    """The bytes of some pieces, one after another; nothing is copied."""

    def __init__(self, path: Path, pieces: Iterable[bytes | ByteSpan]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._pieces = list(pieces)
        lengths = (len(piece) if isinstance(piece, bytes) else piece[1] for piece in self._pieces)
        self._starts = list(accumulate(lengths, initial=0))
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, all of them if `size` is negative."""
        end = self._starts[-1] if size < 0 else min(self._at + size, self._starts[-1])
        parts = []
        while self._at < end:
            index = bisect_right(self._starts, self._at) - 1
            piece, offset = self._pieces[index], self._at - self._starts[index]
            length = min(end, self._starts[index + 1]) - self._at
            if isinstance(piece, bytes):
                parts.append(piece[offset : offset + length])
            else:
                self._file.seek(piece[0] + offset)
                parts.append(self._file.read(length))
            if not parts[-1]:
                break
            self._at += len(parts[-1])
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to an offset."""
        self._at = offset + (0, self._at, self._starts[-1])[whence]
        return self._at

    def tell(self) -> int:
        """The offset."""
        return self._at

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
