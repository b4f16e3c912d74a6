"""Rules cp.*: chapters in the feed, in their file, and in the notes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from podcast_kit.check import html_scan
from podcast_kit.check.context import ItemView, TagView, is_complete_url
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Episode, Node
from podcast_kit.text.numbers import format_count
from podcast_kit.text.timecode import parse_duration

CHAPTERS_TYPE = "application/json+chapters"
MIN_NOTE_CHAPTERS = 3
"""Timestamps in the notes from which Apple and Spotify make chapters."""
MIN_SPOTIFY_CHAPTER_S, MAX_SPOTIFY_TITLE_LEN = 30, 40
_TIMESTAMP = re.compile(
    r"^\s*(?:[-*•–]\s*)?[(\[]?((?:\d{1,2}:)?\d{1,3}:\d{2})(?:\.\d{1,3})?[)\]]?(?=[\s:–—-])(?!\s*[AaPp]\.?[Mm]\b)"
)
JSON_VERSIONS = frozenset({"1.2.0", "1.2", "1.1.0", "1.1", "1.0.0", "1.0"})
PSC_VERSIONS = frozenset({"1.0", "1.1", "1.2"})


@dataclass(frozen=True, slots=True)
class ChaptersFile:
    """A JSON chapters file."""

    text: str
    location: SourceLocation
    seconds: float = 0.0
    """Duration of the episode; 0 if unknown."""
    episode: Episode | None = None


@rule(
    "cp.type",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps load a file of this type, once per item, over https.",
    fix='write type="application/json+chapters" and a complete https URL, once per item',
)
def check_chapters_tag(tag: TagView) -> Iterator[Finding]:
    """podcast:chapters occurs once, with an https URL and the type application/json+chapters."""
    if tag.node.key != "podcast:chapters" or tag.parent.key == "podcast:liveItem":
        return
    url, mime = (tag.node.attributes.get(name, "").strip() for name in ("url", "type"))
    if url and not is_complete_url(url):
        yield Finding(f"the URL of the chapters is {url[:80]!r}", tag.node, "chapters")
    elif mime and mime.partition(";")[0].strip().lower() != CHAPTERS_TYPE:
        yield Finding(f"the chapters have the type {mime[:60]!r}", tag.node, "chapters")
    nodes = tag.siblings.children_named(tag.node.key)
    if len(nodes) > 1 and nodes[1] is tag.node:
        yield Finding(f"an item has {len(nodes)} podcast:chapters elements", tag.node, "chapters")


@rule(
    "cp.json",
    Severity.ERROR,
    subject=ChaptersFile,
    platforms="podcastindex apple",
    sources="PN AP5482",
    why="Apps drop the whole list if they cannot read one entry.",
    fix='write {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Welcome"}, ...]}, in order',
)
def check_chapters_json(file: ChaptersFile) -> Iterator[Finding]:
    """A chapters file is JSON with a version and a list of chapters, whose startTimes ascend from 0 or more."""
    content, problem = _load_chapters_json(file.text)
    if problem:
        yield Finding(problem, file.location)
        return
    if str(content.get("version", "")) not in JSON_VERSIONS:
        yield Finding(f"the chapters file has version {str(content.get('version'))[:20]!r}, not '1.2.0'", file.location)
    previous_start = -1.0
    for number, chapter in enumerate(content["chapters"], 1):
        if problem := _find_chapter_error(chapter, previous_start):
            yield Finding(f"chapter {number} {problem}", file.location)
            return
        previous_start = float(chapter["startTime"])


def _load_chapters_json(text: str) -> tuple[dict[str, Any], str]:
    """The file's object, and what is wrong with it in words; one of the two is empty."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, f"the chapters file is not valid JSON: {str(error)[:100]}"
    if not isinstance(content, dict) or not isinstance(content.get("chapters"), list):
        return {}, "the chapters file has no list of chapters"
    return content, ""


def _find_chapter_error(chapter: object, previous_start: float) -> str:
    """What is wrong with an entry of the list, in words; empty if nothing is."""
    if not isinstance(chapter, dict):
        return "is not an object"
    start = chapter.get("startTime")
    if not isinstance(start, int | float) or isinstance(start, bool) or not 0 <= start < float("inf"):
        return f"has the startTime {str(start)[:30]!r}"
    if start < previous_start:
        return f"starts at {start:g} s, before the previous one"
    end = chapter.get("endTime")
    if isinstance(end, int | float) and end < start:
        return f"ends at {end:g} s, before it starts"
    return _find_chapter_type_error(chapter)


def _find_chapter_type_error(chapter: dict[str, Any]) -> str:
    not_text = [name for name in ("title", "img", "url") if not isinstance(chapter.get(name, ""), str)]
    if not_text:
        return f"has a {not_text[0]} that is not text"
    if not isinstance(chapter.get("toc", True), bool):
        return "has a toc that is neither true nor false"
    location = chapter.get("location")
    has_location = isinstance(location, dict) and all(isinstance(location.get(name), str) for name in ("name", "geo"))
    return "" if location is None or has_location else "has a location without name and geo"


def _toc_chapters(text: str) -> list[tuple[float, str]]:
    """Start and title of each chapter in the table of contents; empty if the file cannot be read."""
    content, problem = _load_chapters_json(text)
    chapters = [] if problem else content["chapters"]
    if any(_find_chapter_error(chapter, -1) for chapter in chapters):
        return []
    return [(float(chapter["startTime"]), chapter.get("title", "")) for chapter in chapters if chapter.get("toc", True)]


