"""The player in Chromium: resuming, chapters, transcript, sharing."""

import re
import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime

import pytest
from PIL import Image

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import chromium
from tests.support.browsing import PlayedTime, until
from tests.support.shows import add, small

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

TALK = "episodes/001-talk/index.html"
OTHER = "episodes/002-talk/index.html"
PLAY = "document.querySelector('audio').play()"
WORDS = "WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>Apples, and more apples.\n\n00:20.000 --> 00:24.000\n<v Bo>Pears.\n"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory):
    folder = small(tmp_path_factory.mktemp("listening") / "show")
    episodes = folder / "episodes"
    for name, colour in (("red.png", "#aa0000"), ("blue.png", "#0000aa")):
        Image.new("RGB", (900, 900), colour).save(episodes / name)
    (episodes / "talk.vtt").write_text(WORDS, "utf-8")
    chapters = [
        f"{{start: 0:{at:02}, title: Chapter {at}, image: {'blue' if at % 2 else 'red'}.png}}" for at in range(30)
    ]
    add(folder, 1, chapters=f"[{', '.join(chapters)}]", transcript="talk.vtt")
    add(folder, 2)
    with chromium.serving(
        builder.build(project.load_project(folder), now=datetime(2026, 1, 1, tzinfo=UTC)).folder
    ) as url:
        yield url


@pytest.fixture
def page(browser, base_url):
    with closing(browser.new_context(base_url=base_url)) as context:
        yield context.new_page()


def current_time(page):
    return page.evaluate("document.querySelector('audio').currentTime")


def test_playback_resumes_with_a_notice(page):
    page.goto(f"{TALK}#t=20")
    played = PlayedTime(20)
    page.evaluate(PLAY)
    until(page, "document.querySelector('audio').currentTime > 20.5")
    page.goto(OTHER)
    assert current_time(page) == 0
    page.goto(TALK)
    until(page, "document.querySelector('audio').currentTime >= 20")
    assert current_time(page) in played
    assert page.evaluate("document.querySelector('audio').paused")
    assert page.inner_text(".player [role=status]").startswith(f"Resuming at 0:{int(current_time(page))}")


def test_a_time_in_the_url_overrides_resuming(page):
    page.goto(f"{TALK}#t=20")
    page.evaluate(PLAY)
    until(page, "document.querySelector('audio').currentTime > 20.5")
    page.goto(OTHER)
    page.goto(f"{TALK}#t=30")
    until(page, "document.querySelector('audio').currentTime >= 30")
    assert page.inner_text(".player [role=status]") == ""


def test_the_player_works_without_local_storage(page):
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });")
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(f"{TALK}#t=20")
    page.evaluate(PLAY)
    until(page, "document.querySelector('audio').currentTime > 20.5")


