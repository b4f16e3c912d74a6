"""Pictures of pages for the documentation: each kind of page, light and dark, on desktop and phone."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--hide-scrollbars"]
DESK, PHONE = (1280, 900), (360, 780)
SCHEMES = ("light", "dark")
GAP = 16
SCALE = 0.6
"""Of the sheets: still readable, with a third of the bytes."""


def take(base_url: str, out_dir: Path, pages: dict[str, str]) -> list[Path]:
    """Write a sheet for each page into `out_dir`, with both widths in both schemes; returns the files.

    `pages` maps the names of the files to paths below `base_url`.
    """
    from playwright.sync_api import sync_playwright

    out_dir.mkdir(parents=True, exist_ok=True)
    files = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, path in pages.items():
            shots = [
                _shot(browser, urljoin(base_url, path), size, scheme) for scheme in SCHEMES for size in (DESK, PHONE)
            ]
            target = out_dir / f"{name}.webp"
            _sheet(shots).save(target, quality=80, method=6)
            files.append(target)
        browser.close()
    return files


def take_one(url: str, target: Path, size: tuple[int, int], scheme: str) -> None:
    """Write one screenshot in full size."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        _shot(browser, url, size, scheme).save(target, quality=85, method=6)
        browser.close()


def _shot(browser, url: str, size: tuple[int, int], scheme: str) -> Image.Image:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return shot


def _sheet(shots: list[Image.Image]) -> Image.Image:
    """Side by side, on a background that neither scheme uses."""
    height = max(shot.height for shot in shots)
    width = sum(shot.width for shot in shots) + GAP * (len(shots) + 1)
    sheet, left = Image.new("RGB", (width, height + 2 * GAP), "#808890"), GAP
    for shot in shots:
        sheet.paste(shot, (left, GAP))
        left += shot.width + GAP
    return sheet.resize((round(sheet.width * SCALE), round(sheet.height * SCALE)), Image.Resampling.LANCZOS)
