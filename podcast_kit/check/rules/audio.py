"""au.*: the audio, by its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import SourceLocation, Severity
from podcast_kit.model import Audio, Chapter, Episode, Item

KILO = 1000
MONO, STEREO = (96, 128), (128, 256)
"""Apple's ranges of kilobits a second."""
RATES = {44_100, 48_000}
LOUDNESS, TOLERANCE, PEAK = -16.0, 1.0, -1.0
"""LKFS, dB, dBTP."""
APART = 1000
"""Milliseconds by which chapters may differ."""
HINT = Severity.HINT


class Loudness(Protocol):
    """How loud a recording is."""

    @property
    def integrated(self) -> float | None:
        """LKFS; None for silence."""

    @property
    def true_peak(self) -> float | None:
        """DBTP; None where it was not measured."""


class Tagged(Protocol):
    """What a file's own tags say."""

    @property
    def title(self) -> str:
        """The episode's."""

    @property
    def chapters(self) -> Sequence[Chapter]:
        """In the file."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An audio file, and the episode that it belongs to."""

    name: str
    place: SourceLocation
    facts: Audio | None = None
    tags: Tagged | None = None
    item: Item | None = None
    loudness: Loudness | None = None
    frozen: bool = False
    """It is out, and stays as it is when the notes change."""

    @property
    def episode(self) -> Episode | None:
        """The episode."""
        return self.item.episode if self.item else None


@rule(
    "au.codec",
    Severity.WARNING,
    of=Sound,
    platforms="apple",
    sources="AP893",
    why="MP3 and AAC play everywhere; of everything else some app knows nothing.",
    mend="export it as MP3, or as AAC in M4A",
)
def codec(sound: Sound) -> Iterator[Finding]:
    """The audio is MP3, or AAC in M4A."""
    if sound.facts is not None and sound.facts.codec not in {"mp3", "aac"}:
        yield Finding(f"{sound.name} is {sound.facts.codec}", key="audio")


@rule(
    "au.bitrate",
    Severity.HINT,
    of=Sound,
    platforms="apple",
    sources="AP893",
    why="Apple recommends it: less is thin, more costs data, and a variable rate makes seeking in MP3 vague.",
    mend="export mono at 96 to 128 kbit/s, stereo at 128 to 256, at 44.1 or 48 kHz, with a constant rate",
    asked=True,
)
def bit_rate(sound: Sound) -> Iterator[Finding]:
    """Mono has 96 to 128 kbit/s, stereo 128 to 256, at 44.1 or 48 kHz, with a constant bit rate in MP3."""
    facts = sound.facts
    if facts is None:
        return
    low, high = MONO if facts.channels == 1 else STEREO
    rate = facts.bit_rate / KILO
    if facts.sample_rate not in RATES:
        yield Finding(f"{sound.name} has a sample rate of {facts.sample_rate} Hz", key="audio")
    elif not low <= round(rate) <= high:
        kind = "mono" if facts.channels == 1 else "stereo"
        yield Finding(f"{sound.name} has {rate:.0f} kbit/s, in {kind}", key="audio")
    elif facts.codec == "mp3" and facts.mode == "vbr":
        yield Finding(f"{sound.name} has a variable bit rate", key="audio")


@rule(
    "au.loudness",
    Severity.HINT,
    of=Sound,
    platforms="apple",
    sources="AP893",
    why="Listeners turn the volume up for one show and get the next one at full blast.",
    mend="let the toolkit master it: audio: {loudness: -16}",
)
def loudness(sound: Sound) -> Iterator[Finding]:
    """Where it is measured, the loudness is -16 LKFS within 1 dB, and the true peak at most -1 dBTP."""
    heard = sound.loudness
    if heard is None or heard.integrated is None:
        return
    if abs(heard.integrated - LOUDNESS) > TOLERANCE:
        change = f"mastering would change it by {LOUDNESS - heard.integrated:+.1f} dB"
        yield Finding(f"{sound.name} has a loudness of {heard.integrated:.1f} LKFS; {change}", key="audio")
    elif heard.true_peak is not None and heard.true_peak > PEAK + 0.05:
        limit = f"mastering would hold it at {PEAK:g}"
        yield Finding(f"{sound.name} has a true peak of {heard.true_peak:.1f} dBTP; {limit}", key="audio")


@rule(
    "au.tag.title",
    Severity.WARNING,
    of=Sound,
    sources="HOUSE AP5482",
    why="Players that never saw the feed show what the file says.",
    mend="run `podcast-kit build --retag SLUG`; everybody who has it keeps the old file",
)
def title(sound: Sound) -> Iterator[Finding]:
    """The title in the file is the episode's."""
    said = sound.tags.title if sound.tags else ""
    if sound.item and said and said != sound.item.episode.title:
        text = f"{sound.name} calls itself {said[:60]!r}, the feed {sound.item.episode.title[:60]!r}"
        yield Finding(text, key="title", severity=HINT if sound.frozen else None)


@rule(
    "cp.id3",
    Severity.HINT,
    of=Sound,
    platforms="apple",
    sources="AP5482",
    why="One app reads the chapters of the file, the next those of the feed.",
    mend="run `podcast-kit build --retag SLUG`",
)
def chapters(sound: Sound) -> Iterator[Finding]:
    """The chapters in the file are those of the feed, within a second."""
    if sound.item is None or sound.tags is None or not sound.tags.chapters:
        return
    inside = [chapter.start_ms for chapter in sound.tags.chapters]
    said = [chapter.start_ms for chapter in sound.item.chapters]
    if len(inside) != len(said) or any(abs(a - b) > APART for a, b in zip(inside, said, strict=True)):
        yield Finding(f"{sound.name} has {len(inside)} chapters, the feed {len(said)}, at other times", key="chapters")
