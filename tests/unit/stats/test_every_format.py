"""The same log counts the truth in every format, but for what the format cannot tell, which is exactly known."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podcast_kit.stats import AddressBook, StatsFolder, StatsOptions, update_statistics
from podcast_kit.stats.log_sources import LogFile
from tests.support import access_logs, log_lines, request_files

pytestmark = pytest.mark.slow

NOW = datetime(2026, 10, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def log():
    log = access_logs.make_access_log(2)
    return replace(log, requests=[replace(request, request_id=request.request_id[:8]) for request in log.requests])


def count_log(folder, name, log):
    networks = folder / "networks.txt"
    networks.write_text(access_logs.DATACENTER + "0/24\n")
    path = folder / "access.log"
    path.write_text(log_lines.RENDERERS[name](log), "utf-8")
    return update_statistics(
        StatsFolder(folder / "stats"),
        [LogFile(path, "access.log", "1")],
        request_files.enclosure_facts(log),
        StatsOptions(bogus_referrers=frozenset({"free-traffic.example"})),
        now=NOW,
        addresses=AddressBook(None, networks),
    )


def truth_in(name, log):
    """What a log in this format must count."""
    truth = Counter(log.truth["calendar"] if name in log_lines.WITH_RANGES else log.truth_without_ranges["calendar"])
    if name in log_lines.WITHOUT_METHODS:
        truth += log.counted_without_methods
    if name in log_lines.WITH_HEADER_BYTES:
        truth += log.counted_with_headers
    return truth


@pytest.mark.parametrize("name", log_lines.RENDERERS)
def test_every_format_counts_the_truth(log, tmp_path, name):
    update = count_log(tmp_path, name, log)
    assert update.problems == ()
    [row] = update.formats
    assert row.has_ranges == (name in log_lines.WITH_RANGES)
    assert row.has_methods == (name not in log_lines.WITHOUT_METHODS)
    assert row.has_header_bytes == (name in log_lines.WITH_HEADER_BYTES)
    assert update.report.total_by(lambda row: (row.day, row.guid)) == truth_in(name, log)
