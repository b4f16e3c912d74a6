"""Counts and sizes: read from untrusted text within bounds, and written for people."""

from __future__ import annotations

MAX_COUNT_DIGITS = 15
"""Longer digit strings are not read as numbers: it is enough for a petabyte, and int() is slow for huge ones."""


def parse_count(text: str, max_digits: int = MAX_COUNT_DIGITS) -> int | None:
    """A whole number of at most `max_digits` ASCII digits, without a sign; None for any other text.

    >>> parse_count("42"), parse_count("-1"), parse_count("1234", max_digits=3), parse_count("")
    (42, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= max_digits else None


def parse_leading_count(text: str, max_digits: int = 8) -> int | None:
    """The number before a slash, as tags write "7 of 12"; None where there is none.

    >>> parse_leading_count("7/12"), parse_leading_count("7"), parse_leading_count("A")
    (7, 7, None)
    """
    return parse_count(text.partition("/")[0].strip(), max_digits)


def format_count(count: int, noun: str, plural: str = "") -> str:
    """A count and its noun, in the plural where needed; `plural` is for nouns that take more than an s.

    >>> format_count(1, "episode"), format_count(3, "episode"), format_count(0, "entry", "entries")
    ('1 episode', '3 episodes', '0 entries')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def format_bytes(count: float) -> str:
    """A number of bytes in decimal units.

    >>> format_bytes(999), format_bytes(1400), format_bytes(392_000), format_bytes(24_000_000)
    ('999 B', '1.4 kB', '392 kB', '24 MB')
    """
    base, precise_below = 1000, 10
    unit, *larger = "B", "kB", "MB", "GB"
    while count >= base and larger:
        count /= base
        unit = larger.pop(0)
    return f"{count:.1f} {unit}" if count < precise_below and unit != "B" else f"{count:.0f} {unit}"
