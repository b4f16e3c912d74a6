"""A feed for each subscriber: unguessable, hidden, withdrawable, with the same media."""

import re

import pytest

from podcast_kit.errors import OperationError, InvalidInput
from podcast_kit.feed import key_for, parse, render_private
from podcast_kit.model import Element, FeedSettings
from tests.support.feed_factories import ARTWORK, SITE, make_item, make_show

SECRET = bytes(range(32))


def made(names=("Ann", "Bo"), secret=SECRET, **given):
    show = make_show(
        feed=FeedSettings(hub="https://hub.example/"), elements=(Element("itunes:new-feed-url", "https://x.example/"),)
    )
    return render_private(show, [make_item(1), make_item(2)], names, secret, artwork=ARTWORK, **given)


def test_each_name_has_an_address_that_only_the_secret_leads_to():
    keys = list(made())
    assert len(set(keys)) == 2
    assert all(re.fullmatch(r"private/[a-z2-7]{32}\.xml", key) for key in keys)
    assert not set(keys) & set(made(secret=SECRET[::-1]))


def test_the_same_name_keeps_its_address_however_it_is_written():
    assert key_for(SECRET, "Ann Lee") == key_for(SECRET, " ann  LEE ")
    assert key_for(SECRET, "Zoë") == key_for(SECRET, "Zoe\N{COMBINING DIAERESIS}")
    # Pinned: another derivation would give every subscriber a new address.
    assert key_for(SECRET, "Ann Lee") == "private/ld2gledvo45uro5irnwaqvuaueg2ioez.xml"


def test_a_private_feed_is_hidden_from_directories_and_has_the_public_media():
    key = key_for(SECRET, "Ann")
    feed = parse(made()[key])
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


def test_a_revoked_subscriber_finds_no_episode_any_more():
    feeds = made(["Ann"], revoked=["Bo"])
    assert [len(parse(feeds[key_for(SECRET, name)]).items) for name in ("Ann", "Bo")] == [2, 0]
    assert feeds[key_for(SECRET, "Ann")] == made()[key_for(SECRET, "Ann")]


def test_a_secret_that_could_be_guessed_is_refused():
    with pytest.raises(OperationError, match="has 3 bytes"):
        made(secret=b"abc")


@pytest.mark.parametrize(("names", "revoked"), [([" "], []), (["Ann"], ["ann"])])
def test_a_name_is_a_name_and_not_both_in_use_and_revoked(names, revoked):
    with pytest.raises(InvalidInput):
        made(names, revoked=revoked)
