"""What a store makes of conditional writes is found out by trying."""

import itertools

import pytest

from podcast_kit.errors import PublishConflict
from podcast_kit.stores import ABSENT, Honours, match
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
    return lambda request: network.LOST if request.method == "PUT" and next(count) % 2 == 0 else None


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda _: None, Honours.QUOTED),
        (quotes_refused, Honours.UNQUOTED),
        (conditions_refused, Honours.REFUSED),
        (swaps_refused, Honours.REFUSED),
        (first_reply_lost(), Honours.QUOTED),
    ],
    ids=["honoured", "unquoted only", "refused", "swaps refused", "replies lost"],
)
def test_what_is_found(bucket, fault, found):
    with network.Proxy(bucket.endpoint, fault) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        assert store.probe("token") is found
        assert store.honours is found
    assert list(output_trees.store_of(bucket).walk()) == []


def test_the_unquoted_form_is_used_where_only_it_is_honoured(bucket):
    with network.Proxy(bucket.endpoint, quotes_refused) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        store.probe("token")
        etag = store.put(output_trees.upload("a", b"one"))
        store.put(output_trees.upload("a", b"two"), match(etag))
        with pytest.raises(PublishConflict):
            store.put(output_trees.upload("a", b"three"), match(etag))


def test_where_conditions_are_refused_the_store_is_looked_at_before(bucket):
    with network.Proxy(bucket.endpoint, conditions_refused) as proxy:
        store = output_trees.store_of(bucket, endpoint=proxy.endpoint)
        store.probe("token")
        etag = store.put(output_trees.upload("a", b"one"), ABSENT)
        with pytest.raises(PublishConflict):
            store.put(output_trees.upload("a", b"two"), ABSENT)
        store.put(output_trees.upload("a", b"two"), match(etag))
        with pytest.raises(PublishConflict):
            store.put(output_trees.upload("a", b"three"), match(etag))
    assert output_trees.fetch(bucket.url + "a") == b"two"
