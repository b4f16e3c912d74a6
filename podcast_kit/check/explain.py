"""Explains every code: the rules of the check, all other problem codes, and what cannot be checked."""

from __future__ import annotations

from typing import TypedDict

import podcast_kit.check.rules  # noqa: F401  # registers every rule
from podcast_kit.check.not_checkable import CHECKED_ELSEWHERE, NOT_CHECKABLE
from podcast_kit.check.references import SOURCES
from podcast_kit.check.registry import PLATFORMS, RULES
from podcast_kit.problem_codes import PROBLEM_CODES


class Explanation(TypedDict):
    """What `explain --json` prints for a code; two keys are kept under their first names beside `summary` and `fix`."""

    code: str
    level: str
    summary: str
    says: str
    why: str
    fix: str
    mend: str
    platforms: list[str]
    sources: list[str]


def list_codes() -> list[str]:
    """Every code that can be explained, sorted."""
    return sorted({*PROBLEM_CODES, *NOT_CHECKABLE, *CHECKED_ELSEWHERE})


def list_rules(platform: str = "") -> list[Explanation]:
    """Every rule of the check, or those that one platform requires, in the order of registration."""
    codes = [rule.code for rule in RULES.values() if not platform or platform in rule.platforms]
    return [explanation for code in codes if (explanation := explain_code(code))]


def explain_code(code: str) -> Explanation | None:
    """What a code means, why it matters and how to fix it; None for an unknown code."""
    if rule := RULES.get(code):
        return _make_explanation(
            code,
            str(rule.severity),
            rule.summary,
            rule.why,
            rule.fix,
            platforms=[PLATFORMS[platform] for platform in rule.platforms] or ["every reader of RSS"],
            sources=[" ".join(SOURCES[key]).strip() for key in rule.sources],
        )
    if entry := PROBLEM_CODES.get(code):
        return _make_explanation(code, "error or warning", entry.meaning, entry.why, entry.fix)
    if code in NOT_CHECKABLE:
        summary = "This cannot be verified by looking at a feed."
        return _make_explanation(code, "not checked", summary, NOT_CHECKABLE[code], "Nothing to do.")
    if code in CHECKED_ELSEWHERE:
        summary = f"Verified by {CHECKED_ELSEWHERE[code]}."
        return _make_explanation(code, "checked elsewhere", summary, "One rule is enough.", "See ch.lastBuildDate.")
    return None


def _make_explanation(
    code: str,
    level: str,
    summary: str,
    why: str,
    fix: str,
    *,
    platforms: list[str] | None = None,
    sources: list[str] | None = None,
) -> Explanation:
    return Explanation(
        code=code,
        level=level,
        summary=summary,
        says=summary,
        why=why,
        fix=fix,
        mend=fix,
        platforms=platforms or [],
        sources=sources or [],
    )
