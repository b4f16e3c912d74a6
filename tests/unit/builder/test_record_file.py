"""A file of named chunks: what changed is added at its end, and nothing is lost where that fails."""

import pytest

from podcast_kit.builder.record_file import RecordFile, write_record_file
from podcast_kit.io.pinned_folder import OpenFolder

NAME = "record"
CHUNKS = {"a": b"1" * 1000, "b": b"2" * 1000, "c": b"3" * 1000}


@pytest.fixture
def folder(tmp_path):
    folder = OpenFolder(tmp_path, None)
    write_record_file(folder, NAME, "id", CHUNKS.items())
    return folder


def read(folder, identity="id"):
    with (folder.path / NAME).open("rb") as file:
        record = RecordFile(file, identity)
        return {name: data for name in "abcd" if (data := record.read(name)) is not None}


def add(folder, kept, chunks):
    with (folder.path / NAME).open("rb") as file:
        return RecordFile(file, "id").add_to(folder, NAME, "id", kept, chunks)


def test_added_chunks_replace_those_of_their_name_and_others_stay_where_they_are(folder):
    before = (folder.path / NAME).read_bytes()
    assert add(folder, ["a", "b"], [("c", b"new"), ("d", b"more")])
    assert (folder.path / NAME).read_bytes().startswith(before)
    assert read(folder) == {"a": CHUNKS["a"], "b": CHUNKS["b"], "c": b"new", "d": b"more"}
    assert add(folder, ["a", "b", "d"], [])
    assert read(folder) == {"a": CHUNKS["a"], "b": CHUNKS["b"], "d": b"more"}
    assert read(folder, "another") == {}


def test_nothing_is_added_once_half_of_the_file_is_not_used(folder):
    before = (folder.path / NAME).read_bytes()
    assert not add(folder, ["a"], [("b", b"new")])
    assert (folder.path / NAME).read_bytes() == before


def test_nothing_is_added_to_another_file(folder):
    with (folder.path / NAME).open("rb") as file:
        record = RecordFile(file, "id")
        (folder.path / "other").write_bytes((folder.path / NAME).read_bytes())
        (folder.path / "other").replace(folder.path / NAME)
        assert not record.add_to(folder, NAME, "id", CHUNKS, [("d", b"more")])
        assert [record.read(name) for name in CHUNKS] == list(CHUNKS.values())
    assert read(folder) == CHUNKS


def test_a_file_stays_as_it_was_where_adding_fails(folder):
    def fail():
        yield "d", b"4" * 100_000
        raise OSError("no space left")

    before = (folder.path / NAME).read_bytes()
    with pytest.raises(OSError, match="no space"):
        add(folder, CHUNKS, fail())
    assert (folder.path / NAME).read_bytes() == before


def test_a_file_that_was_cut_while_it_was_added_to_has_no_chunks(folder):
    add(folder, CHUNKS, [("d", b"more")])
    (folder.path / NAME).write_bytes((folder.path / NAME).read_bytes()[:-10])
    assert read(folder) == {}
