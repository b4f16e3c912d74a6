"""Whether subscribers would notice that a show was imported: the old feed beside the one that the folder gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from podcast_kit.errors import Problem, Severity
from podcast_kit.importer.elements import line
from podcast_kit.model import FeedDocument, Node
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

TOLD: Mapping[str, Callable[[Node], object]] = {
    "title": lambda item: line(item.child_text("title")),
    "date": lambda item: parse_rfc2822(item.child_text("pubDate")),
    "number": lambda item: parse_count(item.child_text("itunes:episode")),
    "season": lambda item: parse_count(item.child_text("itunes:season")),
    "recording": lambda item: _enclosure(item, "url"),
    "duration": lambda item: round(parse_duration(item.child_text("itunes:duration")) or 0),
}
"""What is compared, and how the feed tells it."""
SAFER = "open one of them in a browser; where https does not answer, fetch them with --audio"


def differences(old: FeedDocument, new: FeedDocument, *, moved: bool = False) -> Iterator[Problem]:
    """What an app would take for another episode, or tell otherwise, at its line of the old feed.

    `moved` says that recordings are meant to lie elsewhere than they did. Notes and pictures are not compared: they are
    written anew.
    """
    there = _by_guid(new)
    safer = []
    for guid, was in _by_guid(old).items():
        item = there.get(guid)
        if item is None:
            text = f"guid {guid!r} is not in the new feed: subscribers would lose the episode"
            yield Problem(old.location_of(was), text, "see what was said of it above", "import.guid")
            continue
        for what, before, after in _compared(was, item, moved=moved):
            if what == "recording" and after == re.sub("^http:", "https:", str(before)):
                safer.append(was)
                continue
            text = f"{what} of {guid!r} was {before!r} and is {after!r}"
            yield Problem(old.location_of(was), text, "mend it in the episode's notes", "import.differs", Severity.WARNING)
    if safer:
        several = f"{len(safer)} recordings lie" if len(safer) > 1 else "a recording lies"
        text = f"{several} at an http address in the old feed, and at the same with https here: directories ask for it"
        yield Problem(old.location_of(safer[0]), text, SAFER, "import.https", Severity.WARNING)


def _by_guid(feed: FeedDocument) -> Mapping[str, Node]:
    found: dict[str, Node] = {}
    for item in feed.items:
        if (guid := line(item.child_text("guid")) or _enclosure(item, "url")) and _enclosure(item, "url"):
            found.setdefault(guid, item)
    return found


def _enclosure(item: Node, name: str) -> str:
    enclosure = item.child("enclosure")
    return enclosure.attributes.get(name, "").strip() if enclosure else ""


def _compared(was: Node, item: Node, *, moved: bool) -> Iterator[tuple[str, object, object]]:
    for what, told in TOLD.items():
        before, after = told(was), told(item)
        if before != after and not (moved and what in {"recording", "duration"}) and before not in {None, "", 0}:
            yield what, before, after
