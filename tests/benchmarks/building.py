"""Builds of 1,000 episodes of 30 s, beside an earlier version, a bare script with the usual libraries, and genRSS.

BENCH_BASE is the commit of the earlier version, by default one before cold builds were made faster; empty leaves it
out. BENCH_EPISODES and BENCH_ROUNDS change how much is measured; BENCH_LARGE=1 also builds ten times as many episodes.
"""

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.support.shows import ROOT, small

EPISODES = int(os.environ.get("BENCH_EPISODES", "1000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
BASE = os.environ.get("BENCH_BASE", "94ad4dc")
BASE_LIMIT = 0.55
"""Times the earlier version's that a cold build on two processors may take."""
BARE_LIMIT = 1.5
"""Times the bare script's that a cold build may take, which checks more, remembers it and has larger pages."""
LINEAR = 1.1
"""How much more each of ten times as many episodes may take."""
SECONDS = 30
PEERS = ("mutagen", "markdown-it-py", "Jinja2", "feedgen", "pillow", "nh3")
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
    """Print the seconds of each build, in turns and as medians, and the ratios that are promised."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        show = _make_show(folder / "show", EPISODES)
        print(f"{EPISODES} episodes; Python {platform.python_version()} on {os.cpu_count()} processors")
        print("  " + ", ".join(f"{name} {version(name)}" for name in PEERS))
        base = _base_python(folder) if BASE else ""
        cold = _cold_rows(show, folder, base)
        _row("podcast-kit build, warm", lambda: _build(show))
        notes = show / "episodes/001-talk.md"
        notes.write_text(notes.read_text().replace("Talk 1", "Another title"))
        _row("podcast-kit build, one edit", lambda: _build(show))
        shutil.rmtree(show / "build")
        _row("podcast-kit build, build/ cleared", lambda: _build(show))
        _row("genRSS", lambda: _generss(show))
        if os.environ.get("BENCH_LARGE"):
            large = _make_show(folder / "large", 10 * EPISODES)
            seconds = _row(f"podcast-kit build, cold, {10 * EPISODES} episodes", lambda: _build(large))
            cold["linear"] = seconds / 10 / cold["ours"]
            print(f"  each episode takes {cold['linear']:.2f} times as long")
    if cold["of base"] > BASE_LIMIT or cold["of bare"] > BARE_LIMIT or cold.get("linear", 1.0) > LINEAR:
        raise SystemExit("slower than promised")


def _make_show(folder: Path, episodes: int) -> Path:
    show = small(folder, episodes=episodes, recording="", notes=NOTES)
    source = _recording(folder)
    for number in range(1, episodes + 1):
        path = show / "episodes" / f"{number:03d}-talk.mp3"
        path.write_bytes(source)
        os.utime(path, (number, number))
    return show


def _recording(scratch: Path) -> bytes:
    """30 s of speech at 128 kbit/s or so: the sample's frames."""
    del scratch
    data = (ROOT / "episodes/001-more-social.mp3").read_bytes()
    return data[: len(data) * SECONDS // 72]


def _base_python(scratch: Path) -> str:
    """The Python of a venv with the earlier version, compiled as an installer does."""
    if python := os.environ.get("BENCH_BASE_PYTHON"):
        return python
    checkout, venv = scratch / "base", scratch / "venv"
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, checkout], check=True)
    subprocess.run(["git", "-C", checkout, "checkout", "--quiet", BASE], check=True)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = str(venv / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(checkout)], check=True)
    return python


def _cold_rows(show: Path, scratch: Path, base: str) -> dict[str, float]:
    """Measure the cold builds in turns; the median of ours, and how many times the others' it is."""
    ways: dict[str, Callable[[], None]] = {
        "ours": lambda: _build_cold(show),
        "bare": lambda: _build_bare(show, scratch),
    }
    if base:
        ways["base"] = lambda: _build_cold(show, python=base)
    walls: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            walls[name].append(_seconds(work))
    names = {"ours": "podcast-kit build, cold", "bare": "bare script", "base": f"podcast-kit of {BASE}, cold"}
    for name, seconds in walls.items():
        print(f"  {names[name]:<44} {median(seconds):6.2f} s", flush=True)
    _row("podcast-kit build, cold, --jobs 1", lambda: _build_cold(show, "--jobs", "1"))
    ours = median(walls["ours"])
    of_bare, of_base = ours / median(walls["bare"]), ours / median(walls["base"]) if base else 0.0
    print(
        f"  a cold build takes {of_bare:.2f} times the bare script's, {of_base:.2f} times that of {BASE or 'nothing'}"
    )
    return {"ours": ours, "of bare": of_bare, "of base": of_base}


def _row(name: str, work: Callable[[], None]) -> float:
    used = _processor_seconds()
    seconds = _seconds(work)
    print(f"  {name:<44} {seconds:6.2f} s  ({_processor_seconds() - used:.2f} s of processors)", flush=True)
    return seconds


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _processor_seconds() -> float:
    """Of programs that have ended, without their workers."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _build(show: Path, *options: str, python: str = sys.executable) -> None:
    command = [python, "-m", "podcast_kit", "build", "-q", "-C", str(show), *options]
    # Beside the show is no podcast_kit, so each Python takes its own.
    folder = ROOT if python == sys.executable else show.parent
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def _build_cold(show: Path, *options: str, python: str = sys.executable) -> None:
    for name in ("build", ".podcast-kit"):
        shutil.rmtree(show / name, ignore_errors=True)
    _build(show, *options, python=python)


def _build_bare(show: Path, scratch: Path) -> None:
    shutil.rmtree(scratch / "bare", ignore_errors=True)
    script = Path(__file__).with_name("_bare_build.py")
    subprocess.run([sys.executable, script, show, scratch / "bare"], check=True)


def _generss(show: Path) -> None:
    command = [Path(sys.executable).with_name("genRSS"), "-d", "episodes", "-e", "mp3", "-t", "Show", "-p", "About"]
    subprocess.run(
        [*command, "-H", "https://pod.example", "-o", "/dev/null"], check=True, cwd=show, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
