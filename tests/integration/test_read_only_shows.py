"""Shows that must not or cannot be written to: check, plan and status work, and change nothing in the folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support import shows

DROP_PRIVILEGES = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
"""Root may write anywhere; without these capabilities it is like any other user."""


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show")


def read_tree(folder):
    """Every file and folder below a folder, with contents and times of change."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def caches(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches"


def run_as_user(show, *arguments):
    prefix = DROP_PRIVILEGES if os.geteuid() == 0 else []
    command = [*prefix, sys.executable, "-m", "podcast_kit", *arguments, "-C", str(show)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("command", ["check", "plan", "status"])
def test_a_read_only_show_can_be_checked_planned_and_asked_for_its_status(show, caches, command):
    before = read_tree(show)
    folders = [show, *(path for path in show.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        first, second = run_as_user(show, command), run_as_user(show, command)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "Traceback" not in first.stderr
    assert read_tree(show) == before
    assert [path.name for path in (caches / "podcast-kit/shows").glob("*/*")]


def test_an_untrusted_check_writes_nothing_and_finds_the_same(show):
    before = read_tree(show)
    untrusted = CliRunner().invoke(cli, ["check", "--untrusted", "-C", str(show)])
    assert read_tree(show) == before
    trusted = CliRunner().invoke(cli, ["check", "--trusted", "-C", str(show)])
    assert untrusted.stdout == trusted.stdout
    assert untrusted.exit_code == trusted.exit_code == 0
    assert "warning" in untrusted.stdout
    assert read_tree(show) != before


def test_problems_of_an_untrusted_feed_are_placed_in_the_build_folder(show):
    (show / "episodes/001-talk.md").unlink()
    done = CliRunner().invoke(cli, ["check", "--untrusted", "--json", "-C", str(show)])
    places = {problem["code"]: problem["file"] for problem in json.loads(done.stdout)["problems"]}
    assert places["ch.items"] == "build/feed.xml"


@pytest.mark.parametrize(
    "environment",
    [
        {"GITHUB_EVENT_NAME": "pull_request"},
        {"GITHUB_EVENT_NAME": "pull_request_target"},
        {"CI_PIPELINE_SOURCE": "merge_request_event"},
    ],
    ids=str,
)
def test_a_check_of_a_pull_request_is_untrusted_by_default(show, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = read_tree(show)
    assert CliRunner().invoke(cli, ["check", "-C", str(show)]).exit_code == 0
    assert read_tree(show) == before
    refused = CliRunner().invoke(cli, ["check", "--live", "-C", str(show)])
    assert refused.exit_code == 2
    assert "pass --trusted" in refused.stderr


def test_an_untrusted_check_fetches_nothing(show, monkeypatch):
    shows.add(show, 2)
    note = show / "episodes/001-talk.md"
    note.write_text(note.read_text().replace("---\n", "---\naudio: https://audio.example/talk.mp3\n", 1))
    (show / "episodes/001-talk.mp3").unlink()

    def refuse(*_arguments, **_options):
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    done = CliRunner().invoke(cli, ["check", "--untrusted", "-C", str(show)])
    assert not isinstance(done.exception, AssertionError)
    assert done.exit_code == 0, done.output
    assert "warning: https://audio.example/talk.mp3 is not fetched: network access is off" in done.stdout


def test_an_untrusted_check_does_not_read_recordings_of_many_gigabytes(show):
    with (show / "episodes/001-talk.mp3").open("r+b") as recording:
        recording.truncate(40_000_000_000)  # sparse: it takes no space
    done = CliRunner().invoke(cli, ["check", "--untrusted", "-C", str(show)])
    assert done.exit_code == 1
    assert "episodes/001-talk.mp3: error: is larger than 2 GB, so it is not read" in done.stdout
