from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import EpisodeType
from podcast_kit.problem_codes import PROBLEM_CODES
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml import InvalidValue

READERS = {
    "text": converters.to_text,
    "line": converters.to_line,
    "whole": converters.whole_number_from(1),
    "decimal": converters.to_decimal,
    "flag": converters.to_flag,
    "choice": converters.choice_of(EpisodeType),
    "zone": converters.to_time_zone,
    "moment": lambda raw: converters.to_datetime(raw, "Europe/Berlin"),
    "url": converters.to_url,
    "https": converters.to_https_url,
    "base_url": converters.to_base_url,
    "email": converters.to_email,
    "language": converters.to_language,
    "uuid": converters.to_uuid,
    "clock": converters.to_milliseconds,
}


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("line", " a \n  b ", "a b"),
        ("whole", "010", 10),
        ("decimal", "-16", -16.0),
        ("flag", "No", False),
        ("flag", "true", True),
        ("choice", "Bonus", EpisodeType.BONUS),
        ("zone", "Europe/Berlin", "Europe/Berlin"),
        ("url", "http://x.example/ü?q=ä#f", "http://x.example/%C3%BC?q=%C3%A4#f"),
        ("url", "https://x.example/a%20b", "https://x.example/a%20b"),
        ("url", "https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("base_url", "https://x.example", "https://x.example/"),
        ("base_url", "https://x.example/show//", "https://x.example/show/"),
        ("email", "a@b.example", "a@b.example"),
        ("language", "pt_BR", "pt-BR"),
        ("language", "de", "de"),
        ("uuid", "917393E3-1B1E-5CEF-ACE4-EDAA54E1F810", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
        ("clock", "12:34", 754_000),
        ("clock", "1:02:03.5", 3_723_500),
        ("clock", "90", 90_000),
        ("clock", "00:00:00", 0),
    ],
)
def test_a_value_is_understood(kind, raw, expected):
    assert READERS[kind](raw) == expected


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("text", "  "),
        ("whole", "0"),
        ("whole", "-1"),
        ("whole", "twelve"),
        ("whole", "1.5"),
        ("whole", "٣"),
        ("whole", "9" * 5000),
        ("decimal", "1e9"),
        ("decimal", "nan"),
        ("flag", "clean"),
        ("choice", "ful"),
        ("zone", "Europe/Berln"),
        ("zone", "../../etc/passwd"),
        ("zone", "Europe"),
        ("zone", "CEST"),
        ("moment", "2026-13-01"),
        ("moment", "2026-02-30 10:00"),
        ("moment", "0001-01-01"),
        ("moment", "9999-12-31 23:59"),
        ("moment", "tomorrow"),
        ("moment", "2026-01-01 25:00"),
        ("moment", "2026-01-01T10:00+99:00"),
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
        ("clock", "1:60"),
        ("clock", "1:60:00"),
        ("clock", "10:30 AM"),
        ("clock", "-1"),
    ],
)
def test_what_is_not_a_value_is_told_with_a_mend_and_a_known_code(kind, raw):
    with pytest.raises(InvalidValue) as caught:
        READERS[kind](raw)
    assert caught.value.code in PROBLEM_CODES
    assert caught.value.fix


@given(st.sampled_from(sorted(READERS)), st.text(max_size=40))
def test_any_text_is_a_value_or_wrong(kind, raw):
    code = "value.empty"
    try:
        READERS[kind](raw)
    except InvalidValue as wrong:
        code = wrong.code
    assert code in PROBLEM_CODES


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
def test_a_date_without_an_offset_is_in_the_shows_zone(raw, expected):
    assert converters.to_datetime(raw, "Europe/Berlin") == (datetime.fromisoformat(expected), "")


def test_a_time_that_the_clocks_show_twice_is_the_first():
    when, remark = converters.to_datetime("2026-10-25 02:30", "Europe/Berlin")
    assert (when.isoformat(), remark) == ("2026-10-25T02:30:00+02:00", "value.date.twice")


def test_a_time_that_the_clocks_skip_is_what_an_unchanged_clock_would_show():
    when, remark = converters.to_datetime("2026-03-29 02:30", "Europe/Berlin")
    assert (when.isoformat(), remark) == ("2026-03-29T03:30:00+02:00", "value.date.gap")


@given(st.datetimes(datetime(1971, 1, 1), datetime(2198, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 -- the strategy's form
def test_a_date_with_an_offset_is_read_as_written(naive, minutes):
    offset = timedelta(minutes=minutes)
    written = f"{naive.isoformat()}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    when, _ = converters.to_datetime(written, "UTC")
    assert when == naive.replace(tzinfo=UTC) - offset


@given(st.integers(0, 10**8))
def test_a_clock_reads_every_time_that_is_written(milliseconds):
    seconds, rest = divmod(milliseconds, 1000)
    assert converters.to_milliseconds(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}") == milliseconds
