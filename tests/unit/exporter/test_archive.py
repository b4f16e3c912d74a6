"""The show's own files as a ZIP file: everything that was written, the same bytes each time, and nothing private."""

import os
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from podcast_kit import exporter
from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.exporter import ExportFormat, ExportOptions
from podcast_kit.model import LockEntry, Media
from podcast_kit.source import lock, project
from tests.support import shows

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
EARLY = 4


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def export(folder, output, **options):
    return exporter.export_sources(project.load_project(folder), output, ExportOptions(**options), now=NOW)


def names(output):
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def write_lock(folder, *numbers):
    """A podcast.lock with these episodes, the fourth of which is uploaded early."""
    entries = [
        LockEntry(
            slug=f"{number:03d}-talk",
            guid=f"{shows.GUID}{number:04d}",
            date=datetime(2030 if number == EARLY else 2020, 1, 2, 8, tzinfo=UTC),
            source_sha256="",
            media=Media(key=f"media/{number}/{number:03d}-talk.mp3", sha256="0" * 64, bytes=1, mime="audio/mpeg"),
        )
        for number in numbers
    ]
    (folder / "podcast.lock").write_bytes(lock.render_lock(entries))


@pytest.fixture
def show(tmp_path):
    """Two published episodes, a draft with files of its own, a scheduled one, and things that are nobody's business."""
    folder = shows.small(tmp_path / "show", episodes=2)
    write_lock(folder, 1, 2)
    shows.add(folder, 3, draft="true", image="secret.jpg", transcript="plan.vtt")
    (folder / "episodes/secret.jpg").write_bytes((folder / "cover.jpg").read_bytes())
    (folder / "episodes/plan.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nNot yet.\n")
    shows.add(folder, 4, date="2030-01-02 08:00")
    (folder / "episodes/raw-take.wav").write_bytes(b"RIFF")
    return folder


def test_a_zip_has_the_sources_and_nothing_derived(show, tmp_path):
    result = export(show, tmp_path / "show.zip")
    assert names(tmp_path / "show.zip") == [
        "cover.jpg",
        "episodes/001-talk.md",
        "episodes/001-talk.mp3",
        "episodes/002-talk.md",
        "episodes/002-talk.mp3",
        "podcast.lock",
        "podcast.yaml",
    ]
    assert result.episodes == ("001-talk", "002-talk")
    assert {entry.path for entry in result.left_out} == {
        "episodes/003-talk.md",
        "episodes/003-talk.mp3",
        "episodes/004-talk.md",
        "episodes/004-talk.mp3",
        "episodes/plan.vtt",
        "episodes/raw-take.wav",
        "episodes/secret.jpg",
    }


def test_drafts_and_scheduled_episodes_are_exported_on_request(show, tmp_path):
    result = export(show, tmp_path / "show.zip", drafts=True)
    expected = {"episodes/003-talk.md", "episodes/plan.vtt", "episodes/secret.jpg", "episodes/raw-take.wav"}
    assert expected <= set(names(tmp_path / "show.zip"))
    assert result.left_out == ()


def test_a_file_that_a_draft_shares_with_an_exported_episode_stays(show, tmp_path):
    shows.add(show, 5, image="secret.jpg")
    export(show, tmp_path / "show.zip")
    assert "episodes/secret.jpg" in names(tmp_path / "show.zip")


