"""A show's folder, read whole, and what of it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from podcast_kit.errors import Problem
from podcast_kit.model.episode import Chapter, Episode
from podcast_kit.model.show import Show


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that listeners get: immutable, and named by its own digest."""

    key: str
    sha256: str
    bytes: int
    mime: str
    seconds: float = 0.0
    """0 for what has no duration."""
    bit_rate: int = 0
    """Bits a second of the sound alone, where the feed says it; else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundbite:
    """A stretch of an episode to be shared, and the file that was cut for it."""

    start_ms: int
    """Within the enclosure."""
    length_ms: int
    title: str = ""
    media: Media | None = None
    """None where nothing could be cut."""
    url: str = ""
    """Of the file; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEntry:
    """An entry of podcast.lock: what identifies an episode, and the enclosure that is frozen."""

    slug: str
    guid: str
    date: datetime
    source_sha256: str
    media: Media
    former_slugs: tuple[str, ...] = ()
    """Slugs that it had before, the oldest first: their addresses lead to where it is now."""
    alternate: Media | None = None
    """The same episode in another format, frozen as the enclosure is."""
    soundbites: tuple[Soundbite, ...] = ()
    """Those that were cut, without their titles."""
    chapters: tuple[Chapter, ...] = ()
    """Those that only the recording knows, so that they are known where it is not."""
    shift: float = 0.0
    """Seconds by which mastering moved every moment: an intro before it, silence taken off."""
    loudness: float | None = None
    """LUFS of the mastered file, measured; None where it was not mastered."""
    true_peak: float | None = None
    """dBTP, as above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A show's folder, read whole."""

    folder: Path
    show: Show
    episodes: tuple[Episode, ...]
    lock: tuple[LockEntry, ...] = ()
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    """Warnings from reading, such as a link to a service that closed."""
    _lock_by_guid: Mapping[str, LockEntry] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # A build asks several times for each episode.
        object.__setattr__(self, "_lock_by_guid", {entry.guid: entry for entry in self.lock})

    def lock_entry(self, guid: str) -> LockEntry | None:
        """The lock's entry for an episode."""
        return self._lock_by_guid.get(guid)
