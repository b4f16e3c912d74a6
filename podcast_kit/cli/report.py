"""Problems and plans as the machines of a pipeline want them: GitHub's annotations and summaries, GitLab's reports."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from podcast_kit.errors import Problem, Severity

GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
ROWS = 500
"""Changes in a summary, of which GitHub takes a mebibyte."""
GITLAB = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.HINT: "info"}


def worst_first(problems: Iterable[Problem]) -> list[Problem]:
    """Errors, then warnings, then hints: GitHub shows ten of a kind."""
    return sorted(problems, key=lambda problem: (problem.severity.rank, problem.location))


def github(problem: Problem) -> str:
    """A workflow command, which GitHub shows beside the line.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    place = problem.location
    given = {"file": place.path, "line": place.line, "col": place.column, "title": problem.code}
    said = ",".join(f"{name}={_property(str(value))}" for name, value in given.items() if value)
    text = f"{problem.text} ({problem.fix})" if problem.fix else problem.text
    return f"::{GITHUB[problem.severity]} {said}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def annotating() -> bool:
    """Whether what is written is read by GitHub, which shows faults beside the lines that they are in."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def plan(title: str, line: str, notices: Sequence[str], changes: Sequence[Sequence[str]]) -> None:
    """Append to the summary of a GitHub step what subscribers will notice, and each change behind a fold."""
    rows = [f"| {' | '.join(map(_cell, change))} |" for change in changes[:ROWS]]
    rows += [f"| | and {len(changes) - ROWS} more | | |"] if len(changes) > ROWS else []
    folded = ["<details><summary>Every change</summary>", "", "| | key | bytes | why |", "|---|---|---|---|", *rows]
    said = [f"- {_cell(notice)}" for notice in notices]
    _append(
        [f"### podcast-kit {title}", "", _cell(line), "", *said, "", *([*folded, "", "</details>"] if rows else [])]
    )


def _append(lines: Sequence[str]) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")


def summary(problems: Sequence[Problem], line: str) -> None:
    """Append a table to the summary of a GitHub step, where there is one."""
    rows = [f"| {one.severity} | `{_cell(str(one.location))}` | {_cell(one.text)} | `{one.code}` |" for one in problems]
    head = ["### podcast-kit check", "", line, ""]
    table = ["| | where | what | rule |", "|---|---|---|---|", *rows, ""] if rows else []
    _append([*head, *table])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def gitlab(problems: Iterable[Problem]) -> str:
    """A Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""
    report = [
        {
            "description": f"{one.text} ({one.fix})" if one.fix else one.text,
            "check_name": one.code,
            "fingerprint": hashlib.sha256(f"{one.code} {one.location.path} {one.text}".encode()).hexdigest(),
            "severity": GITLAB[one.severity],
            "location": {"path": one.location.path, "lines": {"begin": max(one.location.line, 1)}},
        }
        for one in problems
    ]
    return json.dumps(report, indent=2, ensure_ascii=False)
