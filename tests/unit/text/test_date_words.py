from datetime import UTC, datetime, time

import pytest

from podcast_kit.text.date_words import parse_typed_date

SATURDAY = datetime(2026, 11, 28, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-12-01 18:00", "2026-12-01T18:00"),
        ("2026-12-01 8:00", "2026-12-01T08:00"),
        ("tomorrow", "2026-11-29T09:00"),
        ("Tomorrow 18:00", "2026-11-29T18:00"),
        ("yesterday 8:00", "2026-11-27T08:00"),
        ("today at 8pm", "2026-11-28T20:00"),
        ("next thursday 8:00", "2026-12-03T08:00"),
        ("saturday", "2026-12-05T09:00"),
        ("in 3 days", "2026-12-01T09:00"),
        ("in a week 7:05 am", "2026-12-05T07:05"),
        ("in 3 months", "2027-02-28T09:00"),
        ("in 2 hours", "2026-11-28T15:30"),
        ("24 Dec", "2026-12-24T09:00"),
        ("December 24, 2027 18:00", "2027-12-24T18:00"),
        ("1 may", "2027-05-01T09:00"),
        ("29 feb", "2028-02-29T09:00"),
    ],
)
def test_dates_as_people_type_them(text, date):
    assert parse_typed_date(text, SATURDAY, time(9)).replace(tzinfo=None) == datetime.fromisoformat(date)


@pytest.mark.parametrize(
    "text", ["", "10", "8:00", "24.12.2026", "3/4/26", "monday 25:00", "13 pm", "mayday 3", "32 May"]
)
def test_what_is_not_a_date_or_ambiguous_is_refused(text):
    assert parse_typed_date(text, SATURDAY, time(9)) is None
