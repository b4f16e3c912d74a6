"""The check of a large show takes linear time: operations are counted, not seconds."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit import check
from podcast_kit.check.rules import guid_stability
from podcast_kit.check.rules.transcripts import TranscriptFile
from podcast_kit.check.runner import check_objects
from podcast_kit.errors import SourceLocation
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.source.project import load_project
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def feed_with_guids(prefix, episodes):
    items = (
        f"<item><title>T {number}</title><guid>{prefix}{number}</guid>"
        f"<pubDate>{FIRST + timedelta(days=number):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f'<enclosure url="https://pod.example/{number}.mp3" length="9" type="audio/mpeg"/></item>'
        for number in range(episodes)
    )
    return f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'.encode()


def count_comparisons(monkeypatch, episodes):
    """How often items are looked at when each episode has another guid than the published one."""
    calls = []
    original = guid_stability._NewItems._first_unused
    monkeypatch.setattr(
        guid_stability._NewItems,
        "_first_unused",
        lambda self, items: calls.append(len(items or ())) or original(self, items),
    )
    published = parse_feed_bytes(feed_with_guids("old", episodes), "live.xml")
    document = parse_feed_bytes(feed_with_guids("new", episodes), "feed.xml")
    context = check.context.CheckContext(feed_url="https://pod.example/feed.xml", now=NOW, published_feed=published)
    problems = check.runner.check_document(document, context)
    assert any(f"({episodes} episodes in total)" in problem.text for problem in problems)
    return sum(calls)


def test_changed_guids_are_matched_in_linear_time(monkeypatch):
    assert count_comparisons(monkeypatch, 400) <= 2 * count_comparisons(monkeypatch, 200)


class CountedLines(str):
    """A text whose lines count how many of them are looked at."""

    __slots__ = ()

    def splitlines(self, keepends=False):
        return CountedList(super().splitlines(keepends))


class CountedList(list):
    looked_at = 0

    def __getitem__(self, index):
        looked_at = len(range(*index.indices(len(self)))) if isinstance(index, slice) else 1
        type(self).looked_at += looked_at
        return super().__getitem__(index)


@pytest.mark.parametrize("cue", ["00:00:00.000 --> 00:00:01.000\n", "00:00:00.000 --> 00:00:01.000\nWords.\n\n"])
def test_each_line_of_a_transcript_is_looked_at_a_few_times(cue):
    CountedList.looked_at = 0
    check_objects([TranscriptFile(CountedLines(f"WEBVTT\n\n{cue * 2_000}"), "text/vtt", SourceLocation("a.vtt"))])
    assert 2_000 < CountedList.looked_at < 40_000


def test_a_run_has_one_http_client_for_all_addresses(tmp_path, monkeypatch):
    contexts = []
    original = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda *args: contexts.append(1) or original(*args))
    show = small(tmp_path / "show", episodes=5, recording="")
    for number in range(1, 6):
        notes = show / f"episodes/{number:03d}-talk.md"
        notes.write_text(
            notes.read_text("utf-8").replace("---\n", "---\naudio: https://127.0.0.1:9/a.mp3\n", 1), "utf-8"
        )
    problems = check.check_show(load_project(show), now=NOW)
    assert sum("au.remote" in problem.code for problem in problems) == 5
    assert len(contexts) == 1
