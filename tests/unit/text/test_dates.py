import doctest
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.text import dates, feed_dates

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=ZONES)  # noqa: DTZ001  # Hypothesis takes bounds without a zone


def test_examples_in_docstrings_hold():
    assert doctest.testmod(dates).failed == 0


@given(MOMENTS)
def test_rfc2822_round_trip(moment):
    assert dates.parse_rfc2822(dates.format_rfc2822(moment)) == moment.replace(microsecond=0)


@given(MOMENTS)
def test_rfc2822_is_what_the_standard_library_writes(moment):
    assert dates.format_rfc2822(moment) == format_datetime(moment.astimezone(UTC))


@given(MOMENTS)
def test_iso_dates_round_trip(moment):
    assert dates.parse_iso_date(dates.format_utc_iso(moment)) == moment
    assert dates.parse_iso_date(dates.format_tag_date(moment)) == moment.replace(microsecond=0)
    assert dates.parse_iso_date(dates.format_basic_iso(moment)) == moment.replace(microsecond=0)


@given(st.text())
def test_parsers_accept_any_text(text):
    dates.parse_rfc2822(text)
    dates.parse_iso_date(text)


@pytest.mark.parametrize("text", ["", "soon", "Mon, 32 Jan 2026 00:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_text_without_date_gives_none(text):
    assert dates.parse_rfc2822(text) is None
    assert dates.parse_iso_date(text) is None


def test_date_without_offset_is_in_utc():
    assert dates.format_rfc2822(datetime(2026, 1, 1)) == "Thu, 01 Jan 2026 00:00:00 +0000"  # noqa: DTZ001  # on purpose
    assert dates.parse_rfc2822("Thu, 01 Jan 2026 00:00:00") == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["-12:00", "+14:00", "Z"])
@pytest.mark.parametrize("year", ["0001", "9999"])
def test_dates_that_do_not_exist_in_every_time_zone_are_refused(year, zone):
    day = "01-01T00:00:00" if year == "0001" else "12-31T23:59:59"
    assert dates.parse_iso_date(f"{year}-{day}{zone}") is None
    assert feed_dates.parse_feed_date(f"{year}-{day}{zone}") == (None, "")


@pytest.mark.parametrize("zone", ["-1200", "+1400", "GMT"])
def test_the_last_year_of_all_is_refused_in_rfc2822_too(zone):
    assert dates.parse_rfc2822(f"31 Dec 9999 23:59:59 {zone}") is None
    assert feed_dates.parse_feed_date(f"Fri, 31 Dec 9999 23:59:59 {zone}") == (None, "")
