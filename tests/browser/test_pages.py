"""Pages as listeners have them: in Chromium, by mouse; light and dark, narrow and wide."""

import json
import re
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.support import chromium
from tests.support.browsing import BITES, FIRST, LONG, MOVED, PAGES, TRANSCRIBED, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"type": "tag", "values": WCAG}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What the other scheme can change."""


def time(page):
    return page.evaluate("document.querySelector('audio').currentTime")


def test_play_starts_and_goes_on(open_page):
    page = open_page(FIRST)
    page.evaluate("document.querySelector('audio').play()")
    until(page, "document.querySelector('audio').currentTime > 0.5")
    assert page.evaluate("!document.querySelector('audio').paused")


def test_a_chapter_is_one_click_away_and_its_address_can_be_shared(open_page):
    page = open_page(FIRST)
    page.click("text=Half of a conversation >> nth=0")
    until(page, "document.querySelector('audio').currentTime >= 32")
    assert time(page) < 35
    assert page.url.endswith("#t=32")
    until(page, "document.querySelector('.chapters [aria-current]')?.textContent.includes('Half of a conversation')")


@pytest.mark.parametrize("moment", ["32", "0:32", "00:00:32"])
def test_a_shared_address_lands_on_the_second(open_page, moment):
    page = open_page(f"{FIRST}#t={moment}")
    until(page, "document.querySelector('audio').readyState > 0 && document.querySelector('audio').currentTime > 0")
    assert time(page) == pytest.approx(32, abs=0.5)


@pytest.mark.parametrize("moment", ["", "#t=32"])
def test_an_old_address_leads_on_to_the_same_moment(open_page, base, moment):
    page = open_page(f"{MOVED}{moment}")
    page.wait_for_url(f"{base}{FIRST}{moment}")
    page.wait_for_timeout(300)
    assert page.url == f"{base}{FIRST}{moment}"
    assert page.faults == []


def test_a_soundbite_plays_by_itself_and_leads_to_its_moment(open_page):
    page = open_page(BITES)
    bite = "document.querySelector('.soundbites audio')"
    page.evaluate(f"{bite}.play()")
    until(page, f"{bite}.currentTime > 0.3")
    assert 15.9 < page.evaluate(f"{bite}.duration") < 16.1
    page.evaluate(f"{bite}.pause()")
    page.click(".soundbites a[data-seek]")
    until(page, "document.querySelector('#player').currentTime >= 2")
    assert page.url.endswith("#t=2")
    assert page.faults == []


def test_the_other_format_plays_too(open_page):
    page = open_page(BITES)
    page.evaluate("document.querySelector('#player').src = document.querySelector('a[type=\"audio/ogg\"]').href")
    until(page, "document.querySelector('#player').duration > 15")
    assert page.faults == []


def test_a_link_to_the_moment_can_be_copied(open_page):
    page = open_page(FIRST, permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Three habits >> nth=0")
    until(page, "document.querySelector('audio').currentTime >= 45")
    page.evaluate("document.querySelector('audio').pause()")
    page.click("[data-share]")
    until(page, "document.querySelector('.player [role=status]').textContent === 'Copied'")
    assert re.search(r"#t=4\d$", page.evaluate("navigator.clipboard.readText()"))


def test_a_transcript_is_read_along_and_searched(open_page):
    page = open_page(TRANSCRIBED)
    page.click("summary")
    page.fill("input[data-lines]", "APPLES something")
    assert page.locator(".lines > p:visible").count() == 1
    assert page.inner_text("form [role=status]") == "1 result"
    page.fill("input[data-lines]", "pears")
    assert page.inner_text("form [role=status]") == "No results"
    page.fill("input[data-lines]", "")
    page.click(".lines a >> nth=0")
    until(page, "!document.querySelector('audio').paused")


def test_a_long_transcript_has_its_own_page_with_the_player(open_page):
    page = open_page("episodes/005-talk/index.html")
    page.click("text=Read the transcript")
    assert page.url.endswith(LONG)
    page.click(".lines p:nth-child(12) a")
    until(page, "document.querySelector('audio').currentTime > 1")


def test_episodes_are_found_as_one_types(open_page):
    page = open_page("index.html")
    assert not [url for url in page.asked if url.endswith("search.js")]
    page.fill("#search", "first MINUTE")
    until(page, "document.querySelectorAll('#found .card').length === 1")
    assert not page.is_visible("#all")
    page.click("#found a")
    assert page.url.endswith("episodes/002-first-minute/index.html")


def test_a_person_is_found_by_name_and_nothing_is_said_to_be_nothing(open_page):
    page = open_page("index.html")
    page.fill("#search", "ada voice")
    until(page, "document.querySelectorAll('#found .card').length === 3")
    assert page.inner_text("form [role=status]") == "3 results"
    page.fill("#search", "zebra")
    until(page, "document.querySelector('form [role=status]').textContent === 'No results'")
    page.fill("#search", "")
    until(page, "!document.querySelector('#all').hidden")


def test_the_feeds_address_is_copied(open_page):
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
def test_the_listeners_own_platform_comes_first(open_page, agent, first):
    page = open_page("follow/index.html", user_agent=agent)
    assert page.get_attribute("[data-platforms] > section >> nth=0", "data-platform") == first


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbarimg is not installed (Debian: zbar-tools)")
def test_a_phones_camera_reads_the_code(open_page, tmp_path):
    page = open_page("follow/index.html", color_scheme="dark", device_scale_factor=2)
    page.locator(".qr img").screenshot(path=tmp_path / "qr.png")
    read = subprocess.run(["zbarimg", "-q", "--raw", tmp_path / "qr.png"], capture_output=True, text=True, check=True)
    assert read.stdout.strip() == "https://talking-back.example/follow/index.html"


def test_the_embedded_player_plays_in_somebody_elses_page(open_page, built, base):
    page = open_page("index.html")
    said = json.loads((built / "episodes/001-more-social/oembed.json").read_text("utf-8"))
    page.set_content(said["html"].replace("https://talking-back.example/", base))
    frame = page.frame_locator("iframe")
    frame.locator("audio").evaluate("audio => audio.play()")
    frame.locator("audio").evaluate(
        "audio => new Promise(done => audio.addEventListener('timeupdate', () => audio.currentTime > 0.2 && done()))"
    )
    assert frame.locator("body").evaluate("body => body.scrollHeight <= innerHeight")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_nothing_is_asked_of_anybody_else_and_nothing_goes_wrong(open_page, base, path):
    page = open_page(path)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate("document.querySelector('audio')?.play()")
    page.evaluate("document.querySelectorAll('input[type=search]').forEach(input => input.focus())")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(base).netloc}
    assert [fault for fault in page.faults if path != "404.html"] == []


@pytest.mark.parametrize("path", [FIRST, TRANSCRIBED, LONG])
def test_an_episodes_page_is_small(open_page, base, built, path):
    page = open_page(path)
    page.wait_for_load_state("networkidle")
    keys = {url.removeprefix(base).split("#")[0] for url in page.asked}
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
def test_everybody_can_use_it(open_page, path):
    page = open_page(path, viewport={"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.add_script_tag(path=chromium.AXE)
    for scheme, rules in (("light", RULES), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
            assert found["passes"], (scheme, width)
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []


@pytest.mark.skipif(not chromium.VNU.exists() or not shutil.which("java"), reason="vnu-jar or java is not installed")
def test_every_page_is_valid(built):
    pages = [built / path for path in [*PAGES.values(), MOVED]]
    run = subprocess.run(
        ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *pages], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("", 0)
