"""Lineage in the store's record: what is written is read again, and damage is never trusted."""

import hashlib
import json
from dataclasses import replace

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.model.lineage import History, PendingPublish, Publication, UnitVersion
from podcast_kit.stores import StoredObject, lineage
from podcast_kit.stores.state import StoreState, render_state, resolve_pending
from podcast_kit.stores.state import _parse_state as parse_state

DESK = Publication(at="2026-11-28T10:00:00+00:00", commit="1" * 40, has_uncommitted=True)
RUNNER = Publication(at="2026-11-28T11:00:00+00:00", ci="GitHub Actions", run="https://ci.example/1")
PARTS = {"title": "0123456789", "art/a picture=1 100%.png": "abcdef0123", "notes": "9876543210"}


def test_history_is_read_as_it_was_written():
    versions = (
        UnitVersion(parts=PARTS, publication=DESK),
        UnitVersion(parts={}, publication=RUNNER, feed_number=7, is_committed=True),
    )
    history = History(versions={"episode one two": versions, "show": versions[:1]}, lock={"one": "a: é\n"})
    assert lineage.parse_history(lineage.render_history(history)) == history
    assert lineage.parse_history(lineage.render_history(History())) == History()


def test_a_damaged_history_counts_as_none():
    content = lineage.render_history(History(versions={"show": (UnitVersion(parts=PARTS, publication=DESK),)}))
    for position in range(0, len(content), 7):
        damaged = content[:position] + b"#" + content[position + 1 :]
        assert isinstance(lineage.parse_history(damaged), (History, type(None)))
    assert lineage.parse_history(content[:-9]) is None
    assert lineage.parse_history(b'{"schema": 1}') is None
    assert lineage.parse_history(b"[]") is None


def test_a_newer_history_is_refused_in_words():
    with pytest.raises(OperationError, match="newer version of podcast-kit"):
        lineage.parse_history(b'{"schema": 99}')


def test_state_keeps_lineage():
    pending = PendingPublish(feed_sha256="ab", publication=RUNNER, sources={"show": PARTS}, lock_digest="22")
    state = StoreState(
        publication=DESK, sources={"show": PARTS, "episode é": {"title": "1"}}, lock_digest="11", pending=(pending,)
    )
    history = History(versions={"show": (UnitVersion(parts=PARTS, publication=DESK),)}, lock={"one": "a: b\n"})
    state = replace(state, recent=history, has_history=True, pending=(replace(pending, recent=history),))
    assert parse_state(StoredObject(render_state(state, "here"), ""), "here") == state


def test_state_of_version_0_1_is_read_without_lineage():
    document = json.loads(render_state(StoreState(slugs={"guid": ("one",)}), "here"))
    state = parse_state(StoredObject(json.dumps(document | {"schema": 1}).encode(), ""), "here")
    assert state == StoreState(slugs={"guid": ("one",)})


@pytest.mark.parametrize("value", [1, "x", [1], [{}], [{"feed": "a"}], {"at": 1}])
@pytest.mark.parametrize("name", ["published", "sources", "pending", "recent"])
def test_damaged_lineage_is_never_half_read(name, value):
    document = json.loads(render_state(StoreState(publication=DESK), "here"))
    state = parse_state(StoredObject(json.dumps(document | {name: value}).encode(), ""), "here")
    assert state is None or state == StoreState(publication=DESK)


def test_a_publish_that_died_after_its_feed_went_live_counts():
    feed = StoredObject(b"<rss/>", '"1"')
    others = PendingPublish(feed_sha256="00" * 32, publication=DESK, sources={"show": {"title": "no"}})
    state = StoreState(publication=DESK, sources={"show": PARTS, "templates": PARTS}, feed=feed, pending=(others,))
    assert resolve_pending(state) == state
    mine = replace(others, feed_sha256=hashlib.sha256(feed.content).hexdigest(), publication=RUNNER)
    resolved = resolve_pending(replace(state, pending=(mine, others)))
    assert resolved.publication == RUNNER
    assert resolved.sources == {"show": {"title": "no"}, "templates": PARTS}


def test_joined_histories_keep_the_newest_versions_once():
    rows = tuple(UnitVersion(parts={"title": str(number)}, publication=DESK) for number in range(30))
    older, newer = (
        History(versions={"show": rows[:15]}, lock={"a": "1", "b": "1"}, etag="x"),
        History(versions={"show": rows[12:], "episode a": rows[:1]}, lock={"b": "2"}),
    )
    joined = lineage.join_histories(older, newer)
    assert joined.versions == {"show": rows[10:], "episode a": rows[:1]}
    assert joined.lock == {"a": "1", "b": "2"}
    assert joined.etag == "x"
    assert lineage.join_histories(joined, newer) == joined
