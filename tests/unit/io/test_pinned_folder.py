"""Writes stay in their folder, also while a thread swaps folders for links; foreign state folders are not used."""

import multiprocessing
import os
import shutil
import sys
import threading
from contextlib import closing, suppress

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.io.atomic_write import atomic_path_inside, unlink_inside, write_inside
from podcast_kit.io.bound_folder import OWNER_FILE, open_bound_folder
from podcast_kit.io.inside import OutsideFolderError, open_inside
from podcast_kit.io.pinned_folder import OpenFolder, PinnedFolder, open_folder_inside


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("mine")
    return folder


def put(folder, key, data=b"x"):
    with folder.parent(key, create=True) as (parent, name):
        with parent.create(f".{name}.tmp") as file:
            file.write(data)
        parent.replace(parent, f".{name}.tmp", name)


@pytest.mark.parametrize("key", ["link/new", "link/precious", "a/link/new"])
def test_a_folder_that_is_a_link_is_refused(tmp_path, outside, key):
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "root/link").symlink_to(outside)
    (tmp_path / "root/a/link").symlink_to(outside)
    with closing(PinnedFolder(tmp_path / "root")) as folder, pytest.raises(OutsideFolderError, match="is a link"):
        put(folder, key)
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious": "mine"}


def test_a_file_that_is_a_link_is_replaced_and_never_read(tmp_path, outside):
    (tmp_path / "root").mkdir()
    (tmp_path / "root/file").symlink_to(outside / "precious")
    with closing(PinnedFolder(tmp_path / "root")) as folder:
        with pytest.raises(OutsideFolderError), folder.root.open("file"):
            pass
        with pytest.raises(OutsideFolderError), folder.root.open_or_create("file"):
            pass
        put(folder, "file", b"new")
    assert (outside / "precious").read_text() == "mine"
    assert (tmp_path / "root/file").read_bytes() == b"new"
    assert not (tmp_path / "root/file").is_symlink()


def test_a_pipe_and_a_device_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with closing(PinnedFolder(tmp_path)) as folder:
        for name in ("pipe",):
            with pytest.raises(OutsideFolderError, match="not a regular file"), folder.root.open(name):
                pass
        with pytest.raises(OutsideFolderError), folder.root.open_or_create("pipe"):
            pass
    with pytest.raises(OutsideFolderError, match="not a regular file"), open_inside(tmp_path, "pipe"):
        pass


def test_no_file_gets_outside_while_a_thread_swaps_folders_for_links(tmp_path, outside):
    root, stop = tmp_path / "root", threading.Event()
    (root / "a/b").mkdir(parents=True)

    def swap():
        number = 0
        while not stop.is_set():
            for name in ("a/b", "a"):
                number += 1
                with suppress(OSError):
                    (root / name).rename(tmp_path / f"moved{number}")
                    (root / name).symlink_to(outside)
                with suppress(OSError):
                    (root / name).unlink()
                    (root / "a/b").mkdir(parents=True, exist_ok=True)

    thread = threading.Thread(target=swap)
    thread.start()
    written = 0
    try:
        with closing(PinnedFolder(root)) as folder:
            for number in range(1500):
                with suppress(OSError):
                    put(folder, f"a/b/{number}")
                    written += 1
    finally:
        stop.set()
        thread.join()
    assert written > 0
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_a_pinned_folder_stays_the_same_when_its_name_becomes_a_link(tmp_path, outside):
    (tmp_path / "root").mkdir()
    with closing(PinnedFolder(tmp_path / "root")) as folder:
        (tmp_path / "root").rename(tmp_path / "before")
        (tmp_path / "root").symlink_to(outside)
        put(folder, "a/new")
    assert (tmp_path / "before/a/new").read_bytes() == b"x"
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_a_bound_folder_is_used_again_also_after_a_move(tmp_path):
    notes = []
    (tmp_path / "show").mkdir()
    with open_bound_folder(tmp_path / "show/.state", notes.append) as folder:
        folder.create("kept").close()
    (tmp_path / "show").rename(tmp_path / "moved")
    with open_bound_folder(tmp_path / "moved/.state", notes.append) as folder:
        assert folder.status("kept")
    assert notes == []


@pytest.mark.parametrize("has_foreign", [False, True])
def test_processes_that_open_a_bound_folder_at_once_get_the_same_one(tmp_path, has_foreign):
    for name in map(str, range(15)):
        if has_foreign:
            (tmp_path / name).mkdir()
            (tmp_path / name / "evil").write_text("")
        notes, inodes, start = [], [], threading.Barrier(4)

        def open_folder(path=tmp_path / name, notes=notes, inodes=inodes, start=start):
            start.wait()
            with open_bound_folder(path, notes.append) as folder:
                inodes.append(os.fstat(folder.handle).st_ino)

        threads = [threading.Thread(target=open_folder) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inodes == [(tmp_path / name).stat().st_ino] * 4
        assert len(notes) == has_foreign
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(15)))


def test_an_empty_folder_that_cannot_be_replaced_is_used(tmp_path, monkeypatch):
    folder = tmp_path / ".state"
    folder.mkdir()
    inode = folder.stat().st_ino
    monkeypatch.setattr(OpenFolder, "remove_folder", lambda *_: False)  # as for a mount point
    for _ in range(2):
        with open_bound_folder(folder):
            assert folder.stat().st_ino == inode


