"""Problems and plans in the formats of CI systems: GitHub's annotations and summaries, GitLab's Code Quality report."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from podcast_kit.errors import Problem, Severity

GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
GITLAB_LEVELS = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.HINT: "info"}
MARKDOWN_SPECIALS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069&<>|\[\]`*_~@\\]|://|www\.")
MAX_SUMMARY_ROWS = 500
"""Changes in a step summary, of which GitHub takes a mebibyte."""


def sort_by_severity(problems: Iterable[Problem]) -> list[Problem]:
    """Errors, then warnings, then hints: GitHub shows ten of a kind."""
    return sorted(problems, key=lambda problem: (problem.severity.rank, problem.location))


def format_annotation(problem: Problem) -> str:
    """A workflow command, which GitHub shows next to the line.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    location = problem.location
    values = {"file": location.path, "line": location.line, "col": location.column, "title": problem.code}
    properties = ",".join(f"{name}={_escape_property(str(value))}" for name, value in values.items() if value)
    text = f"{problem.text} ({problem.fix})" if problem.fix else problem.text
    return f"::{GITHUB_LEVELS[problem.severity]} {properties}::{_escape_data(text)}"


def format_error_annotation(command: str, text: str, fix: str) -> str:
    """The workflow command for an error that has no place in a file."""
    title = _escape_property(f"podcast-kit {command}")
    return f"::error title={title}::{_escape_data(f'{text} ({fix})' if fix else text)}"


def is_github_actions() -> bool:
    """Whether GitHub reads the output and shows problems next to the lines that they are in."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def is_pull_request() -> bool:
    """Whether this is a job for a pull request or a merge request, which anyone may have written."""
    return os.environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request") or (
        os.environ.get("CI_PIPELINE_SOURCE") in {"merge_request_event", "external_pull_request_event"}
    )


def describe_ci_run() -> tuple[str, str]:
    """The name of the CI system that this runs in, and its run: the address where the project is public.

    What is recorded in the store is public, so of any other project only the run's number is returned.
    Both are empty outside of CI.
    """
    environment = os.environ
    if is_github_actions():
        number, server = environment.get("GITHUB_RUN_ID", ""), environment.get("GITHUB_SERVER_URL", "")
        name = "Forgejo Actions" if environment.get("FORGEJO_ACTIONS") else "GitHub Actions"
        if number and server and _is_public_github_repository():
            return name, f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{number}"
        return name, number
    if environment.get("GITLAB_CI"):
        is_public = environment.get("CI_PROJECT_VISIBILITY") == "public"
        address = environment.get("CI_JOB_URL", "") if is_public else ""
        return "GitLab CI", address or environment.get("CI_JOB_ID", "")
    return ("CI", "") if environment.get("CI") else ("", "")


def _is_public_github_repository() -> bool:
    """Whether the event that started the workflow says that anyone may see the repository."""
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        return event["repository"]["private"] is False
    except (KeyError, OSError, ValueError, TypeError, RecursionError):
        return False


def append_plan_summary(
    title: str,
    line: str,
    notices: Sequence[str],
    changes: Sequence[Sequence[str]],
    mask: Callable[[str], str] = str,
) -> None:
    """Append to GitHub's step summary what subscribers will notice, and every change in a collapsed table.

    `mask` replaces what is secret.
    """
    rows = [f"| {' | '.join(_escape_cell(mask(text)) for text in change)} |" for change in changes[:MAX_SUMMARY_ROWS]]
    rows += [f"| | and {len(changes) - MAX_SUMMARY_ROWS} more | | |"] if len(changes) > MAX_SUMMARY_ROWS else []
    head = ["<details><summary>All changes</summary>", "", "| | key | bytes | why |", "|---|---|---|---|"]
    table = [*head, *rows, "", "</details>"] if rows else []
    items = [f"- {_escape_cell(mask(notice))}" for notice in notices]
    _append_summary([f"### podcast-kit {title}", "", _escape_cell(mask(line)), "", *items, "", *table])


def append_check_summary(problems: Sequence[Problem], line: str, mask: Callable[[str], str] = str) -> None:
    """Append a table of problems to GitHub's step summary, where there is one."""
    rows = [
        f"| {problem.severity} | <code>{_escape_cell(mask(str(problem.location)))}</code> "
        f"| {_escape_cell(mask(problem.text))} | `{problem.code}` |"
        for problem in problems
    ]
    head = ["### podcast-kit check", "", line, ""]
    table = ["| | where | what | rule |", "|---|---|---|---|", *rows, ""] if rows else []
    _append_summary([*head, *table])


def format_gitlab_report(problems: Iterable[Problem]) -> str:
    """A Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""
    rows = [
        {
            "description": f"{problem.text} ({problem.fix})" if problem.fix else problem.text,
            "check_name": problem.code,
            "fingerprint": _fingerprint(problem),
            "severity": GITLAB_LEVELS[problem.severity],
            "location": {"path": problem.location.path, "lines": {"begin": max(problem.location.line, 1)}},
        }
        for problem in problems
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _fingerprint(problem: Problem) -> str:
    """What stays the same while the problem does, wherever its line moves."""
    return hashlib.sha256(f"{problem.code} {problem.location.path} {problem.text}".encode()).hexdigest()


def _append_summary(lines: Sequence[str]) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _escape_cell(text: str) -> str:
    """Text as text in GitHub's Markdown: no links, pictures, mentions or markup of a title."""
    return MARKDOWN_SPECIALS.sub(lambda match: "".join(f"&#{ord(letter)};" for letter in match[0]), text)
