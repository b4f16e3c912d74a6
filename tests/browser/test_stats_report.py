"""The report of downloads in Chromium: accessible, valid, narrow and wide, and without a request to anywhere."""

import shutil
import subprocess

import pytest

from tests.support import chromium
from tests.support.stats_reports import make_update, render_episode_page, render_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = ("show.html", "episode.html")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    update = make_update(12, 80)
    (folder / "show.html").write_text(render_page(update, folder), "utf-8")
    (folder / "episode.html").write_text(render_episode_page(update, folder), "utf-8")
    return folder


@pytest.fixture
def open_report(browser, reports):
    context = browser.new_context(java_script_enabled=True)
    page = context.new_page()
    page.requested_urls, page.errors = [], []
    page.on("request", lambda request: page.requested_urls.append(request.url))
    page.on(
        "console", lambda message: page.errors.append(message.text) if message.type in {"error", "warning"} else None
    )

    def open_report(name):
        page.goto((reports / name).as_uri())
        return page

    yield open_report
    context.close()


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
@pytest.mark.parametrize("name", PAGES)
def test_reports_are_accessible(open_report, name):
    page = open_report(name)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate(chromium.AXE.read_text("utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
            assert result["passes"]
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in result["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", PAGES)
def test_reports_request_nothing_but_themselves(open_report, reports, name):
    page = open_report(name)
    assert [url for url in page.requested_urls if not url.startswith("data:")] == [(reports / name).as_uri()]
    assert page.errors == []


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_reports_are_valid_html(reports):
    pages = [reports / name for name in PAGES]
    run = subprocess.run(
        ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *pages], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("", 0)