@pytest.mark.parametrize("copy_token", [True, False])
def test_a_folder_that_came_along_is_moved_aside_with_a_word(tmp_path, copy_token):
    notes = []
    (tmp_path / "clone").mkdir()
    with open_bound_folder(tmp_path / ".state") as folder:
        folder.create("evil").close()
    shutil.copytree(tmp_path / ".state", tmp_path / "clone/.state")
    if not copy_token:
        (tmp_path / "clone/.state" / OWNER_FILE).unlink()
    with open_bound_folder(tmp_path / "clone/.state", notes.append) as folder:
        assert folder.status("evil") is None
    (aside,) = (path for path in (tmp_path / "clone/.state").iterdir() if path.is_dir())
    assert (aside / "evil").exists()
    assert len(notes) == 1
    assert "was not made by podcast-kit on this computer" in notes[0]
    with open_bound_folder(tmp_path / "clone/.state", notes.append):
        pass
    assert len(notes) == 1


def test_a_link_instead_of_the_folder_is_moved_aside(tmp_path, outside):
    (tmp_path / ".state").symlink_to(outside)
    with open_bound_folder(tmp_path / ".state") as folder:
        folder.create("new").close()
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert (tmp_path / ".state/new").is_file()


def test_without_a_state_folder_a_copy_is_still_recognized(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    notes = []
    for _ in range(2):
        with open_bound_folder(tmp_path / ".state", notes.append):
            pass
    assert notes == []
    (tmp_path / "clone").mkdir()
    shutil.copytree(tmp_path / ".state", tmp_path / "clone/.state")
    with open_bound_folder(tmp_path / "clone/.state", notes.append):
        pass
    assert len(notes) == 1


def test_files_inside_are_written_through_links_that_stay_inside_only(tmp_path, outside):
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "inner").symlink_to("real")
    (root / "outer").symlink_to(outside)
    write_inside(root, "new/deep/file", b"new")
    write_inside(root, "inner/file", b"inner")
    with atomic_path_inside(root, "inner/large") as part:
        part.write_bytes(b"large")
    assert (root / "new/deep/file").read_bytes() == b"new"
    assert {path.name: path.read_bytes() for path in (root / "real").iterdir()} == {"file": b"inner", "large": b"large"}
    unlink_inside(root, "inner/large")
    unlink_inside(root, "missing/file")
    assert [path.name for path in (root / "real").iterdir()] == ["file"]
    with pytest.raises(OperationError, match="outer/precious: cannot be written: is outside of its folder"):
        write_inside(root, "outer/precious", b"evil")
    with pytest.raises(OperationError, match="outside"), atomic_path_inside(root, "../outside/precious"):
        pass
    with pytest.raises(OutsideFolderError):
        unlink_inside(root, "outer/precious")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious": "mine"}


def test_a_folder_that_became_a_link_after_it_was_checked_is_refused(tmp_path, outside):
    checked = tmp_path / "checked"
    checked.symlink_to(outside)
    for create in (False, True):
        with pytest.raises(OutsideFolderError, match="is a link"):
            PinnedFolder(checked, create=create, follows_links=False)
        with pytest.raises(OutsideFolderError, match="is a link"):
            PinnedFolder(checked / "new", create=create, follows_links=False)
    assert [path.name for path in outside.iterdir()] == ["precious"]


def write_in_process(folder):
    folder.path_for_others("file").write_bytes(b"from a process")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems give processes the path")
def test_another_process_writes_into_the_open_folder(tmp_path, outside):
    (tmp_path / "root/real").mkdir(parents=True)
    with open_folder_inside(tmp_path / "root", "real") as folder:
        (tmp_path / "root/real").rename(tmp_path / "moved")
        (tmp_path / "root/real").symlink_to(outside)
        process = multiprocessing.get_context("spawn").Process(target=write_in_process, args=(folder,))
        process.start()
        process.join(60)
    assert (tmp_path / "moved/file").read_bytes() == b"from a process"
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_folders_of_files_that_follow_one_another_are_opened_once(tmp_path, monkeypatch):
    opened = []
    open_below = OpenFolder.open_below
    monkeypatch.setattr(
        OpenFolder, "open_below", lambda folder, name, **how: (opened.append(name), open_below(folder, name, **how))[1]
    )
    with closing(PinnedFolder(tmp_path / "out", create=True)) as pinned:
        for key in ("a/b/1.txt", "a/b/2.txt", "a/3.txt", "4.txt", "a/c/5.txt"):
            folder, name = pinned.create_parent(key)
            folder.create(name).close()
    assert opened == ["a", "b", "a", "c"]
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.rglob("*.txt"))
    assert files == ["4.txt", "a/3.txt", "a/b/1.txt", "a/b/2.txt", "a/c/5.txt"]


def test_a_link_on_the_way_of_a_new_file_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").symlink_to(tmp_path)
    with closing(PinnedFolder(tmp_path / "out")) as pinned, pytest.raises(OutsideFolderError):
        pinned.create_parent("a/1.txt")
