"""What podcast.yaml may do outside of its folder: run a command and write elsewhere, only after the user allowed it."""

import json
import shlex
import sys

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli, questions
from podcast_kit.io.consent import ConsentKind, has_consent
from podcast_kit.publish.purge import purge_command_digest
from podcast_kit.source.project import load_project
from tests.support.shows import small, tree


@pytest.fixture
def show(tmp_path):
    return small(tmp_path / "show")


def run(show, *arguments, **settings):
    result = CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], **settings)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def set_key(show, before, after):
    path = show / "podcast.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def add_command(show, tmp_path, environment=""):
    script = "import os, sys; open(sys.argv[1], 'a').write(repr(sorted(os.environ)))"
    command = shlex.join([sys.executable, "-c", script, str(tmp_path / "ran")])
    set_key(show, "to: public}", f"to: public, purge: {json.dumps(command)}{environment}}}")
    return command


def change(show):
    path = show / "episodes/001-talk.md"
    path.write_text(path.read_text() + "\nAnd more.\n")


def publish_first(show):
    assert run(show, "publish", "--yes", "--no-check").exit_code == 0
    change(show)


def test_a_command_runs_only_after_its_digest_was_allowed(show, tmp_path):
    publish_first(show)
    command = add_command(show, tmp_path)
    digest = purge_command_digest(load_project(show).show.publish, show)
    live = tree(show / "public")
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 1
    assert f"--allow-command {digest}" in done.output
    assert tree(show / "public") == live
    assert not (tmp_path / "ran").exists()
    (row,) = json.loads(run(show, "plan", "--json").stdout)["commands"]
    assert row == {"command": command, "environment": [], "sha256": digest, "allowed": False}
    assert f"sha256 {digest}, not allowed yet" in run(show, "plan").output
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", "0" * 64).exit_code == 1
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", digest).exit_code == 0
    assert (tmp_path / "ran").exists()
    assert has_consent(ConsentKind.COMMAND, show, digest)
    assert "digest" not in {path.name for path in show.iterdir()}


def test_a_changed_command_is_asked_for_again(show, tmp_path):
    publish_first(show)
    add_command(show, tmp_path)
    before = purge_command_digest(load_project(show).show.publish, show)
    set_key(show, "purge: ", "purge_environment: [AWS_SECRET_ACCESS_KEY], purge: ")
    assert purge_command_digest(load_project(show).show.publish, show) != before
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", before).exit_code == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("command", ["sh scripts/purge.sh", "sh -c 'sh scripts/purge.sh;true'"])
def test_a_changed_script_is_asked_for_again(show, tmp_path, monkeypatch, command):
    publish_first(show)
    script = show / "scripts/purge.sh"
    script.parent.mkdir()
    script.write_text(f"echo first > {tmp_path}/ran\n")
    set_key(
        show,
        "to: public",
        f"to: public, purge: {command!r}" if "'" not in command else f'to: public, purge: "{command}"',
    )
    monkeypatch.chdir(tmp_path)  # the command runs in the show's folder, not in this one
    digest = purge_command_digest(load_project(show).show.publish, show)
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", digest).exit_code == 0
    assert (tmp_path / "ran").read_text() == "first\n"
    script.write_text(f"echo second > {tmp_path}/ran\n")
    change(show)
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", digest).exit_code == 1
    assert (tmp_path / "ran").read_text() == "first\n"


