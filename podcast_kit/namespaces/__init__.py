"""The XML namespaces of podcasting, their tags and values: one table for reading, writing and checking."""

from __future__ import annotations

from podcast_kit.namespaces.registry import TAGS, Field, Need, Tag, tags_with_keys
from podcast_kit.namespaces.uris import LEGACY_URIS, NAMESPACES, usual_prefix
from podcast_kit.namespaces.value_types import ValueType, find_value_error

__all__ = [
    "LEGACY_URIS",
    "NAMESPACES",
    "TAGS",
    "Field",
    "Need",
    "Tag",
    "ValueType",
    "find_value_error",
    "tags_with_keys",
    "usual_prefix",
]
