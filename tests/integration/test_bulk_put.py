"""Many small files go the short way, signed as botocore signs; whatever goes wrong there, botocore gets over."""

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
from podcast_kit.stores import ABSENT, ALWAYS, Upload
from podcast_kit.stores.bulk_put import SHARE, SMALL, Direct
from podcast_kit.stores.s3 import MANY
from tests.support import network, output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHOWN = output_trees.upload("shown", b"the way")


def file(folder, name="a.mp3", content=b"sound"):
    return Upload.of(output_trees.output(folder, f"media/x/{name}", content))


@pytest.fixture(params=["bucket", "tls_bucket"])
def place(request):
    return request.getfixturevalue(request.param)


def shown(bucket, endpoint=""):
    store = output_trees.store_of(bucket, endpoint=endpoint, prefix="show")
    store.put(SHOWN)
    return store


def files(folder, count=MANY):
    return [file(folder, f"{number}.mp3", b"sound %d" % number) for number in range(count)]


def sent(store, uploads, when=ABSENT):
    """Key → ETag of what went the short way; the rest goes the long one, as in a publish."""
    told = {upload.key: etag for upload, etag in store.put_small(uploads, when)}
    for upload in uploads:
        if upload.key not in told:
            with contextlib.suppress(PublishConflict):
                store.put(upload, when)
    return told


def test_what_goes_the_short_way_arrives_as_by_the_long_one(place, tmp_path):
    short, long = shown(place), output_trees.store_of(place, prefix="show")
    one, *others = files(tmp_path)
    long.put(one, ABSENT)
    told = sent(short, [*others, file(tmp_path, "last.mp3")])
    assert len(told) == MANY
    there = long.head(one.key)
    for upload in others:
        here = short.head(upload.key)
        assert (here.size, here.sha256, here.headers) == (upload.size, upload.sha256, there.headers)
        assert here.etag == told[upload.key]


NAMES = ["with space.mp3", "Übung+1.mp3", "a~b_(c)!*'.mp3", "100%25.mp3", "a=b&c;d@e,f$.mp3", "1.mp3", "2.mp3", "3.mp3"]


