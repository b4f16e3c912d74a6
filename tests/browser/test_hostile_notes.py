"""A show with hostile markup in every text, in Chromium: nothing of it runs, and no page breaks."""

import json
import re
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from podcast_kit import feed, site
from podcast_kit.model import Chapter, Element, EpisodeType, Image, ListenLink, Person, RemoteUrl, Review
from podcast_kit.site import transcript
from podcast_kit.source import comments, notes
from tests.support import chromium
from tests.support.browsing import until
from tests.support.site_factories import BASE, make_episode, make_item, make_show, make_transcript

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

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
OWN_SCRIPT = re.compile(r"^(show/)?assets/(site|episode-search)\.[0-9a-f]+\.js$")
TRAP = """
window.hits = [];
window.xss = (...what) => window.hits.push(location.href);
window.alert = window.xss;
document.addEventListener("securitypolicyviolation", (event) => window.hits.push(event.violatedDirective));
"""
"""Collects what ran, and what would have run without the page's Content-Security-Policy."""


EVIL = "javascript:xss()"
SHOW = make_show(
    title=VECTORS[1], description=VECTORS[3], author=VECTORS[6], copyright=VECTORS[8], language="en",
    listen=(
        ListenLink(service="custom", value="https://x.example/?a='b", label=VECTORS[3]),
        ListenLink(service="apple", value="1000000001", label=VECTORS[2]),
    ),
    elements=(
        Element("podcast:funding", VECTORS[5], (("url", EVIL),)),
        Element("podcast:license", VECTORS[5], (("url", EVIL),)),
    ),
    reviews=tuple(Review(quote=vector, name=vector, where=vector) for vector in VECTORS),
)  # fmt: skip
IMAGE = Image(url=f"{BASE}media/'\"><img src=x onerror=xss()>.jpg", width=640, height=640, mime="image/jpeg")


def hostile_threads(vector):
    """A reply and an answer to it, as a file of comments has them, with the vector in every text and address."""
    row = {
        "id": vector, "parent": EVIL, "name": vector, "handle": vector, "profile": EVIL, "url": vector,
        "date": "2026-03-01T08:00:00Z", "html": f"<p>\u202e{vector}</p>", "warning": vector, "likes": 1, "boosts": 1,
    }  # fmt: skip
    answer = {
        **row,
        "id": "2",
        "parent": vector,
        "warning": "",
        "html": vector,
        "profile": f"https://x.example/{vector}",
    }
    document = {"version": 1, "threads": [{"uri": EVIL, "url": EVIL, "comments": [row, answer]}]}
    return comments.parse_comment_threads(json.dumps(document).encode(), "comments/x.json")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Pages and data of a show with hostile markup in every text, file name and URL."""
    folder = tmp_path_factory.mktemp("hostile")
    items = []
    for number, vector in enumerate(VECTORS, 1):
        listen = (ListenLink(service="custom", value="https://y.example/", label=vector),)
        episode = make_episode(
            number, title=vector, notes=vector, tags=(vector,), season=1 + number % 2, listen=listen,
            type=list(EpisodeType)[number % 3],
        )  # fmt: skip
        rendered = notes.render_notes(vector, page_url=f"{BASE}episodes/{episode.slug}/index.html")
        prompts = site.render_prompts(SHOW, episode, folder=folder, page_url=BASE, linked=rendered.links)
        lines = [vector] * (2 if number % 6 else 1 + transcript.MAX_INLINE_LEN // len(vector))
        items.append(
            make_item(
                number,
                episode=episode,
                summary=vector,
                artwork=replace(IMAGE, thumbnails=(IMAGE,)) if number % 2 else None,
                page=rendered.before.page_html + prompts.page_html,
                people=(Person(name=vector, role=vector, url=EVIL, image=RemoteUrl(IMAGE.url)),),
                chapters=(Chapter(start_ms=0, title=vector, url=EVIL), Chapter(start_ms=1000, title=vector)),
                transcripts=(make_transcript(*lines, speaker=vector),),
                elements=SHOW.elements,
                comments=hostile_threads(vector),
            )
        )
    pages = site.render_site(SHOW, items[::-1], folder=folder, artwork=IMAGE, icons=(replace(IMAGE, width=32),))
    pages["follow/show.opml"] = feed.render_opml(SHOW)
    for key, data in pages.items():
        path = folder / "build" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / "build"


def titles(below=""):
    """Titles by the paths of the episodes' pages."""
    return {f"episodes/{number:03}-one/{below}index.html": vector for number, vector in enumerate(VECTORS, 1)}


