"""Dates of feeds, as programs write them."""

import pytest

from podcast_kit.text.feed_dates import parse_feed_date

TEN = "2026-11-02T10:00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 02 Nov 2026 10:00:00 GMT", f"{TEN}+00:00"),
        ("Mon, 02 Nov 2026 10:00:00 -0000", f"{TEN}+00:00"),
        ("Mon, 02 Nov 2026 10:00:00 +0200", f"{TEN}+02:00"),
        ("Mon, 02 Nov 2026 10:00:00 +02:00", f"{TEN}+02:00"),
        ("Mon, 02 Nov 2026 10:00:00 +0200 (CEST)", f"{TEN}+02:00"),
        ("Mon, 02 Nov 2026 10:00:00 GMT+2", f"{TEN}+02:00"),
        ("Mon, 02 Nov 2026 10:00:00 UTC-03:30", f"{TEN}-03:30"),
        ("Mon, 02 Nov 2026 10:00:00 CET", f"{TEN}+01:00"),
        ("Mon, 02 Nov 2026 10:00:00 JST", f"{TEN}+09:00"),
        ("Mon, 02 Nov 2026 10:00:00 EST", f"{TEN}-05:00"),
        ("Mon, 02 Nov 2026 10:00 Europe/Vienna", f"{TEN}+01:00"),
        ("Tue Nov 03 2026 10:00:00 GMT+0100 (Central European Standard Time)", "2026-11-03T10:00:00+01:00"),
        ("2026-11-02T10:00:00Z", f"{TEN}+00:00"),
        ("2026-11-02T10:00:00.000+0200", f"{TEN}+02:00"),
        ("2026-11-02T10:00:00 CET", f"{TEN}+01:00"),
    ],
)
def test_dates_with_a_zone_are_read_with_it(text, expected):
    date, assumed = parse_feed_date(text)
    assert (date.isoformat(), assumed) == (expected, "")


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("Mon, 02 Nov 2026 10:00:00", "has no time zone; UTC is assumed"),
        ("2026-11-02 10:00:00", "has no time zone; UTC is assumed"),
        ("Mon, 02 Nov 2026 10:00:00 IST", "has the unknown time zone 'IST'; UTC is assumed"),
    ],
)
def test_dates_without_a_known_zone_are_in_utc_and_say_so(text, assumed):
    date, reason = parse_feed_date(text)
    assert (date.isoformat(), reason) == (f"{TEN}+00:00", assumed)


@pytest.mark.parametrize("text", ["", "soon", "Mon, 02 Nov 2026 10:00:00 +9999", "2026-13-01", "10:00", "9" * 10_000])
def test_other_texts_are_not_dates(text):
    assert parse_feed_date(text) == (None, "")
