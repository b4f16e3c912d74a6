"""The parts of an episode put together, to be played as often as the chain needs. After `codecs.require()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from podcast_kit.audio.mastering import concat, decode
from podcast_kit.audio.mastering.decision import target
from podcast_kit.audio.mastering.decode import Block, Shape
from podcast_kit.audio.mastering.job import Job
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.audio.mastering.meter import Meter
from podcast_kit.audio.mastering.peaks import ratio
from podcast_kit.errors import PodcastKitError
from podcast_kit.model import Progress

LEAST = 0.05
"""Seconds of silence whose taking off is worth a word."""
LONGEST = 60.0
"""Seconds of overlap; that much of a part is held in memory."""
EXCERPT = 10
"""Blocks, half a minute of sound: enough to tell what a limiter does to the whole."""
Report = Callable[[Progress], None]
Sound = Callable[[], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class Mix:
    """Sound that can be played from its beginning again and again."""

    subject: str
    play: Sound
    rate: int
    channels: int
    seconds: float
    """As well as the headers know."""
    shift: float = 0.0
    """Seconds by which a moment of the recording comes later; negative where its head was cut off."""
    done: tuple[str, ...] = ()

    def told(self, sound: Iterable[Block], on: Report, stage: str) -> Iterator[Block]:
        """The same blocks, their passing reported in whole seconds."""
        total, passed = round(self.seconds), 0
        for block in sound:
            yield block
            passed += block.shape[1]
            on(Progress(stage=stage, subject=self.subject, done=min(passed // self.rate, total), total=total))

    def heard(self, on: Report, stage: str = "measure", keep: list[Block] | None = None) -> Loudness:
        """Its loudness; `keep` is given some EXCERPT blocks from all over it."""
        meter = Meter(self.rate, self.channels, curve=False)
        stride = max(1, round(self.seconds * self.rate / decode.BLOCK / EXCERPT))
        for number, block in enumerate(self.told(self.play(), on, stage)):
            meter.add(block)
            if keep is not None and number % stride == 0 and len(keep) < 2 * EXCERPT:
                keep.append(block.copy())
        return meter.result()

    def encoded(self, path: Path) -> Mix:
        """The same sound as a file holds it by now."""
        return replace(self, play=partial(decode.blocks, path, self.rate, self.channels))


def of(path: Path, subject: str, rate: int = 0, channels: int = 0, shape: Shape | None = None) -> Mix:
    """One file, at its own rate and in its own channels unless told otherwise; its shape, where that is known."""
    shape = shape or decode.shape(path)
    rate, channels = rate or shape.rate, channels or min(shape.channels, 2)
    return Mix(subject, partial(decode.blocks, path, rate, channels), rate, channels, shape.seconds)


def of_job(job: Job, shape: Shape, format_: str, on: Report) -> Mix:
    """The recording of a job with what is cut off it and joined to it."""
    mix = of(job.source, job.subject, rate_for(shape.rate, format_), job.settings.channels, shape)
    if job.settings.trim:
        mix = _trimmed(mix)
    return mix if job.intro is None and job.outro is None else _joined(job, mix, on)


def rate_for(rate: int, format_: str) -> int:
    """The rate to encode at: what there is where players know it, else the nearer relative."""
    if format_ == "opus":
        return 48000
    if rate in {44100, 48000}:
        return rate
    return 44100 if rate % 11025 == 0 else 48000


def _trimmed(mix: Mix) -> Mix:
    first, behind = concat.ends(mix.play(), mix.rate)
    seconds = (behind - first) / mix.rate
    head, end = first / mix.rate, mix.seconds - behind / mix.rate
    taken = [f"{cut:.1f} s at the {where}" for cut, where in ((head, "head"), (end, "end")) if cut >= LEAST]
    words = (f"silence taken off: {', '.join(taken)}",) if taken else ()

    def play() -> Iterator[Block]:
        return concat.stretch(mix.play(), first, behind)

    return replace(mix, play=play, seconds=seconds, shift=-first / mix.rate, done=(*mix.done, *words))


def _joined(job: Job, mix: Mix, on: Report) -> Mix:
    """Every part brought to the target by itself first, so that no intro shouts down a recording."""
    if not 0 <= job.settings.overlap <= LONGEST:
        raise PodcastKitError(
            f"an overlap of {job.settings.overlap:g} s", f"from 0 to {LONGEST:g} seconds are possible"
        )
    files = {"intro": job.intro, "outro": job.outro}
    joined = {name: of(path, path.name, mix.rate, mix.channels) for name, path in files.items() if path is not None}
    parts = [part for part in (joined.get("intro"), mix, joined.get("outro")) if part is not None]
    goal = target(job.settings, mix.channels)
    levels = [1.0 if goal is None else _level(part.heard(on), goal) for part in parts]
    fade = min(job.settings.overlap, *(part.seconds for part in parts))
    overlap = round(fade * mix.rate)

    def play() -> Iterator[Block]:
        return concat.chain((_scaled(part.play(), level) for part, level in zip(parts, levels, strict=True)), overlap)

    return replace(
        mix,
        play=play,
        seconds=sum(part.seconds for part in parts) - fade * len(joined),
        shift=mix.shift + (joined["intro"].seconds - overlap / mix.rate if "intro" in joined else 0.0),
        done=(*mix.done, f"{' and '.join(joined)} joined" + (f", fading over {fade:g} s" if fade else "")),
    )


def _level(loudness: Loudness, goal: float) -> float:
    return 1.0 if loudness.integrated is None else ratio(goal - loudness.integrated)


def _scaled(sound: Iterable[Block], factor: float) -> Iterator[Block]:
    return (block * block.dtype.type(factor) for block in sound)
