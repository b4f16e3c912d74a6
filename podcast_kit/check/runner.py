"""Runs the rules: takes a feed and its files, returns problems with their locations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import podcast_kit.check.rules  # noqa: F401  # registers every rule
from podcast_kit.check.context import (
    ChannelView,
    CheckContext,
    DocumentView,
    ItemView,
    TagView,
    iter_podcast_tags,
)
from podcast_kit.check.registry import CHECKS, RULES, CheckFunction, Finding, Rule
from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.model import SHOW_FILE, Element, Episode, FeedDocument, Node, Project
from podcast_kit.text.numbers import format_count

MAX_FINDINGS = 100
"""Findings listed for one rule; a hostile feed could cause millions."""
ChecksByType = Mapping[type, list[tuple[Rule, CheckFunction]]]


def check_document(
    feed: FeedDocument,
    context: CheckContext | None = None,
    *,
    more_subjects: Iterable[object] = (),
    platform: str = "",
) -> tuple[Problem, ...]:
    """Every problem of a feed and of its files (artwork, audio, transcripts, servers' answers), in file order.

    A problem that comes from a file of the project is located there. `platform` limits the check to the rules of one
    platform.
    """
    view = DocumentView(feed, context or CheckContext())
    locator = _ProblemLocator(view.context.project, view)
    return _collect_problems(locator, (*document_subjects(view), *more_subjects), platform)


def check_objects(
    subjects: Iterable[object], *, project: Project | None = None, platform: str = ""
) -> tuple[Problem, ...]:
    """Every problem of objects that know their own location: artwork, audio, files, servers' answers."""
    return _collect_problems(_ProblemLocator(project), subjects, platform)


def _collect_problems(locator: _ProblemLocator, subjects: Iterable[Any], platform: str) -> tuple[Problem, ...]:
    checks = rules_by_subject(platform)
    problems: dict[Problem, None] = {}
    counts: Counter[str] = Counter()
    for subject in subjects:
        for rule, check in checks.get(type(subject), ()):
            for finding in check(subject):
                if locator.is_ignored(rule.code, subject, finding):
                    continue
                counts[rule.code] += 1
                if counts[rule.code] <= MAX_FINDINGS:
                    problems[_to_problem(rule, finding, locator.locate(subject, finding))] = None
    for code, count in counts.items():
        if count > MAX_FINDINGS:
            rule = RULES[code]
            text = f"{format_count(count - MAX_FINDINGS, 'more problem')} of this kind not listed"
            problems[Problem(locator.document_location, text, rule.fix, code, rule.severity)] = None
    return tuple(sorted(problems, key=lambda problem: (problem.location, problem.severity.rank)))


def rules_by_subject(platform: str = "") -> ChecksByType:
    """The check functions of all rules that apply to the platform, by the type of object that they check."""
    checks: dict[type, list[tuple[Rule, CheckFunction]]] = {}
    for rule in RULES.values():
        if rule.applies_to(platform):
            for subject, check in CHECKS[rule.code]:
                checks.setdefault(subject, []).append((rule, check))
    return checks


def document_subjects(view: DocumentView) -> Iterator[Any]:
    """Everything in a feed that rules can check, the whole before its parts."""
    yield view
    if view.channel is not None:
        yield view.channel
        yield from view.channel.items
        yield from iter_podcast_tags(view.channel)


def _to_problem(rule: Rule, finding: Finding, location: SourceLocation) -> Problem:
    return Problem(location, finding.text, finding.fix or rule.fix, rule.code, finding.severity or rule.severity)


class _ProblemLocator:
    """Finds the place in the podcaster's own files, or else in the feed, that a finding is about."""

    def __init__(self, project: Project | None, view: DocumentView | None = None) -> None:
        self.view = view
        self.document_location = SourceLocation(view.feed.path if view else "")
        self.project = project
        self.item_by_node: dict[int, ItemView] = {}
        """By the identity of the item's node and of its children."""
        if project is not None and view is not None and view.channel is not None:
            for item in view.channel.items:
                self.item_by_node[id(item.node)] = item
                self.item_by_node |= {id(child): item for child in item.node.children}

    def episode_of(self, subject: object, finding: Finding) -> Episode | None:
        """The project's episode that a finding is about."""
        if isinstance(subject, ItemView):
            return subject.episode
        if isinstance(subject, TagView):
            return subject.item.episode if subject.item else None
        if isinstance(finding.at, Node) and id(finding.at) in self.item_by_node:
            return self.item_by_node[id(finding.at)].episode
        episode: Episode | None = getattr(subject, "episode", None)
        return episode

    def is_ignored(self, code: str, subject: object, finding: Finding) -> bool:
        """Whether `ignore:` of the show or of this episode names the rule."""
        if self.project is None:
            return False
        episode = self.episode_of(subject, finding)
        return code in self.project.show.ignore or (episode is not None and code in episode.ignore)

    def locate(self, subject: object, finding: Finding) -> SourceLocation:
        """Where a person can fix the problem."""
        if isinstance(finding.at, SourceLocation):
            return finding.at
        source = self.source_of(subject, finding) if finding.key and self.project is not None else None
        if source is not None:
            return source
        node = finding.at or (subject.node if isinstance(subject, ChannelView | ItemView | TagView) else None)
        if self.view is not None and (node is not None or isinstance(subject, DocumentView)):
            return self.view.feed.location_of(node)
        location: SourceLocation = getattr(subject, "location", SourceLocation(""))
        return location

    def source_of(self, subject: object, finding: Finding) -> SourceLocation | None:
        """Where the podcaster wrote the finding's key, or would have to write it."""
        episode = self.episode_of(subject, finding)
        if episode is not None:
            if finding.key == "notes":
                return SourceLocation(episode.path, episode.notes_line)
            return _element_location(subject, episode.elements) or episode.location_of(finding.key)
        if self.project is None or isinstance(subject, ItemView) or finding.key == "notes":
            return None
        if location := _element_location(subject, self.project.show.elements):
            return location
        locations = self.project.show.locations
        return locations.get(finding.key) or locations.get(finding.key.partition(".")[0]) or SourceLocation(SHOW_FILE)


def _element_location(subject: object, elements: Iterable[Element]) -> SourceLocation | None:
    """Where the podcaster wrote the very element that a tag was made from, if there are several of a name."""
    if not isinstance(subject, TagView):
        return None
    for element in elements:
        if (
            element.name == subject.node.key
            and element.text.strip() == subject.node.text.strip()
            and element.location.path
        ):
            attributes = subject.node.attributes
            if all(attributes.get(name) == value for name, value in element.attributes):
                return element.location
        if location := _element_location(subject, element.children):
            return location
    return None
