"""Cut text to what a network allows: at the end of a sentence, else between words."""

from __future__ import annotations

import re

ELLIPSIS = "…"
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*(?=\s|$)|[。！？]")
MIN_SENTENCE_PART = 0.4
"""How much of the limit a cut at a sentence must use; else the text is cut between words."""


def fit_text(text: str, max_len: int) -> str:
    """The text in one line of at most `max_len` characters.

    >>> fit_text("First one. Second one is longer.", 20)
    'First one.'
    >>> fit_text("No sentence ends here at all", 15)
    'No sentence…'
    """
    text = " ".join(text.split())
    if len(text) <= max_len:
        return text
    if max_len <= 0:
        return ""
    ends = [match.end() for match in _SENTENCE_END.finditer(text[:max_len])]
    if ends and ends[-1] >= max_len * MIN_SENTENCE_PART:
        return text[: ends[-1]]
    words = text[: max_len - 1].rsplit(" ", 1)[0] if text[max_len - 1] != " " else text[: max_len - 1]
    if len(words) < (max_len - 1) * MIN_SENTENCE_PART:  # no spaces, as in Japanese, or one long word
        words = text[: max_len - 1]
    return words.rstrip(" ,;:–—-") + ELLIPSIS
