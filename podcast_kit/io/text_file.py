"""The long texts of episodes, kept on disk: those of a show of thousands of episodes would fill the memory."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAX_BYTES_IN_MEMORY = 4_000_000
"""Of texts, before more of them go to a file."""


class TextFile:
    """Texts in one temporary file without a name, which is gone when the last of its texts is."""

    def __init__(self, open_folder: Callable[[], Path]) -> None:
        """`open_folder` returns the folder for the file, when the first text goes there."""
        self._file: IO[bytes] | None = None
        self._open_folder = open_folder
        self._bytes_in_memory = 0
        self._end = 0
        self._lock = threading.Lock()

    def add_text(self, text: str | bytes) -> str | bytes | TextPlace:
        """Keep a text, given as ASCII or UTF-8: in memory, unless there are many. Raises OSError."""
        if self._bytes_in_memory + len(text) <= MAX_BYTES_IN_MEMORY:
            self._bytes_in_memory += len(text)
            return text
        data = text if isinstance(text, bytes) else text.encode()
        with self._lock:
            if self._file is None:
                # Windows cannot remove the folder of a file that is open.
                folder = self._open_folder() if os.name == "posix" else None
                self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # open while it is read
                # A method __del__ can come too late: of objects that refer to each other, the file may end first.
                weakref.finalize(self, self._file.close)
            place = TextPlace(self, self._end, len(data))
            self._file.seek(self._end)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._end += len(data)
        return place

    def read(self, start: int, length: int) -> bytes:
        """Bytes of the file. Raises OSError."""
        assert self._file is not None  # noqa: S101  # its place is known only from `add_text`
        parts: list[bytes] = []
        with self._lock:
            self._file.seek(start)
            while length and (part := self._file.read(length)):
                parts.append(part)
                length -= len(part)
        return b"".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class TextPlace:
    """Where a text is in a file."""

    file: TextFile
    start: int
    length: int
    """Bytes."""

    def read(self) -> str:
        """The text. Raises OSError."""
        return self.file.read(self.start, self.length).decode("utf-8", "surrogatepass")
