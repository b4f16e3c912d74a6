import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.text import numbers


def test_examples_in_docstrings_hold():
    assert doctest.testmod(numbers).failed == 0


@given(st.integers(0, 10**numbers.MAX_COUNT_DIGITS - 1))
def test_counts_round_trip(count):
    assert numbers.parse_count(str(count)) == count


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", " 1", "²", "١", "1" * 16])
def test_text_without_count_gives_none(text):
    assert numbers.parse_count(text) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_940, "9.9 kB"), (10_400, "10 kB"), (1_400_000, "1.4 MB"),
     (24_000_000, "24 MB"), (3_000_000_000, "3.0 GB"), (5_000_000_000_000, "5000 GB")],
)  # fmt: skip
def test_sizes_for_people(count, text):
    assert numbers.format_bytes(count) == text
