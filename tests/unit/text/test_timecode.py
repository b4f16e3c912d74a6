import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.text import timecode

MILLISECONDS = st.integers(0, 359_999_999)
WHOLE_SECONDS = st.integers(0, 359_999).map(lambda seconds: seconds * 1000)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(timecode).failed == 0


@given(MILLISECONDS)
def test_full_timecode_round_trip(milliseconds):
    text = timecode.format_timecode(milliseconds)
    assert timecode.parse_timecode(text) == timecode.parse_full_timecode(text) == milliseconds


@given(WHOLE_SECONDS)
def test_short_timecode_round_trip(milliseconds):
    assert timecode.parse_timecode(timecode.format_short_timecode(milliseconds)) == milliseconds


@given(MILLISECONDS)
def test_seconds_round_trip(milliseconds):
    assert timecode.parse_timecode(timecode.format_seconds(milliseconds)) == milliseconds


@given(MILLISECONDS, st.sampled_from(["0:00", "00:00", "0:00:00", "00:00:00", "0:00.5", "00:00:00,250"]))
def test_timecode_like_sample_keeps_its_digits_and_its_value(milliseconds, sample):
    text = timecode.format_timecode_like(sample, milliseconds)
    exact = milliseconds if "." in sample or "," in sample else milliseconds // 1000 * 1000
    assert timecode.parse_timecode(text) == exact
    assert len(text) >= len(sample.partition(".")[0].partition(",")[0])


@given(WHOLE_SECONDS)
def test_itunes_duration_reads_every_short_timecode(milliseconds):
    assert timecode.parse_duration(timecode.format_short_timecode(milliseconds)) == milliseconds / 1000


@given(st.text())
def test_parsers_accept_any_text(text):
    timecode.parse_timecode(text)
    timecode.parse_full_timecode(text)
    timecode.parse_duration(text)


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "-1", "1:", ":1", "²:00", "99999999", "1 2"])
def test_text_without_timecode_gives_none(text):
    assert timecode.parse_timecode(text) is None


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("1", 1000), ("0:01,5", 1500), ("00:00:01.0019", 1001), ("90:00", 5_400_000)]
)
def test_lenient_timecodes(text, milliseconds):
    assert timecode.parse_timecode(text) == milliseconds
