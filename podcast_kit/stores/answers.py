"""The one place where answers of a store are checked for what S3 always sends; incomplete ones are network faults.

A connection that breaks inside the headers, or a proxy that loses some of them, leaves an answer without its ETag, its
length or its body. Such an answer says nothing about the store: the request is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from podcast_kit.errors import OperationError
from podcast_kit.io.response_head import CompleteHeadResponse

if TYPE_CHECKING:
    from botocore.session import Session

MAX_INCOMPLETE_ANSWERS = 6
"""Attempts until a request whose answers are all incomplete is given up."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.2, 4.0
STATUS_OK, STATUS_SERVER_ERROR = 200, 500
REQUIRED_FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "GetObject": (("ETag",), ("ContentLength",)),
    "HeadObject": (("ETag",), ("ContentLength",)),
    "PutObject": (("ETag",),),
    "CopyObject": (("CopyObjectResult", "ETag"),),
    "ListObjectsV2": (("IsTruncated",),),
    "CreateMultipartUpload": (("UploadId",),),
    "UploadPart": (("ETag",),),
    "ListParts": (("IsTruncated",),),
    "ListMultipartUploads": (("IsTruncated",),),
}
"""Operation → the fields of a successful answer that every store sends."""
REQUIRED_ROW_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ListObjectsV2": ("Contents", ("Key", "Size")),
    "ListParts": ("Parts", ("PartNumber", "ETag", "Size")),
    "ListMultipartUploads": ("Uploads", ("Key", "UploadId")),
}
"""Operation → the list in its answer, and the fields of each row."""


class IncompleteAnswer(Exception):
    """An answer ended early, or its bytes are not those that were stored."""


def incomplete_answer_errors() -> tuple[type[Exception], ...]:
    """The exceptions of an answer that ended early, wherever botocore was reading it."""
    from botocore.exceptions import IncompleteReadError, ResponseStreamingError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import ProtocolError

    return IncompleteAnswer, IncompleteReadError, ResponseStreamingError, ResponseParserError, ProtocolError


def find_missing_field(operation: str, answer: Mapping[str, Any]) -> str:
    """The name of a field that a successful answer lacks; empty if it has all that S3 always sends."""
    for path in REQUIRED_FIELDS.get(operation, ()):
        value: Any = answer
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value in {None, ""}:
            return ".".join(path)
    rows, names = REQUIRED_ROW_FIELDS.get(operation, ("", ()))
    for row in answer.get(rows, ()):
        for name in names:
            if row.get(name) in {None, ""}:
                return f"{rows}.{name}"
    return ""


def retry_incomplete_answer(
    response: tuple[Any, Mapping[str, Any]] | None,
    operation: Any,  # noqa: ANN401  # botocore has no types
    attempts: int,
    **_: object,
) -> float | None:
    """Seconds after which botocore repeats the request; None for a complete answer. A handler of `needs-retry`.

    Raises OperationError when every answer was incomplete.
    """
    if response is None or response[0].status_code != STATUS_OK:
        return None
    name = find_missing_field(operation.name, response[1])
    if not name:
        return None
    if attempts >= MAX_INCOMPLETE_ANSWERS:
        text = f"the store's answers to {operation.name} arrive incomplete: they lack {name}"
        raise OperationError(text, "check your connection and publish.endpoint, then rerun; nothing was lost")
    return min(FIRST_BACKOFF_S * (1 << (attempts - 1)), MAX_BACKOFF_S)


def report_lost_create(
    response: tuple[Any, Mapping[str, Any]] | None, caught_exception: Exception | None, **_: object
) -> None:
    """Raise IncompleteAnswer when the answer to CreateMultipartUpload was lost. A handler of `needs-retry`.

    The store may have started an upload with an unknown id: repeating the request would leave it behind.
    """
    if response is None and caught_exception is not None:
        raise IncompleteAnswer(" ".join(str(caught_exception).split())) from caught_exception
    if response is not None and response[0].status_code >= STATUS_SERVER_ERROR:
        raise IncompleteAnswer(f"it answered {response[0].status_code}")


def require_complete_heads(client: Any) -> None:  # noqa: ANN401
    """Make a client of boto3 treat answers that end within their headers as failures of the connection."""
    from botocore.awsrequest import (
        AWSHTTPConnection,
        AWSHTTPConnectionPool,
        AWSHTTPSConnection,
        AWSHTTPSConnectionPool,
    )

    def with_complete_heads(pool: type, connection: type) -> type:
        connection_class = type(connection.__name__, (connection,), {"response_class": CompleteHeadResponse})
        return type(pool.__name__, (pool,), {"ConnectionCls": connection_class})

    # botocore has no public setting for it; a test of answers that are cut holds that this keeps working.
    client._endpoint.http_session._pool_classes_by_scheme.update(  # noqa: SLF001
        http=with_complete_heads(AWSHTTPConnectionPool, AWSHTTPConnection),
        https=with_complete_heads(AWSHTTPSConnectionPool, AWSHTTPSConnection),
    )


def accept_odd_timestamps(session: Session) -> None:
    """Make the clients of a session read a timestamp that is none as None, instead of failing.

    Of all timestamps only the start of an unfinished upload matters, and that one may be unknown.
    """
    from botocore.utils import parse_timestamp

    def parse_or_none(value: Any) -> datetime | None:  # noqa: ANN401
        try:
            timestamp: datetime = parse_timestamp(value)
        except (ValueError, OverflowError):
            return None
        return timestamp

    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_or_none)
