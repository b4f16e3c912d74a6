"""The HTML report: small, without scripts, without requests, and with everything in tables."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from podcast_kit.site.stats_page import chart_path
from podcast_kit.stats import (
    CountingInput,
    CountingRules,
    Period,
    StatsUpdate,
    load_agent_lists,
    make_tables,
    render_report,
)
from podcast_kit.stats.enclosures import EnclosureFacts
from podcast_kit.stats.ingest import IngestResult
from podcast_kit.stats.report import DownloadRow, MonthCounts, make_report

MAX_BYTES = 200_000
FIRST = date(2024, 10, 1)
APPS = ["Overcast", "Apple Podcasts", "<script>alert(1)</script>", *(f"App {number}" for number in range(40))]


def make_update(episodes, days):
    """A report of this many episodes and days, with a download of each third episode on each day."""
    enclosures = [
        EnclosureFacts(
            file=f"media/{number:016x}/{number:04}.mp3",
            paths=(f"/media/{number:016x}/{number:04}.mp3",),
            guid=f"guid-{number}",
            slug=f"{number:04}-talk",
            title=f"Episode {number}: what {number} people said about it & <why>",
            released_at=datetime(2024, 10, 1, tzinfo=UTC) + timedelta(days=number * days // episodes),
            bytes=30_000_000,
            head_bytes=1000,
            minute_bytes=1_000_000,
        )
        for number in range(episodes)
    ]
    months = {}
    for number in range(days):
        day = FIRST + timedelta(days=number)
        months.setdefault(f"{day:%Y-%m}", []).extend(
            DownloadRow(day, facts.guid, APPS[index % len(APPS)], "Apple iPhone", "DE", "s3", 12_345 + index)
            for index, facts in enumerate(enclosures)
            if index % 3 == number % 3
        )
    counting = CountingInput(enclosures=tuple(enclosures), lists=load_agent_lists(), rules=CountingRules())
    counts = [
        MonthCounts(
            month=month,
            rows=tuple(rows),
            listeners_by_day={row.day: 5 for row in rows},
            listeners=100,
            requests_by_reason={"eligible": 9, "bot": 3, "status": 1},
        )
        for month, rows in months.items()
    ]
    report = make_report("duckdb", counting, counts)
    return StatsUpdate(report=report, ingest=IngestResult(), formats=(), final_until=None, finished=(), problems=())


@pytest.fixture(scope="module")
def small():
    return make_update(5, 60)


def render(update, folder):
    return render_report("The <Show>", folder, make_tables(update.report, Period()), update).decode()


def test_a_thousand_episodes_in_two_years_stay_small(tmp_path):
    html = render(make_update(1000, 730), tmp_path)
    assert html.count("<tr>") > 1000
    print(f"{len(html.encode()):,} bytes")
    assert len(html.encode()) <= MAX_BYTES


def test_nothing_is_requested_and_nothing_runs(small, tmp_path):
    html = render(small, tmp_path)
    assert "<script" not in html.lower()
    assert "http://" not in html
    assert set(re.findall(r"https://[^\"< ]+", html)) == set()
    assert set(re.findall(r"(?:src|href)=\"?([^\" >]+)", html)) == {"data:,"}
    assert "default-src 'none'" in html


def test_text_from_outside_is_escaped(small, tmp_path):
    html = render(small, tmp_path)
    assert "The &lt;Show&gt;" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&amp; &lt;why&gt;" in html


def test_charts_are_tables_too(small, tmp_path):
    html = render(small, tmp_path)
    assert "Downloads by day" in html
    rows = dict(re.findall(r"<tr><th>(2024-1[0-9-]+)<td>([0-9,]+)", html))
    tables = make_tables(small.report, Period())
    assert {day: int(count.replace(",", "")) for day, count in rows.items()} == {
        str(day): count for day, count in tables.days.items()
    }
    assert "Downloads by week" in render(make_update(2, 200), tmp_path)


def test_the_same_report_has_the_same_bytes(small, tmp_path):
    assert render(small, tmp_path) == render(make_update(5, 60), tmp_path)


def test_it_says_how_it_was_counted(small, tmp_path):
    html = render(small, tmp_path)
    assert "IAB Podcast Technical Measurement Guidelines v2.3" in html
    assert "opawg/user-agents-v2 8008a31 of 2026-08-06" in html
    assert "certified" not in html.lower()


def test_a_report_without_downloads_says_so(small, tmp_path):
    empty = replace(small, report=replace(small.report, months=()))
    assert "No downloads yet." in render(empty, tmp_path)


def test_a_single_day_is_a_line():
    assert chart_path([3], 100, 40, 3) == "M0 0L100 0"
    assert chart_path([], 100, 40, 1) == ""
