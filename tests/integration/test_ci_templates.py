"""Pipelines do what their files say: the very commands are run, in a checkout without recordings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.source import ci_templates
from tests.support import output_trees, shows

IGNORED = shutil.ignore_patterns("*.mp3", "build", ".podcast-kit", "public")


def run(*arguments, **settings):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **settings)


def settled(folder, bucket):
    """A show in a folder of a repository, published once from where its recordings are."""
    (folder / ".git").mkdir(parents=True)
    show = shows.small(folder / "my show", episodes=2)
    settings = (show / "podcast.yaml").read_text().partition("publish:")[0]
    place = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    (show / "podcast.yaml").write_text(settings + place)
    assert run("publish", "-C", show, "--yes").exit_code == 0
    return show


def commands(kind, root):
    """What the pipeline runs of ours, in its order."""
    if kind == "github":
        told = yaml.safe_load((root / ci_templates.GITHUB).read_text())
        return [each["run"] for job in ("check", "publish") for each in told["jobs"][job]["steps"] if "run" in each]
    told = yaml.safe_load((root / ci_templates.GITLAB).read_text())
    return [each for job in ("podcast-check", "podcast-publish") for each in told[job]["script"]]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_an_edited_note_goes_out_by_what_the_file_says(kind, bucket, tmp_path):
    show = settled(tmp_path / "here", bucket)
    made = run("init", "-C", show, f"--{kind}")
    assert made.exit_code == 0, made.output
    root = shutil.copytree(show.parent, tmp_path / "runner", ignore=IGNORED)
    note = root / "my show/episodes/001-talk.md"
    note.write_text(note.read_text().replace("One paragraph", "Edited | in a <browser>"))
    summary = tmp_path / "summary.md"
    environment = os.environ | {"CI": "true", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    if kind == "github":
        environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ours = [line for line in commands(kind, root) if line.startswith("podcast-kit")]
    assert [line.split()[1] for line in ours] == ["check", "publish"]
    for line in ours:
        done = subprocess.run(line, shell=True, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Edited" in output_trees.fetch(f"{bucket.url}feed.xml").decode()
    assert output_trees.broken_promises(bucket.url) == []
    if kind == "github":
        told = summary.read_text()
        assert "### podcast-kit publish" in told
        assert "- changed: “Talk 1” (notes)" in told
        assert "| replace | feed.xml |" in told


def test_a_store_that_takes_roles_is_given_no_keys(tmp_path):
    (tmp_path / ".git").mkdir()
    told = {role: ci_templates.pipeline("github", tmp_path, role=role)[1] for role in (True, False)}
    assert "secrets." not in told[True]
    assert "role-to-assume" in told[True]
    assert "role-to-assume" not in told[False]
    assert all(
        yaml.safe_load(text)["jobs"]["publish"]["concurrency"]["cancel-in-progress"] is False for text in told.values()
    )


def test_nothing_that_is_there_is_overwritten(bucket, tmp_path):
    show = settled(tmp_path / "here", bucket)
    path = show.parent / ci_templates.GITLAB
    path.write_text("mine: true\n")
    done = run("init", "-C", show, "--gitlab")
    assert (done.exit_code, path.read_text()) == (0, "mine: true\n")
    assert "stays as it is" in done.stderr


def test_what_fails_is_an_annotation_in_githubs_pipeline(tmp_path):
    show = shows.small(tmp_path / "show")
    with (show / "episodes/001-talk.md").open("a") as notes:
        notes.write("![a picture](gone.png)\n")
    pipeline = {"GITHUB_ACTIONS": "true", "CI": "true"}
    done = run("publish", "-C", show, "--yes", env=pipeline)
    assert done.exit_code == 1
    assert "::error file=" in done.stderr
    assert "line=" in done.stderr
    nobody = run("publish", "-C", shows.small(tmp_path / "other"), env=pipeline)
    assert "::error title=podcast-kit publish::nobody is here to ask" in nobody.stderr


def test_what_goes_ahead_is_not_named_in_a_log_that_anybody_may_read(tmp_path):
    show = shows.small(tmp_path / "show")
    shows.add(show, 2, date="2031-01-01 08:00")
    summary = tmp_path / "summary.md"
    pipeline = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = run("plan", "-C", show, "--ahead", env=pipeline)
    assert done.exit_code == 0
    assert "001-talk.mp3" in done.stdout
    for text in (done.output, summary.read_text()):
        assert "goes ahead" in text
        assert "002-talk.mp3" not in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script_of_its_own(shell):
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"{shell}_complete" in done.stdout


def test_a_shell_finishes_the_names_of_episodes_and_reads_none(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    (show / "episodes/001-talk.md").write_bytes(b"\xff not even text")
    asked = {
        "COMP_WORDS": "podcast-kit publish --retag 00",
        "COMP_CWORD": "3",
        "_PODCAST_KIT_COMPLETE": "bash_complete",
    }
    command = [sys.executable, "-c", "from podcast_kit.cli import main; main()"]
    done = subprocess.run(command, env=os.environ | asked, cwd=show, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,001-talk", "plain,002-talk"]


def test_the_hook_for_pre_commit_checks_what_podcasters_write(tmp_path):
    import re

    [hook] = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    wanted = {"podcast.yaml": True, "show/episodes/a.md": True, "episodes/a/index.md": True, "README.md": False}
    assert {path: bool(re.search(hook["files"], path)) for path in wanted} == wanted
    show = shows.small(tmp_path / "show")
    (show / "episodes/001-talk.md").write_text("---\ntitel: x\n---\n")
    line = [sys.executable, "-m", *hook["entry"].replace("podcast-kit", "podcast_kit").split(), "episodes/001-talk.md"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(line, cwd=show, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "titel" in done.stderr