def test_the_same_files_give_the_same_bytes(show, tmp_path):
    export(show, tmp_path / "a.zip")
    for path in show.rglob("*"):
        os.utime(path, (0, 0))
    export(show, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_secrets_are_never_in_a_zip(show, tmp_path):
    secrets = {
        "subscribers.key": "00" * 32,
        "deploy.pem": "x",
        "credentials.json": "{}",
        ".env": "TOKEN=abc",
        "notes/id_ed25519": "x",
        "notes/todo.txt": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n",
        ".git/config": "url = https://user:token@host/",
        ".podcast-kit/cache": "x",
    }
    for name, text in secrets.items():
        (show / name).parent.mkdir(parents=True, exist_ok=True)
        (show / name).write_text(text)
    (show / "subscribers.txt").write_text("Ann\n")
    export(show, tmp_path / "show.zip", drafts=True)
    assert not {*secrets, "subscribers.txt"} & set(names(tmp_path / "show.zip"))
    export(show, tmp_path / "members.zip", members=True)
    assert not set(secrets) & set(names(tmp_path / "members.zip"))
    assert "subscribers.txt" in names(tmp_path / "members.zip")


def test_what_only_members_get_is_exported_on_request(show, tmp_path):
    shows.add(show, 5, audience="members")
    for name in ("006-talk.members.mp3", "other.mp3"):
        shutil.copy(show / "episodes/001-talk.mp3", show / f"episodes/{name}")
    shows.add(show, 6, audio="{members: 006-talk.members.mp3}")
    shows.add(show, 7, audio="{members: other.mp3}")
    (show / "members.lock").write_text("# none\nversion: 1\n")
    export(show, tmp_path / "show.zip")
    private = {"episodes/005-talk.md", "episodes/005-talk.mp3", "episodes/006-talk.members.mp3", "episodes/other.mp3"}
    private.add("members.lock")
    assert {"episodes/006-talk.md", "episodes/006-talk.mp3"} <= set(names(tmp_path / "show.zip"))
    assert not private & set(names(tmp_path / "show.zip"))
    export(show, tmp_path / "drafts.zip", drafts=True)
    assert not private & set(names(tmp_path / "drafts.zip"))
    export(show, tmp_path / "members.zip", members=True)
    assert private <= set(names(tmp_path / "members.zip"))


@pytest.mark.skipif(os.name == "nt", reason="links need privileges on Windows")
def test_links_out_of_the_show_and_pipes_are_left_out(show, tmp_path):
    (tmp_path / "outside.txt").write_text("not the show's")
    (show / "link.txt").symlink_to(tmp_path / "outside.txt")
    (show / "folder").symlink_to(tmp_path)
    (show / "loop").symlink_to(show)
    os.mkfifo(show / "pipe")
    result = export(show, tmp_path / "show.zip")
    assert not {"link.txt", "folder", "loop", "pipe"} & set(names(tmp_path / "show.zip"))
    assert {"link.txt", "folder", "loop", "pipe"} <= {entry.path for entry in result.left_out}


def test_the_lock_in_a_zip_does_not_have_episodes_that_are_left_out(show, tmp_path):
    write_lock(show, 1, 2, EARLY)
    assert b"004-talk" in (show / "podcast.lock").read_bytes()
    export(show, tmp_path / "show.zip")
    with zipfile.ZipFile(tmp_path / "show.zip") as archive:
        exported = archive.read("podcast.lock")
    assert b"004-talk" not in exported
    assert b"002-talk" in exported


def test_an_existing_file_is_only_replaced_by_force(show, tmp_path):
    output = tmp_path / "show.zip"
    output.write_text("mine")
    with pytest.raises(OperationError, match="already exists"):
        export(show, output)
    assert output.read_text() == "mine"
    export(show, output, force=True)
    assert names(output)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("show/build/x.zip", "which is published"),
        ("show/public/x.zip", "which is public"),
        ("show/.podcast-kit/x.zip", "which a build may empty"),
        ("show", "the show's own folder"),
        ("taken", "is a folder"),
    ],
)
def test_places_where_an_export_would_be_published_or_lost_are_refused(show, tmp_path, place, expected):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OperationError, match=expected):
        export(show, tmp_path / place)


def test_an_unwritable_place_is_reported_and_leaves_nothing(show, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationError, match="cannot be written"):
        export(show, tmp_path / "file/x.zip")


def test_a_file_that_changes_while_it_is_read_stops_the_export(show, tmp_path, monkeypatch):
    from podcast_kit.exporter import archive

    def copy_half(source, entry):
        return entry.write(source.read(10))

    monkeypatch.setattr(archive, "_copy_stream", copy_half)
    with pytest.raises(OperationError, match="changed during the export"):
        export(show, tmp_path / "show.zip")
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*.part"))


def test_an_earlier_export_in_the_show_is_no_part_of_the_next(show):
    export(show, show / "mine.podcast.zip")
    before = (show / "mine.podcast.zip").read_bytes()
    export(show, show / "mine.podcast.zip", force=True)
    assert (show / "mine.podcast.zip").read_bytes() == before


def test_episodes_with_errors_stop_the_export_unless_it_keeps_going(show, tmp_path):
    (show / "episodes/002-talk.md").write_text("---\ntitle: [\n---\n")
    with pytest.raises(InvalidInput):
        export(show, tmp_path / "show.zip")
    result = run("export", "-C", show, "--format", "zip", "--output", tmp_path / "show.zip", "--keep-going")
    assert result.exit_code == 1
    assert "episodes/002-talk.md" not in names(tmp_path / "show.zip")
    assert "left out: episodes/002-talk.md: it has errors" in result.stderr


def test_the_list_of_limits_is_in_the_documentation():
    page = (shows.ROOT / "docs/how-to/export.md").read_text("utf-8")
    for export_format, limits in exporter.FORMAT_LIMITS.items():
        for limit in limits:
            assert f"- {limit.text}" in page, f"{export_format}: {limit.text}"


def test_a_show_without_anything_special_has_few_limits(tmp_path):
    folder = shows.small(tmp_path / "show")
    limits = exporter.list_used_limits(project.load_project(folder), ExportFormat.RSS)
    assert limits == ("`listen`: links to services", "`publish`: where the show is published")
