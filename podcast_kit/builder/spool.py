"""Files that wait to be written, kept on disk: a show of thousands of episodes has more pages than fit in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO


class Spool:
    """Bytes by key, in one temporary file without a name, which is gone when the program ends."""

    def __init__(self, open_folder: Callable[[], Path]) -> None:
        """`open_folder` returns the folder for the file, when the first bytes are added."""
        self._open_folder = open_folder
        self._file: IO[bytes] | None = None
        self._places: dict[str, tuple[int, int]] = {}
        self._names: dict[str, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._places or key in self._names

    def keys(self) -> list[str]:
        """The keys, each once."""
        return [*self._places, *self._names]

    def add_bytes(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._open_folder())  # noqa: SIM115  # open until the build ends
        start = self._file.seek(0, 2)
        self._file.write(data)
        self._names.pop(key, None)
        self._places[key] = (start, len(data))

    def add_file(self, key: str, name: str) -> None:
        """Keep a file that a worker wrote, by its name in the folder of unfinished files, as the bytes of a key."""
        self._places.pop(key, None)
        self._names[key] = name

    def file_name(self, key: str) -> str:
        """The name of the file that a worker wrote for a key; empty if its bytes are here."""
        return self._names.get(key, "")

    def drop_key(self, key: str) -> None:
        """Forget a key, if it has bytes."""
        self._places.pop(key, None)
        self._names.pop(key, None)

    def read_bytes(self, key: str) -> bytes:
        """The bytes under a key; raises KeyError where there are none."""
        start, length = self._places[key]
        if self._file is None:
            return b""
        self._file.seek(start)
        return self._file.read(length)

    def close(self) -> None:
        """Free the space on disk."""
        if self._file is not None:
            with suppress(OSError):  # what could not be written to a full disk is tried once more
                self._file.close()
        self._file, self._places, self._names = None, {}, {}
