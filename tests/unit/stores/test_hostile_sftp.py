"""A server that answers what it likes: names that lead out, folders without end, files of any size."""

import stat
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.stores import sftp
from podcast_kit.stores.sftp import SftpStore
from podcast_kit.stores.ssh_target import ServerTarget


def open_store(client):
    store = SftpStore(ServerTarget(scheme="sftp", host="pod.example", path="/srv/site"))
    store._connection = SimpleNamespace(
        client=lambda: client, translated_errors=lambda _: nullcontext(), is_lost=lambda _: False
    )
    return store


def make_row(name, mode=stat.S_IFREG, size=1):
    return SimpleNamespace(filename=name, st_mode=mode, st_size=size, st_mtime=0)


def test_names_that_lead_out_of_a_folder_and_links_are_not_listed():
    rows = [make_row("feed.xml"), make_row("../../etc/passwd"), make_row("a/b"), make_row("link", stat.S_IFLNK)]
    rows += [make_row("..", stat.S_IFDIR), make_row("/etc/passwd")]
    store = open_store(SimpleNamespace(listdir_attr=lambda _: rows))
    assert [file.key for file in store.list()] == ["feed.xml"]


def test_folders_in_folders_without_end_are_refused(monkeypatch):
    monkeypatch.setattr(sftp, "MAX_SERVER_ROWS", 500)
    rows = [make_row("one", stat.S_IFDIR), make_row("two", stat.S_IFDIR)]
    store = open_store(SimpleNamespace(listdir_attr=lambda _: rows))
    with pytest.raises(OperationError, match="more than 500 files and folders"):
        list(store.list())


@pytest.mark.parametrize("read", [SftpStore.get, SftpStore.read_digest])
def test_file_of_an_absurd_size_is_not_requested(read):
    class File:
        def stat(self):
            return make_row("feed.xml", size=1 << 62)

        def prefetch(self, _size):
            pytest.fail("a request for each block of it would fill the memory")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    store = open_store(SimpleNamespace(open=lambda *_: File()))
    with pytest.raises(OperationError, match="4,611,686,018,427,387,904 bytes, more than"):
        read(store, "feed.xml")
