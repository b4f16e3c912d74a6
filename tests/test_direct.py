"""Small files go the short way, signed as botocore signs; whatever goes wrong there, botocore gets over."""

import threading
import urllib.request
from datetime import UTC, datetime
from types import SimpleNamespace

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from podcast_kit.errors import Overtaken
from podcast_kit.stores import ABSENT, ALWAYS, Upload
from podcast_kit.stores.direct import SMALL, Direct
from tests import faults, trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHOWN = trees.upload("shown", b"the way")


def file(folder, name="a.mp3", content=b"sound"):
    return Upload.of(trees.output(folder, f"media/x/{name}", content))


@pytest.fixture(params=["bucket", "tls_bucket"])
def place(request):
    return request.getfixturevalue(request.param)


def shown(bucket, endpoint=""):
    store = trees.store_of(bucket, endpoint=endpoint, prefix="show")
    store.put(SHOWN)
    return store


def test_what_goes_the_short_way_arrives_as_by_the_long_one(place, tmp_path):
    short, long = shown(place), trees.store_of(place, prefix="show")
    one, two = file(tmp_path, "1.mp3"), file(tmp_path, "2.mp3")
    etags = short.put(one, ABSENT), long.put(two, ABSENT)
    assert (short.direct.works, len(short.direct.idle)) == (True, 1)
    assert not long.direct.idle
    here, there = short.head(one.key), short.head(two.key)
    assert etags == (here.etag, there.etag)
    assert (here.size, here.sha256, here.headers, here.etag) == (there.size, there.sha256, there.headers, there.etag)


@pytest.mark.parametrize("name", ["with space.mp3", "Übung+1.mp3", "a~b_(c)!*'.mp3", "100%25.mp3", "a=b&c;d@e,f$.mp3"])
def test_every_name_finds_its_way(bucket, tmp_path, name):
    store, upload = shown(bucket), file(tmp_path, name)
    store.put(upload, ABSENT)
    assert store.direct.works
    assert store.head(upload.key).sha256 == upload.sha256


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_the_signature_is_the_one_that_botocore_makes(monkeypatch, token):
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: moment)
    monkeypatch.setattr("podcast_kit.stores.direct.time.gmtime", moment.timetuple)
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
    store = shown(bucket)
    store.put(file(tmp_path), ABSENT)
    with pytest.raises(Overtaken):
        store.put(file(tmp_path, content=b"other"), ABSENT)
    assert store.direct.works
    store.put(file(tmp_path, content=b"third"), ALWAYS)
    assert store.get("media/x/a.mp3").content == b"third"


@pytest.mark.parametrize("fault", [faults.CUT, faults.MID, faults.LOST, faults.CORRUPTED, faults.Status(403, "X")])
def test_a_fault_of_one_upload_is_got_over_by_the_long_way(bucket, tmp_path, fault):
    struck = threading.Event()

    def once(request):
        if request.path.endswith("2.mp3") and not struck.is_set():
            struck.set()
            return fault
        return None

    with faults.Proxy(bucket.endpoint, once) as proxy:
        store = shown(bucket, proxy.endpoint)
        uploads = [file(tmp_path, f"{number}.mp3", b"%d" % number) for number in range(4)]
        for upload in uploads:
            store.put(upload, ALWAYS)
        assert store.requests == len(proxy.seen)
    assert struck.is_set()
    for upload in uploads:
        assert store.direct is not None
        assert trees.fetch(f"{bucket.url}show/{upload.key}") == upload.content.read_bytes()


def test_a_store_that_asks_for_less_is_left_to_botocore(bucket, tmp_path):
    def busy(request):
        return faults.Status(503, "SlowDown") if request.number == 3 else None

    with faults.Proxy(bucket.endpoint, busy) as proxy:
        store = shown(bucket, proxy.endpoint)
        for number in range(4):
            store.put(file(tmp_path, f"{number}.mp3"), ABSENT)
        assert not store.direct.works
    assert [request.headers["User-Agent"].partition("/")[0] for request in proxy.seen] == [
        "Boto3", "podcast-kit", "podcast-kit", "Boto3", "Boto3", "Boto3"
    ]  # fmt: skip


def test_a_connection_that_was_closed_meanwhile_costs_one_question(bucket, tmp_path):
    with faults.Proxy(bucket.endpoint) as proxy:
        store = shown(bucket, proxy.endpoint)
        store.put(file(tmp_path, "1.mp3"), ABSENT)
        store.direct.idle[0].close()
        store.put(file(tmp_path, "2.mp3"), ABSENT)
        store.put(file(tmp_path, "3.mp3"), ABSENT)
        assert store.direct.works
        assert len(proxy.seen) == 4


def test_a_publish_through_replies_that_get_lost_is_whole(bucket, tmp_path):
    struck = []

    def lost(request):
        if request.headers["User-Agent"] != "podcast-kit" or request.number % 3:
            return None
        struck.append(request)
        return faults.LOST

    outputs = trees.tree(tmp_path, bucket.url, {f"e{number}": b"%d" % number for number in range(12)})
    with faults.Proxy(bucket.endpoint, lost) as proxy:
        assert trees.carry_out(outputs, trees.store_of(bucket, endpoint=proxy.endpoint), now=NOW, url=bucket.url)
    assert struck
    assert trees.broken_promises(bucket.url) == []
    assert len(trees.guids(bucket.url)) == 12


def test_what_is_large_or_swapped_goes_the_long_way(bucket, tmp_path):
    with faults.Proxy(bucket.endpoint) as proxy:
        store = shown(bucket, proxy.endpoint)
        store.put(file(tmp_path, content=bytes(SMALL + 1)), ABSENT)
        store.put(trees.upload("feed.xml", b"<rss/>"), ABSENT)
    assert {request.headers["User-Agent"].partition("/")[0] for request in proxy.seen} == {"Boto3"}


def test_a_way_that_leads_through_a_proxy_or_is_no_plain_one_is_not_learnt(monkeypatch):
    def way(url, authorization="AWS4-HMAC-SHA256 Credential=AK/20261122/auto/s3/aws4_request, SignedHeaders=host"):
        request = SimpleNamespace(url=url, headers={"Authorization": authorization})
        return Direct.like(request, "a b", Credentials("AK", "SK"), True, lambda: None)

    monkeypatch.setattr(urllib.request, "getproxies", dict)
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert way("http://pod.example/b/a%20b").region == "auto"
    assert way("http://pod.example/b/other") is None
    assert way("http://pod.example/b/a%20b?x=1") is None
    assert way("http://pod.example/b/a%20b", "AWS AK:signature") is None
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert way("http://pod.example/b/a%20b") is None
