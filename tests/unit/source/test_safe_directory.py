"""Files of a show that lead out of it, and shows that belong to another user."""

import os

import pytest

from podcast_kit.errors import InvalidInput, PodcastKitError
from podcast_kit.source import project, subscribers
from tests.support.shows import small

OTHER_USER = 12345
needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def show(tmp_path):
    show = small(tmp_path / "show")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("root")
    return show


@pytest.mark.parametrize("name", ["podcast.lock", "podcast.yaml", "episodes/001-talk.md", "episodes"])
def test_a_source_that_is_a_link_out_of_the_show_is_refused(show, tmp_path, name):
    path = show / name
    if path.is_dir():
        path.rename(tmp_path / "moved")
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "outside" / ("" if name == "episodes" else "secret"))
    with pytest.raises(InvalidInput) as caught:
        project.load_project(show)
    assert ("path.outside", name) in {(problem.code, problem.location.path) for problem in caught.value.problems}


def test_subscribers_that_are_a_link_out_of_the_show_are_refused(show, tmp_path):
    (show / "subscribers.txt").symlink_to(tmp_path / "outside/secret")
    with pytest.raises(InvalidInput) as caught:
        subscribers.read_subscribers(show)
    assert [problem.code for problem in caught.value.problems] == ["path.outside"]


def test_subscribers_that_are_a_pipe_are_refused(show):
    os.mkfifo(show / "subscribers.txt")
    with pytest.raises(InvalidInput):
        subscribers.read_subscribers(show)


def test_a_new_key_copies_nothing_from_a_gitignore_that_leads_outside(show, tmp_path):
    (show / ".gitignore").symlink_to(tmp_path / "outside/secret")
    subscribers.write_subscribers_key(show, b"k" * 32)
    assert (show / ".gitignore").read_text() == "/subscribers.key\n"
    assert (tmp_path / "outside/secret").read_text() == "root"


@pytest.fixture
def foreign_show(show, monkeypatch):
    """A show of another user, and a folder of ours below it."""
    (show / "work").mkdir()
    os.chown(show / "podcast.yaml", OTHER_USER, OTHER_USER)
    for name in ("SUDO_UID", "PODCAST_KIT_SAFE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return show


@needs_root
def test_the_show_of_another_user_in_a_parent_folder_is_refused(foreign_show):
    with pytest.raises(PodcastKitError, match="belongs to another user") as caught:
        project.find_show_folder(foreign_show / "work")
    assert f"PODCAST_KIT_SAFE_DIRECTORY={foreign_show}" in caught.value.fix
    assert project.find_show_folder(foreign_show) == foreign_show


@needs_root
@pytest.mark.parametrize("value", ["*", "FOLDER", f"/elsewhere{os.pathsep}FOLDER"])
def test_a_safe_directory_may_belong_to_another_user(foreign_show, monkeypatch, value):
    monkeypatch.setenv("PODCAST_KIT_SAFE_DIRECTORY", value.replace("FOLDER", str(foreign_show)))
    assert project.find_show_folder(foreign_show / "work") == foreign_show


@needs_root
def test_with_sudo_the_show_of_the_calling_user_is_used(foreign_show, monkeypatch):
    monkeypatch.setenv("SUDO_UID", str(OTHER_USER))
    assert project.find_show_folder(foreign_show / "work") == foreign_show
    monkeypatch.setenv("SUDO_UID", str(OTHER_USER + 1))
    with pytest.raises(PodcastKitError):
        project.find_show_folder(foreign_show / "work")


def test_our_own_show_is_used_from_below(show):
    (show / "work").mkdir()
    assert project.find_show_folder(show / "work") == show
