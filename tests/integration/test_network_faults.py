"""A full disk, a revoked key, a wrong clock: one clear message, and the next run completes."""

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
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.stores import ConditionalWrites
from podcast_kit.stores.state import STATE_KEY, StoreState, render_state
from tests.support import network, output_trees, seaweed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_key_revoked_during_a_publish(bucket, tmp_path):
    outputs = output_trees.write_tree(tmp_path, bucket.url, {"one": b"1", "two": b"22"})

    def revoked(request):
        return network.Status(403, "InvalidAccessKeyId") if request.number > 11 else None

    with network.Proxy(bucket.endpoint, revoked) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        store.threads = 1
        with pytest.raises(StoreAccessError, match="does not know this access key") as raised:
            output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
    assert "AWS_ACCESS_KEY_ID" in raised.value.fix
    assert output_trees.find_broken_links(bucket.url) == []
    assert output_trees.publish_outputs(outputs, output_trees.open_bucket_store(bucket), now=NOW, url=bucket.url)
    assert output_trees.live_guids(bucket.url) == ["one", "two"]


def test_key_without_delete_permission_can_publish(bucket, tmp_path):
    outputs = output_trees.write_tree(tmp_path, bucket.url, {"one": b"1", "two": b"22"})

    def kept(request):
        return network.Status(403, "AccessDenied") if request.method == "DELETE" else None

    with network.Proxy(bucket.endpoint, kept) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        assert output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
        assert "DELETE" in {request.method for request in proxy.requests}
    assert store.conditional_writes is ConditionalWrites.QUOTED
    assert output_trees.live_guids(bucket.url) == ["one", "two"]


def test_clock_twenty_minutes_off(bucket, tmp_path, monkeypatch):
    outputs = output_trees.write_tree(tmp_path, bucket.url, {"one": b"1"})

    def ahead(**_):
        return dt.datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=20)

    with monkeypatch.context() as patched:
        patched.setattr(botocore.auth, "get_current_datetime", ahead)
        with pytest.raises(StoreAccessError, match="clock is wrong") as raised:
            output_trees.publish_outputs(outputs, output_trees.open_bucket_store(bucket), now=NOW, url=bucket.url)
    assert "set the clock" in raised.value.fix
    assert output_trees.publish_outputs(outputs, output_trees.open_bucket_store(bucket), now=NOW, url=bucket.url)


@pytest.mark.slow
def test_full_disk_at_the_store(tmp_path, s3_environment, monkeypatch):
    monkeypatch.setattr("podcast_kit.stores.clients.MAX_ATTEMPTS", 2)  # all eight would take minutes
    with seaweed.Server(tmp_path / "server", small=15) as server:
        s3_environment(server)
        bucket = server.bucket()
        store = output_trees.open_bucket_store(bucket)
        output_trees.publish_outputs(
            output_trees.write_tree(tmp_path / "a", bucket.url, {"one": b"1"}), store, now=NOW, url=bucket.url
        )
        more = {f"e{number}": os.urandom(9_000_000) for number in range(16)}
        outputs = output_trees.write_tree(tmp_path / "b", bucket.url, {"one": b"1"} | more)
        with pytest.raises(OperationError) as raised:
            output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
        assert "answered" in raised.value.text
        assert "free space" in raised.value.fix
        assert output_trees.live_guids(bucket.url) == ["one"]
        assert output_trees.find_broken_links(bucket.url) == []
        server.small = 60
        server.restart()
        assert output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
        assert output_trees.live_guids(bucket.url) == ["one", *more]
        assert output_trees.find_broken_links(bucket.url) == []


