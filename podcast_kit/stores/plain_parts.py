"""The requests of a usual multipart upload without botocore: none is left behind, and the store answers plainly.

Each method says so where it has not done its work; botocore then sends the request, with its retries and messages.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, unescape

from podcast_kit.stores.plain_requests import HTTP_OK, PlainAnswer, PlainRequests
from podcast_kit.stores.signing import UNSIGNED_PAYLOAD

if TYPE_CHECKING:
    from podcast_kit.stores import Upload

NO_UNFINISHED = re.compile(rb"<ListMultipartUploadsResult\b(?!.*<Upload>).*<IsTruncated>false<", re.DOTALL)
UPLOAD_ID = re.compile(rb"<InitiateMultipartUploadResult\b.*<UploadId>([!-~]+?)</UploadId>", re.DOTALL)
COMPLETED = re.compile(rb"<CompleteMultipartUploadResult\b(?!.*<Error>)", re.DOTALL)
"""The status is sent before the parts are put together: an error may follow it, as the body."""


class PlainParts:
    """The uploads in parts to the keys of one bucket."""

    def __init__(self, requests: PlainRequests) -> None:
        self._requests = requests

    def create(self, full_key: str, upload: Upload) -> str:
        """Start an upload, where the store has no unfinished one to the key; returns its id.

        Empty where that is not certain: there may then be an unfinished one, which has to be found and finished.
        """
        listed = _if_done(self._requests.send("GET", "", query={"prefix": full_key, "uploads": ""}))
        if listed is None or not NO_UNFINISHED.search(listed.body):
            return ""
        headers = {
            "cache-control": upload.cache_control,
            "content-type": upload.content_type,
            "x-amz-meta-sha256": upload.sha256,
        }
        created = _if_done(self._requests.send("POST", full_key, headers, query={"uploads": ""}))
        upload_id = UPLOAD_ID.search(created.body) if created else None
        return unescape(upload_id[1].decode("ascii"), {"&quot;": '"', "&apos;": "'"}) if upload_id else ""

    def put_part(self, full_key: str, upload_id: str, number: int, data: bytes, md5: bytes) -> str:
        """Send one part; returns its ETag, empty where it has to be sent another way."""
        headers = {"content-md5": base64.b64encode(md5).decode()}
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = _if_done(self._requests.send("PUT", full_key, headers, data, UNSIGNED_PAYLOAD, query))
        return answer.etag if answer else ""

    def complete(
        self, full_key: str, upload_id: str, parts: Collection[Mapping[str, Any]], condition: Mapping[str, str]
    ) -> bool:
        """Put the parts together under the headers of a condition; False where it may not have happened."""
        rows = "".join(
            f"<Part><ETag>{escape(part['ETag'])}</ETag><PartNumber>{part['PartNumber']}</PartNumber></Part>"
            for part in parts
        )
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        body = f'<CompleteMultipartUpload xmlns="{namespace}">{rows}</CompleteMultipartUpload>'.encode()
        answer = _if_done(self._requests.send("POST", full_key, condition, body, query={"uploadId": upload_id}))
        return answer is not None and COMPLETED.search(answer.body) is not None


def _if_done(answer: PlainAnswer | None) -> PlainAnswer | None:
    """The answer of a store that has done what it was asked."""
    return answer if answer and answer.status == HTTP_OK else None
