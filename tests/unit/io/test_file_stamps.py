"""Every change of a file changes the stamps of its folder, and reading changes nothing."""

import os
import time

import pytest

from podcast_kit.io import file_stamps
from podcast_kit.io.file_stamps import (
    has_unchanged_files,
    list_outputs,
    stamp_outputs,
    stamp_program,
    stamp_sources,
    stamping_outputs,
    wait_for_clock,
)
from podcast_kit.io.pinned_folder import PinnedFolder

LATER_NS = 10_000_000_000
EARLIER_NS = 0
"""A time at which all that a test has written is recent."""


@pytest.fixture
def show(tmp_path):
    folder = tmp_path / "network/show"
    (folder / "episodes").mkdir(parents=True)
    (folder / "podcast.yaml").write_text("title: A show\n")
    (folder / "episodes/one.md").write_text("# One\n")
    (folder / "build").mkdir()
    return folder


def stamp(show):
    """The stamps when nothing is recent any more."""
    return stamp_sources(show, time.time_ns() + LATER_NS)


def edit_with_same_size_and_time(show):
    path = show / "episodes/one.md"
    status = path.stat()
    path.write_text("# Two\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES = {
    "an edit": lambda show: (show / "episodes/one.md").write_text("# Another\n"),
    "an edit that keeps size and mtime": edit_with_same_size_and_time,
    "a touched file": lambda show: os.utime(show / "podcast.yaml", (1, 1)),
    "a new file": lambda show: (show / "episodes/two.mp3").write_bytes(b"sound"),
    "a new folder": lambda show: (show / "static").mkdir(),
    "a deleted file": lambda show: (show / "episodes/one.md").unlink(),
    "a renamed file": lambda show: (show / "episodes/one.md").rename(show / "episodes/two.md"),
    "other permissions": lambda show: (show / "podcast.yaml").chmod(0o600),
    "a link": lambda show: (show / "templates").symlink_to("/nowhere"),
    "a lock": lambda show: (show / "podcast.lock").write_text(""),
    "a network that it is in now": lambda show: (show.parent / "shows.yaml").write_text("shows: [show]\n"),
    "a network further up": lambda show: (show.parents[1] / "shows.yaml").write_text("shows: [network/show]\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_of_a_source_is_noticed(show, change):
    before = stamp(show)
    assert stamp(show) == before
    change(show)
    assert stamp(show).digest != before.digest


@pytest.mark.parametrize("name", ["build/index.html", ".git/index", ".podcast-kit/memory.sqlite"])
def test_what_a_build_does_not_read_is_not_looked_at(show, name):
    (show / name).parent.mkdir(exist_ok=True)
    before = stamp(show)
    (show / name).write_text("new")
    assert stamp(show) == before


NETWORK_CHANGES = {
    "shows.yaml": True,
    "templates/index.html": True,
    "people/ann.yaml": True,
    "other/podcast.yaml": True,
    "third/podcast.yaml": True,
    "other/episodes/one.md": False,
    "other/podcast.lock": False,
    "other/build/index.html": False,
    "build/index.html": False,
}


@pytest.mark.parametrize(("name", "is_noticed"), NETWORK_CHANGES.items())
def test_show_depends_on_its_network_and_on_the_settings_of_the_other_shows(show, name, is_noticed):
    network = show.parent
    (network / "shows.yaml").write_text("shows: ['*']\n")
    for path in ("templates", "people", "other/episodes", "other/build", "third", "build"):
        (network / path).mkdir(parents=True)
    (network / "other/podcast.yaml").write_text("title: Other\n")
    before = stamp(show)
    (network / name).write_text("changed")
    assert (stamp(show).digest != before.digest) is is_noticed


def test_change_behind_a_link_is_noticed(show, tmp_path):
    recordings = tmp_path / "recordings/2026"
    recordings.mkdir(parents=True)
    (recordings / "one.mp3").write_bytes(b"sound")
    (show / "episodes/audio").symlink_to(tmp_path / "recordings")
    before = stamp(show)
    (recordings / "one.mp3").write_bytes(b"noise")
    assert stamp(show).digest != before.digest


def test_links_to_each_other_end(show):
    (show / "episodes/again").symlink_to(show)
    (show / "episodes/itself").symlink_to(show / "episodes/itself")
    assert stamp(show) == stamp(show)


def test_recent_files_are_read(show):
    stamps = stamp_sources(show, EARLIER_NS)
    assert set(stamps.recent) == {str(show / "podcast.yaml"), str(show / "episodes/one.md")}
    assert has_unchanged_files(stamps.recent)
    edit_with_same_size_and_time(show)
    assert not has_unchanged_files(stamps.recent)


def test_file_that_is_gone_has_changed(show):
    recent = stamp_sources(show, EARLIER_NS).recent
    (show / "episodes/one.md").unlink()
    assert not has_unchanged_files(recent)


def test_many_recent_files_are_not_read(show):
    for number in range(file_stamps.MAX_RECENT_FILES):
        (show / f"episodes/{number}.md").write_text("")
    assert stamp_sources(show, EARLIER_NS) is None
    assert stamp(show) is not None


def test_folder_of_very_many_files_has_no_stamps(show, monkeypatch):
    monkeypatch.setattr(file_stamps, "MAX_STAMPED_FILES", 0)
    assert stamp(show) is None


@pytest.mark.parametrize(
    ("change", "is_noticed"),
    {
        "deleted": (lambda build: (build / "media/a/one.mp3").unlink(), True),
        "altered": (lambda build: (build / "index.html").write_text("other"), True),
        "added": (lambda build: (build / "media/a/two.mp3").write_text("new"), True),
        "read": (lambda build: (build / "index.html").read_bytes(), False),
    }.values(),
    ids=["deleted", "altered", "added", "read"],
)
def test_change_of_an_output_is_noticed(tmp_path, change, is_noticed):
    (tmp_path / "media/a").mkdir(parents=True)
    (tmp_path / "media/a/one.mp3").write_bytes(b"sound")
    (tmp_path / "index.html").write_text("first")
    paths = list_outputs(tmp_path)
    assert paths == [b"", b"index.html", b"media/", b"media/a/", b"media/a/one.mp3"]
    before, _ = stamp_outputs(tmp_path, b"\0".join(paths))
    change(tmp_path)
    assert (stamp_outputs(tmp_path, b"\0".join(paths))[0] != before) is is_noticed


def test_link_among_outputs_has_no_stamps(tmp_path):
    (tmp_path / "index.html").symlink_to("/nowhere")
    assert list_outputs(tmp_path) is None


@pytest.mark.parametrize(
    ("paths", "folder", "names"),
    [
        ([b""], b"", [b""]),
        ([b"", b"episodes/"], b"", [b"", b"episodes/"]),
        ([b"episodes/", b"episodes/one/", b"episodes/two/a"], b"episodes/", [b"", b"one/", b"two/a"]),
        ([b"media/a/", b"media/a/one", b"media/b"], b"media/", [b"a/", b"a/one", b"b"]),
        ([b"media/a", b"elsewhere", b"media/b"], b"", [b"media/a", b"elsewhere", b"media/b"]),
        ([b"media/media/", b"media/media/media/"], b"media/media/", [b"", b"media/"]),
    ],
)
def test_paths_are_looked_up_from_the_folder_that_all_are_in(paths, folder, names):
    assert file_stamps._split_common_folder(b"\0".join(paths)) == (folder, names)


def test_paths_of_a_damaged_list_are_missing_files(tmp_path):
    assert stamp_outputs(tmp_path, b"\0".join([b"", b"", b"x" * 10_000])) == ("", 0)


@pytest.mark.parametrize("is_shared", [False, True])
def test_stamps_of_many_outputs_are_those_of_one_process(tmp_path, monkeypatch, is_shared):
    for number in range(20):
        (tmp_path / f"{number}.html").write_text("")
    paths = b"\0".join(list_outputs(tmp_path))
    monkeypatch.setattr(file_stamps, "PATHS_BLOCK_BYTES", 14)
    before = stamp_outputs(tmp_path, paths)
    monkeypatch.setattr(file_stamps, "MIN_BLOCKS_TO_SHARE", 2 if is_shared else 99)
    monkeypatch.setattr(file_stamps.os, "cpu_count", lambda: 2)
    assert stamp_outputs(tmp_path, paths) == before
    stamp_block = file_stamps._stamp_block
    with monkeypatch.context() as slower:  # so that each process takes some of them
        slower.setattr(file_stamps, "_stamp_block", lambda *block: (time.sleep(0.005), stamp_block(*block))[1])
        assert stamp_outputs(tmp_path, paths) == before
    (tmp_path / "9.html").touch()
    changed = stamp_outputs(tmp_path, paths)
    assert changed != before
    assert changed == stamp_outputs(tmp_path, paths)
    (tmp_path / "9.html").unlink()
    assert stamp_outputs(tmp_path, paths) == ("", 0)


def test_a_comparison_that_is_not_finished_leaves_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(file_stamps, "PATHS_BLOCK_BYTES", 1)
    monkeypatch.setattr(file_stamps, "MIN_BLOCKS_TO_SHARE", 1)
    monkeypatch.setattr(file_stamps.os, "cpu_count", lambda: 2)
    forked = []
    if hasattr(os, "fork"):
        fork = os.fork
        monkeypatch.setattr(file_stamps.os, "fork", lambda: (forked.append(fork()), forked[-1])[1])
    with stamping_outputs(tmp_path, b""):
        pass
    for child in filter(None, forked):
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_clock_is_later_than_what_was_written_before(tmp_path):
    (tmp_path / "file").write_text("")
    pinned = PinnedFolder(tmp_path)
    clock = wait_for_clock(pinned.root, time.sleep)
    pinned.close()
    assert clock > (tmp_path / "file").stat().st_ctime_ns
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_clock_that_stands_still_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(file_stamps, "_read_clock", lambda _: 1)
    waits = []
    assert wait_for_clock(None, waits.append) == 0
    assert len(waits) == file_stamps.MAX_CLOCK_POLLS


def test_edit_of_the_program_is_noticed(tmp_path):
    package = tmp_path / "podcast_kit"
    package.mkdir()
    (package / "__init__.py").write_text("")
    before = stamp_program(package)
    (package / "__pycache__").mkdir()
    assert stamp_program(package) == before
    (package / "feed.py").write_text("")
    assert stamp_program(package) != before
