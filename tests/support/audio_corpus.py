"""Run everything that reads audio over a folder of foreign files, such as the tests of audio libraries.

`python -m tests.support.audio_corpus FOLDER...` prints a line for each file that fails, and a summary. A file fails if
anything but our own exceptions comes out, if it takes longer than SLOW_S, if its length differs from that of a full
decode by more than TOLERANCE_S without a word why, or if a tagged copy, a repaired copy or a clip is wrong.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from podcast_kit.audio import AudioReport, can_hold_tags, cut, inspect_audio, probe_audio, repair_audio, write_tags
from podcast_kit.audio.mastering import decode
from podcast_kit.errors import PodcastKitError
from tests.support.audio_samples import make_tags

SLOW_S = 5.0
TOLERANCE_S = 0.05
SUFFIXES = set(
    """
    .mp3 .mp2 .mp1 .m4a .m4b .mp4 .m4v .mov .3gp .ogg .oga .opus .spx .flac .wav .wave .aif .aiff .aifc .aac .rf64 .bwf
    .w64 .caf .wma .asf .ape .wv .mpc .ac3 .eac3 .dsf .dff .tta .ofr .webm .mka .mkv .amr .au .tak
    """.split()  # noqa: SIM905 - a list of forty strings is harder to read
)
EXCUSES = (
    *("truncated", "missing", "not audio", "joined", "sample rate changes", "junk", "audio tracks", "never finished"),
    *("not part of any chunk", "more than there are", "cannot store its length", "more silence than"),
)
"""Words of warnings that say why a decoder may output another length."""


@dataclass(frozen=True)
class Outcome:
    """What came out for one file."""

    path: Path
    kind: str
    """`MP3`, ..., or empty if the file was refused."""
    reason: str
    """Why it was refused."""
    faults: tuple[str, ...]


def audio_files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def decoded_seconds(path: Path) -> float | None:
    """The length of a full decode by FFmpeg; None if it fails, or skips packets."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
    except Exception:  # noqa: BLE001 - whatever PyAV says about a broken file
        return None


def use(path: Path, report: AudioReport, scratch: Path) -> Iterator[str]:
    """Write a tagged copy and a clip of a file that can be measured; what is wrong with them."""
    facts = report.audio
    if facts is None:
        return
    if can_hold_tags(path):
        write_tags(path, scratch / f"tagged{path.suffix}", make_tags(chapters=()))
        copy = probe_audio(scratch / f"tagged{path.suffix}")
        if abs(copy.seconds - facts.seconds) > TOLERANCE_S:
            yield f"the tagged copy has {copy.seconds:.3f} s, the file {facts.seconds:.3f} s"
    if facts.seconds < TOLERANCE_S:
        return  # too short to be encoded
    clip = cut.cut_audio(path, scratch / f"clip{cut.clip_suffix(path)}", 0, 1)
    if not abs(clip.seconds - min(1, facts.seconds)) < 2 * TOLERANCE_S:
        yield f"the clip has {clip.seconds:.3f} s of {facts.seconds:.3f} s"


def repair(path: Path, report: AudioReport, scratch: Path) -> Iterator[str]:
    """Write a repaired copy; what is wrong with it."""
    copy = scratch / f"repaired{path.suffix}"
    repair_audio(path, copy)
    seconds = probe_audio(copy).seconds
    if report.audio and abs(seconds - report.audio.seconds) > TOLERANCE_S:
        yield f"the repaired copy has {seconds:.3f} s, the file {report.audio.seconds:.3f} s"


def own_seconds(path: Path) -> float | None:
    """The length of a full decode by the toolkit; None if it cannot be decoded."""
    try:
        rate = decode.read_source_info(path).rate
        return sum(block.shape[1] for block in decode.decode_blocks(path)) / rate
    except PodcastKitError:
        return None


def compare_length(path: Path, report: AudioReport, _: Path) -> Iterator[str]:
    """Compare the length with that of a full decode, by FFmpeg and by the toolkit."""
    has_excuse = any(words in problem.text for problem in report.problems for words in EXCUSES)
    if report.audio is None or has_excuse:
        return
    for name, decoded in (("FFmpeg", decoded_seconds(path)), ("the toolkit", own_seconds(path))):
        if decoded and abs(decoded - report.audio.seconds) > TOLERANCE_S:
            yield f"is measured as {report.audio.seconds:.3f} s, and decoded by {name} to {decoded:.3f} s"


def examine(path: Path, scratch: Path) -> Outcome:
    """Everything the toolkit does with one file."""
    faults: list[str] = []
    began = time.process_time()
    try:
        report = inspect_audio(path)
    except Exception as error:  # noqa: BLE001 - whatever comes out is a fault
        return Outcome(path, "", "", (f"{type(error).__name__}: {error}",))
    for step in (use, repair, compare_length):
        try:
            faults += step(path, report, scratch)
        except PodcastKitError as error:
            if step is use:
                faults.append(f"was accepted, then refused: {error}")
        except Exception as error:  # noqa: BLE001
            faults.append(f"{step.__name__}: {type(error).__name__}: {error}")
        if step is repair and (used := time.process_time() - began) > SLOW_S:
            faults.append(f"took {used:.1f} s")
    reason = "" if report.audio else next((problem.text for problem in report.problems), "no reason")
    return Outcome(path, report.kind if report.audio else "", reason, tuple(faults))


def main(folders: list[str], *, verbose: bool = False) -> int:
    """Examine every file; returns the number of files that fail."""
    outcomes = []
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            for path in audio_files(Path(folder)):
                outcomes.append(outcome := examine(path, Path(scratch)))
                for fault in outcome.faults:
                    print(f"{path}: {fault}", flush=True)
                if verbose and not outcome.kind:
                    print(f"refused {path}: {outcome.reason}", flush=True)
    kinds = Counter(outcome.kind or "refused" for outcome in outcomes)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    failed = sum(bool(outcome.faults) for outcome in outcomes)
    print(f"{failed} of {len(outcomes)} failed: {counts}")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main([part for part in sys.argv[1:] if part != "-v"], verbose="-v" in sys.argv)))
