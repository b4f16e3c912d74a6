"""Chapters leave in the forms that apps read, all from one list."""

import json

from podcast_kit.feed import chapters_json, timestamps
from podcast_kit.model import Chapter

MARKS = (
    Chapter(start_ms=61_500, end_ms=120_000, title="Listening <first>", url="https://a.example/?a=1&b=2"),
    Chapter(start_ms=0, title="Hello", image="https://a.example/p.jpg"),
    Chapter(start_ms=30_000, title="", image="https://a.example/q.jpg", toc=False),
    Chapter(start_ms=3_723_004, title="Küche", image="q.jpg"),
)


def test_the_json_file_has_version_order_pictures_links_and_silent_marks():
    assert json.loads(chapters_json(MARKS, title="One", show="Show", author="Ann")) == {
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


def test_the_json_file_is_utf8_and_the_same_in_any_order():
    assert "Küche".encode() in chapters_json(MARKS)
    assert chapters_json(MARKS) == chapters_json(MARKS[::-1])


def test_timestamps_always_have_hours_and_leave_silent_marks_out():
    assert timestamps(MARKS) == (
        "<ul><li>(00:00:00) Hello</li><li>(00:01:01) Listening &lt;first&gt;</li><li>(01:02:03) Küche</li></ul>"
    )


def test_too_few_or_late_marks_are_no_timestamps():
    assert timestamps(MARKS[:2]) == ""
    assert timestamps([Chapter(start_ms=mark.start_ms + 1_000, title="x") for mark in MARKS]) == ""
