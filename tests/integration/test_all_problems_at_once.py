"""One fault does not hide another: what is wrong with recordings, pages, menu and cover is reported in one run."""

import shutil

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support.shows import small

TRUNCATED_BYTES = 3_000


def run(folder, command):
    return CliRunner().invoke(cli, [command, "-C", str(folder)], catch_exceptions=False)


def list_codes(output):
    return sorted(line.rpartition("[")[2].rstrip("]") for line in output.splitlines() if ": error: " in line)


def truncate(path):
    path.write_bytes(path.read_bytes()[:TRUNCATED_BYTES])


@pytest.fixture
def show(tmp_path):
    """A show with a recording that is cut off, pages with wrong addresses, and a menu that leads to nothing."""
    folder = small(tmp_path, episodes=3)
    truncate(folder / "episodes/001-talk.mp3")
    pages = folder / "pages"
    pages.mkdir()
    (pages / "about.md").write_text("---\ntitle: About\ntemplate: none.html\n---\nUs\n")
    (pages / "press.md").write_text("---\ntitle: Press\naliases: [/follow/]\n---\nUs\n")
    menu = "menu: [abuot, about, episodes/001-talk, {title: Elsewhere, url: //evil.example/}]\n"
    with (folder / "podcast.yaml").open("a") as file:
        file.write(menu)
    return folder


EXPECTED_CODES = ["alias.taken", "au.truncated", "menu.missing", "menu.missing", "template.missing"]


@pytest.mark.parametrize("command", ["check", "plan", "status", "build"])
def test_faults_of_recordings_pages_and_menu_are_reported_together(show, command):
    result = run(show, command)
    assert result.exit_code == 1
    assert list_codes(result.output) == EXPECTED_CODES


def test_menu_may_lead_to_a_page_that_cannot_be_made_yet(show):
    output = run(show, "plan").output
    assert "'abuot' leads to nothing" in output
    assert "'//evil.example/' leads to nothing" in output
    assert "'about' leads to nothing" not in output
    assert "'episodes/001-talk' leads to nothing" not in output


def test_error_in_notes_hides_no_broken_recording_and_no_missing_cover(tmp_path):
    folder = small(tmp_path, episodes=3)
    truncate(folder / "episodes/001-talk.mp3")
    notes = folder / "episodes/002-talk.md"
    notes.write_text(notes.read_text() + "\n![A desk](none.jpg)\n")
    (folder / "cover.jpg").unlink()
    assert list_codes(run(folder, "check").output) == ["au.truncated", "file.missing", "file.missing"]


def test_placeholder_text_is_an_error_also_without_a_cover(tmp_path):
    folder = small(tmp_path)
    (folder / "cover.jpg").unlink()
    recording = shutil.copy(folder / "episodes/001-talk.mp3", tmp_path / "next.mp3")
    new = CliRunner().invoke(
        cli, ["new", str(recording), "--allow-duplicate", "--date", "2026-01-02", "-C", str(folder)]
    )
    assert new.exit_code == 0, new.output
    assert set(list_codes(run(folder, "check").output)) == {"notes.begun", "file.missing"}
