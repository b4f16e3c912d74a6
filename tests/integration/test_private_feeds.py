"""The commands `private` and `move`."""

import json

from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.feed import parse_feed
from podcast_kit.model import show_guid
from podcast_kit.source import project as source
from tests.support.shows import small


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env={"CI": ""})


def feed_file(show, link):
    return show / "build" / link.removeprefix("https://pod.example/")


def test_private_feeds_are_added_and_revoked(tmp_path):
    show = small(tmp_path / "show")
    added = json.loads(run("private", "-C", show, "--add", "Ann", "--add", "Bo", "--json").stdout)
    links = {subscriber["name"]: subscriber["feed"] for subscriber in added["subscribers"]}
    assert run("build", "-C", show).exit_code == 0
    feeds = {name: parse_feed(feed_file(show, link).read_bytes()) for name, link in links.items()}
    assert {name: (feed.channel.child_text("title"), len(feed.items)) for name, feed in feeds.items()} == {
        "Ann": ("A small show (Ann)", 1),
        "Bo": ("A small show (Bo)", 1),
    }
    tokens = [link.rpartition("/")[2].removesuffix(".xml").encode() for link in links.values()]
    public = [
        path for path in show.rglob("*") if path.is_file() and path.parent.name not in {"private", ".podcast-kit"}
    ]
    assert not [path for path in public if any(token in path.read_bytes() for token in tokens)]
    revoked = json.loads(run("private", "-C", show, "--revoke", "bo", "--json").stdout)
    assert (revoked["subscribers"], revoked["revoked"]) == ([{"name": "Ann", "feed": links["Ann"]}], ["Bo"])
    assert run("build", "-C", show).exit_code == 0
    assert feed_file(show, links["Ann"]).is_file()
    assert not feed_file(show, links["Bo"]).exists()  # where there was one, publishing deletes it
    assert not [path for path in (show / "build").rglob("*") if "subscribers" in path.name]


def test_a_build_without_the_secret_fails(tmp_path):
    show = small(tmp_path / "show")
    run("private", "-C", show, "--add", "Ann")
    (show / "subscribers.key").unlink()
    result = run("build", "-C", show)
    assert result.exit_code == 1
    assert "PODCAST_KIT_SUBSCRIBERS_KEY" in result.stderr


def test_a_new_show_has_no_private_feeds(tmp_path):
    show = small(tmp_path / "show")
    result = run("private", "-C", show)
    assert (result.exit_code, result.stdout) == (0, "")
    assert not (show / "subscribers.key").exists()


def test_move_writes_the_new_feed_url_and_the_guid(tmp_path):
    show = small(tmp_path / "show")
    result = run("move", "-C", show, "--to", "https://new.example/feed.xml")
    assert result.exit_code == 0, result.stderr
    assert "301" in result.stderr
    moved = source.load_project(show).show
    assert moved.guid == show_guid("https://pod.example/feed.xml")
    assert [(element.name, element.text) for element in moved.elements] == [
        ("itunes:new-feed-url", "https://new.example/feed.xml")
    ]
    run("move", "-C", show, "--to", "https://newer.example/feed.xml")
    moved_again = source.load_project(show).show
    assert (moved_again.guid, moved_again.elements[0].text) == (moved.guid, "https://newer.example/feed.xml")


def test_move_to_an_invalid_url_changes_nothing(tmp_path):
    show = small(tmp_path / "show")
    before = (show / "podcast.yaml").read_bytes()
    assert run("move", "-C", show, "--to", "new.example").exit_code == 1
    assert (show / "podcast.yaml").read_bytes() == before
