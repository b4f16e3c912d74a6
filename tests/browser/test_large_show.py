"""A show with more episodes than one search file or one page has, in Chromium."""

import shutil
import subprocess

import pytest

from podcast_kit import site
from podcast_kit.model import Person
from podcast_kit.site import collections, list_pages, search_index
from tests.browser.test_pages import RULES
from tests.support import chromium
from tests.support.browsing import until
from tests.support.site_factories import ART, make_episode, make_item, make_show

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]
EPISODES = 150
HOSTILE = "<img src=x onerror=alert(1)>"
LISTS = [
    "index.html",
    "page/15/index.html",
    "tags/talk/page/30/index.html",
    "people/index.html",
    "people/page/2/index.html",
]
CARDS = "document.querySelectorAll('#found .card').length"
STATUS = "document.querySelector('form [role=status]').textContent"
MORE = "#found + button"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A show whose search has shards of 10 episodes, and whose lists have pages of 5 episodes or 30 people."""
    items = [
        make_item(number, episode=make_episode(number, tags=("talk",)), people=(Person(name=f"Guest {number % 40}"),))
        for number in range(EPISODES, 0, -1)
    ]
    items[-7] = make_item(7, episode=make_episode(7, title=f"Zebras {HOSTILE}"))
    folder = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_index, "EPISODES_PER_SHARD", 10)
        patch.setattr(collections, "EPISODES_PER_PAGE", 5)
        patch.setattr(list_pages, "MAX_INDEX_COLLECTIONS", 30)
        patch.setattr(list_pages, "COLLECTIONS_PER_PAGE", 30)
        pages = site.render_site(make_show(), items, folder=tmp_path_factory.mktemp("show"), artwork=ART)
    for key, data in pages.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def base(folder):
    with chromium.serving(folder) as url:
        yield url


def shards_of(page):
    return [url.rpartition("/")[2] for url in page.requested_urls if "/search-" in url]


def errors_of(page):
    """Those besides pictures, which this show has none of."""
    return [error for error in page.errors if "404" not in error and "Failed to load" not in error]


def test_search_finds_an_episode_in_the_oldest_shard(open_page):
    page = open_page("index.html")
    page.fill("#search", "zebras")
    until(page, f"{CARDS} === 1")
    assert shards_of(page) == [f"search-{number}.js" for number in range(14, 0, -1)]
    until(page, f"{STATUS} === '1 result'")
    assert page.inner_text("#found h3") == f"Zebras {HOSTILE}"
    assert not page.is_visible(MORE)
    page.click("#found a")
    page.wait_for_url("**/episodes/007-one/index.html")
    assert errors_of(page) == []


def test_shards_are_loaded_only_while_they_are_needed(open_page):
    page = open_page("page/2/index.html")
    assert not [url for url in page.requested_urls if "/search" in url]
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/search.js")):
        page.focus("#search")
    page.wait_for_load_state("networkidle")
    assert [url.rpartition("/")[2] for url in page.requested_urls if "/search" in url] == ["search.js"]
    page.fill("#search", "number")
    until(page, f"{STATUS} === 'More than 60 results'")
    assert page.evaluate(CARDS) == 60
    assert shards_of(page) == [f"search-{number}.js" for number in range(14, 8, -1)]
    page.fill("#search", "")
    until(page, "!document.querySelector('#all').hidden")
    assert not page.is_visible(MORE)


def test_more_results_are_shown_on_request_and_keep_the_focus(open_page):
    page = open_page("index.html")
    page.fill("#search", "talk")
    for shown in (60, 120):
        until(page, f"{CARDS} === {shown} && !document.querySelector('{MORE}').hidden")
        page.focus(MORE)
        page.keyboard.press("Enter")
    until(page, f"{CARDS} === {EPISODES - 1}")
    until(page, f"{STATUS} === '{EPISODES - 1} results'")
    assert not page.is_visible(MORE)
    until(page, "document.activeElement.textContent === 'Number 30'")


def test_a_file_that_cannot_be_loaded_is_reported_and_loaded_again(open_page):
    page = open_page("index.html")
    page.route("**/search-4.js", lambda route: route.abort())
    page.fill("#search", "zebras")
    until(page, f"{STATUS} === 'The search couldn’t be loaded. Try again.'")
    page.unroute("**/search-4.js")
    page.press("#search", "Enter")
    until(page, f"{CARDS} === 1")


def test_what_is_typed_last_counts(open_page):
    page = open_page("index.html")
    page.locator("#search").press_sequentially("zebras number 150")
    until(page, f"{STATUS} === 'No results'")
    page.fill("#search", "number 150")
    until(page, f"{STATUS} === '1 result'")
    assert page.inner_text("#found h3") == "Number 150"


def test_search_works_from_a_folder_on_disk(open_page, folder):
    page = open_page("index.html")
    page.goto((folder / "index.html").as_uri())
    page.fill("#search", "zebras")
    until(page, f"{CARDS} === 1")


def test_every_page_of_a_topic_can_be_reached(open_page):
    page = open_page("tags/talk/index.html")
    page.click("nav.pages >> text=30")
    page.wait_for_url("**/page/30/index.html")
    assert page.inner_text("h1") == "Topic: talk Page 30"
    assert page.locator(".card").count() == 2
    page.click("nav.pages >> text=29")
    page.wait_for_url("**/page/29/index.html")
    assert page.get_attribute("nav.pages [aria-current]", "href") == "../../../../tags/talk/page/29/index.html"
    page.click("nav.pages >> text='1'")
    page.wait_for_url("**/tags/talk/index.html")
    assert page.locator(".card").count() in range(3, 9)


def test_everybody_can_be_reached_from_the_index(open_page):
    page = open_page("index.html")
    assert page.locator("a[href^='people/guest-']").count() == 24
    page.click("text=Show all 41")
    page.wait_for_url("**/people/index.html")
    assert page.locator(".shelves a").count() == 30
    page.click("nav.pages >> text=2")
    page.wait_for_url("**/people/page/2/index.html")
    assert page.locator(".shelves a").count() == 11


def find_violations(page):
    page.evaluate(chromium.AXE.read_text("utf-8"))
    result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", RULES)
    assert result["passes"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in result["violations"]]


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
def test_results_are_accessible(open_page):
    page = open_page("index.html", viewport={"width": 360, "height": 900})
    page.fill("#search", "number")
    until(page, f"!document.querySelector('{MORE}').hidden")
    assert find_violations(page) == []


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
def test_lists_are_accessible(open_page):
    for path in LISTS:
        page = open_page(path, viewport={"width": 360, "height": 900})
        assert find_violations(page) == [], path


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_lists_are_valid_html(folder):
    command = ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *(folder / path for path in LISTS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("", 0)
