"""Link previews: two readers of other people get the same from the pages of episodes and clips as we write.

linkpreview (Python) and open-graph-scraper (JavaScript) read the tags that networks make previews of.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from podcast_kit import builder
from podcast_kit.source import project
from tests.support import shows

NODE = Path(__file__).parents[1] / "node"
URL = "https://pod.example/"
TITLE = "Rock & <Roll>: “It's 5 > 4” – ünï"
CLIP_TITLE = 'She said "no" & left'
SUMMARY = "One paragraph."
PAGES = {"episode": "episodes/001-talk/index.html", "clip": "clips/001-talk-at-0m02s/index.html"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = shows.small(
        tmp_path_factory.mktemp("show"),
        title=json.dumps(TITLE, ensure_ascii=False),
        soundbites=f"[{{start: 2, duration: 16, title: {json.dumps(CLIP_TITLE)}}}]",
    )
    with (folder / "podcast.yaml").open("a") as file:
        file.write("announce: {mastodon: {account: '@show@social.example'}}\n")
    return builder.build(project.load_project(folder), now=datetime(2026, 12, 1, tzinfo=UTC)).folder


@pytest.fixture(scope="module")
def pages(built):
    return {name: (built / path).read_text("utf-8") for name, path in PAGES.items()}


def read_with_linkpreview(pages, _folder):
    """Property → value, as linkpreview reads the few that it knows."""
    linkpreview = pytest.importorskip("linkpreview")
    tags = {}
    for name, html in pages.items():
        preview = linkpreview.LinkPreview(linkpreview.Link(f"{URL}{PAGES[name]}", html))
        tags[name] = {
            "og:title": preview.title, "og:description": preview.description, "og:image": preview.absolute_image,
            "og:site_name": preview.site_name,
        }  # fmt: skip
    return tags


def read_with_open_graph_scraper(pages, folder):
    """The same, as open-graph-scraper reads it."""
    if not shutil.which("node") or not (NODE / "node_modules" / "open-graph-scraper").is_dir():
        pytest.skip("needs node, and `npm ci` in tests/node: open-graph-scraper is an npm package")
    input_file, output_file = folder / "in.json", folder / "out.json"
    input_file.write_text(json.dumps(pages), "utf-8")
    command = ["node", str(NODE / "previews.mjs"), str(input_file), str(output_file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    tags = {}
    for name, row in json.loads(output_file.read_text("utf-8")).items():
        [image] = row["ogImage"]
        tags[name] = {
            "og:title": row["ogTitle"], "og:description": row["ogDescription"], "og:type": row["ogType"],
            "og:url": row["ogUrl"], "og:site_name": row["ogSiteName"], "og:image": image["url"],
            "og:image:width": str(image["width"]), "og:image:height": str(image["height"]),
            "og:image:alt": image["alt"], "og:audio": row["ogAudio"], "og:audio:type": row["ogAudioType"],
            "twitter:card": row["twitterCard"], "creator": row["customMetaTags"]["creator"],
        }  # fmt: skip
    return tags


@pytest.mark.parametrize("read", [read_with_linkpreview, read_with_open_graph_scraper])
def test_previews_of_episodes_and_clips_are_read_by_others(built, pages, tmp_path, read):
    tags = read(pages, tmp_path)
    assert tags["episode"]["og:description"] == SUMMARY
    assert tags["clip"]["og:description"] == f"Clip from “{TITLE}”. {SUMMARY}"
    for name, title in (("episode", TITLE), ("clip", CLIP_TITLE)):
        row = tags[name]
        with Image.open(built / row["og:image"].removeprefix(URL)) as image:
            assert (image.format, image.size) == ("JPEG", (1200, 630))
        expected = {
            "og:title": title,
            "og:type": "article",
            "og:url": f"{URL}{PAGES[name]}",
            "og:site_name": "A small show",
            "og:image:width": "1200",
            "og:image:height": "630",
            "og:image:alt": {"episode": f"Cover art for {TITLE}", "clip": f"{CLIP_TITLE} – {TITLE}"}[name],
            "og:audio:type": "audio/mpeg",
            "twitter:card": "summary_large_image",
            "creator": "@show@social.example",
        }
        assert {key: row[key] for key in row.keys() & expected} == {key: expected[key] for key in row.keys() & expected}
    assert tags["episode"]["og:image"] != tags["clip"]["og:image"], "a clip has a card with its quote"


def test_previews_have_a_small_picture_and_the_sound_itself(built, pages, tmp_path):
    tags = read_with_open_graph_scraper(pages, tmp_path)
    for row in tags.values():
        assert (built / row["og:image"].removeprefix(URL)).stat().st_size <= 1_000_000, "what Bluesky takes at most"
        assert (built / row["og:audio"].removeprefix(URL)).read_bytes()[:3] == b"ID3"
    assert tags["episode"]["og:audio"] != tags["clip"]["og:audio"], "a clip has a file of its own"
