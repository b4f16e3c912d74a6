"""Multipart uploads of large files: parts that arrived are not sent again."""

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.publish import waves
from podcast_kit.stores import IF_NONE_MATCH, Upload
from podcast_kit.stores.multipart import MAX_PARTS, PART_BYTES, MemoryBudget, choose_part_size
from podcast_kit.stores.s3 import S3Store
from tests.support import network, output_trees
from tests.support.seaweed import list_unfinished_uploads

PART_SIZE = 5 << 20
"""The minimum of S3 for every part but the last."""


class StopUpload(Exception):
    pass


@pytest.fixture
def recording(tmp_path):
    """Three parts and a little more, all different."""
    blocks = b"".join(hashlib.sha256(b"%d" % number).digest() * 32768 for number in range(15))
    return output_trees.write_output(tmp_path / "build", "media/x/long.mp3", blocks + b"end")


READS_FIRST = True
"""A publish reads its record first, and after that sends what is usual without botocore."""


@pytest.fixture(params=["plain", "botocore"])
def way(request, monkeypatch):
    """Once each way."""
    monkeypatch.setattr(f"{__name__}.READS_FIRST", request.param == "plain")


def open_store(bucket, folder, endpoint=""):
    store = S3Store(
        bucket=bucket.name, endpoint=endpoint or bucket.endpoint, journal_folder=folder, part_size=PART_SIZE
    )
    store.identity = bucket.name  # the same store, with or without a proxy
    if READS_FIRST:
        assert store.get("state") is None
    return store


def sent_parts(proxy):
    return [request.path.partition("partNumber=")[2][:1] for request in proxy.requests if "partNumber=" in request.path]


@pytest.mark.usefixtures("way")
def test_multipart_upload_keeps_headers_and_deletes_its_journal(bucket, tmp_path, recording):
    pieces = []
    etag = open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, pieces.append)
    remote = open_store(bucket, tmp_path).head(recording.key)
    assert (remote.size, remote.sha256, remote.headers) == (recording.size, recording.sha256, recording.headers)
    assert remote.etag == etag
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()
    assert sum(pieces) == recording.size
    assert list((tmp_path / "journals").iterdir()) == []


@pytest.mark.usefixtures("way")
def test_stopped_upload_resumes(bucket, tmp_path, recording):
    sizes = []

    def stop(size):
        sizes.append(size)
        if len(sizes) >= 2:  # parts arrive in several threads
            raise StopUpload

    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, stop)
    with network.Proxy(bucket.endpoint) as proxy:
        open_store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.from_output(recording), IF_NONE_MATCH)
    assert len(sent_parts(proxy)) <= 2
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()


def test_part_missing_in_the_store_is_sent_again(bucket, s3, tmp_path, recording):
    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, stop_upload)
    [journal] = (tmp_path / "journals").iterdir()
    upload_id = json.loads(journal.read_text().splitlines()[0])["upload_id"]
    s3.client().abort_multipart_upload(Bucket=bucket.name, Key=recording.key, UploadId=upload_id)
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b'{"upload_id": "x"}\n', b"\xff\xfe"])
def test_damaged_journal_starts_over(bucket, tmp_path, recording, damage):
    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, stop_upload)
    [journal] = (tmp_path / "journals").iterdir()
    journal.write_bytes(damage)
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()


def test_incomplete_last_line_of_a_journal_is_ignored(bucket, tmp_path, recording):
    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, stop_upload)
    [journal] = (tmp_path / "journals").iterdir()
    journal.write_bytes(journal.read_bytes()[:-9])
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()


def test_other_recording_does_not_reuse_parts(bucket, tmp_path, recording):
    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH, stop_upload)
    other = output_trees.write_output(tmp_path / "build", recording.key, bytes(recording.size))
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(other), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == bytes(recording.size)
    assert list_unfinished_uploads(bucket) == []


def test_upload_of_an_earlier_build_of_the_same_file_is_aborted(bucket, tmp_path, recording):
    """An episode that is not out yet got another title, so its tags and the digest in its key changed."""
    stop = StopUpload()

    def stop_upload(_size):
        raise stop

    earlier, other = (
        output_trees.write_output(tmp_path / "build", f"media/y/{name}.mp3", recording.path.read_bytes()[:-1])
        for name in ("long", "other")
    )
    for output in (earlier, other):
        with pytest.raises(StopUpload):
            open_store(bucket, tmp_path / "journals").put(Upload.from_output(output), IF_NONE_MATCH, stop_upload)
    (tmp_path / "journals/0.jsonl").write_text("damaged")
    assert len(list_unfinished_uploads(bucket)) == 2
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert len(list_unfinished_uploads(bucket)) == 1
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(other), IF_NONE_MATCH)
    assert list_unfinished_uploads(bucket) == []
    assert output_trees.download(bucket.url + other.key) == other.path.read_bytes()


def test_file_changed_during_the_upload_never_appears(bucket, tmp_path, recording):
    recording.path.write_bytes(bytes(recording.size))
    with pytest.raises(OperationError, match="changed"):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    recording.path.write_bytes(b"short" * 2_000_000)
    with pytest.raises(OperationError, match="changed"):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert open_store(bucket, tmp_path).head(recording.key) is None


