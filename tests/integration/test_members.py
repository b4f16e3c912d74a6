"""Episodes for members: in their private feeds, and in nothing else that anyone can see."""

import json
import re

import pytest

from podcast_kit.feed import parse_feed
from tests.support import members_shows
from tests.support.members_shows import EARLY, MEMBERS_ONLY, NOW, WORDS, run

SECRET_MEDIA = re.compile(r"media/[a-z2-7]{32}/[^\"<]+")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A show with members, built on a day when one of its episodes is early."""
    show = members_shows.with_members(tmp_path_factory.mktemp("members") / "show")
    run(show, "build", "--at", NOW)
    return show


def private_feeds(show):
    rows = json.loads(run(show, "private", "--json").stdout)["subscribers"]
    return {row["name"]: row["feed"].removeprefix("https://pod.example/") for row in rows}


def titles(show, path):
    return [item.child_text("title") for item in parse_feed((show / "build" / path).read_bytes()).items]


def tier_feeds(show):
    """The private feed of each tier, by the number of its episodes."""
    feeds = [parse_feed(path.read_bytes()) for path in (show / "build/private").glob("*.xml")]
    return {feed.channel.child_text("title").rpartition("(")[2].strip(")"): feed for feed in feeds}


def test_each_tier_gets_its_episodes(built):
    assert titles(built, "feed.xml") == ["Talk 2", "Talk 1"]
    feeds = tier_feeds(built)
    names = {tier: [item.child_text("title") for item in feed.items] for tier, feed in feeds.items()}
    assert names == {
        "gold": [f"{EARLY} comes early", f"{MEMBERS_ONLY} bonus", "Talk 2", "Talk 1"],
        "supporter": [f"{EARLY} comes early", "Talk 2", "Talk 1"],
    }


def test_members_media_have_addresses_that_no_public_file_has(built):
    gold = tier_feeds(built)["gold"]
    urls = {item.child_text("title"): item.child("enclosure").attributes["url"] for item in gold.items}
    assert re.fullmatch(r"https://pod\.example/media/[0-9a-f]{16}/001-talk\.mp3", urls["Talk 1"])
    secret = [url for title, url in urls.items() if title != "Talk 1"]
    assert all(SECRET_MEDIA.fullmatch(url.removeprefix("https://pod.example/")) for url in secret)
    assert all((built / "build" / url.removeprefix("https://pod.example/")).is_file() for url in urls.values())
    tokens = {url.split("/")[4] for url in secret}
    assert len(tokens) == 3
    shown = {path: path.read_bytes() for path in (built / "build").rglob("*") if path.is_file()}
    shown = {path: data for path, data in shown.items() if "private" not in path.parts and path.suffix != ".mp3"}
    assert [path for path, data in shown.items() if any(token.encode() in data for token in tokens)] == []


def test_an_episode_keeps_its_guid_and_its_date_of_access(built):
    public = {item.child_text("guid"): item for item in parse_feed((built / "build/feed.xml").read_bytes()).items}
    gold = {item.child_text("guid"): item for item in tier_feeds(built)["gold"].items}
    assert public.keys() < gold.keys()
    second = next(guid for guid, item in public.items() if item.child_text("title") == "Talk 2")
    assert public[second].child("enclosure").attributes != gold[second].child("enclosure").attributes
    early = next(item for item in gold.values() if item.child_text("title").startswith(EARLY))
    assert early.child_text("pubDate") == "Mon, 31 Dec 2029 07:00:00 +0000"
    bonus = next(item for item in gold.values() if item.child_text("title").startswith(MEMBERS_ONLY))
    assert bonus.child("link") is None


def test_nothing_public_has_a_word_of_what_is_for_members(built):
    files = [path for path in (built / "build").rglob("*") if path.is_file() and "private" not in path.parts]
    public = [path for path in files if not re.search(r"media/[a-z2-7]{32}/", path.as_posix())]
    assert len(public) > 20
    assert [path for path in public if any(word.encode() in path.read_bytes() for word in WORDS)] == []


def test_an_early_episode_becomes_public_under_the_same_guid(built):
    before = tier_feeds(built)["supporter"]
    run(built, "build", "--at", "2030-01-09")
    assert titles(built, "feed.xml") == [f"{EARLY} comes early", "Talk 2", "Talk 1"]
    public = parse_feed((built / "build/feed.xml").read_bytes()).items[0]
    after = tier_feeds(built)["supporter"].items[0]
    assert public.child_text("guid") == after.child_text("guid") == before.items[0].child_text("guid")
    assert after.child("enclosure").attributes == before.items[0].child("enclosure").attributes  # members keep theirs
    assert re.search(r"/media/[0-9a-f]{16}/early\.m", public.child("enclosure").attributes["url"])
    run(built, "build", "--at", NOW)
