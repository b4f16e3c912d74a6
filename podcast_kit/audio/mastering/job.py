"""The nouns of mastering: a recording, what is to be done with it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.model import AudioSettings


class Treatment(StrEnum):
    """What is done to a recording; the value is the word shown."""

    KEEP = "left as it is"
    SHIFT = "changed in loudness without loss"
    ENCODE = "encoded"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a recording, and why."""

    treatment: Treatment
    format: str
    """`mp3`, `m4a`, `opus`, or empty for the source's own."""
    steps: int = 0
    """Of STEP dB, where the loudness is changed without loss."""
    why: str = ""
    missed: bool = False
    """Whether it stays outside what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A recording to be mastered."""

    source: Path
    destination: Path
    settings: AudioSettings
    intro: Path | None = None
    outro: Path | None = None
    name: str = ""
    """What it is called when something is said of it, such as an episode's slug."""

    @property
    def subject(self) -> str:
        """The name, or the file's."""
        return self.name or self.source.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Mastered:
    """What became of a recording."""

    path: Path
    treatment: Treatment
    format: str
    """The suffix without its dot, such as `mp3`."""
    bytes: int
    sha256: str
    before: Loudness
    """Of what went in, joined and trimmed."""
    after: Loudness
    """Of the finished file, measured anew."""
    gain: float = 0.0
    """dB by which the whole was changed; the limiter's work is not in it."""
    shift: float = 0.0
    """Seconds that a moment of the recording comes later in the result, for chapters and cues."""
    done: tuple[str, ...] = ()
    """What was done, in words."""

    def __str__(self) -> str:
        """In one line, for people."""
        return f"{self.before} → {self.after}; {'; '.join(self.done)}"
