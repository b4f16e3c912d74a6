"""What a rule is, and the registry that holds all rules.

A rule is a small generator: it takes one object (a feed, an item, an image, a server's answers) and yields a Finding
for each problem. Its docstring is the rule in one sentence; the decorator says how much it matters, to whom and why,
how to fix it, and where it is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from podcast_kit.errors import Severity, SourceLocation
from podcast_kit.model import Node
from podcast_kit.problem_codes import ProblemCode, register_code

PLATFORMS = {
    "apple": "Apple Podcasts",
    "spotify": "Spotify",
    "youtube": "YouTube",
    "amazon": "Amazon Music",
    "podcastindex": "the Podcast Index and the apps that use it",
    "psp1": "the Podcast Standards Project, PSP-1",
    "stitcher": "Stitcher (closed in 2023): a feed that passes works in any old directory",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem that a rule found."""

    text: str
    at: Node | SourceLocation | None = None
    """The element or the position; None is the object that was checked."""
    key: str = ""
    """The key of podcast.yaml or of the front matter that it comes from."""
    fix: str = ""
    """Overrides the rule's fix where this case has a better one."""
    severity: Severity | None = None
    """Overrides the rule's severity where this case matters more or less."""


CheckFunction = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A registered rule."""

    code: str
    severity: Severity
    platforms: tuple[str, ...]
    """Platforms that require it; empty means every reader of RSS."""
    sources: tuple[str, ...]
    """Keys of `references.SOURCES`."""
    summary: str
    """What must hold, in one sentence."""
    why: str
    fix: str
    opt_in: bool = False
    """Run only when one of its platforms is requested by name."""

    def applies_to(self, platform: str) -> bool:
        """Whether the rule runs in a check for this platform; empty is a check for all."""
        if not platform:
            return not self.opt_in
        return platform in self.platforms or not self.platforms


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order of registration."""
CHECKS: dict[str, list[tuple[type, CheckFunction]]] = defaultdict(list)
"""For each rule, the types of object that it checks and the functions that do."""


def rule(
    code: str,
    severity: Severity,
    *,
    subject: type,
    sources: str,
    why: str,
    fix: str,
    platforms: str = "",
    opt_in: bool = False,
) -> Callable[[CheckFunction], CheckFunction]:
    """Register a generator as a rule; `sources` and `platforms` are words separated by spaces.

    The generator's docstring becomes the rule's summary.
    """

    def register_rule(check: CheckFunction) -> CheckFunction:
        entry = Rule(
            code=code,
            severity=severity,
            platforms=tuple(platforms.split()),
            sources=tuple(sources.split()),
            summary=" ".join((check.__doc__ or "").split()),
            why=why,
            fix=fix,
            opt_in=opt_in,
        )
        register_code(ProblemCode(code, entry.summary, why, fix))
        RULES[code] = entry
        CHECKS[code].append((subject, check))
        return check

    return register_rule


def also_checks(code: str, *, subject: type) -> Callable[[CheckFunction], CheckFunction]:
    """Register a further generator for an existing rule, which checks another type of object."""

    def register_check(check: CheckFunction) -> CheckFunction:
        CHECKS[code].append((subject, check))
        return check

    return register_check
