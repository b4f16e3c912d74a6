"""A file of named chunks of bytes, each read only where it is needed, and replaced as a whole."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader

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
        with suppress(OSError, ValueError, TypeError, struct.error, RecursionError):
            self._places = _read_index(file, identity) if file else {}

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


def write_record_file(folder: OpenFolder, name: str, identity: str, chunks: Iterable[tuple[str, bytes]]) -> None:
    """Replace the file of this name by one with these chunks. Raises OSError."""
    part = random_name(UNFINISHED_SUFFIX)
    places: dict[str, tuple[int, int, int]] = {}
    try:
        with folder.create(part) as file:
            start = 0
            for chunk_name, data in chunks:
                file.write(data)
                places[chunk_name] = (start, len(data), zlib.crc32(data))
                start += len(data)
            index = json.dumps([identity, places]).encode()
            file.write(index)
            file.write(_TAIL.pack(start, len(index), zlib.crc32(index)))
        folder.replace(folder, part, name)
    except BaseException:
        folder.unlink(part)
        raise


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
