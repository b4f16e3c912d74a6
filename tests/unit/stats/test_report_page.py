"""The HTML report: small, without scripts, without requests, and with everything in tables."""

import re
from dataclasses import replace

import pytest

from podcast_kit.site.stats_page import chart_path
from podcast_kit.stats import Period, make_tables
from tests.support.stats_reports import make_update, render_episode_page
from tests.support.stats_reports import render_page as render

MAX_BYTES = 200_000


@pytest.fixture(scope="module")
def small():
    return make_update(5, 60)


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


def test_an_episode_shows_its_chapters(small, tmp_path):
    html = render_episode_page(small, tmp_path)
    assert "Still listening (200 downloads that came in parts)" in html
    assert "<title>The &lt;main&gt; part</title>" in html
    assert "5:00 The &lt;main&gt; part<td" in html
    assert "certified" not in html.lower()
