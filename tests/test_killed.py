"""A publisher killed between any two requests leaves a feed that keeps its promises."""

import multiprocessing
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import faults, trees
from tests.seaweed import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["boto3", "tests.trees"])
OLD, NEW = {"one": b"1" * 1000}, {"one": b"1" * 1000, "two": b"2" * 2000, "three": b"3" * 3000}


def work(folder: Path, bucket: Bucket, endpoint: str, episodes: dict[str, bytes]) -> None:
    """A publisher in a process of its own."""
    outputs = trees.tree(folder, bucket.url, episodes)
    store = trees.store_of(bucket, endpoint=endpoint)
    store.threads = 1  # one request after the other, so that each position is its own
    trees.carry_out(outputs, store, now=NOW, url=bucket.url)


def killed_at(number: int, bucket: Bucket, folder: Path, *, after: bool) -> int:
    """Publish the new show and kill it at its request with this number; how many requests were seen."""
    reached = threading.Event()

    def fault(request):
        if request.number < number:
            return None
        reached.set()
        return faults.LOST if after and request.number == number else faults.SILENT

    with faults.Proxy(bucket.endpoint, fault) as proxy:
        process = FORKS.Process(target=work, args=(folder, bucket, proxy.endpoint, NEW))
        process.start()
        while process.is_alive() and not reached.wait(0.01):
            pass
        if after and process.is_alive():
            while process.is_alive() and len(proxy.seen) <= number:  # the one that asks again is never answered
                process.join(0.01)
        process.kill()
        process.join()
        return len(proxy.seen)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the request", "after its effect"])
def test_killed_at_any_request(s3, tmp_path, after):
    counted = faults.Proxy(s3.endpoint)
    with counted:
        bucket = s3.bucket()
        work(tmp_path / "old", bucket, s3.endpoint, OLD)
        work(tmp_path / "new", bucket, counted.endpoint, NEW)
    total = len(counted.seen)
    assert total > 8
    for number in range(1, total + 1):
        bucket = s3.bucket()
        work(tmp_path / "old", bucket, s3.endpoint, OLD)
        seen = killed_at(number, bucket, tmp_path / f"killed-{number}", after=after)
        assert seen >= number
        assert trees.broken_promises(bucket.url) == []
        live = trees.guids(bucket.url)
        assert live in (list(OLD), list(NEW))

        again = faults.Proxy(s3.endpoint)
        with again:
            work(tmp_path / "new", bucket, again.endpoint, NEW)
        assert trees.guids(bucket.url) == list(NEW)
        assert trees.broken_promises(bucket.url) == []
        sent = {request.path for request in [*again.seen] if request.method == "PUT" and "/media/" in request.path}
        assert len(sent) <= max(0, 2 - media_done(counted, number, after=after))


def media_done(counted, number: int, *, after: bool) -> int:
    """How many media had arrived by then."""
    before = counted.seen[: number if after else number - 1]
    return sum(request.method == "PUT" and "/media/" in request.path for request in before)
