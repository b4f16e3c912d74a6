"""How a store is found to support conditional writes."""

import itertools

import pytest

from podcast_kit.errors import PublishConflict
from podcast_kit.stores import IF_NONE_MATCH, ConditionalWrites, if_match
from tests.support import network, output_trees


def quotes_refused(request):
    return network.Status(412, "PreconditionFailed") if '"' in request.headers.get("If-Match", "") else None


def conditions_refused(request):
    named = {"If-Match", "If-None-Match"} & request.headers.keys()
    return network.Status(501, "NotImplemented") if named and request.method == "PUT" else None


def swaps_refused(request):
    return network.Status(501, "NotImplemented") if "If-Match" in request.headers else None


def first_reply_lost():
    count = itertools.count()
    return lambda request: network.LOSE_RESPONSE if request.method == "PUT" and next(count) % 2 == 0 else None


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda _: None, ConditionalWrites.QUOTED),
        (quotes_refused, ConditionalWrites.UNQUOTED),
        (conditions_refused, ConditionalWrites.REFUSED),
        (swaps_refused, ConditionalWrites.REFUSED),
        (first_reply_lost(), ConditionalWrites.QUOTED),
    ],
    ids=["honoured", "unquoted only", "refused", "swaps refused", "replies lost"],
)
def test_conditional_writes_are_detected(bucket, fault, found):
    with network.Proxy(bucket.endpoint, fault) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        assert store.probe("token") is found
        assert store.conditional_writes is found
    assert list(output_trees.open_bucket_store(bucket).list()) == []


def test_unquoted_etag_is_used_if_the_quoted_one_is_refused(bucket):
    with network.Proxy(bucket.endpoint, quotes_refused) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        store.probe("token")
        etag = store.put(output_trees.make_upload("a", b"one"))
        store.put(output_trees.make_upload("a", b"two"), if_match(etag))
        with pytest.raises(PublishConflict):
            store.put(output_trees.make_upload("a", b"three"), if_match(etag))


def test_store_without_conditional_writes_is_read_before_writing(bucket):
    with network.Proxy(bucket.endpoint, conditions_refused) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        store.probe("token")
        etag = store.put(output_trees.make_upload("a", b"one"), IF_NONE_MATCH)
        with pytest.raises(PublishConflict):
            store.put(output_trees.make_upload("a", b"two"), IF_NONE_MATCH)
        store.put(output_trees.make_upload("a", b"two"), if_match(etag))
        with pytest.raises(PublishConflict):
            store.put(output_trees.make_upload("a", b"three"), if_match(etag))
    assert output_trees.download(bucket.url + "a") == b"two"
