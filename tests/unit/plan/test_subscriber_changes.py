"""What subscribers notice of a new feed, and what stops a publish."""

from datetime import UTC, datetime

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.model import LockEntry, Media
from podcast_kit.plan.subscriber_changes import ChangeKind, diff_feeds, refuse_harmful_changes


def item(guid, title="T", *, url="", date="d", notes="n", length=5_000_000, more=""):
    enclosure = f'<enclosure url="{url or f"https://x/{guid}.mp3"}" length="{length}" type="audio/mpeg"/>'
    identity = f"<guid>{guid}</guid>" if guid else ""
    return (
        f"<item><title>{title}</title>{identity}<pubDate>{date}</pubDate>"
        f"<description>{notes}</description>{enclosure}{more}</item>"
    )


def feed(*items):
    return f"<rss version='2.0'><channel><title>S</title>{''.join(items)}</channel></rss>".encode()


def describe_changes(before, after, lock=()):
    return [(change.kind, str(change)) for change in diff_feeds([before] if before else [], [after], lock)]


def make_lock_entry(guid, slug="one"):
    media = Media(key="media/x/a.mp3", sha256="0", bytes=1, mime="audio/mpeg")
    return LockEntry(slug=slug, guid=guid, date=datetime(2026, 1, 1, tzinfo=UTC), source_sha256="0", media=media)


def test_same_feed_gives_no_changes():
    assert describe_changes(feed(item("a"), item("b")), feed(item("b"), item("a"))) == []


def test_first_feed_has_only_new_episodes():
    assert describe_changes(b"", feed(item("a", "One"))) == [(ChangeKind.NEW, "new episode: “One”")]


def test_changes_are_named_in_listeners_words():
    [(kind, text)] = describe_changes(feed(item("a", "Old", notes="old")), feed(item("a", "New", notes="new")))
    assert (kind, text) == (ChangeKind.CHANGED, "changed: “New” (title, notes)")


def test_changed_page_url_with_and_without_redirect():
    before = feed(item("a", "One", more="<link>https://x/old/</link>"))
    after = feed(item("a", "One", more="<link>https://x/new/</link>"))
    [change] = diff_feeds([before], [after], page_urls=["https://x/old/", "https://x/new/"])
    assert str(change) == "changed: “One” (page URL changed, old one redirects)"
    [change] = diff_feeds([before], [after], page_urls=["https://x/new/"])
    assert str(change) == "changed: “One” (page URL changed)"


def test_page_url_taken_by_another_episode_does_not_redirect():
    one, two = "<link>https://x/1/</link>", "<link>https://x/2/</link>"
    before = feed(item("a", "One", more=one), item("b", "Two", more=two))
    after = feed(item("a", "One", more=two), item("b", "Two", more=one))
    changes = diff_feeds([before], [after], page_urls=["https://x/1/", "https://x/2/"])
    assert {change.detail for change in changes} == {"page URL changed"}


def test_white_space_and_technical_elements_are_not_changes():
    assert describe_changes(feed(item("a", " T ", notes="n\n n")), feed(item("a", notes="n n", more="<x>1</x>"))) == []


def test_new_recording_shows_its_size():
    [(kind, text)] = describe_changes(feed(item("a", url="https://x/1.mp3")), feed(item("a", url="https://x/2.mp3")))
    assert kind is ChangeKind.NEW_AUDIO
    assert "5.0 MB" in text


def test_two_episodes_that_swap_guids_are_reported():
    before = feed(item("a", "One", date="1"), item("b", "Two", date="2"))
    changes = describe_changes(before, feed(item("b", "One", date="1"), item("a", "Two", date="2")))
    assert [kind for kind, _ in changes] == [ChangeKind.GUID_CHANGED] * 2
    assert "“One” was a" in changes[0][1]
    assert [
        kind for kind, _ in describe_changes(before, feed(item("a", "Two", date="1"), item("b", "Two", date="2")))
    ] == [ChangeKind.CHANGED]


