"""A recording made ready for listeners: joined, brought to its loudness, limited, encoded, and measured again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.audio import codecs
from podcast_kit.audio.loudness import Loudness
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import AudioSettings, Step

if TYPE_CHECKING:
    from podcast_kit.audio.samples import Shape

VERSION = 2
"""Raised whenever the same recording and settings would give other bytes."""
TOLERANCE = 1.0
"""LU that Apple allows around the target; an MP3 within it is near enough."""
DUAL = 3.01
"""dB that a meter reads lower in one channel than in two of the same."""
LOSSLESS = ("pcm", "flac", "alac")
OWN = {"mp3": "mp3", "aac": "m4a", "opus": "opus"}
"""What a lossy codec comes in."""
STEP = 20 * math.log10(2) / 4
"""dB of one step of an MP3's global gain."""


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


def key(payload_sha256: str, settings: AudioSettings, *joined: str) -> str:
    """What the result depends on, as one digest (64 hex digits): a cache may keep the result under it.

    `payload_sha256` is that of the recording without its tags, `joined` those of intro and outro.
    """
    parts = [payload_sha256, *joined, json.dumps(asdict(settings), sort_keys=True), *codecs.versions(), str(VERSION)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def target(settings: AudioSettings, channels: int) -> float | None:
    """What a meter shall read in LUFS; None where no loudness is asked for."""
    if settings.loudness is None or channels != 1 or settings.mono != "dual":
        return settings.loudness
    return settings.loudness - DUAL


def suffix(source: Path, settings: AudioSettings) -> str:
    """What the result's name ends in, such as `.mp3`; of the source only the header is read."""
    codecs.require()
    from podcast_kit.audio import samples

    return _suffix(source, wanted(samples.shape(source).codec, settings))


def lossless(codec: str) -> bool:
    """Whether a codec of this name keeps every bit, so that encoding loses only once."""
    return codec.startswith(LOSSLESS)


def wanted(codec: str, settings: AudioSettings) -> str:
    """`mp3`, `m4a` or `opus`; empty for a lossy source that is to stay what it is and is none of these."""
    if settings.format:
        return settings.format
    return "mp3" if lossless(codec) else OWN.get(codec, "")


def decide(job: Job, shape: Shape, loudness: Loudness) -> Decision:
    """What is to be done with a recording that measures so; raises InvalidAudio when what is asked needs leave."""
    settings = job.settings
    format_ = wanted(shape.codec, settings)
    if lossless(shape.codec):
        return Decision(Treatment.ENCODE, format_)
    if reasons := _reshaping(job, shape, format_):
        if settings.reencode:
            return Decision(Treatment.ENCODE, format_ or "mp3")
        raise InvalidAudio(
            str(job.source),
            f"is {shape.codec.upper()} already, and {' and '.join(reasons)} would encode it a second time",
            "give the recording as WAV or FLAC, or allow it with `reencode: true` below `audio:`",
            "au.reencode",
        )
    return _nearing(shape, loudness, settings, format_)


def _nearing(shape: Shape, loudness: Loudness, settings: AudioSettings, format_: str) -> Decision:
    """What brings a lossy file to its loudness with the least done to it."""
    goal = target(settings, min(shape.channels, 2))
    if goal is None or loudness.integrated is None:
        return Decision(Treatment.KEEP, format_, why="silent" if loudness.silent else "no loudness is asked for")
    distance = abs(loudness.integrated - goal)
    over = loudness.true_peak is not None and loudness.true_peak > settings.true_peak
    if distance <= TOLERANCE and not over:
        return Decision(Treatment.KEEP, format_, why=f"within {TOLERANCE:g} LU of {goal:g} LUFS")
    steps = _steps(loudness.integrated, loudness.true_peak, goal, settings.true_peak) if format_ == "mp3" else 0
    missed = abs(loudness.integrated + steps * STEP - goal) > TOLERANCE or (over and not steps)
    if missed and settings.reencode:
        return Decision(Treatment.ENCODE, format_ or "mp3")
    why = f"{goal:g} LUFS would take a second encoding, which `reencode: true` would allow" if missed else ""
    return Decision(Treatment.SHIFT if steps else Treatment.KEEP, format_, steps, why, missed)


def _reshaping(job: Job, shape: Shape, format_: str) -> list[str]:
    settings = job.settings
    other = settings.channels and settings.channels != min(shape.channels, 2)
    asked = {
        f"making it {format_.upper()}": format_ != OWN.get(shape.codec, ""),
        "changing its channels": other,
        "trimming": settings.trim,
        "joining an intro or outro": job.intro or job.outro,
    }
    return [words for words, wish in asked.items() if wish]


def _steps(integrated: float, true_peak: float | None, goal: float, ceiling: float) -> int:
    """The number of steps that brings an MP3 nearest to the goal without passing the ceiling; 0 when none does."""
    peak = -200.0 if true_peak is None else true_peak
    fitting = [steps for steps in range(-60, 61) if peak + steps * STEP <= ceiling]
    best = min(fitting, key=lambda steps: abs(integrated + steps * STEP - goal), default=0)
    nearer = abs(integrated + best * STEP - goal) < abs(integrated - goal) or peak > ceiling
    return best if nearer else 0


def _suffix(source: Path, format_: str) -> str:
    return f".{format_}" if format_ else source.suffix.lower()


def master(
    source: Path,
    destination: Path,
    settings: AudioSettings,
    on: Callable[[Step], None] | None = None,
    *,
    intro: Path | None = None,
    outro: Path | None = None,
) -> Mastered:
    """Make `destination` of `source` as the settings ask; its suffix is `suffix(source, settings)`.

    Raises InvalidAudio for a source that cannot be decoded or cannot become what is asked, Failed for a disk that will
    not take it, and PodcastKitError where the extra `master` is not installed. The source is only read; the destination
    is whole or not there.
    """
    codecs.require()
    from podcast_kit.audio import chain

    job = Job(source=source, destination=destination, settings=settings, intro=intro, outro=outro)
    return chain.master(job, on or (lambda _: None))
