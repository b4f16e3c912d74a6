"""The whole of a run: read new logs, finish months that are final, count the rest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.stats.agents import AgentLists, load_agent_lists
from podcast_kit.stats.counting import CountingRules
from podcast_kit.stats.enclosures import (
    EnclosureFacts,
    enclosures_from_json,
    enclosures_to_json,
    merge_enclosures,
)
from podcast_kit.stats.engines import DEFAULT_MEMORY, DuckDBEngine, Engine
from podcast_kit.stats.ingest import IngestResult, ingest_logs
from podcast_kit.stats.log_sources import AddressDirectory, LogSource
from podcast_kit.stats.record import LogFormatFacts, final_until, ingested_formats, remove_days, request_parts
from podcast_kit.stats.report import CountingInput, DownloadReport, count_with_memory, finish_months, make_report
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.stats.folder import StatsFolder

ENCLOSURES_RECORD = "enclosures.json"
AGENT_LISTS_RECORD = "user-agents.json"
LATE_FIX = "read logs within --keep-days of the end of their month"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsOptions:
    """What may be chosen."""

    rules: CountingRules = field(default_factory=CountingRules)
    bogus_referrers: frozenset[str] = frozenset()
    engine: str = "duckdb"
    master: str = ""
    """Of Spark, such as spark://host:7077; empty for the cores of this computer."""
    url: str = ""
    """Of ClickHouse's HTTP interface."""
    memory: str = DEFAULT_MEMORY
    needs_retention: bool = False
    """Whether to count how far people listen, too."""
    keep_days: int = 7
    """Days after the end of a month for which its requests are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsUpdate:
    """What a run read and counted."""

    report: DownloadReport
    ingest: IngestResult
    formats: tuple[LogFormatFacts, ...]
    final_until: date | None
    """The last day that no late lines are expected for."""
    finished: tuple[str, ...]
    """Months that became final in this run: their requests and salts are deleted."""
    problems: tuple[Problem, ...]


def update_statistics(
    folder: StatsFolder,
    sources: Iterable[LogSource],
    enclosures: Iterable[EnclosureFacts],
    options: StatsOptions,
    *,
    now: datetime,
    addresses: AddressDirectory | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> StatsUpdate:
    """Read the logs that are new, look up their addresses, and count. Raises OperationError and InvalidInput."""
    counting = CountingInput(
        enclosures=tuple(_remember_enclosures(folder, enclosures)),
        lists=current_agent_lists(folder),
        rules=options.rules,
        bogus_referrers=options.bogus_referrers,
        needs_retention=options.needs_retention,
    )
    ingest = ingest_logs(
        folder.root,
        sources,
        salts=folder,
        now=now,
        memory=options.memory,
        addresses=addresses,
        on_progress=on_progress,
    )
    problems = list(ingest.problems)
    final_months = set(folder.final_months())
    late_days = [day for day in request_parts(folder.root) if day[:7] in final_months]
    if late_count := remove_days(folder.root, late_days):
        text = f"{format_count(late_count, 'line')} of months that are final came too late to be counted"
        problems.append(Problem(SourceLocation("stats"), text, LATE_FIX, "stats.late", Severity.WARNING))
    for month in final_months:  # a run that was killed may have left them
        _forget_month(folder, month)
    formats = tuple(ingested_formats(folder.root))
    on_progress("counting")
    with open_engine(options, folder) as engine:
        first_open = _first_open_day(now, options, formats)
        finished = finish_months(engine, folder, request_parts(folder.root), counting, first_open)
        for month in finished:
            remove_days(folder.root, [day for day in request_parts(folder.root) if day.startswith(month)])
            _forget_month(folder, month)
        months = count_with_memory(engine, folder, request_parts(folder.root), counting)
        report = make_report(engine.name, counting, months, folder.final_months())
    return StatsUpdate(
        report=report,
        ingest=ingest,
        formats=formats,
        final_until=final_until(formats),
        finished=tuple(finished),
        problems=tuple(problems),
    )


def current_agent_lists(folder: StatsFolder) -> AgentLists:
    """The list of user agents that was given last, or the one that is shipped."""
    path = folder.root / AGENT_LISTS_RECORD
    return load_agent_lists(path if path.exists() else None)


@contextmanager
def open_engine(options: StatsOptions, folder: StatsFolder) -> Iterator[Engine]:
    """The engine of the options, with a temporary folder beside the requests."""
    with tempfile.TemporaryDirectory(prefix="counting-", dir=folder.root, ignore_cleanup_errors=True) as work:
        if options.engine == "clickhouse":
            from podcast_kit.stats.clickhouse_engine import ClickHouseEngine

            with ClickHouseEngine(options.url) as clickhouse:
                yield clickhouse
        elif options.engine == "spark":
            from podcast_kit.stats.spark_engine import LOCAL_MASTER, SparkEngine

            with SparkEngine(options.master or LOCAL_MASTER, Path(work), options.memory) as spark:
                yield spark
        else:
            with DuckDBEngine(Path(work), options.memory) as duckdb:
                yield duckdb


def _remember_enclosures(folder: StatsFolder, enclosures: Iterable[EnclosureFacts]) -> list[EnclosureFacts]:
    """Recordings that were replaced still have listeners: what was ever counted stays known."""
    record = folder.read_record(ENCLOSURES_RECORD)
    facts = merge_enclosures(enclosures, enclosures_from_json(record or []))
    document = enclosures_to_json(facts)
    if document != record:
        folder.write_record(ENCLOSURES_RECORD, document)
    return facts


def _first_open_day(now: datetime, options: StatsOptions, formats: Iterable[LogFormatFacts]) -> date:
    """The day that months must have ended before to be final."""
    late_hours = max((row.final_after_hours for row in formats), default=0)
    return (now.astimezone(UTC) - max(timedelta(days=options.keep_days), timedelta(hours=late_hours))).date()


def _forget_month(folder: StatsFolder, month: str) -> None:
    folder.delete_salt(month)
    folder.forget_open(month)
