from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import EpisodeType
from podcast_kit.problem_codes import is_registered
from podcast_kit.source.yaml import InvalidValue, converters
from podcast_kit.text.timecode import format_timecode

CONVERTERS = {
    "text": converters.to_text,
    "line": converters.to_line,
    "whole number": converters.whole_number_from(1),
    "decimal": converters.to_decimal,
    "flag": converters.to_flag,
    "choice": converters.choice_of(EpisodeType),
    "time zone": converters.to_time_zone,
    "date": lambda raw: converters.to_datetime(raw, "Europe/Berlin"),
    "url": converters.to_url,
    "https": converters.to_https_url,
    "base_url": converters.to_base_url,
    "email": converters.to_email,
    "language": converters.to_language,
    "uuid": converters.to_uuid,
    "milliseconds": converters.to_milliseconds,
}


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("line", " a \n  b ", "a b"),
        ("whole number", "010", 10),
        ("decimal", "-16", -16.0),
        ("flag", "No", False),
        ("flag", "true", True),
        ("choice", "Bonus", EpisodeType.BONUS),
        ("time zone", "Europe/Berlin", "Europe/Berlin"),
        ("url", "http://x.example/ü?q=ä#f", "http://x.example/%C3%BC?q=%C3%A4#f"),
        ("url", "https://x.example/a%20b", "https://x.example/a%20b"),
        ("url", "https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("base_url", "https://x.example", "https://x.example/"),
        ("base_url", "https://x.example/show//", "https://x.example/show/"),
        ("email", "a@b.example", "a@b.example"),
        ("language", "pt_BR", "pt-BR"),
        ("language", "de", "de"),
        ("uuid", "917393E3-1B1E-5CEF-ACE4-EDAA54E1F810", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
        ("milliseconds", "12:34", 754_000),
        ("milliseconds", "1:02:03.5", 3_723_500),
        ("milliseconds", "90", 90_000),
        ("milliseconds", "00:00:00", 0),
    ],
)
def test_value_is_converted(kind, raw, expected):
    assert CONVERTERS[kind](raw) == expected


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("text", "  "),
        ("whole number", "0"),
        ("whole number", "-1"),
        ("whole number", "twelve"),
        ("whole number", "1.5"),
        ("whole number", "٣"),
        ("whole number", "9" * 5000),
        ("decimal", "1e9"),
        ("decimal", "nan"),
        ("flag", "clean"),
        ("choice", "ful"),
        ("time zone", "Europe/Berln"),
        ("time zone", "../../etc/passwd"),
        ("time zone", "Europe"),
        ("time zone", "CEST"),
        ("date", "2026-13-01"),
        ("date", "2026-02-30 10:00"),
        ("date", "0001-01-01"),
        ("date", "9999-12-31 23:59"),
        ("date", "tomorrow"),
        ("date", "2026-01-01 25:00"),
        ("date", "2026-01-01T10:00+99:00"),
        ("url", "ftp://x.example/"),
        ("url", "x.example"),
        ("url", "https://"),
        ("url", "https://[::1"),
        ("url", "https://x.example:99999999/"),
        ("url", "javascript:alert(1)"),
        ("url", "https://x.example/a b"),
        ("url", "https://user:secret@x.example/"),
        ("https", "http://x.example/"),
        ("base_url", "https://x.example/?a"),
        ("email", "a@b"),
        ("language", "english"),
        ("uuid", "x"),
        ("milliseconds", "1:60"),
        ("milliseconds", "1:60:00"),
        ("milliseconds", "10:30 AM"),
        ("milliseconds", "-1"),
    ],
)
def test_invalid_value_has_a_fix_and_a_registered_code(kind, raw):
    with pytest.raises(InvalidValue) as caught:
        CONVERTERS[kind](raw)
    assert is_registered(caught.value.code)
    assert caught.value.fix


@given(st.sampled_from(sorted(CONVERTERS)), st.text(max_size=40))
def test_any_text_is_converted_or_invalid(kind, raw):
    code = "value.empty"
    try:
        CONVERTERS[kind](raw)
    except InvalidValue as error:
        code = error.code
    assert is_registered(code)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-11-15", "2026-11-15T00:00:00+01:00"),
        ("2026-11-15 08:00", "2026-11-15T08:00:00+01:00"),
        ("2026-7-5 8:00", "2026-07-05T08:00:00+02:00"),
        ("2026-11-15T08:00:30", "2026-11-15T08:00:30+01:00"),
        ("2026-11-15 08:00:00 +0300", "2026-11-15T08:00:00+03:00"),
        ("2026-11-15T07:00:00Z", "2026-11-15T07:00:00+00:00"),
    ],
)
def test_date_without_offset_is_in_the_shows_time_zone(raw, expected):
    assert converters.to_datetime(raw, "Europe/Berlin") == (datetime.fromisoformat(expected), "")


def test_ambiguous_time_is_the_first_of_the_two():
    date, code = converters.to_datetime("2026-10-25 02:30", "Europe/Berlin")
    assert (date.isoformat(), code) == ("2026-10-25T02:30:00+02:00", "value.date.twice")


def test_skipped_time_is_moved_forward():
    date, code = converters.to_datetime("2026-03-29 02:30", "Europe/Berlin")
    assert (date.isoformat(), code) == ("2026-03-29T03:30:00+02:00", "value.date.gap")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2198, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 -- hypothesis needs naive bounds
def test_date_with_offset_is_read_as_written(naive, minutes):
    offset = timedelta(minutes=minutes)
    written = f"{naive.isoformat()}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    date, _ = converters.to_datetime(written, "UTC")
    assert date == naive.replace(tzinfo=UTC) - offset


@given(st.integers(0, 10**8))
def test_formatted_timecode_is_converted_back(milliseconds):
    assert converters.to_milliseconds(format_timecode(milliseconds)) == milliseconds
