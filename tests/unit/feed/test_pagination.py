"""Pagination: every episode is on one page, and a new episode changes no archive."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_kit.feed import parse_feed, render_rss, stream_feed_pages
from podcast_kit.model import Element, FeedSettings
from tests.support.feed_factories import ARTWORK, SITE, START, make_item, make_show


def paged(size, path="feed.xml", **settings):
    return make_show(feed=FeedSettings(path=path, page_size=size, hubs=("https://hub.example/",)), **settings)


def render_pages(*arguments, **options):
    return {key: b"".join(parts) for key, parts in stream_feed_pages(*arguments, **options)}


def guids(data):
    return [item.child_text("guid") for item in parse_feed(data).items]


def links(data):
    return {
        link.attributes["rel"]: link.attributes["href"] for link in parse_feed(data).channel.children_named("atom:link")
    }


def follow_links(pages, rel="next"):
    """The guids that an app finds that starts at the feed and follows links to the last page."""
    by_url = {SITE + key: data for key, data in pages.items()}
    url, seen_urls, seen_guids = f"{SITE}feed.xml", set(), []
    while url:
        assert url not in seen_urls, "a loop"
        seen_urls.add(url)
        seen_guids += guids(by_url[url])
        url = links(by_url[url]).get(rel)
    assert seen_urls == by_url.keys()
    return seen_guids


def archives_of(pages):
    return {key: data for key, data in pages.items() if key != "feed.xml"}


counts = st.integers(0, 40)
sizes = st.integers(1, 9)
orders = st.permutations(range(41))


@given(counts, sizes, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_an_app_that_follows_next_sees_the_same_episodes_as_in_one_feed(count, size, random):
    items = [make_item(number) for number in range(count)]
    random.shuffle(items)
    pages = render_pages(paged(size), items, artwork=ARTWORK)
    assert follow_links(pages) == follow_links(pages, "prev-archive") == guids(render_rss(make_show(), items))
    assert all(len(guids(data)) == size for data in archives_of(pages).values())
    assert min(count, size) <= len(guids(pages["feed.xml"])) < 2 * size or count == 0


@given(counts, sizes)
@settings(max_examples=60, deadline=None)
def test_a_new_episode_changes_no_archive(count, size):
    items = [make_item(number) for number in range(count + 1)]
    before = archives_of(render_pages(paged(size), items[:-1], artwork=ARTWORK))
    after = archives_of(render_pages(paged(size), items, artwork=ARTWORK))
    assert before.items() <= after.items()


@given(st.integers(1, 30), sizes, st.integers(-40, 40))
@settings(max_examples=60, deadline=None)
def test_an_episode_with_an_old_date_is_on_exactly_one_page_and_changes_no_older_archive(count, size, days):
    items = [make_item(number) for number in range(count)]
    before = archives_of(render_pages(paged(size), items, artwork=ARTWORK))
    late = make_item(99, date=START + timedelta(days=days, hours=1))
    after = render_pages(paged(size), [*items, late], artwork=ARTWORK)
    assert sorted(follow_links(after)) == sorted([*(item.guid for item in items), "guid-99"])
    older = sum(item.date < late.date for item in items) // size
    unchanged = {f"feed/{number}.xml" for number in range(1, older + 1)} & before.keys()
    assert {key: before[key] for key in unchanged} == {key: after[key] for key in unchanged}


def test_without_page_size_there_is_one_feed_with_every_episode():
    items = [make_item(number) for number in range(30)]
    assert render_pages(make_show(), items, artwork=ARTWORK) == {
        "feed.xml": render_rss(make_show(), items, artwork=ARTWORK)
    }


def test_archives_have_numbered_keys_and_link_to_each_other():
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
    assert [bool(parse_feed(data).channel.child("fh:archive")) for _, data in sorted(pages.items())] == [
        False,
        True,
        True,
    ]


def test_every_page_has_the_same_channel_except_for_live_items():
    live = Element("podcast:liveItem", attributes=(("status", "live"), ("start", "2026-01-01T00:00:00Z")))
    pages = render_pages(paged(2, elements=(live,)), [make_item(number) for number in range(5)], artwork=ARTWORK)
    excluded = {"item", "atom:link", "lastBuildDate", "fh:archive", "podcast:liveItem"}
    heads = [
        [(child.key, child.text) for child in parse_feed(data).channel.children if child.key not in excluded]
        for data in pages.values()
    ]
    assert heads[0] == heads[1]
    assert [len(parse_feed(data).channel.children_named("podcast:liveItem")) for _, data in sorted(pages.items())] == [
        1,
        0,
    ]


@pytest.mark.parametrize("size", [0, 5])
def test_pagination_does_not_depend_on_the_input_order(size):
    items = [make_item(number) for number in range(17)]
    items[3] = replace(items[3], date=items[4].date)
    assert render_pages(paged(size), items) == render_pages(paged(size), items[::-1])
