"""What a store makes of conditional writes, found out by writing; never inferred from the provider's name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from podcast_kit.stores import IF_NONE_MATCH, ConditionalWrites, Precondition, Upload, if_match
from podcast_kit.stores.s3_retry import http_status

PROBE_PREFIX = ".podcast-kit/probe/"
"""Keys that are only written to find out what the store does; a query, as far as timeouts go."""
IF_MATCH_STALE = if_match('"00000000000000000000000000000000"')
"""An ETag that no object has."""
UNSUPPORTED_CODES = {"NotImplemented", "InvalidRequest", "InvalidArgument", "MethodNotAllowed", "501", "400", "405"}
"""Error codes of stores without conditional writes."""
REFUSED_STATUSES, UNSUPPORTED_STATUSES = {409, 412}, {400, 405, 501}
"""RFC 9110: 409 and 412 say that a condition did not hold."""


def probe_upload(token: str) -> Upload:
    """The temporary object that is written."""
    return Upload(
        key=PROBE_PREFIX + token,
        content=b"probe",
        size=5,
        content_type="text/plain",
        cache_control="no-store",
        sha256=hashlib.sha256(b"probe").hexdigest(),
    )


def find_conditional_writes(
    write: Callable[[Precondition, ConditionalWrites], str], read_etag: Callable[[], str]
) -> ConditionalWrites:
    """Try each kind of conditional write on an object that does not exist yet.

    `write` puts it with a precondition in one form, returns its ETag and raises ClientError; `read_etag` asks for the
    ETag of what was put.
    """
    first_result, etag = _try_write(write, IF_NONE_MATCH, ConditionalWrites.QUOTED)
    if first_result == "unable":
        return ConditionalWrites.REFUSED
    etag = etag or read_etag()  # the response was lost, or has none
    for form in (ConditionalWrites.QUOTED, ConditionalWrites.UNQUOTED):
        # Only the write with the current ETag may succeed, in whatever order they run: so they run at once.
        with ThreadPoolExecutor(3) as pool:
            preconditions = (IF_NONE_MATCH, if_match(etag), IF_MATCH_STALE)
            results = [pool.submit(_try_write, write, precondition, form) for precondition in preconditions]
            create, replace, stale = (result.result()[0] for result in results)
        if create != "refused":
            return ConditionalWrites.IGNORED if create == "written" else ConditionalWrites.REFUSED
        if replace == "written":
            return ConditionalWrites.IGNORED if stale == "written" else form
    return ConditionalWrites.REFUSED


def _try_write(
    write: Callable[[Precondition, ConditionalWrites], str], precondition: Precondition, form: ConditionalWrites
) -> tuple[str, str]:
    """Return `written` and the ETag, `refused` when the precondition failed, or `unable`."""
    from botocore.exceptions import ClientError

    try:
        return "written", write(precondition, form)
    except ClientError as error:
        if http_status(error) in REFUSED_STATUSES:
            return "refused", ""
        if error.response["Error"]["Code"] in UNSUPPORTED_CODES or http_status(error) in UNSUPPORTED_STATUSES:
            return "unable", ""
        raise
