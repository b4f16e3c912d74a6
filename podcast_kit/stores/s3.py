"""Object storage that speaks S3."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from podcast_kit.errors import PULL_FIX, OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject
from podcast_kit.model.transfer import REDIRECT_HEADER
from podcast_kit.stores import (
    UNCONDITIONAL,
    ConditionalWrites,
    Precondition,
    StoredObject,
    Upload,
    ignore_sent,
)
from podcast_kit.stores.answers import IncompleteAnswer
from podcast_kit.stores.bulk_put import MAX_BULK_FILE_BYTES, BulkUploader
from podcast_kit.stores.clients import QUERY_TIMEOUT_S, S3Clients
from podcast_kit.stores.errors import refusal_type, translate_boto_errors
from podcast_kit.stores.multipart import (
    JOURNAL_SCHEMA,
    PART_BYTES,
    MemoryBudget,
    MultipartUpload,
    UploadJournal,
    abort_upload,
    choose_part_size,
    is_missing_upload,
    journal_path,
    list_replaced_uploads,
)
from podcast_kit.stores.plain_parts import PlainParts
from podcast_kit.stores.plain_requests import PlainAnswer, PlainRequests
from podcast_kit.stores.s3_objects import (
    SHA256_HEADER,
    FetchedObject,
    is_intact,
    read_blocks,
    remote_object,
    stored_sha256,
)
from podcast_kit.stores.s3_probe import PROBE_PREFIX, find_conditional_writes, probe_upload
from podcast_kit.stores.s3_retry import http_status, none_if_missing, retry

MAX_CONCURRENT_CALLS = 64
"""Concurrent calls of botocore."""
MIN_BULK_FILES = 8
"""Number of small files from which bulk connections pay off."""
MAX_BODY_BYTES = 64 << 20
"""Bytes of request bodies in memory at the same time."""
ACCESS_DENIED, NOT_FOUND, PRECONDITION_FAILED = 403, 404, 412
"""RFC 9110, 15.5.4, 15.5.5 and 15.5.13."""

COPY_REFUSED = {403, 404, 405, 501}
"""Answers of a store that does not copy, or not with this key."""


class S3Store:
    """Keys below a prefix of one bucket. Credentials come only from boto3's own chain."""

    can_copy = True
    remote = True
    threads = MAX_CONCURRENT_CALLS

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint: str = "",
        region: str = "",
        virtual: bool | None = None,
        journal_folder: Path | None = None,
        part_size: int = PART_BYTES,
        scheme: str = "s3",
        query_timeout: float = QUERY_TIMEOUT_S,
        on_waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.journal_folder = journal_folder
        self.part_size = part_size
        self.name = f"{scheme}://{bucket}/{prefix}".rstrip("/")
        self.identity = f"{endpoint or 's3'} {bucket}"
        self.conditional_writes: ConditionalWrites | None = None
        self.budget = MemoryBudget(MAX_BODY_BYTES)
        self.clients = S3Clients(
            self.name,
            endpoint=endpoint,
            region=region,
            virtual=not endpoint if virtual is None else virtual,
            connections=MAX_CONCURRENT_CALLS + 4,
            query_timeout=query_timeout,
            on_waiting=on_waiting,
        )
        self.bulk_uploader: BulkUploader | None = None
        """For small files; available after the first PutObject."""
        self._plain: PlainRequests | None = None
        self._is_plain_known = False

    def _send_plain(
        self, method: str, key: str, headers: Mapping[str, str] | None = None, body: bytes = b"", sha256: str = ""
    ) -> PlainAnswer | None:
        """The response to a request that needs no botocore; None where botocore has to send it."""
        if not self._is_plain_known:
            self._plain, self._is_plain_known = self.clients.plain_requests(self.bucket), True
        return self._plain.send(method, self.prefix + key, headers, body, sha256) if self._plain else None

    @property
    def _query_client(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        return self.clients.query_client

    @property
    def _upload_client(self) -> Any:  # noqa: ANN401
        return self.clients.upload_client

    @property
    def requests(self) -> int:
        """Number of requests made so far, retries included."""
        return self.clients.requests

    def get(self, key: str) -> StoredObject | None:
        """Read the whole object; retries when the response is incomplete or corrupt."""
        plain = self._send_plain("GET", key)
        if plain and plain.is_missing_key:
            return None
        if plain and plain.etag and is_intact(plain.body, plain.headers.get(SHA256_HEADER, "")):
            return StoredObject(plain.body, plain.etag)

        def get_object() -> StoredObject | None:
            answer = self._get_object(key)
            if answer is None:
                return None
            content = answer["Body"].read()
            if not is_intact(content, stored_sha256(answer)):
                raise IncompleteAnswer("the bytes of an object are not those that were stored")
            return StoredObject(content, answer["ETag"])

        with translate_boto_errors(self.name, key):
            return retry(get_object)

    def head(self, key: str) -> RemoteObject | None:
        """Return its size, headers and ETag, and the sha256 that was stored with it."""
        plain = self._send_plain("HEAD", key)
        if plain and plain.status == NOT_FOUND:
            return None
        if plain and plain.etag:
            return remote_object(key, plain.headers)
        from botocore.exceptions import ClientError

        def head_object() -> Any:  # noqa: ANN401
            try:
                return self._query_client.head_object(Bucket=self.bucket, Key=self.prefix + key)
            except ClientError as error:
                if http_status(error) == ACCESS_DENIED:  # answers to HEAD have no body: ask for the reason
                    self._query_client.get_object(Bucket=self.bucket, Key=self.prefix + key, Range="bytes=0-0")
                raise

        with translate_boto_errors(self.name, key):
            answer = retry(lambda: none_if_missing(head_object))
        if answer is None:
            return None
        headers: tuple[tuple[str, str], ...] = (
            ("Cache-Control", answer.get("CacheControl", "")),
            ("Content-Type", answer.get("ContentType", "")),
        )
        if redirect_to := answer.get("WebsiteRedirectLocation"):
            headers = (*headers, (REDIRECT_HEADER, redirect_to))
        return RemoteObject(
            key=key,
            size=answer["ContentLength"],
            sha256=stored_sha256(answer),
            headers=headers,
            etag=answer["ETag"],
        )

    def read_digest(self, key: str) -> tuple[int, str] | None:
        """Read the whole object block by block, and return its size and sha256; None when it does not exist."""
        fetched = self._read_blocks(key, lambda answer: read_blocks(answer, lambda _: None))
        return (fetched.size, fetched.sha256) if fetched else None

    def download(self, key: str, path: Path) -> bool:
        """Write an object to a file, block by block; False when it does not exist. Retries an incomplete response."""
        return self.fetch(key, path) is not None

    def fetch(self, key: str, path: Path, max_bytes: int | None = None) -> FetchedObject | None:
        """Write an object to a file, block by block; None when it does not exist. Retries an incomplete response.

        Raises OperationError for one that is larger than `max_bytes`, before any of it is read.
        """

        def write_blocks(answer: Mapping[str, Any]) -> FetchedObject:
            if max_bytes is not None and answer["ContentLength"] > max_bytes:
                answer["Body"].close()
                raise OperationError(f"{self.name}/{key} is larger than {max_bytes:,} bytes")
            with path.open("wb") as file:
                return read_blocks(answer, file.write)

        return self._read_blocks(key, write_blocks)

    def _read_blocks(self, key: str, read: Callable[[Mapping[str, Any]], FetchedObject]) -> FetchedObject | None:
        """What `read` makes of an answer to GetObject; again where it is incomplete, None where there is none."""

        def get_object() -> FetchedObject | None:
            answer = self._get_object(key)
            return None if answer is None else read(answer)

        with translate_boto_errors(self.name, key):
            return retry(get_object)

    def _get_object(self, key: str) -> Any:  # noqa: ANN401  # boto3's answer
        return none_if_missing(lambda: self._query_client.get_object(Bucket=self.bucket, Key=self.prefix + key))

    def access_log_place(self) -> tuple[str, str] | None:
        """The bucket and prefix that the bucket's access logs are written to; None where there are none."""
        with translate_boto_errors(self.name):
            answer = retry(lambda: self._query_client.get_bucket_logging(Bucket=self.bucket))
        place = answer.get("LoggingEnabled")
        return (place["TargetBucket"], place["TargetPrefix"]) if place else None

    def enable_access_logs(self, bucket: str, prefix: str) -> None:
        """Write the bucket's access logs to another bucket."""
        status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": prefix}}
        with translate_boto_errors(self.name):
            retry(lambda: self._query_client.put_bucket_logging(Bucket=self.bucket, BucketLoggingStatus=status))

    def list(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Yield every key below the prefix, a thousand per request."""
        with translate_boto_errors(self.name):
            pages = self._query_client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self.prefix)
                    yield RemoteObject(key=key, size=item["Size"], etag=item.get("ETag", ""))

    def put(
        self,
        upload: Upload,
        precondition: Precondition = UNCONDITIONAL,
        on_sent: Callable[[int], None] = ignore_sent,
    ) -> str:
        """Send one PutObject with Content-MD5, or a resumable multipart upload for a large file."""
        with translate_boto_errors(self.name, upload.key):
            if self.conditional_writes and self.conditional_writes.unprotected:
                self._check_precondition(upload.key, precondition)
                precondition = UNCONDITIONAL
            if isinstance(upload.content, Path) and upload.size > self.part_size:
                return self._put_multipart(upload, precondition, on_sent)
            with self.budget.reserve(upload.size):
                return self._put_whole(upload, precondition, on_sent)

    def put_many(self, uploads: Iterable[tuple[Upload, Precondition]]) -> Iterator[tuple[Upload, str]]:
        """Put small files without botocore, when there are enough of them and a PutObject went before."""
        small = [pair for pair in uploads if pair[0].size <= MAX_BULK_FILE_BYTES and not pair[0].redirect_to]
        if self.bulk_uploader and len(small) >= MIN_BULK_FILES:
            requests = [(upload, self._lower_case_conditions(precondition)) for upload, precondition in small]
            with translate_boto_errors(self.name):
                yield from self.bulk_uploader.put_all(requests)

    def update_headers(self, output: Output, precondition: Precondition = UNCONDITIONAL) -> str:
        """Copy the object onto itself with new headers; its bytes are not sent."""
        key = self.prefix + output.key
        if self.conditional_writes and self.conditional_writes.unprotected:
            precondition = UNCONDITIONAL
        etag = self._condition_headers(precondition).get("IfMatch", "")
        with translate_boto_errors(self.name, output.key):
            answer = retry(
                lambda: self._upload_client.copy_object(
                    Bucket=self.bucket,
                    Key=key,
                    CopySource={"Bucket": self.bucket, "Key": key},
                    MetadataDirective="REPLACE",
                    ContentType=output.content_type,
                    CacheControl=output.cache_control,
                    Metadata={"sha256": output.sha256},
                    **_website_setting(output.redirect_to),
                    **({"CopySourceIfMatch": etag} if etag else {}),
                )
            )
        return str(answer["CopyObjectResult"]["ETag"])

    def copy(self, source_key: str, upload: Upload) -> str:
        """Send one CopyObject; where the store refuses to copy, send the bytes if they are on this machine."""
        from botocore.exceptions import ClientError

        def copy_object() -> str:
            answer = self._upload_client.copy_object(
                Bucket=self.bucket,
                Key=self.prefix + upload.key,
                CopySource={"Bucket": self.bucket, "Key": self.prefix + source_key},
                MetadataDirective="REPLACE",
                ContentType=upload.content_type,
                CacheControl=upload.cache_control,
                Metadata={"sha256": upload.sha256},
            )
            return str(answer["CopyObjectResult"]["ETag"])

        with translate_boto_errors(self.name, upload.key):
            try:
                return retry(copy_object)
            except ClientError as error:
                if http_status(error) not in COPY_REFUSED or upload.content == Path():
                    raise
        return self.put(upload)

    def delete(self, key: str) -> None:
        """Send one DeleteObject: some stores reject DeleteObjects."""
        with translate_boto_errors(self.name, key):
            self._query_client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def probe(self, token: str) -> ConditionalWrites:
        """Try each kind of conditional write on a temporary key."""
        upload = probe_upload(token)

        def write(precondition: Precondition, form: ConditionalWrites) -> str:
            self.conditional_writes = form
            return self._put_whole(upload, precondition, ignore_sent)

        def read_etag() -> str:
            remote = self.head(upload.key)
            return remote.etag if remote else ""

        with translate_boto_errors(self.name):
            try:
                self.conditional_writes = find_conditional_writes(write, read_etag)
            finally:
                self._delete_probe(upload.key)
        return self.conditional_writes

    def _delete_probe(self, key: str) -> None:
        """Delete the temporary key; credentials without permission to delete leave five bytes behind."""
        from botocore.exceptions import ClientError

        try:
            self._query_client.delete_object(Bucket=self.bucket, Key=self.prefix + key)
        except ClientError as error:
            if http_status(error) != ACCESS_DENIED:
                raise

    def abort_stale_uploads(self, before: datetime) -> int:
        """Abort multipart uploads that were started before then: unfinished parts cost money and are not listed."""
        with translate_boto_errors(self.name):
            pages = self._query_client.get_paginator("list_multipart_uploads")
            stale = [
                upload
                for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix)
                for upload in page.get("Uploads", ())
                if upload.get("Initiated") and upload["Initiated"] < before
            ]
            for upload in stale:
                abort_upload(self._query_client, self.bucket, upload["Key"], upload["UploadId"])
        return len(stale)

    def _put_whole(self, upload: Upload, precondition: Precondition, on_sent: Callable[[int], None]) -> str:
        if not upload.redirect_to and not upload.key.startswith(PROBE_PREFIX):
            etag = self._put_plain(upload, precondition)
            if etag:
                on_sent(upload.size)
                return etag

        def put_object() -> str:
            body = upload.read_verified()
            md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
            client = self._query_client if upload.key.startswith(PROBE_PREFIX) else self._upload_client
            answer = client.put_object(
                Bucket=self.bucket,
                Key=self.prefix + upload.key,
                Body=body,
                ContentLength=upload.size,
                ContentMD5=md5,
                ContentType=upload.content_type,
                CacheControl=upload.cache_control,
                Metadata={"sha256": upload.sha256},
                **_website_setting(upload.redirect_to),
                **self._condition_headers(precondition),
            )
            # The store accepted this request, so small files can be sent the same way without botocore.
            self.bulk_uploader = self.bulk_uploader or self.clients.bulk_uploader(self.prefix, upload.key)
            return str(answer.get("ETag", ""))

        try:
            etag = retry(put_object)
        except refusal_type() as error:
            if precondition.etag and error.response["Error"]["Code"] == "NoSuchKey":  # AWS answers so instead of 412
                raise PublishConflict(f"someone else deleted {self.name}/{upload.key}", PULL_FIX) from error
            raise
        on_sent(upload.size)
        return etag

    def _put_plain(self, upload: Upload, precondition: Precondition) -> str:
        """The new ETag of a file that was put without botocore; empty where botocore has to put it."""
        if self._plain is None or not self._plain.is_proven:
            return ""
        body = upload.read_verified()
        headers = {
            "cache-control": upload.cache_control,
            "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "content-type": upload.content_type,
            SHA256_HEADER: upload.sha256,
            **self._lower_case_conditions(precondition),
        }
        answer = self._send_plain("PUT", upload.key, headers, body, upload.sha256)
        if answer is None or not answer.etag:
            return ""
        self.bulk_uploader = self.bulk_uploader or self._plain.bulk_uploader(self.prefix)
        return answer.etag

    def _lower_case_conditions(self, precondition: Precondition) -> dict[str, str]:
        names = {"IfNoneMatch": "if-none-match", "IfMatch": "if-match"}
        return {names[name]: value for name, value in self._condition_headers(precondition).items()}

    def _put_multipart(self, upload: Upload, precondition: Precondition, on_sent: Callable[[int], None]) -> str:
        """Send the parts, then Complete, then HEAD.

        Ceph returns no ETag, and a 404 or 412 may follow a Complete that succeeded and whose response was lost.
        """
        part_size = choose_part_size(upload.size, self.part_size)
        full_key = self.prefix + upload.key
        identity = {
            "schema": JOURNAL_SCHEMA,
            "place": self.identity,
            "key": full_key,
            "size": upload.size,
            "sha256": upload.sha256,
        }
        for replaced, replaced_key in list_replaced_uploads(self.journal_folder, identity):
            abort_upload(self._upload_client, self.bucket, replaced_key, replaced.upload_id)
            replaced.delete()
        journal = UploadJournal.read(journal_path(self.journal_folder, self.identity, full_key), identity, part_size)
        multipart = MultipartUpload(
            lambda: self._upload_client,
            self.bucket,
            full_key,
            upload,
            self.budget,
            journal,
            on_sent,
            identity,
            self._find_unfinished if precondition.absent else lambda _: "",
            PlainParts(self._plain) if precondition.absent and self._plain and self._plain.is_proven else None,
        )
        for is_last in (False, True):
            refusal = self._complete_multipart(multipart, precondition)
            remote = self.head(upload.key)
            sha256 = remote.sha256 if remote else ""
            if remote and remote.size == upload.size and (sha256 == upload.sha256 or not (sha256 or refusal)):
                # Some stores keep no metadata; the MD5 of every part was verified.
                if refusal and http_status(refusal) == PRECONDITION_FAILED:
                    multipart.abort()  # someone else stored the same file; or Complete succeeded, and nothing is left
                journal.delete()
                return remote.etag
            if refusal and http_status(refusal) == PRECONDITION_FAILED:
                multipart.abort()
                raise refusal
            journal.delete()
            if remote is not None or is_last:
                break
            journal.upload_id = ""  # another publish that shared this upload has aborted it
        text = f"{self.name}/{upload.key}: the stored file differs from what was uploaded"
        raise OperationError(text, "run it again")

    def _complete_multipart(self, multipart: MultipartUpload, precondition: Precondition) -> Any:  # noqa: ANN401
        """Send the missing parts and Complete; returns the error of a 404 or 412, and None otherwise."""
        try:
            parts = multipart.upload_parts()
            if multipart.plain and multipart.plain.complete(
                multipart.full_key, multipart.journal.upload_id, parts, self._lower_case_conditions(precondition)
            ):
                return None
            retry(
                lambda: self._upload_client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=multipart.full_key,
                    UploadId=multipart.journal.upload_id,
                    MultipartUpload={"Parts": parts},
                    **self._condition_headers(precondition),
                )
            )
        except refusal_type() as error:
            if is_missing_upload(error) or http_status(error) == PRECONDITION_FAILED:
                return error
            raise
        return None

    def _find_unfinished(self, full_key: str) -> str:
        """The id of the newest unfinished upload to a key; empty without one, or where it may not be asked for."""
        from botocore.exceptions import ClientError

        try:
            pages = self._query_client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=full_key
            )
            uploads = [upload for page in pages for upload in page.get("Uploads", ()) if upload["Key"] == full_key]
        except ClientError:
            return ""  # credentials without permission, or a store without this request: a new upload works as well
        uploads.sort(key=lambda upload: str(upload.get("Initiated")))
        return str(uploads[-1]["UploadId"]) if uploads else ""

    def _condition_headers(self, precondition: Precondition) -> dict[str, str]:
        if precondition.absent:
            return {"IfNoneMatch": "*"}
        is_unquoted = self.conditional_writes is ConditionalWrites.UNQUOTED
        etag = precondition.etag.strip('"') if is_unquoted else precondition.etag
        return {"IfMatch": etag} if etag else {}

    def _check_precondition(self, key: str, precondition: Precondition) -> None:
        """Check the precondition just before the write: the best a store without conditional writes allows."""
        if precondition == UNCONDITIONAL:
            return
        remote = self.head(key)
        if (remote.etag if remote else "") != precondition.etag:
            raise PublishConflict(f"someone else changed {self.name}/{key}", PULL_FIX)


def _website_setting(url: str) -> dict[str, str]:
    """The setting of a request with which websites of the store redirect; none without a URL."""
    return {"WebsiteRedirectLocation": url} if url else {}
