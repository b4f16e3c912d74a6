"""Saved plans: carried out only if nothing changed since."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.errors import InvalidInput, PublishConflict
from podcast_kit.model import Output, Wave
from podcast_kit.plan import plan_changes
from podcast_kit.plan.planfile import parse_plan_file, render_plan_file
from podcast_kit.stores import StoredObject
from podcast_kit.stores.state import StoreState

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_plan(sha256="a", *, etag="1", feed="2"):
    output = Output(
        key="index.html", size=1, sha256=sha256, content_type="t", cache_control="c", wave=Wave.PAGES, path="here"
    )
    return plan_changes({"index.html": output}, StoreState(etag=etag, feed=StoredObject(b"<rss/>", feed)))


def test_unchanged_plan_is_accepted():
    saved = parse_plan_file(render_plan_file(make_plan(), "s3://pod", NOW), "plan.json")
    assert saved.now == NOW
    saved.require_unchanged(make_plan(), "s3://pod")


@pytest.mark.parametrize(
    ("plan", "store", "text"),
    [
        (make_plan("b"), "s3://pod", "the show changed since this plan was made: index.html"),
        (make_plan(etag="9"), "s3://pod", "the store changed"),
        (make_plan(feed="9"), "s3://pod", "the store changed"),
        (make_plan(), "s3://other", "not for s3://other"),
    ],
    ids=["the show", "the state", "the live feed", "the store"],
)
def test_plan_is_refused_after_a_change(plan, store, text):
    with pytest.raises(PublishConflict, match=text):
        parse_plan_file(render_plan_file(make_plan(), "s3://pod", NOW), "plan.json").require_unchanged(plan, store)


@pytest.mark.parametrize("field", ["schema", "store", "now", "state", "feed", "changes"])
def test_file_with_a_missing_field_is_refused(field):
    content = json.loads(render_plan_file(make_plan(), "s3://pod", NOW))
    del content[field]
    with pytest.raises(InvalidInput):
        parse_plan_file(json.dumps(content).encode(), "plan.json")


def test_plan_of_a_newer_version_is_refused():
    content = json.loads(render_plan_file(make_plan(), "s3://pod", NOW)) | {"schema": 99}
    with pytest.raises(InvalidInput):
        parse_plan_file(json.dumps(content).encode(), "plan.json")


@given(st.one_of(st.binary(max_size=60), st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode)))
def test_any_other_file_is_refused(content):
    with pytest.raises(InvalidInput) as raised:
        parse_plan_file(content, "plan.json")
    assert raised.value.problems[0].location.path == "plan.json"


@pytest.mark.parametrize("number", ["1e999", "NaN", "9" * 5000, "null"])
def test_schema_that_is_not_a_number_is_refused(number):
    content = render_plan_file(make_plan(), "s3://pod", NOW).replace(b'"schema": 1', b'"schema": ' + number.encode())
    with pytest.raises(InvalidInput):
        parse_plan_file(content, "plan.json")
