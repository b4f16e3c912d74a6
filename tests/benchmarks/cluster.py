"""40 recordings to master: by two processes, and by a Dask cluster of two workers on this machine."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from distributed import Client, LocalCluster

from tests.support.shows import small
from tests.support.sound import voice, write

EPISODES = 40
SECONDS = 600


def main() -> None:
    """Print the seconds of both, and whether the bytes are the same."""
    with tempfile.TemporaryDirectory() as scratch:
        show = small(Path(scratch) / "show", episodes=EPISODES, recording="")
        with (show / "podcast.yaml").open("a") as file:
            file.write("audio: {loudness: -16, format: mp3}\n")
        for number in range(1, EPISODES + 1):
            write(show / "episodes" / f"{number:03d}-talk.wav", voice(SECONDS, channels=1))
        alone = _time_build(show, "--jobs", "2")
        first = _read_tree(show / "build")
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            client.wait_for_workers(2)
            together = _time_build(show, "--workers", cluster.scheduler_address)
        print(f"  two processes            {alone:6.2f} s")
        print(f"  two workers of a cluster {together:6.2f} s, {together / alone:.2f} x")
        print(f"  the same bytes: {_read_tree(show / 'build') == first}")


def _time_build(show: Path, *options: str) -> float:
    for folder in ("build", ".podcast-kit"):
        shutil.rmtree(show / folder, ignore_errors=True)
    start = time.perf_counter()
    command = [sys.executable, "-m", "podcast_kit", "build", "-q", "-C", show, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _read_tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main()
