"""A feed for each subscriber: unguessable, unlisted, revocable, with the same media."""

import re

import pytest

from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.feed import parse_feed, private_feed_key, render_private_feeds
from podcast_kit.model import Element, FeedSettings
from tests.support.feed_factories import ARTWORK, SITE, make_item, make_show

SECRET = bytes(range(32))


def render(names=("Ann", "Bo"), secret=SECRET, **options):
    show = make_show(
        feed=FeedSettings(hubs=("https://hub.example/",)),
        elements=(Element("itunes:new-feed-url", "https://x.example/"),),
    )
    return render_private_feeds(show, [make_item(1), make_item(2)], names, secret, artwork=ARTWORK, **options)


def test_each_name_has_a_url_that_depends_on_the_secret():
    keys = list(render())
    assert len(set(keys)) == 2
    assert all(re.fullmatch(r"private/[a-z2-7]{32}\.xml", key) for key in keys)
    assert not set(keys) & set(render(secret=SECRET[::-1]))


def test_a_name_keeps_its_url_in_any_spelling():
    assert private_feed_key(SECRET, "Ann Lee") == private_feed_key(SECRET, " ann  LEE ")
    assert private_feed_key(SECRET, "Zoë") == private_feed_key(SECRET, "Zoe\N{COMBINING DIAERESIS}")
    # Pinned: another derivation would change the URL of every subscriber.
    assert private_feed_key(SECRET, "Ann Lee") == "private/ld2gledvo45uro5irnwaqvuaueg2ioez.xml"


def test_a_private_feed_is_hidden_from_directories_and_has_the_public_media_files():
    key = private_feed_key(SECRET, "Ann")
    feed = parse_feed(render()[key])
    channel = feed.channel
    assert (channel.child_text("title"), channel.child_text("itunes:block"), channel.child_text("podcast:block")) == (
        "More Social, Less Media (Ann)",
        "Yes",
        "yes",
    )
    assert channel.child_text("podcast:locked") == "yes"
    assert channel.child("xhtml:meta").attributes == {"name": "robots", "content": "noindex"}
    assert [link.attributes["href"] for link in channel.children_named("atom:link")] == [SITE + key]
    assert not {child.key for child in channel.children} & {"podcast:guid", "itunes:new-feed-url"}
    assert [item.child("enclosure").attributes["url"] for item in feed.items] == [
        f"{SITE}media/000000000002/002.mp3",
        f"{SITE}media/000000000001/001.mp3",
    ]


def test_a_revoked_feed_has_no_episodes():
    feeds = render(["Ann"], revoked=["Bo"])
    assert [len(parse_feed(feeds[private_feed_key(SECRET, name)]).items) for name in ("Ann", "Bo")] == [2, 0]
    assert feeds[private_feed_key(SECRET, "Ann")] == render()[private_feed_key(SECRET, "Ann")]


def test_a_short_secret_is_refused():
    with pytest.raises(OperationError, match="has 3 bytes"):
        render(secret=b"abc")


@pytest.mark.parametrize(("names", "revoked"), [([" "], []), (["Ann"], ["ann"])])
def test_an_empty_name_and_a_name_that_is_also_revoked_are_refused(names, revoked):
    with pytest.raises(InvalidInput):
        render(names, revoked=revoked)
