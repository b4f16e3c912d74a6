"""Of two publishes at the same time one always finishes, and the other replaces nothing once it was overtaken."""

from dataclasses import replace

import pytest

from podcast_kit.errors import PublishConflict
from podcast_kit.model import Wave
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.publish.state_writer import StateWriter
from podcast_kit.stores import if_match
from podcast_kit.stores.state import read_state_file
from tests.integration.test_publish import NOW, target, uploaded_keys, write_show  # noqa: F401  # a fixture
from tests.support import network, output_trees

MUTABLE_KEYS = ("index.html", "feed.json", "feed/1.xml", "feed.xml")


def write_version(folder, url, word):
    """A show with a recording, pages, an archive and a JSON feed of its own."""
    outputs = write_show(folder / word, url, shared=b"shared", **{word: word.encode()})
    for key in ("index.html", "feed/1.xml"):
        outputs[key] = output_trees.write_output(folder / word, key, f"{word} {key}".encode())
    json_feed = replace(outputs["index.html"], key="feed.json", wave=Wave.FEED)
    return {**outputs, "feed.json": json_feed}


def read_plan(store, outputs):
    return plan_changes(outputs, output_trees.read_state(store, outputs))


def contents(store):
    return {key: store.get(key).content for key in MUTABLE_KEYS}


def written(outputs):
    return {key: outputs[key].path.read_bytes() for key in MUTABLE_KEYS}


@pytest.fixture
def first_published(target, tmp_path):  # noqa: F811
    """A store with a published show, its address, and two newer versions of the show."""
    store, url = target
    output_trees.publish_outputs(write_version(tmp_path, url, "old"), store, now=NOW, url=url)
    return store, url, write_version(tmp_path, url, "ana"), write_version(tmp_path, url, "bo")


def test_publish_stops_before_pages_when_another_one_finished(first_published):
    store, url, ana, bo = first_published
    slow = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    next(slow)  # its media are uploaded
    output_trees.publish_outputs(bo, store, now=NOW, url=url)
    with pytest.raises(PublishConflict):
        list(slow)
    assert contents(store) == written(bo)
    assert uploaded_keys(output_trees.publish_outputs(bo, store, now=NOW, url=url)) == []


def test_last_publish_to_mark_the_state_goes_on(first_published):
    store, url, ana, bo = first_published
    slow = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    next(slow)
    late = publish_plan(read_plan(store, bo), store, now=NOW, url=url)
    next(late)
    with pytest.raises(PublishConflict, match="someone else is publishing"):
        list(slow)
    assert uploaded_keys(late)[-1] == "feed.xml"
    assert contents(store) == written(bo)
    state = read_state_file(store)
    assert state.dirty == frozenset()


def test_publish_that_lost_during_its_pages_leaves_the_feeds_alone(first_published):
    store, url, ana, bo = first_published
    slow = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    for outcome in slow:
        if outcome.wave is Wave.PAGES:
            break
    output_trees.publish_outputs(bo, store, now=NOW, url=url)
    with pytest.raises(PublishConflict):
        list(slow)
    assert contents(store) == written(bo) | {"index.html": store.get("index.html").content}
    output_trees.publish_outputs(bo, store, now=NOW, url=url)
    assert contents(store) == written(bo)


@pytest.mark.parametrize("changes_feed", [True, False])
def test_publish_stops_before_its_feeds_when_another_one_has_only_begun(first_published, changes_feed):
    store, url, ana, bo = first_published
    if not changes_feed:
        bo |= {key: write_version(ana["feed.xml"].path.parents[1], url, "old")[key] for key in MUTABLE_KEYS[1:]}
    slow = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    for outcome in slow:
        if outcome.wave is Wave.PAGES:
            break
    feeds = contents(store)
    late = publish_plan(read_plan(store, bo), store, now=NOW, url=url)
    next(late)
    with pytest.raises(PublishConflict, match="someone else is publishing"):
        list(slow)
    assert {key: contents(store)[key] for key in MUTABLE_KEYS[1:]} == {key: feeds[key] for key in MUTABLE_KEYS[1:]}
    list(late)
    assert contents(store) == written(bo)
    kept = [key for key in (remote.key for remote in store.list()) if key.startswith(".podcast-kit/feeds/")]
    assert len(kept) == 1


