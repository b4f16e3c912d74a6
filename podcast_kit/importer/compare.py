"""Compare the old feed with that of the imported show: would subscribers notice the import?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.elements import parse_flag, title_text
from podcast_kit.importer.item_reader import item_recording_url
from podcast_kit.importer.show_reader import item_date, site_url
from podcast_kit.model import FeedDocument, Node
from podcast_kit.text.feed_dates import parse_feed_date
from podcast_kit.text.numbers import format_count, parse_count
from podcast_kit.text.timecode import parse_duration

_COMPARED_VALUES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "title": ("title", title_text),
    "date": ("pubDate", lambda text: parse_feed_date(text)[0]),
    "number": ("itunes:episode", parse_count),
    "season": ("itunes:season", parse_count),
    "hidden": ("itunes:block", lambda text: parse_flag(text) or None),
    "duration": ("itunes:duration", lambda text: round(parse_duration(text) or 0)),
}
"""What is compared: the element of an item, and how its text is read."""
_COMPARED_KEYS = frozenset({"guid", "link", "enclosure", *(key for key, _ in _COMPARED_VALUES.values())})
_HTTPS_FIX = "no change is needed: apps compare the guid, not the URL"


def keep_compared_elements(feed: FeedDocument) -> FeedDocument:
    """The feed without what `compare_feeds` does not look at in its items, above all the notes: most of a feed."""
    channel = feed.channel
    if channel is None:
        return feed
    children = tuple(_without_other_elements(child) if child.key == "item" else child for child in channel.children)
    return replace(feed, root=replace(feed.root, children=(replace(channel, children=children),)))


def _without_other_elements(item: Node) -> Node:
    return replace(item, children=tuple(child for child in item.children if child.key in _COMPARED_KEYS))


def compare_feeds(old: FeedDocument, new: FeedDocument, *, moved: bool = False) -> Iterator[Problem]:
    """Every difference that subscribers would notice, located in the old feed.

    With `moved`, audio files may have new URLs and durations. Notes and images are not compared,
    because they are rendered again.
    """
    home = site_url(old.channel, old.path if "://" in old.path else "") if old.channel else ""
    new_items = _items_by_guid(new, home)
    upgraded_to_https = []
    for guid, old_item in _items_by_guid(old, home).items():
        new_item = new_items.get(guid)
        if new_item is None:
            text = f"guid {guid!r} is not in the new feed: subscribers would lose the episode"
            fix = "fix the problems of this episode above, then import again"
            yield Problem(old.location_of(old_item), text, fix, "import.guid")
            continue
        before_url, after_url = item_recording_url(old_item, home)[0], item_recording_url(new_item, home)[0]
        changes = list(_changed_values(old_item, new_item, moved=moved))
        if before_url != after_url and after_url == re.sub("^http:", "https:", before_url):
            upgraded_to_https.append(old_item)
        elif before_url != after_url and not moved:
            changes.append(("recording", before_url, after_url))
        for name, before, after in changes:
            text = f"{name} of {guid!r} was {before!r} and is now {after!r}"
            fix = "fix it in the episode's notes"
            yield Problem(old.location_of(old_item), text, fix, "import.differs", Severity.WARNING)
    if upgraded_to_https:
        count = len(upgraded_to_https)
        verb = "has" if count == 1 else "have"
        text = (
            f"{format_count(count, 'recording')} {verb} an http URL in the old feed and the same with https here, "
            "where the host answers, too"
        )
        yield Problem(old.location_of(upgraded_to_https[0]), text, _HTTPS_FIX, "import.https", Severity.WARNING)


def _items_by_guid(feed: FeedDocument, home: str) -> Mapping[str, Node]:
    """The items that have an enclosure, by guid or else by the enclosure's URL, as apps do; the oldest of a guid."""
    items: dict[str, Node] = {}
    for item in sorted(feed.items, key=item_date):
        if enclosure_url := item_recording_url(item, home)[0]:
            items.setdefault(item.child_text("guid").strip() or enclosure_url, item)
    return items


def _changed_values(old_item: Node, new_item: Node, *, moved: bool) -> Iterator[tuple[str, object, object]]:
    """Name, old and new value of each difference; values that the old feed did not have are ignored."""
    for name, (key, read_value) in _COMPARED_VALUES.items():
        before, after = read_value(old_item.child_text(key)), read_value(new_item.child_text(key))
        if before != after and not (moved and name == "duration") and before not in {None, "", 0}:
            yield name, before, after
