"""Text as XML and JSON can hold it."""

from __future__ import annotations

import re

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped: control characters, half pairs, two non-characters."""


def clean(text: str) -> str:
    """The text without what XML cannot hold, and without white space around it, as Apple and PSP-1 ask."""
    return ILLEGAL.sub("", text).strip()
