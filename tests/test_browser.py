"""Pages as listeners have them: in Chromium, by mouse and by keyboard, with scripts and without."""

import json
import re
import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from podcast_kit import build, site
from podcast_kit.model import Chapter, Listen, Person
from podcast_kit.source import notes, project
from tests import chromium
from tests.shows import add, sample
from tests.site_factories import BASE, make_episode, make_item, make_show, make_transcript

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIRST = "episodes/001-more-social/index.html"
LONG = "episodes/005-talk/transcript/index.html"
BITES = "episodes/006-talk/index.html"
PAGES = {
    "index": "index.html",
    "episode": FIRST,
    "episode with transcript": "episodes/004-talk/index.html",
    "episode with soundbites": BITES,
    "transcript": LONG,
    "embed": "episodes/001-more-social/embed/index.html",
    "follow": "follow/index.html",
    "person": "people/ada-voice/index.html",
    "404": "404.html",
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"type": "tag", "values": WCAG}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What the other scheme can change."""


def vtt(lines):
    cues = (
        f"00:{at // 60:02}:{at % 60:02}.000 --> 00:{at // 60:02}:{at % 60:02}.900\n<v Ada>{line}" for at, line in lines
    )
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = sample(tmp_path_factory.mktemp("show") / "talking-back")
    short = [(0, "Hello there."), (20, "Something about apples."), (40, "Bye.")]
    (folder / "episodes" / "short.vtt").write_text(vtt(short), "utf-8")
    words = "a long talk about pears and other fruit that goes on and on."
    (folder / "episodes" / "long.vtt").write_text(
        vtt([(at // 12, f"Sentence {at}: {words}") for at in range(300)]), "utf-8"
    )
    add(folder, 4, season=2, transcript="short.vtt")
    add(folder, 5, season=2, transcript="long.vtt")
    add(folder, 6, soundbites="[{start: 2, duration: 16, title: The best of it}]", audio="{alternate: opus}")
    return build.make(project.read(folder), now=NOW).folder


@pytest.fixture(scope="module")
def browser():
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="module")
def base(built):
    with chromium.serving(built) as url:
        yield url


@pytest.fixture
def open_page(browser, base):
    contexts = []

    def open_page(path, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.faults = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def time(page):
    return page.evaluate("document.querySelector('audio').currentTime")


def until(page, condition):
    page.wait_for_function(condition, timeout=10_000)


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


def test_a_chapter_is_reached_by_keyboard_alone(open_page):
    page = open_page(FIRST)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.chapters li:nth-child(2)') !== null"):
            break
    page.keyboard.press("Enter")
    until(page, "document.querySelector('audio').currentTime >= 12")
    assert time(page) < 15


def test_following_and_reviewing_are_reached_by_keyboard_alone(open_page):
    page = open_page(FIRST)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.href ?? ''"))
    assert "https://podcasts.apple.com/podcast/id1000000001" in reached
    assert "https://podcasts.apple.com/podcast/id1000000001?action=write-review" in reached
    assert any(url.endswith("/follow/index.html") for url in reached)


def test_a_link_to_the_moment_can_be_copied(open_page):
    page = open_page(FIRST, permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Three habits >> nth=0")
    until(page, "document.querySelector('audio').currentTime >= 45")
    page.evaluate("document.querySelector('audio').pause()")
    page.click("[data-share]")
    until(page, "document.querySelector('.player [role=status]').textContent === 'Copied'")
    assert re.search(r"#t=4\d$", page.evaluate("navigator.clipboard.readText()"))


def test_a_transcript_is_read_along_and_searched(open_page):
    page = open_page("episodes/004-talk/index.html")
    page.click("summary")
    page.fill("input[data-lines]", "APPLES something")
    assert page.locator(".lines > p:visible").count() == 1
    assert page.inner_text("form [role=status]") == "Found: 1"
    page.fill("input[data-lines]", "pears")
    assert page.inner_text("form [role=status]") == "Nothing found"
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
    page.fill("#search", "zebra")
    until(page, "document.querySelector('form [role=status]').textContent === 'Nothing found'")
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


def test_without_scripts_everything_but_searching_and_seeking_serves(open_page):
    page = open_page(FIRST, java_script_enabled=False)
    assert not page.locator("[data-script]:visible").count()
    assert page.is_visible("audio")
    mark = page.get_attribute(".chapters a >> nth=2", "href")
    assert re.fullmatch(r"\.\./\.\./media/\w+/001-more-social\.mp3#t=32", mark)
    for words in ("Download", "Apple Podcasts", "Rate or review on Apple Podcasts", "Next episode"):
        assert page.is_visible(f"a:has-text('{words}') >> nth=0")
    page.goto(page.url.replace(FIRST, "follow/index.html"))
    assert page.is_visible("a:has-text('AntennaPod')")
    assert page.is_visible("text=https://talking-back.example/feed.xml")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_nothing_is_asked_of_anybody_else_and_nothing_goes_wrong(open_page, base, path):
    page = open_page(path)
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(base).netloc}
    assert [fault for fault in page.faults if path != "404.html"] == []


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
    pages = [built / path for path in PAGES.values()]
    run = subprocess.run(
        ["java", "-jar", chromium.VNU, "--errors-only", "--stdout", *pages], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("", 0)


VECTORS = [
    "<script>xss()</script>",
    "</title><script>xss()</script>",
    "</script><script>xss()</script>",
    '"><script>xss()</script>',
    "'><script>xss()</script>",
    "<img src=x onerror=xss()>",
    '" onfocus=xss() autofocus x="',
    "' onmouseover='xss()",
    "<svg onload=xss()>",
    "<svg><script>xss()</script></svg>",
    "<body onload=xss()>",
    "<iframe srcdoc='<script>parent.xss()</script>'></iframe>",
    "<iframe src=javascript:parent.xss()>",
    "[click](javascript:xss())",
    "![x](javascript:xss())",
    "[x](data:text/html,<script>xss()</script>)",
    '[a](https://x.example/"onmouseover="xss())',
    "<a href='javascript:xss()' autofocus onfocus=xss()>x</a>",
    "<details open ontoggle=xss()>",
    "<style>@import 'javascript:xss()';</style>",
    "<meta http-equiv=refresh content='0;url=javascript:xss()'>",
    "<base href='https://evil.example/'>",
    "<form action=javascript:xss()><button autofocus>x</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=xss()>",
    "<noscript><p title='</noscript><img src=x onerror=xss()>'>",
    "<!--><img src=x onerror=xss()>-->",
    "<![CDATA[<img src=x onerror=xss()>]]>",
    "&lt;script&gt;xss()&lt;/script&gt;",
    "\\x3cscript\\x3exss()\\x3c/script\\x3e",
    "{{ xss() }}{% raw %}",
    "${xss()}`;xss();//",
    "\u2028xss()\u2029",
    "</style></textarea></template></main></body></html><script>xss()</script>",
    "<video><source onerror=xss()></video>",
    "<input autofocus onfocus=xss()>",
    "<x onclick=xss() tabindex=1 id=x></x><a href=#x>x</a>",
]
TRAP = "window.hits = []; window.xss = (...what) => window.hits.push(location.href); window.alert = window.xss;"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Pages of a show that means harm in every word."""
    folder = tmp_path_factory.mktemp("hostile")
    show = make_show(
        title=VECTORS[1], description=VECTORS[3], author=VECTORS[6], copyright=VECTORS[8],
        listen=(Listen(service="custom", value="https://x.example/?a='b", label=VECTORS[3]),),
    )  # fmt: skip
    items = []
    for number, vector in enumerate(VECTORS, 1):
        episode = make_episode(number, title=vector, notes=vector, tags=(vector,))
        written = notes.render(vector, page_url=f"{BASE}episodes/{episode.slug}/index.html")
        prompts = site.prompts(show, episode, folder=folder, page_url=BASE, written=written.links)
        items.append(
            make_item(
                number,
                episode=episode,
                summary=vector,
                page=written.before.page + prompts.page,
                people=(Person(name=vector, role=vector, url="javascript:xss()"),),
                chapters=(Chapter(start_ms=0, title=vector), Chapter(start_ms=1000, title=vector)),
                transcripts=(make_transcript(vector, vector, speaker=vector),),
            )
        )
    for key, data in site.render(show, items, folder=folder).items():
        path = folder / "build" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "build"


