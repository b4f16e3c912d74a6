"""The table of every tag that a feed can have: its parents, how often it may occur, and its values.

A new tag is a new row: nothing else is needed to read it from podcast.yaml, write it to the feed and check it,
unless `builtin_in` names its parent: then a key of its own and `feed/elements.py` write it.
"""

from __future__ import annotations

from functools import cache

from podcast_kit.namespaces.core import ITUNES_TAGS, OTHER_TAGS, RSS_TAGS
from podcast_kit.namespaces.podcast import PODCAST_TAGS
from podcast_kit.namespaces.schema import Field, Need, Tag

__all__ = ["TAGS", "Field", "Need", "Tag", "tags_with_keys"]

TAGS = {tag.name: tag for tag in (*RSS_TAGS, *ITUNES_TAGS, *OTHER_TAGS, *PODCAST_TAGS)}
"""Every tag by its name, in the order in which a feed has them."""


@cache
def tags_with_keys(parent: str) -> tuple[Tag, ...]:
    """The tags of a parent that have a key in podcast.yaml; the parent is `channel` or `item` at the top level."""
    return tuple(tag for tag in TAGS.values() if parent in tag.parents and tag.keys)
