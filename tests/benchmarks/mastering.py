"""Loudness and mastering: beside ffmpeg's own meter and ffmpeg-normalize, and two episodes at once.

CPU seconds of whole processes, user and system, start-up included; the best of three, taken in turns, so that what else
the machine does falls on both alike.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from podcast_kit.audio.mastering.batch import master_all
from podcast_kit.audio.mastering.decode import Block
from podcast_kit.audio.mastering.job import MasteringJob
from podcast_kit.audio.mastering.workers import WorkerPool
from podcast_kit.model import AudioSettings
from tests.support.sound import music, voice, write

MEASURE = "import sys; from pathlib import Path; from podcast_kit.audio import loudness; "
MEASURE += "print(loudness.measure_loudness(Path(sys.argv[1])))"
MASTER = "import sys; from pathlib import Path; from podcast_kit.audio import master; from podcast_kit.model import "
MASTER += "AudioSettings as A; print(master.master_recording(Path(sys.argv[1]), Path(sys.argv[2]), A(loudness=-16.0)))"
TURNS = 3
METER_LIMIT, MASTER_LIMIT, TOGETHER_LIMIT = 1.0, 0.25, 1.7


def cpu(command: list[str]) -> float:
    """CPU seconds of a process and its children; its words are thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def beside(name: str, ours: Callable[[], float], theirs: Callable[[], float], peer: str) -> float:
    """Run both in turns, print the best of each, and return ours as a part of theirs."""
    pairs = [(ours(), theirs()) for _ in range(TURNS)]
    here, there = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    print(f"{name}: {here:.1f} s CPU, {peer} {there:.1f} s: {here / there:.2f} of it", flush=True)
    return here / there


def together(folder: Path, source: Path) -> float:
    """How many times as fast two episodes are at once as one by one, by the clock."""

    def wall(executor: Executor) -> float:
        jobs = [
            MasteringJob(
                source=source, destination=folder / f"{name}.mp3", settings=AudioSettings(loudness=-16.0), name=name
            )
            for name in ("one", "two")
        ]
        start = time.perf_counter()
        with executor:
            for outcome in master_all(jobs, executor):
                assert outcome.mastered, outcome.error
        return time.perf_counter() - start

    pairs = [(wall(WorkerPool(1)), wall(WorkerPool(2))) for _ in range(TURNS)]
    alone, both = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    print(f"two episodes: one by one {alone:.1f} s, at once {both:.1f} s: {alone / both:.2f} times as fast", flush=True)
    return alone / both


def over(minute: Block, minutes: int, path: Path) -> Path:
    """A WAV of the same minute again and again, each a little softer."""
    levels = np.linspace(1.0, 0.6, minutes, dtype=np.float32)
    return write(path, np.concatenate([minute * level for level in levels], axis=1))


def main() -> None:
    """Measure all three, and fail when one misses what is promised."""
    if shutil.which("ffmpeg") is None:
        raise SystemExit("ffmpeg is not installed, and it is what this is measured beside")
    normalizer = str(Path(sys.executable).with_name("ffmpeg-normalize"))
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        block = voice(60) + music(60) * 0.3
        long, short = (over(block, minutes, folder / f"{minutes}.wav") for minutes in (30, 5))
        meter = ["ffmpeg", "-nostats", "-i", str(long), "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
        measured = beside(
            "loudness of 30 minutes", lambda: cpu([*python, MEASURE, str(long)]), lambda: cpu(meter), "ffmpeg's meter"
        )
        normalize = [normalizer, str(short), "-o", str(folder / "n.mp3"), "-f", "-c:a", "libmp3lame", "-b:a", "128k"]
        normalize += ["-t", "-16", "-tp", "-1", "-ar", "44100"]
        mastered = beside(
            "mastering of 5 minutes",
            lambda: cpu([*python, MASTER, str(short), str(folder / "m.mp3")]),
            lambda: cpu(normalize),
            "ffmpeg-normalize",
        )
        faster = together(folder, short) if (os.cpu_count() or 1) > 1 else TOGETHER_LIMIT
    if measured > METER_LIMIT or mastered > MASTER_LIMIT or faster < TOGETHER_LIMIT:
        raise SystemExit("slower than promised")


if __name__ == "__main__":
    main()
