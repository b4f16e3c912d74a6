"""The check of a feed of 1,000 episodes beside what feedparser takes to parse it: the ratio must stay below 1."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[2]))

from podcast_kit import check
from podcast_kit.feed import render_rss
from tests.benchmarks.feed import ART, SHOW, episodes

EPISODES = 1000
RUNS = 3
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def seconds(act: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = process_time()
    act()
    return process_time() - start


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
    print(f"check {min(ours):.2f} s, feedparser {min(theirs):.2f} s, ratio {ratio:.2f} (must be below 1)")
    if ratio >= 1:
        sys.exit("the check takes longer than feedparser")


if __name__ == "__main__":
    main()
