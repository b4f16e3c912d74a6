"""The feed says what the show says, to readers that nobody here wrote, and the same bytes every time."""

import locale
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import feedparser
import podcastparser
import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse_feed, render_rss, rss
from podcast_kit.model import (
    Chapter,
    Element,
    EpisodeType,
    FeedSettings,
    Image,
    LocalFile,
    Person,
    PublishSettings,
    RemoteUrl,
    Show,
    ShowType,
    Transcript,
)
from podcast_kit.namespaces import NAMESPACES
from tests.support.feed_factories import ARTWORK, SITE, START, make_episode, make_item, make_show


def read(show=None, items=None, artwork=ARTWORK):
    return parse_feed(render_rss(show or make_show(), [make_item()] if items is None else items, artwork=artwork))


def texts(node, key):
    return [child.text for child in node.children_named(key)]


def rendered(*numbers):
    return render_rss(make_show(), [make_item(number) for number in numbers], artwork=ARTWORK)


def test_podcastparser_reads_the_feed():
    feed = podcastparser.parse("https://pod.example/feed.xml", _file(rendered(1, 2)))
    assert (feed["title"], feed["itunes_author"], feed["link"]) == (
        "More Social, Less Media",
        "Ann Lee",
        f"{SITE}index.html",
    )
    assert feed["itunes_owner"] == {"name": "Ann Lee", "email": "ann@pod.example"}
    assert feed["itunes_categories"] == [["Business", "Marketing"], ["Technology"]]
    assert (feed["cover_url"], feed["explicit"]) == (ARTWORK.url, False)
    assert [(episode["title"], episode["guid"]) for episode in feed["episodes"]] == [
        ("Episode 2", "guid-2"),
        ("Episode 1", "guid-1"),
    ]
    first = feed["episodes"][1]
    assert first["enclosures"] == [
        {"url": f"{SITE}media/000000000001/001.mp3", "file_size": 20_001, "mime_type": "audio/mpeg"}
    ]
    assert first["published"] == (START + timedelta(days=1)).timestamp()
    assert (first["total_time"], first["number"], first["season"], first["explicit"]) == (62, 1, 1, False)
    assert first["description_html"] == "<p>About &amp; <b>around</b> 1, in full.</p>"


def test_feedparser_reads_the_feed():
    feed = feedparser.parse(rendered(1, 2))
    assert not feed.bozo
    assert (feed.feed.title, feed.feed.author, feed.feed.language) == ("More Social, Less Media", "Ann Lee", "en")
    assert feed.feed.image.href == ARTWORK.url
    newest, first = feed.entries
    assert (newest.id, newest.title, newest.author, newest.guidislink) == ("guid-2", "Episode 2", "Ann Lee", False)
    assert (first.enclosures[0].href, first.enclosures[0].length, first.enclosures[0].type) == (
        f"{SITE}media/000000000001/001.mp3",
        "20001",
        "audio/mpeg",
    )
    assert datetime(*first.published_parsed[:6], tzinfo=UTC) == START + timedelta(days=1)
    assert (first.itunes_duration, first.summary) == ("62", "<p>About &amp; <b>around</b> 1.</p>")
    assert first.content[0].value == "<p>About &amp; <b>around</b> 1, in full.</p>"


def _file(data):
    from io import BytesIO

    return BytesIO(data)


def test_the_file_is_utf8_with_declaration_and_final_newline():
    data = render_rss(make_show(title="Käse 🧀"), [])
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<rss ')
    assert data.endswith(b"</rss>\n")
    assert "Käse 🧀".encode() in data


def test_every_namespace_is_declared_with_its_usual_prefix_and_exact_uri():
    declared = dict(read(items=[make_item(chapters=(Chapter(start_ms=0, title="A"),))]).namespaces)
    assert declared == {name: NAMESPACES[name] for name in ("itunes", "podcast", "atom", "content", "psc")}


def test_explicit_is_true_or_false_on_the_channel_and_on_every_item():
    items = [make_item(1), make_item(2, episode=make_episode(2, explicit=True))]
    feed = read(make_show(explicit=False), items)
    assert texts(feed.channel, "itunes:explicit") == ["false"]
    assert [texts(item, "itunes:explicit") for item in feed.items] == [["true"], ["false"]]
    assert texts(read(make_show(explicit=True)).items[0], "itunes:explicit") == ["true"]


