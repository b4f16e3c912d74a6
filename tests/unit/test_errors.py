import pickle

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.errors import (
    InvalidAudio,
    InvalidInput,
    OperationError,
    Problem,
    PublishConflict,
    Severity,
    SourceLocation,
    StoreAccessError,
)
from tests.support.shows import small, tree

SHOW = """titel: Wrong key
description: Made for a test.
author: Tester
language: english
categories: [Tecnology]
explicit: maybe
type: weekly
publish: {url: ftp://pod.example/}
"""
EPISODE = """---
title: ""
date: 2026-13-01
guid: x
number: twelve
season: 0
explict: true
audio: ../../outside.mp3
---
Notes.
"""


@pytest.mark.parametrize("command", ["check", "build", "plan", "publish"])
def test_all_problems_of_all_files_are_reported_at_once_and_no_file_is_changed(tmp_path, command):
    show = small(tmp_path / "show")
    (show / "podcast.yaml").write_text(SHOW)
    (show / "episodes/001-talk.md").write_text(EPISODE)
    before = tree(show)
    done = CliRunner().invoke(cli, [command, "-C", str(show)])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    findings = done.stdout if command == "check" else done.stderr
    lines = [line for line in findings.splitlines() if ": error: " in line]
    locations = [line.split(": error: ")[0].rpartition("show/")[2] for line in lines]
    expected = {f"podcast.yaml:{place}" for place in ("1:1", "4:1", "5:14", "6:1", "7:1")}
    expected |= {f"episodes/001-talk.md:{number}:1" for number in (2, 3, 5, 6, 7, 8)}
    assert expected - set(locations) == set()
    assert len(lines) >= 12
    assert all("[" in line and line.endswith("]") for line in lines)
    assert tree(show) == before


def test_problem_is_one_line_with_location_severity_fix_and_code():
    location = SourceLocation("podcast.yaml", 3, 1)
    problem = Problem(location, "unknown key 'titel'", "did you mean 'title'?", "key.unknown")
    assert str(problem) == "podcast.yaml:3:1: error: unknown key 'titel' (did you mean 'title'?) [key.unknown]"
    warning = Problem(SourceLocation("feed.xml"), "odd", "", "xml.size", Severity.WARNING)
    assert str(warning) == "feed.xml: warning: odd [xml.size]"


def test_invalid_input_sorts_its_problems_and_counts_them():
    first, second = (Problem(SourceLocation("a", line), "text", "", "key.unknown") for line in (1, 2))
    assert InvalidInput([second, first]).problems == (first, second)
    assert str(InvalidInput([first])) == "1 problem found"
    assert str(InvalidInput([second, first])) == "2 problems found"


@pytest.mark.parametrize(
    "error",
    [
        OperationError("text", "fix"),
        StoreAccessError("text"),
        PublishConflict("text"),
        InvalidAudio("a.mp3", "is damaged", "export it again"),
        InvalidInput([Problem(SourceLocation("a", 1), "text", "fix", "key.unknown")]),
    ],
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.text, copy.fix) == (type(error), str(error), error.text, error.fix)
    assert (copy.problems, copy.exit_code) == (error.problems, error.exit_code)
