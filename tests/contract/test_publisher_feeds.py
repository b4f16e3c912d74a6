"""A network's publisher feed, read by the parser of the Podcast Index: each show that it names names it back."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.model import show_guid
from tests.support.networks import network

NODE = Path(__file__).parents[1] / "node"
NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def feeds(tmp_path_factory):
    """What podcast-partytime reads of each feed of a network, by the feed's URL."""
    if not shutil.which("node") or not (NODE / "node_modules" / "podcast-partytime").is_dir():
        pytest.skip("needs node, and `npm ci` in tests/node: podcast-partytime is an npm package")
    folder = network(tmp_path_factory.mktemp("net"), *NAMES)
    for name in NAMES:
        with (folder / f"shows/{name}/podcast.yaml").open("a") as file:
            file.write(f"guid: {show_guid(f'https://net.example/{name}/feed.xml')}\n")
    built = CliRunner().invoke(cli, ["build", "-C", str(folder), "--all"])
    assert built.exit_code == 0, built.output
    files = {"https://net.example/feed.xml": folder / "build/feed.xml"}
    files |= {f"https://net.example/{name}/feed.xml": folder / f"shows/{name}/build/feed.xml" for name in NAMES}
    input_file, output_file = folder / "in.json", folder / "out.json"
    input_file.write_text(json.dumps({url: path.read_text() for url, path in files.items()}))
    command = ["node", str(NODE / "feeds.mjs"), str(input_file), str(output_file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {url: parsed["partytime"] for url, parsed in json.loads(output_file.read_text()).items()}


def test_every_remote_item_leads_to_a_feed_that_leads_back(feeds):
    publisher = feeds["https://net.example/feed.xml"]
    assert publisher["medium"] == "publisher"
    items = publisher["podcastRemoteItems"]
    assert sorted(item["feedUrl"] for item in items) == sorted(feeds.keys() - {"https://net.example/feed.xml"})
    for item in items:
        show = feeds[item["feedUrl"]]
        assert (show["guid"], show["title"]) == (item["feedGuid"], item["title"])
        assert show["podcastPublisher"] == {
            "feedGuid": publisher["guid"],
            "feedUrl": "https://net.example/feed.xml",
        }


def test_podroll_of_each_show_leads_to_the_others(feeds):
    for url, show in feeds.items():
        if "podroll" in show:
            named = {item["feedUrl"]: item["feedGuid"] for item in show["podroll"]}
            others = {other: parsed["guid"] for other, parsed in feeds.items() if "podcastPublisher" in parsed}
            assert named == {other: guid for other, guid in others.items() if other != url}
    assert sum("podroll" in show for show in feeds.values()) == len(NAMES)
