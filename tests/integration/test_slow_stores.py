"""A store that takes the connection and never says a word is given up soon, and not in silence."""

import socket
import time

import pytest

from podcast_kit.cli.console import Console
from podcast_kit.errors import OperationError
from podcast_kit.stores.s3 import S3
from tests.support import network, output_trees

SOON = 0.2


@pytest.fixture
def silent(s3_environment):
    """A host that listens, and that is all."""
    s3_environment(None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def store(host, **settings):
    return S3(bucket="pod", endpoint=f"http://{host}", soon=SOON, **settings)


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.get(".podcast-kit/state.json"),
        lambda store: store.head("feed.xml"),
        lambda store: list(store.walk()),
        lambda store: store.probe("token"),
    ],
    ids=["get", "head", "list", "probe"],
)
def test_a_question_that_nobody_answers_is_given_up_after_three_times(silent, ask):
    begun = time.monotonic()
    with pytest.raises(OperationError) as raised:
        ask(store(silent))
    assert time.monotonic() - begun < 10
    assert f"the endpoint {silent} does not answer: asked 3 times, 0.2 seconds each" in raised.value.text
    assert "publish.endpoint" in raised.value.fix


def test_somebody_hears_who_is_waited_for(silent):
    heard = []
    with pytest.raises(OperationError):
        store(silent, waiting=heard.append).get("feed.xml")
    assert heard == [silent] * 3


def test_where_nobody_watches_it_is_said_in_a_line_and_not_in_many(silent, capsys):
    with pytest.raises(OperationError):
        store(silent, waiting=Console().waiting).get("feed.xml")
    assert capsys.readouterr().err == f"waiting for {silent}\n"


def test_a_store_may_think_long_about_what_it_is_sent(bucket):
    with network.Proxy(bucket.endpoint, lambda _: network.Delay(4 * SOON)) as proxy:
        slow = S3(bucket=bucket.name, endpoint=proxy.endpoint, soon=SOON)
        slow.put(output_trees.upload("a.txt", b"one"))
        with pytest.raises(OperationError, match="does not answer"):
            slow.get("a.txt")
    assert output_trees.store_of(bucket).get("a.txt").content == b"one"
