"""Publishing to a folder and to S3: waves, conflicts, and a store state that is missing or wrong."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit.errors import OperationError, PublishConflict, StoreAccessError
from podcast_kit.model import PublishSettings, Wave
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.stores import open_store
from podcast_kit.stores.state import FEEDS_PREFIX, INTERNAL_PREFIX, STATE_KEY, StoreState, feed_number, render_state
from tests.support import output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(params=["folder", "s3"])
def target(request, tmp_path):
    """A store and its public address; a folder has none."""
    if request.param == "folder":
        return open_store(PublishSettings(url="https://pod.example/", to="site"), tmp_path), ""
    bucket = request.getfixturevalue("bucket")
    return output_trees.open_bucket_store(bucket), bucket.url


def write_show(tmp_path, url, **episodes):
    return output_trees.write_tree(
        tmp_path / "build", url or "https://pod.example/", episodes or {"one": b"sound of one"}
    )


def uploaded_keys(outcomes):
    return [outcome.key for outcome in outcomes if outcome.action == "uploaded"]


def test_second_publish_does_nothing(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url, one=b"1" * 100, two=b"2" * 200)
    outcomes = output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    assert sorted(uploaded_keys(outcomes)) == sorted(outputs)
    assert all(store.get(key).content == output.path.read_bytes() for key, output in outputs.items())
    before = list(store.list())
    assert output_trees.publish_outputs(outputs, store, now=NOW, url=url) == []
    assert list(store.list()) == before


def test_waves_are_uploaded_in_order(target, tmp_path):
    store, url = target
    outcomes = output_trees.publish_outputs(write_show(tmp_path, url, one=b"1", two=b"22"), store, now=NOW, url=url)
    waves = [outcome.wave for outcome in outcomes if outcome.action == "uploaded"]
    assert waves == sorted(waves)
    assert uploaded_keys(outcomes)[-1] == "feed.xml"


def test_edited_page_uploads_only_page_and_feed(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url)
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    for key in ("index.html", "feed.xml"):
        outputs[key] = output_trees.write_output(
            tmp_path / "build", key, outputs[key].path.read_bytes() + b"<!-- edited -->\n"
        )
    assert uploaded_keys(output_trees.publish_outputs(outputs, store, now=NOW, url=url)) == ["index.html", "feed.xml"]


def test_file_that_leaves_the_show_is_retired_and_kept(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url, one=b"1", two=b"22")
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    fewer = write_show(tmp_path / "fewer", url, one=b"1")
    retired = sorted(outputs.keys() - fewer.keys())
    outcomes = output_trees.publish_outputs(fewer, store, now=NOW, url=url)
    assert [outcome.key for outcome in outcomes if outcome.action == "retired"] == retired
    assert all(store.get(key) for key in retired)
    assert output_trees.read_state(store).retired == dict.fromkeys(retired, "2026-11-22")
    assert output_trees.publish_outputs(outputs, store, now=NOW + timedelta(days=1), url=url)
    assert output_trees.read_state(store).retired == {}


def test_replaced_feed_is_kept_for_rollback(target, tmp_path):
    store, url = target
    versions = []
    for number in range(3):
        outputs = write_show(tmp_path, url, **{f"e{n}": b"%d" % n for n in range(number + 1)})
        versions.append(outputs["feed.xml"].path.read_bytes())
        output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    assert [store.get(key).content for key in output_trees.read_state(store).feeds] == versions[:2]


def test_changed_headers_need_no_upload(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url)
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    outputs["index.html"] = replace(outputs["index.html"], cache_control="public, max-age=5")
    outcomes = output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    assert [(outcome.key, outcome.action) for outcome in outcomes] == [
        ("index.html", "dressed"),
        (STATE_KEY, "recorded"),
    ]


def test_concurrent_publish_is_not_overwritten(target, tmp_path):
    store, url = target
    output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url)
    mine = write_show(tmp_path / "mine", url, one=b"1", mine=b"mine")
    plan = plan_changes(mine, output_trees.read_state(store, mine))
    theirs = write_show(tmp_path / "theirs", url, one=b"1", theirs=b"theirs")
    output_trees.publish_outputs(theirs, store, now=NOW, url=url)
    live = store.get("feed.xml")
    with pytest.raises(PublishConflict):
        list(publish_plan(plan, store, now=NOW, url=url))
    assert store.get("feed.xml") == live
    assert store.get("episodes/mine/index.html") is None


def test_feed_replaced_by_another_tool_is_not_overwritten(target, tmp_path):
    store, url = target
    output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url)
    mine = write_show(tmp_path / "mine", url, one=b"1", mine=b"mine")
    plan = plan_changes(mine, output_trees.read_state(store, mine))
    other = output_trees.write_output(tmp_path / "other", "feed.xml", b"<rss/>\n")
    store.put(output_trees.Upload.from_output(other))
    with pytest.raises(PublishConflict):
        list(publish_plan(plan, store, now=NOW, url=url))
    assert store.get("feed.xml").content == b"<rss/>\n"
    assert "index.html" in output_trees.read_state(store, mine).dirty


def test_everything_but_the_feed_is_uploaded_before_the_feed(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url)
    remotes = []
    output_trees.publish_outputs(outputs, store, now=NOW, url=url, before_feed=lambda: remotes.extend(store.list()))
    assert {remote.key for remote in remotes if not remote.key.startswith(INTERNAL_PREFIX)} == outputs.keys() - {
        "feed.xml"
    }


def test_failure_before_the_feed_leaves_the_feed_unchanged(target, tmp_path):
    store, url = target

    def refuse():
        raise OperationError("the lock could not be written")

    with pytest.raises(OperationError):
        output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url, before_feed=refuse)
    assert store.get("feed.xml") is None
    assert (
        uploaded_keys(output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url))[-1]
        == "feed.xml"
    )


def test_media_of_an_interrupted_publish_are_not_uploaded_again(target, tmp_path):
    store, url = target

    def fail():
        raise OperationError("interrupted")

    outputs = write_show(tmp_path, url)
    with pytest.raises(OperationError):
        output_trees.publish_outputs(outputs, store, now=NOW, url=url, before_feed=fail)
    keys = uploaded_keys(output_trees.publish_outputs(outputs, store, now=NOW, url=url))
    assert {key for key in keys if outputs[key].wave is Wave.MEDIA} == set()


VALID_STATE = {
    "schema": 1,
    "headers": [{}],
    "objects": {},
    "retired": {},
    "doubtful": [],
    "feeds": [],
    "conditions": {},
}
BROKEN_STATES = [
    None,
    b"{",
    b"[]",
    b"[" * 100_000,
    b'{"schema": 1}',
    b'{"schema": 1e999}',
    b'{"schema": NaN}',
    *(
        json.dumps(VALID_STATE | {"conditions": {"honours": None, "place": ""}} | change).encode()
        for change in (
            {"schema": True},
            {"objects": {"a": [float("inf"), "", "", 0]}},
            {"objects": {"a": [1, "", "", 7]}},
            {"retired": {"a": "never"}},
            {"retired": {"a": 5}},
            {"conditions": "none"},
        )
    ),
]


def test_lost_state_is_rebuilt_without_uploading_media(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url)
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    for broken in BROKEN_STATES:
        store.delete(STATE_KEY)
        if broken:
            store.put(output_trees.make_upload(STATE_KEY, broken))
        keys = uploaded_keys(output_trees.publish_outputs(outputs, store, now=NOW, url=url))
        assert {key for key in keys if outputs[key].wave is Wave.MEDIA} == set()
        assert output_trees.publish_outputs(outputs, store, now=NOW, url=url) == []


def test_state_that_omits_media_only_the_store_has_is_corrected(target, tmp_path):
    store, url = target
    outputs = write_show(tmp_path, url)
    output_trees.publish_outputs(outputs, store, now=NOW, url=url)
    bare = {key: replace(output, path=None) if output.wave is Wave.MEDIA else output for key, output in outputs.items()}
    store.put(output_trees.make_upload(STATE_KEY, render_state(StoreState(), store.identity)))
    outcomes = output_trees.publish_outputs(bare, store, now=NOW, url=url)
    assert {outputs[key].wave for key in uploaded_keys(outcomes)} == {Wave.PAGES}
    assert output_trees.publish_outputs(bare, store, now=NOW, url=url) == []


def test_unknown_file_among_the_previous_feeds_is_ignored(target, tmp_path):
    store, url = target
    store.put(output_trees.make_upload(f"{FEEDS_PREFIX}x.xml", b"<rss/>"))
    for number in range(2):
        output_trees.publish_outputs(write_show(tmp_path, url, one=b"%d" % number), store, now=NOW, url=url)
    assert [feed_number(key) for key in output_trees.read_state(store).feeds] == [1]


def test_files_of_others_in_the_store_are_never_touched(target, tmp_path):
    store, url = target
    store.put(output_trees.make_upload("CNAME", b"pod.example"))
    output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url)
    state = output_trees.read_state(store)
    assert "CNAME" not in {*state.objects, *state.retired}


def test_state_of_a_newer_version_is_refused(target, tmp_path):
    store, url = target
    store.put(output_trees.make_upload(STATE_KEY, b'{"schema": 99}'))
    with pytest.raises(OperationError, match="newer version of podcast-kit"):
        output_trees.publish_outputs(write_show(tmp_path, url), store, now=NOW, url=url)


class TestS3:
    def test_other_file_at_a_media_key_is_not_overwritten(self, bucket, tmp_path):
        store = output_trees.open_bucket_store(bucket)
        outputs = write_show(tmp_path, bucket.url)
        plan = plan_changes(outputs, output_trees.read_state(store, outputs))
        media = next(key for key in outputs if key.startswith("media/"))
        store.put(output_trees.make_upload(media, b"another"))
        with pytest.raises(OperationError, match="already has other bytes") as raised:
            list(publish_plan(plan, store, now=NOW, url=bucket.url))
        assert "delete" not in raised.value.fix
        assert store.get(media).content == b"another"
        assert store.get("feed.xml") is None

    def test_media_that_are_not_public_stop_the_feed(self, s3, bucket, tmp_path):
        s3.client().delete_bucket_policy(Bucket=bucket.name)
        store = output_trees.open_bucket_store(bucket)
        with pytest.raises(OperationError, match=r"feed was not changed.*403, not public") as raised:
            output_trees.publish_outputs(write_show(tmp_path, bucket.url), store, now=NOW, url=bucket.url)
        assert "bucket policy" in raised.value.fix
        assert store.get("feed.xml") is None
        assert store.get("index.html") is None

    def test_missing_bucket_is_reported_before_any_upload(self, s3, tmp_path):
        store = open_store(PublishSettings(url="http://x/", to="s3://not-there", endpoint=s3.endpoint), tmp_path)
        with pytest.raises(StoreAccessError, match="does not exist"):
            output_trees.publish_outputs(write_show(tmp_path, ""), store, now=NOW)
