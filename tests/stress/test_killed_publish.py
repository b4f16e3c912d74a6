"""A publisher killed between any two requests leaves a feed that keeps its promises, and its work is not lost."""

import multiprocessing
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_kit.stores import multipart
from tests.support import network, output_trees
from tests.support.seaweed import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["boto3", "tests.support.chaos_proxy"])
PART = 5 << 20
"""The least that S3 takes for a part that is not the last."""
OLD = {"one": b"1" * 1000}
NEW = OLD | {"two": b"2" * 2000, "long": b"3" * (2 * PART + 3)}


def work(folder: Path, bucket: Bucket, endpoint: str, prefix: str, episodes: dict[str, bytes]) -> None:
    """A publisher, one request after the other, so that each position is its own."""
    multipart.AT_ONCE = 1
    url = f"{bucket.url}{prefix}/"
    outputs = output_trees.tree(folder / "build", url, episodes)
    store = output_trees.store_of(bucket, endpoint=endpoint, prefix=prefix)
    store.threads, store.part, store.journals, store.place = 1, PART, folder / "journals", bucket.name
    output_trees.carry_out(outputs, store, now=NOW, url=url)


def killed_at(number: int, bucket: Bucket, prefix: str, folder: Path, *, after: bool) -> list[network.Request]:
    """Publish the new show and kill it at its request with this number; what was asked until then."""
    reached = threading.Event()

    def fault(request):
        if request.number < number:
            return None
        if after and request.number == number:
            return network.LOST
        reached.set()
        return network.SILENT  # nothing that is asked from here on is ever answered

    with network.Proxy(bucket.endpoint, fault) as proxy:
        process = FORKS.Process(target=work, args=(folder, bucket, proxy.endpoint, prefix, NEW))
        process.start()
        while process.is_alive() and not reached.wait(0.01):
            pass
        process.kill()
        process.join()
        return proxy.seen[:number] if after else proxy.seen[: number - 1]


def sent(requests: list[network.Request]) -> set[str]:
    """Which media, and which parts of the long one, were sent."""
    found = set()
    for request in requests:
        part = re.search(r"/media/\w+/(\w+\.mp3)\?.*partNumber=(\d+)", request.path)
        whole = re.search(r"/media/\w+/(\w+\.mp3)$", request.path)
        if request.method == "PUT" and part:
            found.add(f"{part[1]} {part[2]}")
        elif request.method == "PUT" and whole:
            found.add(whole[1])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the request", "after its effect"])
def test_killed_at_any_request(s3, bucket, tmp_path, monkeypatch, after):
    monkeypatch.setattr(multipart, "AT_ONCE", 1)
    with network.Proxy(s3.endpoint) as counted:
        work(tmp_path / "0", bucket, s3.endpoint, "0", OLD)
        work(tmp_path / "0", bucket, counted.endpoint, "0", NEW)
    assert sent(counted.seen) == {"two.mp3", "long.mp3 1", "long.mp3 2", "long.mp3 3"}
    for number in range(1, len(counted.seen) + 1):
        prefix, folder = str(number), tmp_path / str(number)
        url = f"{bucket.url}{prefix}/"
        work(folder, bucket, s3.endpoint, prefix, OLD)
        done = killed_at(number, bucket, prefix, folder, after=after)
        assert len(done) >= number - 1
        assert output_trees.broken_promises(url) == []
        assert output_trees.guids(url) in (list(OLD), list(NEW))

        with network.Proxy(s3.endpoint) as again:
            work(folder, bucket, again.endpoint, prefix, NEW)
        assert output_trees.guids(url) == list(NEW)
        assert output_trees.broken_promises(url) == []
        finished = sent(done[:-1] if after else done)  # of the last one nobody was told that it arrived
        assert sent(again.seen) & finished == set()