@pytest.mark.usefixtures("way")
def test_existing_key_is_not_replaced_by_a_multipart_upload(bucket, tmp_path, recording):
    open_store(bucket, None).put(output_trees.make_upload(recording.key, b"another"))
    with pytest.raises(PublishConflict):
        open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == b"another"
    assert list_unfinished_uploads(bucket) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("operation", ["uploads", "partNumber=2", "uploadId="])
@pytest.mark.parametrize(
    "fault",
    [
        network.LOSE_RESPONSE,
        network.CLOSE_IN_BODY,
        network.CutHeaders(0.6),
        network.TRUNCATE_RESPONSE,
        network.Status(503, "SlowDown"),
        network.Status(200),
    ],
)
def test_fault_at_any_step_is_retried(bucket, tmp_path, recording, operation, fault):
    injected = threading.Event()

    def once(request):
        matches = request.path.partition("?")[2].startswith(operation) or operation in request.path
        if matches and request.method in {"POST", "PUT"} and not injected.is_set():
            injected.set()
            return fault
        return None

    with network.Proxy(bucket.endpoint, once) as proxy:
        open_store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.from_output(recording), IF_NONE_MATCH)
    assert injected.is_set()
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()
    assert list_unfinished_uploads(bucket) == []


def test_upload_whose_id_was_never_recorded_is_finished(bucket, s3, tmp_path, recording):
    s3.client().create_multipart_upload(
        Bucket=bucket.name, Key=recording.key, ContentType=recording.content_type,
        CacheControl=recording.cache_control, Metadata={"sha256": recording.sha256},
    )  # fmt: skip
    open_store(bucket, tmp_path / "journals").put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()
    assert list_unfinished_uploads(bucket) == []


def test_two_publishers_may_share_an_upload(bucket, tmp_path, recording):
    upload = Upload.from_output(recording)
    with pytest.raises(StopUpload):
        open_store(bucket, tmp_path / "journals").put(upload, IF_NONE_MATCH, stop_upload)
    open_store(bucket, tmp_path / "others").put(upload, IF_NONE_MATCH)
    assert open_store(bucket, tmp_path / "journals").put(upload, IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()
    assert list_unfinished_uploads(bucket) == []


def test_upload_goes_on_when_another_publisher_aborted_it(bucket, s3, tmp_path, recording):
    def abort_once(request):
        if "partNumber=2" in request.path and (uploads := list_unfinished_uploads(bucket)) and not aborted:
            aborted.extend(uploads)
            client = s3.client()
            for upload_id in uploads:
                client.abort_multipart_upload(Bucket=bucket.name, Key=recording.key, UploadId=upload_id)

    aborted = []
    with network.Proxy(bucket.endpoint, abort_once) as proxy:
        open_store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.from_output(recording), IF_NONE_MATCH)
    assert len(aborted) == 1
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()
    assert list_unfinished_uploads(bucket) == []


def test_credentials_that_may_not_list_uploads_can_publish(bucket, tmp_path, recording):
    def refuse(request):
        is_listing = request.method == "GET" and "uploads" in request.path
        return network.Status(403, "AccessDenied") if is_listing else None

    with network.Proxy(bucket.endpoint, refuse) as proxy:
        open_store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.from_output(recording), IF_NONE_MATCH)
    assert output_trees.download(bucket.url + recording.key) == recording.path.read_bytes()


def test_stale_uploads_are_aborted(bucket, tmp_path, recording):
    store = open_store(bucket, tmp_path / "journals")
    with pytest.raises(StopUpload):
        store.put(Upload.from_output(recording), IF_NONE_MATCH, stop_upload)
    assert store.abort_stale_uploads(datetime.now(UTC) - timedelta(days=1)) == 0
    assert store.abort_stale_uploads(datetime.now(UTC) + timedelta(days=1)) == 1
    assert list_unfinished_uploads(bucket) == []


def test_publish_of_a_long_recording_sweeps_uploads_that_were_abandoned_a_day_ago(bucket, s3, tmp_path, monkeypatch):
    monkeypatch.setattr(waves, "MIN_SWEEP_BYTES", 1000)
    client = s3.client()
    client.create_multipart_upload(Bucket=bucket.name, Key="media/bb/other.mp3")
    store = output_trees.open_bucket_store(bucket)
    for number, days, expected in ((1, 0, 1), (2, 2, 0)):
        outputs = output_trees.write_tree(tmp_path / str(number), bucket.url, {"one": b"%d" % number * 1000})
        output_trees.publish_outputs(outputs, store, now=datetime.now(UTC) + timedelta(days=days), url=bucket.url)
        assert len(list_unfinished_uploads(bucket)) == expected


def test_part_size_grows_to_stay_below_ten_thousand_parts():
    assert choose_part_size(1) == PART_BYTES
    assert choose_part_size(PART_BYTES * MAX_PARTS) == PART_BYTES
    assert choose_part_size(PART_BYTES * MAX_PARTS + 1) == 2 * PART_BYTES


def test_memory_budget_waits_for_room_and_admits_one_oversized_body():
    budget = MemoryBudget(10)
    with budget.reserve(25):
        assert budget.free == -15
        waiting = threading.Thread(target=budget.acquire, args=(4,))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
    waiting.join()
    assert budget.free == 6


def stop_upload(_):
    raise StopUpload


def test_without_journal_folder_nothing_is_written(bucket, recording, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")  # in the checkout, other workers write
    open_store(bucket, None).put(Upload.from_output(recording), IF_NONE_MATCH)
    assert list(Path.cwd().iterdir()) == []
