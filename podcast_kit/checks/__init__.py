"""The rules of directories and apps, one small function a rule."""

from __future__ import annotations

from podcast_kit.checks.rules import BOOK, PLATFORMS, Finding, Rule
from podcast_kit.checks.run import look_at, run
from podcast_kit.checks.sources import SOURCES
from podcast_kit.checks.view import Facts

__all__ = ["BOOK", "PLATFORMS", "SOURCES", "Facts", "Finding", "Rule", "look_at", "run"]
