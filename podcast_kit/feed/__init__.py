"""Render RSS, JSON Feed and OPML from items, and parse any podcast feed. Only this package uses feedgen and lxml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podcast_kit.late_imports import import_late

if TYPE_CHECKING:
    from podcast_kit.feed.chapters import render_chapter_timestamps, render_chapters_json
    from podcast_kit.feed.json_feed import stream_json_feed
    from podcast_kit.feed.opml import render_network_opml, render_opml
    from podcast_kit.feed.pagination import stream_feed_pages
    from podcast_kit.feed.private_feeds import (
        private_feed_key,
        render_blocked_feed,
        render_private_feeds,
        render_shared_feed,
        shared_feed_key,
    )
    from podcast_kit.feed.reader import MAX_FEED_BYTES, parse_feed
    from podcast_kit.feed.rss import GENERATOR, render_rss

__all__ = [
    "GENERATOR",
    "MAX_FEED_BYTES",
    "parse_feed",
    "private_feed_key",
    "render_blocked_feed",
    "render_chapter_timestamps",
    "render_chapters_json",
    "render_network_opml",
    "render_opml",
    "render_private_feeds",
    "render_rss",
    "render_shared_feed",
    "shared_feed_key",
    "stream_feed_pages",
    "stream_json_feed",
]

__getattr__ = import_late(
    __name__,
    {
        "chapters": ("render_chapter_timestamps", "render_chapters_json"),
        "json_feed": ("stream_json_feed",),
        "opml": ("render_network_opml", "render_opml"),
        "pagination": ("stream_feed_pages",),
        "private_feeds": (
            "private_feed_key",
            "render_blocked_feed",
            "render_private_feeds",
            "render_shared_feed",
            "shared_feed_key",
        ),
        "reader": ("MAX_FEED_BYTES", "parse_feed"),
        "rss": ("GENERATOR", "render_rss"),
    },
)
