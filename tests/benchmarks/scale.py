"""Shows of 1,000 and 10,000 episodes, with short notes over one small recording: what a build takes and leaves.

The figures of 10,000 must be at most 1.1 times ten of those of 1,000. BENCH_EPISODES=50000 takes another number than
10,000. Seconds are of the processor, with those of worker processes, and MB those of the largest process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.shows import ROOT, small

SMALL_SHOW = 1_000
LARGE_SHOW = 10_000
LINEAR = 1.1
RECORDING_BYTES = 20_000
START = datetime(2006, 1, 1, 8)  # noqa: DTZ001  # as it is written in notes
HOURS_BETWEEN = 3
"""So that 50,000 episodes are out."""
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1024))
"""
STEPS = ("build, cold", "build, warm", "build, one edit", "check")


def make_long_show(folder: Path, count: int) -> Path:
    """A show of that many episodes, all with the same recording."""
    show = small(folder, episodes=0)
    recording = (ROOT / "episodes/001-more-social.mp3").read_bytes()[:RECORDING_BYTES]
    (show / "episodes/talk.mp3").write_bytes(recording)
    for number in range(1, count + 1):
        date = START + timedelta(hours=HOURS_BETWEEN * number)
        (show / f"episodes/{number:05d}-talk.md").write_text(
            f"---\ntitle: Talk {number}\ndate: {date:%Y-%m-%d %H:%M}\nguid: scale-{number}\nnumber: {number}\n"
            f"audio: talk.mp3\n---\nWhat talk {number} is about, in one sentence.\n"
        )
    return show


def measure(show: Path, command: str) -> tuple[float, int]:
    """Seconds of processor time and MB at the peak of a command."""
    arguments = [sys.executable, "-m", "podcast_kit", command, "-q", "-C", str(show)]
    measuring = [sys.executable, "-c", MEASURED, *arguments]
    printed = subprocess.run(measuring, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
    return float(printed[0]), int(printed[1])


def run_steps(show: Path) -> Iterator[tuple[float, int]]:
    """What each of the steps takes."""
    yield measure(show, "build")
    yield measure(show, "build")
    notes = show / "episodes/00500-talk.md"
    notes.write_text(re.sub("^title: .*$", "title: Another title", notes.read_text(), count=1, flags=re.MULTILINE))
    yield measure(show, "build")
    yield measure(show, "check")


def print_sizes(build: Path) -> None:
    """The sizes of the files that grow with the show."""
    pages = [path for path in build.rglob("*.html") if path.is_file()]
    largest = max(pages, key=lambda path: path.stat().st_size)
    sizes = {key: (build / key).stat().st_size for key in ("feed.xml", "feed.json", "sitemap.xml", "search.js")}
    sizes[f"the largest page, {largest.relative_to(build)}"] = largest.stat().st_size
    print(", ".join(f"{name} {size / 1000:,.0f} kB" for name, size in sizes.items()), flush=True)


def main() -> int:
    """Print the figures; 1 when one of them grows more than the show."""
    counts = (SMALL_SHOW, int(os.environ.get("BENCH_EPISODES", str(LARGE_SHOW))))
    figures = []
    for count in counts:
        with tempfile.TemporaryDirectory() as scratch:
            show = make_long_show(Path(scratch) / "show", count)
            figures.append(list(run_steps(show)))
            print(f"{count:,} episodes")
            for step, (seconds, megabytes) in zip(STEPS, figures[-1], strict=True):
                print(f"  {step:<18} {seconds:7.1f} s {megabytes:6} MB", flush=True)
            print_sizes(show / "build")
    factor = counts[1] / counts[0]
    growths = [large / small / factor for (small, _), (large, _) in zip(*figures, strict=True)]
    for step, growth in zip(STEPS, growths, strict=True):
        print(f"{step}: {growth:.2f} times as long an episode (<= {LINEAR})")
    return int(max(growths) > LINEAR)


if __name__ == "__main__":
    sys.exit(main())
