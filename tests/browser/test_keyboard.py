"""Pages with the keyboard only, and without JavaScript, in Chromium."""

import re

import pytest

from tests.support import chromium
from tests.support.browsing import EMBED, FIRST, LONG, PAGES, TRANSCRIBED, PlayedTime, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
ALL = [path for name, path in PAGES.items() if name != "embed"]


def tab_to(page, selector, max_tabs=250):
    """Press Tab until the selected element has the focus."""
    for _ in range(max_tabs):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} was not reached with {max_tabs} tabs")


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("path", [FIRST, TRANSCRIBED, LONG, EMBED])
def test_the_player_starts_with_the_keyboard(open_page, path):
    page = open_page(path)
    tab_to(page, "audio")
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').currentTime > 0.2")
    assert page.evaluate("!document.querySelector('audio').paused")


@pytest.mark.parametrize("path", ALL)
def test_the_first_tab_stop_skips_to_the_content(open_page, path):
    page = open_page(path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    until(page, "document.activeElement.id === 'main'")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_the_focus_is_always_visible(open_page, path):
    page = open_page(path)
    for _ in range(25):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();"
            " return [e.outerHTML.slice(0, 80), e === document.body || e.matches('audio') ||"
            " (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0)]; })()"
        )
        assert seen[1], seen[0]


def test_a_chapter_can_be_selected(open_page):
    page = open_page(FIRST)
    tab_to(page, ".chapters li:nth-child(2) a")
    played = PlayedTime(12)
    page.keyboard.press("Enter")
    until(page, "document.querySelector('audio').currentTime >= 12")
    assert page.evaluate("document.querySelector('audio').currentTime") in played
    assert page.url.endswith("#t=12")


def test_follow_and_review_links_can_be_reached(open_page):
    page = open_page(FIRST)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.href ?? ''"))
    assert "https://podcasts.apple.com/podcast/id1000000001" in reached
    assert "https://podcasts.apple.com/podcast/id1000000001?action=write-review" in reached
    assert any(url.endswith("/follow/index.html") for url in reached)


def test_a_link_to_the_current_time_can_be_copied(open_page):
    page = open_page(f"{FIRST}#t=45", **CLIPBOARD)
    until(page, "document.querySelector('audio').currentTime >= 45")
    tab_to(page, "[data-share]")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.player [role=status]').textContent === 'Copied'")
    assert clipboard(page).endswith(f"{FIRST}#t=45")


def test_the_embed_code_can_be_copied(open_page):
    page = open_page(FIRST, **CLIPBOARD)
    tab_to(page, ".embedding summary")
    page.keyboard.press("Enter")
    tab_to(page, ".embedding [data-copy]")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.embedding [role=status]').textContent === 'Copied'")
    assert clipboard(page).startswith('<iframe src="https://talking-back.example/episodes/001-more-social/embed/')


def test_the_feed_url_can_be_copied(open_page):
    page = open_page("follow/index.html", **CLIPBOARD)
    tab_to(page, ".copy [data-copy]")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.copy [role=status]').textContent === 'Copied'")
    assert clipboard(page) == "https://talking-back.example/feed.xml"


def test_more_apps_can_be_expanded_and_reached(open_page):
    page = open_page("follow/index.html")
    hidden = page.locator("details:has(.apps) a").first
    assert not hidden.is_visible()
    tab_to(page, "details:has(.apps) summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert hidden.is_visible()
    assert page.evaluate("document.activeElement.closest('details .apps') !== null")


def test_an_episode_can_be_searched_and_opened(open_page):
    page = open_page("index.html")
    tab_to(page, "#search")
    page.keyboard.type("first minute")
    until(page, "document.querySelectorAll('#found .card').length === 1")
    tab_to(page, "#found a", max_tabs=3)
    page.keyboard.press("Enter")
    page.wait_for_url("**/episodes/002-first-minute/index.html")


def test_a_transcript_can_be_opened_searched_and_played(open_page):
    page = open_page(TRANSCRIBED)
    tab_to(page, ".transcript summary")
    page.keyboard.press("Enter")
    tab_to(page, "input[data-lines]", max_tabs=3)
    page.keyboard.type("apples")
    until(page, "document.querySelector('.transcript form [role=status]').textContent === '1 result'")
    tab_to(page, ".lines a", max_tabs=3)
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('audio').paused")


@pytest.mark.parametrize(
    ("path", "selector", "target"),
    [
        ("index.html", ".pages a[href*='page/2']", "page/2/index.html"),
        ("index.html", ".hero a[href*='follow']", "follow/index.html"),
        ("index.html", ".shelves a[href*='seasons/2']", "seasons/2/index.html"),
        (FIRST, ".tags a[href*='habits']", "tags/habits/index.html"),
        (FIRST, ".people a", "people/ada-voice/index.html"),
        (FIRST, ".turn a[rel=next]", "episodes/002-first-minute/index.html"),
        ("episodes/005-talk/index.html", "a[href*=transcript]", LONG),
        ("tags/habits/index.html", ".card a", "episodes/002-first-minute/index.html"),
        ("404.html", "main a", "index.html"),
    ],
)
def test_navigation_links_can_be_followed(open_page, path, selector, target):
    page = open_page(path)
    tab_to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{target}")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_controls_that_need_javascript_are_hidden_without_it(open_page, path):
    page = open_page(path, java_script_enabled=False)
    assert not page.locator("[data-script]:visible").count()
    assert page.locator("h1").count() == 1


def test_without_scripts_everything_but_searching_and_seeking_serves(open_page, base):
    page = open_page(FIRST, java_script_enabled=False)
    assert page.is_visible("audio")
    mark = page.get_attribute(".chapters a >> nth=2", "href")
    assert re.fullmatch(r"\.\./\.\./media/\w+/001-more-social\.mp3#t=32", mark)
    for words in ("Download", "Apple Podcasts", "Rate or review on Apple Podcasts", "Next episode"):
        assert page.is_visible(f"a:has-text('{words}') >> nth=0")
    page.click(".embedding summary")
    assert "<iframe" in page.input_value("#frame")
    page.goto(base + "follow/index.html")
    assert page.is_visible("a:has-text('AntennaPod')")
    assert page.is_visible("text=https://talking-back.example/feed.xml")
    assert page.is_visible(".qr img")
    page.goto(base + TRANSCRIBED)
    page.click(".transcript summary")
    assert page.is_visible("text=Something about apples.")
    assert re.search(r"\.mp3#t=0$", page.get_attribute(".lines a", "href") or "")
    page.goto(base + LONG)
    assert page.is_visible("text=Sentence 7:")
    page.goto(base + "index.html")
    page.click(".pages a[href*='page/2']")
    page.wait_for_url("**/page/2/index.html")
    page.goto(base + EMBED)
    assert page.is_visible("audio")