@pytest.mark.parametrize("suffix", ["cover.jpg", "cover.jpeg", "COVER.JPG", "cover.png?v=1&w=2", "cover"])
def test_artwork_is_written_with_any_file_extension(suffix):
    image = Image(url=SITE + suffix)
    feed = read(items=[make_item(artwork=image)], artwork=image)
    assert feed.channel.child("itunes:image").attributes == {"href": image.url}
    assert feed.channel.child("image").child_text("url") == image.url
    assert feed.items[0].child("itunes:image").attributes == {"href": image.url}


def test_there_is_exactly_one_self_link_and_the_channel_links_to_the_site():
    show = make_show(feed=FeedSettings(path="rss.xml", hubs=("https://hub.example/",)))
    channel = read(show).channel
    assert [link.attributes for link in channel.children_named("atom:link")] == [
        {"href": f"{SITE}rss.xml", "rel": "self", "type": "application/rss+xml"},
        {"href": "https://hub.example/", "rel": "hub"},
    ]
    assert texts(channel, "link") == [f"{SITE}index.html"]
    clean = read(make_show(publish=PublishSettings(url=SITE, clean_urls=True)))
    assert texts(clean.channel, "link") == [SITE]


def test_items_are_sorted_newest_first_then_by_guid():
    items = [make_item(1), make_item(3, guid="b"), make_item(3, guid="a"), make_item(2)]
    expected = ["a", "b", "guid-2", "guid-1"]
    assert [item.child_text("guid") for item in read(items=items).items] == expected
    assert render_rss(make_show(), items) == render_rss(make_show(), items[::-1])


def test_dates_are_in_utc_and_last_build_date_is_that_of_the_newest_item():
    eastern = START.astimezone(timezone(timedelta(hours=-5)))
    feed = read(items=[make_item(1, date=eastern), make_item(2, date=START - timedelta(days=1))])
    assert feed.items[0].child_text("pubDate") == "Mon, 05 Jan 2026 07:00:00 +0000"
    assert feed.channel.child_text("lastBuildDate") == "Mon, 05 Jan 2026 07:00:00 +0000"
    assert read(items=[]).channel.children_named("lastBuildDate") == ()


def test_rendering_does_not_change_the_locale(monkeypatch):
    def touched(*_arguments):
        raise AssertionError("setlocale was called")

    monkeypatch.setattr(locale, "setlocale", touched)
    assert rendered(1, 2)


PROGRAM = "import sys; from tests.unit.feed.test_rss import rendered; sys.stdout.buffer.write(rendered(3, 1, 2))"


def test_bytes_do_not_depend_on_process_timezone_or_locale(tmp_path):
    root = str(Path(__file__).parents[3])
    for seed, zone in (("1", "Asia/Kathmandu"), ("2", "America/Lima")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": root}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, check=True, env=environment, cwd=tmp_path
        )
        assert run.stdout == rendered(1, 2, 3)


def test_guid_is_not_a_permalink_and_the_enclosure_has_its_size():
    item = read().items[0]
    assert item.child("guid").attributes == {"isPermaLink": "false"}
    assert item.child("enclosure").attributes == {
        "url": f"{SITE}media/000000000001/001.mp3",
        "length": "20001",
        "type": "audio/mpeg",
    }


def test_description_comes_before_the_full_notes_and_no_summary_is_written():
    keys = [child.key for child in read().items[0].children]
    assert keys.index("description") < keys.index("content:encoded")
    assert "itunes:summary" not in keys


def test_a_summary_used_as_description_is_escaped():
    item = read(items=[make_item(description="", content="", summary="Salt & <pepper>")]).items[0]
    assert item.child_text("description") == "Salt &amp; &lt;pepper&gt;"


@pytest.mark.parametrize("notes", ["<p>a ]]> b</p>", "<p>&lt;b&gt; & <i>x</i></p>", "a\r\nb"])
def test_notes_are_preserved(notes):
    item = read(items=[make_item(description=notes, content=notes)]).items[0]
    assert (item.child_text("description"), item.child_text("content:encoded").replace("\r\n", "\n")) == (
        notes,
        notes.replace("\r\n", "\n"),
    )


