"""Large files go in parts, and what has arrived is not sent again."""

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.stores import ABSENT, Upload
from podcast_kit.stores.multipart import MOST, PART, Budget, part_size
from podcast_kit.stores.s3 import S3
from tests.support import network, output_trees

SIZE = 5 << 20
"""The least that S3 takes for a part that is not the last."""


class Stop(Exception):
    pass


@pytest.fixture
def sound(tmp_path):
    """Three parts and a bit, all different."""
    blocks = b"".join(hashlib.sha256(b"%d" % number).digest() * 32768 for number in range(15))
    return output_trees.output(tmp_path / "build", "media/x/long.mp3", blocks + b"end")


def store(bucket, folder, endpoint=""):
    found = S3(bucket=bucket.name, endpoint=endpoint or bucket.endpoint, journals=folder, part=SIZE)
    found.place = bucket.name  # a proxy before it makes it no other place
    return found


def puts(proxy):
    return [request.path.partition("partNumber=")[2][:1] for request in proxy.seen if "partNumber=" in request.path]


def test_arrives_whole_with_its_headers_and_leaves_no_journal(bucket, tmp_path, sound):
    pieces = []
    etag = store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, pieces.append)
    there = store(bucket, tmp_path).head(sound.key)
    assert (there.size, there.sha256, there.headers, there.etag) == (sound.size, sound.sha256, sound.headers, etag)
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()
    assert sum(pieces) == sound.size
    assert list((tmp_path / "journals").iterdir()) == []


def test_what_was_stopped_goes_on_where_it_was(bucket, tmp_path, sound):
    seen = []

    def stop(size):
        seen.append(size)
        if len(seen) == 2:
            raise Stop

    with pytest.raises(Stop):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, stop)
    with network.Proxy(bucket.endpoint) as proxy:
        store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.of(sound), ABSENT)
    assert len(puts(proxy)) <= 2
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()


def test_a_part_that_the_store_no_longer_has_is_sent_again(bucket, s3, tmp_path, sound):
    with pytest.raises(Stop):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, fails)
    [journal] = (tmp_path / "journals").iterdir()
    upload_id = json.loads(journal.read_text().splitlines()[0])["upload_id"]
    s3.client().abort_multipart_upload(Bucket=bucket.name, Key=sound.key, UploadId=upload_id)
    store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b'{"upload_id": "x"}\n', b"\xff\xfe"])
def test_a_damaged_journal_is_begun_anew(bucket, tmp_path, sound, damage):
    with pytest.raises(Stop):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, fails)
    [journal] = (tmp_path / "journals").iterdir()
    journal.write_bytes(damage)
    store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()


def test_the_last_line_of_a_journal_may_be_cut_short(bucket, tmp_path, sound):
    with pytest.raises(Stop):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, fails)
    [journal] = (tmp_path / "journals").iterdir()
    journal.write_bytes(journal.read_bytes()[:-9])
    store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()


def test_another_recording_does_not_go_on_with_the_parts_of_the_one_before(bucket, tmp_path, sound):
    with pytest.raises(Stop):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT, fails)
    other = output_trees.output(tmp_path / "build", sound.key, bytes(sound.size))
    store(bucket, tmp_path / "journals").put(Upload.of(other), ABSENT)
    assert output_trees.fetch(bucket.url + sound.key) == bytes(sound.size)


def test_a_file_that_changes_while_it_is_sent_never_appears(bucket, tmp_path, sound):
    sound.path.write_bytes(bytes(sound.size))
    with pytest.raises(OperationError, match="changed"):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    sound.path.write_bytes(b"short" * 2_000_000)
    with pytest.raises(OperationError, match="changed"):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    assert store(bucket, tmp_path).head(sound.key) is None


def test_what_is_there_already_is_not_replaced(bucket, tmp_path, sound):
    store(bucket, None).put(output_trees.upload(sound.key, b"another"))
    with pytest.raises(PublishConflict):
        store(bucket, tmp_path / "journals").put(Upload.of(sound), ABSENT)
    assert output_trees.fetch(bucket.url + sound.key) == b"another"


@pytest.mark.parametrize("operation", ["uploads", "partNumber=2", "uploadId="])
@pytest.mark.parametrize("fault", [network.LOST, network.MID, network.Status(503, "SlowDown"), network.Status(200)])
def test_a_fault_at_any_step_is_got_over(bucket, tmp_path, sound, operation, fault):
    struck = threading.Event()

    def once(request):
        due = request.path.partition("?")[2].startswith(operation) or operation in request.path
        if due and request.method in {"POST", "PUT"} and not struck.is_set():
            struck.set()
            return fault
        return None

    with network.Proxy(bucket.endpoint, once) as proxy:
        store(bucket, tmp_path / "journals", proxy.endpoint).put(Upload.of(sound), ABSENT)
    assert struck.is_set()
    assert output_trees.fetch(bucket.url + sound.key) == sound.path.read_bytes()


def test_uploads_that_never_ended_are_swept_away_when_they_are_old(bucket, s3, tmp_path, sound):
    place = store(bucket, tmp_path / "journals")
    with pytest.raises(Stop):
        place.put(Upload.of(sound), ABSENT, fails)
    assert place.sweep(datetime.now(UTC) - timedelta(days=1)) == 0
    assert place.sweep(datetime.now(UTC) + timedelta(days=1)) == 1
    assert s3.client().list_multipart_uploads(Bucket=bucket.name).get("Uploads", []) == []


def test_parts_grow_rather_than_exceed_ten_thousand():
    assert part_size(1) == PART
    assert part_size(PART * MOST) == PART
    assert part_size(PART * MOST + 1) == 2 * PART


def test_a_budget_lets_in_what_fits_and_one_that_never_does():
    budget = Budget(10)
    with budget.taken(25):
        assert budget.free == -15
        waiting = threading.Thread(target=budget.take, args=(4,))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
    waiting.join()
    assert budget.free == 6


def fails(_):
    raise Stop


def test_without_a_folder_for_journals_nothing_is_written(bucket, sound):
    before = set(Path.cwd().iterdir())
    store(bucket, None).put(Upload.of(sound), ABSENT)
    assert set(Path.cwd().iterdir()) == before
