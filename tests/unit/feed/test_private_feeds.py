"""A feed for each subscriber: unguessable, unlisted, revocable, with the same media."""

import re

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import (
    parse_feed,
    private_feed_key,
    render_blocked_feed,
    render_private_feeds,
    render_shared_feed,
    shared_feed_key,
)
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


def test_the_feed_that_replaces_a_revoked_one_has_no_episodes_and_is_blocked():
    feed = parse_feed(render_blocked_feed(make_show(), artwork=ARTWORK))
    assert (feed.items, feed.channel.child_text("itunes:block")) == ((), "Yes")


def test_a_renewed_address_is_another_one():
    addresses = {private_feed_key(SECRET, "Ann", generation) for generation in (0, 1, 2)}
    assert len(addresses) == 3
    assert list(render(["Ann"], generations={"Ann": 1})) == [private_feed_key(SECRET, "Ann", 1)]


def test_a_shared_feed_has_neither_a_name_nor_an_address():
    feed = parse_feed(render_shared_feed(make_show(), [make_item(1)], "gold", artwork=ARTWORK))
    assert feed.channel.child_text("title") == "More Social, Less Media (gold)"
    assert feed.channel.children_named("atom:link") == ()
    assert len(feed.items) == 1
    assert re.fullmatch(r"private/[a-z2-7]{32}\.xml", shared_feed_key(SECRET, "gold"))


def test_an_empty_name_is_refused():
    with pytest.raises(InvalidInput):
        render([" "])
