"""Pictures of the pages for the README: each kind of page, light and dark, on a telephone and on a desk."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--hide-scrollbars"]
PAGES = {
    "index": "index.html",
    "episode": "episodes/001-more-social/index.html",
    "follow": "follow/index.html",
}
WIDTHS = {"phone": 360, "desk": 1280}
HEIGHT = {"phone": 780, "desk": 900}


def take(base_url: str, out_dir: Path, *, pages: dict[str, str] | None = None, whole: bool = False) -> list[Path]:
    """Write a PNG a page, scheme and width into `out_dir`; the show's pages answer below `base_url`.

    `pages` are addresses by the name of the picture; `whole` takes each page to its end rather than a screenful.
    """
    from playwright.sync_api import sync_playwright

    out_dir.mkdir(parents=True, exist_ok=True)
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for scheme in ("light", "dark"):
            for width_name, width in WIDTHS.items():
                size = {"width": width, "height": HEIGHT[width_name]}
                context = browser.new_context(viewport=size, color_scheme=scheme)
                page = context.new_page()
                for name, path in (pages or PAGES).items():
                    page.goto(urljoin(base_url, path), wait_until="networkidle")
                    target = out_dir / f"{name}-{width_name}-{scheme}.png"
                    page.screenshot(path=target, full_page=whole)
                    made.append(target)
                context.close()
        browser.close()
    return made
