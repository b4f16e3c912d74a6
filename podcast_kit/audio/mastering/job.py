"""The values of mastering: a job, a decision, and a result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.io.pinned_folder import OpenFolder
from podcast_kit.model import AudioSettings


class Treatment(StrEnum):
    """What is done to a recording; the value is shown to people."""

    KEEP = "unchanged"
    SHIFT = "loudness changed without loss"
    ENCODE = "encoded"


@dataclass(frozen=True, slots=True)
class MasteringDecision:
    """How to master a recording, and why."""

    treatment: Treatment
    format: str
    """`mp3`, `m4a`, `opus`, or empty to keep the source's own format."""
    steps: int = 0
    """Of GAIN_STEP_DB, if the loudness is changed without loss."""
    why: str = ""
    missed: bool = False
    """Whether the result will not meet the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteringJob:
    """A recording to master."""

    source: Path
    destination: Path
    settings: AudioSettings
    folder: OpenFolder | None = None
    """The folder of the destination, if it is open; the file is then written there, whatever its path becomes."""
    intro: Path | None = None
    outro: Path | None = None
    name: str = ""
    """Its name in messages, such as an episode's slug."""

    @property
    def target(self) -> Path:
        """The path to write to."""
        return self.folder.path_for_others(self.destination.name) if self.folder else self.destination

    @property
    def subject(self) -> str:
        """The name, or the file name."""
        return self.name or self.source.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteringResult:
    """The result of mastering a recording."""

    path: Path
    treatment: Treatment
    format: str
    """The suffix without its dot, such as `mp3`."""
    bytes: int
    sha256: str
    before: Loudness
    """Of the input, after trimming and joining."""
    after: Loudness
    """Of the finished file, measured from it."""
    gain: float = 0.0
    """The gain in dB, without what the limiter did."""
    shift: float = 0.0
    """Seconds by which the recording begins later in the result, to move chapters and cues."""
    done: tuple[str, ...] = ()
    """What was done, for people."""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.before} → {self.after}; {'; '.join(self.done)}"
