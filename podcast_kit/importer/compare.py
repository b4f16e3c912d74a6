"""Compare the old feed with that of the imported show: would subscribers notice the import?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.importer.elements import parse_flag, title_text
from podcast_kit.importer.item_reader import item_recording_url
from podcast_kit.importer.show_reader import item_date, site_url
from podcast_kit.model import FeedDocument
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
_HTTPS_FIX = "no change is needed: apps compare the guid, not the URL"


@dataclass(frozen=True, slots=True)
class _ComparedItem:
    """What is compared of an item, and where it is; nothing of its notes, which are most of a feed."""

    recording_url: str
    values: tuple[object, ...]
    """In the order of _COMPARED_VALUES."""
    line: int
    column: int
    path: str

    def location_in(self, feed: FeedDocument) -> SourceLocation:
        """Where the item begins."""
        return SourceLocation(self.path or feed.path, self.line, self.column)


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
            yield Problem(old_item.location_in(old), text, fix, "import.guid")
            continue
        before_url, after_url = old_item.recording_url, new_item.recording_url
        changes = list(_changed_values(old_item, new_item, moved=moved))
        if before_url != after_url and after_url == re.sub("^http:", "https:", before_url):
            upgraded_to_https.append(old_item)
        elif before_url != after_url and not moved:
            changes.append(("recording", before_url, after_url))
        for name, before, after in changes:
            text = f"{name} of {guid!r} was {before!r} and is now {after!r}"
            fix = "fix it in the episode's notes"
            yield Problem(old_item.location_in(old), text, fix, "import.differs", Severity.WARNING)
    if upgraded_to_https:
        count = len(upgraded_to_https)
        verb = "has" if count == 1 else "have"
        text = (
            f"{format_count(count, 'recording')} {verb} an http URL in the old feed and the same with https here, "
            "where the host answers, too"
        )
        yield Problem(upgraded_to_https[0].location_in(old), text, _HTTPS_FIX, "import.https", Severity.WARNING)


def _items_by_guid(feed: FeedDocument, home: str) -> Mapping[str, _ComparedItem]:
    """The items that have an enclosure, by guid or else by the enclosure's URL, as apps do; the oldest of a guid."""
    dated: list[tuple[datetime, str, _ComparedItem]] = []
    for item in feed.items:
        if enclosure_url := item_recording_url(item, home)[0]:
            guid = item.child_text("guid").strip() or enclosure_url
            values = tuple(read_value(item.child_text(key)) for key, read_value in _COMPARED_VALUES.values())
            compared = _ComparedItem(enclosure_url, values, item.line, item.column, item.path)
            dated.append((item_date(item), guid, compared))
    dated.sort(key=itemgetter(0))
    items: dict[str, _ComparedItem] = {}
    for _, guid, compared in dated:
        items.setdefault(guid, compared)
    return items


def _changed_values(
    old_item: _ComparedItem, new_item: _ComparedItem, *, moved: bool
) -> Iterator[tuple[str, object, object]]:
    """Name, old and new value of each difference; values that the old feed did not have are ignored."""
    for name, before, after in zip(_COMPARED_VALUES, old_item.values, new_item.values, strict=True):
        if before != after and not (moved and name == "duration") and before not in {None, "", 0}:
            yield name, before, after
