"""cp.*: chapters, in the feed, in their file, and in the notes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from podcast_kit.check import html_scan
from podcast_kit.check.context import Entry, Tag, web
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Episode, Node
from podcast_kit.text.timecode import parse_duration

TYPE = "application/json+chapters"
FEWEST, SHORTEST, LONGEST_TITLE = 3, 30, 40
"""Apple's and Spotify's bounds: chapters in notes, seconds of one, characters of its title."""
STAMP = re.compile(
    r"^\s*(?:[-*•–]\s*)?[(\[]?((?:\d{1,2}:)?\d{1,3}:\d{2})(?:\.\d{1,3})?[)\]]?(?=[\s:–—-])(?!\s*[AaPp]\.?[Mm]\b)"
)
VERSIONS = {"1.2.0", "1.2", "1.1.0", "1.1", "1.0.0", "1.0"}
WARN, HINT = Severity.WARNING, Severity.HINT


@dataclass(frozen=True, slots=True)
class Marks:
    """A file of JSON chapters."""

    text: str
    place: SourceLocation
    seconds: float = 0.0
    """Of the episode; 0 where nobody knows."""
    episode: Episode | None = None


@rule(
    "cp.type",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps fetch what has this type, once, and over https.",
    mend='write type="application/json+chapters" and a whole https address, once in an item',
)
def types(tag: Tag) -> Iterator[Finding]:
    """podcast:chapters stands once, with an https address and the type application/json+chapters."""
    if tag.node.key != "podcast:chapters" or tag.parent.key == "podcast:liveItem":
        return
    url, said = (tag.node.attributes.get(name, "").strip() for name in ("url", "type"))
    if url and not web(url):
        yield Finding(f"the chapters' address is {url[:80]!r}", tag.node, "chapters")
    elif said and said.partition(";")[0].strip().lower() != TYPE:
        yield Finding(f"the chapters have the type {said[:60]!r}", tag.node, "chapters")
    if (twins := tag.around.all(tag.node.key)) and len(twins) > 1 and twins[1] is tag.node:
        yield Finding("two podcast:chapters stand in one item", tag.node, "chapters")


@rule(
    "cp.json",
    Severity.ERROR,
    of=Marks,
    platforms="podcastindex apple",
    sources="PN AP5482",
    why="Apps drop the whole list over one entry that they cannot read.",
    mend='as {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Welcome"}, ...]}, in order',
)
def json_file(marks: Marks) -> Iterator[Finding]:
    """A chapters file is JSON with a version and a list of chapters, whose startTimes ascend from 0 or more."""
    read, wrong = loaded(marks.text)
    if wrong:
        yield Finding(wrong, marks.place)
        return
    if str(read.get("version", "")) not in VERSIONS:
        yield Finding(f"the chapters file has version {str(read.get('version'))[:20]!r}, not '1.2.0'", marks.place)
    before = -1.0
    for number, chapter in enumerate(read["chapters"], 1):
        fault = _fault(chapter, before)
        if fault:
            yield Finding(f"chapter {number} {fault}", marks.place)
            return
        before = float(chapter["startTime"])


def loaded(text: str) -> tuple[dict[str, Any], str]:
    """The file's object, or what is wrong with it in words."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, f"the chapters file is not JSON: {str(error)[:100]}"
    if not isinstance(read, dict) or not isinstance(read.get("chapters"), list):
        return {}, "the chapters file has no list of chapters"
    return read, ""


def _fault(chapter: object, before: float) -> str:
    """What is wrong with an entry of the list; empty when nothing is."""
    if not isinstance(chapter, dict):
        return "is no object"
    start = chapter.get("startTime")
    if not isinstance(start, int | float) or isinstance(start, bool) or not 0 <= start < float("inf"):
        return f"has the startTime {str(start)[:30]!r}"
    if start < before:
        return f"starts at {start:g} s, before the one above it"
    end = chapter.get("endTime")
    if isinstance(end, int | float) and end < start:
        return f"ends at {end:g} s, before it starts"
    return _misspoken(chapter)


def _misspoken(chapter: dict[str, Any]) -> str:
    strange = [name for name in ("title", "img", "url") if not isinstance(chapter.get(name, ""), str)]
    if strange:
        return f"has a {strange[0]} that is no text"
    if not isinstance(chapter.get("toc", True), bool):
        return "has a toc that is neither true nor false"
    return _nowhere(chapter.get("location"))


def _nowhere(location: object) -> str:
    if location is None:
        return ""
    if not isinstance(location, dict) or not all(isinstance(location.get(name), str) for name in ("name", "geo")):
        return "has a location without name and geo"
    return ""


def shown(text: str) -> list[tuple[float, str]]:
    """Start and title of each chapter of a file that is listed; none where the file cannot be read."""
    read, wrong = loaded(text)
    found = [] if wrong else read["chapters"]
    if any(_fault(chapter, -1) for chapter in found):
        return []
    return [(float(one["startTime"]), one.get("title", "")) for one in found if one.get("toc", True)]


