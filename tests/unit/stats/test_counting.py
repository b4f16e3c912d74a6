"""Downloads are counted as they are known to be, in every row of day and episode."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podcast_kit.stats import CountingInput, CountingRules, DuckDBEngine, Window, count_downloads, load_agent_lists
from podcast_kit.stats.report import month_counts_from_json
from tests.support import access_logs, request_files

BOGUS_REFERRERS = frozenset({"free-traffic.example"})
LISTS = load_agent_lists()


def count(folder, log, *, window=Window.CALENDAR, has_ranges=True, needs_retention=False, **rules):
    files = request_files.write_requests(folder, log, has_ranges=has_ranges)
    with DuckDBEngine(folder / "spill") as engine:
        return count_downloads(
            engine,
            files,
            CountingInput(
                enclosures=tuple(request_files.enclosure_facts(log)),
                lists=LISTS,
                rules=CountingRules(window, **rules),
                bogus_referrers=BOGUS_REFERRERS,
                needs_retention=needs_retention,
            ),
        )


def by_day_and_episode(report):
    return report.total_by(lambda row: (row.day, row.guid))


@pytest.fixture(scope="module")
def log():
    return access_logs.make_access_log()


@pytest.mark.parametrize("window", Window)
def test_every_row_equals_the_truth(log, tmp_path, window):
    report = count(tmp_path, log, window=window)
    assert min(log.scenarios.values()) >= 4
    assert len(log.scenarios) == len(access_logs.SCENARIOS) == 26
    assert by_day_and_episode(report) == log.truth[window]


@pytest.mark.parametrize("window", Window)
def test_without_ranges_every_row_equals_the_truth_of_added_bytes(log, tmp_path, window):
    report = count(tmp_path, log, window=window, has_ranges=False)
    assert log.truth_without_ranges[window] != log.truth[window]
    assert by_day_and_episode(report) == log.truth_without_ranges[window]


def test_the_example_of_the_guideline(tmp_path):
    log = access_logs.AccessLog(access_logs.make_recordings())
    [recording, *_] = log.recordings
    author = access_logs.Author(log, 1, first_day=datetime(2026, 11, 2, tzinfo=UTC).date(), days=3)
    person = author.person()
    for at in ("2026-11-02T22:00", "2026-11-03T03:00", "2026-11-03T22:15", "2026-11-04T23:15"):
        author.request(datetime.fromisoformat(at).replace(tzinfo=UTC), person, recording)
    days = {
        window: {str(row.day): row.downloads for row in count(tmp_path / window, log, window=window).rows}
        for window in Window
    }
    assert days == {
        "calendar": {"2026-11-02": 1, "2026-11-03": 1, "2026-11-04": 1},
        "first-touch": {"2026-11-02": 1, "2026-11-03": 1, "2026-11-04": 1},
        "last-touch": {"2026-11-02": 1, "2026-11-04": 1},
    }


def test_listeners_are_pairs_of_address_and_agent(log, tmp_path):
    report = count(tmp_path, log)
    assert Counter(report.listeners_by_day) == log.listeners
    assert report.listeners_by_month == {
        "2026-10": sum(log.listeners.values()) - log.scenarios["both_sides_of_midnight"]
    }


def test_reasons_add_up_to_all_requests(log, tmp_path):
    report = count(tmp_path, log)
    assert sum(report.requests_by_reason.values()) == len(log.requests)
    expected = {
        "other_file",
        "method",
        "status",
        "probe",
        "no_agent",
        "bot",
        "watch",
        "datacenter",
        "referrer",
        "eligible",
    }
    assert report.requests_by_reason.keys() == expected


def test_the_order_of_requests_does_not_matter(log, tmp_path):
    backwards = replace(log, requests=log.requests[::-1])
    assert count(tmp_path / "a", log).rows == count(tmp_path / "b", backwards).rows


def test_retention_is_the_share_of_each_part_among_downloads_in_parts(tmp_path):
    recordings = access_logs.make_recordings()
    log = access_logs.AccessLog(recordings)
    author = access_logs.Author(log, 1, first_day=datetime(2026, 11, 2, tzinfo=UTC).date(), days=1)
    recording = recordings[0]
    content = recording.bytes - recording.head_bytes
    for heard in (0.25, 0.5, 0.5, 0.75):  # each in parts that overlap, and the first one twice
        at, person = author.moment(), author.person()
        stop = recording.head_bytes + int(content * heard)
        middle = recording.head_bytes + int(content * heard / 2)
        author.part(at, person, recording, 0, middle)
        author.part(at, person, recording, 0, middle)
        author.part(at, person, recording, middle - 1000, stop)
    access_logs.whole_file(author)  # says nothing about how much was heard
    report = count(tmp_path, log, needs_retention=True)
    retention = report.retention_of(recording.guid)
    assert retention.streams == 4
    assert retention.parts == (4,) * 25 + (3,) * 25 + (1,) * 25 + (0,) * 25
    [month] = report.months
    assert month_counts_from_json(month.month, json.loads(json.dumps(month.to_json()))) == month
    assert count(tmp_path / "without", log, has_ranges=False, needs_retention=True).months[0].retention == {}


def test_addresses_with_too_many_downloads_are_left_out(tmp_path):
    log = access_logs.AccessLog(access_logs.make_recordings())
    author = access_logs.Author(log, 1, first_day=datetime(2026, 11, 2, tzinfo=UTC).date(), days=1)
    at, (address, _) = author.moment(), author.person()
    for number in range(20):
        author.request(at, (address, f"App{number}/1.0"), log.recordings[0])
    access_logs.whole_file(author)
    report = count(tmp_path, log, max_downloads_per_address=19)
    assert by_day_and_episode(report) == log.truth["calendar"]
    assert (report.excess_addresses, report.excess_downloads) == (1, 20)
    assert count(tmp_path / "all", log, max_downloads_per_address=20).downloads == 21


def test_a_download_has_the_country_of_the_request_that_is_a_minute(tmp_path):
    """Where several requests make a minute together, it is the last one of their countries in the alphabet."""
    log = access_logs.AccessLog(access_logs.make_recordings())
    author = access_logs.Author(log, 1, first_day=datetime(2026, 11, 2, tzinfo=UTC).date(), days=1)
    recording = author.long()
    person = author.person()
    author.part(author.moment(), person, recording, 0, recording.head_bytes + 10, country="SE")
    author.request(author.moment(), person, recording, country="AT")
    person, middle = author.person(), recording.head_bytes + recording.content_bytes // 2
    author.part(author.moment(), person, recording, 0, middle, country="DE")
    author.part(author.moment(), person, recording, middle, recording.minute_bytes, country="")
    report = count(tmp_path, log)
    assert report.total_by(lambda row: row.country) == {"AT": 1, "DE": 1}
