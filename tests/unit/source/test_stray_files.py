"""Files that are not ours: what lies in build/ stays, links lead nowhere, and nobody waits for a pipe."""

import os
import shutil
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.errors import OperationError, InvalidInput
from podcast_kit.preview import server
from podcast_kit.source import project
from podcast_kit.source.yaml import edit
from tests.support.shows import add, small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(folder, **given):
    return builder.build(project.load_project(folder), now=NOW, **given)


def test_a_recording_that_somebody_put_into_build_stays(tmp_path):
    show = small(tmp_path / "show")
    for name in ("build/raw/interview.wav", "build/mine.txt", "build/episodes/notes.odt"):
        (show / name).parent.mkdir(parents=True, exist_ok=True)
        (show / name).write_text("mine")
    made(show)
    made(show)
    assert [(show / name).read_text() for name in ("build/raw/interview.wav", "build/mine.txt")] == ["mine", "mine"]
    assert (show / "build/episodes/notes.odt").read_text() == "mine"


def test_what_an_earlier_build_made_and_nobody_needs_goes(tmp_path):
    show = small(tmp_path / "show", episodes=2)
    made(show)
    for path in (show / "episodes").glob("002-talk.*"):
        path.unlink()
    kept = set(made(show).outputs)
    assert {
        path.relative_to(show / "build").as_posix() for path in (show / "build").rglob("*") if path.is_file()
    } == kept
    assert not (show / "build/episodes/002-talk").exists()


def test_what_a_killed_build_left_goes_even_when_memory_is_lost(tmp_path):
    show = small(tmp_path / "show")
    made(show)
    shutil.rmtree(show / ".podcast-kit")
    (show / "build/media/0123456789abcdef").mkdir()
    (show / "build/media/0123456789abcdef/001-talk.mp3").write_text("half of it")
    (show / "build/.feed.xml.new").write_text("half of it")
    kept = set(made(show).outputs)
    assert {
        path.relative_to(show / "build").as_posix() for path in (show / "build").rglob("*") if path.is_file()
    } == kept


def test_a_build_that_is_a_link_into_somebody_elses_folder_is_refused(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "foreign/d").mkdir(parents=True)
    (tmp_path / "foreign/precious.txt").write_text("mine")
    (tmp_path / "foreign/d/x").write_text("mine")
    (show / "build").symlink_to(tmp_path / "foreign")
    with pytest.raises(OperationError, match="no build put there"):
        made(show)
    assert set(tree(tmp_path / "foreign")) == {"precious.txt", "d/x"}


def test_a_build_may_be_a_link_to_an_empty_folder_on_another_disk(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "disk").mkdir()
    (show / "build").symlink_to(tmp_path / "disk")
    assert made(show).files_written > 0
    assert made(show).files_written == 0


@pytest.mark.parametrize("name", ["style.css", "episode.html", "words/x.html"])
def test_a_template_that_is_a_link_out_of_the_show_is_refused(tmp_path, name):
    show = small(tmp_path / "show")
    (tmp_path / "secret").write_text("root:x:0:0")
    (show / "templates" / name).parent.mkdir(parents=True)
    (show / "templates" / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput) as caught:
        made(show)
    assert [(one.location.path, one.code) for one in caught.value.problems] == [(f"templates/{name}", "path.outside")]


def test_a_template_that_is_a_pipe_or_leads_nowhere_is_refused_at_once(tmp_path):
    show = small(tmp_path / "show")
    (show / "templates").mkdir()
    os.mkfifo(show / "templates/episode.html")
    with pytest.raises(InvalidInput, match="1 problem"):
        made(show)
    (show / "templates/episode.html").unlink()
    (show / "templates/episode.html").symlink_to("gone.html")
    with pytest.raises(InvalidInput, match="1 problem"):
        made(show)


def test_a_transcript_as_html_is_published_without_what_could_run(tmp_path):
    show = small(tmp_path / "show", episodes=0)
    add(show, 1, transcript="talk.html")
    (show / "episodes/talk.html").write_text(
        "<html><script>alert(1)</script><cite onclick='x()'>Ann:</cite><time>0:00</time><p>Hello <b>you</b></p></html>"
    )
    key = next(key for key in made(show).outputs if key.endswith("talk.html"))
    said = (show / "build" / key).read_text()
    assert said == "<cite>Ann:</cite><time>0:00</time><p>Hello <b>you</b></p>"


def test_what_is_published_into_the_show_is_not_taken_for_writing(tmp_path):
    show = small(tmp_path / "show")
    (show / "public").mkdir()
    (show / "public/index.html").write_text("x")
    assert "public/index.html" not in server._stamps(show, show / "public")
    assert "public/index.html" in server._stamps(show, None)


def test_an_edit_of_a_file_that_cannot_be_read_is_our_error(tmp_path):
    with pytest.raises(OperationError, match="cannot be read"):
        edit.set_yaml_key(tmp_path / "podcast.yaml", "title", "x")
