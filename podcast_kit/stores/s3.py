"""Object storage that speaks S3."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject
from podcast_kit.stores import ABSENT, ALWAYS, Condition, Found, Honours, Upload, match, unheard
from podcast_kit.stores.bulk_put import SMALL, Direct
from podcast_kit.stores.clients import SOON, Clients
from podcast_kit.stores.errors import said
from podcast_kit.stores.multipart import PART, Budget, Journal, Sending, journal_path, part_size

T = TypeVar("T")
THREADS = 64
"""Calls of botocore at a time."""
MANY = 8
"""Small files for which it pays to open connections of their own."""
PROBES = ".podcast-kit/probe/"
"""Keys of what is written only to see what becomes of it: a question too."""
MEMORY = 64 << 20
"""Bytes of bodies that may be on their way at a time."""
WAITS = (0.3, 1.0, 2.0, 4.0)
"""Seconds to wait before asking again where botocore itself does not."""
STALE = match('"00000000000000000000000000000000"')
"""On an ETag that nothing has."""
UNABLE = {"NotImplemented", "InvalidRequest", "InvalidArgument", "MethodNotAllowed", "501", "400", "405"}
"""Error codes of stores that do not know conditional writes."""


class S3:
    """Keys below a prefix of one bucket. Credentials come from boto3's own chain, and from nowhere else."""

    remote = True
    threads = THREADS

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint: str = "",
        region: str = "",
        virtual: bool | None = None,
        journals: Path | None = None,
        part: int = PART,
        scheme: str = "s3",
        soon: float = SOON,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.journals = journals
        self.part = part
        self.name = f"{scheme}://{bucket}/{prefix}".rstrip("/")
        self.place = f"{endpoint or 's3'} {bucket}"
        self.honours: Honours | None = None
        self.budget = Budget(MEMORY)
        self.clients = Clients(
            self.name,
            endpoint=endpoint,
            region=region,
            virtual=not endpoint if virtual is None else virtual,
            connections=THREADS + 4,
            soon=soon,
            waiting=waiting,
        )
        self.direct: Direct | None = None
        """The short way for small files, once an upload has shown it."""

    @property
    def client(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """For questions."""
        return self.clients.asking

    @property
    def patient(self) -> Any:  # noqa: ANN401
        """For what is sent."""
        return self.clients.sending

    @property
    def requests(self) -> int:
        """How many were made so far."""
        return self.clients.requests

    def get(self, key: str) -> Found | None:
        """The object, read whole; a reply cut short or damaged is asked for again."""

        def ask() -> Found | None:
            answer = _absent(lambda: self.client.get_object(Bucket=self.bucket, Key=self.prefix + key))
            if answer is None:
                return None
            content = answer["Body"].read()
            meant = answer.get("Metadata", {}).get("sha256", "")
            if meant and hashlib.sha256(content).hexdigest() != meant:
                raise Damaged
            return Found(content, answer["ETag"])

        with said(self.name, key):
            return _again(ask)

    def head(self, key: str) -> RemoteObject | None:
        """Its size, headers and ETag, and the sha256 that was stored with it."""
        with said(self.name, key):
            answer = _absent(lambda: self.client.head_object(Bucket=self.bucket, Key=self.prefix + key))
        if answer is None:
            return None
        headers = (("Cache-Control", answer.get("CacheControl", "")), ("Content-Type", answer.get("ContentType", "")))
        return RemoteObject(
            key=key,
            size=answer["ContentLength"],
            sha256=answer.get("Metadata", {}).get("sha256", ""),
            headers=headers,
            etag=answer.get("ETag", ""),
        )

    def walk(self, prefix: str = "") -> Iterator[RemoteObject]:
        """Every key below the prefix, a thousand a request."""
        with said(self.name):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self.prefix)
                    yield RemoteObject(key=key, size=item["Size"], etag=item.get("ETag", ""))

    def put(self, upload: Upload, when: Condition = ALWAYS, sent: Callable[[int], None] = unheard) -> str:
        """One PutObject with Content-MD5, or parts that resume where the file is large."""
        with said(self.name, upload.key):
            if self.honours and self.honours.blind:
                self._look(upload.key, when)
                when = ALWAYS
            if isinstance(upload.content, Path) and upload.size > self.part:
                return self._put_parts(upload, when, sent)
            with self.budget.taken(upload.size):
                return self._put_whole(upload, when, sent)

    def put_small(self, uploads: Iterable[Upload], when: Condition = ALWAYS) -> Iterator[tuple[Upload, str]]:
        """Without botocore, once an upload has shown the way, and where there are enough of them."""
        small = [upload for upload in uploads if upload.size <= SMALL]
        if self.direct and len(small) >= MANY and not when.etag:
            with said(self.name):
                yield from self.direct.send(small, absent=when.absent)

    def dress(self, output: Output) -> str:
        """Copy the object onto itself with other headers: its bytes stay where they are."""
        key = self.prefix + output.key
        with said(self.name, output.key):
            answer = self.patient.copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource={"Bucket": self.bucket, "Key": key},
                MetadataDirective="REPLACE",
                ContentType=output.content_type,
                CacheControl=output.cache_control,
                Metadata={"sha256": output.sha256},
            )
        return str(answer["CopyObjectResult"]["ETag"])

    def delete(self, key: str) -> None:
        """One DeleteObject: some stores refuse the call that deletes many."""
        with said(self.name, key):
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + key)

    def probe(self, token: str) -> Honours:
        """Try each kind of conditional write on a key of its own; never inferred from a provider's name."""
        key = PROBES + token
        upload = Upload(
            key=key,
            content=b"probe",
            size=5,
            content_type="text/plain",
            cache_control="no-store",
            sha256=hashlib.sha256(b"probe").hexdigest(),
        )
        with said(self.name):
            try:
                self.honours = self._tried(upload)
            finally:
                self._forget(key)
        return self.honours

    def _forget(self, key: str) -> None:
        """Delete what was only tried; where the credentials may not delete, five bytes stay."""
        from botocore.exceptions import ClientError

        try:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + key)
        except ClientError as error:
            if _status(error) != 403:  # noqa: PLR2004  # RFC 9110, 15.5.4
                raise

    def sweep(self, before: datetime) -> int:
        """Abort uploads in parts that were begun before then and never ended: they cost, unseen."""
        with said(self.name):
            pages = self.client.get_paginator("list_multipart_uploads")
            left = [
                upload
                for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix)
                for upload in page.get("Uploads", ())
                if upload["Initiated"] < before
            ]
            for upload in left:
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        return len(left)

    def _put_whole(self, upload: Upload, when: Condition, sent: Callable[[int], None]) -> str:
        def ask() -> str:
            body = upload.read()
            md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
            client = self.client if upload.key.startswith(PROBES) else self.patient
            answer = client.put_object(
                Bucket=self.bucket,
                Key=self.prefix + upload.key,
                Body=body,
                ContentLength=upload.size,
                ContentMD5=md5,
                ContentType=upload.content_type,
                CacheControl=upload.cache_control,
                Metadata={"sha256": upload.sha256},
                **self._conditions(when),
            )
            # The store has taken it: small ones that follow can take the same way without botocore.
            self.direct = self.direct or self.clients.short_way(self.prefix, upload.key)
            return str(answer.get("ETag", ""))

        etag = _again(ask)
        sent(upload.size)
        return etag

    def _put_parts(self, upload: Upload, when: Condition, sent: Callable[[int], None]) -> str:
        """Parts, Complete, and a HEAD: Ceph's reply has no ETag, and a 404 or 412 may be our own lost reply."""
        from botocore.exceptions import ClientError

        part = part_size(upload.size, self.part)
        about = {"schema": 1, "place": self.place, "key": self.prefix + upload.key}
        about |= {"size": upload.size, "sha256": upload.sha256}
        journal = Journal.read(journal_path(self.journals, self.place, self.prefix + upload.key), about, part)
        name = self.prefix + upload.key
        sending = Sending(self.patient, self.bucket, name, upload, self.budget, journal, sent, about)
        parts = sending.send()
        refused: ClientError | None = None
        try:
            _again(
                lambda: self.patient.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=name,
                    UploadId=journal.upload_id,
                    MultipartUpload={"Parts": parts},
                    **self._conditions(when),
                )
            )
        except ClientError as error:
            if _status(error) not in {404, 412}:
                raise
            refused = error
        there = self.head(upload.key)
        told = there.sha256 if there else ""
        if there and there.size == upload.size and (told == upload.sha256 or not (told or refused)):
            journal.end()
            return there.etag  # some stores keep no metadata; every part was checked by its MD5
        if refused is None or _status(refused) == 404:  # noqa: PLR2004  # RFC 9110, 15.5.5
            journal.end()
            raise OperationError(f"{self.name}/{upload.key}: what arrived is not what was sent", "run it again")
        raise refused

    def _conditions(self, when: Condition) -> dict[str, str]:
        if when.absent:
            return {"IfNoneMatch": "*"}
        etag = when.etag.strip('"') if self.honours is Honours.UNQUOTED else when.etag
        return {"IfMatch": etag} if etag else {}

    def _look(self, key: str, when: Condition) -> None:
        """The best that can be done where conditions are not honoured: look just before."""
        if when == ALWAYS:
            return
        there = self.head(key)
        if (there.etag if there else "") != when.etag:
            raise PublishConflict(f"{self.name}/{key} was changed by somebody else", "plan again")

    def _tried(self, upload: Upload) -> Honours:
        first, etag = self._try(upload, ABSENT)
        if first == "unable":
            return Honours.REFUSED
        if not etag:  # the reply got lost, or has none
            there = self.head(upload.key)
            etag = there.etag if there else ""
        for form in (Honours.QUOTED, Honours.UNQUOTED):
            self.honours = form
            # In whatever order: only the write with the right ETag may succeed. So none waits for another.
            with ThreadPoolExecutor(3) as pool:
                again, right, stale = pool.map(lambda when: self._try(upload, when)[0], (ABSENT, match(etag), STALE))
            if again != "refused":
                return Honours.IGNORED if again == "written" else Honours.REFUSED
            if right == "written":
                return Honours.IGNORED if stale == "written" else form
        return Honours.REFUSED

    def _try(self, upload: Upload, when: Condition) -> tuple[str, str]:
        """`written` with its ETag, `refused` because the condition does not hold, or `unable`."""
        from botocore.exceptions import ClientError

        try:
            return "written", self._put_whole(upload, when, unheard)
        except ClientError as error:
            if _status(error) in {409, 412}:
                return "refused", ""
            if error.response["Error"]["Code"] in UNABLE or _status(error) in {400, 405, 501}:
                return "unable", ""
            raise


class Damaged(Exception):
    """A reply whose bytes are not those that were stored."""


def _absent(ask: Callable[[], T]) -> T | None:
    from botocore.exceptions import ClientError

    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}:
            return None
        raise


def _again(ask: Callable[[], T]) -> T:
    """Ask again where botocore does not: two writers at once, too many writes, a body damaged or cut short."""
    from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

    for wait in WAITS:
        try:
            return ask()
        except (IncompleteReadError, ResponseStreamingError, Damaged):
            time.sleep(wait)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"ConditionalRequestConflict", "OperationAborted", "BadDigest"}:
                time.sleep(wait)
            elif _status(error) == 429:  # noqa: PLR2004  # RFC 6585: R2 and GCS allow one write a second to a key
                time.sleep(1 + wait)
            else:
                raise
    try:
        return ask()
    except Damaged:
        raise OperationError("what the store sends is damaged on its way", "see the network, then run it again") from None


def _status(error: Any) -> int:  # noqa: ANN401
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
