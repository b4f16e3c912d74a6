from datetime import UTC, datetime

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Media, LockEntry
from podcast_kit.plan.subscriber_changes import Kind, check, notices


def item(guid, title="T", *, url="", date="d", notes="n", length=5_000_000, more=""):
    enclosure = f'<enclosure url="{url or f"https://x/{guid}.mp3"}" length="{length}" type="audio/mpeg"/>'
    identity = f"<guid>{guid}</guid>" if guid else ""
    return (
        f"<item><title>{title}</title>{identity}<pubDate>{date}</pubDate>"
        f"<description>{notes}</description>{enclosure}{more}</item>"
    )


def feed(*items):
    return f"<rss version='2.0'><channel><title>S</title>{''.join(items)}</channel></rss>".encode()


def said(before, after, lock=()):
    return [(notice.kind, str(notice)) for notice in notices([before] if before else [], [after], lock)]


def published(guid, slug="one"):
    media = Media(key="media/x/a.mp3", sha256="0", bytes=1, mime="audio/mpeg")
    return LockEntry(slug=slug, guid=guid, date=datetime(2026, 1, 1, tzinfo=UTC), source_sha256="0", media=media)


def test_the_same_feed_says_nothing():
    assert said(feed(item("a"), item("b")), feed(item("b"), item("a"))) == []


def test_a_first_feed_has_only_new_episodes():
    assert said(b"", feed(item("a", "One"))) == [(Kind.NEW, "new episode: “One”")]


def test_what_changed_is_said_as_listeners_call_it():
    [(kind, text)] = said(feed(item("a", "Old", notes="old")), feed(item("a", "New", notes="new")))
    assert (kind, text) == (Kind.CHANGED, "changed: “New” (title, notes)")


def test_an_old_address_that_leads_on_is_said_to():
    before = feed(item("a", "One", more="<link>https://x/old/</link>"))
    after = feed(item("a", "One", more="<link>https://x/new/</link>"))
    [notice] = notices([before], [after], pages=["https://x/old/", "https://x/new/"])
    assert str(notice) == "changed: “One” (address of its page; the old one leads on)"
    [notice] = notices([before], [after], pages=["https://x/new/"])
    assert str(notice) == "changed: “One” (address of its page)"


def test_an_old_address_that_another_episode_has_now_leads_nowhere():
    one, two = "<link>https://x/1/</link>", "<link>https://x/2/</link>"
    before = feed(item("a", "One", more=one), item("b", "Two", more=two))
    after = feed(item("a", "One", more=two), item("b", "Two", more=one))
    found = notices([before], [after], pages=["https://x/1/", "https://x/2/"])
    assert {notice.detail for notice in found} == {"address of its page"}


def test_white_space_and_machinery_are_no_change():
    assert said(feed(item("a", " T ", notes="n\n n")), feed(item("a", notes="n n", more="<x>1</x>"))) == []


def test_a_new_recording_says_what_it_costs():
    [(kind, text)] = said(feed(item("a", url="https://x/1.mp3")), feed(item("a", url="https://x/2.mp3")))
    assert kind is Kind.RECORDED
    assert "5.0 MB" in text


def test_two_episodes_that_changed_guids_are_no_longer_who_they_were():
    before = feed(item("a", "One", date="1"), item("b", "Two", date="2"))
    found = said(before, feed(item("b", "One", date="1"), item("a", "Two", date="2")))
    assert [kind for kind, _ in found] == [Kind.REIDENTIFIED] * 2
    assert "“One” was a" in found[0][1]
    assert [kind for kind, _ in said(before, feed(item("a", "Two", date="1"), item("b", "Two", date="2")))] == [
        Kind.CHANGED
    ]


def test_the_same_file_at_another_address_is_no_new_recording():
    was, now = "https://x/media/0123456789abcdef/a.mp3", "https://y/p/media/0123456789abcdef/a.mp3"
    assert [kind for kind, _ in said(feed(item("a", url=was)), feed(item("a", url=now)))] == [Kind.MOVED]
    other = now.replace("0123", "3210")
    assert [kind for kind, _ in said(feed(item("a", url=was)), feed(item("a", url=other)))] == [Kind.RECORDED]


def test_a_removed_episode_stops_unless_it_is_named():
    found = notices([feed(item("a", "One"), item("b"))], [feed(item("b"))])
    assert [(notice.kind, notice.guid) for notice in found] == [(Kind.REMOVED, "a")]
    with pytest.raises(InvalidInput) as raised:
        check(found)
    assert [(problem.code, "--remove 'a'" in problem.fix) for problem in raised.value.problems] == [
        ("pb.removed", True)
    ]
    check(found, remove=["a"])
    check(found, allow=["removed"])
    with pytest.raises(InvalidInput):
        check(found, remove=["b"], allow=["guids"])


@pytest.mark.parametrize(
    "now",
    [item("z", "Other", url="https://x/a.mp3"), item("z", "T", url="https://x/new.mp3")],
    ids=["the same file", "the same title and date"],
)
def test_a_changed_guid_is_told_from_a_new_episode(now):
    [notice] = notices([feed(item("a"))], [feed(now)])
    assert (notice.kind, notice.guid, notice.detail) == (Kind.REIDENTIFIED, "z", "a")
    with pytest.raises(InvalidInput) as raised:
        check([notice])
    assert raised.value.problems[0].code == "pb.guids"
    check([notice], allow=["guids"])


def test_one_gone_and_another_new_is_not_a_changed_guid():
    kinds = [kind for kind, _ in said(feed(item("a", "One")), feed(item("b", "Two")))]
    assert kinds == [Kind.NEW, Kind.REMOVED]


def test_an_item_without_a_guid_is_known_by_its_file():
    assert said(feed(item("", url="https://x/1.mp3")), feed(item("", url="https://x/1.mp3"))) == []


def test_an_episode_that_moved_to_another_page_is_still_there():
    assert notices([feed(item("a"), item("b"))], [feed(item("c")), feed(item("a"), item("b"))]) == (
        notices([], [feed(item("c"))])
    )


def test_without_a_live_feed_the_lock_knows_what_was_published():
    found = notices([], [feed(item("a"))], [published("a"), published("gone", "two")])
    assert [(notice.kind, notice.guid, notice.title) for notice in found] == [(Kind.REMOVED, "gone", "two")]


def test_a_live_feed_that_cannot_be_read_is_said_and_stops_nothing():
    [notice] = notices([b"<html><p>hello"], [feed(item("a"))])
    assert notice.kind is Kind.UNREADABLE
    check([notice])


def test_where_the_live_feed_cannot_be_read_the_lock_still_stops_what_would_vanish():
    found = notices([b"<html><p>hello"], [feed(item("a"))], [published("a"), published("gone", "two")])
    assert [notice.kind for notice in found] == [Kind.UNREADABLE, Kind.REMOVED]
    with pytest.raises(InvalidInput):
        check(found)
