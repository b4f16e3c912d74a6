"""`make pictures`: retake the pictures in docs/images, from the sample show as it is really published."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import chromium, screenshots, terminal_svg
from tests.support.browsing import FIRST, NOW, PAGES, whole
from tests.support.shows import ROOT, sample

IMAGES = ROOT / "docs/images"


def main() -> None:
    """Take them all; the pictures of pages need Chromium."""
    with tempfile.TemporaryDirectory() as scratch:
        show = sample(Path(scratch) / "talking-back")
        _publish(show)
        notes = show / "episodes/001-more-social.md"
        notes.write_text(notes.read_text("utf-8").replace("nobody has to tune in", "nobody needs to tune in"), "utf-8")
        printed = _publish(show).replace(f"{show.resolve()}/public", "s3://talking-back")
        lines = ["$ podcast-kit publish", *printed.splitlines(), "$ podcast-kit publish", *_publish(show).splitlines()]
        (IMAGES / "terminal.svg").write_text(terminal_svg.picture(lines, "Publishing an edited note"), "utf-8")
        print("wrote terminal.svg")
        _take_pages(show / "build", Path(scratch))


def picture_name(page: str) -> str:
    """The file name of the picture of a kind of page."""
    return page.replace(",", "").replace(" ", "-")


def _publish(show: Path) -> str:
    command = [sys.executable, "-m", "podcast_kit", "publish", "--yes", "--to", "public", "-C", show]
    environment = {name: os.environ[name] for name in ("HOME", "PATH")}  # as a podcaster's, also where CI takes them
    return subprocess.run(
        command, check=True, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout


def _take_pages(build: Path, scratch: Path) -> None:
    """Pages of the sample show; pages that it does not have come from a longer show."""
    pages = {picture_name(name): path for name, path in PAGES.items()}
    in_sample = {name: path for name, path in pages.items() if (build / path).is_file()}
    longer = builder.build(project.load_project(whole(scratch / "longer")), now=NOW).folder
    with chromium.serving(build) as url:
        screenshots.take(url, IMAGES, in_sample)
        screenshots.take_one(url + FIRST, IMAGES / "episode-desk-light.webp", screenshots.DESK, "light")
        screenshots.take_one(url + FIRST, IMAGES / "episode-phone-dark.webp", screenshots.PHONE, "dark")
    with chromium.serving(longer) as url:
        screenshots.take(url, IMAGES, {name: path for name, path in pages.items() if name not in in_sample})
    print(f"wrote the pictures of {len(pages)} kinds of page")


if __name__ == "__main__":
    main()
