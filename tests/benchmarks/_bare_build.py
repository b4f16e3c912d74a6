"""A bare script: the same work as a build by mutagen, markdown-it, Jinja2, Pillow and feedgen, on two processes.

It checks nothing, remembers nothing and writes only files that are as plain as can be.
"""

import hashlib
import io
import json
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jinja2
import nh3
import yaml
from feedgen.feed import FeedGenerator
from markdown_it import MarkdownIt
from mutagen.id3 import APIC, CHAP, COMM, CTOC, TALB, TDRC, TIT2, TPE1, TRCK, CTOCFlags
from mutagen.mp3 import MP3
from PIL import Image, ImageDraw, ImageFont

SITE = "https://pod.example/"
FONT = Path(__file__).parents[2] / "podcast_kit/images/fonts/cards.otf"
TEMPLATES = {
    "base.html": """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{% block title %}{{ show.title }}{% endblock %}</title>
<meta name="description" content="{{ show.description }}">
<link rel="alternate" type="application/rss+xml" href="{{ root }}feed.xml">
<link rel="stylesheet" href="{{ root }}style.css"></head>
<body><header><a href="{{ root }}index.html">{{ show.title }}</a></header>
<main>{% block main %}{% endblock %}</main><footer>{{ show.author }}</footer></body></html>
""",
    "episode.html": """{% extends "base.html" %}
{% block title %}{{ episode.title }} – {{ show.title }}{% endblock %}
{% block main %}<article><h1>{{ episode.title }}</h1><time>{{ episode.date }}</time>
<meta property="og:image" content="{{ root }}episodes/{{ episode.slug }}/card.jpg">
<audio controls preload="none" src="{{ root }}{{ episode.audio }}"></audio>
<ol>{% for start, title in episode.chapters %}<li>{{ start }} {{ title }}</li>{% endfor %}</ol>
{{ episode.html | safe }}</article>
<nav>{% if older %}<a href="{{ root }}episodes/{{ older }}/index.html">older</a>{% endif %}
{% if newer %}<a href="{{ root }}episodes/{{ newer }}/index.html">newer</a>{% endif %}</nav>{% endblock %}
""",
    "embed.html": """<!doctype html><title>{{ episode.title }}</title>
<audio controls preload="none" src="{{ root }}{{ episode.audio }}"></audio>
""",
    "index.html": """{% extends "base.html" %}{% block main %}<ul>{% for episode in episodes %}
<li><a href="{{ root }}episodes/{{ episode.slug }}/index.html">{{ episode.title }}</a> {{ episode.date }}
<p>{{ episode.summary }}</p></li>{% endfor %}</ul>
{% for page in pages %}<a href="{{ root }}{{ page }}">{{ loop.index }}</a> {% endfor %}{% endblock %}
""",
}


@cache
def _tools():
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(["table", "strikethrough", "linkify"])
    environment = jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES), autoescape=True, auto_reload=False)
    return parser, environment


@cache
def _pictures(cover):
    """The cover for tags, the background of cards, and fonts."""
    with Image.open(cover) as image:
        picture = image.convert("RGB")
    data = io.BytesIO()
    picture.resize((1400, 1400)).save(data, "JPEG", quality=85)
    card = Image.new("RGB", (1200, 630), "#f4f1ea")
    card.paste(picture.resize((450, 450)), (90, 90))
    fonts = [ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC) for size in (34, 72)]
    return data.getvalue(), card, fonts


def read_episode(path):
    """Front matter, notes and times."""
    _, front, notes = path.read_text("utf-8").split("---\n", 2)
    values = yaml.load(front, yaml.CSafeLoader)
    times = [line.split(" ", 1) for line in notes.splitlines() if line[:2].isdigit() and line[2:3] == ":"]
    return {"slug": path.stem, "notes": notes, "chapters": times, **values}


def build_episode(show_folder, out, show, episode, older, newer):
    """The tagged copy, chapters, card and pages of an episode; what the feed needs of it."""
    parser, environment = _tools()
    cover, background, fonts = _pictures(show_folder / show["artwork"])
    source = show_folder / "episodes" / f"{episode['slug']}.mp3"
    with source.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    copy = out / f"{episode['slug']}.part"
    shutil.copyfile(source, copy)
    html = parser.render(episode["notes"])
    episode["html"], episode["feed_html"] = nh3.clean(html), nh3.clean(html, tags={"p", "a", "ul", "li", "em", "br"})
    episode["summary"] = nh3.clean(html.partition("</p>")[0], tags=set())
    _tag(copy, show, episode, cover)
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    episode["audio"] = f"media/{digest[:16]}/{episode['slug']}.mp3"
    episode["bytes"] = copy.stat().st_size
    (out / episode["audio"]).parent.mkdir(parents=True)
    copy.rename(out / episode["audio"])
    chapters = {"version": "1.2.0", "chapters": [{"startTime": s, "title": t} for s, t in episode["chapters"]]}
    data = json.dumps(chapters).encode()
    episode["chapters_key"] = f"media/{hashlib.sha256(data).hexdigest()[:16]}/{episode['slug']}.chapters.json"
    _write(out / episode["chapters_key"], data)
    folder = out / "episodes" / episode["slug"]
    values = {"show": show, "episode": episode, "older": older, "newer": newer}
    _write(folder / "index.html", environment.get_template("episode.html").render(values, root="../../").encode())
    _write(
        folder / "embed/index.html", environment.get_template("embed.html").render(values, root="../../../").encode()
    )
    _write(folder / "oembed.json", json.dumps({"type": "rich", "title": episode["title"]}).encode())
    card = background.copy()
    draw = ImageDraw.Draw(card)
    draw.text((600, 94), show["title"], fill="#555555", font=fonts[0])
    draw.text((600, 300), episode["title"], fill="#111111", font=fonts[1])
    card.save(folder / "card.jpg", "JPEG", quality=80)
    return episode


