from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_kit.announce.social_interact import add_recorded_posts
from podcast_kit.model import (
    LockEntry,
    Media,
    NetworkSettings,
    PostRecord,
    PostStatus,
    Project,
    PublishSettings,
    Show,
    SocialPost,
)

MASTODON = NetworkSettings(name="mastodon", options={"account": "@show@social.example"})
BLUESKY = NetworkSettings(name="bluesky", options={"account": "pod.example"})
TOOT_URI, TOOT_URL = "https://social.example/users/show/statuses/1", "https://social.example/@show/1"
SKEET_URI = "at://did:plc:abc/app.bsky.feed.post/3k2"
SKEET_URL = "https://bsky.app/profile/pod.example/post/3k2"
TOOT = SocialPost(TOOT_URI, "activitypub", "@show@social.example", "https://social.example/@show", TOOT_URL, 1)
SKEET = SocialPost(SKEET_URI, "atproto", "pod.example", "https://bsky.app/profile/pod.example", SKEET_URL, 2)


def make_project(social=(), announce=(MASTODON, BLUESKY)):
    media = Media(key="media/0f/one.mp3", sha256="", bytes=12, mime="audio/mpeg", seconds=1.0)
    date = datetime(2026, 1, 1, tzinfo=UTC)
    entry = LockEntry(slug="one", guid="g-1", date=date, source_sha256="", media=media, social=social)
    show = Show(
        title="Show",
        description="About.",
        author="Ada",
        language="en",
        publish=PublishSettings(url="https://pod.example/"),
        announce=announce,
    )
    return Project(folder=Path(), show=show, episodes=(), lock=(entry,))


def sent(uri=TOOT_URI, url=TOOT_URL, **values):
    return PostRecord(status=PostStatus.SENT, at="2026-01-01T00:00:00+00:00", id="1", uri=uri, url=url, **values)


def posts_after(project, **records):
    return add_recorded_posts(project, {"g-1": records}).lock[0].social


def test_sent_posts_get_account_web_address_and_priority():
    records = {"bluesky": sent(SKEET_URI, SKEET_URL), "mastodon": sent()}
    assert posts_after(make_project(), **records) == (TOOT, SKEET)
    assert posts_after(make_project(), bluesky=records["bluesky"]) == (replace(SKEET, priority=1),)
    assert posts_after(make_project(), telegram=sent("", "")) == ()


def test_a_server_of_another_name_has_the_account_page():
    settings = replace(MASTODON, options={**MASTODON.options, "server": "https://mastodon.social.example"})
    [post] = posts_after(make_project(announce=(settings,)), mastodon=sent())
    assert (post.account, post.account_url) == ("@show@social.example", "https://mastodon.social.example/@show")


@pytest.mark.parametrize("status", list(PostStatus))
def test_withdrawn_posts_go_and_posts_in_doubt_stay_as_they_are(status):
    record = replace(sent("" if status is PostStatus.INTENDED else TOOT_URI), status=status)
    expected = (replace(SKEET, priority=1),) if status is PostStatus.WITHDRAWN else (TOOT, SKEET)
    assert posts_after(make_project((TOOT, SKEET)), mastodon=record) == expected


def test_another_post_replaces_an_earlier_one_and_a_new_account_changes_no_old_post():
    other = replace(TOOT, uri="https://social.example/users/show/statuses/2", url="https://social.example/@show/2")
    assert posts_after(make_project((TOOT,)), mastodon=sent(other.uri, other.url)) == (other,)
    renamed = replace(MASTODON, options={"account": "@new@social.example"})
    assert posts_after(make_project((TOOT,), announce=(renamed,)), mastodon=sent()) == (TOOT,)
    project = make_project((TOOT,), announce=())
    assert add_recorded_posts(project, {}) is project
    assert add_recorded_posts(project, {"g-1": {"mastodon": sent()}}) is project


@pytest.mark.parametrize("uri", ["", "javascript:alert(1)", "file:///etc/passwd", "https://user:secret@x.example/1"])
def test_addresses_that_nobody_can_open_are_not_named(uri):
    assert posts_after(make_project(), mastodon=sent(uri)) == ()
    assert posts_after(make_project(), bluesky=sent(uri)) == ()
    [post] = posts_after(make_project(), mastodon=sent(url=uri))
    assert post.url == ""