def test_hold_stops_a_publish_that_has_begun(first_published):
    store, url, ana, bo = first_published
    output_trees.publish_outputs(bo, store, now=NOW, url=url)
    slow = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    for outcome in slow:
        if outcome.wave is Wave.PAGES:
            break
    plan = read_plan(store, bo)
    hold = replace(plan, changes=(), state=replace(plan.state, hold="rolled back"))
    StateWriter(hold, store, NOW).rewrite()
    with pytest.raises(PublishConflict, match="someone else is publishing"):
        list(slow)
    assert store.get("feed.xml").content == bo["feed.xml"].path.read_bytes()
    assert read_state_file(store).hold == "rolled back"


def test_overtaken_publish_that_marks_its_files_does_not_stop_the_other(first_published):
    store, url, ana, bo = first_published
    late = publish_plan(read_plan(store, bo), store, now=NOW, url=url)
    next(late)
    overtaken = StateWriter(read_plan(store, ana), store, NOW)
    overtaken.written = {"index.html", "episodes/ana/index.html"}
    overtaken.mark_dirty()
    assert uploaded_keys(late)[-1] == "feed.xml"
    assert read_state_file(store).dirty == {"episodes/ana/index.html"}


@pytest.mark.parametrize("key", MUTABLE_KEYS[:-1])
def test_page_that_a_killed_run_left_behind_is_replaced(first_published, key):
    store, url, ana, _ = first_published
    store.put(output_trees.make_upload(key, b"left behind"))
    output_trees.publish_outputs(ana, store, now=NOW, url=url)
    assert contents(store) == written(ana)


def test_page_that_was_deleted_is_created_again(first_published):
    store, url, ana, _ = first_published
    store.delete("index.html")
    output_trees.publish_outputs(ana, store, now=NOW, url=url)
    assert contents(store) == written(ana)


def test_killed_publish_is_continued_by_the_next(first_published):
    store, url, ana, bo = first_published
    killed = publish_plan(read_plan(store, ana), store, now=NOW, url=url)
    for outcome in killed:
        if outcome.key == "feed/1.xml":
            break
    output_trees.publish_outputs(bo, store, now=NOW, url=url)
    assert contents(store) == written(bo)
    killed.close()


def test_every_mutable_file_is_written_on_a_condition(bucket, tmp_path):
    with network.Proxy(bucket.endpoint) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        output_trees.publish_outputs(write_version(tmp_path, bucket.url, "ana"), store, now=NOW, url=bucket.url)
        output_trees.publish_outputs(write_version(tmp_path, bucket.url, "bo"), store, now=NOW, url=bucket.url)
    internal = ("/.podcast-kit/feeds/", "/.podcast-kit/probe/")  # written under a new name each
    writes = [
        {name.lower() for name in request.headers}
        for request in proxy.requests
        if request.method == "PUT" and not any(prefix in request.path for prefix in internal)
    ]
    assert len(writes) > 12
    assert all(names & {"if-match", "if-none-match"} for names in writes)


def test_headers_of_a_page_are_only_changed_as_it_was_read(first_published, tmp_path):
    store, _, _, _ = first_published
    stale = store.head("index.html").etag
    store.put(output_trees.make_upload("index.html", b"newer"))
    output = output_trees.write_output(tmp_path, "index.html", b"newer", cache="no-store")
    with pytest.raises(PublishConflict):
        store.update_headers(output, if_match(stale))
    assert store.update_headers(output, if_match(store.head("index.html").etag))
