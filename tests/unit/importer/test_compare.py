"""An import says what subscribers would notice."""

from dataclasses import replace

import pytest

from podcast_kit.feed import parse_feed
from podcast_kit.importer import compare_feeds
from podcast_kit.importer.show_reader import convert_feed
from podcast_kit.io.stored_values import StoredValues

VALUES = {
    "<title>": ("One", "Two"),
    "<pubDate>": ("Mon, 05 Jan 2026 07:00:00 +0100", "Tue, 06 Jan 2026 07:00:00 +0100"),
    "<itunes:episode>": ("1", "2"),
    "<itunes:season>": ("1", "2"),
    "<itunes:block>": ("Yes", "No"),
    "<itunes:duration>": ("1:00", "2:00"),
    "<guid>": ("one", "two"),
    '<enclosure length="1" type="audio/mpeg" url="': ("https://old.example/1.mp3", "https://old.example/2.mp3"),
    '<enclosure length="1" type="audio/mpeg" url="/': ("a.mp3", "b.mp3"),
}


def make_feed(values, more=""):
    elements = "".join(
        f'{start}{value}"/>' if start.endswith(('"', "/")) else f"{start}{value}</{start[1:]}"
        for start, value in values.items()
    )
    text = (
        '<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Show</title>'
        f"<link>https://old.example/</link><item>{elements}{more}</item></channel></rss>"
    )
    return parse_feed(text.encode())


@pytest.mark.parametrize("changed", VALUES)
def test_every_difference_is_found_in_feeds_in_memory_and_on_disk(changed):
    starts = [start for start in VALUES if not start.startswith("<enclosure")]
    starts.append(
        changed if changed.startswith("<enclosure") else next(s for s in VALUES if s.startswith("<enclosure"))
    )
    old = make_feed({start: VALUES[start][0] for start in starts}, "<description>Notes.</description>")
    new = make_feed({start: VALUES[start][start == changed] for start in starts})
    stored = replace(old, stored_items=StoredValues(old.items))
    assert list(compare_feeds(stored, new)) == list(compare_feeds(old, new)) != []


def test_control_characters_are_removed_from_texts_and_attributes():
    text = "<guid>on\x7fe</guid><title>T\x80itle</title><enclosure url='https://a.example/\x7f1.mp3'/>"
    feed = parse_feed(f"<rss><channel><title>Show</title><item>{text}</item></channel></rss>".encode())
    [episode] = convert_feed(feed).episodes
    assert (episode.guid, episode.title) == ("one", "Title")
    assert episode.recording_url == "https://a.example/1.mp3"
    assert feed.items[0].child_text("guid") == "on\x7fe"
