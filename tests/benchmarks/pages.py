"""Notes and pages of 1,000 episodes, beside bare markdown-it and Jinja2 with the same texts and templates, and Hugo."""

import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from podcast_kit import site
from podcast_kit.model import Chapter
from podcast_kit.site.templates import default_templates, load_templates
from podcast_kit.source import notes
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript

EPISODES = 1000
PROCESSES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
LIMIT = 1.0
"""Times Hugo's that notes and pages may take, where both may use all processors."""
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
    """Print the seconds of processor time of each, and of ours and Hugo's by the clock."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _warmed(folder)
        ours, items = _timed(lambda: _ours(folder))
        calls = _recorded(folder)
        markdown, _ = _timed(_markdown)
        jinja, _ = _timed(lambda: _jinja(folder, calls))
        versions = " ".join(f"{name} {version(name)}" for name in ("markdown-it-py", "Jinja2"))
        print(f"{EPISODES} episodes, {len(calls)} templates filled in; {versions}, Python {platform.python_version()}")
        print(f"  bare markdown-it                     {markdown:6.2f} s")
        print(f"  bare Jinja2                          {jinja:6.2f} s")
        print(f"  podcast_kit, notes and pages         {ours:6.2f} s  ({ours / (markdown + jinja):.2f} times as long)")
        print(f"  podcast_kit, one episode changed     {_edited(folder, items):6.2f} s")
        wall = _side_by_side(folder, folder / "ours")
        hugo = _hugo(folder / "hugo")
    if hugo:
        print(f"  podcast_kit, as many processes as Hugo {wall:5.2f} s  by the clock ({wall / hugo:.2f} times Hugo's)")
        if wall > LIMIT * hugo:
            raise SystemExit("slower than promised")


def _recorded(folder):
    """Every template that is filled in for such a show, with what it is given."""
    known, calls = load_templates(folder), []

    def render(name, values):
        calls.append((name, values))
        return type(known).render(known, name, values)

    known.render = render
    _ours(folder)
    del known.render
    return calls


def _warmed(folder):
    """Compiled templates and imported libraries are not what is measured, on either side."""
    site.render_site(make_show(), [_item(make_show(), folder, 1)], folder=folder, artwork=ART)


def _timed(work):
    """The better of two runs, and what came of it."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def _item(show, folder, number, digest=""):
    episode = make_episode(number, notes=NOTES, tags=("talk", f"week {number % 40}"), season=number // 100)
    url = f"{BASE}episodes/{episode.slug}/index.html"
    written = notes.render_notes(NOTES, page_url=url)
    prompts = site.render_prompts(show, episode, folder=folder, page_url=url, linked=written.links, digest=digest)
    return make_item(
        number,
        episode=episode,
        summary=written.summary,
        page=written.before.page_html + prompts.page_html,
        chapters=tuple(Chapter(start_ms=10_000 * at, title=f"Part {at}") for at in range(3)),
        transcripts=(make_transcript(*["A sentence of the transcript, of ordinary length."] * 20),),
    )


def _ours(folder):
    show, digest = make_show(), site.templates_digest(folder)  # once a build, as builder/description.py does
    items = [_item(show, folder, number, digest) for number in range(EPISODES, 0, -1)]
    for page in site.Site(show=show, folder=folder, artwork=ART).build_pages(items):
        page.render()
    return items


def _side_by_side(folder, destination):
    """Seconds by the clock for notes and pages of episodes on all processors, and the other pages, all written."""
    show = make_show()
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        parts = [(folder, destination, first) for first in range(1, EPISODES + 1, EPISODES // PROCESSES // 4)]
        items = [item for part in pool.starmap(_written_episodes, parts, chunksize=1) for item in part]
    for page in site.Site(show=show, folder=folder, artwork=ART).build_pages(items[::-1]):
        if page.item is None:
            _put_bytes(destination / page.key, page.render())
    return time.perf_counter() - start


def _written_episodes(folder, destination, first):
    """Some episodes, whose pages are written."""
    show, digest = make_show(), site.templates_digest(folder)
    numbers = range(first, min(first + EPISODES // PROCESSES // 4, EPISODES + 1))
    items = [_item(show, folder, number, digest) for number in numbers]
    pages = site.Site(show=show, folder=folder, artwork=ART)
    for newer, item, older in zip([*items[1:], None], items, [None, *items[:-1]], strict=True):
        for page in pages.build_episode_pages(item, newer, older):
            _put_bytes(destination / page.key, page.render())
    return items


def _markdown():
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(["table", "strikethrough", "linkify"])
    for _ in range(EPISODES):
        parser.render(NOTES)


def _jinja(folder, calls):
    settings = load_templates(folder).environment_of("episode.html")
    environment = Environment(
        loader=FileSystemLoader(default_templates()),
        autoescape=settings.autoescape,
        undefined=settings.undefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.tests["web"] = settings.tests["web"]
    for name, values in calls:
        environment.get_template(name).render(values)


def _edited(folder, items):
    show = make_show()
    before = {page.key: page.digest for page in site.Site(show=show, folder=folder, artwork=ART).build_pages(items)}
    changed = [*items[:500], _item(show, folder, 500), *items[501:]]

    def work():
        for page in site.Site(show=show, folder=folder, artwork=ART).build_pages(changed):
            if before.get(page.key) != page.digest:
                page.render()

    return _timed(work)[0]


LAYOUTS = {
    "_default/baseof.html": """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<meta name="description" content="{{ .Summary | plainify | truncate 300 }}">
<link rel="canonical" href="{{ .Permalink }}">
<link rel="alternate" type="application/rss+xml" href="{{ "index.xml" | relURL }}"></head>
<body><header><a href="{{ "/" | relURL }}">{{ .Site.Title }}</a></header><main>{{ block "main" . }}{{ end }}</main>
</body></html>""",
    "_default/single.html": """{{ define "main" }}<article><h1>{{ .Title }}</h1>
<time>{{ .Date.Format "2 January 2006" }}</time><audio controls src="{{ .Params.audio | relURL }}"></audio>
{{ .Content }}<p>{{ range .Params.tags }}<a href="{{ "tags" | relURL }}/{{ . | urlize }}">{{ . }}</a> {{ end }}</p>
<nav>{{ with .Prev }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .Next }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav></article>{{ end }}""",
    "_default/list.html": """{{ define "main" }}<h1>{{ .Title }}</h1><ol>
{{ range (.Paginate .RegularPagesRecursive 50).Pages }}
<li><h3><a href="{{ .RelPermalink }}">{{ .Title }}</a></h3><p>{{ .Summary | plainify | truncate 240 }}</p></li>{{ end }}
</ol>{{ template "_internal/pagination.html" . }}{{ end }}""",
}
"""As plain a theme as does it: no chapters, no transcripts, no small players, no search, no pictures."""


def _hugo(site_folder):
    """Hugo over the same notes, with far less on each page; it is Go and takes every core that there is."""
    program = Path(sys.executable).with_name("hugo")
    if not program.exists():
        print("  Hugo is not installed: `make .venv/bench`")
        return 0.0
    for name, text in LAYOUTS.items():
        _put(site_folder / "layouts" / name, text)
    _put(site_folder / "hugo.toml", f'baseURL = "{BASE}"\ntitle = "Talking Back"\n')
    for number in range(1, EPISODES + 1):
        front = f'title = "Number {number}"\ndate = 2020-01-01\ntags = ["talk", "week {number % 40}"]'
        front += f'\naudio = "{number}.mp3"'
        _put(site_folder / "content/episodes" / f"{number}.md", f"+++\n{front}\n+++\n{NOTES}\n")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([program, "--quiet", "-s", site_folder], check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pages = len(list((site_folder / "public").rglob("*.html")))
    name = f"Hugo {version('hugo')}, plain theme, {pages} pages"
    print(f"  {name} {seconds:6.2f} s  of processors, {wall:.2f} s by the clock")
    return wall


def _put(path, text):
    _put_bytes(path, text.encode())


def _put_bytes(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
