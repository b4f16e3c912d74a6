"""Debian's Chromium, controlled by Playwright, on pages that the preview serves."""

import contextlib
import threading
from pathlib import Path

from podcast_kit.preview import make_preview
from tests.support.screenshots import ARGUMENTS, CHROMIUM

NODE = Path(__file__).parents[1] / "node" / "node_modules"
AXE = NODE / "axe-core" / "axe.min.js"
LIGHTHOUSE = NODE / "lighthouse" / "cli" / "index.js"
VNU = NODE / "vnu-jar" / "build" / "dist" / "vnu.jar"


@contextlib.contextmanager
def running():
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def serving(folder):
    """The URL at which a folder is served."""
    with make_preview(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()
