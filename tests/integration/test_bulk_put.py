"""Bulk upload of small files: signed as botocore signs, with a fallback to botocore after any failure."""

import asyncio
import contextlib
import http.client
import socket
import threading
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.io.raw_http import OPEN_FILES_SHARE
from podcast_kit.stores import IF_NONE_MATCH, UNCONDITIONAL, Upload
from podcast_kit.stores.bulk_put import MAX_BULK_FILE_BYTES, BulkUploader
from podcast_kit.stores.s3 import MIN_BULK_FILES
from podcast_kit.stores.signing import RequestSigner
from tests.support import network, output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST_UPLOAD = output_trees.make_upload("first", b"signed by botocore")


def audio_upload(folder, name="a.mp3", content=b"sound"):
    return Upload.from_output(output_trees.write_output(folder, f"media/x/{name}", content))


@pytest.fixture(params=["bucket", "tls_bucket"])
def place(request):
    return request.getfixturevalue(request.param)


def open_bulk_store(bucket, endpoint=""):
    store = output_trees.open_bucket_store(bucket, endpoint=endpoint, prefix="show")
    store.put(FIRST_UPLOAD)
    return store


def audio_uploads(folder, count=MIN_BULK_FILES):
    return [audio_upload(folder, f"{number}.mp3", b"sound %d" % number) for number in range(count)]


def when_absent(uploads):
    return [(upload, IF_NONE_MATCH) for upload in uploads]


def on_absence(uploads):
    return [(upload, {"if-none-match": "*"}) for upload in uploads]


def put_in_bulk(store, uploads, precondition=IF_NONE_MATCH):
    """Key → ETag of what was uploaded in bulk; the others are uploaded by botocore, as in a publish."""
    etags = {upload.key: etag for upload, etag in store.put_many([(upload, precondition) for upload in uploads])}
    for upload in uploads:
        if upload.key not in etags:
            with contextlib.suppress(PublishConflict):
                store.put(upload, precondition)
    return etags


def test_bulk_put_stores_the_same_as_put(place, tmp_path):
    bulk_store, plain_store = open_bulk_store(place), output_trees.open_bucket_store(place, prefix="show")
    first, *others = audio_uploads(tmp_path)
    plain_store.put(first, IF_NONE_MATCH)
    etags = put_in_bulk(bulk_store, [*others, audio_upload(tmp_path, "last.mp3")])
    assert len(etags) == MIN_BULK_FILES
    headers = plain_store.head(first.key).headers
    for upload in others:
        remote = bulk_store.head(upload.key)
        assert (remote.size, remote.sha256, remote.headers) == (upload.size, upload.sha256, headers)
        assert remote.etag == etags[upload.key]


NAMES = ["with space.mp3", "Übung+1.mp3", "a~b_(c)!*'.mp3", "100%25.mp3", "a=b&c;d@e,f$.mp3", "1.mp3", "2.mp3", "3.mp3"]


