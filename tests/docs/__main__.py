"""`make docs`: the command reference and the pictures of the README, written anew from the real thing."""

import subprocess
import sys
import tempfile
from pathlib import Path

from podcast_kit import builder as make
from podcast_kit.source import project
from tests.docs import reference, terminal
from tests.support import chromium, screenshots
from tests.support.browsing import FIRST, NOW, PAGES, whole
from tests.support.shows import sample

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def main() -> None:
    """Write them all; the pages' pictures need Chromium."""
    readme = ROOT / "README.md"
    readme.write_text(reference.placed(readme.read_text("utf-8")), "utf-8")
    print(f"wrote {readme.name}: the command reference")
    with tempfile.TemporaryDirectory() as scratch:
        show = sample(Path(scratch) / "talking-back")
        _publish(show)
        notes = show / "episodes/001-more-social.md"
        notes.write_text(notes.read_text("utf-8").replace("nobody has to tune in", "nobody needs to tune in"), "utf-8")
        said = _publish(show).replace(f"{show.resolve()}/public", "s3://talking-back")
        lines = ["$ podcast-kit publish", *said.splitlines(), "$ podcast-kit publish", *_publish(show).splitlines()]
        (HERE / "terminal.svg").write_text(terminal.picture(lines, "A mended note, published"), "utf-8")
        print("wrote terminal.svg")
        _pages(show / "build", Path(scratch))


def _publish(show: Path) -> str:
    command = [sys.executable, "-m", "podcast_kit", "publish", "--yes", "--to", "public", "-C", show]
    return subprocess.run(command, check=True, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True).stdout


def _pages(build: Path, scratch: Path) -> None:
    """The sample show's pages, and of a longer show the kinds that the sample does not have."""
    out, kinds = HERE / "pages", {name.replace(",", "").replace(" ", "-"): path for name, path in PAGES.items()}
    sampled = {name: path for name, path in kinds.items() if (build / path).is_file()}
    longer = make.make(project.read(whole(scratch / "longer")), now=NOW).folder
    with chromium.serving(build) as url:
        screenshots.take(url, out, sampled)
        screenshots.take_one(url + FIRST, HERE / "episode-desk-light.webp", screenshots.DESK, "light")
        screenshots.take_one(url + FIRST, HERE / "episode-phone-dark.webp", screenshots.PHONE, "dark")
    with chromium.serving(longer) as url:
        screenshots.take(url, out, {name: path for name, path in kinds.items() if name not in sampled})
    print(f"wrote the pictures of {len(kinds)} kinds of page")


if __name__ == "__main__":
    main()
