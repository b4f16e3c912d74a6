"""A long show in pages: every episode once, and what is archived stays as it is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.feed import archives, parse, render, render_pages
from podcast_kit.model import Element, FeedSettings
from tests.support.feed_factories import ARTWORK, SITE, START, make_item, make_show


def paged(size, path="feed.xml", **given):
    return make_show(feed=FeedSettings(path=path, page_size=size, hub="https://hub.example/"), **given)


def guids(data):
    return [item.child_text("guid") for item in parse(data).items]


def links(data):
    return {link.attributes["rel"]: link.attributes["href"] for link in parse(data).channel.children_named("atom:link")}


def followed(pages, rel="next"):
    """The guids that an app sees which begins at the feed and follows a link until there is none."""
    by_address = {SITE + key: data for key, data in pages.items()}
    here, seen, found = f"{SITE}feed.xml", set(), []
    while here:
        assert here not in seen, "a loop"
        seen.add(here)
        found += guids(by_address[here])
        here = links(by_address[here]).get(rel)
    assert seen == by_address.keys()
    return found


def old(pages):
    return {key: data for key, data in pages.items() if key != "feed.xml"}


counts = st.integers(0, 40)
sizes = st.integers(1, 9)
orders = st.permutations(range(41))


@given(counts, sizes, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_an_app_that_follows_next_sees_exactly_what_one_feed_would_show(count, size, random):
    items = [make_item(number) for number in range(count)]
    random.shuffle(items)
    pages = render_pages(paged(size), items, artwork=ARTWORK)
    assert followed(pages) == followed(pages, "prev-archive") == guids(render(make_show(), items))
    assert all(len(guids(data)) == size for data in old(pages).values())
    assert min(count, size) <= len(guids(pages["feed.xml"])) < 2 * size or count == 0


@given(counts, sizes)
@settings(max_examples=60, deadline=None)
def test_a_new_episode_leaves_every_archive_as_it_is(count, size):
    items = [make_item(number) for number in range(count + 1)]
    before = old(render_pages(paged(size), items[:-1], artwork=ARTWORK))
    after = old(render_pages(paged(size), items, artwork=ARTWORK))
    assert before.items() <= after.items()


@given(st.integers(1, 30), sizes, st.integers(-40, 40))
@settings(max_examples=60, deadline=None)
def test_an_episode_with_an_old_date_leaves_the_archives_too_when_they_are_known(count, size, days):
    items = [make_item(number) for number in range(count)]
    before = render_pages(paged(size), items, artwork=ARTWORK)
    out = archives(paged(size), items)
    late = make_item(99, date=START + timedelta(days=days, hours=1))
    after = render_pages(paged(size), [*items, late], artwork=ARTWORK, archived=out)
    assert old(before).items() <= old(after).items()
    assert archives(paged(size), [*items, late], out)[: len(out)] == out
    assert sorted(followed(after)) == sorted([*(item.guid for item in items), "guid-99"])


def test_a_show_without_pages_is_one_feed_with_everything():
    items = [make_item(number) for number in range(30)]
    assert render_pages(make_show(), items, artwork=ARTWORK) == {
        "feed.xml": render(make_show(), items, artwork=ARTWORK)
    }


def test_pages_lie_beside_the_feed_and_say_which_they_are():
    pages = render_pages(paged(2, path="rss.xml"), [make_item(number) for number in range(7)], artwork=ARTWORK)
    assert sorted(pages) == ["rss.xml", "rss/1.xml", "rss/2.xml"]
    assert links(pages["rss.xml"]) == {
        "self": f"{SITE}rss.xml",
        "next": f"{SITE}rss/2.xml",
        "prev-archive": f"{SITE}rss/2.xml",
        "first": f"{SITE}rss.xml",
        "last": f"{SITE}rss/1.xml",
        "hub": "https://hub.example/",
    }
    assert links(pages["rss/1.xml"]) == {
        "self": f"{SITE}rss/1.xml",
        "current": f"{SITE}rss.xml",
        "first": f"{SITE}rss.xml",
        "last": f"{SITE}rss/1.xml",
    }
    assert [bool(parse(data).channel.child("fh:archive")) for _, data in sorted(pages.items())] == [False, True, True]


def test_every_page_has_the_same_head_but_for_what_is_on_now():
    live = Element("podcast:liveItem", attributes=(("status", "live"), ("start", "2026-01-01T00:00:00Z")))
    pages = render_pages(paged(2, elements=(live,)), [make_item(number) for number in range(5)], artwork=ARTWORK)
    apart = {"item", "atom:link", "lastBuildDate", "fh:archive", "podcast:liveItem"}
    heads = [
        [(child.key, child.text) for child in parse(data).channel.children if child.key not in apart]
        for data in pages.values()
    ]
    assert heads[0] == heads[1]
    assert [len(parse(data).channel.children_named("podcast:liveItem")) for _, data in sorted(pages.items())] == [1, 0]


def test_an_archived_episode_that_is_gone_leaves_its_page_shorter():
    items = [make_item(number) for number in range(6)]
    out = [["guid-1", "guid-0"], ["guid-3", "guid-2"]]
    after = render_pages(paged(2), [item for item in items if item.guid != "guid-1"], archived=out)
    assert [guids(after[key]) for key in ("feed/1.xml", "feed/2.xml")] == [["guid-0"], ["guid-3", "guid-2"]]


def test_an_archive_that_lost_everything_keeps_its_number_until_paging_is_given_up():
    items = [make_item(number) for number in range(2, 6)]
    out = [["guid-1", "guid-0"], ["guid-3", "guid-2"]]
    after = render_pages(paged(2), items, archived=out)
    assert [guids(after[key]) for key in ("feed/1.xml", "feed/2.xml")] == [[], ["guid-3", "guid-2"]]
    assert list(render_pages(paged(0), items, archived=out)) == ["feed.xml"]


@pytest.mark.parametrize("size", [0, 5])
def test_paging_is_the_same_in_any_order(size):
    items = [make_item(number) for number in range(17)]
    items[3] = replace(items[3], date=items[4].date)
    assert render_pages(paged(size), items) == render_pages(paged(size), items[::-1])
