"""A file of named chunks of bytes, each read only where it is needed.

What has changed is added at its end, with another index; once half of it is not used any more, it is replaced.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from io import BufferedReader
from typing import BinaryIO

from podcast_kit.io.pinned_folder import OpenFolder, random_name

UNFINISHED_SUFFIX = ".part"
MAX_INDEX_BYTES = 200_000_000
MAX_CHUNK_BYTES = 64_000_000
_TAIL = struct.Struct(">QQL")
"""At the end of the file: where the index starts, its length, and its checksum."""


class RecordFile:
    """The chunks of a file by name; of one that is missing, damaged or of another `identity` there are none."""

    def __init__(self, file: BufferedReader | None, identity: str) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int, int]] = {}
        self._status: tuple[int, int, int] | None = None
        """Device, inode and size."""
        with suppress(OSError, ValueError, TypeError, struct.error, RecursionError):
            if file:
                self._places = _read_index(file, identity)
                self._status = _find_status(file)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def read(self, name: str) -> bytes | None:
        """The bytes of a chunk; None where there are none, or they are damaged."""
        place = self._places.get(name)
        if place is None or self._file is None:
            return None
        start, length, checksum = place
        try:
            self._file.seek(start)
            data = self._file.read(min(length, MAX_CHUNK_BYTES))
        except (OSError, ValueError):
            return None
        return data if len(data) == length and zlib.crc32(data) == checksum else None

    def add_to(
        self, folder: OpenFolder, name: str, identity: str, kept: Collection[str], chunks: Iterable[tuple[str, bytes]]
    ) -> bool:
        """Add chunks to the file, of which it keeps only those of these names; whether it was worth it.

        It is if this is still the file of that name, and at least half of it is used. Raises OSError.
        """
        places = {chunk_name: self._places[chunk_name] for chunk_name in kept}
        if self._status is None or 2 * sum(length for _, length, _ in places.values()) < self._status[-1]:
            return False
        with folder.open_or_create(name) as file:
            if _find_status(file) != self._status:
                return False
            try:
                _write_chunks(file, file.seek(0, 2), identity, places, chunks)
                file.flush()
            except BaseException:
                with suppress(OSError):
                    file.truncate(self._status[-1])
                raise
        return True


def write_record_file(folder: OpenFolder, name: str, identity: str, chunks: Iterable[tuple[str, bytes]]) -> None:
    """Replace the file of this name by one with these chunks. Raises OSError."""
    part = random_name(UNFINISHED_SUFFIX)
    try:
        with folder.create(part) as file:
            _write_chunks(file, 0, identity, {}, chunks)
        folder.replace(folder, part, name)
    except BaseException:
        folder.unlink(part)
        raise


def _write_chunks(
    file: BinaryIO,
    start: int,
    identity: str,
    places: dict[str, tuple[int, int, int]],
    chunks: Iterable[tuple[str, bytes]],
) -> None:
    """Write chunks from a position on, and the index of these and of those that have `places` already."""
    for chunk_name, data in chunks:
        file.write(data)
        places[chunk_name] = (start, len(data), zlib.crc32(data))
        start += len(data)
    index = json.dumps([identity, places]).encode()
    file.write(index)
    file.write(_TAIL.pack(start, len(index), zlib.crc32(index)))


def _find_status(file: BinaryIO) -> tuple[int, int, int]:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size


def _read_index(file: BufferedReader, identity: str) -> dict[str, tuple[int, int, int]]:
    file.seek(-_TAIL.size, 2)
    start, length, checksum = _TAIL.unpack(file.read(_TAIL.size))
    file.seek(start)
    index = file.read(min(length, MAX_INDEX_BYTES))
    if zlib.crc32(index) != checksum:
        return {}
    written_identity, places = json.loads(index)
    if written_identity != identity:
        return {}
    return {str(name): (int(first), int(size), int(crc)) for name, (first, size, crc) in places.items()}
