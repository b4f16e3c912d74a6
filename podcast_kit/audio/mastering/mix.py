"""Combine the parts of an episode into audio that can be decoded repeatedly. Import only after `require_codecs()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from podcast_kit.audio.mastering import concat, decode
from podcast_kit.audio.mastering.decision import target_lufs
from podcast_kit.audio.mastering.decode import Block, SourceInfo
from podcast_kit.audio.mastering.job import MasteringJob
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.audio.mastering.meter import LoudnessMeter
from podcast_kit.audio.mastering.peaks import db_to_ratio
from podcast_kit.errors import PodcastKitError
from podcast_kit.model import Progress

MIN_REPORTED_TRIM_S = 0.05
"""Trimming less silence is not reported."""
MAX_OVERLAP_S = 60.0
"""This much of a part is held in memory."""
EXCERPT_BLOCKS = 10
"""Half a minute: enough to estimate what a limiter does to the whole recording."""
ProgressCallback = Callable[[Progress], None]
PlayableSound = Callable[[], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class Mix:
    """Audio that can be decoded from its start repeatedly."""

    subject: str
    play: PlayableSound
    rate: int
    channels: int
    seconds: float
    """According to the headers."""
    shift: float = 0.0
    """Seconds by which the recording begins later; negative if silence at its start was trimmed."""
    done: tuple[str, ...] = ()

    def report_blocks(self, sound: Iterable[Block], on_progress: ProgressCallback, stage: str) -> Iterator[Block]:
        """The same blocks, with progress reported in whole seconds."""
        total, passed = round(self.seconds), 0
        for block in sound:
            yield block
            passed += block.shape[1]
            on_progress(Progress(stage=stage, subject=self.subject, done=min(passed // self.rate, total), total=total))

    def measure(
        self, on_progress: ProgressCallback, stage: str = "measure", keep: list[Block] | None = None
    ) -> Loudness:
        """Its loudness; about EXCERPT_BLOCKS blocks, spread over all of it, are added to `keep`."""
        meter = LoudnessMeter(self.rate, self.channels, curve=False)
        stride = max(1, round(self.seconds * self.rate / decode.DECODE_BLOCK_SAMPLES / EXCERPT_BLOCKS))
        for number, block in enumerate(self.report_blocks(self.play(), on_progress, stage)):
            meter.add(block)
            if keep is not None and number % stride == 0 and len(keep) < 2 * EXCERPT_BLOCKS:
                keep.append(block.copy())
        return meter.result()

    def with_file(self, path: Path) -> Mix:
        """The same audio, decoded from a file."""
        return replace(self, play=partial(decode.decode_blocks, path, self.rate, self.channels))


def mix_of_file(path: Path, subject: str, rate: int = 0, channels: int = 0, source: SourceInfo | None = None) -> Mix:
    """One file, at its own rate and with its own channels unless these are given; pass `source` if already read."""
    source = source or decode.read_source_info(path)
    rate, channels = rate or source.rate, channels or min(source.channels, 2)
    return Mix(subject, partial(decode.decode_blocks, path, rate, channels), rate, channels, source.seconds)


def mix_of_job(job: MasteringJob, source: SourceInfo, format_: str, on_progress: ProgressCallback) -> Mix:
    """The recording of a job, trimmed, and with its intro and outro."""
    mix = mix_of_file(job.source, job.subject, encoding_rate(source.rate, format_), job.settings.channels, source)
    if job.settings.trim:
        mix = _trim_silence(mix)
    return mix if job.intro is None and job.outro is None else _join_parts(job, mix, on_progress)


def encoding_rate(rate: int, format_: str) -> int:
    """The rate to encode at: the source's own if players support it, else 44100 or 48000."""
    if format_ == "opus":
        return 48000
    if rate in {44100, 48000}:
        return rate
    return 44100 if rate % 11025 == 0 else 48000


def _trim_silence(mix: Mix) -> Mix:
    first, stop = concat.find_silent_ends(mix.play(), mix.rate)
    seconds = (stop - first) / mix.rate
    head, end = first / mix.rate, mix.seconds - stop / mix.rate
    taken = [
        f"{cut:.1f} s at the {where}" for cut, where in ((head, "start"), (end, "end")) if cut >= MIN_REPORTED_TRIM_S
    ]
    words = (f"silence trimmed: {', '.join(taken)}",) if taken else ()

    def play() -> Iterator[Block]:
        return concat.slice_samples(mix.play(), first, stop)

    return replace(mix, play=play, seconds=seconds, shift=-first / mix.rate, done=(*mix.done, *words))


def _join_parts(job: MasteringJob, mix: Mix, on_progress: ProgressCallback) -> Mix:
    """Bring each part to the target loudness first, so that no intro is louder than the recording."""
    if not 0 <= job.settings.overlap <= MAX_OVERLAP_S:
        raise PodcastKitError(
            f"overlap is {job.settings.overlap:g} s; must be 0–{MAX_OVERLAP_S:g} s", "correct `overlap:` below `audio:`"
        )
    files = {"intro": job.intro, "outro": job.outro}
    joined = {
        name: mix_of_file(path, path.name, mix.rate, mix.channels) for name, path in files.items() if path is not None
    }
    parts = [part for part in (joined.get("intro"), mix, joined.get("outro")) if part is not None]
    goal = target_lufs(job.settings, mix.channels)
    levels = [1.0 if goal is None else _factor_to_goal(part.measure(on_progress), goal) for part in parts]
    fade = min(job.settings.overlap, *(part.seconds for part in parts))
    overlap = round(fade * mix.rate)

    def play() -> Iterator[Block]:
        return concat.crossfade(
            (_scale_blocks(part.play(), level) for part, level in zip(parts, levels, strict=True)), overlap
        )

    return replace(
        mix,
        play=play,
        seconds=sum(part.seconds for part in parts) - fade * len(joined),
        shift=mix.shift + (joined["intro"].seconds - overlap / mix.rate if "intro" in joined else 0.0),
        done=(*mix.done, f"{' and '.join(joined)} added" + (f" with a crossfade of {fade:g} s" if fade else "")),
    )


def _factor_to_goal(loudness: Loudness, goal: float) -> float:
    return 1.0 if loudness.integrated is None else db_to_ratio(goal - loudness.integrated)


def _scale_blocks(sound: Iterable[Block], factor: float) -> Iterator[Block]:
    return (block * block.dtype.type(factor) for block in sound)
