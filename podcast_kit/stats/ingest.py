"""Reads new access logs into requests: Parquet files by day, with a record of what was read.

A log's rows count once the record names them, and the record is written last, in one transaction: whatever happens in
the middle, a log is either read completely or not at all. Files that the record does not name are removed at the next
run. What was read already is recognized by name, size and time, or by content where a log was renamed, compressed or
has grown.
"""

# ruff: noqa: S608  # the SQL consists of our own formats and quoted paths

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.io.atomic_write import flush_disk, write_error
from podcast_kit.io.consent import PRIVATE_FOLDER_MODE
from podcast_kit.stats.engines import quote_text
from podcast_kit.stats.line_chunk import COMMENT_START, LineChunk
from podcast_kit.stats.log_sources import AddressDirectory, FetchedLog, LogSource, SaltSource
from podcast_kit.stats.record import REQUESTS_FOLDER, open_record
from podcast_kit.stats.request_queries import (
    VALID,
    columns_query,
    malformed_query,
    request_rows_query,
    requests_query,
    salt_variable,
)
from podcast_kit.stats.sources.log_formats import LogFormat, log_macros
from podcast_kit.stats.sources.log_lines import MalformedLines, read_lines, read_raw_blocks
from podcast_kit.stats.sources.recognize import read_fields_line, recognize_format

if TYPE_CHECKING:
    import duckdb

CHUNK_BYTES = 128 << 20
"""Lines that DuckDB parses at once."""
SAMPLE_BYTES = 64 << 10
FETCH_AHEAD = 32
"""Logs of a store that are fetched while one is read."""
BATCH_ID_BYTES = 8
LOG_COLUMNS = 13
FIELDS_START = b"#Fields:"
_FIELDS_LINE = re.compile(rb"^#Fields:.*", re.MULTILINE)
EMPTY_LOG = LogFormat(name="empty", title="empty log", split="")
DAY_PREFIX = "day="
INGEST_MEMORY = "1GB"
CHUNK_TABLE = "chunk_requests"
MAX_FILTERED_DAYS = 40
"""Of a chunk, above which its requests are partitioned instead."""
PARQUET_OPTIONS = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION snappy"
"""The delta encodings of version 2 make moments and texts smaller than zstd does, in less time."""
DISABLED_OPTIMIZERS = "filter_pushdown"
"""While lines are read: it would parse each line once more for the filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedLog:
    """What the record says of one log."""

    name: str
    log_format: LogFormat
    lines: int
    malformed: MalformedLines


@dataclass(slots=True, kw_only=True)
class IngestResult:
    """What a run read."""

    logs: list[IngestedLog] = field(default_factory=list)
    unchanged: int = 0
    """Logs that were read by an earlier run and not opened."""
    repeated: int = 0
    """Logs whose content was read before under another name."""
    repeated_lines: int = 0
    """Lines that were delivered twice, told by the id of their request."""
    problems: list[Problem] = field(default_factory=list)
    """Of logs that were not read, and of malformed lines."""
    days: set[str] = field(default_factory=set)
    """Days that got new requests."""
    requests: int = 0


def ingest_logs(
    folder: Path,
    sources: Iterable[LogSource],
    *,
    salts: SaltSource,
    now: datetime,
    memory: str = INGEST_MEMORY,
    log_format: LogFormat | None = None,
    addresses: AddressDirectory | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> IngestResult:
    """Read every log that is new or has changed, and look up its addresses.

    Raises OperationError where the disk or another run is in the way.

    Logs that cannot be read are reported in the result and are read again by the next run.
    """
    result = IngestResult()
    try:
        folder.mkdir(PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
        with (
            open_record(folder) as record,
            tempfile.TemporaryDirectory(prefix="reading-", dir=folder) as work,
            open_duckdb(memory, Path(work)) as database,
            closing(LineChunk(Path(work) / "lines")) as chunk,
        ):
            run = _Run(folder, chunk, record, database, salts, now, result)
            run.addresses = addresses
            run.remove_unrecorded()
            new_sources = run.skip_unchanged(sources)
            for number, source in enumerate(new_sources):
                on_progress(source.name)
                for ahead in new_sources[number : number + FETCH_AHEAD]:
                    if isinstance(ahead, FetchedLog):
                        ahead.start_fetch()
                run.read_source(source, log_format)
            run.flush()
    except OSError as error:
        raise write_error(error, str(folder)) from error
    return result


@contextmanager
def open_duckdb(memory: str, work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB that loads nothing from elsewhere, counts in UTC, and spills to `work` above `memory`."""
    try:
        import duckdb
    except ImportError:
        fix = "install it with: pip install 'podcast-kit[stats]'"
        raise OperationError("download statistics need DuckDB, which is not installed", fix) from None
    with duckdb.connect() as database:
        for name, value in (
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("TimeZone", "UTC"),
            ("memory_limit", memory),
            ("temp_directory", str(work)),
            ("preserve_insertion_order", False),
            ("disabled_optimizers", DISABLED_OPTIMIZERS),
        ):
            database.execute(f"SET {name} = ?", [value])
        yield database


