import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.plan import Reason, Verb, make
from podcast_kit.stores.state import State

HEADERS = (("Cache-Control", "c"), ("Content-Type", "text/html"))


def local(key, sha256="a", *, size=1, cache="c", wave=Wave.PAGES, path="here"):
    return Output(
        key=key, size=size, sha256=sha256, content_type="text/html", cache_control=cache, wave=wave, path=path
    )


def remote(key, sha256="a", *, size=1, headers=HEADERS):
    return RemoteObject(key=key, size=size, sha256=sha256, headers=headers, etag=f"etag of {key}")


def by_key(*items):
    return {item.key: item for item in items}


def said(plan):
    return [(change.key, change.verb, change.reason) for change in plan.changes]


@pytest.mark.parametrize(
    ("have", "there", "expected"),
    [
        pytest.param([], [], [], id="nothing on either side"),
        pytest.param([local("a")], [], [("a", Verb.CREATE, Reason.NEW)], id="new"),
        pytest.param([local("a")], [remote("a")], [("a", Verb.KEEP, Reason.SAME)], id="the same"),
        pytest.param([local("a", "b")], [remote("a")], [("a", Verb.REPLACE, Reason.CONTENT)], id="other content"),
        pytest.param([local("a", size=2)], [remote("a")], [("a", Verb.REPLACE, Reason.CONTENT)], id="other size"),
        pytest.param([local("a")], [remote("a", "")], [("a", Verb.REPLACE, Reason.UNKNOWN)], id="only listed"),
        pytest.param([local("a", cache="d")], [remote("a")], [("a", Verb.HEADERS, Reason.HEADERS)], id="other headers"),
        pytest.param([], [remote("a")], [("a", Verb.RETIRE, Reason.GONE)], id="gone from the show"),
    ],
)
def test_what_is_done_and_why(have, there, expected):
    assert said(make(by_key(*have), State(objects=by_key(*there)))) == expected


def test_what_was_retired_is_retired_once():
    assert said(make({}, State(objects=by_key(remote("a")), retired={"a": "2026-01-01"}))) == []


def test_what_was_retired_and_is_wanted_again_is_restored():
    plan = make(by_key(local("a")), State(objects=by_key(remote("a")), retired={"a": "2026-01-01"}))
    assert said(plan) == [("a", Verb.RESTORE, Reason.BACK)]
    assert plan


def test_media_come_first_and_the_feed_last():
    have = [
        local("feed.xml", wave=Wave.FEED),
        local("feed/2.xml", wave=Wave.FEED),
        local("index.html"),
        local("media/z", wave=Wave.MEDIA),
        local("media/a", wave=Wave.MEDIA),
    ]
    order = [change.key for change in make(by_key(*have), State(objects=by_key(remote("old")))).changes]
    assert order == ["media/a", "media/z", "index.html", "feed/2.xml", "feed.xml", "old"]


def test_a_frozen_enclosure_that_the_store_has_needs_no_bytes():
    plan = make(by_key(local("media/a", wave=Wave.MEDIA, path=None)), State(objects=by_key(remote("media/a"))))
    assert not plan


def test_media_that_were_only_listed_are_known_by_their_name_and_size():
    have = by_key(local("media/a", wave=Wave.MEDIA, path=None))
    listed = State(objects=by_key(remote("media/a", "", headers=())))
    assert said(make(have, listed)) == [("media/a", Verb.HEADERS, Reason.HEADERS)]
    with pytest.raises(InvalidInput):
        make(have, State(objects=by_key(remote("media/a", "", size=2))))


def test_every_frozen_enclosure_that_the_store_lacks_is_named():
    have = [local("media/a", wave=Wave.MEDIA, path=None), local("media/b", wave=Wave.MEDIA, path=None)]
    with pytest.raises(InvalidInput) as raised:
        make(by_key(*have), State(objects=by_key(remote("media/b", "other"))))
    assert [problem.location.path for problem in raised.value.problems] == ["media/a", "media/b"]
    assert all("--retag" in problem.fix for problem in raised.value.problems)


def test_a_plan_counts_the_bytes_that_are_sent():
    have = [local("a", size=3), local("b", size=5), local("c", "other", size=7)]
    assert make(by_key(*have), State(objects=by_key(remote("b", size=5), remote("c", size=7)))).bytes == 10


def test_a_record_in_doubt_is_worth_writing_though_nothing_else_is():
    state = State(objects=by_key(remote("a")))
    assert not make(by_key(local("a")), state)
    assert make(by_key(local("a")), State(objects=state.objects, doubtful=frozenset({"a"})))
    assert make(by_key(local("a")), State(objects=state.objects, rebuilt=True))


keys = st.dictionaries(st.text("abc/", min_size=1, max_size=4), st.sampled_from(["x", "y"]))


@given(keys, keys)
def test_carrying_a_plan_out_leaves_nothing_to_do(have, there):
    mine = by_key(*(local(key, sha256) for key, sha256 in have.items()))
    theirs = by_key(*(remote(key, sha256) for key, sha256 in there.items()))
    after, retired = dict(theirs), {}
    for change in make(mine, State(objects=theirs)).changes:
        if change.verb is Verb.RETIRE:
            retired[change.key] = "2026-01-01"
        elif change.verb is not Verb.KEEP:
            after[change.key] = remote(change.key, change.output.sha256)
    assert not make(mine, State(objects=after, retired=retired))