def test_bulk_put_escapes_every_key(bucket, tmp_path):
    store, uploads = open_bulk_store(bucket), [audio_upload(tmp_path, name) for name in NAMES]
    assert put_in_bulk(store, uploads).keys() == {upload.key for upload in uploads}
    for upload in uploads:
        assert store.head(upload.key).sha256 == upload.sha256


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_signature_equals_the_one_of_botocore(monkeypatch, token):
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: moment)
    monkeypatch.setattr("podcast_kit.stores.signing.time.time", moment.replace(tzinfo=UTC).timestamp)
    credentials = Credentials("AK/ID", "secret", token)
    url = "https://pod.example:8443/base/show/"
    signer = RequestSigner("pod.example:8443", "eu-north-1", credentials)
    headers = {"content-type": "audio/mpeg", "if-none-match": "*", "content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}
    request = AWSRequest("PUT", f"{url}a%20b/%C3%9C.mp3", headers=headers, data=b"hello")
    botocore.auth.S3SigV4Auth(credentials, "s3", "eu-north-1").add_auth(request)
    sha256 = request.headers["X-Amz-Content-SHA256"]
    lines = signer.signed_lines("PUT", "/base/show/a%20b/%C3%9C.mp3", sha256, headers)
    headers_sent = dict(line.split(":", 1) for line in lines)
    assert headers_sent["Authorization"] == request.headers["Authorization"]
    assert headers_sent.get("x-amz-security-token") == token


def test_existing_key_is_not_replaced(bucket, tmp_path):
    store, uploads = open_bulk_store(bucket), audio_uploads(tmp_path)
    store.put(output_trees.make_upload(uploads[3].key, b"other"))
    etags = put_in_bulk(store, uploads)
    assert uploads[3].key not in etags
    assert len(etags) == MIN_BULK_FILES - 1
    assert store.bulk_uploader.is_usable
    assert store.get(uploads[3].key).content == b"other"
    assert len(put_in_bulk(store, uploads, UNCONDITIONAL)) == MIN_BULK_FILES
    assert store.get(uploads[3].key).content == b"sound 3"


def test_bulk_put_stays_usable_when_every_key_exists(bucket, tmp_path):
    put_in_bulk(open_bulk_store(bucket), audio_uploads(tmp_path))
    store = open_bulk_store(bucket)
    assert not put_in_bulk(store, audio_uploads(tmp_path))
    assert store.bulk_uploader.is_usable


@pytest.mark.parametrize(
    "fault",
    [
        network.CLOSE_BEFORE_REQUEST,
        network.CLOSE_IN_BODY,
        network.LOSE_RESPONSE,
        network.CORRUPT_BODY,
        network.Status(403, "X"),
    ],
)
def test_upload_that_fails_in_bulk_is_retried_by_botocore(bucket, tmp_path, fault):
    injected = threading.Event()

    def once(request):
        if request.path.endswith("2.mp3") and not injected.is_set():
            injected.set()
            return fault
        return None

    with network.Proxy(bucket.endpoint, once) as proxy:
        store, uploads = open_bulk_store(bucket, proxy.endpoint), audio_uploads(tmp_path)
        etags = put_in_bulk(store, uploads, UNCONDITIONAL)
        assert store.requests == len(proxy.requests)
    assert injected.is_set()
    assert uploads[2].key not in etags
    for upload in uploads:
        assert output_trees.download(f"{bucket.url}show/{upload.key}") == upload.content.read_bytes()


def test_throttling_store_is_left_to_botocore(monkeypatch, bucket, tmp_path):
    monkeypatch.setattr("podcast_kit.io.raw_http.MAX_CONNECTIONS", 1)

    def busy(request):
        return network.Status(503, "SlowDown") if request.number == 3 else None

    with network.Proxy(bucket.endpoint, busy) as proxy:
        store = open_bulk_store(bucket, proxy.endpoint)
        assert len(put_in_bulk(store, audio_uploads(tmp_path))) == 1
        assert not store.bulk_uploader.is_usable
        more = [audio_upload(tmp_path, f"more-{number}.mp3") for number in range(MIN_BULK_FILES)]
        assert not put_in_bulk(store, more)
    in_bulk = [request.headers["User-Agent"] == "podcast-kit" for request in proxy.requests]
    assert in_bulk == [False, True, True, *[False] * (MIN_BULK_FILES - 1 + MIN_BULK_FILES)]


def test_closed_connection_costs_at_most_one_request(monkeypatch, bucket, tmp_path):
    monkeypatch.setattr("podcast_kit.io.raw_http.MAX_CONNECTIONS", 1)
    forward_request = network._Handler.forward

    def forward(handler):
        forward_request(handler)
        handler.close_connection = True

    monkeypatch.setattr(network._Handler, "do_PUT", forward)
    with network.Proxy(bucket.endpoint) as proxy:
        store = open_bulk_store(bucket, proxy.endpoint)
        put_in_bulk(store, audio_uploads(tmp_path))
        assert store.bulk_uploader.is_usable
        assert len(proxy.requests) <= 1 + 2 * MIN_BULK_FILES
        assert {remote.key for remote in store.list("media/")} == {upload.key for upload in audio_uploads(tmp_path)}


def test_refused_connections_leave_the_work_to_the_open_ones(bucket, tmp_path):
    def full(request):
        return (
            network.CLOSE_BEFORE_REQUEST if 3 <= request.number <= 6 else None
        )  # the first request of four connections

    with network.Proxy(bucket.endpoint, full) as proxy:
        store = open_bulk_store(bucket, proxy.endpoint)
        assert len(put_in_bulk(store, audio_uploads(tmp_path, 40))) == 36
        assert store.bulk_uploader.is_usable


class ScriptedServer(threading.Thread):
    """Answers every request with the same bytes, which no real store sends on demand."""

    def __init__(self, reply):
        super().__init__(daemon=True)
        self.reply = reply
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.place = f"http://127.0.0.1:{self.listening.getsockname()[1]}/pod/"
        self.bodies = []

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listening.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError):
            while line := stream.readline():
                headers = http.client.parse_headers(stream)
                self.bodies.append(stream.read(int(headers["Content-Length"])))
                connection.sendall(self.reply)
                assert line.startswith(b"PUT /pod/media/")

    def __enter__(self):
        self.start()
        return BulkUploader(self.place, "auto", Credentials("AK", "SK"), None, lambda: None)

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)  # closing alone would leave the thread waiting
        self.listening.close()
        self.join()


