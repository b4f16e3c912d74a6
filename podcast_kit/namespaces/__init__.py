"""The XML namespaces of podcasting, their tags and what each may say: one table reads, writes and checks."""

from __future__ import annotations

from podcast_kit.namespaces.addresses import LEGACY, NAMESPACES, prefix_of
from podcast_kit.namespaces.kinds import Kind, fault
from podcast_kit.namespaces.table import TAGS, Field, Need, Tag, rows

__all__ = ["LEGACY", "NAMESPACES", "TAGS", "Field", "Kind", "Need", "Tag", "fault", "prefix_of", "rows"]
