"""Pages in Chromium with the mouse, light and dark, narrow and wide."""

import json
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.support import chromium
from tests.support.browsing import FIRST, LONG, PAGES, REDIRECTED, SOUNDBITES, TRANSCRIBED, PlayedTime, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"type": "tag", "values": WCAG}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What the other scheme can change."""


def current_time(page):
    return page.evaluate("document.querySelector('audio').currentTime")


def test_the_player_plays(open_page):
    page = open_page(FIRST)
    page.evaluate("document.querySelector('audio').play()")
    until(page, "document.querySelector('audio').currentTime > 0.5")
    assert page.evaluate("!document.querySelector('audio').paused")


def test_clicking_a_chapter_seeks_and_updates_the_url(open_page):
    page = open_page(FIRST)
    played = PlayedTime(32)
    page.click(".chapters >> text=Half of a conversation")
    until(page, "document.querySelector('audio').currentTime >= 32")
    assert current_time(page) in played
    assert page.url.endswith("#t=32")
    until(page, "document.querySelector('.chapters [aria-current]')?.textContent.includes('Half of a conversation')")


@pytest.mark.parametrize("moment", ["32", "0:32", "00:00:32"])
def test_a_shared_url_starts_at_its_time(open_page, moment):
    page = open_page(f"{FIRST}#t={moment}")
    until(page, "document.querySelector('audio').currentTime > 0")
    assert current_time(page) == pytest.approx(32, abs=0.5)
    played = PlayedTime(32)
    page.evaluate("document.querySelector('audio').play()")
    until(page, "document.querySelector('audio').currentTime > 32.2")
    assert current_time(page) in played


@pytest.mark.parametrize("moment", ["", "#t=32"])
def test_a_redirect_keeps_the_time_in_the_url(open_page, base, moment):
    page = open_page(f"{REDIRECTED}{moment}")
    page.wait_for_url(f"{base}{FIRST}{moment}")
    page.wait_for_timeout(300)
    assert page.url == f"{base}{FIRST}{moment}"
    assert page.errors == []


def test_a_soundbite_plays_and_links_to_its_time(open_page):
    page = open_page(SOUNDBITES)
    bite = "document.querySelector('.soundbites audio')"
    page.evaluate(f"{bite}.play()")
    until(page, f"{bite}.currentTime > 0.3")
    assert 15.9 < page.evaluate(f"{bite}.duration") < 16.1
    page.evaluate(f"{bite}.pause()")
    page.click(".soundbites a[href*='#t=']")
    until(page, "document.querySelector('#player').currentTime >= 2")
    assert page.url.endswith("#t=2")
    assert page.errors == []


def test_the_alternate_enclosure_plays(open_page):
    page = open_page(SOUNDBITES)
    page.evaluate("document.querySelector('#player').src = document.querySelector('a[type=\"audio/ogg\"]').href")
    page.evaluate("document.querySelector('#player').play()")
    until(page, "document.querySelector('#player').duration > 15")
    assert page.errors == []


def test_a_link_to_the_moment_can_be_copied(open_page):
    page = open_page(FIRST, permissions=["clipboard-read", "clipboard-write"])
    played = PlayedTime(45)
    page.click(".chapters >> text=Three habits")
    until(page, "document.querySelector('audio').currentTime >= 45")
    page.evaluate("document.querySelector('audio').pause()")
    page.click("[data-share]")
    until(page, "document.querySelector('.player [role=status]').textContent === 'Copied'")
    assert int(page.evaluate("navigator.clipboard.readText()").rpartition("#t=")[2]) in played


def test_a_transcript_can_be_searched_and_played(open_page):
    page = open_page(TRANSCRIBED)
    page.click(".transcript summary")
    page.fill("input[data-lines]", "APPLES something")
    assert page.locator(".lines > p:visible").count() == 1
    assert page.inner_text("form [role=status]") == "1 result"
    page.fill("input[data-lines]", "pears")
    assert page.inner_text("form [role=status]") == "No results"
    page.fill("input[data-lines]", "")
    page.click(".lines a >> nth=0")
    until(page, "!document.querySelector('audio').paused")


def test_a_long_transcript_has_its_own_page_with_a_player(open_page):
    page = open_page("episodes/005-talk/index.html")
    page.click("text=Read the transcript")
    page.wait_for_url(f"**/{LONG}")
    page.click(".lines p:nth-child(12) a")
    until(page, "document.querySelector('audio').currentTime > 1")


def test_search_shows_results_while_typing(open_page):
    page = open_page("index.html")
    assert not [url for url in page.requested_urls if url.endswith("search.js")]
    page.fill("#search", "first MINUTE")
    until(page, "document.querySelectorAll('#found .card').length === 1")
    assert not page.is_visible("#all")
    page.click("#found a")
    page.wait_for_url("**/episodes/002-first-minute/index.html")


def test_search_finds_people_and_reports_no_results(open_page):
    page = open_page("index.html")
    page.fill("#search", "ada voice")
    until(page, "document.querySelectorAll('#found .card').length === 3")
    assert page.inner_text("form [role=status]") == "3 results"
    page.fill("#search", "zebra")
    until(page, "document.querySelector('form [role=status]').textContent === 'No results'")
    page.fill("#search", "")
    until(page, "!document.querySelector('#all').hidden")


def test_the_feed_url_can_be_copied(open_page):
    page = open_page("follow/index.html", permissions=["clipboard-read", "clipboard-write"])
    page.click("[data-copy]")
    until(page, "document.querySelector('.copy [role=status]').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "https://talking-back.example/feed.xml"


@pytest.mark.parametrize(
    ("agent", "first"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", "apple"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9)", "android"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "any"),
    ],
)
def test_the_listeners_platform_comes_first(open_page, agent, first):
    page = open_page("follow/index.html", user_agent=agent)
    assert page.get_attribute("[data-platforms] > section >> nth=0", "data-platform") == first


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbarimg is not installed (Debian: zbar-tools)")
def test_the_qr_code_can_be_scanned(open_page, tmp_path):
    page = open_page("follow/index.html", color_scheme="dark", device_scale_factor=2)
    page.locator(".qr img").screenshot(path=tmp_path / "qr.png")
    scan = subprocess.run(["zbarimg", "-q", "--raw", tmp_path / "qr.png"], capture_output=True, text=True, check=True)
    assert scan.stdout.strip() == "https://talking-back.example/follow/index.html"


def test_the_embedded_player_plays_on_another_site(open_page, built, base):
    page = open_page("index.html")
    oembed = json.loads((built / "episodes/001-more-social/oembed.json").read_text("utf-8"))
    page.set_content(oembed["html"].replace("https://talking-back.example/", base))
    frame = page.frame_locator("iframe")
    frame.locator("audio").evaluate("audio => audio.play()")
    frame.locator("audio").evaluate(
        "audio => new Promise(done => audio.addEventListener('timeupdate', () => audio.currentTime > 0.2 && done()))"
    )
    assert frame.locator("body").evaluate("body => body.scrollHeight <= innerHeight")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_load_nothing_from_third_parties_and_log_no_errors(open_page, base, path):
    page = open_page(path)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate("document.querySelector('audio')?.play()")
    page.evaluate("document.querySelectorAll('input[type=search]').forEach(input => input.focus())")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in page.requested_urls} == {urlsplit(base).netloc}
    assert [error for error in page.errors if path != "404.html"] == []


@pytest.mark.parametrize("path", [FIRST, TRANSCRIBED, LONG])
def test_the_size_of_an_episode_page(open_page, base, built, path):
    page = open_page(path)
    page.wait_for_load_state("networkidle")
    keys = {url.removeprefix(base).split("#")[0] for url in page.requested_urls}
    counted = [key for key in keys if not key.endswith((".mp3", ".jpg"))]
    assert path in counted
    assert sum((built / key).stat().st_size for key in counted) <= 60_000


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_no_page_needs_scrolling_sideways(open_page, path, width):
    page = open_page(path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is not installed (npm ci --prefix tests/node)")
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_pages_are_accessible(open_page, path):
    page = open_page(path, viewport={"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate(chromium.AXE.read_text("utf-8"))  # not as a script of the page, which its policy would refuse
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            result = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
            assert result["passes"], (scheme, width)
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in result["violations"]] == []


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_pages_are_valid_html(built):
    pages = [built / path for path in [*PAGES.values(), REDIRECTED]]
    run = subprocess.run(
        ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *pages], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("", 0)