def test_hostile_text_neither_runs_nor_breaks_a_page(browser, hostile):
    paths = sorted(path.relative_to(hostile).as_posix() for path in hostile.rglob("*.html"))
    kinds = {path.rpartition("/")[0].split("/")[0] for path in paths} | {"embed" for path in paths if "/embed/" in path}
    assert kinds >= {"", "embed", "episodes", "follow", "people", "seasons", "tags"}
    assert len([path for path in paths if "/transcript/" in path]) == len(VECTORS) // 6
    expected_titles = titles() | titles("embed/")
    with chromium.serving(hostile) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP)
        page = context.new_page()
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        for path in paths:
            page.goto(url + path, wait_until="domcontentloaded")
            scripts = page.evaluate("[...document.scripts].map(script => script.src || script.type)")
            assert len(scripts) == len(set(scripts)), path
            assert {OWN_SCRIPT.sub("", script.removeprefix(url)) for script in scripts} <= {"", "application/ld+json"}
            assert page.locator("h1, main, footer").count() == (2 if "/embed/" in path else 3), path
            page.evaluate(
                "document.querySelectorAll('main *').forEach(e => { if (!e.closest('audio')) "
                "e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); e.focus?.(); })"
            )
            assert page.evaluate(
                "[...document.links].every(a => /^(https?|mailto):$/.test(a.protocol) || a.href.startsWith('mailto:?'))"
            ), path
            assert page.evaluate("window.hits") == [], path
            if path in expected_titles:
                assert page.inner_text("h1").split() == expected_titles[path].split(), path


def test_the_policy_of_every_page_stops_a_script_that_got_onto_it(browser, hostile, tmp_path):
    paths = {"index.html", "404.html", "follow/index.html", "episodes/001-one/index.html"}
    paths.add("episodes/001-one/embed/index.html")
    injected = (
        "<script>xss()</script><img src=x onerror=xss()><script src=https://evil.example/x.js></script><base href=/x>"
    )
    with chromium.serving(tmp_path) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP.replace("window.hits.push(event", "window.violations.push(event"))
        context.add_init_script("window.violations = []")
        page = context.new_page()
        for path in paths:
            (tmp_path / "index.html").write_text(
                (hostile / path).read_text("utf-8").replace("</body>", f"{injected}</body>"), "utf-8"
            )
            page.goto(f"{url}index.html")
            until(page, "window.violations.length >= 4")
            assert page.evaluate("window.hits") == [], path


def test_machine_readable_data_has_the_text_unchanged(browser, hostile):
    shown = SHOW.title.split()
    manifest = json.loads((hostile / "site.webmanifest").read_text("utf-8"))
    assert manifest["name"].split() == shown
    outline = ET.fromstring((hostile / "follow/show.opml").read_bytes()).find("body/outline")
    assert outline.get("text").split() == shown
    with chromium.serving(hostile) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP)
        page = context.new_page()
        for path, title in titles().items():
            page.goto(url + path, wait_until="domcontentloaded")
            json_ld = page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').text)")
            assert json_ld["name"] == title
            embedded = json.loads((hostile / path.replace("index.html", "oembed.json")).read_text("utf-8"))
            assert embedded["title"] == title
            page.set_content(embedded["html"].replace(BASE, url))
            assert page.locator("body > *").count() == 1, path
            assert page.get_attribute("iframe", "title").split() == [*title.split(), "–", *shown]
            assert page.evaluate("window.hits") == [], path


def test_hostile_text_does_not_run_in_search_results(browser, hostile):
    with chromium.serving(hostile) as url, closing(browser.new_context()) as context:
        context.add_init_script(TRAP)
        page = context.new_page()
        page.goto(url + "index.html")
        for typed in ("xss", "<img src=x onerror=xss()>", "script"):
            page.fill("#search", typed)
            until(page, "document.querySelectorAll('#found .card').length > 0")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hits") == []
