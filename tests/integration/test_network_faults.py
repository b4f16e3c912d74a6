"""Disks fill, keys are revoked, clocks are wrong: one clear message, and the next run completes."""

import datetime as dt
import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore.auth
import pytest

from podcast_kit.errors import OperationError, StoreAccessError
from podcast_kit.model import Output, Wave
from podcast_kit.publish import read
from podcast_kit.stores import Honours
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State
from tests.support import network, output_trees, seaweed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_key_that_is_revoked_in_the_middle(bucket, tmp_path):
    outputs = output_trees.tree(tmp_path, bucket.url, {"one": b"1", "two": b"22"})

    def revoked(request):
        return network.Status(403, "InvalidAccessKeyId") if request.number > 11 else None

    with network.Proxy(bucket.endpoint, revoked) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        store.threads = 1
        with pytest.raises(StoreAccessError, match="does not know this access key") as raised:
            output_trees.carry_out(outputs, store, now=NOW, url=bucket.url)
    assert "AWS_ACCESS_KEY_ID" in raised.value.fix
    assert output_trees.broken_promises(bucket.url) == []
    assert output_trees.carry_out(outputs, output_trees.store_of(bucket), now=NOW, url=bucket.url)
    assert output_trees.guids(bucket.url) == ["one", "two"]


def test_a_key_that_may_write_and_not_delete_publishes_all_the_same(bucket, tmp_path):
    outputs = output_trees.tree(tmp_path, bucket.url, {"one": b"1", "two": b"22"})

    def kept(request):
        return network.Status(403, "AccessDenied") if request.method == "DELETE" else None

    with network.Proxy(bucket.endpoint, kept) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        assert output_trees.carry_out(outputs, store, now=NOW, url=bucket.url)
        assert "DELETE" in {request.method for request in proxy.seen}
    assert store.honours is Honours.QUOTED
    assert output_trees.guids(bucket.url) == ["one", "two"]


def test_a_clock_that_is_twenty_minutes_off(bucket, tmp_path, monkeypatch):
    outputs = output_trees.tree(tmp_path, bucket.url, {"one": b"1"})

    def ahead(**_):
        return dt.datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=20)

    with monkeypatch.context() as patched:
        patched.setattr(botocore.auth, "get_current_datetime", ahead)
        with pytest.raises(StoreAccessError, match="clock is wrong") as raised:
            output_trees.carry_out(outputs, output_trees.store_of(bucket), now=NOW, url=bucket.url)
    assert "set the clock" in raised.value.fix
    assert output_trees.carry_out(outputs, output_trees.store_of(bucket), now=NOW, url=bucket.url)


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_store(tmp_path, s3_environment, monkeypatch):
    monkeypatch.setattr("podcast_kit.stores.clients.ATTEMPTS", 2)  # all eight would take minutes
    with seaweed.Server(tmp_path / "server", small=15) as server:
        s3_environment(server)
        bucket = server.bucket()
        store = output_trees.store_of(bucket)
        output_trees.carry_out(
            output_trees.tree(tmp_path / "a", bucket.url, {"one": b"1"}), store, now=NOW, url=bucket.url
        )
        more = {f"e{number}": os.urandom(9_000_000) for number in range(16)}
        outputs = output_trees.tree(tmp_path / "b", bucket.url, {"one": b"1"} | more)
        with pytest.raises(OperationError) as raised:
            output_trees.carry_out(outputs, store, now=NOW, url=bucket.url)
        assert "answered" in raised.value.text
        assert "room" in raised.value.fix
        assert output_trees.guids(bucket.url) == ["one"]
        assert output_trees.broken_promises(bucket.url) == []
        server.small = 60
        server.restart()
        assert output_trees.carry_out(outputs, store, now=NOW, url=bucket.url)
        assert output_trees.guids(bucket.url) == ["one", *more]
        assert output_trees.broken_promises(bucket.url) == []