@dataclass(slots=True)
class _OpenLog:
    """The log that is being read."""

    source: LogSource
    log_format: LogFormat | None = None
    first_line: str = ""
    """Digest of its first line."""
    candidates: dict[int, set[int]] = field(default_factory=dict)
    """Length → checksums of contents that were read before and begin with the same line."""
    start: tuple[int, int, int] = (0, 0, 0)
    """The position in the chunk before its own lines."""
    end_line: int = 0
    """Lines of the chunk up to its last one."""
    lines_before: int = 0
    """Number of its lines before the first one in the chunk."""
    length: int = 0
    checksum: int = 0
    repeated: bool = False
    malformed: MalformedLines = field(default_factory=MalformedLines)

    def keeps_last_line(self, line: bytes) -> bool:
        """Whether a last line without a newline is whole; otherwise its server is writing it, and it is read later."""
        if self.log_format is None or self.log_format.comment:
            return True
        return recognize_format(line.decode("utf-8", "replace")) is not None


class _Run:
    """One run over all logs."""

    def __init__(
        self,
        folder: Path,
        chunk: LineChunk,
        record: sqlite3.Connection,
        database: duckdb.DuckDBPyConnection,
        salts: SaltSource,
        now: datetime,
        result: IngestResult,
    ) -> None:
        self.requests_folder, self.chunk = folder / REQUESTS_FOLDER, chunk
        self.record, self.database, self.salts, self.now, self.result = record, database, salts, now, result
        self.complete: list[_OpenLog] = []
        """Logs that are completely read, with lines in the chunk."""
        self.parts: list[_Part] = []
        """Of a log that is being read, or complete, and not yet recorded."""
        self.addresses: AddressDirectory | None = None
        self.months: dict[str, int] = {}
        """Months whose salt DuckDB has → its length in bytes."""
        database.execute(log_macros())

    def remove_unrecorded(self) -> None:
        """Remove what a run left behind that did not end."""
        names = {path for (path,) in self.record.execute("SELECT path FROM parts")}
        for path in self.requests_folder.glob(f"{DAY_PREFIX}*/*"):
            if path.relative_to(self.requests_folder).as_posix() not in names:
                path.unlink()
        for path in self.requests_folder.parent.glob("reading-*"):
            if path != self.chunk.path.parent:
                shutil.rmtree(path, ignore_errors=True)

    def skip_unchanged(self, sources: Iterable[LogSource]) -> list[LogSource]:
        """The sources that no earlier run has read."""
        versions = dict(self.record.execute("SELECT name, version FROM logs WHERE version <> ''"))
        new_sources = []
        for source in sources:
            if versions.get(source.name) != source.version:
                new_sources.append(source)
                continue
            self.result.unchanged += 1
            if isinstance(source, FetchedLog):
                source.discard()
        return new_sources

    def read_source(self, source: LogSource, log_format: LogFormat | None) -> None:
        """Read one log; what is wrong with it becomes a problem of the result."""
        log = _OpenLog(source)
        try:
            with source.open_log() as stream:
                self._read_stream(log, stream, log_format)
        except InvalidInput as error:
            self._forget(log)
            self.result.problems.extend(error.problems)
        except OSError as error:
            self._forget(log)
            text, fix = f"cannot be read: {error.strerror or error}", "check the name and the permissions"
            self.result.problems.append(Problem(SourceLocation(source.name), text, fix, "file.read"))

    def _read_stream(self, log: _OpenLog, stream: IO[bytes], log_format: LogFormat | None) -> None:
        log.start = self.chunk.position
        for lines in read_lines(read_raw_blocks(stream, log.source.name), log.malformed.add_line, log.keeps_last_line):
            if log.log_format is None:
                self._begin_log(log, lines, log_format)
            for section_format, section in _split_sections(lines, log.log_format):
                if section_format != self.chunk.log_format:
                    self._parse_open_log(log)
                    self.chunk.log_format = log.log_format = section_format
                self._append(log, section)
        log.end_line = self.chunk.lines
        log.repeated = log.checksum in log.candidates.get(log.length, ())
        self.complete.append(log)
        if self.parts or self.chunk.size >= CHUNK_BYTES:
            self.flush()

    def _begin_log(self, log: _OpenLog, lines: bytes, log_format: LogFormat | None) -> None:
        sample = lines[:SAMPLE_BYTES]
        log.log_format = log_format or recognize_format(sample.decode("utf-8", "replace"))
        if log.log_format is None:
            text = "is not in a log format that is known here"
            fix = "see `podcast-kit stats setup` for the formats and how to switch them on"
            raise InvalidInput([Problem(SourceLocation(log.source.name, 1), text, fix, "log.format")])
        if "agent" not in log.log_format.columns:
            text = f"is a {log.log_format.title}, which does not have the user agents that counting needs"
            fix = "switch to the combined format; `podcast-kit stats setup` shows how"
            raise InvalidInput([Problem(SourceLocation(log.source.name, 1), text, fix, "log.agents")])
        first = next((line for line in sample.split(b"\n") if line and not line.startswith(COMMENT_START)), b"")
        log.first_line = hashlib.sha256(first).hexdigest()
        contents = "SELECT length, checksum FROM contents WHERE first_line = ?"
        for length, checksum in self.record.execute(contents, [log.first_line]):
            log.candidates.setdefault(length, set()).add(checksum)
        if self.chunk.log_format != log.log_format:
            self.flush()
            log.start = 0, 0, 0
        self.chunk.log_format = log.log_format

    def _append(self, log: _OpenLog, lines: bytes) -> None:
        """Add lines to the chunk, and forget those before them that an earlier run has read."""
        from isal.isal_zlib import crc32

        for length in sorted(log.candidates):
            if log.length < length <= log.length + len(lines):
                known, lines = lines[: length - log.length], lines[length - log.length :]
                log.checksum, log.length = crc32(known, log.checksum), length
                self.chunk.append(known)
                if log.checksum in log.candidates[length]:
                    log.lines_before += self.chunk.lines - log.start[1]
                    self.chunk.truncate(log.start)
        log.checksum, log.length = crc32(lines, log.checksum), log.length + len(lines)
        self.chunk.append(lines)
        if self.chunk.size >= CHUNK_BYTES and log.length >= max(log.candidates, default=0):
            self._parse_open_log(log)

    def _forget(self, log: _OpenLog) -> None:
        """Forget all that was read of a log that turned out to be unreadable."""
        for part in self.parts:
            (self.requests_folder / part.path).unlink(missing_ok=True)
        self.parts = []
        self.chunk.truncate(log.start)

    def _parse_open_log(self, log: _OpenLog) -> None:
        """Parse what the chunk has of a log that goes on; complete logs before it are recorded first."""
        if self.complete:
            log_format, tail = self.chunk.log_format, self.chunk.take_tail(log.start)
            self.flush()
            self.chunk.log_format = log_format
            with tail.open("rb") as file:
                while block := file.read(SAMPLE_BYTES):
                    self.chunk.append(block)
            log.start = 0, 0, 0
        log.end_line = self.chunk.lines
        self._parse_chunk([log])
        log.lines_before += log.end_line - log.start[1]
        self.chunk.truncate()
        log.start = 0, 0, 0

    def flush(self) -> None:
        """Parse the chunk, and record the logs in it."""
        self._parse_chunk(self.complete)
        self._record_complete()
        self.complete, self.parts = [], []
        self.chunk.truncate()
        self.chunk.log_format = None

    def _parse_chunk(self, logs: list[_OpenLog]) -> None:
        """Write the requests of the chunk to parts, and count the lines that are not requests."""
        if self.chunk.log_format is None or not self.chunk.size:
            return
        self.chunk.finish()
        if not self.months:
            self._load_salts(self._months_in_sample())
        while no_salt := self._read_requests(self.chunk.log_format):
            self._load_salts(no_salt)
        parts = self._write_parts()
        if sum(part.requests for part in parts) + self.chunk.headers != self.chunk.lines:
            self._count_malformed(self.chunk.log_format, logs)
        self.parts += self._drop_repeated_lines(parts) if self.chunk.log_format.has_request_ids else parts

    def _read_requests(self, log_format: LogFormat) -> set[str]:
        """Put the requests of the chunk into a table; returns the months whose salt is missing."""
        query = requests_query(log_format, self.chunk.path, self.months)
        if self.addresses:
            query = self._join_address_facts(columns_query(log_format, self.chunk.path), log_format, self.months)
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE {CHUNK_TABLE} AS {query}")
        months = f"SELECT DISTINCT strftime(day, '%Y-%m') FROM (SELECT DISTINCT day FROM {CHUNK_TABLE})"
        return {month for (month,) in self.database.execute(months).fetchall()} - set(self.months)

    def _write_parts(self) -> list[_Part]:
        """Write a part for each day of the table of requests, and drop the table.

        Rows of a day are mostly next to each other in a log, so to filter them is faster than to partition all.
        """
        batch = os.urandom(BATCH_ID_BYTES).hex()
        days = f"SELECT CAST(day AS VARCHAR), count(*) FROM {CHUNK_TABLE} GROUP BY day ORDER BY day"
        parts = [
            _Part(f"{DAY_PREFIX}{day}/{batch}-0.parquet", day, requests)
            for day, requests in self.database.execute(days).fetchall()
        ]
        for part in parts:
            (self.requests_folder / part.path).parent.mkdir(PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
        if len(parts) > MAX_FILTERED_DAYS:
            parts = self._partition_requests(batch)
        else:
            self.database.execute("RESET disabled_optimizers")
            for part in parts:
                rows = f"SELECT * EXCLUDE day FROM {CHUNK_TABLE} WHERE day = DATE '{part.day}'"
                path = quote_text(str(self.requests_folder / part.path))
                self.database.execute(f"COPY ({rows}) TO {path} ({PARQUET_OPTIONS})")
            self.database.execute("SET disabled_optimizers = ?", [DISABLED_OPTIMIZERS])
        self.database.execute(f"DROP TABLE {CHUNK_TABLE}")
        return parts

    def _partition_requests(self, batch: str) -> list[_Part]:
        """Write the parts in one pass: for requests of many days."""
        rows = self.database.execute(
            f"COPY {CHUNK_TABLE} TO {quote_text(str(self.requests_folder))} ({PARQUET_OPTIONS}, PARTITION_BY (day),"
            f" OVERWRITE_OR_IGNORE, FILENAME_PATTERN '{batch}-{{i}}', RETURN_STATS)"
        ).fetchall()
        paths = [(Path(row[0]).relative_to(self.requests_folder), row[1]) for row in rows]
        return [_Part(path.as_posix(), path.parent.name.removeprefix(DAY_PREFIX), count) for path, count in paths]

    def _join_address_facts(self, columns: str, log_format: LogFormat, months: Mapping[str, int]) -> str:
        """SQL for the requests of the chunk with what is known of their addresses."""
        if self.addresses is None:
            return ""
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS {columns}")
        rows = self.database.execute("SELECT DISTINCT network_address(address) FROM parsed").fetchall()
        facts = [(address, self.addresses.look_up(address)) for (address,) in rows if address]
        names = ("network", "known_country", "known_datacenter")
        values = [[address for address, _ in facts], [fact.country for _, fact in facts]]
        datacenters = [fact.is_datacenter for _, fact in facts]
        self.database.execute(
            f"CREATE OR REPLACE TEMP TABLE facts ({names[0]} VARCHAR, {names[1]} VARCHAR, {names[2]} BOOLEAN)"
        )
        self.database.execute(
            "INSERT INTO facts SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[])",
            [*values, datacenters],
        )
        lines = (
            "SELECT parsed.* REPLACE (coalesce(parsed.country, nullif(known_country, '')) AS country,"
            " coalesce(known_datacenter, false) AS is_datacenter) FROM parsed"
            " LEFT JOIN facts ON network = network_address(address)"
        )
        return request_rows_query(log_format, lines, months)

    def _drop_repeated_lines(self, parts: list[_Part]) -> list[_Part]:
        """The parts without requests that they or earlier parts of the day have twice, told by their ids."""
        return [part for part in map(self._without_repeated, parts) if part.requests]

    def _without_repeated(self, part: _Part) -> _Part:
        paths = [path for (path,) in self.record.execute("SELECT path FROM parts WHERE day = ?", [part.day])]
        paths += [pending.path for pending in self.parts if pending.day == part.day]
        earlier = [str(self.requests_folder / path) for path in paths]
        path = self.requests_folder / part.path
        ids = "SELECT request_id FROM read_parquet(?) WHERE request_id IS NOT NULL"
        count = f"SELECT count(*) FROM ({ids} GROUP BY request_id HAVING count(*) > 1)"
        (repeated,) = self.database.execute(count, [[str(path), *earlier]]).fetchall()[0]
        if not repeated:
            return part
        identity = 'request_id, "at", path, range_start'
        self.database.execute(
            f"CREATE OR REPLACE TEMP TABLE kept AS FROM read_parquet({quote_text(str(path))},"
            " hive_partitioning = false)"
            f" QUALIFY request_id IS NULL OR row_number() OVER (PARTITION BY {identity}) = 1"
        )
        if earlier:
            match = " AND ".join(
                f"kept.{name.strip()} IS NOT DISTINCT FROM e.{name.strip()}" for name in identity.split(",")
            )
            self.database.execute(
                f"DELETE FROM kept WHERE request_id IS NOT NULL AND EXISTS (FROM read_parquet(?) AS e WHERE {match})",
                [earlier],
            )
        ((requests,),) = self.database.execute("SELECT count(*) FROM kept").fetchall()
        path.unlink()
        if requests:
            self.database.execute(f"COPY kept TO {quote_text(str(path))} ({PARQUET_OPTIONS})")
        self.result.repeated_lines += part.requests - requests
        return replace(part, requests=requests)

    def _months_in_sample(self) -> set[str]:
        """The months of the first and last lines of the chunk: nearly always all of the first chunk."""
        if self.chunk.log_format is None:
            return set()
        sample = self.chunk.path.with_name("sample")
        with self.chunk.path.open("rb") as file:
            first = file.read(SAMPLE_BYTES)
            file.seek(max(0, self.chunk.size - SAMPLE_BYTES))
            last = file.read()
        sample.write_bytes(first[: first.rfind(b"\n") + 1] + last[last.find(b"\n") + 1 :])
        lines = columns_query(self.chunk.log_format, sample)
        query = f"SELECT DISTINCT strftime(moment, '%Y-%m') FROM ({lines}) WHERE {VALID}"
        rows = self.database.execute(query).fetchall()
        return {month for (month,) in rows}

    def _load_salts(self, months: set[str]) -> None:
        for month in sorted(months - set(self.months)):
            salt = self.salts.salt_of_month(month)
            self.database.execute(f"SET VARIABLE {salt_variable(month)} = ?", [salt.hex()])
            self.months[month] = len(salt)

    def _count_malformed(self, log_format: LogFormat, logs: list[_OpenLog]) -> None:
        """Find the lines that are not requests but should be, and count them for their logs."""
        rows = self.database.execute(malformed_query(log_format, self.chunk.path)).fetchall()
        numbers = sorted(number for (number,) in rows)
        ends = [log.end_line for log in logs]
        for number in numbers:
            log = logs[bisect_left(ends, number)]
            log.malformed.add_line(log.lines_before + number - log.start[1])

    def _record_complete(self) -> None:
        if not self.complete:
            return
        flush_disk()
        self.record.execute("BEGIN")
        for log in self.complete:
            log_format = log.log_format or EMPTY_LOG
            self.record.execute(
                f"INSERT OR REPLACE INTO logs VALUES ({', '.join('?' * LOG_COLUMNS)})",
                [
                    *(log.source.name, log.source.version, log_format.name, log_format.title),
                    *(log.lines_before + log.end_line - log.start[1], log.malformed.count),
                    *(min(log.malformed.lines, default=0), log_format.has_ranges, log_format.has_methods),
                    *(log_format.has_full_addresses, log_format.has_header_bytes, log_format.final_after_hours),
                    self.now.isoformat(),
                ],
            )
            if log.length:
                content = [log.first_line, log.length, log.checksum]
                self.record.execute("INSERT OR IGNORE INTO contents VALUES (?, ?, ?)", content)
        rows = [(part.path, part.day, part.requests) for part in self.parts]
        self.record.executemany("INSERT INTO parts VALUES (?, ?, ?)", rows)
        self.record.execute("COMMIT")
        for log in self.complete:
            self._report_log(log)
            if isinstance(log.source, FetchedLog):
                log.source.discard()
        self.result.days.update(part.day for part in self.parts)
        self.result.requests += sum(part.requests for part in self.parts)

    def _report_log(self, log: _OpenLog) -> None:
        if log.repeated:
            self.result.repeated += 1
        log_format = log.log_format or EMPTY_LOG
        lines = log.lines_before + log.end_line - log.start[1]
        name, count = log.source.name, log.malformed.count
        self.result.logs.append(IngestedLog(name=name, log_format=log_format, lines=lines, malformed=log.malformed))
        if count:
            text = f"{count} line{' is' if count == 1 else 's are'} not in the format of the log and not counted"
            fix = f"the log was read as {log_format.title}; remove the lines if they are not of this log"
            location = SourceLocation(name, min(log.malformed.lines))
            self.result.problems.append(Problem(location, text, fix, "log.lines", Severity.WARNING))


@dataclass(frozen=True, slots=True)
class _Part:
    """A Parquet file of requests of one day."""

    path: str
    """Below the folder of requests."""
    day: str
    requests: int


def _split_sections(lines: bytes, log_format: LogFormat | None) -> Iterator[tuple[LogFormat, bytes]]:
    """Lines with the format that they have: files of a CloudFront log may have been put together."""
    if log_format is None:
        return
    if not log_format.comment or not log_format.columns or COMMENT_START not in lines or FIELDS_START not in lines:
        yield log_format, lines
        return
    start = 0
    for match in _FIELDS_LINE.finditer(lines):
        section_format = read_fields_line(match[0].decode("utf-8", "replace"))
        if section_format is not None and section_format != log_format:
            if match.start() > start:
                yield log_format, lines[start : match.start()]
            start, log_format = match.start(), section_format
    yield log_format, lines[start:]