@rule(
    "cp.start",
    Severity.WARNING,
    of=Marks,
    platforms="spotify apple",
    sources="SPC",
    why="Spotify takes no list that begins later; a chapter behind the end cannot be reached.",
    mend="begin with a chapter at 0, and end before the episode does",
)
def starts(marks: Marks) -> Iterator[Finding]:
    """The first chapter begins at 0, and the last before the end."""
    found = shown(marks.text)
    if found:
        yield from (Finding(text, marks.place) for text in misplaced(found, marks.seconds))


def misplaced(found: list[tuple[float, str]], seconds: float) -> Iterator[str]:
    """What is wrong with where a list begins and ends."""
    if found[0][0] > 0:
        yield f"the first chapter begins at {found[0][0]:g} s, not at 0"
    if seconds and found[-1][0] >= seconds:
        yield f"the last chapter begins at {found[-1][0]:g} s, the episode ends at {seconds:g} s"


@also("cp.start", of=Entry)
def psc_starts(entry: Entry) -> Iterator[Finding]:
    """The same holds for chapters in the feed itself."""
    if entry.channel.facts.ours:
        return  # made of the same list as the file
    found = [(start, title) for start, title, _ in simple(entry) if start is not None]
    if found:
        yield from (
            Finding(f"{entry.name}: {text}", entry.first("psc:chapters")) for text in misplaced(found, entry.seconds)
        )


def simple(entry: Entry) -> list[tuple[float | None, str, Node]]:
    """The Podlove Simple Chapters of an item; the start is None where it is no time."""
    node = entry.first("psc:chapters")
    marks = node.children_named("psc:chapter") if node else ()
    return [(parse_duration(one.attributes.get("start", "").strip()), one.attributes.get("title", ""), one) for one in marks]


@rule(
    "cp.spotify",
    Severity.HINT,
    of=Entry,
    platforms="spotify",
    sources="SPC",
    why="Spotify asks for titles of at most 40 characters and chapters of at least 30 seconds.",
    mend="shorten the titles and join what is very short",
    asked=True,
)
def spotify(entry: Entry) -> Iterator[Finding]:
    """For Spotify, chapters have titles of at most 40 characters and last 30 seconds or more."""
    found = simple(entry)
    key = "chapters"
    for _, title, node in found:
        if len(title) > LONGEST_TITLE:
            yield Finding(f"the chapter {title[:60]!r} has {len(title)} characters", node, key)
            return
    for (start, title, node), (following, _, _) in pairwise(found):
        if start is not None and following is not None and following - start < SHORTEST:
            yield Finding(f"the chapter {title[:60]!r} lasts {following - start:g} s", node, key)
            return


@rule(
    "cp.notes",
    Severity.WARNING,
    of=Entry,
    platforms="apple spotify",
    sources="AP5482 SPC",
    why="Apps make chapters of such lines, but only of lists that look like one.",
    mend="give three lines or more, the first at 00:00:00, in order, each time at the start of its own line",
)
def notes(entry: Entry) -> Iterator[Finding]:
    """Times at the start of lines in the notes begin at 00:00, ascend, and are three or more."""
    html = entry.text("description")
    if ":" not in html or entry.first("podcast:chapters") or entry.first("psc:chapters"):
        return
    found = [stamp[1] for line in html_scan.lines(html) if (stamp := STAMP.match(line))]
    times = [parse_duration(stamp) or 0.0 for stamp in found]
    if len(times) < FEWEST - 1:
        return
    node = entry.first("description")
    if times[0] > 0:
        yield Finding(f"the times in the notes of {entry.name} begin at {found[0]}, not at 00:00", node, "notes")
    elif any(after <= before for before, after in pairwise(times)):
        yield Finding(f"the times in the notes of {entry.name} do not ascend", node, "notes")
    elif len(times) < FEWEST:
        yield Finding(f"the notes of {entry.name} have {len(times)} times, too few for chapters", node, "notes")


@rule(
    "cp.psc",
    Severity.HINT,
    of=Entry,
    platforms="spotify",
    sources="SPC",
    why="Spotify and several German apps read chapters from the feed itself, without another fetch.",
    mend='write <psc:chapters version="1.2"> with start as HH:MM:SS.mmm and title',
)
def psc(entry: Entry) -> Iterator[Finding]:
    """An item with chapters has them as psc:chapters too, of version 1.2, each with start and title."""
    node = entry.first("psc:chapters")
    if node is None:
        if entry.first("podcast:chapters") is not None:
            text = f"{entry.name} has its chapters in a file only"
            yield Finding(text, entry.first("podcast:chapters"), "chapters")
        return
    found = simple(entry)
    wrong = [one for start, title, one in found if start is None or not title.strip()]
    times = [start for start, _, _ in found if start is not None]
    if node.attributes.get("version") not in {"1.0", "1.1", "1.2"}:
        text = f"psc:chapters of {entry.name} has version {node.attributes.get('version', 'none')[:20]!r}"
        yield Finding(text, node, "chapters", severity=WARN)
    elif not found or wrong:
        text = f"psc:chapters of {entry.name} has {'a chapter without start or title' if found else 'no chapter'}"
        yield Finding(text, wrong[0] if wrong else node, "chapters", severity=WARN)
    elif any(after < before for before, after in pairwise(times)):
        yield Finding(f"psc:chapters of {entry.name} are not in order", node, "chapters", severity=WARN)