@pytest.mark.slow
def test_a_store_that_dies_in_the_middle(tmp_path, s3_environment, monkeypatch):
    monkeypatch.setattr("podcast_kit.stores.clients.ATTEMPTS", 2)
    with seaweed.Server(tmp_path / "server") as server:
        s3_environment(server)
        bucket = server.bucket()
        output_trees.carry_out(
            output_trees.tree(tmp_path / "a", bucket.url, {"one": b"1"}),
            output_trees.store_of(bucket),
            now=NOW,
            url=bucket.url,
        )
        outputs = output_trees.tree(tmp_path / "b", bucket.url, {"one": b"1", "two": b"22", "three": b"333"})

        def dies(request):
            if request.number == 7:
                server.stop()
            return network.CUT if request.number >= 7 else None

        with network.Proxy(bucket.endpoint, dies) as proxy:
            store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
            store.threads = 1
            with pytest.raises(OperationError, match="does not answer") as raised:
                output_trees.carry_out(outputs, store, now=NOW, url=bucket.url)
        assert "nothing is lost" in raised.value.fix
        server.restart()
        assert output_trees.guids(bucket.url) == ["one"]
        assert output_trees.broken_promises(bucket.url) == []
        assert output_trees.carry_out(outputs, output_trees.store_of(bucket), now=NOW, url=bucket.url)
        assert output_trees.guids(bucket.url) == ["one", "two", "three"]
        assert output_trees.broken_promises(bucket.url) == []


def test_an_unchanged_show_of_five_thousand_objects_takes_three_requests_and_no_head(bucket):
    feed = output_trees.upload("feed.xml", b"<rss><channel></channel></rss>\n")
    etag = output_trees.store_of(bucket).put(feed)
    outputs = {
        key: Output(
            key=key,
            size=8192,
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            content_type="audio/mpeg",
            cache_control=output_trees.YEAR,
            wave=Wave.MEDIA,
        )
        for key in (f"media/{number:016x}/{number}.mp3" for number in range(4999))
    }
    outputs["feed.xml"] = Output(
        key="feed.xml", size=feed.size, sha256=feed.sha256, content_type="x", cache_control="y", wave=Wave.FEED
    )
    known = {
        key: record.RemoteObject(key=key, size=each.size, sha256=each.sha256, headers=each.headers, etag=etag)
        for key, each in outputs.items()
    }
    with network.Proxy(bucket.endpoint) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        state = State(objects=known, honours=Honours.QUOTED)
        store.put(output_trees.upload(record.KEY, record.encoded(state, store.place)))
        proxy.seen.clear()
        assert output_trees.carry_out(outputs, store, now=NOW) == []
    assert len(read(output_trees.store_of(bucket)).objects) == 5000
    assert [request.method for request in proxy.seen] == ["GET", "GET"]


UPLOAD = """
import sys
from pathlib import Path
from podcast_kit.model import Publishing
from tests import peak
from podcast_kit.stores import ABSENT, Upload, open_store
to, endpoint, path, sha256 = sys.argv[1:]
size = Path(path).stat().st_size
store = open_store(Publishing(url=endpoint, to=to, endpoint=endpoint), Path(path).parent)
store.put(Upload(key="media/x/long.wav", content=Path(path), size=size, content_type="audio/wav",
    cache_control="no-cache", sha256=sha256), ABSENT)
print(peak.megabytes())
"""


@pytest.mark.slow
def test_two_gigabytes_are_sent_in_a_hundred_and_fifty_megabytes(s3, bucket, tmp_path):
    path = tmp_path / "long.wav"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    arguments = [f"s3://{bucket.name}", s3.endpoint, str(path), sha256]
    command = [sys.executable, "-c", UPLOAD, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert int(done.stdout) < 150
    assert output_trees.store_of(bucket).head("media/x/long.wav").size == 2 << 30
    output_trees.store_of(bucket).delete("media/x/long.wav")
