"""The contract of every store, followed by what is specific to one."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from podcast_kit.errors import InvalidInput, OperationError, PublishConflict, StoreAccessError
from podcast_kit.model import PublishSettings
from podcast_kit.stores import (
    IF_NONE_MATCH,
    UNCONDITIONAL,
    ConditionalWrites,
    Upload,
    if_match,
    open_store,
    validate_target,
)
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


@pytest.fixture(params=["folder", "s3", "tls", "unprotected", "sftp", "rsync over ssh", "rsync server"])
def store(request, tmp_path):
    if request.param in {"sftp", "rsync over ssh"}:
        server = request.getfixturevalue("ssh_server")
        root = tmp_path / "on the server" / "site"
        to = server.sftp_url(root).replace(" ", "%20") if request.param == "sftp" else f"server:{root}"
        return validate_target(PublishSettings(url="https://pod.example/", to=to), tmp_path)
    if request.param == "rsync server":
        server = request.getfixturevalue("rsync_server")
        to = f"rsync://127.0.0.1:{server.port}/files/{tmp_path.name}"
        return validate_target(PublishSettings(url="https://pod.example/", to=to), tmp_path)
    if request.param == "folder":
        return open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
    fixtures = {"s3": "bucket", "tls": "tls_bucket", "unprotected": "unprotected_bucket"}
    bucket = request.getfixturevalue(fixtures[request.param])
    bucket_store = output_trees.open_bucket_store(bucket, prefix="show")
    if request.param == "unprotected":
        bucket_store.probe("token")
    return bucket_store


def test_probe_detects_conditional_writes(store, request):
    kinds = {
        "unprotected": ConditionalWrites.IGNORED,
        "sftp": ConditionalWrites.LOCK_FILE,
        "rsync": ConditionalWrites.IGNORED,
    }
    name = request.node.name
    expected = next((value for kind, value in kinds.items() if kind in name), ConditionalWrites.QUOTED)
    assert store.probe("another") is expected


def test_get_returns_what_was_put(store):
    etag = store.put(upload())
    stored = store.get("a/b.txt")
    assert (stored.content, stored.etag) == (b"one", etag)


def test_head_returns_size_digest_and_etag(store):
    etag = store.put(upload())
    remote = store.head("a/b.txt")
    assert (remote.size, remote.etag) == (3, etag)
    assert remote.sha256 == hashlib.sha256(b"one").hexdigest()


def test_missing_key_is_none(store):
    assert (store.get("nothing"), store.head("nothing"), list(store.list())) == (None, None, [])


def test_list_is_sorted_and_limited_to_its_prefix(store):
    for key in ("b", "a/2", "a/10", "c/d"):
        store.put(upload(key))
    assert [(remote.key, remote.size) for remote in store.list()] == [("a/10", 3), ("a/2", 3), ("b", 3), ("c/d", 3)]
    assert [remote.key for remote in store.list("a/")] == ["a/10", "a/2"]


def test_if_none_match_succeeds_once(store):
    store.put(upload(), IF_NONE_MATCH)
    with pytest.raises(PublishConflict):
        store.put(upload(content=b"two"), IF_NONE_MATCH)
    assert store.get("a/b.txt").content == b"one"


def test_if_match_needs_the_current_etag(store):
    first = store.put(upload())
    second = store.put(upload(content=b"two"), if_match(first))
    with pytest.raises(PublishConflict):
        store.put(upload(content=b"three"), if_match(first))
    assert (store.get("a/b.txt").content, store.get("a/b.txt").etag) == (b"two", second)


def test_if_match_of_an_empty_etag_is_if_none_match():
    assert if_match("") == IF_NONE_MATCH


def test_one_of_sixteen_concurrent_writers_wins(store):
    if store.probe("before").unprotected:
        return  # no store can guarantee it there, and publish warns
    start = store.put(upload())
    barrier = threading.Barrier(16)

    def write(number):
        barrier.wait()
        try:
            store.put(upload(content=b"writer %d" % number), if_match(start))
        except PublishConflict:
            return None
        return b"writer %d" % number

    with ThreadPoolExecutor(16) as pool:
        winners = [content for content in pool.map(write, range(16)) if content]
    assert winners == [store.get("a/b.txt").content]


def test_a_copy_has_the_bytes_of_the_other_file_and_replaces_what_was_there(store):
    store.put(upload("private/body.xml", b"<rss/>"))
    store.put(upload("private/of a member.xml", b"older"))
    copy = upload("private/of a member.xml", b"<rss/>")
    for _ in range(2):
        store.copy("private/body.xml", replace(copy, content=Path()))
        assert store.get(copy.key).content == b"<rss/>"
        assert store.head(copy.key).sha256 in {copy.sha256, ""}  # rclone keeps none in a copy


def test_delete_is_idempotent(store):
    store.put(upload())
    store.delete("a/b.txt")
    store.delete("a/b.txt")
    assert list(store.list()) == []


def test_put_refuses_file_changed_after_the_build(store, tmp_path):
    built = output_trees.write_output(tmp_path / "build", "media/x/a.mp3", b"sound")
    built.path.write_bytes(b"other")
    with pytest.raises(OperationError, match="changed"):
        store.put(Upload.from_output(built), IF_NONE_MATCH)
    assert store.head(built.key) is None


@pytest.mark.parametrize("size", [0, 1, (8 << 20) + 1], ids=["empty", "one byte", "too large for one read"])
def test_put_stores_files_of_any_size(store, tmp_path, size):
    built = output_trees.write_output(tmp_path / "build", "media/x/a.mp3", bytes(size))
    store.put(Upload.from_output(built), IF_NONE_MATCH)
    assert store.get(built.key).content == bytes(size)


def test_keys_that_need_escaping_round_trip(store):
    keys = ["a b/ü&+%41.txt", "media/ß?#/日本.mp3", "w*/[1].txt", "w*/x1.txt"]
    for key in keys:
        store.put(upload(key))
    assert [remote.key for remote in store.list()] == keys
    store.put(upload(keys[2], b"two"))
    assert [store.get(key).content for key in keys] == [b"one", b"one", b"two", b"one"]
    store.delete(keys[2])
    assert [remote.key for remote in store.list()] == [*keys[:2], keys[3]]


def test_put_over_tls_stores_no_content_encoding(tls_bucket, tls_server):
    output_trees.open_bucket_store(tls_bucket).put(upload())
    client = tls_server.client()
    answer = client.head_object(Bucket=tls_bucket.name, Key="a/b.txt")
    client.close()
    assert answer.get("ContentEncoding", "") == ""
    assert answer["ContentLength"] == 3


class TestFolder:
    def test_put_leaves_no_temporary_files(self, tmp_path):
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        store.put(upload(), IF_NONE_MATCH)
        names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
        assert names == {"site/a/b.txt", "site/.podcast-kit/lock"}

    @pytest.mark.parametrize("key", ["../a", "a/../../b", "/etc/x", "a\\..\\b", ""])
    def test_key_outside_the_folder_is_refused(self, tmp_path, key):
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        with pytest.raises(OperationError):
            store.put(upload(key))

    def test_file_in_place_of_the_folder_is_reported(self, tmp_path):
        (tmp_path / "site").write_text("not a folder")
        store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
        with pytest.raises(OperationError, match="site"):
            store.put(upload())


class TestS3:
    def test_update_headers_keeps_the_content(self, bucket, tmp_path):
        store = output_trees.open_bucket_store(bucket)
        built = output_trees.write_output(tmp_path, "media/x/a.mp3", b"sound", cache="public, max-age=60")
        store.put(Upload.from_output(built))
        assert store.head(built.key).headers == built.headers
        changed = output_trees.write_output(tmp_path, "media/x/a.mp3", b"sound", cache="no-cache")
        store.update_headers(changed)
        remote = store.head(built.key)
        assert (remote.headers, remote.sha256) == (changed.headers, built.sha256)
        assert output_trees.download(bucket.url + built.key) == b"sound"

    def test_missing_bucket_is_reported(self, s3):
        store = open_store(PublishSettings(url="http://x/", to="s3://not-there/x", endpoint=s3.endpoint), Path())
        for call in (lambda: store.get("a"), lambda: store.put(upload()), lambda: list(store.list())):
            with pytest.raises(StoreAccessError, match="bucket does not exist") as raised:
                call()
            assert raised.value.fix

    def test_missing_credentials_are_reported(self, bucket, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(StoreAccessError, match="no credentials") as raised:
            output_trees.open_bucket_store(bucket).get("a")
        assert "AWS_ACCESS_KEY_ID" in raised.value.fix

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_rejected_credentials_are_reported(self, bucket, monkeypatch, name):
        monkeypatch.setenv(name, "wrong")
        with pytest.raises(StoreAccessError, match="key"):
            output_trees.open_bucket_store(bucket).put(upload())

    @pytest.mark.usefixtures("s3")
    def test_unreachable_store_is_reported(self, monkeypatch):
        monkeypatch.setattr("podcast_kit.stores.clients.MAX_ATTEMPTS", 1)  # all eight would take 20 seconds
        store = open_store(PublishSettings(url="http://x/", to="s3://pod", endpoint="http://127.0.0.1:9"), Path())
        with pytest.raises(OperationError, match="cannot reach the store"):
            store.put(upload())


@pytest.mark.parametrize("to", ["", "s3://", "s3:/x", "r2:/x", "https:/x", "ftp://x/y", "s3://a"])
def test_invalid_publish_to_is_refused(tmp_path, to):
    with pytest.raises(InvalidInput):
        open_store(PublishSettings(url="https://pod.example/", to=to), tmp_path)


def test_unconditional_put_overwrites(tmp_path):
    store = open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path)
    store.put(upload(), UNCONDITIONAL)
    store.put(upload(content=b"two"), UNCONDITIONAL)
    assert store.get("a/b.txt").content == b"two"


def test_website_redirects_are_sent_as_a_header(bucket):
    store = output_trees.open_bucket_store(bucket)
    sent = []
    events = store._upload_client.meta.events
    for operation in ("PutObject", "CopyObject"):
        events.register(f"before-send.s3.{operation}", lambda request, **_: sent.append(dict(request.headers)))
    moved = replace(upload("old/index.html"), redirect_to="https://pod.example/new/index.html")
    store.put(moved)
    store.put(upload("other.html"))
    redirects = [headers.get("x-amz-website-redirect-location") for headers in sent]
    assert [row.decode() if isinstance(row, bytes) else row for row in redirects] == [moved.redirect_to, None]
    assert store.get("old/index.html").content == b"one"
    assert list(store.put_many([(moved, UNCONDITIONAL)])) == []  # in bulk only what has no such header
