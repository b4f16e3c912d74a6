"""What is to be done with a recording: decided from its header, its loudness and what is asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from podcast_kit.audio.mastering.job import Decision, Job, Treatment
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import AudioSettings

if TYPE_CHECKING:
    from podcast_kit.audio.mastering.decode import Shape

TOLERANCE = 1.0
"""LU that Apple allows around the target; an MP3 within it is near enough."""
DUAL = 3.01
"""dB that a meter reads lower in one channel than in two of the same."""
LOSSLESS = ("pcm", "flac", "alac")
OWN = {"mp3": "mp3", "aac": "m4a", "opus": "opus"}
"""What a lossy codec comes in."""
STEP = 20 * math.log10(2) / 4
"""dB of one step of an MP3's global gain."""


def target(settings: AudioSettings, channels: int) -> float | None:
    """What a meter shall read in LUFS; None where no loudness is asked for."""
    if settings.loudness is None or channels != 1 or settings.mono != "dual":
        return settings.loudness
    return settings.loudness - DUAL


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
