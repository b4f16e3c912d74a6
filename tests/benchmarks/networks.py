"""A network of 50 shows of 40 episodes: cold and with nothing changed, beside one show of 2,000 episodes.

It ends with an error where nothing changed takes a network more than `MAX_RATIO` times as long as one show.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support import shows
from tests.support.networks import SHOWS_FILE

SHOWS, EPISODES = int(os.environ.get("SHOWS", "50")), 40
MAX_RATIO = 2.0
ROUNDS = 3
RECORDING = shows.ROOT / "tests/samples/cbr.mp3"


def main() -> None:
    """Print the seconds of each build; raise SystemExit where the bar was missed."""
    with tempfile.TemporaryDirectory() as scratch:
        network, single = Path(scratch) / "network", Path(scratch) / "show"
        _write_network(network)
        _write_show(single, SHOWS * EPISODES, SHOWS_FILE.partition("defaults:\n")[2])
        print(f"{SHOWS} shows x {EPISODES} episodes, {RECORDING.stat().st_size // 1000} kB each")
        _print_row("one show, cold", [_build(single)])
        alone = [_build(single) for _ in range(ROUNDS)]
        _print_row("one show, nothing changed", alone)
        _print_row("network, cold, --jobs 1", [_build(network, "--all", "--jobs", "1")])
        for path in (*network.rglob("build"), *network.rglob(".podcast-kit")):
            shutil.rmtree(path)
        _print_row("network, cold, --jobs 2", [_build(network, "--all", "--jobs", "2")])
        together = [_build(network, "--all") for _ in range(ROUNDS)]
        _print_row("network, nothing changed", together)
        ratio = statistics.median(together) / statistics.median(alone)
        print(f"  nothing changed: {ratio:.2f} times one show")
    if ratio > MAX_RATIO:
        raise SystemExit(f"a network takes {ratio:.2f} times as long as one show; at most {MAX_RATIO} is allowed")


def _write_network(folder: Path) -> None:
    folder.mkdir()
    (folder / "shows.yaml").write_text(SHOWS_FILE)
    for number in range(1, SHOWS + 1):
        _write_show(folder / f"shows/show-{number:02d}", EPISODES, "")


def _write_show(folder: Path, episodes: int, settings: str) -> None:
    (folder / "episodes").mkdir(parents=True)
    shutil.copy(shows.ROOT / "episodes/art/cover.jpg", folder / "cover.jpg")
    settings = "".join(f"{line.removeprefix('  ')}\n" for line in settings.splitlines()).replace("{name}", "show")
    (folder / "podcast.yaml").write_text(f"title: {folder.name}\ndescription: A show.\nartwork: cover.jpg\n{settings}")
    shutil.copy(RECORDING, folder / "episodes/talk.mp3")
    for number in range(1, episodes + 1):
        shows.add(folder, number, recording="", audio="talk.mp3", guid=f"{folder.name}-{number}")


def _build(folder: Path, *options: str) -> float:
    """The seconds of a build."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "podcast_kit", "build", "-q", "-C", str(folder), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _print_row(name: str, seconds: list[float]) -> None:
    print(f"  {name:<36} {statistics.median(seconds):6.2f} s", flush=True)
