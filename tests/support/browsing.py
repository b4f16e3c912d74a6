"""A show with every kind of page, built once per worker, and fixtures that open it in Chromium."""

import time
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import chromium
from tests.support.shows import add, sample

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIRST = "episodes/001-more-social/index.html"
TRANSCRIBED = "episodes/004-talk/index.html"
LONG = "episodes/005-talk/transcript/index.html"
SOUNDBITES = "episodes/006-talk/index.html"
REDIRECTED = "2025/talk-about-social.html"
EMBED = "episodes/001-more-social/embed/index.html"
PAGES = {
    "index": "index.html",
    "index, page 2": "page/2/index.html",
    "episode": FIRST,
    "episode with transcript": TRANSCRIBED,
    "episode with soundbites": SOUNDBITES,
    "clip": "clips/006-talk-at-0m02s/index.html",
    "transcript": LONG,
    "embed": EMBED,
    "follow": "follow/index.html",
    "season": "seasons/2/index.html",
    "tag": "tags/habits/index.html",
    "person": "people/ada-voice/index.html",
    "404": "404.html",
}
"""Every kind of page."""
EPISODES_PER_PAGE = 50
CLOCK_TOLERANCE_S = 0.5


def render_vtt(lines):
    cues = (
        f"00:{at // 60:02}:{at % 60:02}.000 --> 00:{at // 60:02}:{at % 60:02}.900\n<v Ada>{line}" for at, line in lines
    )
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"


def whole(folder):
    """The sample show, long enough to have every kind of page."""
    sample(folder)
    first = folder / "episodes" / "001-more-social.md"
    first.write_text(first.read_text("utf-8").replace("---\n", f"---\naliases: [/{REDIRECTED}]\n", 1), "utf-8")
    short = [(0, "Hello there."), (20, "Something about apples."), (40, "Bye.")]
    (folder / "episodes" / "short.vtt").write_text(render_vtt(short), "utf-8")
    words = "a long talk about pears and other fruit that goes on and on."
    (folder / "episodes" / "long.vtt").write_text(
        render_vtt([(at // 12, f"Sentence {at}: {words}") for at in range(300)]), "utf-8"
    )
    add(folder, 4, season=2, transcript="short.vtt")
    add(folder, 5, season=2, transcript="long.vtt")
    add(folder, 6, season=2, soundbites="[{start: 2, duration: 16, title: The best of it}]", audio="{alternate: opus}")
    for number in range(7, EPISODES_PER_PAGE + 3):
        add(folder, number, season=2, recording="", audio="003-what-a-review-is-for.mp3")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    folder = whole(tmp_path_factory.mktemp("show") / "talking-back")
    return builder.build(project.load_project(folder), now=NOW).folder


@pytest.fixture(scope="session")
def browser():
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="session")
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
        page.requested_urls, page.errors = [], []
        page.on("request", lambda request: page.requested_urls.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda message: page.errors.append(message.text) if message.type in {"error", "warning"} else None,
        )
        page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


class PlayedTime:
    """How far a player can be at most since this was made: a busy machine may look at it late."""

    def __init__(self, start):
        self.start, self.began = start, time.monotonic()

    def __contains__(self, seconds):
        return self.start <= seconds <= self.start + time.monotonic() - self.began + CLOCK_TOLERANCE_S


def until(page, condition):
    """Wait until a condition in JavaScript holds; `wait_for_function` would need pages that allow `eval`."""
    end = time.monotonic() + 30
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)
