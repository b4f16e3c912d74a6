"""The record of logs that were read: what their formats can tell, and the requests that are no longer needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from podcast_kit.errors import OperationError
from podcast_kit.text.numbers import format_count

REQUESTS_FOLDER, RECORD_NAME = "requests", "ingested.sqlite"
BUSY_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (
  name TEXT PRIMARY KEY, version TEXT NOT NULL, format TEXT NOT NULL, title TEXT NOT NULL, lines INTEGER NOT NULL,
  malformed INTEGER NOT NULL, first_malformed INTEGER NOT NULL, has_ranges INTEGER NOT NULL,
  has_methods INTEGER NOT NULL, has_full_addresses INTEGER NOT NULL, has_header_bytes INTEGER NOT NULL,
  final_after_hours INTEGER NOT NULL, read_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contents (first_line TEXT NOT NULL, length INTEGER NOT NULL, checksum INTEGER NOT NULL,
  PRIMARY KEY (first_line, length, checksum));
CREATE TABLE IF NOT EXISTS parts (path TEXT PRIMARY KEY, day TEXT NOT NULL, requests INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS parts_of_day ON parts (day);
"""
_SOURCES = """
SELECT format, title, MIN(has_ranges), MIN(has_methods), MIN(has_full_addresses), MAX(has_header_bytes),
  MAX(final_after_hours), SUM(lines), SUM(malformed), COUNT(*), MAX(read_at)
FROM logs WHERE lines > 0 GROUP BY format, title ORDER BY format
"""


@contextmanager
def open_record(folder: Path) -> Iterator[sqlite3.Connection]:
    """The record, locked for this run."""
    with closing(sqlite3.connect(folder / RECORD_NAME, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            text = f"{folder}: the logs are being read by another run"
            raise OperationError(text, "wait until it has ended, then run it again") from error
        except sqlite3.DatabaseError as error:
            text = f"{folder / RECORD_NAME}: is damaged"
            raise OperationError(text, f"delete the folder {folder} and read all logs again") from error
        yield connection


def request_parts(folder: Path) -> dict[str, list[Path]]:
    """Day → the Parquet files of its requests, as the record names them."""
    record = folder / RECORD_NAME
    if not record.exists():
        return {}
    parts: dict[str, list[Path]] = {}
    with closing(sqlite3.connect(f"{record.as_uri()}?mode=ro", uri=True)) as connection:
        for day, path in connection.execute("SELECT day, path FROM parts ORDER BY day, path"):
            parts.setdefault(day, []).append(folder / REQUESTS_FOLDER / path)
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFormatFacts:
    """What the logs of one format were, and what their lines can tell."""

    name: str
    title: str
    has_ranges: bool
    has_methods: bool
    has_full_addresses: bool
    has_header_bytes: bool
    final_after_hours: int
    lines: int
    malformed: int
    logs: int
    read_at: datetime
    """When a log of this format was last read."""


def ingested_formats(folder: Path) -> list[LogFormatFacts]:
    """The formats of all logs that were read so far."""
    record = folder / RECORD_NAME
    if not record.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{record.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            rows = connection.execute(_SOURCES).fetchall()
    except sqlite3.Error as error:
        raise record_error(error, record) from error
    return [
        LogFormatFacts(
            name=name,
            title=title,
            has_ranges=bool(has_ranges),
            has_methods=bool(has_methods),
            has_full_addresses=bool(has_full_addresses),
            has_header_bytes=bool(has_header_bytes),
            final_after_hours=hours,
            lines=lines,
            malformed=malformed,
            logs=logs,
            read_at=datetime.fromisoformat(read_at),
        )
        for name, title, has_ranges, has_methods, has_full_addresses, has_header_bytes, *counts in rows
        for hours, lines, malformed, logs, read_at in (counts,)
    ]


def final_until(formats: Iterable[LogFormatFacts]) -> date | None:
    """The last day that no late lines are expected for, as logs were read long enough after it; None without logs."""
    rows = list(formats)
    if not rows:
        return None
    moment = min(row.read_at - timedelta(hours=row.final_after_hours) for row in rows)
    return moment.date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatsFreshness:
    """How old the figures of a show are."""

    read_at: datetime
    """When logs were last read."""
    final_until: date
    """The last day that no late lines are expected for."""

    def describe(self, now: datetime) -> str:
        """The state in a sentence."""
        days = (now - self.read_at).days
        age = "today" if days < 1 else f"{format_count(days, 'day')} ago"
        return f"statistics: logs last read {age}; days until {self.final_until} are final"


def read_freshness(folder: Path) -> StatsFreshness | None:
    """How old the figures in a folder of statistics are; None where no log was read."""
    formats = ingested_formats(folder)
    day = final_until(formats)
    return StatsFreshness(max(row.read_at for row in formats), day) if day else None


def remove_days(folder: Path, days: Iterable[str]) -> int:
    """Delete the requests of these days (as YYYY-MM-DD); returns how many they were.

    The record forgets them first: a run that is killed in the middle leaves files that the next one removes.
    """
    record = folder / RECORD_NAME
    names = sorted(days)
    if not names or not record.exists():
        return 0
    marks = ", ".join("?" * len(names))
    try:
        with closing(sqlite3.connect(record, timeout=BUSY_TIMEOUT_S)) as connection:
            query = f"DELETE FROM parts WHERE day IN ({marks}) RETURNING path, requests"  # noqa: S608  # only marks
            rows = connection.execute(query, names).fetchall()
            connection.commit()
    except sqlite3.Error as error:
        raise record_error(error, record) from error
    for path, _ in rows:
        (folder / REQUESTS_FOLDER / path).unlink(missing_ok=True)
    return sum(requests for _, requests in rows)


def record_error(error: sqlite3.Error, record: Path) -> OperationError:
    """What to do about a record that cannot be read."""
    return OperationError(f"{record} cannot be read: {error}", "wait until another run of stats has ended")
