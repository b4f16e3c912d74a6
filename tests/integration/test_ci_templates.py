"""The commands in generated CI files work in a checkout without recordings."""

import importlib
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from podcast_kit import announce
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


def load_jobs(kind, root):
    """The jobs of a CI file: those that check a change, and those that publish."""
    if kind == "github":
        jobs = yaml.safe_load((root / ci_templates.GITHUB_FILE).read_text())["jobs"]
        return jobs["check"], jobs["publish"]
    jobs = yaml.safe_load((root / ci_templates.GITLAB_FILE).read_text())
    return jobs["podcast-check"], jobs.get("podcast-publish") or jobs["pages"]


def commands(kind, job):
    """The commands of a job that run podcast-kit, in order."""
    lines = [step["run"] for step in job["steps"] if "run" in step] if kind == "github" else job["script"]
    return [line for line in lines if line.startswith("podcast-kit")]


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
    check_job, publish_job = load_jobs(kind, root)
    assert [line.split()[1] for line in commands(kind, check_job)] == ["check"]
    assert [line.split()[1] for line in commands(kind, publish_job)] == ["check", "publish"]
    for line in commands(kind, publish_job):
        done = subprocess.run(line, shell=True, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Edited" in output_trees.download(f"{bucket.url}feed.xml").decode()
    assert output_trees.find_broken_links(bucket.url) == []
    if kind == "github":
        text = summary.read_text()
        assert "### podcast-kit publish" in text
        assert "- changed: “Talk 1” (notes)" in text
        assert "| replace | feed.xml |" in text


def render(folder, kind="github", target=ci_templates.CiTarget.KEYS, **values):
    (folder / ".git").mkdir(exist_ok=True)
    return ci_templates.render_ci_file(kind, folder, target=target, **values).text


def test_role_needs_no_secret_keys(tmp_path):
    files = {target: render(tmp_path, target=target) for target in ci_templates.CiTarget}
    assert "AWS_SECRET_ACCESS_KEY" not in files["role"]
    assert "role-to-assume" in files["role"]
    assert "role-to-assume" not in files["keys"]
    rights = {target: yaml.safe_load(text)["jobs"]["publish"]["permissions"] for target, text in files.items()}
    assert {target for target, right in rights.items() if "id-token" in right} == {"role", "pages"}
    assert all(
        yaml.safe_load(text)["jobs"]["publish"]["concurrency"]["cancel-in-progress"] is False for text in files.values()
    )
    gitlab = yaml.safe_load(render(tmp_path, "gitlab", ci_templates.CiTarget.ROLE))["podcast-publish"]
    assert list(gitlab["id_tokens"]) == ["AWS_TOKEN"]


@pytest.mark.parametrize("target", list(ci_templates.CiTarget))
@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize("source", ["", f"git+https://git.example/me/tool@{'a' * 40}"])
def test_nothing_unpinned_is_installed(tmp_path, kind, target, source):
    text = render(tmp_path, kind, target, tool_from=source, to="public")
    settings = yaml.safe_load(text)
    assert (settings["env"] if kind == "github" else settings["variables"])["PODCAST_KIT"] == source
    assert ("TO DO" in text) is not bool(source)
    for line in text.splitlines():
        if "pip install" in line and "#" not in line:
            assert line.rpartition(" install ")[2].strip() == (
                '--quiet "${PODCAST_KIT:?set PODCAST_KIT at the top of this file}"'
            )
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v[0-9.]+$", line)
    empty = subprocess.run(
        ["bash", "-c", 'echo "${PODCAST_KIT:?set}"'], env={"PODCAST_KIT": source}, capture_output=True, check=False
    )
    assert (empty.returncode == 0) is bool(source)


def test_ci_jobs_are_guarded(tmp_path):
    check, comments, publish = yaml.safe_load(render(tmp_path))["jobs"].values()
    assert comments["permissions"] == {"contents": "write"}
    assert publish["permissions"] == check.get("permissions", publish["permissions"]) == {"contents": "read"}
    assert "secrets." not in str(comments)
    assert comments["if"].startswith("vars.PODCAST_COMMENTS == 'true' && ")
    assert (publish["needs"], publish["if"].endswith("&& !cancelled()")) == ("comments", True)  # it may be skipped
    assert publish["steps"][0]["with"]["ref"] == "${{ github.ref }}"
    assert "default_branch" in publish["if"]
    assert check["timeout-minutes"]
    assert publish["timeout-minutes"]
    assert check["if"] == "github.event_name == 'pull_request'"  # it does not run on a schedule
    assert "secrets." not in str(check)
    assert "PODCAST_KIT_SUBSCRIBERS_KEY" in str(publish)
    gitlab = yaml.safe_load(render(tmp_path, "gitlab"))
    assert "merge_request_event" in str(gitlab["podcast-check"]["rules"])
    assert gitlab["default"]["cache"]["paths"]
    subfolder = tmp_path / "my show"
    subfolder.mkdir()
    text = ci_templates.render_ci_file("github", subfolder, target=ci_templates.CiTarget.KEYS).text
    assert yaml.safe_load(text)[True]["push"]["paths"] == ["my show/**", ci_templates.GITHUB_FILE]
    assert "paths" not in yaml.safe_load(render(tmp_path))[True]["push"]  # a show may read any file of its folder


def test_a_publish_has_the_token_of_every_service_that_announces(tmp_path):
    names = set()
    for module in pkgutil.iter_modules(announce.__path__, f"{announce.__name__}."):
        values = vars(importlib.import_module(module.name))
        names |= {value for name, value in values.items() if name.endswith("_VARIABLE") and isinstance(value, str)}
    assert "PODCAST_KIT_PODPING_TOKEN" in names
    assert names <= set(ci_templates.ANNOUNCE_VARIABLES)
    for target in (ci_templates.CiTarget.KEYS, ci_templates.CiTarget.ROLE):
        [step] = [
            step
            for step in yaml.safe_load(render(tmp_path, target=target))["jobs"]["publish"]["steps"]
            if " publish" in step.get("run", "")
        ]
        assert {name: f"${{{{ secrets.{name} }}}}" for name in names}.items() <= step["env"].items()


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_ci_commits_comments_and_nothing_else(tmp_path, kind):
    origin, desk, runner = tmp_path / "origin.git", tmp_path / "desk", tmp_path / "runner"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(desk))
    show = desk / "my show"
    (show / "comments").mkdir(parents=True)
    for name in ("comments/a.json", "comments/old.json", "podcast.yaml"):
        (show / name).write_text("1\n")
    for key, value in (("user.name", "Ann"), ("user.email", "a@pod.example")):
        git(desk, "config", key, value)
    git(desk, "add", ".")
    git(desk, "commit", "--quiet", "--message", "First")
    git(desk, "push", "--quiet", "origin", "HEAD:main")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{origin}", str(runner))
    (desk / "later.txt").write_text("pushed since")
    git(desk, "add", ".")
    git(desk, "commit", "--quiet", "--message", "Later")
    git(desk, "push", "--quiet", "origin", "HEAD:main")
    there = runner / "my show"
    (there / "comments/a.json").write_text("2\n")
    (there / "comments/b.json").write_text("3\n")
    (there / "comments/b.json.part").write_text("unfinished")
    (there / "comments/old.json").unlink()
    (there / "other.json").write_text("not a comment")
    text = ci_templates.render_ci_file(kind, show, target=ci_templates.CiTarget.KEYS).text
    environment = os.environ | {
        "REMOTE": "origin",
        "BRANCH": "main",
        "COMMITTER": "ci",
        "COMMITTER_EMAIL": "c@ci.example",
    }
    if kind == "github":
        step = yaml.safe_load(text)["jobs"]["comments"]["steps"][-1]
        script, folder = step["run"], runner / step["working-directory"]
        assert {"REMOTE", "BRANCH", "COMMITTER", "COMMITTER_EMAIL"} == step["env"].keys()
    else:
        _, change_folder, _, commit = yaml.safe_load(text)["podcast-comments"]["script"]
        script, folder = f"{change_folder}\n{commit}", runner
    for _ in range(2):
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    git(desk, "pull", "--quiet", "origin", "main")
    assert git(desk, "log", "--format=%s %an").splitlines() == ["Update comments ci", "Later Ann", "First Ann"]
    changes = git(desk, "show", "--name-status", "--format=").splitlines()
    assert changes == ["M\tmy show/comments/a.json", "A\tmy show/comments/b.json", "D\tmy show/comments/old.json"]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_show_in_a_folder_becomes_a_pages_site(tmp_path, kind):
    show = shows.small(tmp_path / "show")
    (show / ".git").mkdir()
    done = run("init", "-C", show, f"--{kind}")
    assert done.exit_code == 0, done.output
    assert "fill in PODCAST_KIT" in done.stderr
    assert "commit them" in done.stderr
    _, publish_job = load_jobs(kind, show)
    actions = [step["uses"].partition("@")[0] for step in publish_job.get("steps", []) if "uses" in step]
    if kind == "github":
        assert actions[-2:] == ["actions/upload-pages-artifact", "actions/deploy-pages"]
        assert publish_job["permissions"]["pages"] == "write"
        [kept] = [
            step["with"]["path"].split() for step in publish_job["steps"] if "cache/restore" in step.get("uses", "")
        ]
    else:
        assert publish_job["artifacts"]["paths"] == [publish_job["pages"]["publish"]] == ["public"]
        kept = publish_job["cache"][1]["paths"]
    assert kept == ["public", "podcast.lock"]
    environment = os.environ | {"CI": "true", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    note, enclosures = show / "episodes/001-talk.md", []
    for _ in range(2):
        for line in commands(kind, publish_job):
            done = subprocess.run(
                line, shell=True, cwd=show, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        enclosures.append(re.findall(r"media/[0-9a-f]+/001-talk.mp3", (show / "public/feed.xml").read_text())[0])
        for folder in ("build", ".podcast-kit"):  # not kept: every run has a new runner
            shutil.rmtree(show / folder)
        note.write_text(note.read_text().replace("title: Talk 1", "title: Talk one"))
    assert len(set(enclosures)) == 1
    assert "Talk one" in (show / "public/feed.xml").read_text()


@pytest.mark.parametrize(
    "source", ["podcast-kit", "podcast-kit==0.1.0", "git+https://git.example/me/tool@main", "https://x.example/a.whl"]
)
def test_init_refuses_a_source_that_can_change(tmp_path, source):
    show = shows.small(tmp_path / "show")
    done = run("init", "-C", show, "--github", "--tool-from", source)
    assert done.exit_code == 2
    assert "#sha256=" in done.stderr
    assert not (show / ci_templates.GITHUB_FILE).exists()


def test_source_is_the_commit_that_podcast_kit_was_installed_from():
    commit = "a" * 40
    url = "https://git.example/me/tool"
    vcs = {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit, "requested_revision": "main"}}
    assert ci_templates.tool_source_from_direct_url(json.dumps(vcs)) == f"git+{url}@{commit}"
    wheel = {"url": f"{url}/a.whl", "archive_info": {"hashes": {"sha256": "b" * 64}}}
    assert ci_templates.tool_source_from_direct_url(json.dumps(wheel)) == f"{url}/a.whl#sha256={'b' * 64}"
    for folder in ('{"url": "file:///home/me/tool", "dir_info": {"editable": true}}', "", "[]", "nonsense"):
        assert ci_templates.tool_source_from_direct_url(folder) == ""


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
    done = run("plan", "-C", show, "--ahead", "-v", env=pipeline)
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
    [hook] = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    is_checked = {"podcast.yaml": True, "show/episodes/a.md": True, "episodes/a/index.md": True, "README.md": False}
    assert {path: bool(re.search(hook["files"], path)) for path in is_checked} == is_checked
    show = shows.small(tmp_path / "show")
    (show / "episodes/001-talk.md").write_text("---\ntitel: x\n---\n")
    line = [sys.executable, "-m", *hook["entry"].replace("podcast-kit", "podcast_kit").split(), "episodes/001-talk.md"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(line, cwd=show, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "titel" in done.stdout


@pytest.mark.parametrize(("options", "is_ignored"), [([], True), (["--github"], False), (["--gitlab"], False)])
def test_recordings_of_a_pages_site_are_not_kept_out_of_git(tmp_path, options, is_ignored):
    words = ["--title", "T", "--author", "A", "--email", "a@pod.example", "--url", "https://pod.example/"]
    assert run("init", tmp_path / "show", *words, "--to", "public", *options).exit_code == 0
    assert ("*.mp3" in (tmp_path / "show/.gitignore").read_text()) is is_ignored
