"""Rules it.*: what must hold between the episodes of a feed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from podcast_kit.check.context import ChannelView, ItemView
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import format_count, parse_count


def _find_repeated_values(channel: ChannelView, attribute: str) -> Iterator[tuple[ItemView, ItemView]]:
    """Each item with the same value of an attribute as an earlier item, and that earlier item."""
    first_by_value: dict[object, ItemView] = {}
    for item in channel.items:
        value = getattr(item, attribute)
        if value and value in first_by_value:
            yield item, first_by_value[value]
        elif value:
            first_by_value[value] = item


@rule(
    "it.guid.unique",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple spotify",
    sources="APRSS SPM",
    why="Apple leaves out the second item; apps overwrite the first with it.",
    fix="give the newer episode its own guid, because subscribers already have the older one",
)
def check_guids_unique(channel: ChannelView) -> Iterator[Finding]:
    """No two items have the same guid."""
    for item, first in _find_repeated_values(channel, "guid"):
        yield Finding(f"{item.name} has the same guid as {first.name}", item.child("guid"), "guid")


@rule(
    "it.enclosure.unique",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple",
    sources="APRSS",
    why="Apple ignores the second item.",
    fix="check which of the two has the wrong file",
)
def check_enclosures_unique(channel: ChannelView) -> Iterator[Finding]:
    """No two items have the same enclosure."""
    for item, first in _find_repeated_values(channel, "url"):
        yield Finding(f"{item.name} has the same audio as {first.name}", item.child("enclosure"), "audio")


@rule(
    "it.pubdate.unique",
    Severity.WARNING,
    subject=ChannelView,
    sources="HOUSE AN",
    why="Apps show the two episodes in an arbitrary order.",
    fix="make the dates differ by a minute",
)
def check_pubdates_unique(channel: ChannelView) -> Iterator[Finding]:
    """No two items have the same pubDate."""
    for item, first in _find_repeated_values(channel, "date"):
        yield Finding(f"{item.name} has the same date as {first.name}", item.child("pubDate"), "date")


@rule(
    "it.order",
    Severity.HINT,
    subject=ChannelView,
    sources="HOUSE RSSP",
    why="Apps sort episodes themselves, but aggregators read from the top, and some stop there.",
    fix="write the newest item first",
)
def check_item_order(channel: ChannelView) -> Iterator[Finding]:
    """The newest item comes first."""
    dated = [item for item in channel.items if item.date]
    for above, below in itertools.pairwise(dated):
        if above.date and below.date and above.date < below.date:
            yield Finding(f"{below.name} is newer than {above.name} above it", below.node)
            return


@also_checks("it.episode", subject=ChannelView)
def check_numbers_unique(channel: ChannelView) -> Iterator[Finding]:
    """Each number occurs once per season, and none is skipped."""
    first_by_number: dict[tuple[str, int], ItemView] = {}
    for item in channel.items:
        number = parse_count(item.child_text("itunes:episode"))
        if not number or not item.is_full_episode:
            continue
        key = (item.child_text("itunes:season"), number)
        if key in first_by_number:
            if item.built_item:
                continue  # reported where the show is read
            text = f"{item.name} has number {number}, as has {first_by_number[key].name}"
            yield Finding(text, item.child("itunes:episode"), "number")
        else:
            first_by_number[key] = item
    for season in sorted({season for season, _ in first_by_number}):
        numbers = sorted(number for item_season, number in first_by_number if item_season == season)
        missing = [number for number in range(numbers[0], numbers[0] + len(numbers)) if number not in numbers]
        if missing and len(numbers) > 1:
            item = first_by_number[season, next(number for number in numbers if number > missing[0])]
            text = f"there is no episode {missing[0]} before {item.name}"
            yield Finding(text, item.child("itunes:episode"), "number", severity=Severity.HINT)


@also_checks("it.season", subject=ChannelView)
def check_seasons_complete(channel: ChannelView) -> Iterator[Finding]:
    """Every full episode has a season, or none has."""
    full = [item for item in channel.items if item.is_full_episode]
    without_season = [item for item in full if item.child("itunes:season") is None]
    count = len(full) - len(without_season)
    if without_season and count:
        verb = "has" if count == 1 else "have"
        text = f"{without_season[0].name} has no season, but {format_count(count, 'other episode')} {verb}"
        yield Finding(text, without_season[0].node, "season")


@also_checks("it.image", subject=ChannelView)
def check_image_urls_unique(channel: ChannelView) -> Iterator[Finding]:
    """Different artwork has different URLs."""
    key_by_url: dict[str, str] = {}
    for item in channel.items:
        artwork = item.built_item.artwork if item.built_item else None
        if artwork and artwork.key and key_by_url.setdefault(artwork.url, artwork.key) != artwork.key:
            text = f"the artwork of {item.name} has the URL of another image"
            yield Finding(text, item.child("itunes:image"), "image")


@rule(
    "it.dropped",
    Severity.ERROR,
    subject=ChannelView,
    platforms="podcastindex",
    sources="PT",
    why="The Podcast Index drops an item without these, so apps that use it never show the episode.",
    fix="add a guid, an enclosure, and a title or a description",
    opt_in=True,
)
def check_items_indexable(channel: ChannelView) -> Iterator[Finding]:
    """Every item has a guid, an enclosure, and a title or a description."""
    for item in channel.items:
        is_present = {
            "guid": bool(item.guid),
            "enclosure": bool(item.children_named("enclosure")),
            "title or description": bool(item.title or item.child_text("description")),
        }
        if missing := [name for name, present in is_present.items() if not present]:
            yield Finding(f"{item.name} is dropped because it has no {missing[0]}", item.node)


@also_checks("ch.items", subject=ChannelView)
def check_any_enclosure(channel: ChannelView) -> Iterator[Finding]:
    """Some item has an enclosure."""
    if len(channel.items) > 1 and not any(item.children_named("enclosure") for item in channel.items):
        yield Finding("no item of the feed has an enclosure")