def test_every_name_finds_its_way(bucket, tmp_path):
    store, uploads = shown(bucket), [file(tmp_path, name) for name in NAMES]
    assert sent(store, uploads).keys() == {upload.key for upload in uploads}
    for upload in uploads:
        assert store.head(upload.key).sha256 == upload.sha256


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_the_signature_is_the_one_that_botocore_makes(monkeypatch, token):
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: moment)
    monkeypatch.setattr("podcast_kit.stores.bulk_put.time.gmtime", moment.timetuple)
    credentials = Credentials("AK/ID", "secret", token)
    url = "https://pod.example:8443/base/show/"
    direct = Direct(url, "eu-north-1", credentials, True, lambda: None)
    headers = {"content-type": "audio/mpeg", "if-none-match": "*", "content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}
    request = AWSRequest("PUT", f"{url}a%20b/%C3%9C.mp3", headers=headers, data=b"hello")
    botocore.auth.S3SigV4Auth(credentials, "s3", "eu-north-1").add_auth(request)
    told = dict(
        line.split(":", 1)
        for line in direct._head(
            "a%20b/%C3%9C.mp3", 5, request.headers["X-Amz-Content-SHA256"], headers
        ).decode().split("\r\n")[1:-2]
    )  # fmt: skip
    assert told["Authorization"] == request.headers["Authorization"]
    assert told.get("x-amz-security-token") == token


def test_what_is_there_is_not_replaced(bucket, tmp_path):
    store, uploads = shown(bucket), files(tmp_path)
    store.put(output_trees.upload(uploads[3].key, b"other"))
    told = sent(store, uploads)
    assert uploads[3].key not in told
    assert len(told) == MANY - 1
    assert store.direct.works
    assert store.get(uploads[3].key).content == b"other"
    assert len(sent(store, uploads, ALWAYS)) == MANY
    assert store.get(uploads[3].key).content == b"sound 3"


def test_where_all_is_there_already_the_way_stays_open(bucket, tmp_path):
    sent(shown(bucket), files(tmp_path))
    store = shown(bucket)
    assert not sent(store, files(tmp_path))
    assert store.direct.works


@pytest.mark.parametrize("fault", [network.CUT, network.MID, network.LOST, network.CORRUPTED, network.Status(403, "X")])
def test_a_fault_of_one_upload_is_got_over_by_the_long_way(bucket, tmp_path, fault):
    struck = threading.Event()

    def once(request):
        if request.path.endswith("2.mp3") and not struck.is_set():
            struck.set()
            return fault
        return None

    with network.Proxy(bucket.endpoint, once) as proxy:
        store, uploads = shown(bucket, proxy.endpoint), files(tmp_path)
        told = sent(store, uploads, ALWAYS)
        assert store.requests == len(proxy.seen)
    assert struck.is_set()
    assert uploads[2].key not in told
    for upload in uploads:
        assert output_trees.fetch(f"{bucket.url}show/{upload.key}") == upload.content.read_bytes()


def test_a_store_that_asks_for_less_is_left_to_botocore(monkeypatch, bucket, tmp_path):
    monkeypatch.setattr("podcast_kit.stores.bulk_put.LINES", 1)

    def busy(request):
        return network.Status(503, "SlowDown") if request.number == 3 else None

    with network.Proxy(bucket.endpoint, busy) as proxy:
        store = shown(bucket, proxy.endpoint)
        assert len(sent(store, files(tmp_path))) == 1
        assert not store.direct.works
        assert not sent(store, [file(tmp_path, f"more-{number}.mp3") for number in range(MANY)])
    short = [request.headers["User-Agent"] == "podcast-kit" for request in proxy.seen]
    assert short == [False, True, True, *[False] * (MANY - 1 + MANY)]


def test_a_connection_that_the_store_closes_costs_one_question_at_the_most(monkeypatch, bucket, tmp_path):
    monkeypatch.setattr("podcast_kit.stores.bulk_put.LINES", 1)
    whole = network._Handler.forward

    def forward(handler):
        whole(handler)
        handler.close_connection = True

    monkeypatch.setattr(network._Handler, "do_PUT", forward)
    with network.Proxy(bucket.endpoint) as proxy:
        store = shown(bucket, proxy.endpoint)
        sent(store, files(tmp_path))
        assert store.direct.works
        assert len(proxy.seen) <= 1 + 2 * MANY
        assert {remote.key for remote in store.walk("media/")} == {upload.key for upload in files(tmp_path)}


def test_a_store_that_lets_no_more_connections_in_is_sent_to_by_those_that_it_has(bucket, tmp_path):
    def full(request):
        return network.CUT if 3 <= request.number <= 6 else None  # what comes first on four connections

    with network.Proxy(bucket.endpoint, full) as proxy:
        store = shown(bucket, proxy.endpoint)
        assert len(sent(store, files(tmp_path, 40))) == 36
        assert store.direct.works


class Scripted(threading.Thread):
    """A store of which only the way it words its replies matters: no real one sends these at will."""

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
        return Direct(self.place, "auto", Credentials("AK", "SK"), True, lambda: None)

    def __exit__(self, *_):
        self.listening.close()


REPLIES = [
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\netag:"e"\r\ncontent-length:0\r\n\r\n',
    b'HTTP/1.0 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"  \r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 4\r\n\r\n<ok>',
    b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: ' + b"9" * 5000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply[:60].decode())
def test_every_reply_that_says_yes_is_understood(tmp_path, reply):
    server = Scripted(reply)
    with server as direct:
        uploads = files(tmp_path, 40)
        assert dict(direct.send(uploads, absent=True)) == dict.fromkeys(uploads, '"e"')
        assert direct.works
    assert sorted(server.bodies) == sorted(upload.content.read_bytes() for upload in uploads)


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH\r\n\r\n", b"", b"HTTP/1.1 2000 OK\r\n\r\n", b"x" * 100_000])
def test_what_says_nothing_of_the_kind_is_no_way(tmp_path, reply):
    with Scripted(reply + b"") as direct:
        direct_silence = 0.3 if not reply else 60
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("podcast_kit.stores.bulk_put.SILENCE", direct_silence)
            assert not list(direct.send(files(tmp_path, 3), absent=True))
        assert not direct.works


def test_files_without_a_byte_and_none_at_all_are_sent_too(tmp_path):
    with Scripted(REPLIES[0]) as direct:
        assert len(list(direct.send([file(tmp_path, f"{number}.mp3", b"") for number in range(9)], absent=True))) == 9
        assert not list(direct.send([], absent=True))


def test_a_process_that_may_open_few_files_opens_fewer_connections(monkeypatch, tmp_path):
    monkeypatch.setattr("podcast_kit.stores.bulk_put._files", lambda: 40)
    server = Scripted(REPLIES[0])
    threads = threading.active_count()
    with server as direct:
        telling = direct.send(files(tmp_path, 200), absent=True)
        next(telling)
        assert threading.active_count() <= threads + 1 + 1 + 40 // SHARE
        assert len(list(telling)) == 199


def test_a_file_that_changed_since_stops_everything_in_words(bucket, tmp_path):
    store, uploads = shown(bucket), files(tmp_path)
    uploads[5].content.write_bytes(b"another")
    with pytest.raises(OperationError, match=r"5\.mp3 changed after it was built"):
        list(store.put_small(uploads, ABSENT))


def test_whoever_stops_listening_leaves_no_connection_open(bucket, tmp_path):
    telling = shown(bucket).put_small(files(tmp_path, 50), ABSENT)
    next(telling)
    telling.close()  # what is left open is a warning, and warnings are errors


def test_whoever_calls_may_have_a_loop_at_work(bucket, tmp_path):
    async def inside():
        return sent(shown(bucket), files(tmp_path))

    assert len(asyncio.run(inside())) == MANY


def test_few_files_go_the_long_way(bucket, tmp_path):
    store = shown(bucket)
    assert not list(store.put_small(files(tmp_path, MANY - 1), ABSENT))


def test_a_publish_through_replies_that_get_lost_is_whole(bucket, tmp_path):
    struck = []

    def lost(request):
        if request.headers["User-Agent"] != "podcast-kit" or request.number % 3:
            return None
        struck.append(request)
        return network.LOST

    outputs = output_trees.tree(tmp_path, bucket.url, {f"e{number}": b"%d" % number for number in range(12)})
    with network.Proxy(bucket.endpoint, lost) as proxy:
        assert output_trees.carry_out(
            outputs, output_trees.store_of(bucket, endpoint=proxy.endpoint), now=NOW, url=bucket.url
        )
    assert struck
    assert output_trees.broken_promises(bucket.url) == []
    assert len(output_trees.guids(bucket.url)) == 12


def test_what_is_large_goes_the_long_way(bucket, tmp_path):
    large = file(tmp_path, content=bytes(SMALL + 1))
    told = sent(shown(bucket), [*files(tmp_path), large])
    assert len(told) == MANY
    assert large.key not in told


def test_a_way_that_leads_through_a_proxy_or_is_no_plain_one_is_not_learnt(monkeypatch):
    def way(url, authorization="AWS4-HMAC-SHA256 Credential=AK/20261122/auto/s3/aws4_request, SignedHeaders=host"):
        request = SimpleNamespace(url=url, headers={"Authorization": authorization})
        return Direct.like(request, "b/", "a b", Credentials("AK", "SK"), True, lambda: None)

    monkeypatch.setattr(urllib.request, "getproxies", dict)
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert way("http://pod.example/b/a%20b").region == "auto"
    assert way("http://pod.example/b/other") is None
    assert way("http://pod.example/b/a%20b?x=1") is None
    assert way("http://pod.example/b/a%20b", "AWS AK:signature") is None
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert way("http://pod.example/b/a%20b") is None
