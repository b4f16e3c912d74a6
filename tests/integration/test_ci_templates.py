"""The commands in generated CI files work in a checkout without recordings."""

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


def published_show(folder, bucket):
    """A show in a subfolder of a repository, published once with its recordings."""
    (folder / ".git").mkdir(parents=True)
    show = shows.small(folder / "my show", episodes=2)
    settings = (show / "podcast.yaml").read_text().partition("publish:")[0]
    place = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    (show / "podcast.yaml").write_text(settings + place)
    assert run("publish", "-C", show, "--yes").exit_code == 0
    return show


def commands(kind, root):
    """The commands of a CI file, in order."""
    if kind == "github":
        jobs = yaml.safe_load((root / ci_templates.GITHUB_FILE).read_text())["jobs"]
        return [step["run"] for job in ("check", "publish") for step in jobs[job]["steps"] if "run" in step]
    jobs = yaml.safe_load((root / ci_templates.GITLAB_FILE).read_text())
    return [command for job in ("podcast-check", "podcast-publish") for command in jobs[job]["script"]]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_commands_of_the_ci_file_publish_edited_notes(kind, bucket, tmp_path):
    show = published_show(tmp_path / "here", bucket)
    created = run("init", "-C", show, f"--{kind}")
    assert created.exit_code == 0, created.output
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
    assert "Edited" in output_trees.download(f"{bucket.url}feed.xml").decode()
    assert output_trees.find_broken_links(bucket.url) == []
    if kind == "github":
        text = summary.read_text()
        assert "### podcast-kit publish" in text
        assert "- changed: “Talk 1” (notes)" in text
        assert "| replace | feed.xml |" in text


def test_role_needs_no_secret_keys(tmp_path):
    (tmp_path / ".git").mkdir()
    files = {role: ci_templates.render_ci_file("github", tmp_path, role=role)[1] for role in (True, False)}
    assert "secrets." not in files[True]
    assert "role-to-assume" in files[True]
    assert "role-to-assume" not in files[False]
    assert all(
        yaml.safe_load(text)["jobs"]["publish"]["concurrency"]["cancel-in-progress"] is False for text in files.values()
    )


def test_existing_ci_file_is_not_overwritten(bucket, tmp_path):
    show = published_show(tmp_path / "here", bucket)
    path = show.parent / ci_templates.GITLAB_FILE
    path.write_text("mine: true\n")
    done = run("init", "-C", show, "--gitlab")
    assert (done.exit_code, path.read_text()) == (0, "mine: true\n")
    assert "already exists and was not changed" in done.stderr


def test_errors_become_github_annotations(tmp_path):
    show = shows.small(tmp_path / "show")
    with (show / "episodes/001-talk.md").open("a") as notes:
        notes.write("![a picture](gone.png)\n")
    pipeline = {"GITHUB_ACTIONS": "true", "CI": "true"}
    done = run("publish", "-C", show, "--yes", env=pipeline)
    assert done.exit_code == 1
    assert "::error file=" in done.stderr
    assert "line=" in done.stderr
    nobody = run("publish", "-C", shows.small(tmp_path / "other"), env=pipeline)
    assert "::error title=podcast-kit publish::not a terminal, so cannot ask for confirmation" in nobody.stderr


def test_embargoed_keys_are_not_in_logs_or_summary(tmp_path):
    show = shows.small(tmp_path / "show")
    shows.add(show, 2, date="2031-01-01 08:00")
    summary = tmp_path / "summary.md"
    pipeline = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = run("plan", "-C", show, "--ahead", env=pipeline)
    assert done.exit_code == 0
    assert "001-talk.mp3" in done.stdout
    for text in (done.output, summary.read_text()):
        assert "(uploaded ahead)" in text
        assert "002-talk.mp3" not in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_script_for_each_shell(shell):
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"{shell}_complete" in done.stdout


def test_shell_completes_slugs_without_reading_episodes(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    (show / "episodes/001-talk.md").write_bytes(b"\xff not even text")
    completion = {
        "COMP_WORDS": "podcast-kit publish --retag 00",
        "COMP_CWORD": "3",
        "_PODCAST_KIT_COMPLETE": "bash_complete",
    }
    command = [sys.executable, "-c", "from podcast_kit.__main__ import main; main()"]
    done = subprocess.run(command, env=os.environ | completion, cwd=show, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["plain,001-talk", "plain,002-talk"]


def test_pre_commit_hook_checks_podcast_yaml_and_notes(tmp_path):
    import re

    [hook] = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    is_checked = {"podcast.yaml": True, "show/episodes/a.md": True, "episodes/a/index.md": True, "README.md": False}
    assert {path: bool(re.search(hook["files"], path)) for path in is_checked} == is_checked
    show = shows.small(tmp_path / "show")
    (show / "episodes/001-talk.md").write_text("---\ntitel: x\n---\n")
    line = [sys.executable, "-m", *hook["entry"].replace("podcast-kit", "podcast_kit").split(), "episodes/001-talk.md"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(line, cwd=show, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "titel" in done.stderr
