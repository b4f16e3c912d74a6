"""The pages of 1,000 episodes, beside bare markdown-it and bare Jinja2 with the same texts and templates."""

import tempfile
import time
from pathlib import Path

from podcast_kit import site
from podcast_kit.model import Chapter
from podcast_kit.site.templates import templates
from podcast_kit.source import notes
from tests.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript

EPISODES = 1000
HUGO = 13.0
"""Seconds that Hugo with its Castanet theme was measured to take for such a show."""
NOTES = "\n\n".join(
    [
        "What this one is about, said in a sentence or two so that it makes a summary.",
        "00:00 Beginning\n00:10 Middle\n00:20 End",
        *["A paragraph with *emphasis*, a [link](https://pod.example/more) and enough words to be real. " * 3] * 5,
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "- one\n- two\n- three",
    ]
)


def main() -> None:
    """Print the seconds of processor time of each, and the ratio; other work on the machine counts for nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _warmed(folder)
        ours, items = _timed(lambda: _ours(folder))
        calls = _recorded(folder)
        markdown, _ = _timed(_markdown)
        jinja, _ = _timed(lambda: _jinja(folder, calls))
        print(f"{EPISODES} episodes, {len(calls)} templates filled in")
        print(f"  bare markdown-it                     {markdown:6.2f} s")
        print(f"  bare Jinja2                          {jinja:6.2f} s")
        print(f"  podcast_kit, notes and pages         {ours:6.2f} s  ({ours / (markdown + jinja):.2f} times as long)")
        print(f"  of Hugo's {HUGO:.0f} s                       {100 * ours / HUGO:6.0f} %")
        print(f"  podcast_kit, one episode changed     {_edited(folder, items):6.2f} s")


def _recorded(folder):
    """Every template that is filled in for such a show, with what it is given."""
    known, calls = templates(folder), []

    def render(name, values):
        calls.append((name, values))
        return type(known).render(known, name, values)

    known.render = render
    _ours(folder)
    del known.render
    return calls


def _warmed(folder):
    """Compiled templates and imported libraries are not what is measured, on either side."""
    site.render(make_show(), [_item(make_show(), folder, 1)], folder=folder, artwork=ART)


def _timed(work):
    """The better of two runs, and what came of it."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def _item(show, folder, number):
    episode = make_episode(number, notes=NOTES, tags=("talk", f"week {number % 40}"), season=number // 100)
    url = f"{BASE}episodes/{episode.slug}/index.html"
    written = notes.render(NOTES, page_url=url)
    prompts = site.prompts(show, episode, folder=folder, page_url=url, written=written.links)
    return make_item(
        number,
        episode=episode,
        summary=written.summary,
        page=written.before.page + prompts.page,
        chapters=tuple(Chapter(start_ms=10_000 * at, title=f"Part {at}") for at in range(3)),
        transcripts=(make_transcript(*["A sentence of the transcript, of ordinary length."] * 20),),
    )


def _ours(folder):
    show = make_show()
    items = [_item(show, folder, number) for number in range(EPISODES, 0, -1)]
    for page in site.Site(show=show, folder=folder, artwork=ART).pages(items):
        page.render()
    return items


def _markdown():
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(["table", "strikethrough", "linkify"])
    for _ in range(EPISODES):
        parser.render(NOTES)


def _jinja(folder, calls):
    environment = templates(folder).environment
    for name, values in calls:
        environment.get_template(name).render(values)


def _edited(folder, items):
    show = make_show()
    before = {page.key: page.digest for page in site.Site(show=show, folder=folder, artwork=ART).pages(items)}
    changed = [*items[:500], _item(show, folder, 500), *items[501:]]

    def work():
        for page in site.Site(show=show, folder=folder, artwork=ART).pages(changed):
            if before.get(page.key) != page.digest:
                page.render()

    return _timed(work)[0]
