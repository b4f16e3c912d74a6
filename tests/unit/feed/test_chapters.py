"""Chapters as a JSON file and as timestamps in notes."""

import json

from podcast_kit.feed import render_chapter_timestamps, render_chapters_json
from podcast_kit.model import Chapter, LocalFile, RemoteUrl

CHAPTERS = (
    Chapter(start_ms=61_500, end_ms=120_000, title="Listening <first>", url="https://a.example/?a=1&b=2"),
    Chapter(start_ms=0, title="Hello", image=RemoteUrl("https://a.example/p.jpg")),
    Chapter(start_ms=30_000, title="", image=RemoteUrl("https://a.example/q.jpg"), toc=False),
    Chapter(start_ms=3_723_004, title="Küche", image=LocalFile("q.jpg")),
)


def test_chapters_json_has_version_order_images_links_and_unlisted_chapters():
    assert json.loads(render_chapters_json(CHAPTERS, title="One", show="Show", author="Ann")) == {
        "version": "1.2.0",
        "title": "One",
        "podcastName": "Show",
        "author": "Ann",
        "chapters": [
            {"startTime": 0, "title": "Hello", "img": "https://a.example/p.jpg"},
            {"startTime": 30, "img": "https://a.example/q.jpg", "toc": False},
            {"startTime": 61.5, "endTime": 120, "title": "Listening <first>", "url": "https://a.example/?a=1&b=2"},
            {"startTime": 3723.004, "title": "Küche"},
        ],
    }


def test_chapters_json_is_utf8_and_does_not_depend_on_the_input_order():
    assert "Küche".encode() in render_chapters_json(CHAPTERS)
    assert render_chapters_json(CHAPTERS) == render_chapters_json(CHAPTERS[::-1])


def test_timestamps_always_have_hours_and_omit_unlisted_chapters():
    assert render_chapter_timestamps(CHAPTERS) == (
        "<ul><li>(00:00:00) Hello</li><li>(00:01:01) Listening &lt;first&gt;</li><li>(01:02:03) Küche</li></ul>"
    )


def test_no_timestamps_for_fewer_than_three_chapters_or_a_late_start():
    assert render_chapter_timestamps(CHAPTERS[:2]) == ""
    assert (
        render_chapter_timestamps([Chapter(start_ms=chapter.start_ms + 1_000, title="x") for chapter in CHAPTERS]) == ""
    )
