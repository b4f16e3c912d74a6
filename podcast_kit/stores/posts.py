"""The posts about episodes in the store's state: what was intended, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podcast_kit.model import PostRecord, PostStatus

PostRecords = Mapping[str, Mapping[str, PostRecord]]
"""Guid → network → the post about that episode."""


def post_records_to_json(posts: PostRecords) -> dict[str, Any]:
    """The posts as the state has them."""
    return {
        guid: {network: _record_to_json(record) for network, record in sorted(records.items())}
        for guid, records in sorted(posts.items())
        if records
    }


def post_records_from_json(data: Any) -> dict[str, dict[str, PostRecord]]:  # noqa: ANN401 - it is what the state has
    """The posts of a state; raises what malformed JSON raises."""
    return {
        str(guid): {str(network): _record_from_json(row) for network, row in records.items()}
        for guid, records in data.items()
    }


def with_post(
    posts: PostRecords, guid: str, network: str, record: PostRecord | None
) -> dict[str, dict[str, PostRecord]]:
    """The posts with another record of a post, or without it."""
    changed = {other: dict(records) for other, records in posts.items()}
    records = changed.setdefault(guid, {})
    if record is None:
        records.pop(network, None)
    else:
        records[network] = record
    return {other: rows for other, rows in changed.items() if rows}


def _record_to_json(record: PostRecord) -> dict[str, Any]:
    values = {
        "id": record.id,
        "uri": record.uri,
        "url": record.url,
        "attempt": record.attempt,
        "text": record.text_digest,
        "run": record.run,
    }
    return {"status": str(record.status), "at": record.at} | {key: value for key, value in values.items() if value}


def _record_from_json(row: Any) -> PostRecord:  # noqa: ANN401
    return PostRecord(
        status=PostStatus(row["status"]),
        at=str(row["at"]),
        id=str(row.get("id", "")),
        uri=str(row.get("uri", "")),
        url=str(row.get("url", "")),
        attempt=int(row.get("attempt", 1)),
        text_digest=str(row.get("text", "")),
        run=str(row.get("run", "")),
    )