def test_speed_and_skip_work_with_the_keyboard_and_the_speed_is_remembered(page):
    page.goto(f"{TALK}#t=5")
    page.focus("[data-speed]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.25
    page.focus("[data-skip='30']")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('audio').currentTime >= 35")
    page.focus("[data-skip='-15']")
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').currentTime < 21")
    page.goto(OTHER)
    assert page.input_value("[data-speed]") == "1.25"
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.25


def test_the_current_chapter_is_highlighted_in_view_with_its_image(page):
    page.goto(TALK)
    cover = page.evaluate("document.querySelector('.episode .cover').currentSrc")
    page.click(".chapters li:nth-child(26) a")
    until(page, "document.querySelector('.chapters [aria-current]')?.textContent.includes('Chapter 25')")
    assert page.evaluate("document.querySelectorAll('.chapters [aria-current]').length") == 1
    assert "blue-320" in page.evaluate("document.querySelector('.episode .cover').src")
    assert "blue-320" not in cover
    is_in_view = "(() => { const a = document.querySelector('.chapters [aria-current]').getBoundingClientRect(),"
    is_in_view += " b = document.querySelector('.chapters ol').getBoundingClientRect();"
    assert page.evaluate(is_in_view + " return a.top >= b.top && a.bottom <= b.bottom; })()")


def test_transcript_search_highlights_matches(page):
    page.goto(TALK)
    page.click(".transcript summary")
    page.fill("[data-lines]", "apples")
    assert page.evaluate("[...CSS.highlights.get('found')].map(range => String(range))") == ["Apples", "apples"]
    page.fill("[data-lines]", "")
    assert page.evaluate("CSS.highlights.has('found')") is False


def test_the_latest_episode_on_the_index_loads_only_when_played(page):
    requested_urls = []
    page.on("request", lambda request: requested_urls.append(request.url))
    page.goto("index.html", wait_until="networkidle")
    assert not [url for url in requested_urls if url.endswith(".mp3")]
    page.evaluate(PLAY)
    until(page, "document.querySelector('audio').currentTime > 0.2")


def test_an_episode_page_loads_no_media_before_it_is_played(page):
    requested_urls = []
    page.on("request", lambda request: requested_urls.append(request.url))
    page.goto(TALK, wait_until="networkidle")
    page.goto(f"{TALK}#t=20", wait_until="networkidle")
    assert not [url for url in requested_urls if url.endswith(".mp3")]
    page.evaluate(PLAY)
    until(page, "document.querySelector('audio').currentTime > 20.2")


@pytest.mark.parametrize(("width", "qr_shown"), [(360, False), (768, True), (1280, True)])
def test_header_has_its_links_and_the_whole_title_and_only_a_larger_screen_the_qr_code(
    browser, tmp_path, width, qr_shown
):
    folder = small(tmp_path / "show")
    show_file = folder / "podcast.yaml"
    long_title = "A Show about Gardens, Weeds and the People between Them"
    show_file.write_text(re.sub("(?m)^title: .*$", f"title: {long_title}", show_file.read_text("utf-8")), "utf-8")
    built = builder.build(project.load_project(folder), now=datetime(2026, 1, 1, tzinfo=UTC)).folder
    viewport = {"width": width, "height": 800}
    with chromium.serving(built) as url, closing(browser.new_context(viewport=viewport)) as context:
        page = context.new_page()
        for path in ("index.html", "404.html", "follow/index.html"):
            page.goto(url + path)
            assert page.locator(".top nav a").evaluate_all("links => links.every(a => a.getClientRects().length)")
            title = page.locator(".top .home span")
            assert title.inner_text() == long_title
            assert title.evaluate("e => e.scrollWidth <= e.clientWidth + 1 || getComputedStyle(e).display === 'inline'")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        heading, header = page.locator("h1").bounding_box(), page.locator(".top").bounding_box()
        assert 16 <= heading["y"] - header["y"] - header["height"] <= 32
        assert page.locator(".qr").is_visible() is qr_shown


def test_a_phone_uses_its_share_sheet(browser, base_url):
    with closing(browser.new_context(base_url=base_url, has_touch=True, is_mobile=True)) as context:
        page = context.new_page()
        page.add_init_script("navigator.share = (what) => { window.shared = what; return Promise.resolve(); };")
        page.goto(f"{TALK}#t=12")
        until(page, "document.querySelector('audio').currentTime > 11")
        page.tap("[data-share]")
        assert page.evaluate("window.shared.url") == f"{base_url}{TALK}#t=12"


def test_touch_targets_are_large_enough(browser, base_url):
    with closing(browser.new_context(base_url=base_url, viewport={"width": 360, "height": 800})) as context:
        page = context.new_page()
        for path in ("index.html", TALK, "follow/index.html"):
            page.goto(path)
            too_small = page.evaluate(
                "[...document.querySelectorAll('.button, summary, .chapters a, .turn a, input, select, .pages a')]"
                ".concat([...document.querySelectorAll('a.badge, .bottom a, .files a')])"
                ".filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
            )
            assert too_small == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed (Debian: poppler-utils)")
def test_print_has_notes_and_transcript_but_no_player(page, tmp_path):
    page.goto(TALK)
    page.pdf(path=tmp_path / "page.pdf")
    text = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "Talk 1" in text
    assert "Chapter 29" in text
    assert "Apples, and more apples." in text
    assert "Share from" not in text


@pytest.mark.parametrize(("agent", "shown"), [("iPhone; CPU iPhone OS 19_0", True), ("X11; Linux x86_64", False)])
def test_a_show_without_an_apple_podcasts_id_opens_in_the_app_on_an_iphone(browser, tmp_path, agent, shown):
    folder = small(tmp_path / "show")
    show_file = (folder / "podcast.yaml").read_text("utf-8").replace("listen: {apple: 1000000001}\n", "")
    (folder / "podcast.yaml").write_text(show_file, "utf-8")
    built = builder.build(project.load_project(folder), now=datetime(2026, 1, 1, tzinfo=UTC)).folder
    with chromium.serving(built) as url, closing(browser.new_context(user_agent=f"Mozilla/5.0 ({agent})")) as context:
        page = context.new_page()
        page.goto(f"{url}follow/index.html")
        link = page.locator("[data-open]")
        assert link.is_visible() is shown
        assert link.get_attribute("href") == ("podcast://pod.example/feed.xml" if shown else None)
