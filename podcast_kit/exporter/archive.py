"""The show's own files as one ZIP file: the same files always give the same bytes.

Entries are sorted, have no times and are not compressed, because another version of zlib would write other bytes and
audio would not get smaller. Files are copied piece by piece.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO

from podcast_kit.errors import OperationError
from podcast_kit.exporter.sources import SourceFile
from podcast_kit.io.atomic_write import atomic_path, flush_disk
from podcast_kit.io.inside import open_inside
from podcast_kit.io.pinned_folder import NEW_FILE_FLAGS
from podcast_kit.model import Progress

COPY_BYTES = 1_048_576
ENTRY_DATE = (1980, 1, 1, 0, 0, 0)
"""The first that a ZIP file can have."""
UNIX_SYSTEM = 3
FILE_MODE = 0o100644 << 16
ZIP64_BYTES = 2_000_000_000
"""From this size on, an entry is written with 64-bit lengths."""


def write_archive(
    output: Path,
    folder: Path,
    files: Collection[SourceFile],
    replaced: Mapping[str, bytes],
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Write files of a folder into a new ZIP file; returns its size. `replaced` has other bytes for some of them.

    Raises OperationError; then there is no file, or still the one before.
    """
    ordered = sorted(files, key=lambda file: file.path)
    with atomic_path(output) as part:
        with (
            os.fdopen(os.open(part, NEW_FILE_FLAGS, 0o666), "w+b") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
        ):
            for number, file in enumerate(ordered, 1):
                on_progress(Progress("export", file.path, number, len(ordered)))
                _add_entry(archive, folder, file, replaced.get(file.path))
        flush_disk()
        return part.stat().st_size


def _add_entry(archive: zipfile.ZipFile, folder: Path, file: SourceFile, data: bytes | None) -> None:
    info = zipfile.ZipInfo(file.path, ENTRY_DATE)
    info.create_system = UNIX_SYSTEM
    info.external_attr = FILE_MODE
    if data is not None:
        archive.writestr(info, data)
        return
    try:
        source = open_inside(folder, file.path)
    except OSError as error:
        raise OperationError(
            f"{file.path}: cannot be read: {error.strerror or error}", "check it, and export again"
        ) from None
    with source, archive.open(info, "w", force_zip64=file.size >= ZIP64_BYTES) as entry:
        copied = _copy_stream(source, entry)
    if copied != file.size:
        raise OperationError(f"{file.path} changed during the export", "export again when no one writes to it")


def _copy_stream(source: IO[bytes], entry: IO[bytes]) -> int:
    copied = 0
    while piece := source.read(COPY_BYTES):
        entry.write(piece)
        copied += len(piece)
    return copied
