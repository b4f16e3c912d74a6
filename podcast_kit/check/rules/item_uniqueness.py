"""it.*: what holds between the episodes of a feed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from podcast_kit.check.context import Channel, Entry
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import parse_count


def again(channel: Channel, of: str) -> Iterator[tuple[Entry, Entry]]:
    """Each entry whose attribute `of` an entry above it has as well, with that first entry."""
    first: dict[object, Entry] = {}
    for entry in channel.entries:
        value = getattr(entry, of)
        if value and value in first:
            yield entry, first[value]
        elif value:
            first[value] = entry


@rule(
    "it.guid.unique",
    Severity.ERROR,
    of=Channel,
    platforms="apple spotify",
    sources="APRSS SPM",
    why="Apple leaves the second one out; apps overwrite the first with it.",
    mend="give the newer episode a guid of its own: the older one is on phones already",
)
def guid_unique(channel: Channel) -> Iterator[Finding]:
    """No two items have the same guid."""
    for entry, first in again(channel, "guid"):
        yield Finding(f"{entry.name} has the guid of {first.name}", entry.first("guid"), "guid")


@rule(
    "it.enclosure.unique",
    Severity.ERROR,
    of=Channel,
    platforms="apple",
    sources="APRSS",
    why="Apple ignores the second item.",
    mend="check which of the two has the wrong file",
)
def enclosure_unique(channel: Channel) -> Iterator[Finding]:
    """No two items have the same enclosure."""
    for entry, first in again(channel, "url"):
        yield Finding(f"{entry.name} has the audio of {first.name}", entry.first("enclosure"), "audio")


@rule(
    "it.pubdate.unique",
    Severity.WARNING,
    of=Channel,
    sources="HOUSE AN",
    why="Apps put the two in either order, each in its own way.",
    mend="let them differ by a minute",
)
def pubdate_unique(channel: Channel) -> Iterator[Finding]:
    """No two items have the same pubDate."""
    for entry, first in again(channel, "date"):
        yield Finding(f"{entry.name} is dated like {first.name}", entry.first("pubDate"), "date")


@rule(
    "it.order",
    Severity.HINT,
    of=Channel,
    sources="HOUSE RSSP",
    why="Apps sort for themselves; aggregators read from the top, and some stop there.",
    mend="write the newest item first",
)
def order(channel: Channel) -> Iterator[Finding]:
    """The newest item comes first."""
    dated = [entry for entry in channel.entries if entry.date]
    for above, below in itertools.pairwise(dated):
        if above.date and below.date and above.date < below.date:
            yield Finding(f"{below.name} is newer than {above.name} above it", below.node)
            return


@also("it.episode", of=Channel)
def numbers(channel: Channel) -> Iterator[Finding]:
    """Each number stands once in its season."""
    first: dict[tuple[str, int], Entry] = {}
    for entry in channel.entries:
        number = parse_count(entry.text("itunes:episode"))
        if not number or not entry.full:
            continue
        key = (entry.text("itunes:season"), number)
        if key in first:
            text = f"{entry.name} has number {number}, as {first[key].name} has"
            yield Finding(text, entry.first("itunes:episode"), "number")
        else:
            first[key] = entry
    for name in sorted({season for season, _ in first}):
        have = sorted(number for season, number in first if season == name)
        missing = [number for number in range(have[0], have[0] + len(have)) if number not in have]
        if missing and len(have) > 1:
            entry = first[name, next(number for number in have if number > missing[0])]
            text = f"there is no episode {missing[0]} before {entry.name}"
            yield Finding(text, entry.first("itunes:episode"), "number", severity=Severity.HINT)


@also("it.season", of=Channel)
def seasons(channel: Channel) -> Iterator[Finding]:
    """Every full episode has a season, or none has."""
    full = [entry for entry in channel.entries if entry.full]
    without = [entry for entry in full if entry.first("itunes:season") is None]
    if without and len(without) < len(full):
        text = f"{without[0].name} has no season, {len(full) - len(without)} others have"
        yield Finding(text, without[0].node, "season")


@also("it.image", of=Channel)
def images(channel: Channel) -> Iterator[Finding]:
    """An episode whose artwork is its own has it under an address of its own."""
    pictures: dict[str, str] = {}
    for entry in channel.entries:
        artwork = entry.item.artwork if entry.item else None
        if artwork and artwork.key and pictures.setdefault(artwork.url, artwork.key) != artwork.key:
            text = f"the artwork of {entry.name} has the address of another picture"
            yield Finding(text, entry.first("itunes:image"), "image")


@rule(
    "it.dropped",
    Severity.ERROR,
    of=Channel,
    platforms="podcastindex",
    sources="PT",
    why="The Podcast Index takes no item without these, and the apps that read it never see the episode.",
    mend="give it a guid, an enclosure, and a title or a description",
    asked=True,
)
def dropped(channel: Channel) -> Iterator[Finding]:
    """Every item has a guid, an enclosure, and a title or a description."""
    for entry in channel.entries:
        has = {
            "guid": bool(entry.guid),
            "enclosure": bool(entry.all("enclosure")),
            "title or description": bool(entry.title or entry.text("description")),
        }
        if missing := [name for name, there in has.items() if not there]:
            yield Finding(f"{entry.name} is dropped: it has no {missing[0]}", entry.node)


@also("ch.items", of=Channel)
def something_to_hear(channel: Channel) -> Iterator[Finding]:
    """Some item has an enclosure."""
    counted = Counter(bool(entry.all("enclosure")) for entry in channel.entries)
    if counted[False] > 1 and not counted[True]:
        yield Finding("no item of the feed has anything to hear")
