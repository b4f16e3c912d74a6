"""A show of 1,000 episodes of 30 s: cold, warm and after one edit, beside genRSS over the same files."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.shows import ROOT, small

EPISODES = 1000
SECONDS = 30
NOTES = "\n\n".join(
    [
        "What this one is about, said in a sentence or two so that it makes a summary.",
        "00:00 Beginning\n00:10 Middle\n00:20 End",
        *[
            "A paragraph with *emphasis*, a [link](https://pod.example/more) and enough words to be like real notes. "
            * 3
        ]
        * 5,
        "- one\n- two\n- three",
    ]
)


def main() -> None:
    """Print the seconds of each build and of genRSS."""
    with tempfile.TemporaryDirectory() as scratch:
        show = small(Path(scratch) / "show", episodes=EPISODES, recording="", notes=NOTES)
        source = _recording(Path(scratch))
        for number in range(1, EPISODES + 1):
            path = show / "episodes" / f"{number:03d}-talk.mp3"
            path.write_bytes(source)
            os.utime(path, (number, number))
        print(f"{EPISODES} episodes, {len(source) // 1000} kB each")
        _row("genRSS", lambda: _generss(show))
        _row("podcast-kit build, cold", lambda: _build(show))
        _row("podcast-kit build, cold, --jobs 1", lambda: _build_cold(show, "--jobs", "1"))
        _row("podcast-kit build, warm", lambda: _build(show))
        notes = show / "episodes/500-talk.md"
        notes.write_text(notes.read_text().replace("Talk 500", "Another title"))
        _row("podcast-kit build, one edit", lambda: _build(show))
        shutil.rmtree(show / "build")
        _row("podcast-kit build, build/ cleared", lambda: _build(show))


def _recording(scratch: Path) -> bytes:
    """30 s of speech at 128 kbit/s or so: the sample's frames."""
    del scratch
    data = (ROOT / "episodes/001-more-social.mp3").read_bytes()
    return data[: len(data) * SECONDS // 72]


def _row(name: str, work: object) -> None:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    print(f"  {name:<36} {time.perf_counter() - start:6.2f} s", flush=True)


def _build(show: Path, *options: str) -> None:
    command = [sys.executable, "-m", "podcast_kit", "build", "-q", "-C", show, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _build_cold(show: Path, *options: str) -> None:
    for folder in ("build", ".podcast-kit"):
        shutil.rmtree(show / folder)
    _build(show, *options)


def _generss(show: Path) -> None:
    command = [Path(sys.executable).with_name("genRSS"), "-d", "episodes", "-e", "mp3", "-t", "Show", "-p", "About"]
    subprocess.run(
        [*command, "-H", "https://pod.example", "-o", "/dev/null"], check=True, cwd=show, stdout=subprocess.DEVNULL
    )
