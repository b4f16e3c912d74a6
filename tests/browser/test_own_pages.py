"""Pages of the podcaster's own in Chromium: accessible, with a menu that fits on a phone, and valid."""

import shutil
import subprocess
from datetime import UTC, datetime

import PIL.Image
import pytest

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import chromium
from tests.support.shows import small

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

NOW = datetime(2026, 12, 1, tzinfo=UTC)
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ABOUT = """---
title: About us and everything that we do
menu: About
order: 1
prompts: default
---
We talk about turning an audience into a conversation, and have a [site](https://ann.example/).

## Who we are

![Ann and Bo in front of a microphone](team.png)

| name | does |
|---|---|
| Ann | talks |

- one
- two with `code`

> A quotation.

{{ contact }}

[The imprint](imprint.md), [the first talk](../episodes/001-talk.md), [the press kit](../static/kit.pdf).
"""


@pytest.fixture(scope="module")
def built_pages(tmp_path_factory):
    show = small(tmp_path_factory.mktemp("own") / "show", episodes=1)
    (show / "pages").mkdir()
    (show / "static").mkdir()
    PIL.Image.new("RGB", (900, 600), "navy").save(show / "pages/team.png")
    (show / "static/kit.pdf").write_bytes(b"%PDF-1.4")
    (show / "pages/about.md").write_text(ABOUT)
    for number, title in enumerate(("Imprint", "Our sponsors", "A long label of a page"), 2):
        name = title.split()[-1].lower()
        (show / f"pages/{name}.md").write_text(f"---\ntitle: {title}\nmenu: true\norder: {number}\n---\nText.\n")
    with (show / "podcast.yaml").open("a") as file:
        file.write("contact: {mail: ann@pod.example}\n")
    return builder.build(project.load_project(show), now=NOW).folder


@pytest.fixture
def open_own_page(browser, built_pages):
    with chromium.serving(built_pages) as base:
        contexts = []

        def open_page(path, width):
            contexts.append(browser.new_context(viewport={"width": width, "height": 900}))
            page = contexts[-1].new_page()
            page.goto(base + path)
            return page

        yield open_page
        for context in contexts:
            context.close()


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
@pytest.mark.parametrize("path", ["about/index.html", "index.html"])
def test_own_pages_and_menus_are_accessible(open_own_page, path):
    page = open_own_page(path, 1280)
    page.evaluate(chromium.AXE.read_text("utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
            assert result["passes"], (scheme, width)
            assert [(row["id"], [node["html"] for node in row["nodes"]]) for row in result["violations"]] == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_menu_fits_and_shows_the_current_page(open_own_page, width):
    page = open_own_page("about/index.html", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    links = page.query_selector_all(".top nav a")
    assert [link.inner_text() for link in links] == [
        "Episodes",
        "About",
        "Imprint",
        "Our sponsors",
        "A long label of a page",
        "Follow",
    ]
    boxes = [link.bounding_box() for link in links]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 24 for box in boxes)
    assert [link.inner_text() for link in links if link.get_attribute("aria-current") == "page"] == ["About"]


def test_links_of_own_pages_work(open_own_page):
    page = open_own_page("about/index.html", 1280)
    page.click("text=The imprint")
    page.wait_for_url("**/imprint/index.html")
    assert page.title().startswith("Imprint –")
    page.click(".top nav >> text=About")
    page.wait_for_url("**/about/index.html")
    page.click("text=the first talk")
    page.wait_for_url("**/episodes/001-talk/index.html")
    assert page.title().startswith(("1: Talk 1", "Talk 1"))
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_own_pages_are_valid_html(built_pages):
    run = subprocess.run(
        ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", built_pages / "about/index.html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.returncode) == ("", 0)
