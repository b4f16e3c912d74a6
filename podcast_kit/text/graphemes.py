"""Graphemes: what a reader takes for one character. Networks count them."""

from __future__ import annotations


def count_graphemes(text: str) -> int:
    """The number of graphemes (UAX #29); a letter with its accent is one, and so is a family of emoji.

    >>> count_graphemes("e\\u0301 👨‍👩‍👧")
    3
    """
    if text.isascii():
        return len(text) - text.count("\r\n")
    from wcwidth import iter_graphemes  # its tables take time to load, and only other letters need them

    return sum(1 for _ in iter_graphemes(text))
