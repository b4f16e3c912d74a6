"""Text as one line that shows what it says."""

from __future__ import annotations

import re

_INVISIBLE_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, and those that change the direction of all text after them."""


def clean_line(text: str) -> str:
    """The text in one line, without control characters and overrides of its direction.

    >>> clean_line("one\\u202e\\ntwo")
    'one two'
    """
    return " ".join(_INVISIBLE_CONTROLS.sub(" ", text).split())
