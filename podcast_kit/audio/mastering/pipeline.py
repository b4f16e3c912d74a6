"""The mastering chain: gain, limiter, encoder, and the meter at its end. Imported after `codecs.require()`."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from podcast_kit.audio.mastering import decode, encode, mix, mp3_gain, peaks
from podcast_kit.audio.mastering.decision import STEP, decide, lossless, target, wanted
from podcast_kit.audio.mastering.decode import Block, Shape
from podcast_kit.audio.mastering.job import Decision, Job, Mastered, Treatment
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.audio.mastering.meter import Meter
from podcast_kit.audio.mastering.mix import Mix, Report
from podcast_kit.errors import PodcastKitError
from podcast_kit.io.atomic_write import atomic_path

EXACT = 0.2
"""LU around the target that an encoded file is brought to."""
MARGIN = 1.0
"""dB below the ceiling that sound is limited to before a codec, which lets peaks grow."""
LEAST_YIELD = 0.25
"""LU that a dB of gain is taken to yield at the least: what is limited harder is beyond saving."""
ATTEMPTS = 4
"""Encodings at most: what a codec does to a peak is only known afterwards."""
OPEN = 100.0
"""A ceiling in dB that nothing reaches."""
NOISY = 20.0
"""dB of gain from which a listener hears the room."""
LIMITS = {"mp3": (32, 320), "m4a": (24, 320), "opus": (12, 256)}
MP3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def master(job: Job, on: Report) -> Mastered:
    """See `podcast_kit.audio.master.master`."""
    shape = decode.shape(job.source)
    if lossless(shape.codec):
        return _encoded(job, shape, Decision(Treatment.ENCODE, wanted(shape.codec, job.settings)), on)
    before = mix.of(job.source, job.subject, shape=shape).heard(on)
    decision = decide(job, shape, before)
    if decision.treatment is Treatment.ENCODE:
        return _encoded(job, shape, decision, on)
    return _whole(job, decision, before, on)


def _whole(job: Job, decision: Decision, before: Loudness, on: Report) -> Mastered:
    """A lossy file copied, its loudness changed by whole steps where that was decided."""
    with atomic_path(job.destination) as part:
        if decision.treatment is Treatment.KEEP:
            shutil.copyfile(job.source, part)
            return _result(job, part, decision, before, before, done=(f"{decision.treatment}: {decision.why}",))
        mp3_gain.shift(job.source, part, decision.steps)
        after = mix.of(part, job.subject).heard(on, "verify")
        change = decision.steps * STEP
        done = (f"{change:+.1f} dB without loss", *filter(None, (decision.why,)))
        return _result(job, part, decision, before, after, gain=change, done=done)


def _encoded(job: Job, shape: Shape, decision: Decision, on: Report) -> Mastered:
    if decision.format not in encode.KBITS:
        raise PodcastKitError(f"format {decision.format!r}", f"known: {', '.join(encode.KBITS)}")
    sound = mix.of_job(job, shape, decision.format, on)
    kbits = _kbits(decision.format, sound.channels, job.settings.bitrate)
    excerpt: list[Block] = []
    before = sound.heard(on, keep=excerpt)
    goal = target(job.settings, sound.channels)
    with atomic_path(job.destination) as part:
        if goal is None or before.integrated is None:
            words: tuple[str, ...] = () if goal is None else ("too quiet from end to end to be brought to a loudness",)
            _pour(sound.play(), decision.format, part, kbits, 1.0, sound, on)
            after, change = mix.of(part, job.subject).heard(on, "verify"), 0.0
        else:
            after, change, words = _levelled(
                job, decision.format, part, sound, kbits, goal, _change(job, sound, before, goal, excerpt), on
            )
        done = (*sound.done, *words, _named(decision.format, kbits, sound))
        return _result(job, part, decision, before, after, gain=change, shift=sound.shift, done=done)


def _change(job: Job, sound: Mix, before: Loudness, goal: float, excerpt: list[Block]) -> float:
    """The gain in dB that gives the goal once the limiter has done its work, as far as an excerpt can tell."""
    first = change = goal - (before.integrated or 0.0)
    ceiling = job.settings.true_peak - MARGIN
    if (before.true_peak or 0.0) + change <= ceiling:
        return change

    def loudness(gain: float, top: float) -> float | None:
        meter = Meter(sound.rate, sound.channels, peak=False, curve=False)
        for block in _limited(excerpt, peaks.Limiter(sound.channels, sound.rate, peaks.ratio(gain), peaks.ratio(top))):
            meter.add(block)
        return meter.result().integrated

    free = loudness(first, OPEN)
    for _ in range(ATTEMPTS):
        held = loudness(change, ceiling)
        if free is None or held is None or abs(free - held) < EXACT / 2:
            break
        change += 1.2 * (free - held)  # what is added is limited in its turn
    return change


def _levelled(
    job: Job, format_: str, part: Path, sound: Mix, kbits: int, goal: float, change: float, on: Report
) -> tuple[Loudness, float, tuple[str, ...]]:
    """Encode, measure, and encode again with what was learned, until the file is what was asked for."""
    ceiling = job.settings.true_peak - MARGIN
    yielded, before = 1.0, None
    for attempt in range(1, ATTEMPTS + 1):
        limiter = peaks.Limiter(sound.channels, sound.rate, peaks.ratio(change), peaks.ratio(ceiling))
        _pour(_limited(sound.play(), limiter), format_, part, kbits, 1 / encode.scale(format_, kbits), sound, on)
        after = sound.encoded(part).heard(on, "verify")
        miss = (after.integrated or 0.0) - goal
        over = (-200.0 if after.true_peak is None else after.true_peak) - job.settings.true_peak
        fits = abs(miss) <= EXACT and over <= 0
        if fits or attempt == ATTEMPTS:
            break
        if before and abs(change - before[0]) > EXACT:
            # Where the limiter works hard, a dB of gain makes less than a dB of loudness.
            yielded = min(1.0, max(LEAST_YIELD, (miss - before[1]) / (change - before[0])))
        before = change, miss
        change -= miss / yielded
        ceiling -= over + 0.1 if over > 0 else 0.0
    return after, change, tuple(_said(change, limiter, sound, fits=fits))


def _limited(sound: Iterable[Block], limiter: peaks.Limiter) -> Iterator[Block]:
    for block in sound:
        yield limiter.push(block)
    yield limiter.finish()


def _pour(blocks: Iterable[Block], format_: str, part: Path, kbits: int, factor: float, sound: Mix, on: Report) -> None:
    encoder = encode.encoder(format_, part, sound.rate, sound.channels, kbits)
    try:
        for block in sound.told(blocks, on, "encode"):
            encoder.write(block * block.dtype.type(factor))
        encoder.finish()
    except BaseException:
        encoder.abandon()
        raise


def _said(change: float, limiter: peaks.Limiter, sound: Mix, *, fits: bool) -> Iterator[str]:
    yield f"{change:+.1f} dB"
    if limiter.most > 0:
        share = 100 * limiter.touched * peaks.STRETCH / max(1.0, sound.seconds * sound.rate)
        yield f"peaks limited by up to {limiter.most:.1f} dB in {share:.2g} % of it"
    if change > NOISY:
        yield "so much gain makes the room heard: record closer to the microphone"
    if not fits:
        yield "as near as its peaks allow"


def _named(format_: str, kbits: int, sound: Mix) -> str:
    channels = "mono" if sound.channels == 1 else "stereo"
    name = {"mp3": "MP3", "m4a": "AAC", "opus": "Opus"}[format_]
    return f"{name}, {kbits} kbit/s, {channels}, {sound.rate / 1000:g} kHz"


def _kbits(format_: str, channels: int, asked: str) -> int:
    """The bit rate in kbit/s: what was asked for, or what the format and the channels want."""
    if not asked:
        return encode.KBITS[format_][channels - 1]
    found = re.fullmatch(r"(\d{1,4}) ?(k|kbps|kbit/s)?", asked.strip().lower())
    kbits = int(found[1]) if found else 0
    least, most = LIMITS[format_]
    if not least <= kbits <= most:
        raise PodcastKitError(
            f"bitrate {asked!r}", f"write one from {least}k to {most}k, such as {encode.KBITS[format_][1]}k"
        )
    if format_ == "mp3" and kbits not in MP3_KBITS:
        raise PodcastKitError(f"bitrate {asked!r}", f"MP3 knows {', '.join(map(str, MP3_KBITS))} kbit/s")
    return kbits


def _result(
    job: Job,
    part: Path,
    decision: Decision,
    before: Loudness,
    after: Loudness,
    *,
    gain: float = 0.0,
    shift: float = 0.0,
    done: tuple[str, ...] = (),
) -> Mastered:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Mastered(
        path=job.destination,
        treatment=decision.treatment,
        format=decision.format or job.destination.suffix.lstrip("."),
        bytes=part.stat().st_size,
        sha256=digest,
        before=before,
        after=after,
        gain=gain,
        shift=shift,
        done=done,
    )
