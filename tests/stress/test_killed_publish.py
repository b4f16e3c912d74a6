"""A publisher killed between any two requests: the feed stays intact, and finished uploads are not repeated."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_kit.stores import multipart
from tests.support import forks, network, output_trees
from tests.support.seaweed import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PART_BYTES = 5 << 20
"""The minimum of S3 for every part but the last."""
OLD = {"one": b"1" * 1000}
NEW = OLD | {"two": b"2" * 2000, "long": b"3" * (2 * PART_BYTES + 3)}


def publish_show(folder: Path, bucket: Bucket, endpoint: str, prefix: str, episodes: dict[str, bytes]) -> None:
    """Publish with one request at a time, so that each request number is one step."""
    multipart.MAX_CONCURRENT_PARTS = 1
    url = f"{bucket.url}{prefix}/"
    outputs = output_trees.write_tree(folder / "build", url, episodes)
    store = output_trees.open_bucket_store(bucket, endpoint=endpoint, prefix=prefix)
    store.threads, store.part_size, store.identity = 1, PART_BYTES, bucket.name
    store.journal_folder = folder / "journals"
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)


def kill_at_request(number: int, bucket: Bucket, prefix: str, folder: Path, *, after: bool) -> list[network.Request]:
    """Publish the new show and kill it at the request with this number; returns the requests until then."""
    is_reached = threading.Event()

    def fault(request):
        if request.number < number:
            return None
        if after and request.number == number:
            return network.LOSE_RESPONSE
        is_reached.set()
        return network.NEVER_ANSWER  # no request from here on is answered

    with network.Proxy(bucket.endpoint, fault) as proxy:
        process = forks.start_process(publish_show, folder, bucket, proxy.endpoint, prefix, NEW)
        while process.is_alive() and not is_reached.wait(0.01):
            pass
        process.kill()
        process.join()
        return proxy.requests[:number] if after else proxy.requests[: number - 1]


def uploaded_media(requests: list[network.Request]) -> set[str]:
    """The media, and the parts of the long one, that were uploaded."""
    media = set()
    for request in requests:
        part = re.search(r"/media/\w+/(\w+\.mp3)\?.*partNumber=(\d+)", request.path)
        whole = re.search(r"/media/\w+/(\w+\.mp3)$", request.path)
        if request.method == "PUT" and part:
            media.add(f"{part[1]} {part[2]}")
        elif request.method == "PUT" and whole:
            media.add(whole[1])
    return media


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the request", "after its effect"])
def test_publish_killed_at_any_request(s3, bucket, tmp_path, monkeypatch, after):
    monkeypatch.setattr(multipart, "MAX_CONCURRENT_PARTS", 1)
    with network.Proxy(s3.endpoint) as counted:
        publish_show(tmp_path / "0", bucket, s3.endpoint, "0", OLD)
        publish_show(tmp_path / "0", bucket, counted.endpoint, "0", NEW)
    assert uploaded_media(counted.requests) == {"two.mp3", "long.mp3 1", "long.mp3 2", "long.mp3 3"}
    for number in range(1, len(counted.requests) + 1):
        prefix, folder = str(number), tmp_path / str(number)
        url = f"{bucket.url}{prefix}/"
        publish_show(folder, bucket, s3.endpoint, prefix, OLD)
        requests = kill_at_request(number, bucket, prefix, folder, after=after)
        assert len(requests) >= number - 1
        assert output_trees.find_broken_links(url) == []
        assert output_trees.live_guids(url) in (list(OLD), list(NEW))

        with network.Proxy(s3.endpoint) as again:
            publish_show(folder, bucket, again.endpoint, prefix, NEW)
        assert output_trees.live_guids(url) == list(NEW)
        assert output_trees.find_broken_links(url) == []
        finished = uploaded_media(requests[:-1] if after else requests)  # the last response was lost
        assert uploaded_media(again.requests) & finished == set()
