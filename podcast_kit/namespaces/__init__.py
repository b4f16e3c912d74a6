"""The XML namespaces of podcasting, their tags and what each may say: one table reads, writes and checks."""

from __future__ import annotations

from podcast_kit.namespaces.registry import TAGS, Field, Need, Tag, rows
from podcast_kit.namespaces.uris import LEGACY, NAMESPACES, prefix_of
from podcast_kit.namespaces.value_types import Kind, fault

__all__ = ["LEGACY", "NAMESPACES", "TAGS", "Field", "Kind", "Need", "Tag", "fault", "prefix_of", "rows"]
