"""Folders that become links after they were checked get nothing: a store's folder, and that of upload journals."""

import hashlib

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.io.inside import OutsideFolderError
from podcast_kit.model import PublishSettings
from podcast_kit.stores import Upload, open_store
from podcast_kit.stores.multipart import UploadJournal

IDENTITY = {"schema": 1, "place": "s3", "key": "media/long.mp3"}


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def make_upload():
    sha256 = hashlib.sha256(b"x").hexdigest()
    return Upload(key="a/b.txt", content=b"x", size=1, content_type="text/plain", cache_control="", sha256=sha256)


@pytest.mark.parametrize("exists", [True, False])
def test_a_store_that_becomes_a_link_is_refused(tmp_path, outside, exists):
    show = tmp_path / "show"
    (show / "public").mkdir(parents=True)
    store = open_store(PublishSettings(to="public", url="https://pod.example/"), show)
    (show / "public").rename(tmp_path / "moved")
    (show / "public").symlink_to(outside if exists else tmp_path / "missing")
    with pytest.raises(OperationError, match="is a link"):
        store.put(make_upload())
    assert not (tmp_path / "missing").exists()
    assert list(outside.iterdir()) == []


def test_the_place_that_was_allowed_is_the_place_that_is_used(tmp_path, outside):
    show = tmp_path / "show"
    show.mkdir()
    (show / "public").symlink_to(outside)
    publishing = PublishSettings(to="public", url="https://pod.example/")
    with pytest.raises(OperationError, match=r"outside of the show's folder: .*outside"):
        open_store(publishing, show)
    assert record_consent(ConsentKind.PLACE, show, str(outside))
    store = open_store(publishing, show)
    (show / "public").unlink()
    (show / "public").symlink_to(tmp_path)
    store.put(make_upload())
    assert [path.name for path in outside.rglob("*.txt")] == ["b.txt"]


@pytest.mark.parametrize("name", [".podcast-kit", ".podcast-kit/uploads"])
def test_a_journal_is_not_written_through_a_link(tmp_path, outside, name):
    show = tmp_path / "show"
    show.mkdir()
    path = show / ".podcast-kit/uploads/one.jsonl"
    journal = UploadJournal.read(path, IDENTITY, 1)
    journal.start("id", IDENTITY)
    journal.add_part(1, "md5", "etag")
    assert UploadJournal.read(path, IDENTITY, 1).parts == {1: ("md5", "etag")}
    (show / name).rename(tmp_path / "moved")
    (show / name).symlink_to(outside)
    with pytest.raises(OutsideFolderError, match="outside"):
        journal.add_part(2, "md5", "etag")
    with pytest.raises(OutsideFolderError, match="outside"):
        journal.start("id", IDENTITY)
    (outside / "one.jsonl").write_text("mine")
    with pytest.raises(OutsideFolderError, match="outside"):
        journal.delete()
    assert [path.read_text() for path in outside.iterdir()] == ["mine"]


def test_a_new_journal_replaces_the_old_one(tmp_path):
    path = tmp_path / ".podcast-kit/uploads/one.jsonl"
    journal = UploadJournal.read(path, IDENTITY, 1)
    journal.start("old", IDENTITY)
    journal.add_part(1, "md5", "etag")
    journal.start("new", IDENTITY)
    again = UploadJournal.read(path, IDENTITY, 1)
    assert (again.upload_id, again.parts) == ("new", {})
    journal.delete()
    assert list(path.parent.iterdir()) == []