@pytest.mark.slow
def test_store_dies_during_a_publish(tmp_path, s3_environment, monkeypatch):
    monkeypatch.setattr("podcast_kit.stores.clients.MAX_ATTEMPTS", 2)
    with seaweed.Server(tmp_path / "server") as server:
        s3_environment(server)
        bucket = server.bucket()
        output_trees.publish_outputs(
            output_trees.write_tree(tmp_path / "a", bucket.url, {"one": b"1"}),
            output_trees.open_bucket_store(bucket),
            now=NOW,
            url=bucket.url,
        )
        outputs = output_trees.write_tree(tmp_path / "b", bucket.url, {"one": b"1", "two": b"22", "three": b"333"})

        def dies(request):
            if request.number == 7:
                server.stop()
            return network.CLOSE_BEFORE_REQUEST if request.number >= 7 else None

        with network.Proxy(bucket.endpoint, dies) as proxy:
            store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
            store.threads = 1
            with pytest.raises(OperationError, match="cannot reach the store") as raised:
                output_trees.publish_outputs(outputs, store, now=NOW, url=bucket.url)
        assert "nothing was lost" in raised.value.fix
        server.restart()
        assert output_trees.live_guids(bucket.url) == ["one"]
        assert output_trees.find_broken_links(bucket.url) == []
        assert output_trees.publish_outputs(outputs, output_trees.open_bucket_store(bucket), now=NOW, url=bucket.url)
        assert output_trees.live_guids(bucket.url) == ["one", "two", "three"]
        assert output_trees.find_broken_links(bucket.url) == []


def test_unchanged_show_of_five_thousand_objects_takes_two_requests(bucket):
    feed = output_trees.make_upload("feed.xml", b"<rss><channel></channel></rss>\n")
    etag = output_trees.open_bucket_store(bucket).put(feed)
    outputs = {
        key: Output(
            key=key,
            size=8192,
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            content_type="audio/mpeg",
            cache_control=output_trees.IMMUTABLE,
            wave=Wave.MEDIA,
        )
        for key in (f"media/{number:016x}/{number}.mp3" for number in range(4999))
    }
    outputs["feed.xml"] = Output(
        key="feed.xml", size=feed.size, sha256=feed.sha256, content_type="x", cache_control="y", wave=Wave.FEED
    )
    objects = {
        key: RemoteObject(key=key, size=output.size, sha256=output.sha256, headers=output.headers, etag=etag)
        for key, output in outputs.items()
    }
    with network.Proxy(bucket.endpoint) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        state = StoreState(objects=objects, conditional_writes=ConditionalWrites.QUOTED)
        store.put(output_trees.make_upload(STATE_KEY, render_state(state, store.identity)))
        proxy.requests.clear()
        assert output_trees.publish_outputs(outputs, store, now=NOW) == []
    assert len(output_trees.read_state(output_trees.open_bucket_store(bucket)).objects) == 5000
    assert [request.method for request in proxy.requests] == ["GET", "GET"]


UPLOAD = """
import sys
from pathlib import Path
from podcast_kit.model import PublishSettings
from tests.support import peak_memory
from podcast_kit.stores import IF_NONE_MATCH, Upload, open_store
to, endpoint, path, sha256 = sys.argv[1:]
size = Path(path).stat().st_size
store = open_store(PublishSettings(url=endpoint, to=to, endpoint=endpoint), Path(path).parent)
store.put(Upload(key="media/x/long.wav", content=Path(path), size=size, content_type="audio/wav",
    cache_control="no-cache", sha256=sha256), IF_NONE_MATCH)
print(peak_memory.megabytes())
"""


@pytest.mark.slow
def test_upload_of_two_gigabytes_needs_less_than_150_megabytes(s3, bucket, tmp_path):
    path = tmp_path / "long.wav"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    arguments = [f"s3://{bucket.name}", s3.endpoint, str(path), sha256]
    command = [sys.executable, "-c", UPLOAD, *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert process.returncode == 0, process.stderr
    print(process.stdout)
    assert int(process.stdout) < 150
    assert output_trees.open_bucket_store(bucket).head("media/x/long.wav").size == 2 << 30
    output_trees.open_bucket_store(bucket).delete("media/x/long.wav")
