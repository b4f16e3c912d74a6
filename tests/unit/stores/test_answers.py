"""Which answers of a store are complete."""

import pytest

from podcast_kit.stores import answers
from podcast_kit.stores.answers import find_missing_field


@pytest.mark.parametrize(
    ("operation", "answer", "missing"),
    [
        ("HeadObject", {"ETag": '"a"', "ContentLength": 0}, ""),
        ("HeadObject", {"ContentLength": 3}, "ETag"),
        ("GetObject", {"ETag": '"a"'}, "ContentLength"),
        ("PutObject", {"ETag": ""}, "ETag"),
        ("ListObjectsV2", {}, "IsTruncated"),
        ("ListObjectsV2", {"IsTruncated": False, "Contents": [{"Key": "a"}]}, "Contents.Size"),
        ("ListObjectsV2", {"IsTruncated": False, "Contents": [{"Key": "a", "Size": 0}]}, ""),
        ("CopyObject", {}, "CopyObjectResult.ETag"),
        ("DeleteObject", {}, ""),
    ],
)
def test_fields_that_a_store_always_sends(operation, answer, missing):
    assert find_missing_field(operation, answer) == missing


def test_odd_timestamp_is_read_as_none():
    import botocore.session

    session = botocore.session.get_session()
    answers.accept_odd_timestamps(session)
    parser = session.get_component("response_parser_factory").create_parser("rest-xml")
    assert parser._timestamp_parser("Sat, 28 Nov 2026 1") is None
    assert parser._timestamp_parser("Sat, 28 Nov 2026 16:14:07 GMT").year == 2026
