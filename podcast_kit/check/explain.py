"""What every code means: the rules of the check, the faults of reading, and what nobody can decide."""

from __future__ import annotations

from typing import TypedDict

from podcast_kit.check import rules as checks
from podcast_kit.check.codes import MAKING
from podcast_kit.check.not_checkable import COVERED_BY, UNDECIDED
from podcast_kit.source.codes import CODES


class Explanation(TypedDict):
    """All that is to be said of a code."""

    code: str
    level: str
    says: str
    why: str
    mend: str
    platforms: list[str]
    sources: list[str]


def codes() -> list[str]:
    """Every code that can stand in brackets behind a fault."""
    return sorted({*checks.BOOK, *CODES, *MAKING, *UNDECIDED, *COVERED_BY})


def list_rules(platform: str = "") -> list[Explanation]:
    """Every rule of the check, or those that a platform asks for by name, in the book's order."""
    wanted = [rule.code for rule in checks.BOOK.values() if not platform or platform in rule.platforms]
    return [entry for code in wanted if (entry := explanation(code))]


def explanation(code: str) -> Explanation | None:
    """What a code means; None where there is none of that name."""
    rule = checks.BOOK.get(code)
    if rule is not None:
        return Explanation(
            code=code,
            level=str(rule.severity),
            says=rule.says,
            why=rule.why,
            mend=rule.mend,
            platforms=[checks.PLATFORMS[platform] for platform in rule.platforms] or ["every reader of RSS"],
            sources=[" ".join(checks.SOURCES[key]).strip() for key in rule.sources],
        )
    if code in CODES or code in MAKING:
        return _plain(code, "error or warning", (CODES | MAKING)[code], "Every fault is told, at once.")
    if code in UNDECIDED:
        return _plain(code, "not decided", "No look at a feed can decide this.", UNDECIDED[code])
    if code in COVERED_BY:
        return _plain(code, "elsewhere", f"Decided by {COVERED_BY[code]}.", "")
    return None


def _plain(code: str, level: str, says: str, why: str) -> Explanation:
    return Explanation(code=code, level=level, says=says, why=why, mend="", platforms=[], sources=[])
