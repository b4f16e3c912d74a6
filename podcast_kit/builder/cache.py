"""What earlier builds worked out, remembered by content.

A table of (kind, key) -> JSON in `.podcast-kit/memory.sqlite`.
It is a convenience: without it, or with a damaged one, a build takes longer and comes to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from podcast_kit.errors import OperationError
from podcast_kit.model import Progress

SCHEMA = """CREATE TABLE IF NOT EXISTS remembered
(kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"""
LARGE = {"text"}
"""Kinds whose values are large, and asked for one by one; of the others a build reads all rows at once."""
TURN = 0.1
"""Seconds between looks whether another build has ended."""
TURNS = 1200
SPARE = 4
"""How many times more than one build needs may lie in memory before it is cleared of the rest."""


class Memory:
    """Work already done; `recall` what an earlier build kept, `keep` what this one found."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.used: set[tuple[str, str]] = set()
        self._read: dict[str, dict[str, str]] = {}

    def recall(self, kind: str, key: str) -> Any:  # noqa: ANN401  # JSON comes back as what was kept
        """What was kept under the key, or None."""
        self.used.add((kind, key))
        if kind in LARGE:
            query = "SELECT value FROM remembered WHERE kind = ? AND key = ?"
            found = next(self.database.execute(query, (kind, key)), (None,))[0]
        else:
            found = self._of(kind).get(key)
        return None if found is None else json.loads(found)

    def keep(self, kind: str, key: str, value: object) -> None:
        """Remember a JSON value."""
        self.used.add((kind, key))
        said = json.dumps(value)
        if kind not in LARGE:
            self._of(kind)[key] = said
        self.database.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", (kind, key, said))

    def _of(self, kind: str) -> dict[str, str]:
        """All rows of a kind: one question instead of thousands."""
        if kind not in self._read:
            rows = self.database.execute("SELECT key, value FROM remembered WHERE kind = ?", (kind,))
            self._read[kind] = dict(rows.fetchall())
        return self._read[kind]

    def commit(self) -> None:
        """What was kept so far survives a kill."""
        self.database.commit()

    def sha256(self, path: Path | str) -> str:
        """The digest of a file, hashed again only when its size or time changed."""
        name = str(path)
        seen = _seen(name)
        known = self.recall("file", _named(name))
        if known and known[:3] == seen:
            return str(known[3])
        with open(name, "rb") as file:  # noqa: PTH123  # thousands of times a build, and a Path costs more than the rest
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.keep("file", _named(name), [*seen, digest])
        return digest

    def knows(self, path: str) -> bool:
        """Whether a file of this name was ever made or looked at."""
        return _named(path) in self._of("file")

    def made(self, path: Path | str, sha256: str) -> None:
        """Note the digest of a file that was just written, so that it need not be read again."""
        name = str(path)
        self.keep("file", _named(name), [*_seen(name), sha256])

    def forget_the_rest(self) -> None:
        """Drop what no longer serves, once it outweighs what does."""
        (count,) = self.database.execute("SELECT count(*) FROM remembered").fetchone()
        if count <= SPARE * len(self.used) + 1000:
            return
        kept = [(*pair, self.recall(*pair)) for pair in sorted(self.used)]
        self.database.execute("DELETE FROM remembered")
        for kind, key, value in kept:
            if value is not None:
                self.keep(kind, key, value)


def _named(path: str) -> str:
    """A path as text that every database takes: file systems take bytes that are none."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _seen(name: str) -> list[int]:
    """By this a file is known again without being read."""
    facts = os.stat(name)  # noqa: PTH116  # as above
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino]


@contextmanager
def remembering(folder: Path, on: Callable[[Progress], None] = lambda _: None) -> Iterator[Memory]:
    """The memory in `folder`, held by one build at a time.

    Waits for another build of the same show to end, and says so; raises Failed when it does not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "building", on), closing(_open(folder / "memory.sqlite")) as database:
        try:
            try:
                memory = Memory(database)
                yield memory
                memory.forget_the_rest()
            finally:
                database.commit()
        except sqlite3.Error as error:
            raise OperationError(f"{folder}: {error}", "look at the disk; what lies in that folder may be removed") from error


def _open(path: Path) -> sqlite3.Connection:
    """The database; a damaged one is begun anew. Raises Failed when the disk takes none."""
    try:
        return _tried(path)
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)
    try:
        return _tried(path)
    except sqlite3.Error as error:
        raise OperationError(f"{path}: {error}", "look at the disk's space and at who may write there") from error


def _tried(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last commits, never the file
        database.execute(SCHEMA)
        database.execute("SELECT count(*) FROM remembered").fetchone()
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _alone(path: Path, on: Callable[[Progress], None]) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: the files are still written beside and renamed, two builds only do double work
        yield
        return
    with path.open("w") as file:
        for turn in range(TURNS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                on(Progress("wait", "for another podcast-kit that is building this show", turn, TURNS))
                time.sleep(TURN)
            else:
                break
        else:
            raise OperationError(
                "another podcast-kit is building this show", "wait until it is done; if it died, nothing is in the way"
            )
        yield
