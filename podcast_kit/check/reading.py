"""A feed's bytes, read for being looked at."""

from __future__ import annotations

import codecs
from dataclasses import replace

from podcast_kit import feed
from podcast_kit.model import FeedDocument

WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def parsed(data: bytes, path: str) -> FeedDocument:
    """The feed; where it is UTF-16 and does not say so, its encoding is what it is. Raises InvalidInput."""
    read = feed.parse(data, path)
    return replace(read, encoding="utf-16") if data.startswith(WIDE) and not read.encoding else read
