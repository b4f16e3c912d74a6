"""Items to RSS, and anybody's feed to its elements. The only home of feedgen and lxml."""

from __future__ import annotations

from podcast_kit.feed.read import parse
from podcast_kit.feed.rss import render

__all__ = ["parse", "render"]
