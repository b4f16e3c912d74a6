"""`feed.prefix` puts a counting service in front of the recordings' addresses, in the public feed and nowhere else."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.model.urls import add_prefix, remove_prefix, without_prefix
from podcast_kit.publish.rollback import list_feed_keys
from podcast_kit.source.project import load_project
from tests.support import shows

PREFIX = "https://op3.dev/e,pg={guid}/"
BASE = "https://pod.example/"


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], catch_exceptions=False)


@pytest.fixture
def published(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    assert run(show, "private", "--add", "Ann").exit_code == 0
    assert run(show, "publish", "--yes").exit_code == 0
    path = show / "podcast.yaml"
    path.write_text(path.read_text("utf-8") + f'feed: {{prefix: "{PREFIX}"}}\n', "utf-8")
    return show


def test_prefix_is_in_the_public_feed_only(published):
    before = shows.tree(published / "public")
    lock = (published / "podcast.lock").read_bytes()
    plan = run(published, "plan").output
    assert plan.count("same recording, new address") == 2
    assert "new recording" not in plan
    assert run(published, "publish", "--yes").exit_code == 0
    show = load_project(published).show
    prefix = PREFIX.replace("{guid}", show.guid)
    place = show.publish.url.removeprefix("https://")
    feed = (published / "public/feed.xml").read_text("utf-8")
    assert feed.count(f'<enclosure url="{prefix}{place}media/') == 2
    feed_json = json.loads((published / "public/feed.json").read_text("utf-8"))
    assert all(row["attachments"][0]["url"].startswith(f"{prefix}{place}media/") for row in feed_json["items"])
    after = shows.tree(published / "public")
    changed = {key for key in after if before.get(key) != after[key] and not key.startswith(".podcast-kit/")}
    assert changed == {"feed.xml", "feed.json"}
    assert (published / "podcast.lock").read_bytes() == lock
    assert not [path for path in Path(published / "public").rglob("*.html") if "op3.dev" in path.read_text("utf-8")]
    private = next((published / "public/private").iterdir()).read_text("utf-8")
    assert "op3.dev" not in private
    assert json.loads(run(published, "plan", "--json").stdout)["changes"] == []


def test_prune_and_rollback_know_the_recordings_of_a_feed_with_a_prefix(published):
    assert run(published, "publish", "--yes").exit_code == 0
    path = published / "podcast.yaml"
    path.write_text(path.read_text("utf-8").replace("{guid}/", "{guid}/x/"), "utf-8")
    assert run(published, "publish", "--yes").exit_code == 0
    feed = (published / "public/feed.xml").read_bytes()
    media = sorted((published / "public/media").rglob("*.mp3"))
    keys = list_feed_keys(feed, load_project(published).show.publish.url)
    assert {path.relative_to(published / "public").as_posix() for path in media} <= keys.keys()
    media[0].unlink()
    result = run(published, "rollback", "--yes")
    assert result.exit_code == 1
    assert "the store does not have it" in result.output


@pytest.mark.parametrize("value", ["op3.dev/e", "https://op3.dev/e", "http://op3.dev/e/", "https://op3.dev/e/?a=", "x"])
def test_what_cannot_be_a_prefix_is_reported(tmp_path, value):
    show = shows.small(tmp_path / "show", episodes=1)
    path = show / "podcast.yaml"
    path.write_text(path.read_text("utf-8") + f'feed: {{prefix: "{value}"}}\n', "utf-8")
    result = run(show, "build")
    assert result.exit_code == 1
    assert "podcast.yaml:" in result.output


@pytest.mark.parametrize("url", [f"{BASE}media/1/a.mp3", "http://pod.example/a.mp3"])
def test_a_prefix_is_added_once_and_removed(url):
    prefixed = add_prefix("https://op3.dev/e/", url)
    assert prefixed.startswith("https://op3.dev/e/")
    assert add_prefix("https://op3.dev/e/", prefixed) == prefixed
    assert remove_prefix("https://op3.dev/e/", prefixed) == url


def test_own_address_behind_any_prefix_is_recognized():
    for url in (
        "https://op3.dev/e,pg=1/pod.example/media/a.mp3",
        "https://a.example/r/https://pod.example/media/a.mp3",
    ):
        assert without_prefix(url, BASE) == f"{BASE}media/a.mp3"
    for url in ("https://evilpod.example/media/a.mp3", "https://pod.example.evil/a", "https://cdn.example/a.mp3"):
        assert without_prefix(url, BASE) == url
