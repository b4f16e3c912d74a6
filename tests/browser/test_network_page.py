"""The page of a network in Chromium: reachable, readable, searchable, on a phone and on a desk."""

import shutil
import subprocess
import threading
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from podcast_kit import preview
from podcast_kit.cli import cli
from podcast_kit.cli.network_preview import find_builds
from podcast_kit.source.network import load_network
from tests.browser.test_pages import COLOURS, RULES
from tests.support import chromium, shows
from tests.support.browsing import until
from tests.support.networks import SHOWS_FILE, add_show, network

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]
PAGES = ["index.html", "404.html", "imprint/index.html"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network with a cover, a page of its own and a file, and a show in another language."""
    folder = network(tmp_path_factory.mktemp("net"), shows_file=f"artwork: cover.jpg\n{SHOWS_FILE}", episodes=3)
    shutil.copy(shows.ROOT / "episodes/art/cover.jpg", folder / "cover.jpg")
    for name, text in {
        "pages/imprint.md": "---\ntitle: Imprint\nmenu: Imprint\n---\n## We\n\n[Ads](../static/ads.txt)\n",
        "static/ads.txt": "pod.example\n",
    }.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    add_show(folder / "shows/drei", text="language: de\n", episodes=1)
    built = CliRunner().invoke(cli, ["build", "-C", str(folder), "--all"])
    assert built.exit_code == 0, built.output
    return folder


@pytest.fixture(scope="module")
def base(folder):
    mounts = find_builds(load_network(folder))
    with preview.make_preview(folder / "build", public_url="https://net.example/", mounts=mounts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.url
        server.shutdown()


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
@pytest.mark.parametrize("path", PAGES)
def test_page_of_a_network_is_accessible(open_page, path):
    page = open_page(path, viewport={"width": 1280, "height": 900})
    page.evaluate(chromium.AXE.read_text("utf-8"))
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
            assert result["passes"], (scheme, width)
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in result["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_link_of_the_page_leads_somewhere(open_page, base):
    page = open_page("index.html")
    links = page.evaluate("[...document.querySelectorAll('a, link')].map(link => link.href)")
    own = sorted({link.split("#")[0] for link in links if urlsplit(link).netloc == urlsplit(base).netloc})
    assert {f"{base}{name}/index.html" for name in ("one", "two", "drei")} <= set(own)
    assert {f"{base}shows.opml", f"{base}feed.xml", f"{base}one/episodes/003-talk/index.html"} <= set(own)
    for link in own:
        assert page.request.get(link).status == 200, link
    assert page.errors == []


def test_nothing_is_loaded_from_elsewhere(open_page, base):
    page = open_page("index.html")
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in page.requested_urls} == {urlsplit(base).netloc}


def test_search_finds_episodes_of_all_shows(open_page, base):
    page = open_page("index.html")
    page.fill("#search", "talk 1")
    until(page, "document.querySelectorAll('#found li').length === 3")
    facts = page.evaluate(
        "[...document.querySelectorAll('#found .facts')].map(line => line.textContent.split(' ·')[0])"
    )
    assert sorted(facts) == ["Show drei", "Show one", "Show two"]
    assert page.evaluate("document.querySelector('#all').hidden")
    page.click("#found a >> nth=0")
    page.wait_for_url(f"{base}*/episodes/001-talk/index.html")


def test_show_in_another_language_is_marked(open_page):
    page = open_page("index.html")
    assert page.evaluate("document.querySelector('#shows li[lang=de] a').textContent") == "Show drei"


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_page_of_a_network_is_valid_html(folder):
    pages = [folder / "build" / path for path in PAGES]
    command = ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *pages]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("", 0)