def test_a_command_sees_only_basic_and_named_variables(show, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t")
    monkeypatch.setenv("CDN_TOKEN", "t0ken")
    publish_first(show)
    add_command(show, tmp_path, ", purge_environment: [CDN_TOKEN]")
    digest = purge_command_digest(load_project(show).show.publish, show)
    assert run(show, "publish", "--yes", "--no-check", "--allow-command", digest).exit_code == 0
    names = (tmp_path / "ran").read_text()
    assert "CDN_TOKEN" in names
    assert "AWS_SECRET_ACCESS_KEY" not in names
    assert "PATH" in names


def test_a_command_is_asked_for_once_on_a_terminal(show, tmp_path, monkeypatch):
    publish_first(show)
    add_command(show, tmp_path)
    monkeypatch.setattr("podcast_kit.cli.consents.is_interactive", lambda: True)
    assert run(show, "publish", "--yes", "--no-check", input="n\n").exit_code == 1
    assert not (tmp_path / "ran").exists()
    done = run(show, "publish", "--yes", "--no-check", input="y\n")
    assert done.exit_code == 0, done.output
    assert "Allow this command?" in done.output
    (tmp_path / "ran").unlink()
    change(show)
    assert "Allow this command?" not in run(show, "publish", "--yes", "--no-check").output
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "variable", [("GITHUB_EVENT_NAME", "pull_request"), ("CI_PIPELINE_SOURCE", "merge_request_event")]
)
def test_a_command_never_runs_in_a_pull_request(show, tmp_path, monkeypatch, variable):
    publish_first(show)
    add_command(show, tmp_path)
    digest = purge_command_digest(load_project(show).show.publish, show)
    monkeypatch.setenv(*variable)
    done = run(show, "publish", "--yes", "--no-check", "--allow-command", digest)
    assert done.exit_code == 1
    assert "never run in a pull request" in done.output
    assert not (tmp_path / "ran").exists()


def test_a_place_outside_of_the_show_is_allowed_once(show, tmp_path):
    set_key(show, "to: public}", "to: ../site}")
    site = tmp_path / "site"
    for command in (["publish", "--yes", "--no-check"], ["plan"], ["status"], ["prune", "--yes"]):
        done = run(show, *command)
        assert done.exit_code == 1, command
        assert f"--allow-place {site}" in done.output
        assert not site.exists()
    assert run(show, "publish", "--yes", "--no-check", "--allow-place", site).exit_code == 0
    assert (site / "feed.xml").is_file()
    assert run(show, "plan").exit_code == 0


def test_a_typed_place_needs_no_other_consent_and_is_not_remembered(show, tmp_path):
    site = tmp_path / "site"
    assert run(show, "publish", "--yes", "--no-check", "--to", site).exit_code == 0
    assert (site / "feed.xml").is_file()


def test_a_link_in_the_place_of_the_public_folder_needs_consent(show, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (show / "public").symlink_to(tmp_path / "elsewhere")
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_place_is_asked_for_on_a_terminal(show, monkeypatch):
    set_key(show, "to: public}", "to: ../site}")
    monkeypatch.setattr("podcast_kit.cli.consents.is_interactive", lambda: True)
    assert run(show, "plan", input="n\n").exit_code == 1
    assert "asked once" in run(show, "plan", input="y\n").output
    assert "asked once" not in run(show, "plan").output
    assert not questions.is_interactive()


@pytest.mark.parametrize("name", ["feed.xml", "index.html"])
def test_a_file_that_no_record_knows_is_not_replaced(show, name):
    (show / "public").mkdir()
    (show / "public" / name).write_text("mine")
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 1
    assert "pb.files" in done.output
    assert (show / "public" / name).read_text() == "mine"
    assert run(show, "publish", "--yes", "--no-check", "--allow", "replaced").exit_code == 0
    assert (show / "public" / name).read_text() != "mine"


def test_a_lost_record_is_rebuilt_where_the_live_feed_is_the_shows_own(show):
    publish_first(show)
    (show / "public/.podcast-kit/state.json").unlink()
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "path", ["authorized_keys", ".ssh/feed.xml", ".feed.xml", "a/.b/feed.rss", "feed.html", "..xml"]
)
def test_a_feed_path_that_is_not_a_feeds_is_refused(show, path):
    with (show / "podcast.yaml").open("a") as file:
        file.write(f"feed: {{path: '{path}'}}\n")
    done = run(show, "check")
    assert done.exit_code == 1
    assert "path.form" in done.output