SUCCESS_RESPONSES = [
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\netag:"e"\r\ncontent-length:0\r\n\r\n',
    b'HTTP/1.0 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"  \r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 4\r\n\r\n<ok>',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: ' + b"9" * 5000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("reply", SUCCESS_RESPONSES, ids=lambda reply: reply[:60].decode())
def test_every_form_of_success_response_is_understood(tmp_path, reply):
    server = ScriptedServer(reply)
    with server as uploader:
        uploads = audio_uploads(tmp_path, 40)
        assert dict(uploader.put_all(on_absence(uploads))) == dict.fromkeys(uploads, '"e"')
        assert uploader.is_usable
    assert sorted(server.bodies) == sorted(upload.content.read_bytes() for upload in uploads)


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH\r\n\r\n", b"", b"HTTP/1.1 2000 OK\r\n\r\n", b"x" * 100_000])
def test_other_responses_make_bulk_put_unusable(tmp_path, reply):
    with ScriptedServer(reply) as uploader:
        timeout = 60 if reply else 0.3
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("podcast_kit.stores.bulk_put.UPLOAD_TIMEOUT_S", timeout)
            assert not list(uploader.put_all(on_absence(audio_uploads(tmp_path, 3))))
        assert not uploader.is_usable


def test_empty_files_and_an_empty_list(tmp_path):
    with ScriptedServer(SUCCESS_RESPONSES[0]) as uploader:
        empty = [audio_upload(tmp_path, f"{number}.mp3", b"") for number in range(9)]
        assert len(list(uploader.put_all(on_absence(empty)))) == 9
        assert not list(uploader.put_all(on_absence([])))


def test_low_limit_of_open_files_means_fewer_connections(monkeypatch, tmp_path):
    monkeypatch.setattr("podcast_kit.io.raw_http.max_open_files", lambda: 40)
    server = ScriptedServer(SUCCESS_RESPONSES[0])
    threads = threading.active_count()
    with server as uploader:
        results = uploader.put_all(on_absence(audio_uploads(tmp_path, 200)))
        next(results)
        assert threading.active_count() <= threads + 1 + 1 + 40 // OPEN_FILES_SHARE
        assert len(list(results)) == 199


def test_file_changed_after_the_build_stops_the_upload(bucket, tmp_path):
    store, uploads = open_bulk_store(bucket), audio_uploads(tmp_path)
    uploads[5].content.write_bytes(b"another")
    with pytest.raises(OperationError, match=r"5\.mp3 changed after it was built"):
        list(store.put_many(when_absent(uploads)))


def test_closed_generator_leaves_no_connection_open(bucket, tmp_path):
    results = open_bulk_store(bucket).put_many(when_absent(audio_uploads(tmp_path, 50)))
    next(results)
    results.close()  # an open connection is a ResourceWarning, which is an error here


def test_caller_may_have_a_running_event_loop(bucket, tmp_path):
    async def inside():
        return put_in_bulk(open_bulk_store(bucket), audio_uploads(tmp_path))

    assert len(asyncio.run(inside())) == MIN_BULK_FILES


def test_few_files_are_left_to_botocore(bucket, tmp_path):
    store = open_bulk_store(bucket)
    assert not list(store.put_many(when_absent(audio_uploads(tmp_path, MIN_BULK_FILES - 1))))


def test_publish_with_lost_responses_is_complete(bucket, tmp_path):
    injected = []

    def lost(request):
        if request.headers["User-Agent"] != "podcast-kit" or request.number % 3:
            return None
        injected.append(request)
        return network.LOSE_RESPONSE

    outputs = output_trees.write_tree(tmp_path, bucket.url, {f"e{number}": b"%d" % number for number in range(12)})
    with network.Proxy(bucket.endpoint, lost) as proxy:
        assert output_trees.publish_outputs(
            outputs, output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint), now=NOW, url=bucket.url
        )
    assert injected
    assert output_trees.find_broken_links(bucket.url) == []
    assert len(output_trees.live_guids(bucket.url)) == 12


def test_large_file_is_left_to_botocore(bucket, tmp_path):
    large = audio_upload(tmp_path, content=bytes(MAX_BULK_FILE_BYTES + 1))
    etags = put_in_bulk(open_bulk_store(bucket), [*audio_uploads(tmp_path), large])
    assert len(etags) == MIN_BULK_FILES
    assert large.key not in etags


def test_proxy_or_unusual_request_gives_no_bulk_uploader(monkeypatch):
    signature = "AWS4-HMAC-SHA256 Credential=AK/20261122/auto/s3/aws4_request, SignedHeaders=host"

    def uploader_for(url, authorization=signature):
        request = SimpleNamespace(url=url, headers={"Authorization": authorization})
        return BulkUploader.from_signed_request(request, "b/", "a b", Credentials("AK", "SK"), None, lambda: None)

    monkeypatch.setattr(urllib.request, "getproxies", dict)
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert uploader_for("http://pod.example/b/a%20b").signer.region == "auto"
    assert uploader_for("http://pod.example/b/other") is None
    assert uploader_for("http://pod.example/b/a%20b?x=1") is None
    assert uploader_for("http://pod.example/b/a%20b", "AWS AK:signature") is None
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert uploader_for("http://pod.example/b/a%20b") is None