def test_no_hostile_word_runs_or_breaks_a_page(browser, hostile):
    paths = [f"episodes/{number:03}-one/index.html" for number in range(1, len(VECTORS) + 1)]
    people = sorted(path.relative_to(hostile).as_posix() for path in hostile.glob("people/*/index.html"))
    with chromium.serving(hostile) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP)
        page = context.new_page()
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        for path in [*paths, "index.html", "follow/index.html", "404.html", *people[::4]]:
            page.goto(url + path)
            assert page.evaluate("document.scripts.length") <= 2, path
            assert page.locator("h1, main, footer").count() == 3, path
            page.evaluate(
                "document.querySelectorAll('main *').forEach(e => { if (!e.closest('audio')) "
                "e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); e.focus?.(); })"
            )
            assert page.evaluate("[...document.links].every(a => /^https?:/.test(a.protocol))"), path
            assert page.evaluate("window.hits") == [], path
            if path in paths:
                assert page.inner_text("h1").split() == VECTORS[paths.index(path)].split()


def test_no_hostile_word_runs_in_what_the_search_finds(browser, hostile):
    with chromium.serving(hostile) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP)
        page = context.new_page()
        page.goto(url + "index.html")
        for typed in ("xss", "<img src=x onerror=xss()>", "script"):
            page.fill("#search", typed)
            until(page, "document.querySelectorAll('#found .card').length > 0")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hits") == []
