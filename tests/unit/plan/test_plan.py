"""The plan: what happens to each key, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.plan import Reason, Verb, plan_changes
from podcast_kit.stores.state import StoreState

HEADERS = (("Cache-Control", "c"), ("Content-Type", "text/html"))


def make_output(key, sha256="a", *, size=1, cache="c", wave=Wave.PAGES, path="here"):
    return Output(
        key=key, size=size, sha256=sha256, content_type="text/html", cache_control=cache, wave=wave, path=path
    )


def make_remote(key, sha256="a", *, size=1, headers=HEADERS):
    return RemoteObject(key=key, size=size, sha256=sha256, headers=headers, etag=f"etag of {key}")


def by_key(*items):
    return {item.key: item for item in items}


def summarize(plan):
    return [(change.key, change.verb, change.reason) for change in plan.changes]


@pytest.mark.parametrize(
    ("outputs", "remotes", "expected"),
    [
        pytest.param([], [], [], id="nothing on either side"),
        pytest.param([make_output("a")], [], [("a", Verb.CREATE, Reason.NEW)], id="new"),
        pytest.param([make_output("a")], [make_remote("a")], [("a", Verb.KEEP, Reason.UNCHANGED)], id="the same"),
        pytest.param(
            [make_output("a", "b")], [make_remote("a")], [("a", Verb.REPLACE, Reason.CONTENT)], id="other content"
        ),
        pytest.param(
            [make_output("a", size=2)], [make_remote("a")], [("a", Verb.REPLACE, Reason.CONTENT)], id="other size"
        ),
        pytest.param(
            [make_output("a")], [make_remote("a", "")], [("a", Verb.REPLACE, Reason.UNKNOWN)], id="only listed"
        ),
        pytest.param(
            [make_output("a", cache="d")], [make_remote("a")], [("a", Verb.HEADERS, Reason.HEADERS)], id="other headers"
        ),
        pytest.param([], [make_remote("a")], [("a", Verb.RETIRE, Reason.GONE)], id="gone from the show"),
    ],
)
def test_verb_and_reason_of_each_change(outputs, remotes, expected):
    assert summarize(plan_changes(by_key(*outputs), StoreState(objects=by_key(*remotes)))) == expected


def test_retired_file_is_not_retired_again():
    assert summarize(plan_changes({}, StoreState(objects=by_key(make_remote("a")), retired={"a": "2026-01-01"}))) == []


def test_retired_file_that_returns_is_restored():
    plan = plan_changes(
        by_key(make_output("a")), StoreState(objects=by_key(make_remote("a")), retired={"a": "2026-01-01"})
    )
    assert summarize(plan) == [("a", Verb.RESTORE, Reason.BACK)]
    assert plan


def test_media_come_first_and_the_feed_last():
    outputs = [
        make_output("feed.xml", wave=Wave.FEED),
        make_output("feed/2.xml", wave=Wave.FEED),
        make_output("index.html"),
        make_output("media/z", wave=Wave.MEDIA),
        make_output("media/a", wave=Wave.MEDIA),
    ]
    order = [
        change.key for change in plan_changes(by_key(*outputs), StoreState(objects=by_key(make_remote("old")))).changes
    ]
    assert order == ["media/a", "media/z", "index.html", "feed/2.xml", "feed.xml", "old"]


def test_frozen_enclosure_in_the_store_needs_no_local_file():
    plan = plan_changes(
        by_key(make_output("media/a", wave=Wave.MEDIA, path=None)), StoreState(objects=by_key(make_remote("media/a")))
    )
    assert not plan


def test_listed_media_are_identified_by_key_and_size():
    outputs = by_key(make_output("media/a", wave=Wave.MEDIA, path=None))
    listed = StoreState(objects=by_key(make_remote("media/a", "", headers=())))
    assert summarize(plan_changes(outputs, listed)) == [("media/a", Verb.HEADERS, Reason.HEADERS)]
    with pytest.raises(InvalidInput):
        plan_changes(outputs, StoreState(objects=by_key(make_remote("media/a", "", size=2))))


def test_every_missing_frozen_enclosure_is_reported():
    outputs = [make_output("media/a", wave=Wave.MEDIA, path=None), make_output("media/b", wave=Wave.MEDIA, path=None)]
    with pytest.raises(InvalidInput) as raised:
        plan_changes(by_key(*outputs), StoreState(objects=by_key(make_remote("media/b", "other"))))
    assert [problem.location.path for problem in raised.value.problems] == ["media/a", "media/b"]
    assert all("--retag" in problem.fix for problem in raised.value.problems)


def test_upload_bytes_counts_only_uploads():
    outputs = [make_output("a", size=3), make_output("b", size=5), make_output("c", "other", size=7)]
    assert (
        plan_changes(
            by_key(*outputs), StoreState(objects=by_key(make_remote("b", size=5), make_remote("c", size=7)))
        ).upload_bytes
        == 10
    )


def test_dirty_or_rebuilt_state_alone_makes_a_plan_true():
    state = StoreState(objects=by_key(make_remote("a")))
    assert not plan_changes(by_key(make_output("a")), state)
    assert plan_changes(by_key(make_output("a")), StoreState(objects=state.objects, dirty=frozenset({"a"})))
    assert plan_changes(by_key(make_output("a")), StoreState(objects=state.objects, rebuilt=True))


keys = st.dictionaries(st.text("abc/", min_size=1, max_size=4), st.sampled_from(["x", "y"]))


@given(keys, keys)
def test_applied_plan_leaves_nothing_to_do(local, stored):
    outputs = by_key(*(make_output(key, sha256) for key, sha256 in local.items()))
    remotes = by_key(*(make_remote(key, sha256) for key, sha256 in stored.items()))
    objects, retired = dict(remotes), {}
    for change in plan_changes(outputs, StoreState(objects=remotes)).changes:
        if change.verb is Verb.RETIRE:
            retired[change.key] = "2026-01-01"
        elif change.verb is not Verb.KEEP:
            objects[change.key] = make_remote(change.key, change.output.sha256)
    assert not plan_changes(outputs, StoreState(objects=objects, retired=retired))
