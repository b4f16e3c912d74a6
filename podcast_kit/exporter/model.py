"""What an export is asked for, and what it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from podcast_kit.errors import Problem


class ExportFormat(StrEnum):
    """What a show is exported as."""

    RSS = "rss"
    """One feed with all episodes, which every host can import."""
    PODLOVE = "podlove"
    """What the Podlove Publisher for WordPress imports: posts, and their data."""
    CASTOPOD = "castopod"
    """The feed as Castopod imports it."""
    HUGO = "hugo"
    """Content and static files of a Hugo site with the Castanet theme."""
    ZIP = "zip"
    """The show's own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What is exported besides the public episodes, and whether files may be replaced."""

    drafts: bool = False
    """Also drafts and scheduled episodes, where the format can hold them."""
    members: bool = False
    """Also members' episodes, and who the subscribers are, where the format can hold them."""
    force: bool = False
    """Replace the files of an earlier export."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or an episode that was not exported."""

    path: str
    """Relative to the show's folder."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What an export wrote, and what it could not."""

    path: Path
    """The file, or the folder."""
    format: ExportFormat
    episodes: tuple[str, ...]
    """Slugs."""
    files: int
    bytes: int
    left_out: tuple[LeftOut, ...] = ()
    limits: tuple[str, ...] = ()
    """What the show has and the format cannot hold, in words."""
    problems: tuple[Problem, ...] = ()
    """Warnings, such as of media that were never published."""
