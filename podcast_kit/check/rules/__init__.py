"""The rules of directories and apps, one small function a rule."""

from __future__ import annotations

from podcast_kit.check.context import Facts
from podcast_kit.check.references import SOURCES
from podcast_kit.check.registry import BOOK, PLATFORMS, Finding, Rule
from podcast_kit.check.runner import look_at, run

__all__ = ["BOOK", "PLATFORMS", "SOURCES", "Facts", "Finding", "Rule", "look_at", "run"]
