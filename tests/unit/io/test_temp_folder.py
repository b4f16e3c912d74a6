"""Temporary folders end with their process, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from podcast_kit.io import temp_folder
from podcast_kit.io.temp_folder import TEMP_FOLDER_PREFIX, TemporaryFolder, sweep_temp_folders

pytestmark = pytest.mark.skipif(not temp_folder.HAS_LOCKS, reason="this system has no locks of folders")
HOLDER = """
from pathlib import Path
from podcast_kit.io.temp_folder import TemporaryFolder
folder = TemporaryFolder()
Path(folder.name, "file").write_text("x")
print(folder.name, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(temp_folder, "_swept_places", set())
    return tmp_path


@pytest.fixture
def holder(place):
    """A process that has a temporary folder."""
    environment = os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        process.folder = Path(process.stdout.readline().strip())
        yield process
        process.kill()


def test_folder_exists_until_the_end_of_its_block(place):
    with TemporaryFolder() as name:
        Path(name, "file").write_text("x")
        assert Path(name).parent == place
    assert not list(place.iterdir())


def test_folder_of_a_killed_process_is_removed_by_the_next_that_needs_one(holder, place):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (holder.folder / "file").exists()
    with TemporaryFolder() as name:
        assert [str(path) for path in place.iterdir()] == [name]


def test_folder_of_a_process_that_runs_is_left_alone(holder, place):
    sweep_temp_folders(place)
    assert (holder.folder / "file").exists()
    with TemporaryFolder() as name:
        sweep_temp_folders(place)
        assert Path(name).is_dir()


def test_only_folders_that_podcast_kit_made_are_removed(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").write_text("x")
    (place / f"{TEMP_FOLDER_PREFIX}link").symlink_to(elsewhere)
    (place / f"{TEMP_FOLDER_PREFIX}file").write_text("x")
    (place / "podcast-kit-other").mkdir()
    before = sorted(place.iterdir())
    sweep_temp_folders(place)
    assert sorted(place.iterdir()) == before
    assert (elsewhere / "file").exists()


def test_folder_of_another_user_is_left_alone(place, monkeypatch):
    (place / f"{TEMP_FOLDER_PREFIX}other").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)
    sweep_temp_folders(place)
    assert (place / f"{TEMP_FOLDER_PREFIX}other").is_dir()


def test_folder_that_was_swept_before_it_was_locked_is_made_again(place, monkeypatch):
    real, names = temp_folder._lock_folder, []

    def lock_late(path):
        names.append(path)
        if len(names) == 1:
            Path(path).rmdir()
        return real(path)

    monkeypatch.setattr(temp_folder, "_lock_folder", lock_late)
    with TemporaryFolder() as name:
        assert [name] == names[1:]
        assert Path(name).is_dir()
    assert not list(place.iterdir())


def test_folder_can_be_made_in_another_place(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / f"{TEMP_FOLDER_PREFIX}left").mkdir()
    with TemporaryFolder(elsewhere) as name:
        assert [str(path) for path in elsewhere.iterdir()] == [name]
    assert not list(place.iterdir())


def test_file_system_without_locks_has_folders_too(place, monkeypatch):
    def refuse(path):
        raise OSError(95, "Operation not supported", path)

    monkeypatch.setattr(temp_folder, "_lock_folder", refuse)
    with TemporaryFolder() as name:
        sweep_temp_folders(place)
        assert Path(name).is_dir()
    assert not list(place.iterdir())
