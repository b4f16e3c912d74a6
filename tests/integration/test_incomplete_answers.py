"""Answers of a store that end early, at any byte: each is repeated, and none is taken for the whole."""

import pytest
from botocore.retries.standard import ExponentialBackoff

from podcast_kit.errors import OperationError
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.stores import IF_NONE_MATCH, answers, if_match
from tests.integration.test_publish import NOW, uploaded_keys, write_show
from tests.support import network, output_trees

SHARES = [number / 20 for number in range(20)]
"""Places in the status line and headers after which an answer is cut."""


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)


class CutEachFirst:
    """Cuts the first answer to each request, at a share that changes with each."""

    def __init__(self, *, method: str) -> None:
        self.method, self.number = method, 0

    def __call__(self, request: network.Request):
        if request.method != self.method:
            return None
        self.number += 1
        return network.CutHeaders(SHARES[(self.number // 2 + 1) % len(SHARES)]) if self.number % 2 else None


@pytest.fixture
def stored(bucket):
    store = output_trees.open_bucket_store(bucket)
    store.put(output_trees.make_upload("media/aa/one.mp3", b"sound" * 100))
    return store


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_cut_answer_to_a_query_is_repeated(bucket, stored, method):
    with network.Proxy(bucket.endpoint, CutEachFirst(method=method)) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        for _ in SHARES:
            assert store.head("media/aa/one.mp3") == stored.head("media/aa/one.mp3")
            assert store.get("media/aa/one.mp3") == stored.get("media/aa/one.mp3")
            assert store.get("missing") is None
            assert list(store.list()) == list(stored.list())
    assert len(proxy.requests) >= 2 * len(SHARES)


def test_cut_answer_to_a_conditional_write_is_our_own_write(bucket, tmp_path):
    cut_paths: set[str] = set()

    def cut(request):
        if request.method != "PUT" or request.path in cut_paths:
            return None
        cut_paths.add(request.path)
        return network.CutHeaders(SHARES[len(cut_paths) * 3 % len(SHARES)])

    with network.Proxy(bucket.endpoint, cut) as proxy:
        for number in range(3):
            cut_paths.clear()
            outputs = write_show(tmp_path / str(number), bucket.url, one=b"sound %d" % number, two=b"two" * number)
            store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
            outcomes = output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
            assert uploaded_keys(outcomes)[-1] == "feed.xml"
            assert output_trees.download(f"{bucket.url}feed.xml") == outputs["feed.xml"].path.read_bytes()


def test_own_file_is_recognized_by_its_bytes(bucket, tmp_path):
    outputs = write_show(tmp_path, bucket.url)
    store = output_trees.open_bucket_store(bucket)
    plan = plan_changes(outputs, output_trees.read_state(store, outputs))
    media = next(key for key in outputs if key.startswith("media/"))
    client = store.clients.upload_client  # a copy without the digest among its metadata
    client.put_object(Bucket=bucket.name, Key=media, Body=outputs[media].path.read_bytes(), ContentType="audio/mpeg")
    assert "feed.xml" in uploaded_keys(publish_plan(plan, store, now=NOW, url=bucket.url))


def test_bytes_of_an_object_are_hashed_block_by_block(bucket, stored):
    expected = stored.head("media/aa/one.mp3")
    assert stored.read_digest("media/aa/one.mp3") == (expected.size, expected.sha256)
    assert stored.read_digest("missing") is None

    def truncate(request):
        return network.TRUNCATE_RESPONSE if request.number < 3 else None

    with network.Proxy(bucket.endpoint, truncate) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        assert store.read_digest("media/aa/one.mp3") == (expected.size, expected.sha256)


def test_store_whose_answers_always_lack_something_is_reported(bucket, monkeypatch):
    monkeypatch.setattr(answers, "FIRST_BACKOFF_S", 0)
    with network.Proxy(bucket.endpoint, lambda _: network.Status(200)) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        with pytest.raises(OperationError, match="incomplete: they lack ETag") as raised:
            store.head("feed.xml")
        assert "connection" in raised.value.fix


def test_answer_that_is_always_cut_is_a_network_error(bucket):
    with network.Proxy(bucket.endpoint, lambda _: network.CutHeaders(0.8)) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        with pytest.raises(OperationError, match="cannot reach the store"):
            store.head("feed.xml")


def test_missing_page_of_a_conditional_write_is_a_conflict(stored):
    upload = output_trees.make_upload("index.html", b"page")
    etag = stored.put(upload, IF_NONE_MATCH)
    stored.delete("index.html")
    with pytest.raises(Exception, match="someone else"):
        stored.put(upload, if_match(etag))


@pytest.mark.usefixtures("stored")
def test_cut_answer_of_a_public_address_is_repeated(bucket):
    with (
        network.Proxy(bucket.endpoint, CutEachFirst(method="HEAD")) as proxy,
        HttpClient(NetworkPolicy.trust(proxy.endpoint)) as client,
    ):
        for _ in SHARES[1:]:
            response, _ = client.request(f"{proxy.endpoint}/{bucket.name}/media/aa/one.mp3", method="HEAD")
            assert (response.error, response.status, response.headers["content-length"]) == ("", 200, "500")
