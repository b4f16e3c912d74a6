"""What a store makes of conditional writes is found out by trying."""

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
def test_what_is_found(bucket, fault, found):
    with network.Proxy(bucket.endpoint, fault) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        assert store.probe("token") is found
        assert store.conditional_writes is found
    assert list(output_trees.open_bucket_store(bucket).list()) == []


def test_the_unquoted_form_is_used_where_only_it_is_honoured(bucket):
    with network.Proxy(bucket.endpoint, quotes_refused) as proxy:
        store = output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint)
        store.probe("token")
        etag = store.put(output_trees.make_upload("a", b"one"))
        store.put(output_trees.make_upload("a", b"two"), if_match(etag))
        with pytest.raises(PublishConflict):
            store.put(output_trees.make_upload("a", b"three"), if_match(etag))


def test_where_conditions_are_refused_the_store_is_looked_at_before(bucket):
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
