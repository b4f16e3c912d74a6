import errno
import os
import stat
from contextlib import ExitStack

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write


def test_write_creates_folders_replaces_files_and_leaves_nothing_else(tmp_path):
    atomic_write.write_atomic(tmp_path / "new" / "a.txt", b"one")
    atomic_write.write_atomic(tmp_path / "new" / "a.txt", b"two")
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {"a.txt": b"two"}


def test_existing_file_keeps_its_permissions_and_a_secret_has_its_own_from_the_start(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    path.chmod(0o640)
    atomic_write.write_atomic(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    atomic_write.write_atomic(tmp_path / "secret", b"s", 0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_failure_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    stack = ExitStack()
    stack.enter_context(atomic_write.atomic_path(path)).write_bytes(b"half")
    with pytest.raises(KeyboardInterrupt), stack:
        raise KeyboardInterrupt
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.txt", b"one")]


def test_temporary_files_of_dead_processes_are_removed_and_of_live_ones_kept(tmp_path):
    (tmp_path / ".a.txt.999999999.part").write_bytes(b"dead")
    live = tmp_path / f".a.txt.{os.getppid()}.part"
    live.write_bytes(b"being written")
    atomic_write.write_atomic(tmp_path / "a.txt", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", live.name}


@pytest.mark.parametrize("name", ["a.txt", "n" * 251 + ".txt", "ü" * 120])
def test_long_names_and_files_that_are_being_written_are_no_obstacle(tmp_path, name):
    with atomic_write.atomic_path(tmp_path / name) as part:
        other = part
        part.write_bytes(b"whole")
    other.write_bytes(b"being written")
    atomic_write.write_atomic(tmp_path / name, b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        name: b"whole",
        other.name: b"being written",
    }


def test_temporary_names_cannot_be_guessed(tmp_path):
    names = set()
    for _ in range(3):
        with atomic_write.atomic_path(tmp_path / "a.txt") as part:
            names.add(part.name)
            part.write_bytes(b"x")
    assert len(names) == 3


def test_folder_with_the_same_name_is_an_error(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OperationError, match=r"a\.txt: cannot be written: Is a directory"):
        atomic_write.write_atomic(tmp_path / "a.txt", b"one")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "free up disk space"),
        (errno.EACCES, "check the permissions"),
        (errno.EROFS, "choose another folder"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EIO, "check free disk space and permissions"),
    ],
)
def test_each_disk_error_has_its_fix(number, fix):
    assert fix in atomic_write.suggest_disk_fix(OSError(number, "refused"))


def test_many_files_replace_others_and_remove_leftovers(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("kept")
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "a.md").symlink_to(outside)
    (folder / f".b.md.{999_999_999}.part").write_text("left by a process that ended")
    atomic_write.write_many(folder, [("a.md", b"A"), ("b.md", b"B")])
    atomic_write.flush_disk()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a.md": b"A", "b.md": b"B"}
    assert (outside.read_text(), (folder / "a.md").is_symlink()) == ("kept", False)


def test_an_error_while_many_files_are_written_names_the_folder(tmp_path):
    (tmp_path / "a.md").mkdir()
    (tmp_path / "a.md" / "inner").write_text("")
    with pytest.raises(OperationError, match="cannot be written"):
        atomic_write.write_many(tmp_path, [("a.md", b"A")])
