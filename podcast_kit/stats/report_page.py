"""The report as a page: what its charts and tables show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from podcast_kit.site import StatsBreakdown, StatsChart, StatsMark, StatsPage, StatsPoint, StatsRow, render_stats_page
from podcast_kit.stats.listening import EpisodeListening
from podcast_kit.stats.method import describe_method
from podcast_kit.stats.report import REASONS
from podcast_kit.stats.session import StatsUpdate
from podcast_kit.stats.tables import RELEASE_DAYS, Dimension, DownloadTables, EpisodeDownloads
from podcast_kit.text.timecode import format_short_timecode

MAX_DAILY_POINTS = 120
"""Of the chart; longer periods are shown by week."""
MAX_BARS = 12
MAX_RELEASE_MARKS = 40
MAX_TITLE_CHARS_ON_PAGE = 64
SPARK_POINTS = 24
_BREAKDOWNS = {
    Dimension.APP: "Apps",
    Dimension.DEVICE: "Devices",
    Dimension.COUNTRY: "Countries",
    Dimension.SOURCE: "Sources",
}


def render_report(
    show_title: str, folder: Path, tables: DownloadTables, update: StatsUpdate, shared: Path | None = None
) -> bytes:
    """The report of a show as an HTML page."""
    page = StatsPage(
        title=show_title,
        period=_period_text(tables),
        figures=_figures(tables),
        charts=(_downloads_chart(tables),),
        columns=tuple(f"{days} days" for days in RELEASE_DAYS),
        rows=tuple(_episode_row(episode, tables) for episode in tables.episodes),
        breakdowns=tuple(
            _breakdown(title, tables.by_name[dimension])
            for dimension, title in _BREAKDOWNS.items()
            if len(tables.by_name[dimension]) > 1 or dimension is Dimension.APP
        ),
        left_out=tuple(
            StatsPoint(REASONS[reason], count)
            for reason, count in sorted(tables.report.requests_by_reason.items(), key=lambda item: (-item[1], item[0]))
            if reason != "eligible"
        ),
        method=tuple(_capitalize(describe_method(tables.report, update.formats))),
    )
    return render_stats_page(page, folder, shared)


def render_episode_report(
    folder: Path,
    tables: DownloadTables,
    update: StatsUpdate,
    listening: EpisodeListening,
    shared: Path | None = None,
) -> bytes:
    """The report of an episode: its downloads, and how far people listen, drawn over the chapters."""
    [episode] = [row for row in tables.episodes if row.guid == listening.guid]
    chart = StatsChart(
        title=f"Still listening ({listening.streams:,} downloads that came in parts)",
        unit="Chapter",
        value="Still listening",
        points=tuple(_chapter_points(listening)),
        marks=tuple(
            StatsMark(chapter.start_ms / 1000 / listening.seconds, chapter.title)
            for chapter in listening.chapters
            if listening.seconds and chapter.start_ms
        ),
    )
    page = StatsPage(
        title=listening.title,
        period=_period_text(tables),
        figures=(
            ("Downloads", f"{episode.downloads:,}"),
            *((f"First {days} days", _cell_text(episode.after_release[days])) for days in RELEASE_DAYS),
        ),
        charts=(chart, _downloads_chart(tables, {day: episode.by_day.get(day, 0) for day in tables.days})),
        breakdowns=(StatsBreakdown("Chapters", tuple(_chapter_bars(listening))),) if listening.streams else (),
        method=tuple(_capitalize(describe_method(tables.report, update.formats))),
    )
    return render_stats_page(page, folder, shared)


def _chapter_points(listening: EpisodeListening) -> Iterable[StatsPoint]:
    if not listening.streams:
        return
    for number, share in enumerate(listening.shares):
        at_ms = round(number * listening.seconds * 1000 / len(listening.shares))
        yield StatsPoint(format_short_timecode(at_ms), round(share * 1000), f"{share:.0%}")


def _chapter_bars(listening: EpisodeListening) -> Iterable[StatsPoint]:
    for chapter in listening.chapters:
        label = f"{format_short_timecode(chapter.start_ms)} {chapter.title}"
        yield StatsPoint(label, round(chapter.share * listening.streams))


def _period_text(tables: DownloadTables) -> str:
    if tables.first is None or tables.last is None:
        return "no downloads yet"
    return f"{tables.first} to {tables.last}, days in UTC"


def _figures(tables: DownloadTables) -> tuple[tuple[str, str], ...]:
    figures = [("Downloads", f"{tables.downloads:,}")]
    if tables.last:
        first = tables.last - timedelta(days=29)
        recent = sum(count for day, count in tables.days.items() if day >= first)
        figures.append(("Last 30 days", f"{recent:,}"))
    for month, count in sorted(tables.report.listeners_by_month.items())[-1:]:
        figures.append((f"Listeners in {month}", f"{count:,}"))
    return (*figures, ("Episodes", f"{len(tables.episodes):,}"))


def _downloads_chart(tables: DownloadTables, days: Mapping[date, int] | None = None) -> StatsChart:
    by_day = tables.days if days is None else days
    is_weekly = len(by_day) > MAX_DAILY_POINTS
    points: dict[date, int] = {}
    for day, count in by_day.items():
        key = day - timedelta(days=day.weekday()) if is_weekly else day
        points[key] = points.get(key, 0) + count
    marks = []
    if tables.first and tables.last and len(by_day) > 1:
        length = (tables.last - tables.first).days
        for episode in tables.episodes[:MAX_RELEASE_MARKS]:
            position = (episode.released_at.date() - tables.first).days / length
            if 0 <= position <= 1 and days is None:
                marks.append(StatsMark(position, _short_title(episode.title)))
    unit = "week" if is_weekly else "day"
    return StatsChart(
        title=f"Downloads by {unit}",
        unit=unit.capitalize(),
        value="Downloads",
        points=tuple(StatsPoint(day.isoformat(), count) for day, count in points.items()),
        marks=tuple(marks) if len(tables.episodes) <= MAX_RELEASE_MARKS else (),
    )


def _episode_row(episode: EpisodeDownloads, tables: DownloadTables) -> StatsRow:
    days = [episode.by_day.get(day, 0) for day in tables.days]
    size = max(1, -(-len(days) // SPARK_POINTS))
    return StatsRow(
        title=_short_title(episode.title),
        released=f"{episode.released_at:%Y-%m-%d}",
        cells=tuple(_cell_text(episode.after_release[count]) for count in RELEASE_DAYS),
        downloads=episode.downloads,
        days=tuple(sum(days[start : start + size]) for start in range(0, len(days), size)),
    )


def _breakdown(title: str, totals: Mapping[str, int]) -> StatsBreakdown:
    items = list(totals.items())
    bars = tuple(StatsPoint(name, count) for name, count in items[:MAX_BARS]) or (StatsPoint("none", 0),)
    return StatsBreakdown(title, bars, sum(count for _, count in items[MAX_BARS:]))


def _cell_text(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def _short_title(title: str) -> str:
    return title if len(title) <= MAX_TITLE_CHARS_ON_PAGE else title[: MAX_TITLE_CHARS_ON_PAGE - 1].rstrip() + "…"


def _capitalize(sentences: Iterable[str]) -> Iterable[str]:
    return (sentence[:1].upper() + sentence[1:] for sentence in sentences)
