"""Whatever is written wrong is said all at once, each with its place and its mend, and nothing is touched."""

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
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
def test_twice_six_faults_are_twelve_lines_and_no_file_is_touched(tmp_path, command):
    show = small(tmp_path / "show")
    (show / "podcast.yaml").write_text(SHOW)
    (show / "episodes/001-talk.md").write_text(EPISODE)
    before = tree(show)
    done = CliRunner().invoke(cli, [command, "-C", str(show)])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    lines = [line for line in done.stderr.splitlines() if ": error: " in line]
    places = [line.split(": error: ")[0].rpartition("show/")[2] for line in lines]
    for wanted in ("podcast.yaml:1:1", "podcast.yaml:4:1", "podcast.yaml:5:14", "podcast.yaml:6:1", "podcast.yaml:7:1"):
        assert wanted in places
    for number in (2, 3, 5, 6, 7, 8):
        assert f"episodes/001-talk.md:{number}:1" in places
    assert len(lines) >= 12
    assert all("[" in line and line.endswith("]") for line in lines)
    assert tree(show) == before
