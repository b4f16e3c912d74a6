"""`private` and `move`, as a podcaster types them."""

import json

from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.feed import parse_feed
from podcast_kit.model import show_guid
from podcast_kit.source import project as source
from tests.support.shows import small


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env={"CI": ""})


def built(show, link):
    return show / "build" / link.removeprefix("https://pod.example/")


def test_a_person_gets_a_feed_and_loses_it_again(tmp_path):
    show = small(tmp_path / "show")
    given = json.loads(run("private", "-C", show, "--add", "Ann", "--add", "Bo", "--json").stdout)
    links = {one["name"]: one["feed"] for one in given["subscribers"]}
    assert run("build", "-C", show).exit_code == 0
    read = {
        name: parse_feed((show / "build" / link.removeprefix("https://pod.example/")).read_bytes())
        for name, link in links.items()
    }
    assert {name: (feed.channel.child_text("title"), len(feed.items)) for name, feed in read.items()} == {
        "Ann": ("A small show (Ann)", 1),
        "Bo": ("A small show (Bo)", 1),
    }
    tokens = [link.rpartition("/")[2].removesuffix(".xml").encode() for link in links.values()]
    public = [
        path for path in show.rglob("*") if path.is_file() and path.parent.name not in {"private", ".podcast-kit"}
    ]
    assert not [path for path in public if any(token in path.read_bytes() for token in tokens)]
    taken = json.loads(run("private", "-C", show, "--revoke", "bo", "--json").stdout)
    assert (taken["subscribers"], taken["revoked"]) == ([{"name": "Ann", "feed": links["Ann"]}], ["Bo"])
    assert run("build", "-C", show).exit_code == 0
    assert parse_feed(built(show, links["Bo"]).read_bytes()).items == ()
    assert not [path for path in (show / "build").rglob("*") if "subscribers" in path.name]


def test_without_the_secret_nobody_loses_a_feed_by_a_build(tmp_path):
    show = small(tmp_path / "show")
    run("private", "-C", show, "--add", "Ann")
    (show / "subscribers.key").unlink()
    done = run("build", "-C", show)
    assert done.exit_code == 1
    assert "PODCAST_KIT_SUBSCRIBERS_KEY" in done.stderr


def test_nobody_has_a_private_feed_at_first(tmp_path):
    show = small(tmp_path / "show")
    done = run("private", "-C", show)
    assert (done.exit_code, done.stdout) == (0, "")
    assert not (show / "subscribers.key").exists()


def test_a_move_is_written_down_with_the_guid_that_the_show_keeps(tmp_path):
    show = small(tmp_path / "show")
    done = run("move", "-C", show, "https://new.example/feed.xml")
    assert done.exit_code == 0, done.stderr
    assert "301" in done.stderr
    said = source.load_project(show).show
    assert said.guid == show_guid("https://pod.example/feed.xml")
    assert [(one.name, one.text) for one in said.elements] == [("itunes:new-feed-url", "https://new.example/feed.xml")]
    run("move", "-C", show, "https://newer.example/feed.xml")
    again = source.load_project(show).show
    assert (again.guid, again.elements[0].text) == (said.guid, "https://newer.example/feed.xml")


def test_a_move_to_no_address_changes_nothing(tmp_path):
    show = small(tmp_path / "show")
    before = (show / "podcast.yaml").read_bytes()
    assert run("move", "-C", show, "new.example").exit_code == 1
    assert (show / "podcast.yaml").read_bytes() == before
