"""Files that no build wrote: they stay in build/, links out of the show are rejected, pipes are not opened."""

import os
import shutil
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.io import consent
from podcast_kit.io.consent import ConsentKind
from podcast_kit.io.file_stamps import list_outputs
from podcast_kit.source import project
from tests.support.shows import add, small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def build(folder):
    return builder.build(project.load_project(folder), now=NOW)


def test_foreign_files_in_build_stay(tmp_path):
    show = small(tmp_path / "show")
    for name in ("build/raw/interview.wav", "build/mine.txt", "build/episodes/notes.odt"):
        (show / name).parent.mkdir(parents=True, exist_ok=True)
        (show / name).write_text("mine")
    build(show)
    build(show)
    assert [(show / name).read_text() for name in ("build/raw/interview.wav", "build/mine.txt")] == ["mine", "mine"]
    assert (show / "build/episodes/notes.odt").read_text() == "mine"


def test_outdated_files_of_an_earlier_build_are_deleted(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    build(show)
    for path in (show / "episodes").glob("002-talk.*"):
        path.unlink()
    kept = set(build(show).outputs)
    assert {
        path.relative_to(show / "build").as_posix() for path in (show / "build").rglob("*") if path.is_file()
    } == kept
    assert not (show / "build/episodes/002-talk").exists()


def test_a_build_lists_what_is_in_its_folder(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    listings = []

    def build_listed():
        builder.build(project.load_project(show), now=NOW, on_built=lambda *listed: listings.append(listed))
        folder, listing = listings[-1]
        assert folder == show / "build"
        return listing and sorted(map(os.fsencode, listing))

    assert build_listed() == list_outputs(show / "build")
    (show / "build/mine/empty").mkdir(parents=True)
    (show / "build/mine/mine.txt").write_text("mine")
    (show / "episodes/002-talk.md").unlink()
    assert build_listed() == list_outputs(show / "build")
    assert not (show / "build/episodes/002-talk").exists()
    (show / "build/link").symlink_to("mine")
    assert build_listed() is None


def test_leftovers_of_a_killed_build_are_deleted_without_a_cache(tmp_path):
    show = small(tmp_path / "show")
    build(show)
    shutil.rmtree(show / ".podcast-kit")
    (show / "build/media/0123456789abcdef").mkdir()
    (show / "build/media/0123456789abcdef/001-talk.mp3").write_text("half of it")
    (show / "build/.feed.xml.new").write_text("half of it")
    kept = set(build(show).outputs)
    assert {
        path.relative_to(show / "build").as_posix() for path in (show / "build").rglob("*") if path.is_file()
    } == kept


def test_build_folder_linked_to_foreign_files_is_rejected(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "foreign/d").mkdir(parents=True)
    (tmp_path / "foreign/precious.txt").write_text("mine")
    (tmp_path / "foreign/d/x").write_text("mine")
    (show / "build").symlink_to(tmp_path / "foreign")
    consent.allow_once(ConsentKind.PLACE, show, str(tmp_path / "foreign"))
    with pytest.raises(OperationError, match="has files that podcast-kit did not write"):
        build(show)
    assert set(tree(tmp_path / "foreign")) == {"precious.txt", "d/x"}


def test_build_folder_may_link_to_an_empty_folder_that_the_user_allowed(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "disk").mkdir()
    (show / "build").symlink_to(tmp_path / "disk")
    with pytest.raises(OperationError, match="outside of the show's folder"):
        build(show)
    assert list((tmp_path / "disk").iterdir()) == []
    consent.record_consent(ConsentKind.PLACE, show, str(tmp_path / "disk"))
    assert build(show).files_written > 0
    assert build(show).files_written == 0


@pytest.mark.parametrize("name", ["style.css", "episode.html", "words/x.html"])
def test_template_linked_out_of_the_show_is_rejected(tmp_path, name):
    show = small(tmp_path / "show")
    (tmp_path / "secret").write_text("root:x:0:0")
    (show / "templates" / name).parent.mkdir(parents=True)
    (show / "templates" / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput) as caught:
        build(show)
    assert [(problem.location.path, problem.code) for problem in caught.value.problems] == [
        (f"templates/{name}", "path.outside")
    ]


def test_template_that_is_a_pipe_or_a_broken_link_is_rejected(tmp_path):
    show = small(tmp_path / "show")
    (show / "templates").mkdir()
    os.mkfifo(show / "templates/episode.html")
    with pytest.raises(InvalidInput, match="1 problem"):
        build(show)
    (show / "templates/episode.html").unlink()
    (show / "templates/episode.html").symlink_to("gone.html")
    with pytest.raises(InvalidInput, match="1 problem"):
        build(show)


def test_html_transcript_is_sanitized(tmp_path):
    show = small(tmp_path / "show", episodes=0)
    add(show, 1, transcript="talk.html")
    (show / "episodes/talk.html").write_text(
        "<html><script>alert(1)</script><cite onclick='x()'>Ann:</cite><time>0:00</time><p>Hello <b>you</b></p></html>"
    )
    key = next(key for key in build(show).outputs if key.endswith("talk.html"))
    assert (show / "build" / key).read_text() == "<cite>Ann:</cite><time>0:00</time><p>Hello <b>you</b></p>"
