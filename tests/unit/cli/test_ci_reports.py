"""Problems as GitHub and GitLab want them."""

import json

import pytest

from podcast_kit.cli import ci_reports
from podcast_kit.errors import Problem, Severity, SourceLocation


def problem(path="episodes/a.md", line=2, column=1, text="is wrong", hint="correct it", severity=Severity.ERROR):
    return Problem(SourceLocation(path, line, column), text, hint, "it.title", severity)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "::error file=episodes/a.md,line=2,col=1,title=it.title::is wrong (correct it)"),
        ({"severity": Severity.HINT}, "::notice file=episodes/a.md,line=2,col=1,title=it.title::is wrong (correct it)"),
        ({"line": 0, "column": 0, "hint": ""}, "::error file=episodes/a.md,title=it.title::is wrong"),
        (
            {"text": "100%\nsure: a, b"},
            "::error file=episodes/a.md,line=2,col=1,title=it.title::100%25%0Asure: a, b (correct it)",
        ),
        ({"path": "a,b:c.md"}, "::error file=a%2Cb%3Ac.md,line=2,col=1,title=it.title::is wrong (correct it)"),
    ],
)
def test_an_annotation_is_escaped_as_github_reads_it(given, expected):
    assert ci_reports.format_annotation(problem(**given)) == expected


def test_github_is_shown_the_worst_first():
    mixed = [problem(severity=severity) for severity in (Severity.HINT, Severity.ERROR, Severity.WARNING)]
    assert [one.severity for one in ci_reports.sort_by_severity(mixed)] == list(Severity)


def test_the_summary_is_a_table_that_no_text_can_break(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    ci_reports.append_check_summary([problem(text="a | b\n<b>c")], "1 error")
    row = "| error | <code>episodes/a.md:2:1</code> | a &#124; b&#10;&#60;b&#62;c | `it.title` |"
    assert row in path.read_text()


def test_outside_of_github_there_is_no_summary(monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    ci_reports.append_check_summary([problem()], "1 error")


def test_gitlab_tells_faults_apart_by_what_they_are_and_not_by_their_line():
    first, moved, other = json.loads(
        ci_reports.format_gitlab_report([problem(), problem(line=9), problem(text="else")])
    )
    assert first["fingerprint"] == moved["fingerprint"] != other["fingerprint"]
    assert [one["location"]["lines"]["begin"] for one in (first, moved)] == [2, 9]
    assert json.loads(ci_reports.format_gitlab_report([problem(line=0)]))[0]["location"]["lines"]["begin"] == 1
