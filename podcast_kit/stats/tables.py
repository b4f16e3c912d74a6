"""What a report shows: downloads by episode, day, week, app and so on, within a period."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from podcast_kit.io.atomic_write import atomic_path
from podcast_kit.io.temp_folder import TemporaryFolder
from podcast_kit.stats.engines import DuckDBEngine
from podcast_kit.stats.report import UNKNOWN_APP, DownloadReport, DownloadRow

RELEASE_DAYS = (7, 30, 90)
"""After the release, for which the downloads of episodes are compared."""
CSV_COLUMNS = ("day", "guid", "slug", "title", "app", "device", "country", "source", "downloads")


class Dimension(StrEnum):
    """By what downloads can be listed; the value is what is typed and shown."""

    EPISODE = "episode"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    APP = "app"
    DEVICE = "device"
    COUNTRY = "country"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeDownloads:
    """An episode and its downloads."""

    guid: str
    slug: str
    title: str
    released_at: datetime
    downloads: int
    """In the period."""
    after_release: dict[int, int | None]
    """Days → downloads in the first days after the release, whatever the period; None where they are not over yet."""
    by_day: dict[date, int]
    """In the period; days without a download are left out."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a report is about, both included; None where it begins or ends with the data."""

    first: date | None = None
    last: date | None = None

    def includes(self, day: date) -> bool:
        """Whether a day is part of the period."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadTables:
    """A report within a period, added up in each way that it is shown."""

    report: DownloadReport
    first: date | None
    """The first day with a request or download, or of the period; None without any."""
    last: date | None
    episodes: tuple[EpisodeDownloads, ...]
    """The newest first; also those without a download."""
    days: dict[date, int]
    """Every day from first to last."""
    weeks: dict[date, int]
    """Monday → downloads of the week."""
    months: dict[str, int]
    by_name: dict[Dimension, dict[str, int]]
    """Dimension → name → downloads, most first; of app, device, country and source."""
    listeners: dict[date, int]

    @property
    def downloads(self) -> int:
        """All downloads of the period."""
        return sum(self.days.values())


def make_tables(report: DownloadReport, period: Period, complete_until: date | None = None) -> DownloadTables:
    """Add up a report; days behind `complete_until` may still get downloads from late lines."""
    rows = [row for row in report.rows if period.includes(row.day)]
    data_days = [row.day for row in report.rows] + list(report.listeners_by_day)
    first = period.first or min(data_days, default=None)
    last = period.last or max(data_days, default=None)
    days = dict.fromkeys(_days_between(first, last), 0) if first and last else {}
    weeks: Counter[date] = Counter()
    months: Counter[str] = Counter()
    for day in days:
        weeks[monday_of(day)] += 0
        months[f"{day:%Y-%m}"] += 0
    for row in rows:
        days[row.day] += row.downloads
        weeks[monday_of(row.day)] += row.downloads
        months[f"{row.day:%Y-%m}"] += row.downloads
    return DownloadTables(
        report=report,
        first=first,
        last=last,
        episodes=tuple(_episode_rows(report, rows, complete_until or last)),
        days=days,
        weeks=dict(weeks),
        months=dict(months),
        by_name={
            Dimension.APP: _totals_by_name((row.app, row) for row in rows),
            Dimension.DEVICE: _totals_by_name((row.device or UNKNOWN_APP, row) for row in rows),
            Dimension.COUNTRY: _totals_by_name((row.country or "unknown", row) for row in rows),
            Dimension.SOURCE: _totals_by_name((row.source or "unknown", row) for row in rows),
        },
        listeners={day: count for day, count in report.listeners_by_day.items() if period.includes(day)},
    )


def monday_of(day: date) -> date:
    """The first day of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def render_csv(report: DownloadReport, period: Period) -> str:
    """Every row of the period: downloads of a day by episode, app, device, country and source."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(export_rows(report, period))
    return text.getvalue()


def export_rows(report: DownloadReport, period: Period) -> list[tuple[object, ...]]:
    """The rows of the period, with the episodes' names."""
    names = {facts.guid: (facts.slug, facts.title) for facts in report.enclosures}
    return [
        (
            *(row.day.isoformat(), row.guid, *names.get(row.guid, ("", ""))),
            *(row.app, row.device, row.country, row.source, row.downloads),
        )
        for row in report.rows
        if period.includes(row.day)
    ]


def _episode_rows(
    report: DownloadReport, rows: Sequence[DownloadRow], complete_until: date | None
) -> list[EpisodeDownloads]:
    by_guid: dict[str, Counter[date]] = {}
    for row in rows:
        by_guid.setdefault(row.guid, Counter())[row.day] += row.downloads
    all_days: dict[str, Counter[date]] = {}
    for row in report.rows:
        all_days.setdefault(row.guid, Counter())[row.day] += row.downloads
    episodes = {}
    for facts in report.enclosures:
        days = by_guid.get(facts.guid, Counter())
        first = facts.released_at.date()
        after_release: dict[int, int | None] = {}
        for count in RELEASE_DAYS:
            end = first + timedelta(days=count)
            is_over = complete_until is not None and end <= complete_until + timedelta(days=1)
            total = sum(n for day, n in all_days.get(facts.guid, Counter()).items() if first <= day < end)
            after_release[count] = total if is_over else None
        episodes[facts.guid] = EpisodeDownloads(
            guid=facts.guid,
            slug=facts.slug,
            title=facts.title,
            released_at=facts.released_at,
            downloads=sum(days.values()),
            after_release=after_release,
            by_day=dict(sorted(days.items())),
        )
    return sorted(episodes.values(), key=lambda row: (row.released_at, row.guid), reverse=True)


def _totals_by_name(pairs: Iterable[tuple[str, DownloadRow]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for name, row in pairs:
        totals[name] += row.downloads
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))


def _days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def write_parquet(report: DownloadReport, period: Period, path: Path) -> None:
    """Write the rows of the period as a Parquet file. Raises OperationError."""
    kinds = dict.fromkeys(CSV_COLUMNS, "VARCHAR") | {"day": "DATE", "downloads": "BIGINT"}
    with atomic_path(path) as part, TemporaryFolder() as work, DuckDBEngine(Path(work)) as engine:
        engine.insert_rows("rows_to_write", kinds, export_rows(report, period))
        engine.write_table("rows_to_write", part)
