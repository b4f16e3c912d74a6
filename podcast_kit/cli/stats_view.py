"""How `stats` shows downloads: tables with sparklines on a terminal, and one JSON document."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from podcast_kit.stats.listening import EpisodeListening
from podcast_kit.stats.method import describe_method
from podcast_kit.stats.report import REASONS
from podcast_kit.stats.session import StatsUpdate
from podcast_kit.stats.tables import RELEASE_DAYS, Dimension, DownloadTables
from podcast_kit.text.numbers import format_count
from podcast_kit.text.timecode import format_short_timecode

SPARKS = "▁▂▃▄▅▆▇█"
MAX_SPARK_CHARS = 30
MAX_TITLE_CHARS = 42
MAX_LISTED = 20
BAR_CHARS = 24


def sparkline(values: Sequence[int], width: int = MAX_SPARK_CHARS) -> str:
    """A line of block characters, the highest for the largest value; neighbours are added up to fit the width.

    >>> sparkline([0, 1, 2, 4])
    '▁▂▄█'
    """
    if len(values) > width:
        bounds = [round(number * len(values) / width) for number in range(width + 1)]
        values = [sum(values[start:stop]) for start, stop in pairwise(bounds)]
    highest = max(values, default=0) or 1
    return "".join(SPARKS[-(-value * (len(SPARKS) - 1) // highest)] for value in values)


def update_lines(update: StatsUpdate) -> list[str]:
    """What a run read, and which months it finished."""
    ingest = update.ingest
    lines = []
    if ingest.logs or ingest.unchanged:
        read = format_count(len(ingest.logs), "log")
        unchanged = f", {ingest.unchanged:,} unchanged" if ingest.unchanged else ""
        lines.append(f"read {read} with {ingest.requests:,} request{'' if ingest.requests == 1 else 's'}{unchanged}")
    if update.finished:
        months = ", ".join(update.finished)
        lines.append(f"final: {months} (requests and the secret of their hashes are deleted)")
    return lines


def stats_lines(
    tables: DownloadTables, dimension: Dimension, update: StatsUpdate, limit: int = MAX_LISTED
) -> list[str]:
    """The report as lines of text: a summary, then the downloads by one dimension."""
    if tables.first is None or tables.last is None:
        return ["no downloads yet"]
    report = tables.report
    lines = [
        f"{tables.downloads:,} download{'' if tables.downloads == 1 else 's'}, {tables.first} to {tables.last}",
        f"  {sparkline(list(tables.days.values()))}  by day",
        "",
        *_listing(tables, dimension, limit),
        "",
    ]
    if report.listeners_by_month:
        month, count = max(report.listeners_by_month.items())
        lines.append(f"listeners in {month}: {count:,}")
    left_out = {
        REASONS[reason]: count
        for reason, count in sorted(report.requests_by_reason.items(), key=lambda item: -item[1])
        if reason != "eligible"
    }
    if left_out:
        lines.append("left out: " + ", ".join(f"{count:,} {name}" for name, count in left_out.items()))
    lines += describe_method(report, update.formats)
    if update.final_until and update.final_until < tables.last:
        first = update.final_until + timedelta(days=1)
        lines.append(f"days from {first} on may still get downloads: read newer logs, then run stats again")
    return lines


def compare_lines(tables: DownloadTables, guids: Iterable[str]) -> list[str]:
    """The first days of episodes side by side, with a sparkline of each."""
    chosen = set(guids)
    rows = [episode for episode in tables.episodes if episode.guid in chosen]
    cells = [["episode", *(f"{days} days" for days in RELEASE_DAYS), "all", "days since the release"]]
    for episode in rows:
        first = episode.released_at.date()
        days = [episode.by_day.get(first + timedelta(days=number), 0) for number in range(MAX_SPARK_CHARS)]
        after = [_count_cell(episode.after_release[count]) for count in RELEASE_DAYS]
        cells.append([shorten(episode.title), *after, f"{episode.downloads:,}", sparkline(days)])
    return align_columns(cells)


def episode_lines(tables: DownloadTables, listening: EpisodeListening) -> list[str]:
    """One episode: its first days, and how far people listen, over its chapters."""
    lines = compare_lines(tables, [listening.guid])
    if not listening.streams:
        reason = "no download came in parts, or the logs have no byte ranges"
        return [*lines, "", f"how far people listen is not known: {reason}"]
    count = format_count(listening.streams, "download")
    lines += ["", f"how far people listen, by {count} that came in parts:"]
    lines.append(f"  {sparkline([round(share * 1000) for share in listening.shares], width=60)}")
    cells = [["chapter", "at", "still listening", ""]]
    for chapter in listening.chapters:
        bar = "█" * round(BAR_CHARS * chapter.share)
        cells.append([shorten(chapter.title), format_short_timecode(chapter.start_ms), f"{chapter.share:.0%}", bar])
    return lines + ["  " + line for line in align_columns(cells)]


def listening_to_json(listening: EpisodeListening) -> dict[str, Any]:
    """How far people listen, as a document."""
    return {
        "guid": listening.guid,
        "streams": listening.streams,
        "shares": [round(share, 4) for share in listening.shares],
        "chapters": [
            {"title": chapter.title, "start_ms": chapter.start_ms, "share": round(chapter.share, 4)}
            for chapter in listening.chapters
        ],
    }


def stats_to_json(tables: DownloadTables, update: StatsUpdate) -> dict[str, Any]:
    """The report as a document."""
    report = tables.report
    complete_until = update.final_until
    return {
        "method": describe_method(report, update.formats),
        "window": str(report.rules.window),
        "engine": report.engine,
        "user_agents": {"commit": report.lists_commit, "date": report.lists_date},
        "first": tables.first,
        "last": tables.last,
        "final_until": complete_until,
        "downloads": tables.downloads,
        "episodes": [
            {
                "guid": episode.guid,
                "slug": episode.slug,
                "title": episode.title,
                "released": episode.released_at.isoformat(),
                "downloads": episode.downloads,
                **{f"downloads_{days}_days": episode.after_release[days] for days in RELEASE_DAYS},
                "days": {str(day): count for day, count in episode.by_day.items()},
            }
            for episode in tables.episodes
        ],
        "days": [
            {
                "day": day,
                "downloads": count,
                "listeners": tables.listeners.get(day, 0),
                "final": complete_until is not None and day <= complete_until,
            }
            for day, count in tables.days.items()
        ],
        "weeks": {str(day): count for day, count in tables.weeks.items()},
        "months": tables.months,
        "listeners_by_month": report.listeners_by_month,
        **{f"by_{dimension}": dict(totals) for dimension, totals in tables.by_name.items()},
        "requests": report.requests_by_reason,
        "logs": {
            "read": len(update.ingest.logs),
            "unchanged": update.ingest.unchanged,
            "repeated": update.ingest.repeated,
            "requests": update.ingest.requests,
        },
        "formats": [
            {
                "name": row.name,
                "title": row.title,
                "has_ranges": row.has_ranges,
                "has_methods": row.has_methods,
                "has_full_addresses": row.has_full_addresses,
                "final_after_hours": row.final_after_hours,
                "logs": row.logs,
                "lines": row.lines,
                "malformed": row.malformed,
                "read_at": row.read_at.isoformat(),
            }
            for row in update.formats
        ],
        "final_months": list(report.final_months),
        "left_out_addresses": report.excess_addresses,
        "left_out_downloads": report.excess_downloads,
    }


def _listing(tables: DownloadTables, dimension: Dimension, limit: int) -> list[str]:
    if dimension is Dimension.EPISODE:
        return _episode_lines(tables, limit)
    by_period: Mapping[Dimension, Mapping[Any, int]] = {
        Dimension.DAY: tables.days,
        Dimension.WEEK: tables.weeks,
        Dimension.MONTH: tables.months,
    }
    totals: Mapping[Any, int] = by_period.get(dimension) or tables.by_name[dimension]
    items = list(totals.items())
    shown = items[-limit:] if dimension in by_period else items[:limit]
    highest = max((count for _, count in shown), default=0) or 1
    cells = [[str(dimension), "downloads", ""]]
    cells += [[shorten(str(name)), f"{count:,}", "█" * round(BAR_CHARS * count / highest)] for name, count in shown]
    lines = align_columns(cells)
    if len(items) > len(shown):
        lines.append(f"and {len(items) - len(shown):,} more (--json and --csv have all)")
    return lines


def _episode_lines(tables: DownloadTables, limit: int) -> list[str]:
    cells = [["episode", "released", *(f"{days} days" for days in RELEASE_DAYS), "downloads", "by day"]]
    for episode in tables.episodes[:limit]:
        after = [_count_cell(episode.after_release[count]) for count in RELEASE_DAYS]
        line = sparkline([episode.by_day.get(day, 0) for day in tables.days])
        released = f"{episode.released_at:%Y-%m-%d}"
        cells.append([shorten(episode.title), released, *after, f"{episode.downloads:,}", line])
    lines = align_columns(cells)
    if len(tables.episodes) > limit:
        lines.append(f"and {len(tables.episodes) - limit:,} older episodes (--json and --csv have all)")
    return lines


def _count_cell(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"


def shorten(text: str, limit: int = MAX_TITLE_CHARS) -> str:
    """A text of at most this many columns, with … for what is cut off."""
    if _columns_of(text) <= limit:
        return text
    while _columns_of(text) >= limit:
        text = text[:-1]
    return text + "…"


def align_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column and sparklines to the left, numbers to the right."""
    widths = [max(_columns_of(row[number]) for row in rows) for number in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            " " * (width - _columns_of(cell)) + cell
            if _is_numeric(column, rows)
            else cell + " " * (width - _columns_of(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _is_numeric(column: int, rows: Sequence[Sequence[str]]) -> bool:
    return all(row[column].rstrip("%").replace(",", "").isdigit() or row[column] == "–" for row in rows[1:])


def _columns_of(text: str) -> int:
    """Columns of a terminal: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
