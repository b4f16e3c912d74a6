"""The rules, run: a feed and what is known beside it in, problems with places out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from podcast_kit.checks import across, artwork, channel, document, enclosure, identity, item, standing  # noqa: F401
from podcast_kit.checks.rules import BOOK, LOOKS, Finding, Look, Rule
from podcast_kit.checks.view import Channel, Document, Entry, Facts, Tag, tags
from podcast_kit.errors import Place, Problem
from podcast_kit.model import Episode, FeedDocument, Node

SHOW_FILE = "podcast.yaml"
Looks = Mapping[type, list[tuple[Rule, Look]]]


def run(
    feed: FeedDocument, facts: Facts | None = None, *, beside: Iterable[object] = (), platform: str = ""
) -> tuple[Problem, ...]:
    """Every fault of a feed, and of the things `beside` it (artwork, audio, transcripts, answers), in file order.

    A fault that stems from a file of the project is placed there. `platform` narrows to the rules of one.
    """
    known = facts or Facts()
    view = Document(feed, known)
    looks = chosen(platform)
    found: dict[Problem, None] = {}
    places = _Places(view)
    for subject in subjects(view, beside):
        for rule, look in looks.get(type(subject), ()):
            for finding in look(subject):
                if not places.silenced(rule.code, subject, finding):
                    found[_problem(rule, finding, places.of(subject, finding))] = None
    return tuple(sorted(found, key=lambda problem: (problem.place, problem.severity.rank)))


def chosen(platform: str = "") -> Looks:
    """The functions of all rules that are wanted, by what they look at."""
    found: dict[type, list[tuple[Rule, Look]]] = {}
    for rule in BOOK.values():
        if rule.concerns(platform):
            for of, look in LOOKS[rule.code]:
                found.setdefault(of, []).append((rule, look))
    return found


def subjects(view: Document, beside: Iterable[object]) -> Iterator[Any]:
    """All that rules can look at: the whole before its parts."""
    yield view
    if view.channel is not None:
        yield view.channel
        yield from view.channel.entries
        yield from tags(view.channel)
    yield from beside


def _problem(rule: Rule, finding: Finding, place: Place) -> Problem:
    return Problem(place, finding.text, finding.mend or rule.mend, rule.code, finding.severity or rule.severity)


class _Places:
    """From an element of the feed back to the file that it stems from."""

    def __init__(self, view: Document) -> None:
        self.view = view
        self.project = view.facts.project
        self.owners: dict[int, Entry] = {}
        if self.project is not None and view.channel is not None:
            for entry in view.channel.entries:
                self.owners[id(entry.node)] = entry
                self.owners |= {id(child): entry for child in entry.node.children}

    def episode(self, subject: object, finding: Finding) -> Episode | None:
        """The episode that a finding is about, where the project has it."""
        if isinstance(subject, Entry):
            return subject.episode
        if isinstance(subject, Tag):
            return subject.entry.episode if subject.entry else None
        if isinstance(finding.at, Node) and id(finding.at) in self.owners:
            return self.owners[id(finding.at)].episode
        found: Episode | None = getattr(subject, "episode", None)
        return found

    def silenced(self, code: str, subject: object, finding: Finding) -> bool:
        """Whether the podcaster has set this rule aside, with a reason, for the show or for this episode."""
        if self.project is None:
            return False
        episode = self.episode(subject, finding)
        return code in self.project.show.ignore or (episode is not None and code in episode.ignore)

    def of(self, subject: object, finding: Finding) -> Place:
        """The place that a person can go to and mend it."""
        if isinstance(finding.at, Place):
            return finding.at
        written = self.written(subject, finding) if finding.key and self.project is not None else None
        if written is not None:
            return written
        if isinstance(finding.at, Node):
            return self.view.feed.place(finding.at)
        if isinstance(subject, Channel | Entry | Tag):
            return self.view.feed.place(subject.node)
        place: Place | None = getattr(subject, "place", None)
        return place or Place(self.view.feed.path)

    def written(self, subject: object, finding: Finding) -> Place | None:
        """Where the podcaster wrote the key, or would have to."""
        episode = self.episode(subject, finding)
        if episode is not None:
            if finding.key == "notes":
                return Place(episode.path, episode.notes_line)
            return episode.place(finding.key)
        if self.project is None or isinstance(subject, Entry) or finding.key == "notes":
            return None
        written = self.project.show.places
        return written.get(finding.key) or written.get(finding.key.partition(".")[0]) or Place(SHOW_FILE)
