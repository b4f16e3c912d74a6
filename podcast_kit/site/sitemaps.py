"""The sitemap of a site, split as the protocol demands: https://www.sitemaps.org/protocol.html."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

MAX_SITEMAP_URLS = 50_000
MAX_SITEMAP_BYTES = 50_000_000
"""The protocol's limits of one file, uncompressed; its 50 MB are a little more."""
ENTRY_BYTES = 200
"""What an entry has beside its address, at most: tags, a date, and what a template of the show's own adds."""
SITEMAP_KEY = "sitemap.xml"
"""The sitemap, or the index of its parts: what robots.txt names."""
SitemapUrls = list[tuple[str, datetime | None]]
"""Absolute URLs, each with the date of its episode."""


def split_sitemap(urls: Iterable[tuple[str, datetime | None]]) -> list[SitemapUrls]:
    """The URLs in parts that are within the limits of one file, in the same order; one empty part without any."""
    parts: list[SitemapUrls] = [[]]
    size = 0
    for url, date in urls:
        entry_size = len(escape(url).encode()) + ENTRY_BYTES
        if len(parts[-1]) == MAX_SITEMAP_URLS or (parts[-1] and size + entry_size > MAX_SITEMAP_BYTES):
            parts.append([])
            size = 0
        parts[-1].append((url, date))
        size += entry_size
    return parts


def sitemap_part_key(number: int) -> str:
    """The key of a part; parts count from 1. At the root, since a sitemap may only list what is beside or below it."""
    return f"sitemap-{number}.xml"


def newest_date(urls: SitemapUrls) -> datetime | None:
    """The newest of the dates; None without any."""
    return max((date for _, date in urls if date), default=None)
