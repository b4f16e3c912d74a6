"""From the edit of a note to the reloaded page, 1,000 episodes in `podcast-kit serve`, beside Hugo over as many."""

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.building import EPISODES, NOTES, SECONDS
from tests.benchmarks.pages import LAYOUTS
from tests.support import chromium
from tests.support.shows import ROOT, small

EDITS = 7
PAGE = "episodes/500-talk/index.html"
TIMEOUT_MS = 60_000


def main() -> None:
    """Print the median of several edits, the first one apart."""
    with tempfile.TemporaryDirectory() as scratch:
        show = small(Path(scratch) / "show", episodes=EPISODES, recording="", notes=NOTES)
        recording = (ROOT / "episodes/001-more-social.mp3").read_bytes()
        for number in range(1, EPISODES + 1):
            (show / f"episodes/{number:03d}-talk.mp3").write_bytes(recording[: len(recording) * SECONDS // 72])
        print(f"{EPISODES} episodes of {SECONDS} s, {EDITS} edits of one note", flush=True)
        _build(show)
        with _serving(show) as url, chromium.running() as browser:
            page = browser.new_page()
            page.goto(url.replace("index.html", PAGE))
            seconds = [_edit_until_reloaded(show, page, number) for number in range(EDITS + 1)]
        print(f"  podcast-kit serve, first edit            {seconds[0]:6.2f} s")
        print(f"  podcast-kit serve, edit to reloaded page {statistics.median(seconds[1:]):6.2f} s", flush=True)
        _print_hugo(Path(scratch) / "hugo")


def _build(show: Path) -> None:
    command = [sys.executable, "-m", "podcast_kit", "build", "-q", "-C", show]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def _serving(show):
    """The address that `podcast-kit serve` prints."""
    command = [sys.executable, "-m", "podcast_kit", "serve", "-C", show, "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield running.stdout.readline().strip()
    finally:
        running.terminate()
        running.wait()


def _edit_until_reloaded(show, page, number):
    """Seconds from the moment that a note is saved until the page in the browser shows it."""
    time.sleep(1)  # the page asks for changes by then
    notes = show / "episodes/500-talk.md"
    text = f"Edit number {number} of this note."
    edited = notes.read_text() + f"\n{text}\n"
    start = time.perf_counter()
    notes.write_text(edited)
    page.get_by_text(text).first.wait_for(timeout=TIMEOUT_MS)
    return time.perf_counter() - start


def _print_hugo(folder: Path) -> None:
    """Hugo builds all pages after each edit, in memory; it is Go and takes every core that there is."""
    program = Path(sys.executable).with_name("hugo")
    if not program.exists():
        print("  hugo is not installed")
        return
    for name, text in LAYOUTS.items():
        _write_text(folder / "layouts" / name, text)
    _write_text(folder / "hugo.toml", 'baseURL = "https://pod.example/"\ntitle = "A show"\n')
    for number in range(1, EPISODES + 1):
        front = f'title = "Talk {number}"\ndate = 2020-01-01\ntags = ["week {number % 40}"]\naudio = "{number}.mp3"'
        _write_text(folder / f"content/episodes/{number}.md", f"+++\n{front}\n+++\n{NOTES}\n")
    seconds = []
    for _ in range(EDITS):
        start = time.perf_counter()
        subprocess.run([program, "--renderToMemory", "--quiet", "-s", folder], check=True)
        seconds.append(time.perf_counter() - start)
    print(f"  hugo --renderToMemory, a plain theme     {statistics.median(seconds):6.2f} s")


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
