import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, PublishConflict
from podcast_kit.model import Output, Wave
from podcast_kit.plan import make
from podcast_kit.plan.planfile import dump, load
from podcast_kit.stores import Found
from podcast_kit.stores.state import State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def plan(sha256="a", *, etag="1", feed="2"):
    output = Output(
        key="index.html", size=1, sha256=sha256, content_type="t", cache_control="c", wave=Wave.PAGES, path="here"
    )
    return make({"index.html": output}, State(etag=etag, feed=Found(b"<rss/>", feed)))


def test_what_was_saved_is_what_is_carried_out():
    saved = load(dump(plan(), "s3://pod", NOW), "plan.json")
    assert saved.now == NOW
    saved.check(plan(), "s3://pod")


@pytest.mark.parametrize(
    ("now", "store", "said"),
    [
        (plan("b"), "s3://pod", "the show has changed since this plan was made: index.html"),
        (plan(etag="9"), "s3://pod", "somebody has published"),
        (plan(feed="9"), "s3://pod", "somebody has published"),
        (plan(), "s3://other", "not for s3://other"),
    ],
    ids=["the show", "the record", "the live feed", "the store"],
)
def test_what_has_moved_since_is_not_carried_out(now, store, said):
    with pytest.raises(PublishConflict, match=said):
        load(dump(plan(), "s3://pod", NOW), "plan.json").check(now, store)


@pytest.mark.parametrize("field", ["schema", "store", "now", "state", "feed", "changes"])
def test_a_file_that_lacks_something_is_no_plan(field):
    content = json.loads(dump(plan(), "s3://pod", NOW))
    del content[field]
    with pytest.raises(InvalidInput):
        load(json.dumps(content).encode(), "plan.json")


def test_a_newer_plan_is_not_misread():
    content = json.loads(dump(plan(), "s3://pod", NOW)) | {"schema": 99}
    with pytest.raises(InvalidInput):
        load(json.dumps(content).encode(), "plan.json")


@given(st.one_of(st.binary(max_size=60), st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode)))
def test_any_other_file_is_said_to_be_no_plan(content):
    with pytest.raises(InvalidInput) as raised:
        load(content, "plan.json")
    assert raised.value.problems[0].location.path == "plan.json"


@pytest.mark.parametrize("number", ["1e999", "NaN", "9" * 5000, "null"])
def test_a_version_that_is_no_number_is_no_plan(number):
    content = dump(plan(), "s3://pod", NOW).replace(b'"schema": 1', b'"schema": ' + number.encode())
    with pytest.raises(InvalidInput):
        load(content, "plan.json")