@rule(
    "cp.start",
    Severity.WARNING,
    subject=ChaptersFile,
    platforms="spotify apple",
    sources="SPC",
    why="Spotify ignores chapters that do not start at 0; listeners cannot reach a chapter after the end.",
    fix="start the first chapter at 0, and the last before the episode ends",
)
def check_chapters_range(file: ChaptersFile) -> Iterator[Finding]:
    """The first chapter starts at 0, and the last before the end."""
    for problem in _find_range_errors([start for start, _ in _toc_chapters(file.text)], file.seconds):
        yield Finding(problem, file.location)


def _find_range_errors(starts: list[float], duration: float) -> Iterator[str]:
    """What is wrong with the first and the last start, in words."""
    if starts and starts[0] > 0:
        yield f"the first chapter starts at {starts[0]:g} s, not at 0"
    if starts and duration and starts[-1] >= duration:
        yield f"the last chapter starts at {starts[-1]:g} s, but the episode ends at {duration:g} s"


@also_checks("cp.start", subject=ItemView)
def check_psc_range(item: ItemView) -> Iterator[Finding]:
    """The same for chapters in the feed itself."""
    if item.channel.context.own_feed:
        return  # made from the same list as the file
    starts = [start for start, _, _ in _psc_chapters(item) if start is not None]
    for problem in _find_range_errors(starts, item.seconds):
        yield Finding(f"{item.name}: {problem}", item.child("psc:chapters"))


def _psc_chapters(item: ItemView) -> list[tuple[float | None, str, Node]]:
    """Start, title and element of an item's Podlove Simple Chapters; the start is None if it is not a timecode."""
    node = item.child("psc:chapters")
    chapters = node.children_named("psc:chapter") if node else ()
    return [
        (parse_duration(chapter.attributes.get("start", "").strip()), chapter.attributes.get("title", ""), chapter)
        for chapter in chapters
    ]


@rule(
    "cp.spotify",
    Severity.HINT,
    subject=ItemView,
    platforms="spotify",
    sources="SPC",
    why="Spotify asks for titles of at most 40 characters and chapters of at least 30 seconds.",
    fix="shorten the titles, and merge very short chapters",
    opt_in=True,
)
def check_spotify_chapters(item: ItemView) -> Iterator[Finding]:
    """Chapters have titles of at most 40 characters and last 30 seconds or more."""
    chapters = _psc_chapters(item)
    for _, title, node in chapters:
        if len(title) > MAX_SPOTIFY_TITLE_LEN:
            yield Finding(f"the title of chapter {title[:60]!r} has {len(title)} characters", node, "chapters")
            return
    for (start, title, node), (next_start, _, _) in pairwise(chapters):
        if start is not None and next_start is not None and next_start - start < MIN_SPOTIFY_CHAPTER_S:
            yield Finding(f"the chapter {title[:60]!r} lasts {next_start - start:g} s", node, "chapters")
            return


@rule(
    "cp.notes",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple spotify",
    sources="AP5482 SPC",
    why="Apps make chapters of timestamps in the notes, but only if they form a valid list.",
    fix="write at least three lines, the first at 00:00:00, in order, each starting with its timestamp",
)
def check_note_chapters(item: ItemView) -> Iterator[Finding]:
    """Timestamps at the start of lines in the notes begin at 00:00, ascend, and are three or more."""
    html = item.child_text("description")
    if item.channel.context.own_feed:
        return  # reading the notes finds more, and at which line
    if ":" not in html or item.child("podcast:chapters") or item.child("psc:chapters"):
        return
    timestamps = [match[1] for line in html_scan.html_lines(html) if (match := _TIMESTAMP.match(line))]
    starts = [parse_duration(timestamp) or 0.0 for timestamp in timestamps]
    if len(starts) < MIN_NOTE_CHAPTERS - 1:
        return
    node = item.child("description")
    if starts[0] > 0:
        text = f"the timestamps in the notes of {item.name} begin at {timestamps[0]}, not at 00:00"
        yield Finding(text, node, "notes")
    elif any(later <= earlier for earlier, later in pairwise(starts)):
        yield Finding(f"the timestamps in the notes of {item.name} are not in order", node, "notes")
    elif len(starts) < MIN_NOTE_CHAPTERS:
        text = f"the notes of {item.name} have {format_count(len(starts), 'timestamp')}, too few for chapters"
        yield Finding(text, node, "notes")


@rule(
    "cp.psc",
    Severity.HINT,
    subject=ItemView,
    platforms="spotify",
    sources="SPC",
    why="Spotify and several German apps read chapters from the feed itself, without another request.",
    fix='write <psc:chapters version="1.2"> with start as HH:MM:SS.mmm and title',
)
def check_psc_chapters(item: ItemView) -> Iterator[Finding]:
    """An item with chapters also has psc:chapters, version 1.2, each with start and title."""
    node = item.child("psc:chapters")
    if node is None:
        if item.child("podcast:chapters") is not None:
            text = f"the feed has no psc:chapters for {item.name}, only a chapters file"
            yield Finding(text, item.child("podcast:chapters"), "chapters")
        return
    chapters = _psc_chapters(item)
    incomplete = [chapter for start, title, chapter in chapters if start is None or not title.strip()]
    starts = [start for start, _, _ in chapters if start is not None]
    problem, problem_node = "", node
    if node.attributes.get("version") not in PSC_VERSIONS:
        problem = f"has version {node.attributes.get('version', 'none')[:20]!r}"
    elif not chapters:
        problem = "has no chapters"
    elif incomplete:
        problem, problem_node = "has a chapter without start or title", incomplete[0]
    elif any(later < earlier for earlier, later in pairwise(starts)):
        problem = "is not in order"
    if problem:
        yield Finding(f"psc:chapters of {item.name} {problem}", problem_node, "chapters", severity=Severity.WARNING)
