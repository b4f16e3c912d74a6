"""The command that prints the list of subscribers: allowed once, bounded, and never run by others than publish."""

import json
import re

import pytest

from podcast_kit.cli import subscriber_list
from podcast_kit.source import subscriber_lists
from tests.support import members_shows, shows
from tests.support.members_shows import run

LIST = "email,tier\\nann@pod.example,gold\\nbo@pod.example,\\n"


@pytest.fixture
def show(tmp_path):
    """A show whose list comes from a command: a script in its folder."""
    folder = shows.small(tmp_path / "show")
    members_shows.private(folder, "subscribers: {command: [sh, list.sh], environment: [LIST_TOKEN]}")
    (folder / "list.sh").write_text(f"printf '{LIST}'\n")
    return folder


def fetch(show, *more, exit_code=0):
    return run(show, "private", "--fetch", *more, exit_code=exit_code)


def digest_in(output):
    return re.search(r"--allow-command ([0-9a-f]{64})", output)[1]


def test_the_command_runs_only_after_it_was_allowed_and_a_changed_script_is_asked_for_again(show):
    (show / "list.sh").write_text(f"touch was-run; printf '{LIST}'\n")
    refused = fetch(show, exit_code=1).output
    for command in ("check", "build"):
        run(show, command)
    run(show, "check", "--untrusted")
    assert not (show / "was-run").exists()
    fetch(show, "--allow-command", digest_in(refused))
    names = [row["name"] for row in json.loads(run(show, "private", "--json").stdout)["subscribers"]]
    assert names == ["ann@pod.example", "bo@pod.example"]
    (show / "list.sh").write_text("printf 'email,tier\\nevil@pod.example,gold\\n'\n")
    assert digest_in(fetch(show, exit_code=1).output) != digest_in(refused)


def test_publish_fetches_the_list_and_keeps_the_last_one_if_that_fails(show, monkeypatch):
    monkeypatch.setenv("LIST_TOKEN", "the token of the list")
    script = f"test ${{#LIST_TOKEN}} = 21 || exit 3\ntest ! -e fail || exit 4\nprintf '{LIST}'\n"
    (show / "list.sh").write_text(script)
    digest = digest_in(run(show, "publish", "--yes", exit_code=1).output)
    fetch(show, "--allow-command", digest)
    run(show, "publish", "--yes")
    assert len(list((show / "public/private").glob("*.xml"))) == 4, "two people, two tiers"
    (show / "fail").touch()
    done = run(show, "publish", "--yes")
    assert "exited with 4; the private feeds keep the list that was fetched last" in done.output
    assert len(list((show / "public/private").glob("*.xml"))) == 4


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 7", "exited with 7"),
        ("sleep 600 & wait", "took longer than"),
        ("head -c 300000 /dev/zero | tr '\\0' x", "printed more than"),
        ("printf '\\377\\376binary'", "not UTF-8"),
        ("printf 'foo,bar\\n1,2\\n'", "has no column"),
        ("", "printed no active member"),
    ],
)
def test_a_command_that_fails_is_reported_and_changes_nothing(show, monkeypatch, script, message):
    digest = digest_in(fetch(show, exit_code=1).output)
    fetch(show, "--allow-command", digest)
    before = (show / subscriber_lists.FETCHED_LIST).read_bytes()
    if message == "took longer than":  # the others end, however busy the machine is
        monkeypatch.setattr(subscriber_list, "FETCH_TIMEOUT_S", 0.5)
    monkeypatch.setattr(subscriber_lists, "MAX_SUBSCRIBER_LIST_BYTES", 200_000)
    (show / "list.sh").write_text(script + "\n")
    digest = digest_in(fetch(show, exit_code=1).output)
    done = fetch(show, "--allow-command", digest, exit_code=1)
    assert message in done.output
    assert (show / subscriber_lists.FETCHED_LIST).read_bytes() == before


def test_a_program_that_does_not_exist_is_reported(show):
    members_shows.private(show, "subscribers: {command: [no-such-program]}")
    digest = digest_in(fetch(show, exit_code=1).output)
    assert "No such file" in fetch(show, "--allow-command", digest, exit_code=1).output
