"""A file is written beside its name, and has that name only when all of it is there."""

import errno
import os
import stat
from contextlib import ExitStack

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write


def test_what_is_written_is_there_and_nothing_beside_it(tmp_path):
    atomic_write.write(tmp_path / "new" / "a.txt", b"one")
    atomic_write.write(tmp_path / "new" / "a.txt", b"two")
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {"a.txt": b"two"}


def test_an_older_file_keeps_its_permissions_and_a_secret_has_its_own_from_the_first_byte(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    path.chmod(0o640)
    atomic_write.write(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    atomic_write.write(tmp_path / "secret", b"s", 0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_what_fails_in_the_middle_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    stopped = ExitStack()
    stopped.enter_context(atomic_write.beside(path)).write_bytes(b"half")
    with pytest.raises(KeyboardInterrupt), stopped:
        raise KeyboardInterrupt
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.txt", b"one")]


def test_what_a_killed_process_left_is_swept_away_and_a_living_ones_stays(tmp_path):
    (tmp_path / ".a.txt.999999999.part").write_bytes(b"dead")
    living = tmp_path / f".a.txt.{os.getppid()}.part"
    living.write_bytes(b"at work")
    atomic_write.write(tmp_path / "a.txt", b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", living.name}


@pytest.mark.parametrize("name", ["a.txt", "n" * 251 + ".txt", "ü" * 120])
def test_what_a_process_of_the_same_number_left_is_no_hindrance_nor_a_long_name(tmp_path, name):
    with atomic_write.beside(tmp_path / name) as part:
        pass_by = part
        part.write_bytes(b"whole")
    pass_by.write_bytes(b"left")
    atomic_write.write(tmp_path / name, b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: b"whole"}


def test_a_folder_of_that_name_is_refused_in_words(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OperationError, match=r"a\.txt: cannot be written: Is a directory"):
        atomic_write.write(tmp_path / "a.txt", b"one")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EACCES, "see who may"),
        (errno.EROFS, "another place"),
        (errno.EIO, "look at"),
    ],
)
def test_each_refusal_of_a_disk_has_its_mend(number, hint):
    assert hint in atomic_write.mend(OSError(number, "refused"))