def test_same_file_at_another_url_is_not_a_new_recording():
    old, new = "https://x/media/0123456789abcdef/a.mp3", "https://y/p/media/0123456789abcdef/a.mp3"
    assert [kind for kind, _ in describe_changes(feed(item("a", url=old)), feed(item("a", url=new)))] == [
        ChangeKind.MOVED
    ]
    other = new.replace("0123", "3210")
    assert [kind for kind, _ in describe_changes(feed(item("a", url=old)), feed(item("a", url=other)))] == [
        ChangeKind.NEW_AUDIO
    ]


def test_removed_episode_is_refused_unless_confirmed():
    changes = diff_feeds([feed(item("a", "One"), item("b"))], [feed(item("b"))])
    assert [(change.kind, change.guid) for change in changes] == [(ChangeKind.REMOVED, "a")]
    with pytest.raises(InvalidInput) as raised:
        refuse_harmful_changes(changes)
    assert [(problem.code, "--remove 'a'" in problem.fix) for problem in raised.value.problems] == [
        ("pb.removed", True)
    ]
    refuse_harmful_changes(changes, remove=["a"])
    refuse_harmful_changes(changes, allow=["removed"])
    with pytest.raises(InvalidInput):
        refuse_harmful_changes(changes, remove=["b"], allow=["guids"])


@pytest.mark.parametrize(
    "new_item",
    [item("z", "Other", url="https://x/a.mp3"), item("z", "T", url="https://x/new.mp3")],
    ids=["the same file", "the same title and date"],
)
def test_changed_guid_is_not_a_new_episode(new_item):
    [change] = diff_feeds([feed(item("a"))], [feed(new_item)])
    assert (change.kind, change.guid, change.detail) == (ChangeKind.GUID_CHANGED, "z", "a")
    with pytest.raises(InvalidInput) as raised:
        refuse_harmful_changes([change])
    assert raised.value.problems[0].code == "pb.guids"
    refuse_harmful_changes([change], allow=["guids"])


def test_one_removed_and_one_new_episode_is_not_a_changed_guid():
    kinds = [kind for kind, _ in describe_changes(feed(item("a", "One")), feed(item("b", "Two")))]
    assert kinds == [ChangeKind.NEW, ChangeKind.REMOVED]


def test_item_without_guid_is_identified_by_its_file():
    assert describe_changes(feed(item("", url="https://x/1.mp3")), feed(item("", url="https://x/1.mp3"))) == []


def test_episode_moved_to_an_archive_page_is_not_removed():
    assert diff_feeds([feed(item("a"), item("b"))], [feed(item("c")), feed(item("a"), item("b"))]) == (
        diff_feeds([], [feed(item("c"))])
    )


def test_without_a_live_feed_the_lock_tells_what_was_published():
    lock = [make_lock_entry("a"), make_lock_entry("gone", "two")]
    changes = diff_feeds([], [feed(item("a"), item("b"))], lock)
    assert [(change.kind, change.guid) for change in changes] == [
        (ChangeKind.MOVED, "a"),
        (ChangeKind.NEW, "b"),
        (ChangeKind.REMOVED, "gone"),
    ]


def test_unreadable_live_feed_is_reported_and_stops_nothing():
    [change] = diff_feeds([b"<html><p>hello"], [feed(item("a"))])
    assert change.kind is ChangeKind.UNREADABLE
    refuse_harmful_changes([change])


def test_unreadable_live_feed_with_a_lock_refuses_removals():
    changes = diff_feeds([b"<html><p>hello"], [feed(item("a"))], [make_lock_entry("a"), make_lock_entry("gone", "two")])
    assert [change.kind for change in changes] == [ChangeKind.UNREADABLE, ChangeKind.REMOVED]
    with pytest.raises(InvalidInput):
        refuse_harmful_changes(changes)