def _tag(copy, show, episode, cover):
    audio = MP3(copy)
    if audio.tags is None:
        audio.add_tags()
    tags, length = audio.tags, audio.info.length
    tags.add(TIT2(encoding=3, text=episode["title"]))
    tags.add(TALB(encoding=3, text=show["title"]))
    tags.add(TPE1(encoding=3, text=show["author"]))
    tags.add(TRCK(encoding=3, text=str(episode["number"])))
    tags.add(TDRC(encoding=3, text=str(episode["date"])[:10]))
    tags.add(COMM(encoding=3, lang="eng", desc="", text=episode["notes"]))
    tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=cover))
    names = [f"ch{number}" for number in range(len(episode["chapters"]))]
    starts = [int(at[:2]) * 60_000 + int(at[3:5]) * 1000 for at, _ in episode["chapters"]]
    for name, start, end, (_, title) in zip(
        names, starts, [*starts[1:], round(length * 1000)], episode["chapters"], strict=True
    ):
        frames = [TIT2(encoding=3, text=title)]
        tags.add(CHAP(element_id=name, start_time=start, end_time=end, sub_frames=frames))
    tags.add(
        CTOC(element_id="toc", flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED, child_element_ids=names, sub_frames=[])
    )
    audio.save(v2_version=3)
    episode["seconds"] = length


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_feed(out, show, episodes):
    feed = FeedGenerator()
    feed.load_extension("podcast")
    feed.title(show["title"])
    feed.link(href=SITE)
    feed.description(show["description"])
    feed.podcast.itunes_author(show["author"])
    feed.podcast.itunes_image(f"{SITE}{show['artwork']}")
    for episode in episodes:
        entry = feed.add_entry(order="append")
        entry.guid(episode["guid"])
        entry.title(episode["title"])
        entry.link(href=f"{SITE}episodes/{episode['slug']}/index.html")
        entry.description(episode["feed_html"])
        entry.content(episode["feed_html"], type="CDATA")
        entry.pubDate(datetime.fromisoformat(str(episode["date"])).replace(tzinfo=UTC))
        entry.enclosure(SITE + episode["audio"], str(episode["bytes"]), "audio/mpeg")
        entry.podcast.itunes_duration(round(episode["seconds"]))
    feed.rss_file(str(out / "feed.xml"), pretty=True)
    rows = [{"id": e["guid"], "title": e["title"], "content_html": e["feed_html"]} for e in episodes]
    _write(out / "feed.json", json.dumps({"title": show["title"], "items": rows}).encode())


def main():
    """Build the show of the first argument into the folder of the second."""
    show_folder, out = map(Path, sys.argv[1:])
    show = yaml.load((show_folder / "podcast.yaml").read_text("utf-8"), yaml.CSafeLoader)
    out.mkdir()
    episodes = [read_episode(path) for path in sorted((show_folder / "episodes").glob("*.md"), reverse=True)]
    slugs = [None, *(episode["slug"] for episode in episodes), None]
    count = len(episodes)
    with ProcessPoolExecutor(2) as pool:
        built = list(
            pool.map(
                build_episode,
                [show_folder] * count,
                [out] * count,
                [show] * count,
                episodes,
                slugs[2:],
                slugs[:-2],
                chunksize=8,
            )
        )
    _, environment = _tools()
    pages = [f"page/{number}/index.html" for number in range(1, (count + 49) // 50 + 1)]
    for number, page in enumerate(pages):
        values = {"show": show, "episodes": built[number * 50 : number * 50 + 50], "pages": pages, "root": "../../"}
        _write(out / page, environment.get_template("index.html").render(values).encode())
    _write_feed(out, show, built)
    _write(out / "search.json", json.dumps([[e["title"], e["summary"]] for e in built]).encode())
    urls = "".join(f"<url><loc>{SITE}episodes/{e['slug']}/index.html</loc></url>" for e in built)
    _write(out / "sitemap.xml", f"<urlset>{urls}</urlset>".encode())


if __name__ == "__main__":
    main()
