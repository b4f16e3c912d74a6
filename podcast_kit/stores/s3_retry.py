"""Which requests to S3 are sent again beyond botocore's own retries, after how long, and which errors are answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from podcast_kit.errors import OperationError
from podcast_kit.stores.answers import IncompleteAnswer, incomplete_answer_errors

_T = TypeVar("_T")
BACKOFF = (0.3, 1.0, 2.0, 4.0)
"""Seconds to wait before each retry of what botocore does not retry."""


def none_if_missing(request: Callable[[], _T]) -> _T | None:
    """What a request returns; None where the object does not exist."""
    from botocore.exceptions import ClientError

    try:
        return request()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}:
            return None
        raise


def retry(request: Callable[[], _T]) -> _T:
    """Retry what botocore does not: concurrent writers, too many writes, a corrupt or incomplete body."""
    from botocore.exceptions import ClientError

    for delay in BACKOFF:
        try:
            return request()
        except incomplete_answer_errors():
            time.sleep(delay)
        except ClientError as error:
            backoff = _backoff_seconds(error, delay)
            if backoff is None:
                raise
            time.sleep(backoff)
    try:
        return request()
    except IncompleteAnswer as error:
        text = f"the store's answers arrive incomplete: {error}"
        raise OperationError(text, "check your connection, then run it again; nothing was lost") from None


def _backoff_seconds(error: Any, delay: float) -> float | None:  # noqa: ANN401
    """Seconds to wait before a retry; None for an error that a retry does not help."""
    if error.response["Error"]["Code"] in {"ConditionalRequestConflict", "OperationAborted", "BadDigest"}:
        return delay
    if http_status(error) == 429:  # noqa: PLR2004  # RFC 6585: R2 and GCS allow one write a second to a key
        return 1 + delay
    return None


def http_status(error: Any) -> int:  # noqa: ANN401  # botocore's error
    """The HTTP status of a ClientError; 0 where it has none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
