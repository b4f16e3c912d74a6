"""Count the downloads in requests: month by month, since listeners are only known within a month."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from podcast_kit.stats.counting import CountingRules, counting_digest, counting_statements, counting_steps
from podcast_kit.stats.enclosures import EnclosureFacts

if TYPE_CHECKING:
    from podcast_kit.stats.agents import AgentLists
    from podcast_kit.stats.engines import Engine
    from podcast_kit.stats.folder import StatsFolder

_MEDIA_TAIL = re.compile(r"/(media/[0-9a-f]{4,64}/[^/]+)$")
RETENTION_PARTS = 100
UNKNOWN_APP = "other"
"""Where no list knows the user agent."""
REASONS = {
    "other_file": "other files",
    "method": "HEAD and other methods",
    "status": "not modified, refused or failed",
    "probe": "2-byte probes",
    "no_agent": "no user agent",
    "watch": "paired watches",
    "bot": "bots",
    "datacenter": "data centers",
    "referrer": "bogus referrers",
    "eligible": "requests of listeners",
}
"""Why requests are left out, in the words of the report."""


@dataclass(frozen=True, slots=True)
class DownloadRow:
    """Downloads on a day, of an episode, by one kind of listener."""

    day: date
    guid: str
    app: str
    device: str
    country: str
    source: str
    downloads: int


@dataclass(frozen=True, slots=True)
class EpisodeRetention:
    """How far people listened to an episode, by those downloads that came in parts."""

    streams: int
    """Downloads that came in parts."""
    parts: tuple[int, ...]
    """How many of these got the middle of each hundredth of the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCounts:
    """What the requests of a month are worth."""

    month: str
    """As YYYY-MM."""
    rows: tuple[DownloadRow, ...]
    listeners_by_day: dict[date, int]
    listeners: int
    """Distinct pairs of address and user agent with a download in the month."""
    requests_by_reason: dict[str, int]
    excess_addresses: int = 0
    excess_downloads: int = 0
    retention: dict[str, EpisodeRetention] | None = None
    """Guid → how far people listened; None where it was not asked for."""

    def to_json(self) -> dict[str, Any]:
        """The counts as a document."""
        return {
            "rows": [[row.day.isoformat(), *astuple(row)[1:]] for row in self.rows],
            "listeners_by_day": {day.isoformat(): count for day, count in self.listeners_by_day.items()},
            "listeners": self.listeners,
            "requests_by_reason": self.requests_by_reason,
            "excess_addresses": self.excess_addresses,
            "excess_downloads": self.excess_downloads,
            "retention": {
                guid: [retention.streams, list(retention.parts)] for guid, retention in self.retention.items()
            }
            if self.retention is not None
            else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadReport:
    """Downloads by day and episode, and what they were counted from."""

    rules: CountingRules
    engine: str
    months: tuple[MonthCounts, ...]
    enclosures: tuple[EnclosureFacts, ...]
    lists_commit: str
    lists_date: str
    final_months: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[DownloadRow, ...]:
        """The rows of all months."""
        return tuple(row for month in self.months for row in month.rows)

    @property
    def downloads(self) -> int:
        """All downloads."""
        return sum(row.downloads for row in self.rows)

    @property
    def listeners_by_day(self) -> dict[date, int]:
        """Day → distinct pairs of address and user agent with a download."""
        return {day: count for month in self.months for day, count in month.listeners_by_day.items()}

    @property
    def listeners_by_month(self) -> dict[str, int]:
        """Month as YYYY-MM → distinct pairs of address and user agent with a download."""
        return {month.month: month.listeners for month in self.months}

    @property
    def excess_addresses(self) -> int:
        """Addresses, a day, that were left out since they had more downloads than people have."""
        return sum(month.excess_addresses for month in self.months)

    @property
    def excess_downloads(self) -> int:
        """Downloads of these addresses."""
        return sum(month.excess_downloads for month in self.months)

    @property
    def requests_by_reason(self) -> dict[str, int]:
        """Reason → requests that were left out for it."""
        totals: Counter[str] = Counter()
        for month in self.months:
            totals.update(month.requests_by_reason)
        return dict(totals)

    def retention_of(self, guid: str) -> EpisodeRetention:
        """How far people listened to an episode, in all months."""
        rows = [month.retention[guid] for month in self.months if month.retention and guid in month.retention]
        parts = tuple(sum(row.parts[part] for row in rows) for part in range(RETENTION_PARTS))
        return EpisodeRetention(sum(row.streams for row in rows), parts)

    def total_by(self, key: Callable[[DownloadRow], object]) -> Counter[object]:
        """Downloads by what `key` gives for each row."""
        totals: Counter[object] = Counter()
        for row in self.rows:
            totals[key(row)] += row.downloads
        return totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingInput:
    """What is counted against: recordings, user agents and rules."""

    enclosures: tuple[EnclosureFacts, ...]
    lists: AgentLists
    rules: CountingRules
    bogus_referrers: frozenset[str] = frozenset()
    """Hosts, in lower case."""
    needs_retention: bool = False

    def digest(self, files: Iterable[Path]) -> str:
        """Changes when the counts of these files of requests could."""
        parts = [
            counting_digest(),
            [astuple(self.rules), sorted(self.bogus_referrers), self.lists.digest, self.needs_retention],
            [(facts.paths, facts.guid, facts.bytes, facts.head_bytes, facts.minute_bytes) for facts in self.enclosures],
            sorted(str(file) for file in files),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def count_downloads(
    engine: Engine, files: Sequence[Path], counting: CountingInput, final_months: Iterable[str] = ()
) -> DownloadReport:
    """Count the downloads in these Parquet files of requests. Raises OperationError."""
    months = count_months(engine, files, counting) if files else []
    return make_report(engine.name, counting, months, final_months)


def make_report(
    engine_name: str, counting: CountingInput, months: Iterable[MonthCounts], final_months: Iterable[str] = ()
) -> DownloadReport:
    """A report of months that were counted, in their order."""
    return DownloadReport(
        rules=counting.rules,
        engine=engine_name,
        months=tuple(sorted(months, key=lambda counts: counts.month)),
        enclosures=counting.enclosures,
        lists_commit=counting.lists.commit,
        lists_date=counting.lists.date,
        final_months=tuple(final_months),
    )


def count_months(engine: Engine, files: Sequence[Path], counting: CountingInput) -> list[MonthCounts]:
    """The counts of each month in these files."""
    prepare_tables(engine, files, counting)
    for step in counting_steps(counting.rules):
        engine.create_table(step.name, step.query, is_view=step.is_view)
    statements = counting_statements()
    rows = [DownloadRow(*row) for row in engine.fetch_rows(statements["downloads"])]
    days = engine.fetch_rows(statements["listeners_by_day"])
    months = {f"{month // 100}-{month % 100:02}": count for month, count in engine.fetch_rows(statements["listeners"])}
    reasons = engine.fetch_rows(statements["requests_by_reason"])
    excess = engine.fetch_rows(statements["excess_downloads"])
    names = {_month_of(day) for day, *_ in reasons} | months.keys()
    retention = _count_retention(engine) if counting.needs_retention else None
    if retention is not None and len(names) > 1:
        raise ValueError("retention is counted for one month at a time")
    return [
        MonthCounts(
            month=name,
            rows=tuple(row for row in rows if _month_of(row.day) == name),
            listeners_by_day={day: count for day, count in days if _month_of(day) == name},
            listeners=months.get(name, 0),
            requests_by_reason=_add_counts(
                (reason, count) for day, _, reason, count in reasons if _month_of(day) == name
            ),
            excess_addresses=sum(count for day, count, _ in excess if _month_of(day) == name),
            excess_downloads=int(sum(count for day, _, count in excess if _month_of(day) == name)),
            retention=retention,
        )
        for name in sorted(names)
    ]


def prepare_tables(engine: Engine, files: Sequence[Path], counting: CountingInput) -> None:
    """The tables that the counting reads: requests, and what is known of their files, user agents and referrers."""
    engine.register_requests(files)
    _insert_enclosures(engine, counting.enclosures)
    _insert_agents(engine, counting.lists)
    _insert_referrers(engine, counting.lists, counting.bogus_referrers)
    _insert_places(engine)


def month_counts_from_json(month: str, document: dict[str, Any]) -> MonthCounts:
    """What `MonthCounts.to_json` gave."""
    return MonthCounts(
        month=month,
        rows=tuple(DownloadRow(date.fromisoformat(day), *values) for day, *values in document["rows"]),
        listeners_by_day={date.fromisoformat(day): count for day, count in document["listeners_by_day"].items()},
        listeners=document["listeners"],
        requests_by_reason=document["requests_by_reason"],
        excess_addresses=document["excess_addresses"],
        excess_downloads=document["excess_downloads"],
        retention={
            guid: EpisodeRetention(streams, tuple(parts)) for guid, (streams, parts) in document["retention"].items()
        }
        if document.get("retention") is not None
        else None,
    )


def _count_retention(engine: Engine) -> dict[str, EpisodeRetention]:
    statements = counting_statements()
    engine.insert_rows("parts", {"part": "BIGINT"}, [(part,) for part in range(RETENTION_PARTS)])
    for name in ("files", "streams"):
        engine.create_table(name, statements[name], is_view=False)
    parts: dict[str, list[int]] = {}
    for guid, part, count in engine.fetch_rows(statements["heard_parts"]):
        parts.setdefault(guid, [0] * RETENTION_PARTS)[part] = count
    return {
        guid: EpisodeRetention(streams, tuple(parts.get(guid, [0] * RETENTION_PARTS)))
        for guid, streams in engine.fetch_rows(statements["stream_counts"])
    }


def _month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def _add_counts(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for key, count in pairs:
        totals[key] += count
    return dict(totals)


def _insert_enclosures(engine: Engine, enclosures: Iterable[EnclosureFacts]) -> None:
    """Number the recordings, and map the paths of the logs to them."""
    by_file = {facts.file: facts for facts in enclosures}
    file_ids = {file: number for number, file in enumerate(sorted(by_file), 1)}
    guids = sorted({facts.guid for facts in by_file.values()})
    guid_ids = {guid: number for number, guid in enumerate(guids, 1)}
    facts_by_path = {path: facts for facts in by_file.values() for path in facts.paths}
    by_tail = {path_tail(path): facts for path, facts in facts_by_path.items() if path_tail(path)}
    for (path,) in engine.fetch_rows("SELECT DISTINCT path FROM requests WHERE path LIKE '%/media/%'"):
        if facts := by_tail.get(path_tail(path)):
            facts_by_path.setdefault(path, facts)
    numbers = dict.fromkeys(("file_id", "guid_id", "bytes", "head_bytes", "needed_bytes"), "BIGINT")
    engine.insert_rows(
        "enclosures",
        {"path": "VARCHAR", **numbers},
        [
            (path, file_ids[facts.file], guid_ids[facts.guid], facts.bytes, facts.head_bytes, facts.needed_bytes)
            for path, facts in sorted(facts_by_path.items())
        ],
    )
    engine.insert_rows(
        "recordings",
        {"guid": "VARCHAR", **numbers},
        [
            (facts.guid, file_id, guid_ids[facts.guid], facts.bytes, facts.head_bytes, facts.needed_bytes)
            for facts, file_id in ((by_file[file], file_id) for file, file_id in file_ids.items())
        ],
    )


def path_tail(path: str) -> str:
    """`media/DIGEST/NAME` at the end of a path, which is unique below whatever prefix; empty for other paths.

    >>> path_tail("/bucket/show/media/0f3a/001-talk.mp3"), path_tail("/media/../001-talk.mp3")
    ('media/0f3a/001-talk.mp3', '')
    """
    match = _MEDIA_TAIL.search(path)
    return match[1] if match and ".." not in path.split("/") else ""


def _insert_agents(engine: Engine, lists: AgentLists) -> None:
    """Match each distinct user agent once."""
    agents = sorted(row[0] for row in engine.fetch_rows("SELECT DISTINCT agent FROM requests WHERE agent IS NOT NULL"))
    kind_ids: dict[tuple[str, str], int] = {}
    rows = []
    for number, match in enumerate(lists.match_agents(agents), 1):
        app = match.name or UNKNOWN_APP
        kind_id = kind_ids.setdefault((app, match.device), len(kind_ids) + 1)
        rows.append((match.agent, number, kind_id, app, match.device, match.is_bot, match.is_watch))
    columns = {"agent": "VARCHAR", "agent_id": "BIGINT", "kind_id": "BIGINT", "app": "VARCHAR", "device": "VARCHAR"}
    engine.insert_rows("agents", {**columns, "is_bot": "BOOLEAN", "is_watch": "BOOLEAN"}, rows)


def _insert_referrers(engine: Engine, lists: AgentLists, bogus_hosts: frozenset[str]) -> None:
    query = "SELECT DISTINCT referrer FROM requests WHERE referrer IS NOT NULL AND referrer <> ''"
    rows = []
    player_ids: dict[str, int] = {}
    for referrer in sorted(row[0] for row in engine.fetch_rows(query)):
        name = lists.match_referrer(referrer).name
        player_id = player_ids.setdefault(name, len(player_ids) + 1) if name else 0
        rows.append((referrer, player_id, name, referrer_host(referrer) in bogus_hosts))
    columns = {"referrer": "VARCHAR", "player_id": "BIGINT", "player": "VARCHAR", "is_bogus": "BOOLEAN"}
    engine.insert_rows("referrers", columns, rows)


def _insert_places(engine: Engine) -> None:
    """Number the pairs of country and source, in their order: where a listener has several, the last one counts."""
    query = "SELECT DISTINCT COALESCE(country, '') AS country, COALESCE(source, '') AS source FROM requests"
    rows = [(*place, number) for number, place in enumerate(sorted(engine.fetch_rows(query)), 1)]
    engine.insert_rows("places", {"country": "VARCHAR", "source": "VARCHAR", "place_id": "BIGINT"}, rows)


def referrer_host(referrer: str) -> str:
    """The host of a referrer, in lower case; empty where it is not a URL."""
    try:
        return (urlsplit(referrer).hostname or "").lower()
    except ValueError:
        return ""


def count_with_memory(
    engine: Engine, folder: StatsFolder, parts: dict[str, list[Path]], counting: CountingInput
) -> list[MonthCounts]:
    """The counts of all months: those of final ones as written, of others from their requests if these have changed."""
    months = [
        month_counts_from_json(month, folder.read_final(month)["windows"][counting.rules.window])
        for month in folder.final_months()
    ]
    files_by_month: dict[str, list[Path]] = {}
    for day, files in sorted(parts.items()):
        if not folder.is_final(day[:7]):
            files_by_month.setdefault(day[:7], []).extend(files)
    for month, files in files_by_month.items():
        digest = counting.digest(files)
        if document := folder.read_open(month, digest):
            months.append(month_counts_from_json(month, document))
            continue
        for counts in count_months(engine, files, counting):
            folder.write_open(month, digest, counts.to_json())
            months.append(counts)
    return months


def finish_months(
    engine: Engine, folder: StatsFolder, parts: dict[str, list[Path]], counting: CountingInput, first_open: date
) -> list[str]:
    """Write the counts of the months that ended before `first_open`'s month, by every window; returns their names.

    Afterwards their requests can be deleted: nothing that is counted needs them any more.
    """
    ended = sorted({day[:7] for day in parts if day[:7] < _month_of(first_open)})
    finished = []
    for month in ended:
        if folder.is_final(month):
            continue
        files = [file for day in sorted(parts) if day.startswith(month) for file in parts[day]]
        windows = {}
        for window in type(counting.rules.window):
            rules = CountingRules(window, counting.rules.max_downloads_per_address)
            by_window = CountingInput(
                enclosures=counting.enclosures,
                lists=counting.lists,
                rules=rules,
                bogus_referrers=counting.bogus_referrers,
                needs_retention=True,
            )
            [counts] = count_months(engine, files, by_window)
            windows[str(window)] = counts.to_json()
        lists = {"commit": counting.lists.commit, "date": counting.lists.date}
        folder.write_final(month, {"schema": 1, "month": month, "windows": windows, "lists": lists})
        finished.append(month)
    return finished
