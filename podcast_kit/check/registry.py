"""What a rule is, and the book that all of them are entered in.

A rule is one small generator: it is given one thing to look at and yields a Finding for each fault.
Its docstring says what must hold; the decorator says how much that matters, to whom, and where it is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from podcast_kit.errors import SourceLocation, Severity
from podcast_kit.model import Node

PLATFORMS = {
    "apple": "Apple Podcasts",
    "spotify": "Spotify",
    "youtube": "YouTube",
    "amazon": "Amazon Music",
    "podcastindex": "the Podcast Index and the apps that read it",
    "psp1": "the Podcast Standards Project, PSP-1",
    "stitcher": "Stitcher, closed in 2023: as the mark of a feed that any old directory can read",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that a rule saw."""

    text: str
    at: Node | SourceLocation | None = None
    """The element or the place; None is the thing that was looked at."""
    key: str = ""
    """The key of podcast.yaml or of the front matter that it stems from."""
    mend: str = ""
    """Better than the rule's own, where there is one."""
    severity: Severity | None = None
    """Where this case matters more or less than the rule."""


Look = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An entry of the book."""

    code: str
    severity: Severity
    platforms: tuple[str, ...]
    """Those that insist on it; none means every reader of RSS."""
    sources: tuple[str, ...]
    """Keys of `sources.SOURCES`."""
    says: str
    why: str
    mend: str
    asked: bool = False
    """Only looked at when one of its platforms is asked for by name."""

    def concerns(self, platform: str) -> bool:
        """Whether the rule is run when the check is narrowed to a platform, or to none."""
        if not platform:
            return not self.asked
        return platform in self.platforms or not self.platforms


BOOK: dict[str, Rule] = {}
LOOKS: dict[str, list[tuple[type, Look]]] = defaultdict(list)
"""What each rule looks at, and the functions that do."""


def rule(
    code: str,
    severity: Severity,
    *,
    of: type,
    sources: str,
    why: str,
    mend: str,
    platforms: str = "",
    asked: bool = False,
) -> Callable[[Look], Look]:
    """Enter a generator under its code; `sources` and `platforms` are words parted by spaces.

    The function's docstring is the rule in one sentence.
    """

    def enter(look: Look) -> Look:
        BOOK[code] = Rule(
            code=code,
            severity=severity,
            platforms=tuple(platforms.split()),
            sources=tuple(sources.split()),
            says=" ".join((look.__doc__ or "").split()),
            why=why,
            mend=mend,
            asked=asked,
        )
        LOOKS[code].append((of, look))
        return look

    return enter


def also(code: str, *, of: type) -> Callable[[Look], Look]:
    """Let a rule look at another kind of thing as well."""

    def enter(look: Look) -> Look:
        LOOKS[code].append((of, look))
        return look

    return enter