def test_block_and_complete_are_written_only_when_true():
    keys = {child.key for child in read().channel.children}
    assert keys & {"itunes:block", "itunes:complete"} == set()
    channel = read(make_show(block=True, complete=True)).channel
    assert (channel.child_text("itunes:block"), channel.child_text("itunes:complete")) == ("Yes", "Yes")
    assert channel.child_text("podcast:block") == "yes"


def test_unset_values_are_not_written():
    bare = Show(title="T", description="D", author="A", language="en", publish=PublishSettings(url=SITE))
    item = make_item(enclosure=replace(make_item().enclosure, seconds=0.0), episode=make_episode(number=1, season=None))
    feed = read(bare, [replace(item, episode=replace(item.episode, number=None))], artwork=None)
    assert [child.key for child in feed.channel.children if not child.children] == [
        *("title", "link", "description", "atom:link", "docs", "generator", "language"),
        *("lastBuildDate", "itunes:author", "itunes:explicit", "itunes:type"),
    ]
    assert {child.key for child in feed.items[0].children} == {
        *("title", "link", "description", "content:encoded", "guid", "enclosure", "pubDate"),
        *("itunes:title", "itunes:author", "itunes:explicit", "itunes:episodeType"),
    }


def test_the_generator_has_no_version():
    assert read().channel.child_text("generator") == "podcast_kit"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["ann@pod.example (Ann Lee)"]),
        ({"owner_name": ""}, ["ann@pod.example (Ann Lee)"]),
        ({"owner_email": "not a mail"}, []),
        ({"owner_email": ""}, []),
    ],
)
def test_managing_editor_is_an_email_with_name_or_is_omitted(settings, expected):
    assert texts(read(make_show(**settings)).channel, "managingEditor") == expected


def test_season_number_type_and_duration_are_written():
    episode = make_episode(7, season=2, type=EpisodeType.BONUS)
    item = read(make_show(type=ShowType.SERIAL), [make_item(7, episode=episode)]).items[0]
    assert {child.key: child.text for child in item.children if child.key.startswith("itunes:")} == {
        "itunes:title": "Episode 7",
        "itunes:author": "Ann Lee",
        "itunes:duration": "62",
        "itunes:explicit": "false",
        "itunes:episodeType": "bonus",
        "itunes:season": "2",
        "itunes:episode": "7",
    }
    assert (item.child_text("podcast:season"), item.child_text("podcast:episode")) == ("2", "7")


def test_a_duration_below_half_a_second_is_written_as_one_second():
    item = make_item(enclosure=replace(make_item().enclosure, seconds=0.2))
    assert read(items=[item]).items[0].child_text("itunes:duration") == "1"


def test_people_transcripts_and_chapters_are_written():
    item = make_item(
        people=(
            Person(name="Bo", role="Guest", image=RemoteUrl("https://a.example/bo.jpg")),
            Person(name="Cy", image=LocalFile("cy.jpg")),
        ),
        transcripts=(Transcript(url=f"{SITE}t.vtt", mime="text/vtt", language="de"),),
        chapters_url=f"{SITE}c.json",
        chapters=(
            Chapter(start_ms=0, title="Hello", url="https://a.example/"),
            Chapter(start_ms=1_000, title="", image=RemoteUrl("https://a.example/p.jpg"), toc=False),
            Chapter(start_ms=3_723_004, title="Late", image=RemoteUrl("https://a.example/p.jpg")),
        ),
    )
    node = read(items=[item]).items[0]
    assert [(person.text, dict(person.attributes)) for person in node.children_named("podcast:person")] == [
        ("Bo", {"role": "guest", "group": "cast", "img": "https://a.example/bo.jpg"}),
        ("Cy", {"role": "host", "group": "cast"}),
    ]
    assert node.child("podcast:transcript").attributes == {
        "url": f"{SITE}t.vtt",
        "type": "text/vtt",
        "language": "de",
    }
    assert node.child("podcast:chapters").attributes == {
        "url": f"{SITE}c.json",
        "type": "application/json+chapters",
    }
    assert [chapter.attributes for chapter in node.child("psc:chapters").children] == [
        {"start": "00:00:00.000", "title": "Hello", "href": "https://a.example/"},
        {"start": "01:02:03.004", "title": "Late", "image": "https://a.example/p.jpg"},
    ]


def test_a_custom_element_replaces_the_derived_one():
    named = Element("podcast:season", "1", (("name", "Spring"),))
    item = read(items=[make_item(elements=(named,))]).items[0]
    assert [dict(season.attributes) for season in item.children_named("podcast:season")] == [{"name": "Spring"}]


