"""The README's five minutes, and what everyday commands promise."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.source import project
from podcast_kit.source.episode import slugify_title as slugged
from tests.support.shows import ROOT, small, tree

BEGIN = ["--title", "Talks", "--author", "Ann Lee", "--email", "ann@pod.example", "--url", "https://pod.example"]


@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def run(*arguments, **settings):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments], **settings)
    assert "Traceback" not in done.output
    return done


def begun(folder):
    assert run("init", folder, *BEGIN).exit_code == 0
    shutil.copy(ROOT / "episodes/art/cover.jpg", folder / "cover.jpg")
    return folder


def test_from_nothing_to_a_published_episode(tmp_path):
    show = begun(tmp_path / "talks")
    done = run("new", ROOT / "episodes/001-more-social.mp3", "-C", show)
    assert done.exit_code == 0, done.output
    (notes,) = (show / "episodes").glob("*.md")
    assert notes.stem == "001-more-social-less-media"
    episode = project.load_project(show).episodes[0]
    assert (episode.title, episode.number) == ("More social, less media", 1)
    assert UUID(episode.guid).version == 4
    done = run("publish", "--yes", "-C", show)
    assert (done.exit_code, "placeholder text" in done.stderr) == (1, True)
    notes.write_text(f"---{notes.read_text().split('---')[1]}---\nAbout being social.\n")
    assert run("publish", "--yes", "-C", show).exit_code == 0
    assert (show / "public/feed.xml").is_file()
    assert (show / "podcast.lock").is_file()
    again = run("publish", "-C", show)
    assert again.exit_code == 0
    assert "nothing to do" in again.stderr


def test_the_second_episode_gets_the_next_number_and_the_recording_is_unchanged(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    recording = shutil.copy(ROOT / "episodes/002-first-minute.m4a", tmp_path / "My recording.m4a")
    before = recording.read_bytes()
    assert run("new", recording, "-C", show, "--title", "Über Größe", "--date", "2026-12-01 08:00").exit_code == 0
    assert (show / "episodes/003-ueber-groesse.m4a").read_bytes() == recording.read_bytes() == before
    episode = project.load_project(show).episodes[-1]
    assert episode.title == "Über Größe"
    assert episode.date == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_a_file_that_is_not_audio_creates_no_episode(tmp_path):
    show = small(tmp_path / "show")
    before = tree(show)
    (tmp_path / "talk.mp3").write_bytes(b"not audio at all" * 64)
    done = run("new", tmp_path / "talk.mp3", "-C", show)
    assert done.exit_code == 1
    assert tree(show) == before


def test_existing_files_are_not_overwritten(tmp_path):
    show = begun(tmp_path / "talks")
    before = (show / "podcast.yaml").read_bytes()
    assert run("init", show, *BEGIN).exit_code == 1
    assert (show / "podcast.yaml").read_bytes() == before
    for _ in range(2):
        done = run("new", ROOT / "episodes/001-more-social.mp3", "-C", show, "--slug", "same", "--allow-duplicate")
    assert done.exit_code == 1
    assert "already exists" in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--title", "Talks"], "--url, --author and --email are required"),
        (BEGIN[:-2], "--url is required"),
    ],
)
def test_without_a_terminal_every_missing_option_is_reported_at_once(tmp_path, given, said):
    done = run("init", tmp_path / "talks", *given)
    assert done.exit_code == 2
    assert f"{said} when not running in a terminal" in done.stderr
    assert not (tmp_path / "talks").exists()


@pytest.mark.parametrize(
    ("to", "ignored"),
    [([], True), (["--to", "./public/"], True), (["--to", "docs"], False), (["--to", "s3://talks"], False)],
)
def test_generated_files_are_ignored_by_git(tmp_path, to, ignored):
    run("init", tmp_path, *BEGIN, *to)
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert {"/build/", "/.podcast-kit/", "/subscribers.key"} <= set(lines)
    assert ("/public/" in lines) is ignored


def test_a_missing_cover_is_reported_with_its_requirements(tmp_path):
    done = run("init", tmp_path, *BEGIN)
    assert "as cover.jpg (JPEG or PNG, square, 1400 to 3000 pixels a side)" in done.stderr
    assert run("new", ROOT / "episodes/001-more-social.mp3", "-C", tmp_path).exit_code == 0
    done = run("build", "-C", tmp_path)
    assert done.exit_code == 1
    assert "'cover.jpg' does not exist (a cover is a JPEG or PNG, square, 1400 to 3000 pixels a side;" in done.stderr
    shutil.copy(ROOT / "episodes/art/cover.jpg", tmp_path / "cover.jpg")
    (tmp_path / "podcast.yaml").unlink()
    assert "JPEG" not in run("init", tmp_path, *BEGIN).stderr


def test_publish_never_waits_for_an_answer_that_cannot_come(tmp_path):
    show = small(tmp_path / "show")
    done = run("publish", "-C", show)
    assert done.exit_code == 1
    assert "--yes" in done.stderr
    assert not (show / "public/feed.xml").exists()


def test_a_dry_run_publishes_nothing_and_lists_all(tmp_path):
    show = small(tmp_path / "show")
    done = run("publish", "--dry-run", "-v", "-C", show)
    assert done.exit_code == 0
    assert re.search(r"^\+ create +feed\.xml", done.stdout, re.MULTILINE)
    assert not (show / "public").exists()
    assert not (show / "podcast.lock").exists()


def test_plan_ends_with_3_while_changes_are_pending(tmp_path):
    show = small(tmp_path / "show")
    assert run("plan", "--exit-code", "-C", show).exit_code == 3
    assert run("publish", "--yes", "-C", show).exit_code == 0
    assert run("plan", "--exit-code", "-C", show).exit_code == 0


def test_a_program_gets_only_json_on_stdout(tmp_path):
    show = small(tmp_path / "show")
    for command in (["build"], ["plan"], ["publish", "--yes"]):
        said = json.loads(run(*command, "--json", "-C", show).stdout)
        assert said["schema"] == 1
        assert said["problems"] == []


def test_an_episode_without_a_guid_gets_one_line_and_keeps_every_other_byte(tmp_path):
    show = small(tmp_path / "show")
    notes = show / "episodes/001-talk.md"
    plain = re.sub(r"guid: .*\n", "", notes.read_text())
    notes.write_text(plain)
    assert run("build", "-C", show).exit_code == 0
    minted = notes.read_text()
    assert re.sub(r"guid: .*\n", "", minted) == plain
    assert UUID(project.load_project(show).episodes[0].guid).version == 4
    assert run("build", "-C", show).exit_code == 0
    assert notes.read_text() == minted


def test_ci_mints_no_guid_since_the_next_run_would_mint_another(tmp_path, monkeypatch):
    show = small(tmp_path / "show")
    notes = show / "episodes/001-talk.md"
    notes.write_text(re.sub(r"guid: .*\n", "", notes.read_text()))
    before = tree(show)
    monkeypatch.setenv("CI", "true")
    done = run("publish", "--yes", "-C", show)
    assert done.exit_code == 1
    assert "episodes/001-talk.md" in done.stderr
    assert "commit" in done.stderr
    assert tree(show) == before


def test_a_closed_service_is_reported_once_and_has_no_link(tmp_path):
    show = small(tmp_path / "show")
    yaml = show / "podcast.yaml"
    yaml.write_text(yaml.read_text().replace("listen: {apple", "listen: {stitcher: 'https://stitcher.com/x', apple"))
    done = run("publish", "--yes", "-C", show)
    assert done.exit_code == 0
    assert done.stderr.count("Stitcher closed") == 1
    assert b"stitcher.com" not in b"".join(tree(show / "public").values())
    yaml.write_text(yaml.read_text().replace("'https://stitcher.com/x'", "{url: 'https://stitcher.com/x', keep: true}"))
    assert run("publish", "--yes", "-C", show).exit_code == 0
    assert b"stitcher.com" in b"".join(tree(show / "public").values())


def test_an_unknown_episode_is_an_error_with_a_suggestion(tmp_path):
    show = small(tmp_path / "show")
    for command in (["build"], ["plan"], ["publish", "--yes"]):
        done = run(*command, "--retag", "001-tak", "-C", show)
        assert (done.exit_code, "no episode '001-tak' (did you mean '001-talk'?)" in done.stderr) == (2, True)
    assert run("check", "episodes/001-talk.md", "-C", show).exit_code == 0  # a path also counts from the show's folder
    done = run("check", "episodes/001-tak.md", "-C", show)
    assert (done.exit_code, "not found" in done.stdout) == (1, True)


def test_a_scheduled_episode_is_announced_and_built_when_it_is_due(tmp_path):
    show = small(tmp_path / "show")
    soon = datetime.now(UTC) + timedelta(days=3)
    notes = show / "episodes/001-talk.md"
    notes.write_text(re.sub(r"date: .*", f"date: {soon:%Y-%m-%d %H:%M}", notes.read_text()))
    done = run("build", "-C", show)
    assert f"scheduled: 001-talk on {soon:%Y-%m-%d}" in done.stderr
    assert "1 episode" in run("build", "-C", show, "--at", f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}").stderr


@pytest.mark.parametrize(
    ("title", "slug"),
    [("More social, less media", "more-social-less-media"), ("Élan & Größe!", "elan-groesse"), ("東京", "episode")],
)
def test_a_title_becomes_a_slug(title, slug):
    assert slugged(title) == slug
