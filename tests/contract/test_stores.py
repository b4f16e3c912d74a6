"""One contract, passed by every store; what each store adds comes after it."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podcast_kit.errors import OperationError, InvalidInput, PublishConflict, StoreAccessError
from podcast_kit.model import PublishSettings
from podcast_kit.stores import ABSENT, ALWAYS, Honours, Upload, match, open_store
from tests.support import output_trees


def upload(key="a/b.txt", content=b"one", cache="public, max-age=60"):
    return Upload(
        key=key,
        content=content,
        size=len(content),
        content_type="text/plain; charset=utf-8",
        cache_control=cache,
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.fixture(params=["folder", "s3", "tls", "blind"])
def store(request, tmp_path):
    if request.param == "folder":
        return open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
    bucket = request.getfixturevalue({"s3": "bucket", "tls": "tls_bucket", "blind": "blind_bucket"}[request.param])
    found = output_trees.store_of(bucket, prefix="show")
    if request.param == "blind":
        found.probe("token")
    return found


def test_what_a_store_makes_of_conditions_is_noticed(store, request):
    expected = Honours.IGNORED if "blind" in request.node.name else Honours.QUOTED
    assert store.probe("another") is expected


def test_what_is_put_is_got(store):
    etag = store.put(upload())
    found = store.get("a/b.txt")
    assert (found.content, found.etag) == (b"one", etag)


def test_head_tells_size_digest_and_etag(store):
    etag = store.put(upload())
    there = store.head("a/b.txt")
    assert (there.size, there.etag) == (3, etag)
    assert there.sha256 == ("" if store.honours is Honours.IGNORED else hashlib.sha256(b"one").hexdigest())


def test_what_is_not_there_is_none(store):
    assert (store.get("nothing"), store.head("nothing"), list(store.walk())) == (None, None, [])


def test_a_walk_is_sorted_and_keeps_to_its_prefix(store):
    for key in ("b", "a/2", "a/10", "c/d"):
        store.put(upload(key))
    assert [(each.key, each.size) for each in store.walk()] == [("a/10", 3), ("a/2", 3), ("b", 3), ("c/d", 3)]
    assert [each.key for each in store.walk("a/")] == ["a/10", "a/2"]


def test_writing_anew_only_succeeds_once(store):
    store.put(upload(), ABSENT)
    with pytest.raises(PublishConflict):
        store.put(upload(content=b"two"), ABSENT)
    assert store.get("a/b.txt").content == b"one"


def test_writing_over_needs_the_etag_that_is_there(store):
    first = store.put(upload())
    second = store.put(upload(content=b"two"), match(first))
    with pytest.raises(PublishConflict):
        store.put(upload(content=b"three"), match(first))
    assert (store.get("a/b.txt").content, store.get("a/b.txt").etag) == (b"two", second)


def test_an_empty_etag_means_that_nothing_was_there():
    assert match("") == ABSENT


def test_of_sixteen_writers_one_wins(store):
    if store.honours and store.honours.blind:
        assert store.honours is Honours.IGNORED  # nobody can promise it there, and publish says so
        return
    start = store.put(upload())
    barrier = threading.Barrier(16)

    def write(number):
        barrier.wait()
        try:
            store.put(upload(content=b"writer %d" % number), match(start))
        except PublishConflict:
            return None
        return b"writer %d" % number

    with ThreadPoolExecutor(16) as pool:
        won = [content for content in pool.map(write, range(16)) if content]
    assert won == [store.get("a/b.txt").content]


def test_what_is_deleted_is_gone_and_deleting_again_does_nothing(store):
    store.put(upload())
    store.delete("a/b.txt")
    store.delete("a/b.txt")
    assert list(store.walk()) == []


def test_a_file_that_changed_since_it_was_built_is_not_published(store, tmp_path):
    built = output_trees.output(tmp_path / "build", "media/x/a.mp3", b"sound")
    built.path.write_bytes(b"other")
    with pytest.raises(OperationError, match="changed"):
        store.put(Upload.of(built), ABSENT)
    assert store.head(built.key) is None


@pytest.mark.parametrize("size", [0, 1, (8 << 20) + 1], ids=["empty", "one byte", "too large for one read"])
def test_a_file_of_any_size_arrives_whole(store, tmp_path, size):
    built = output_trees.output(tmp_path / "build", "media/x/a.mp3", bytes(size))
    store.put(Upload.of(built), ABSENT)
    assert store.get(built.key).content == bytes(size)


def test_names_that_need_escaping_come_back_as_they_were(store):
    keys = ["a b/ü&+%41.txt", "media/ß?#/日本.mp3"]
    for key in keys:
        store.put(upload(key))
    assert [each.key for each in store.walk()] == keys
    assert all(store.get(key).content == b"one" for key in keys)


def test_nothing_is_stored_with_an_encoding_of_the_wire(tls_bucket, tls_server):
    output_trees.store_of(tls_bucket).put(upload())
    client = tls_server.client()
    there = client.head_object(Bucket=tls_bucket.name, Key="a/b.txt")
    client.close()
    assert there.get("ContentEncoding", "") == ""
    assert there["ContentLength"] == 3


class TestFolder:
    def test_leaves_nothing_beside_the_files(self, tmp_path):
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        store.put(upload(), ABSENT)
        names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert names == {"site/a/b.txt", "site/.podcast-kit/lock"}

    @pytest.mark.parametrize("key", ["../a", "a/../../b", "/etc/x", "a\\..\\b", ""])
    def test_never_leaves_its_folder(self, tmp_path, key):
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        with pytest.raises(OperationError):
            store.put(upload(key))

    def test_a_file_in_the_way_is_said_in_words(self, tmp_path):
        (tmp_path / "site").write_text("not a folder")
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        with pytest.raises(OperationError, match="site"):
            store.put(upload())


class TestS3:
    def test_headers_are_kept_and_can_be_changed_without_the_bytes(self, bucket, tmp_path):
        store = output_trees.store_of(bucket)
        built = output_trees.output(tmp_path, "media/x/a.mp3", b"sound", cache="public, max-age=60")
        store.put(Upload.of(built))
        assert store.head(built.key).headers == built.headers
        again = output_trees.output(tmp_path, "media/x/a.mp3", b"sound", cache="no-cache")
        store.dress(again)
        there = store.head(built.key)
        assert (there.headers, there.sha256) == (again.headers, built.sha256)
        assert output_trees.fetch(bucket.url + built.key) == b"sound"

    def test_a_bucket_that_does_not_exist(self, s3):
        store = open_store(PublishSettings(url="http://x/", to="s3://not-there/x", endpoint=s3.endpoint), Path())
        for call in (lambda: store.get("a"), lambda: store.put(upload()), lambda: list(store.walk())):
            with pytest.raises(StoreAccessError, match="bucket does not exist") as raised:
                call()
            assert raised.value.fix

    def test_no_credentials(self, bucket, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(StoreAccessError, match="no credentials") as raised:
            output_trees.store_of(bucket).get("a")
        assert "AWS_ACCESS_KEY_ID" in raised.value.fix

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_wrong_credentials(self, bucket, monkeypatch, name):
        monkeypatch.setenv(name, "wrong")
        with pytest.raises(StoreAccessError, match="key"):
            output_trees.store_of(bucket).put(upload())

    @pytest.mark.usefixtures("s3")
    def test_nobody_answers(self, monkeypatch):
        monkeypatch.setattr("podcast_kit.stores.clients.ATTEMPTS", 1)  # all eight would take 20 seconds
        store = open_store(PublishSettings(url="http://x/", to="s3://pod", endpoint="http://127.0.0.1:9"), Path())
        with pytest.raises(OperationError, match="does not answer"):
            store.put(upload())


@pytest.mark.parametrize("to", ["", "s3://", "s3:/x", "ftp://x/y", "s3://a"])
def test_a_place_that_is_none_is_said(tmp_path, to):
    with pytest.raises(InvalidInput):
        open_store(PublishSettings(url="https://pod.example/", to=to), tmp_path)


def test_always_holds(tmp_path):
    store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
    store.put(upload(), ALWAYS)
    store.put(upload(content=b"two"), ALWAYS)
    assert store.get("a/b.txt").content == b"two"
