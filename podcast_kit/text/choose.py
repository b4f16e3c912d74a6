"""A stable choice among texts: by a hash, never by the clock or at random."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def choose_by_hash(key: str, texts: Sequence[str]) -> str:
    """The text with the highest hash together with the key (rendezvous hashing); empty if there are no texts.

    The order of the texts does not matter. A new text changes the choice only for those keys that now get it, and one
    that is removed only for those that had it.

    >>> choose_by_hash("guid-1", ["a", "b", "c"]) == choose_by_hash("guid-1", ["c", "b", "a"])
    True
    """
    return max(texts, key=lambda text: hashlib.sha256(f"{key}\0{text}".encode("utf-8", "replace")).digest(), default="")
