"""A store that accepts the connection and never answers: a short timeout, and a message while waiting."""

import socket
import time

import pytest

from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError
from podcast_kit.stores.s3 import S3Store
from tests.support import network, output_trees

TIMEOUT_S = 0.2


@pytest.fixture
def silent_host(s3_environment):
    """A host that listens and never answers."""
    s3_environment(None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def open_store(host, **settings):
    return S3Store(bucket="pod", endpoint=f"http://{host}", query_timeout=TIMEOUT_S, **settings)


@pytest.mark.parametrize(
    "request_store",
    [
        lambda store: store.get(".podcast-kit/state.json"),
        lambda store: store.head("feed.xml"),
        lambda store: list(store.list()),
        lambda store: store.probe("token"),
    ],
    ids=["get", "head", "list", "probe"],
)
def test_query_without_response_fails_after_three_attempts(silent_host, request_store):
    started = time.monotonic()
    with pytest.raises(OperationError) as raised:
        request_store(open_store(silent_host))
    assert time.monotonic() - started < 60  # boto3's own limits are three minutes
    assert f"cannot reach the endpoint {silent_host}: 3 attempts timed out after 0.2 s each" in raised.value.text
    assert "publish.endpoint" in raised.value.fix


def test_on_waiting_receives_the_host(silent_host):
    hosts = []
    with pytest.raises(OperationError):
        open_store(silent_host, on_waiting=hosts.append).get("feed.xml")
    assert hosts == [silent_host] * 3


def test_waiting_is_one_line_without_a_terminal(silent_host, capsys):
    with pytest.raises(OperationError):
        open_store(silent_host, on_waiting=Console().waiting_for).get("feed.xml")
    assert capsys.readouterr().err == f"waiting for {silent_host}\n"


def test_slow_response_to_an_upload_is_awaited(bucket):
    with network.Proxy(bucket.endpoint, lambda _: network.Delay(4 * TIMEOUT_S)) as proxy:
        slow_store = S3Store(bucket=bucket.name, endpoint=proxy.endpoint, query_timeout=TIMEOUT_S)
        slow_store.put(output_trees.make_upload("a.txt", b"one"))
        with pytest.raises(OperationError, match="cannot reach the endpoint"):
            slow_store.get("a.txt")
    assert output_trees.open_bucket_store(bucket).get("a.txt").content == b"one"
