"""The rules, run: a feed and what is known beside it in, problems with places out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from podcast_kit.check.context import Channel, Document, Entry, Facts, Tag, tags
from podcast_kit.check.registry import BOOK, LOOKS, Finding, Look, Rule
from podcast_kit.errors import SourceLocation, Problem
from podcast_kit.model import Element, Episode, FeedDocument, Node, Project

SHOW_FILE = "podcast.yaml"
ROOMS = (
    "xml",
    "channel",
    "feed_identity",
    "item",
    "enclosure",
    "item_uniqueness",
    "guid_stability",
    "artwork",
    "audio",
    "transcripts",
    "chapters",
    "podcast_namespace",
    "podcast_tags",
    "links",
    "platforms",
    "http",
)
"""The rooms of the book, in its order; importing one enters its rules."""
for _room in ROOMS:
    import_module(f"podcast_kit.check.rules.{_room}")

MOST = 100
"""Findings of one rule that are listed; a hostile feed has millions."""
Looks = Mapping[type, list[tuple[Rule, Look]]]


def run(
    feed: FeedDocument, facts: Facts | None = None, *, beside: Iterable[object] = (), platform: str = ""
) -> tuple[Problem, ...]:
    """Every fault of a feed, and of the things `beside` it (artwork, audio, transcripts, answers), in file order.

    A fault that stems from a file of the project is placed there. `platform` narrows to the rules of one.
    """
    view = Document(feed, facts or Facts())
    return _found(_Places(view.facts.project, view), (*subjects(view), *beside), platform)


def look_at(things: Iterable[object], *, project: Project | None = None, platform: str = "") -> tuple[Problem, ...]:
    """Every fault of things that have a place of their own: artwork, audio, files, answers of a server."""
    return _found(_Places(project), things, platform)


def _found(places: _Places, things: Iterable[Any], platform: str) -> tuple[Problem, ...]:
    looks = chosen(platform)
    found: dict[Problem, None] = {}
    counted: Counter[str] = Counter()
    for thing in things:
        for rule, look in looks.get(type(thing), ()):
            for finding in look(thing):
                if places.silenced(rule.code, thing, finding):
                    continue
                counted[rule.code] += 1
                if counted[rule.code] <= MOST:
                    found[_problem(rule, finding, places.of(thing, finding))] = None
    for code, count in counted.items():
        if count > MOST:
            text = f"{count - MOST:,} more of the same are not listed"
            found[Problem(places.whole, text, BOOK[code].mend, code, BOOK[code].severity)] = None
    return tuple(sorted(found, key=lambda problem: (problem.location, problem.severity.rank)))


def chosen(platform: str = "") -> Looks:
    """The functions of all rules that are wanted, by what they look at."""
    found: dict[type, list[tuple[Rule, Look]]] = {}
    for rule in BOOK.values():
        if rule.concerns(platform):
            for of, look in LOOKS[rule.code]:
                found.setdefault(of, []).append((rule, look))
    return found


def subjects(view: Document) -> Iterator[Any]:
    """All of a feed that rules can look at: the whole before its parts."""
    yield view
    if view.channel is not None:
        yield view.channel
        yield from view.channel.entries
        yield from tags(view.channel)


def _problem(rule: Rule, finding: Finding, place: SourceLocation) -> Problem:
    return Problem(place, finding.text, finding.mend or rule.mend, rule.code, finding.severity or rule.severity)


class _Places:
    """From an element of the feed back to the file that it stems from."""

    def __init__(self, project: Project | None, view: Document | None = None) -> None:
        self.view = view
        self.whole = SourceLocation(view.feed.path if view else "")
        self.project = project
        self.owners: dict[int, Entry] = {}
        if project is not None and view is not None and view.channel is not None:
            for entry in view.channel.entries:
                self.owners[id(entry.node)] = entry
                self.owners |= {id(child): entry for child in entry.node.children}

    def episode(self, thing: object, finding: Finding) -> Episode | None:
        """The episode that a finding is about, where the project has it."""
        if isinstance(thing, Entry):
            return thing.episode
        if isinstance(thing, Tag):
            return thing.entry.episode if thing.entry else None
        if isinstance(finding.at, Node) and id(finding.at) in self.owners:
            return self.owners[id(finding.at)].episode
        found: Episode | None = getattr(thing, "episode", None)
        return found

    def silenced(self, code: str, thing: object, finding: Finding) -> bool:
        """Whether the podcaster has set this rule aside, with a reason, for the show or for this episode."""
        if self.project is None:
            return False
        episode = self.episode(thing, finding)
        return code in self.project.show.ignore or (episode is not None and code in episode.ignore)

    def of(self, thing: object, finding: Finding) -> SourceLocation:
        """The place that a person can go to and mend it."""
        if isinstance(finding.at, SourceLocation):
            return finding.at
        written = self.written(thing, finding) if finding.key and self.project is not None else None
        if written is not None:
            return written
        node = finding.at or (thing.node if isinstance(thing, Channel | Entry | Tag) else None)
        if self.view is not None and (node is not None or isinstance(thing, Document)):
            return self.view.feed.location_of(node)
        place: SourceLocation = getattr(thing, "place", SourceLocation(""))
        return place

    def written(self, thing: object, finding: Finding) -> SourceLocation | None:
        """Where the podcaster wrote the key, or would have to."""
        episode = self.episode(thing, finding)
        if episode is not None:
            if finding.key == "notes":
                return SourceLocation(episode.path, episode.notes_line)
            return _stated(thing, episode.elements) or episode.location_of(finding.key)
        if self.project is None or isinstance(thing, Entry) or finding.key == "notes":
            return None
        if stated := _stated(thing, self.project.show.elements):
            return stated
        written = self.project.show.locations
        return written.get(finding.key) or written.get(finding.key.partition(".")[0]) or SourceLocation(SHOW_FILE)


def _stated(thing: object, elements: Iterable[Element]) -> SourceLocation | None:
    """Where the podcaster wrote the very element that a tag was made of, among several of a name."""
    if not isinstance(thing, Tag):
        return None
    for element in elements:
        if element.name == thing.node.key and element.text.strip() == thing.node.text.strip() and element.location.path:
            given = thing.node.attributes
            if all(given.get(name) == value for name, value in element.attributes):
                return element.location
        if found := _stated(thing, element.children):
            return found
    return None
