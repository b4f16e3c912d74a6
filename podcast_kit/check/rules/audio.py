"""Rules au.* and cp.id3: the audio file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Audio, Chapter, Episode, Item
from podcast_kit.text.numbers import format_count

MONO_KBPS, STEREO_KBPS = (96, 128), (128, 256)
"""Bit rates that Apple recommends."""
SAMPLE_RATES_HZ = frozenset({44_100, 48_000})
TARGET_LKFS, MAX_LOUDNESS_ERROR_DB, MAX_TRUE_PEAK_DBTP = -16.0, 1.0, -1.0
TRUE_PEAK_TOLERANCE_DB = 0.05
MAX_CHAPTER_SHIFT_MS = 1000
"""By how much chapters in the file may differ from those in the feed."""


class MeasuredLoudness(Protocol):
    """How loud a recording is."""

    @property
    def integrated(self) -> float | None:
        """In LKFS; None for silence."""

    @property
    def true_peak(self) -> float | None:
        """In dBTP; None if it was not measured."""


class AudioTags(Protocol):
    """The tags of an audio file."""

    @property
    def title(self) -> str:
        """The episode's title."""

    @property
    def chapters(self) -> Sequence[Chapter]:
        """The chapters in the file."""


@dataclass(frozen=True, slots=True)
class EnclosureFile:
    """An audio file and its episode."""

    name: str
    location: SourceLocation
    audio: Audio | None = None
    """Codec, bit rate and so on; None if they were not read."""
    tags: AudioTags | None = None
    item: Item | None = None
    loudness: MeasuredLoudness | None = None
    frozen: bool = False
    """It is published and does not change when the notes change."""

    @property
    def episode(self) -> Episode | None:
        """The episode that it belongs to."""
        return self.item.episode if self.item else None


@rule(
    "au.codec",
    Severity.WARNING,
    subject=EnclosureFile,
    platforms="apple",
    sources="AP893",
    why="MP3 and AAC play everywhere; every other format is unsupported in some app.",
    fix="export it as MP3, or as AAC in an M4A file",
)
def check_audio_codec(file: EnclosureFile) -> Iterator[Finding]:
    """The audio is MP3, or AAC in M4A."""
    if file.audio is not None and file.audio.codec not in {"mp3", "aac"}:
        yield Finding(f"{file.name} is {file.audio.codec}", key="audio")


@rule(
    "au.bitrate",
    Severity.HINT,
    subject=EnclosureFile,
    platforms="apple",
    sources="AP893",
    why="Apple recommends it: less sounds thin, more costs data, and a variable rate makes seeking in MP3 inexact.",
    fix="export mono at 96–128 kbit/s, stereo at 128–256 kbit/s, at 44.1 or 48 kHz, with a constant bit rate",
    opt_in=True,
)
def check_audio_bit_rate(file: EnclosureFile) -> Iterator[Finding]:
    """Mono has 96 to 128 kbit/s, stereo 128 to 256, at 44.1 or 48 kHz, with a constant bit rate in MP3."""
    audio = file.audio
    if audio is None:
        return
    low, high = MONO_KBPS if audio.channels == 1 else STEREO_KBPS
    kbps = audio.bit_rate / 1000
    if audio.sample_rate not in SAMPLE_RATES_HZ:
        yield Finding(f"{file.name} has a sample rate of {audio.sample_rate} Hz", key="audio")
    elif not low <= round(kbps) <= high:
        channels = "mono" if audio.channels == 1 else "stereo"
        yield Finding(f"{file.name} is {channels} at {kbps:.0f} kbit/s", key="audio")
    elif audio.codec == "mp3" and audio.mode == "vbr":
        yield Finding(f"{file.name} has a variable bit rate", key="audio")


@rule(
    "au.loudness",
    Severity.HINT,
    subject=EnclosureFile,
    platforms="apple",
    sources="AP893",
    why="Listeners turn the volume up for a quiet show, and the next one is far too loud.",
    fix="set audio: {loudness: -16} to let podcast-kit master it",
)
def check_audio_loudness(file: EnclosureFile) -> Iterator[Finding]:
    """If measured, the loudness is within 1 dB of -16 LKFS, and the true peak at most -1 dBTP."""
    loudness = file.loudness
    if loudness is None or loudness.integrated is None:
        return
    if abs(loudness.integrated - TARGET_LKFS) > MAX_LOUDNESS_ERROR_DB:
        change = f"mastering would change it by {TARGET_LKFS - loudness.integrated:+.1f} dB"
        yield Finding(f"{file.name} has a loudness of {loudness.integrated:.1f} LKFS; {change}", key="audio")
    elif loudness.true_peak is not None and loudness.true_peak > MAX_TRUE_PEAK_DBTP + TRUE_PEAK_TOLERANCE_DB:
        limit = f"mastering would limit it to {MAX_TRUE_PEAK_DBTP:g}"
        yield Finding(f"{file.name} has a true peak of {loudness.true_peak:.1f} dBTP; {limit}", key="audio")


@rule(
    "au.tag.title",
    Severity.WARNING,
    subject=EnclosureFile,
    sources="HOUSE AP5482",
    why="Players that play the file without the feed show the title in the file.",
    fix="run `podcast-kit build --retag SLUG`; subscribers who already have the episode keep the old file",
)
def check_audio_tag_title(file: EnclosureFile) -> Iterator[Finding]:
    """The title in the file is the episode's."""
    title = file.tags.title if file.tags else ""
    if file.item and title and title != file.item.episode.title:
        text = f"the title in {file.name} is {title[:60]!r}, in the feed {file.item.episode.title[:60]!r}"
        yield Finding(text, key="title", severity=Severity.HINT if file.frozen else None)


@rule(
    "cp.id3",
    Severity.HINT,
    subject=EnclosureFile,
    platforms="apple",
    sources="AP5482",
    why="Some apps show the chapters of the file, others those of the feed.",
    fix="run `podcast-kit build --retag SLUG`",
)
def check_audio_tag_chapters(file: EnclosureFile) -> Iterator[Finding]:
    """The chapters in the file are those of the feed, within a second."""
    if file.item is None or file.tags is None or not file.tags.chapters:
        return
    in_file = [chapter.start_ms for chapter in file.tags.chapters]
    in_feed = [chapter.start_ms for chapter in file.item.chapters]
    differs = len(in_file) != len(in_feed) or any(
        abs(file_ms - feed_ms) > MAX_CHAPTER_SHIFT_MS for file_ms, feed_ms in zip(in_file, in_feed, strict=True)
    )
    if differs:
        counts = f"{format_count(len(in_file), 'chapter')} in the file, {len(in_feed)} in the feed"
        yield Finding(f"the chapters of {file.name} differ from the feed: {counts}", key="chapters")
