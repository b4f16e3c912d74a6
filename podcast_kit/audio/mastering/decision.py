"""Decide how to master a recording, by its header, its loudness and the settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from podcast_kit.audio.mastering.job import MasteringDecision, MasteringJob, Treatment
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.errors import InvalidAudio
from podcast_kit.model import AudioSettings

if TYPE_CHECKING:
    from pathlib import Path

    from podcast_kit.audio.mastering.decode import SourceInfo

LOUDNESS_TOLERANCE_LU = 1.0
"""Apple accepts this deviation from the target; an MP3 within it is not changed."""
DUAL_MONO_OFFSET_DB = 3.01
"""A meter reads this much less for one channel than for the same sound in two."""
LOSSLESS_CODECS = ("pcm", "flac", "alac", "wmalossless")
FORMAT_OF_CODEC = {"mp3": "mp3", "aac": "m4a", "opus": "opus"}
"""The file format of each lossy codec that podcast apps play."""
CONTAINER_OF_FORMAT = {"mp3": "mp3", "m4a": "mp4", "opus": "ogg"}
PUBLISHED_CONTAINERS = {"mp3", "mp4", "ogg", "flac"}
"""Those that can hold our tags; audio in any other one always becomes another file."""
GAIN_STEP_DB = 20 * math.log10(2) / 4
"""One step of an MP3's global gain."""


def target_lufs(settings: AudioSettings, channels: int) -> float | None:
    """The loudness that a meter should read, in LUFS; None if no loudness is set."""
    if settings.loudness is None or channels != 1 or settings.mono != "dual":
        return settings.loudness
    return settings.loudness - DUAL_MONO_OFFSET_DB


def is_lossless_codec(codec: str) -> bool:
    """Whether the codec with this name is lossless, so that encoding loses quality only once."""
    return codec.startswith(LOSSLESS_CODECS)


def is_kept_video(source: SourceInfo, settings: AudioSettings) -> bool:
    """Whether a recording is a video that is published as a video, since its settings ask for no audio format."""
    return source.has_video and source.container == "mp4" and not settings.format


def must_encode(source: SourceInfo, settings: AudioSettings) -> bool:
    """Whether a recording can only be published encoded: it is lossless, or no podcast app plays what it is."""
    if is_kept_video(source, settings):
        return False
    is_playable = source.codec in FORMAT_OF_CODEC or source.container in PUBLISHED_CONTAINERS
    return is_lossless_codec(source.codec) or not is_playable


def needs_new_container(source: SourceInfo, format_: str) -> bool:
    """Whether a file of this format is not the recording itself, but its audio without its container or video."""
    is_other = source.container != CONTAINER_OF_FORMAT.get(format_, source.container)
    return bool(format_) and (is_other or source.has_video)


def mastered_format(source: SourceInfo, settings: AudioSettings) -> str:
    """`mp3`, `m4a` or `opus`; empty for a video, or a lossy source of another format, that stays as it is.

    With `reencode: true` the latter may still become an MP3, if its loudness asks for it.
    """
    if settings.format or is_kept_video(source, settings):
        return settings.format
    return "mp3" if must_encode(source, settings) else FORMAT_OF_CODEC.get(source.codec, "")


def format_suffix(source: Path, format_: str) -> str:
    """The file extension of a result: of its format, or the source's own if it stays as it is."""
    return f".{format_}" if format_ else source.suffix.lower()


def decide_treatment(job: MasteringJob, source: SourceInfo, loudness: Loudness) -> MasteringDecision:
    """How to master a recording with this loudness; raises InvalidAudio if that needs `reencode: true`."""
    settings = job.settings
    format_ = mastered_format(source, settings)
    if must_encode(source, settings):
        return MasteringDecision(Treatment.ENCODE, format_)
    reasons = _reencode_reasons(job, source, format_)
    if is_kept_video(source, settings):
        return _decide_video(job, reasons)
    if reasons:
        if settings.reencode:
            return MasteringDecision(Treatment.ENCODE, format_ or "mp3")
        raise InvalidAudio(
            str(job.source),
            f"already {source.codec.upper()}; {' and '.join(reasons)} would re-encode it (lossy)",
            "use a WAV or FLAC recording, or set `reencode: true` below `audio:` to allow it",
            "au.reencode",
        )
    return _decide_gain(source, loudness, settings, format_)


def _decide_video(job: MasteringJob, reasons: list[str]) -> MasteringDecision:
    """A video stays a video, whatever its loudness; raises InvalidAudio for what cannot be done to one."""
    fix = "to publish only its audio, set `audio: {format: m4a}` in the episode"
    if reasons:
        text = f"is a video; {' and '.join(reasons)} is only done to audio"
        fix = f"{fix}; to publish the video, switch this off there"
        raise InvalidAudio(str(job.source), text, fix, "au.reencode")
    return MasteringDecision(Treatment.KEEP, "", why=f"a video; {fix}", missed=True)


def _decide_gain(source: SourceInfo, loudness: Loudness, settings: AudioSettings, format_: str) -> MasteringDecision:
    """How to get a lossy file to its loudness with the smallest change."""
    goal = target_lufs(settings, min(source.channels, 2))
    if goal is None or loudness.integrated is None:
        return MasteringDecision(Treatment.KEEP, format_, why="silent" if loudness.silent else "no loudness is set")
    distance = abs(loudness.integrated - goal)
    over = loudness.true_peak is not None and loudness.true_peak > settings.true_peak
    if distance <= LOUDNESS_TOLERANCE_LU and not over:
        return MasteringDecision(Treatment.KEEP, format_, why=f"within {LOUDNESS_TOLERANCE_LU:g} LU of {goal:g} LUFS")
    steps = (
        _best_gain_steps(loudness.integrated, loudness.true_peak, goal, settings.true_peak) if format_ == "mp3" else 0
    )
    missed = abs(loudness.integrated + steps * GAIN_STEP_DB - goal) > LOUDNESS_TOLERANCE_LU or (over and not steps)
    if missed and settings.reencode:
        return MasteringDecision(Treatment.ENCODE, format_ or "mp3")
    why = ""
    if missed:
        fix = "set `reencode: true` to allow it, or use a WAV or FLAC recording"
        why = f"reaching {goal:g} LUFS means re-encoding; {fix}"
    return MasteringDecision(Treatment.SHIFT if steps else Treatment.KEEP, format_, steps, why, missed)


def _reencode_reasons(job: MasteringJob, source: SourceInfo, format_: str) -> list[str]:
    settings = job.settings
    other = settings.channels and settings.channels != min(source.channels, 2)
    reasons = {
        f"converting to {format_.upper()}": format_ and format_ != FORMAT_OF_CODEC.get(source.codec),
        "changing its channels": other,
        "trimming": settings.trim,
        "adding an intro or outro": job.intro or job.outro,
    }
    return [reason for reason, is_needed in reasons.items() if is_needed]


def _best_gain_steps(integrated: float, true_peak: float | None, goal: float, ceiling: float) -> int:
    """The steps that bring an MP3 closest to the goal without exceeding the ceiling; 0 if none brings it closer.

    A recording is never moved away from the goal: one that is too quiet stays as it is even if its peaks are too high.
    """
    peak = -200.0 if true_peak is None else true_peak
    fitting = [steps for steps in range(-60, 61) if peak + steps * GAIN_STEP_DB <= ceiling]
    best = min(fitting, key=lambda steps: abs(integrated + steps * GAIN_STEP_DB - goal), default=0)
    return best if abs(integrated + best * GAIN_STEP_DB - goal) < abs(integrated - goal) else 0
