"""The check of a feed of 1,000 episodes beside what feedparser takes to parse it: the ratio must stay below 1."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[2]))

from podcast_kit import check
from podcast_kit.feed import render_rss
from tests.benchmarks.building import NOTES
from tests.benchmarks.feed import ART, SHOW, episodes
from tests.support.shows import ROOT, small

EPISODES = 1000
SHOW_EPISODES = (1_000, 5_000, 10_000)
RUNS = 3
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def seconds(act: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = process_time()
    act()
    return process_time() - start


MEASURED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from podcast_kit import builder, check
from podcast_kit.source.project import load_project
from tests.support import peak_memory
project = load_project(Path(sys.argv[2]))
start = process_time()
{"build": builder.build, "check": check.check_show}[sys.argv[1]](project, now=datetime(2030, 1, 1, tzinfo=UTC))
print(process_time() - start, peak_memory.megabytes())
"""


def compare_with_build(count: int) -> None:
    """Print what a check takes of a show that nothing is known of yet, beside a build of it."""
    recording = (ROOT / "episodes/001-more-social.mp3").read_bytes()[:20_000]
    with tempfile.TemporaryDirectory() as scratch:
        show = small(Path(scratch) / "show", episodes=count, recording="", notes=NOTES)
        for number in range(1, count + 1):
            (show / f"episodes/{number:03d}-talk.mp3").write_bytes(recording)
        seconds_of, megabytes_of = {}, {}
        for work in ("build", "check"):
            for name in ("build", ".podcast-kit"):
                shutil.rmtree(show / name, ignore_errors=True)
            command = [sys.executable, "-c", MEASURED, work, show]
            printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
            seconds_of[work], megabytes_of[work] = float(printed[0]), int(printed[1])
        ratio = seconds_of["check"] / seconds_of["build"]
        print(
            f"{count:,} episodes, cold: check {seconds_of['check']:.1f} s and {megabytes_of['check']} MB, "
            f"build {seconds_of['build']:.1f} s and {megabytes_of['build']} MB, ratio {ratio:.2f} (must be at most 2)",
            flush=True,
        )


def main() -> None:
    """Measure both in turns; the best of three counts. Exits with 1 when the check is slower."""
    warnings.simplefilter("ignore")
    import feedparser

    data = render_rss(SHOW, episodes(EPISODES), artwork=ART)
    check.check_feed(data, "feed.xml", now=NOW)  # once, for what is imported late
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(seconds(lambda: check.check_feed(data, "feed.xml", now=NOW)))
        theirs.append(seconds(lambda: feedparser.parse(data)))
    ratio = min(ours) / min(theirs)
    print(f"{EPISODES:,} episodes, {len(data):,} bytes, {len(check.check_feed(data, 'feed.xml', now=NOW))} problems")
    for count in SHOW_EPISODES:
        compare_with_build(count)
    print(f"check {min(ours):.2f} s, feedparser {min(theirs):.2f} s, ratio {ratio:.2f} (must be below 1)")
    if ratio >= 1:
        sys.exit("the check takes longer than feedparser")


if __name__ == "__main__":
    main()
