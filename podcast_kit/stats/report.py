"""Count the downloads in requests, and put the results together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podcast_kit.stats.counting import CountingRules, counting_statements, counting_steps

if TYPE_CHECKING:
    from podcast_kit.stats.agents import AgentLists
    from podcast_kit.stats.engines import Engine

UNKNOWN_APP = "other"
"""Where no list knows the user agent."""
REASONS = {
    "other_file": "other files",
    "method": "HEAD and other methods",
    "status": "not modified, refused or failed",
    "probe": "2-byte probes",
    "no_agent": "no user agent",
    "bot": "bots",
    "watch": "paired watches",
    "datacenter": "data centers",
    "referrer": "bogus referrers",
    "eligible": "requests of listeners",
}
"""Why requests are left out, in the words of the report."""


@dataclass(frozen=True, slots=True)
class EnclosureFacts:
    """What the counting must know of a published recording."""

    path: str
    """Of its URL, decoded."""
    guid: str
    slug: str
    title: str
    released_at: datetime
    bytes: int
    head_bytes: int
    """Of the tags before the audio."""
    minute_bytes: int
    """Of the tags and the first 60 s; all bytes where it is shorter."""
    seconds: float = 0.0
    basis: str = "lock"
    """Where head_bytes and minute_bytes come from: `lock`, `file`, or `bitrate` where they are estimated."""

    @property
    def needed_bytes(self) -> int:
        """Bytes of content that make a download."""
        return max(1, self.minute_bytes - self.head_bytes)


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
class DownloadReport:
    """Downloads by day and episode, and what they were counted from."""

    rules: CountingRules
    engine: str
    rows: tuple[DownloadRow, ...]
    listeners_by_day: dict[date, int]
    listeners_by_month: dict[str, int]
    """Month as YYYY-MM → distinct pairs of address and user agent with a download."""
    requests_by_reason: dict[str, int]
    excess_addresses: int
    excess_downloads: int
    enclosures: tuple[EnclosureFacts, ...]
    lists_commit: str
    lists_date: str

    @property
    def downloads(self) -> int:
        """All downloads."""
        return sum(row.downloads for row in self.rows)

    def total_by(self, key: Callable[[DownloadRow], object]) -> Counter[object]:
        """Downloads by what `key` gives for each row."""
        totals: Counter[object] = Counter()
        for row in self.rows:
            totals[key(row)] += row.downloads
        return totals


def count_downloads(
    engine: Engine,
    files: Sequence[Path],
    enclosures: Iterable[EnclosureFacts],
    lists: AgentLists,
    rules: CountingRules,
    bogus_referrers: Iterable[str] = (),
) -> DownloadReport:
    """Count the downloads in these Parquet files of requests; `bogus_referrers` are hosts. Raises OperationError."""
    facts = tuple(enclosures)
    engine.register_requests(files)
    _insert_enclosures(engine, facts)
    _insert_agents(engine, lists)
    _insert_referrers(engine, lists, frozenset(bogus_referrers))
    for step in counting_steps(rules):
        engine.create_table(step.name, step.query, is_view=step.is_view)
    statements = counting_statements()
    months = engine.fetch_rows(statements["listeners_by_month"])
    reasons: Counter[str] = Counter()
    for _day, _source, reason, count in engine.fetch_rows(statements["requests_by_reason"]):
        reasons[reason] += count
    excess = engine.fetch_rows(statements["excess_downloads"])
    return DownloadReport(
        rules=rules,
        engine=engine.name,
        rows=tuple(DownloadRow(*row) for row in engine.fetch_rows(statements["downloads"])),
        listeners_by_day=dict(engine.fetch_rows(statements["listeners_by_day"])),
        listeners_by_month={f"{month // 100}-{month % 100:02}": count for month, count in months},
        requests_by_reason=dict(reasons),
        excess_addresses=sum(row[1] for row in excess),
        excess_downloads=sum(row[2] for row in excess),
        enclosures=facts,
        lists_commit=lists.commit,
        lists_date=lists.date,
    )


def _insert_enclosures(engine: Engine, enclosures: Iterable[EnclosureFacts]) -> None:
    columns = {"path": "VARCHAR", "guid": "VARCHAR", "bytes": "BIGINT", "head_bytes": "BIGINT"}
    by_path = {facts.path: facts for facts in enclosures}
    engine.insert_rows(
        "enclosures",
        {**columns, "needed_bytes": "BIGINT"},
        [(facts.path, facts.guid, facts.bytes, facts.head_bytes, facts.needed_bytes) for facts in by_path.values()],
    )


def _insert_agents(engine: Engine, lists: AgentLists) -> None:
    """Match each distinct user agent once."""
    agents = sorted(row[0] for row in engine.fetch_rows("SELECT DISTINCT agent FROM requests WHERE agent IS NOT NULL"))
    rows = [
        (match.agent, match.name or UNKNOWN_APP, match.device, match.is_bot, match.is_watch)
        for match in lists.match_agents(agents)
    ]
    columns = {"agent": "VARCHAR", "app": "VARCHAR", "device": "VARCHAR", "is_bot": "BOOLEAN", "is_watch": "BOOLEAN"}
    engine.insert_rows("agents", columns, rows)


def _insert_referrers(engine: Engine, lists: AgentLists, bogus_hosts: frozenset[str]) -> None:
    query = "SELECT DISTINCT referrer FROM requests WHERE referrer IS NOT NULL AND referrer <> ''"
    rows = []
    for referrer in sorted(row[0] for row in engine.fetch_rows(query)):
        match = lists.match_referrer(referrer)
        rows.append((referrer, match.name or None, referrer_host(referrer) in bogus_hosts))
    engine.insert_rows("referrers", {"referrer": "VARCHAR", "player": "VARCHAR", "is_bogus": "BOOLEAN"}, rows)


def referrer_host(referrer: str) -> str:
    """The host of a referrer, in lower case; empty where it is not a URL."""
    try:
        return (urlsplit(referrer).hostname or "").lower()
    except ValueError:
        return ""
