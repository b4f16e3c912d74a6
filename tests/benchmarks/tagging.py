"""Tags, a cover and 10 chapters into copies of 100 MP3s of 20 MB, beside `cp` and other taggers over the same files."""

import contextlib
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from podcast_kit.audio import probe_audio, write_tags
from podcast_kit.model import Chapter, Cover, Tags
from tests.support.audio_samples import JPEG, sample

FILES = int(os.environ.get("BENCH_FILES", "100"))
SIZE = 20_000_000
COVER = 900_000
ROUNDS = 5
LIMIT = 1.8
"""Times `cp` that two files at once may take: what a build does with two cores."""


def main() -> None:
    """Print the seconds and the ratio to `cp` of each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = list(_sources(folder / "sources"))
        seconds = probe_audio(sources[0]).seconds
        tags = _tags(round(seconds * 1000))
        print(f"{FILES} files, {SIZE // 1_000_000} MB each, {seconds / 60:.0f} minutes; a cover of {COVER // 1000} kB")
        print(f"{'':34}{'wall s':>8}{'cpu s':>8}{'x cp':>8}")
        copies = folder / "copies"

        def one(source: Path) -> None:
            write_tags(source, copies / source.name, tags)

        def two_at_once() -> None:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(one, sources))

        (folder / "cover.jpg").write_bytes(tags.cover.data if tags.cover else b"")
        ratios = _rows(
            copies,
            {
                "cp": lambda: _run("cp", *sources, copies),
                "podcast_kit, one by one": lambda: [one(source) for source in sources],
                "podcast_kit, two at once": two_at_once,
                "copy + eyeD3's library": lambda: _eyed3(sources, copies, tags),
                "copy + mid3v2 (no chapters)": lambda: _mid3v2(sources, copies, folder / "cover.jpg"),
            },
        )
    _, alone, both, eyed3, mid3v2 = ratios
    if both > LIMIT or alone > min(eyed3, mid3v2):
        raise SystemExit("slower than promised")


def _sources(folder: Path) -> Iterator[Path]:
    """Files of real frames, over and over."""
    folder.mkdir()
    frames = sample("cbr-bare.mp3").read_bytes()
    whole = frames * (SIZE // len(frames))
    for number in range(FILES):
        path = folder / f"{number:03}.mp3"
        path.write_bytes(whole)
        yield path


def _tags(end_ms: int) -> Tags:
    chapters = tuple(
        Chapter(start_ms=number * end_ms // 10, end_ms=(number + 1) * end_ms // 10, title=f"Chapter {number}")
        for number in range(10)
    )
    cover = Cover(data=JPEG.ljust(COVER, b"\0"), mime="image/jpeg")
    return Tags(title="Talk with us", show="More Social", author="Ada", number=7, cover=cover, chapters=chapters)


def _rows(copies: Path, ways: dict[str, Callable[[], object]]) -> list[float]:
    """Time each way into an empty folder, all in turns; medians, and how many times the first one's they are."""
    walls: dict[str, list[float]] = {name: [] for name in ways}
    cpus: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            shutil.rmtree(copies, ignore_errors=True)
            copies.mkdir()
            os.sync()
            began, used = time.perf_counter(), _cpu()
            work()
            walls[name].append(time.perf_counter() - began)
            cpus[name].append(_cpu() - used)
    base = median(walls[next(iter(ways))])
    ratios = [median(walls[name]) / base for name in ways]
    for name, ratio in zip(ways, ratios, strict=True):
        print(f"{name:34}{median(walls[name]):8.2f}{median(cpus[name]):8.2f}{ratio:8.2f}", flush=True)
    return ratios


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def _eyed3(sources: list[Path], copies: Path, tags: Tags) -> None:
    import eyed3

    eyed3.log.setLevel("ERROR")
    for source in sources:
        copy = copies / source.name
        shutil.copyfile(source, copy)
        with contextlib.redirect_stderr(io.StringIO()):
            found = eyed3.load(copy)
        if found.tag is None:
            found.initTag(version=(2, 3, 0))
        found.tag.title, found.tag.album, found.tag.artist, found.tag.track_num = "Talk", "More Social", "Ada", 7
        found.tag.images.set(3, tags.cover.data if tags.cover else b"", "image/jpeg")
        children = [b"ch%d" % number for number in range(len(tags.chapters))]
        found.tag.table_of_contents.set(b"toc", toplevel=True, child_ids=children)
        for child, mark in zip(children, tags.chapters, strict=True):
            found.tag.chapters.set(child, (mark.start_ms, mark.end_ms)).title = mark.title
        found.tag.save(version=(2, 3, 0), backup=False)


def _mid3v2(sources: list[Path], copies: Path, cover: Path) -> None:
    program = Path(sys.executable).with_name("mid3v2")
    for source in sources:
        copy = copies / source.name
        shutil.copyfile(source, copy)
        _run(
            program,
            "-t",
            "Talk",
            "-A",
            "More Social",
            "-a",
            "Ada",
            "-T",
            "7",
            "-p",
            f"{cover}:cover:3:image/jpeg",
            copy,
        )


if __name__ == "__main__":
    main()
