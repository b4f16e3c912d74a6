"""What earlier builds worked out, remembered by content.

A table of (kind, key) -> JSON in `.podcast-kit/memory.sqlite`.
It is a convenience: without it, or with a damaged one, a build takes longer and comes to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from podcast_kit.errors import Failed

SCHEMA = """CREATE TABLE IF NOT EXISTS remembered
(kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"""
LARGE = {"text"}
"""Kinds whose values are large, and asked for one by one; of the others a build reads all rows at once."""
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
        known = self.recall("file", name)
        if known and known[:3] == seen:
            return str(known[3])
        with open(name, "rb") as file:  # noqa: PTH123  # thousands of times a build, and a Path costs more than the rest
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.keep("file", name, [*seen, digest])
        return digest

    def made(self, path: Path | str, sha256: str) -> None:
        """Note the digest of a file that was just written, so that it need not be read again."""
        name = str(path)
        self.keep("file", name, [*_seen(name), sha256])

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


def _seen(name: str) -> list[int]:
    """By this a file is known again without being read."""
    facts = os.stat(name)  # noqa: PTH116  # as above
    return [facts.st_size, facts.st_mtime_ns, facts.st_ino]


@contextmanager
def remembering(folder: Path) -> Iterator[Memory]:
    """The memory in `folder`, held by one build at a time.

    Raises Failed while another build of the same show is running.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "building"), closing(_open(folder / "memory.sqlite")) as database:
        try:
            try:
                memory = Memory(database)
                yield memory
                memory.forget_the_rest()
            finally:
                database.commit()
        except sqlite3.Error as error:
            raise Failed(f"{folder}: {error}", "look at the disk; what lies in that folder may be removed") from error


def _open(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last commits, never the file
        database.execute(SCHEMA)
        database.execute("SELECT count(*) FROM remembered").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path)
        database.execute(SCHEMA)
    return database


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: the files are still written beside and renamed, two builds only do double work
        yield
        return
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failed(
                "another podcast-kit is building this show", "wait until it is done; if it died, nothing is in the way"
            ) from None
        yield
