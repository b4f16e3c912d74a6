"""Items to feeds in every form, and anybody's feed to its elements. The only home of feedgen and lxml."""

from __future__ import annotations

from podcast_kit.feed.chapters import chapters_json, timestamps
from podcast_kit.feed.json_feed import json_feed, opml
from podcast_kit.feed.paging import archives, render_pages
from podcast_kit.feed.private_feeds import key_for, render_private
from podcast_kit.feed.reader import parse
from podcast_kit.feed.rss import GENERATOR, render

__all__ = [
    "GENERATOR",
    "archives",
    "chapters_json",
    "json_feed",
    "key_for",
    "opml",
    "parse",
    "render",
    "render_pages",
    "render_private",
    "timestamps",
]
