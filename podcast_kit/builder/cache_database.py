"""The file of the build cache, which is read from and written to an open folder.

SQLite opens its files by their paths, so a folder that is swapped for a link in the meantime could have them written
elsewhere. It therefore works on a copy in a private temporary folder, and `save` puts the copy in place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from podcast_kit.io.inside import OPENS_BY_DESCRIPTOR
from podcast_kit.io.pinned_folder import OpenFolder, random_name
from podcast_kit.io.temp_folder import TemporaryFolder

DATABASE = "memory.sqlite"
FORMER_FILES = (f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
"""What SQLite wrote beside the database when it was opened in place."""
UNSAVED_SUFFIX = ".part"
SCHEMA = """CREATE TABLE IF NOT EXISTS remembered
(kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"""
SAVED_BYTES_PER_SECOND = 200_000_000
"""About how fast a disk is."""
MIN_SLOW_BYTES = 1_000_000
"""From here on, saving takes time."""
SAVE_TIME_SHARE = 50
"""Saving now and then takes at most one part in this many of the time."""


class CacheDatabase:
    """A copy of the database that SQLite works on, and the way back to the folder that it is from."""

    def __init__(self, connection: sqlite3.Connection, file: BinaryIO, folder: OpenFolder) -> None:
        self.connection = connection
        self._file = file
        self._folder = folder
        self._saved_changes = connection.total_changes
        size = os.fstat(file.fileno()).st_size
        self._next_save = 0.0
        if size > MIN_SLOW_BYTES:  # as if it had been saved just now
            self._next_save = time.monotonic() + size / SAVED_BYTES_PER_SECOND * SAVE_TIME_SHARE

    @property
    def is_due(self) -> bool:
        """Whether it is time to save, so that a build that is killed loses little work."""
        return time.monotonic() >= self._next_save

    def save(self) -> None:
        """Replace the file in the folder if anything was changed; it is complete at any time. Raises OSError."""
        self.connection.commit()
        changes = self.connection.total_changes
        if changes == self._saved_changes:
            return
        start = time.monotonic()
        part = random_name(UNSAVED_SUFFIX)
        try:
            with self._folder.create(part) as out:
                self._file.seek(0)
                shutil.copyfileobj(self._file, out)
                out.flush()
                os.fsync(out.fileno())
            self._folder.replace(self._folder, part, DATABASE)
        except BaseException:
            self._folder.unlink(part)
            raise
        self._saved_changes = changes
        end = time.monotonic()
        self._next_save = end + (end - start) * SAVE_TIME_SHARE


@contextmanager
def open_database(folder: OpenFolder) -> Iterator[CacheDatabase]:
    """Open the database of a folder; an empty one takes the place of one that is missing or damaged.

    Raises OSError, and sqlite3.Error where SQLite cannot write a temporary file.
    """
    for entry in folder.entries():
        if entry.name in FORMER_FILES or (entry.name.startswith(".") and entry.name.endswith(UNSAVED_SUFFIX)):
            folder.unlink(entry.name)
    with TemporaryFolder(ignore_cleanup_errors=True) as private:
        path = Path(private, DATABASE)
        path.touch()
        with suppress(FileNotFoundError), folder.open(DATABASE) as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        with closing(_connect_or_recreate(path)) as connection, path.open("rb", buffering=0) as file:
            if OPENS_BY_DESCRIPTOR:  # nothing is left of it then, even if the process is killed
                path.unlink()
            yield CacheDatabase(connection, file, folder)


def _connect_or_recreate(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.DatabaseError:
        path.write_bytes(b"")
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = MEMORY")  # no other file, and a copy needs no journal that outlives it
        database.execute("PRAGMA synchronous = OFF")
        database.execute(SCHEMA)
        database.execute("SELECT count(*) FROM remembered").fetchone()
    except BaseException:
        database.close()
        raise
    return database
