"""No output shows the addresses of private feeds, and of files that are uploaded before their episode is out."""

import json
import re

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support import shows

BEFORE = "2030-01-01T08:00"
COMMANDS = (
    ("build", "--at", BEFORE),
    ("build", "--at", BEFORE, "--json"),
    ("check", "--at", BEFORE),
    ("plan", "--at", BEFORE, "--ahead"),
    ("plan", "--at", BEFORE, "--ahead", "-v"),
    ("plan", "--at", BEFORE, "--ahead", "--json"),
    ("publish", "--at", BEFORE, "--ahead", "--dry-run"),
    ("publish", "--at", BEFORE, "--ahead", "--yes", "--events"),
    ("plan", "--at", BEFORE),
    ("status", "--at", BEFORE),
    ("status", "--at", BEFORE, "--json"),
    ("rollback", "--list"),
    ("prune", "--dry-run"),
)


def run(show, *arguments, **settings):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], **settings)


@pytest.fixture
def show(tmp_path):
    folder = shows.small(tmp_path / "show", episodes=1)
    shows.add(folder, 2, date="2030-01-02 08:00")
    assert run(folder, "private", "--add", "Ann", "--add", "Bo", env={"CI": ""}).exit_code == 0
    return folder


def private_tokens(show):
    shown = json.loads(run(show, "private", "--json", env={"CI": ""}).stdout)["subscribers"]
    return [subscriber["feed"].rpartition("/")[2].removesuffix(".xml") for subscriber in shown]


@pytest.mark.parametrize("pipeline", ["", "gitlab", "github"])
def test_output_has_no_secret_address(show, tmp_path, pipeline):
    tokens = private_tokens(show)
    assert len(tokens) == 2
    environment = {"CI": "true" if pipeline else ""}
    if pipeline == "github":
        environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    outputs = []
    for command in COMMANDS:
        done = run(show, *command, env=environment)
        assert done.exit_code == 0, done.output
        if "--json" in command:
            json.loads(done.stdout)
        announced = {line for line in done.stderr.splitlines() if line.startswith("::add-mask::")}
        assert announced >= {f"::add-mask::{token}" for token in tokens} if pipeline == "github" else not announced
        shown = "\n".join(line for line in done.output.splitlines() if line not in announced)
        outputs.append((" ".join(command), shown + "".join(set(done.stdout.splitlines()) & announced)))
    plan_file = tmp_path / "friday.plan"
    note = show / "episodes/001-talk.md"
    note.write_text(note.read_text().replace("Talk 1", "Talk one"))
    assert run(show, "plan", "--at", BEFORE, "--out", plan_file, env=environment).exit_code == 0
    outputs.append(("saved plan", plan_file.read_text()))
    applied = run(show, "publish", "--plan", plan_file, env=environment)
    assert applied.exit_code == 0, applied.output
    early = re.search(r"media/([0-9a-f]{16})/002-talk.mp3\n    sha256: ([0-9a-f]{64})", _lock_text(show)).groups()
    outputs += [("summary", (tmp_path / "summary.md").read_text())] if pipeline == "github" else []
    outputs.append(("state", (show / "public/.podcast-kit/state.json").read_text()))
    secrets = [*tokens, *early, (show / "subscribers.key").read_text().strip()]
    shown = [(name, secret) for name, text in outputs for secret in secrets if secret in text]
    assert shown == []
    texts = dict(outputs)
    assert "private/… (1 of 2)" in texts[" ".join(COMMANDS[4])]
    assert "private/… (2 of 2)" in texts[" ".join(COMMANDS[5])]


def _lock_text(show):
    return re.sub(r"\n +sha256", "\n    sha256", (show / "podcast.lock").read_text())


def test_addresses_of_private_feeds_are_masked_in_ci_even_where_they_are_asked_for(show):
    [first, second] = private_tokens(show)
    done = run(show, "private", env={"CI": "true"})
    assert done.exit_code == 0
    assert first not in done.output
    assert second not in done.output
    assert "Ann" not in done.output  # names of subscribers are personal data, and CI logs are read by many
    assert "subscriber 1" in done.stdout
    assert "(1 of 2)" in done.stdout