def test_a_season_with_only_a_name_gets_the_episodes_number():
    named = Element("podcast:season", attributes=(("name", "Spring"),))
    shown = Element("podcast:episode", attributes=(("display", "Ch. 1"),))
    item = read(items=[make_item(elements=(named, shown))]).items[0]
    assert [(node.text, dict(node.attributes)) for node in item.children if node.key in {named.name, shown.name}] == [
        ("1", {"name": "Spring"}),
        ("1", {"display": "Ch. 1"}),
    ]


def test_elements_of_an_unknown_namespace_are_declared_with_their_uri():
    mine = Element("my:mood", "calm", (("xml:lang", "en"),), uri="https://my.example/ns")
    feed = read(make_show(elements=(mine,)))
    assert dict(feed.namespaces)["my"] == "https://my.example/ns"
    assert feed.channel.child("my:mood").attributes == {"xml:lang": "en"}


@pytest.mark.parametrize("name", ["my:mood", "itunes:a b", "itunes:", "podcast:<x>", "1st"])
def test_an_element_with_an_invalid_name_is_an_input_error(name):
    with pytest.raises(InvalidInput):
        render_rss(make_show(elements=(Element(name, "x"),)), [])


def test_characters_illegal_in_xml_are_removed():
    nasty = "a\x00\x08\x1b\ud800\ufffe\uffffb"
    item = make_item(description=nasty, content=nasty, episode=make_episode(1, title=nasty, tags=(nasty,)))
    feed = read(make_show(title=nasty, author=nasty, elements=(Element("podcast:txt", nasty),)), [item])
    assert (feed.channel.child_text("title"), feed.channel.child_text("podcast:txt")) == ("ab", "ab")
    assert {feed.items[0].child_text(key) for key in ("title", "description", "content:encoded", "category")} == {"ab"}


def test_empty_required_texts_are_reported_all_at_once():
    items = [make_item(1, episode=make_episode(1, title="\x07")), make_item(2, guid=" ")]
    with pytest.raises(InvalidInput) as caught:
        render_rss(make_show(title=" ", description=""), items)
    assert sorted(problem.code for problem in caught.value.problems) == [
        "ch.description",
        "ch.title",
        "it.guid",
        "it.title",
    ]


def test_the_feed_works_in_directories_that_only_know_itunes_tags():
    """RSS 2.0, iTunes tags, owner email, guid, date, MP3 with its length, artwork."""
    feed = read()
    assert (feed.root.key, feed.root.attributes) == ("rss", {"version": "2.0"})
    channel = {child.key for child in feed.channel.children}
    item = {child.key for child in feed.items[0].children}
    assert channel >= {"title", "link", "description", "language", "itunes:owner", "itunes:image", "itunes:category"}
    assert item >= {"title", "guid", "pubDate", "enclosure", "itunes:duration", "description"}


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 20])
def test_feed_written_in_parts_has_the_same_bytes(count, monkeypatch):
    items = [
        make_item(number, chapters=(Chapter(start_ms=0, title="Intro"),) if number % 2 else ())
        for number in range(1, count + 1)
    ]
    whole = render_rss(make_show(), items, artwork=ARTWORK)
    monkeypatch.setattr(rss, "ITEMS_PER_PART", 7)
    assert render_rss(make_show(), items, artwork=ARTWORK) == whole
    assert len(parse_feed(whole).items) == count


def test_elements_of_few_items_are_in_memory_at_the_same_time(monkeypatch):
    counts = []
    add_entry = rss._add_entry

    def count_entries(feed, *args):
        add_entry(feed, *args)
        counts.append(len(feed.entry()))

    monkeypatch.setattr(rss, "_add_entry", count_entries)
    render_rss(make_show(), [make_item(number) for number in range(1, 451)], artwork=ARTWORK)
    assert (len(counts), max(counts)) == (450, rss.ITEMS_PER_PART)


def test_characters_that_xml_cannot_hold_change_nothing_but_their_own_text():
    items = [make_item(number) for number in range(1, 2 * rss.ITEMS_PER_PART)]
    whole = render_rss(make_show(), items, artwork=ARTWORK)
    broken = [replace(items[0], content=items[0].content + "\x00"), *items[1:]]
    assert render_rss(make_show(), broken, artwork=ARTWORK) == whole
