"""Every tag that a feed can carry, as rows: where it stands, how often, and what it says.

A new tag is a new row: podcast.yaml reads it, the feed writes it and the check knows it from that alone.
"""

from __future__ import annotations

from functools import cache

from podcast_kit.namespaces.core import ITUNES, OTHER, RSS
from podcast_kit.namespaces.podcast import PODCAST
from podcast_kit.namespaces.schema import Field, Need, Tag

__all__ = ["TAGS", "Field", "Need", "Tag", "rows"]

TAGS = {tag.name: tag for tag in (*RSS, *ITUNES, *OTHER, *PODCAST)}
"""Every row by the tag's name, in the order in which they are written."""


@cache
def rows(parent: str) -> tuple[Tag, ...]:
    """The rows that podcast.yaml can say below a parent; `channel` for the show, `item` for an episode."""
    return tuple(tag for tag in TAGS.values() if parent in tag.parents and tag.keys)
