"""`make docs`: the command reference and the pictures of the README, written anew from the real thing."""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from podcast_kit import serve
from tests.docs import reference, terminal
from tests.shows import sample

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
        notes.write_text(notes.read_text("utf-8").replace("nobody has to tune in", "nobody must tune in"), "utf-8")
        said = _publish(show).replace(f"{show.resolve()}/public", "s3://talking-back")
        lines = ["$ podcast-kit publish", *said.splitlines(), "$ podcast-kit publish", *_publish(show).splitlines()]
        (HERE / "terminal.svg").write_text(terminal.picture(lines, "A mended note, published"), "utf-8")
        print("wrote terminal.svg")
        _pages(show / "build")


def _publish(show: Path) -> str:
    command = [sys.executable, "-m", "podcast_kit", "publish", "--yes", "--to", "public", "-C", show]
    return subprocess.run(command, check=True, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True).stdout


def _pages(build: Path) -> None:
    try:
        from tests import screenshots
    except ImportError as missing:
        print(f"the pictures of the pages are left as they are: {missing}")
        return
    server = serve.server(build, public="https://talking-back.example/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    screenshots.take(f"http://127.0.0.1:{server.server_address[1]}/", HERE)
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
