"""The mastering pipeline: gain, limiter, encoder, meter. Import only after `require_codecs()`."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from podcast_kit.audio.mastering import decode, encode, mix, mp3_gain, peaks, remux
from podcast_kit.audio.mastering.decision import (
    GAIN_STEP_DB,
    decide_treatment,
    format_suffix,
    mastered_format,
    must_encode,
    needs_new_container,
    target_lufs,
)
from podcast_kit.audio.mastering.decode import Block, SourceInfo
from podcast_kit.audio.mastering.job import MasteringDecision, MasteringJob, MasteringResult, Treatment
from podcast_kit.audio.mastering.loudness_result import Loudness
from podcast_kit.audio.mastering.meter import LoudnessMeter
from podcast_kit.audio.mastering.mix import Mix, ProgressCallback
from podcast_kit.audio.probe import probe_audio
from podcast_kit.errors import InvalidAudio, PodcastKitError
from podcast_kit.io.atomic_write import atomic_path
from podcast_kit.io.temp_folder import TemporaryFolder

MIN_RECORDING_S = 0.1
"""An encoder makes a broken file of less, or none."""
MAX_MISS_LU = 0.2
"""An encoded file may miss the target by this much."""
CODEC_MARGIN_DB = 1.0
"""Audio is limited to this much below the ceiling before encoding, since codecs raise peaks."""
MIN_YIELD = 0.25
"""LU that a dB of gain is assumed to yield at least: limiting harder would not help."""
MAX_ENCODINGS = 4
"""What a codec does to a peak is only known after encoding."""
UNREACHABLE_CEILING_DB = 100.0
"""A limiter with this ceiling does nothing."""
MAX_CLEAN_GAIN_DB = 20.0
"""With more gain, listeners hear the room."""
CONTAINER_TITLES = {"matroska": "Matroska", "asf": "Windows Media", "caf": "Core Audio", "aac": "raw AAC"}
KBITS_RANGES = {"mp3": (32, 320), "m4a": (24, 320), "opus": (12, 256)}
MP3_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def run_mastering_job(job: MasteringJob, on_progress: ProgressCallback) -> MasteringResult:
    """See `podcast_kit.audio.master.master_recording`."""
    source = decode.read_source_info(job.source)
    _refuse_truncated(job.source)
    if must_encode(source, job.settings):
        decision = MasteringDecision(Treatment.ENCODE, mastered_format(source, job.settings))
        return _encode_job(job, source, decision, on_progress)
    before = mix.mix_of_file(job.source, job.subject, source=source).measure(on_progress)
    _refuse_fragment(job, before)
    decision = decide_treatment(job, source, before)
    job = replace(job, destination=job.destination.with_suffix(format_suffix(job.source, decision.format)))
    if decision.treatment is Treatment.ENCODE:
        return _encode_job(job, source, decision, on_progress)
    if not needs_new_container(source, decision.format):
        return _copy_with_gain(job, job.source, decision, before, on_progress)
    with TemporaryFolder() as folder:
        bare = Path(folder, f"bare.{decision.format}")
        remux.extract_audio(job.source, bare, decision.format)
        result = _copy_with_gain(job, bare, decision, before, on_progress)
    container = "video" if source.has_video else CONTAINER_TITLES.get(source.container, source.container.upper())
    return replace(result, done=(f"audio taken from the {container} file without loss", *result.done))


def _refuse_truncated(path: Path) -> None:
    """Raise InvalidAudio for a file that is cut off; a decoder would output what there is without a word."""
    try:
        probe_audio(path)
    except InvalidAudio as error:
        if error.problem.code == "au.truncated":
            raise


def _refuse_fragment(job: MasteringJob, loudness: Loudness) -> None:
    """Raise InvalidAudio for a recording that is too short for an encoder, and for any listener."""
    if loudness.seconds < MIN_RECORDING_S:
        text = f"has only {loudness.seconds:.3f} s of audio; must have at least {MIN_RECORDING_S:g} s"
        raise InvalidAudio(str(job.source), text, "copy the recording again", "au.truncated")


def _copy_with_gain(
    job: MasteringJob, source: Path, decision: MasteringDecision, before: Loudness, on_progress: ProgressCallback
) -> MasteringResult:
    """Copy a lossy file, and change its loudness in whole steps if that was decided."""
    with atomic_path(job.destination) as part:
        if decision.treatment is Treatment.KEEP:
            shutil.copyfile(source, part)
            return _build_result(job, part, decision, before, before, done=(f"{decision.treatment}: {decision.why}",))
        with TemporaryFolder() as folder:
            changed = Path(folder, "changed.mp3")
            mp3_gain.change_mp3_gain(source, changed, decision.steps)
            mp3_gain.write_without_loudness_tags(changed, part, decision.steps)
        after = mix.mix_of_file(part, job.subject).measure(on_progress, "verify")
        change = decision.steps * GAIN_STEP_DB
        done = (f"{change:+.1f} dB without loss", *filter(None, (decision.why,)))
        return _build_result(job, part, decision, before, after, gain=change, done=done)


def _encode_job(
    job: MasteringJob, source: SourceInfo, decision: MasteringDecision, on_progress: ProgressCallback
) -> MasteringResult:
    if decision.format not in encode.DEFAULT_KBITS:
        raise PodcastKitError(f"unknown format {decision.format!r}", f"use one of {', '.join(encode.DEFAULT_KBITS)}")
    for joined in (job.intro, job.outro):
        if joined:
            _refuse_truncated(joined)
    sound = mix.mix_of_job(job, source, decision.format, on_progress)
    kbits = _parse_bitrate(decision.format, sound.channels, job.settings.bitrate)
    excerpt: list[Block] = []
    before = sound.measure(on_progress, keep=excerpt)
    _refuse_fragment(job, before)
    goal = target_lufs(job.settings, sound.channels)
    with atomic_path(job.destination) as part:
        if goal is None or before.integrated is None:
            words: tuple[str, ...] = () if goal is None else ("too quiet to set its loudness",)
            _encode_blocks(sound.play(), decision.format, part, kbits, 1.0, sound, on_progress)
            after, change = mix.mix_of_file(part, job.subject).measure(on_progress, "verify"), 0.0
        else:
            after, change, words = _encode_to_goal(
                job,
                decision.format,
                part,
                sound,
                kbits,
                goal,
                _estimate_gain(job, sound, before, goal, excerpt),
                on_progress,
            )
        done = (*sound.done, *words, _describe_format(decision.format, kbits, sound))
        return _build_result(job, part, decision, before, after, gain=change, shift=sound.shift, done=done)


def _estimate_gain(job: MasteringJob, sound: Mix, before: Loudness, goal: float, excerpt: list[Block]) -> float:
    """The gain in dB that reaches the goal after limiting, estimated from an excerpt."""
    first = change = goal - (before.integrated or 0.0)
    ceiling = job.settings.true_peak - CODEC_MARGIN_DB
    if (before.true_peak or 0.0) + change <= ceiling:
        return change

    def loudness(gain: float, top: float) -> float | None:
        meter = LoudnessMeter(sound.rate, sound.channels, peak=False, curve=False)
        for block in _limit_blocks(
            excerpt, peaks.Limiter(sound.channels, sound.rate, peaks.db_to_ratio(gain), peaks.db_to_ratio(top))
        ):
            meter.add(block)
        return meter.result().integrated

    free = loudness(first, UNREACHABLE_CEILING_DB)
    for _ in range(MAX_ENCODINGS):
        held = loudness(change, ceiling)
        if free is None or held is None or abs(free - held) < MAX_MISS_LU / 2:
            break
        change += 1.2 * (free - held)  # the added gain is limited, too
    return change


def _encode_to_goal(
    job: MasteringJob,
    format_: str,
    part: Path,
    sound: Mix,
    kbits: int,
    goal: float,
    change: float,
    on_progress: ProgressCallback,
) -> tuple[Loudness, float, tuple[str, ...]]:
    """Encode, measure, and encode again with a corrected gain, until the file meets the settings."""
    ceiling = job.settings.true_peak - CODEC_MARGIN_DB
    yielded, before = 1.0, None
    for attempt in range(1, MAX_ENCODINGS + 1):
        limiter = peaks.Limiter(sound.channels, sound.rate, peaks.db_to_ratio(change), peaks.db_to_ratio(ceiling))
        _encode_blocks(
            _limit_blocks(sound.play(), limiter),
            format_,
            part,
            kbits,
            1 / encode.encoder_gain(format_, kbits),
            sound,
            on_progress,
        )
        after = sound.with_file(part).measure(on_progress, "verify")
        miss = (after.integrated or 0.0) - goal
        over = (-200.0 if after.true_peak is None else after.true_peak) - job.settings.true_peak
        fits = abs(miss) <= MAX_MISS_LU and over <= 0
        if fits or attempt == MAX_ENCODINGS:
            break
        if before and abs(change - before[0]) > MAX_MISS_LU:
            # With strong limiting, a dB of gain adds less than a dB of loudness.
            yielded = min(1.0, max(MIN_YIELD, (miss - before[1]) / (change - before[0])))
        before = change, miss
        change -= miss / yielded
        ceiling -= over + 0.1 if over > 0 else 0.0
    return after, change, tuple(_describe_gain(change, limiter, sound, fits=fits))


def _limit_blocks(sound: Iterable[Block], limiter: peaks.Limiter) -> Iterator[Block]:
    for block in sound:
        yield limiter.push(block)
    yield limiter.finish()


def _encode_blocks(
    blocks: Iterable[Block],
    format_: str,
    part: Path,
    kbits: int,
    factor: float,
    sound: Mix,
    on_progress: ProgressCallback,
) -> None:
    encoder = encode.open_encoder(format_, part, sound.rate, sound.channels, kbits)
    try:
        for block in sound.report_blocks(blocks, on_progress, "encode"):
            encoder.write(block * block.dtype.type(factor))
        encoder.finish()
    except BaseException:
        encoder.abort()
        raise


def _describe_gain(change: float, limiter: peaks.Limiter, sound: Mix, *, fits: bool) -> Iterator[str]:
    yield f"{change:+.1f} dB"
    if limiter.max_reduction_db > 0:
        share = 100 * limiter.limited_stretches * peaks.STRETCH_SAMPLES / max(1.0, sound.seconds * sound.rate)
        yield f"peaks limited by up to {limiter.max_reduction_db:.1f} dB in {share:.2g} % of the audio"
    if change > MAX_CLEAN_GAIN_DB:
        yield "this much gain makes room noise audible: record closer to the microphone"
    if not fits:
        yield "as close as its peaks allow"


def _describe_format(format_: str, kbits: int, sound: Mix) -> str:
    channels = "mono" if sound.channels == 1 else "stereo"
    name = {"mp3": "MP3", "m4a": "AAC", "opus": "Opus"}[format_]
    return f"{name}, {kbits} kbit/s, {channels}, {sound.rate / 1000:g} kHz"


def _parse_bitrate(format_: str, channels: int, asked: str) -> int:
    """The bit rate in kbit/s: the one from the settings, or the default of the format and channels."""
    if not asked:
        return encode.DEFAULT_KBITS[format_][channels - 1]
    match = re.fullmatch(r"(\d{1,4}) ?(k|kbps|kbit/s)?", asked.strip().lower())
    kbits = int(match[1]) if match else 0
    least, most = KBITS_RANGES[format_]
    if not least <= kbits <= most:
        raise PodcastKitError(
            f"bitrate {asked!r} is not valid; must be {least}k–{most}k",
            f"use for example {encode.DEFAULT_KBITS[format_][1]}k",
        )
    if format_ == "mp3" and kbits not in MP3_KBITS:
        raise PodcastKitError(
            f"MP3 does not support bitrate {asked!r}", f"use one of {', '.join(map(str, MP3_KBITS))} kbit/s"
        )
    return kbits


def _build_result(
    job: MasteringJob,
    part: Path,
    decision: MasteringDecision,
    before: Loudness,
    after: Loudness,
    *,
    gain: float = 0.0,
    shift: float = 0.0,
    done: tuple[str, ...] = (),
) -> MasteringResult:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return MasteringResult(
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
