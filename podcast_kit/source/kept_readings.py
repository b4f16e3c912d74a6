"""What earlier readings of notes gave: an episode whose files are unchanged is not parsed again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from podcast_kit.errors import Problem
from podcast_kit.model import Episode

FileFacts: TypeAlias = tuple[int, ...]
"""Mode, size, inode, and the times (ns) of content and status; empty where there is nothing."""


@dataclass(frozen=True, slots=True)
class EpisodeReading:
    """What reading an episode's notes gave, and everything that it depended on."""

    episode: Episode
    problems: tuple[Problem, ...]
    """Warnings."""
    settings: str
    """What the show's settings say of all episodes."""
    audio_names: tuple[str, ...]
    """The audio files beside the notes that may be their recording."""
    files: tuple[tuple[str, FileFacts], ...]
    """The notes, and every path that they name or could have meant, relative to the show's folder."""


@dataclass(slots=True)
class KeptReadings:
    """Readings by the path of their notes: those of the last run, and those that hold now.

    What changed since `start` may change once more without a trace in its times, so it is not kept.
    """

    load: Callable[[str], EpisodeReading | None] = lambda _: None
    """Finds what an earlier process kept for a path."""
    tick_ns: int = 0
    """The file system's time before anything is read."""
    current: dict[str, EpisodeReading] = field(default_factory=dict)
    _former: dict[str, EpisodeReading] = field(default_factory=dict)
    _root: str = ""
    _settings: str = ""
    _facts: dict[str, FileFacts] = field(default_factory=dict)
    _plain_folders: dict[str, bool] = field(default_factory=dict)

    def start(self, root: Path, settings: str) -> None:
        """Begin to read a show once more."""
        self._former |= self.current
        self.current = {}
        self._root, self._settings = str(root), settings
        self._facts, self._plain_folders = {}, {}

    def find(self, path: str, audio_names: tuple[str, ...]) -> EpisodeReading | None:
        """The reading of notes that holds still."""
        reading = self._former.pop(path, None) or self.load(path)
        if reading is None or (reading.settings, reading.audio_names) != (self._settings, audio_names):
            return None
        if not all(self._holds(name, facts) for name, facts in reading.files):
            return None
        self.current[path] = reading
        return reading

    def keep(
        self,
        episode: Episode,
        problems: tuple[Problem, ...],
        audio_names: tuple[str, ...],
        files: Mapping[str, FileFacts],
    ) -> None:
        """Keep a reading, unless a file that it depended on is a link or was only just changed."""
        if all(
            self._is_plain(name, facts) and max(facts[3:], default=0) < self.tick_ns for name, facts in files.items()
        ):
            self.current[episode.path] = EpisodeReading(
                episode, problems, self._settings, audio_names, tuple(files.items())
            )

    def _holds(self, name: str, facts: FileFacts) -> bool:
        if name not in self._facts:
            self._facts[name] = file_facts(f"{self._root}/{name}")
        return self._facts[name] == facts and self._is_plain(name, facts)

    def _is_plain(self, name: str, facts: FileFacts) -> bool:
        """Whether neither the file nor a folder on the way is a link, whose target may change unseen."""
        folder = name.rpartition("/")[0]
        if folder not in self._plain_folders:
            path = f"{self._root}/{folder}" if folder else self._root
            self._plain_folders[folder] = os.path.realpath(path) == os.path.normpath(path)
        return self._plain_folders[folder] and not (facts and stat.S_ISLNK(facts[0]))


def file_facts(path: str) -> FileFacts:
    """By these an unchanged file is recognised; they are those of a link itself."""
    try:
        facts = os.lstat(path)  # thousands of times a build
    except (OSError, ValueError):
        return ()
    return facts.st_mode, facts.st_size, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns
