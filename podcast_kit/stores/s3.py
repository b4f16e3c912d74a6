"""Object storage that speaks S3, through one shared boto3 client."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

from podcast_kit.errors import Failed
from podcast_kit.model import Output, Remote
from podcast_kit.stores import ALWAYS, Condition, Found, Upload
from podcast_kit.stores.words import said

T = TypeVar("T")
THREADS = 32
ATTEMPTS = 8
SMALL = 8 << 20
"""Bytes up to which a body is read once and sent without asking first."""
PATIENCE = (0.3, 1.0, 2.0, 4.0)
"""Seconds to wait before asking again where botocore itself does not."""


class S3:
    """Keys below a prefix of one bucket. Credentials come from boto3's own chain, and from nowhere else."""

    remote = True
    threads = THREADS

    def __init__(self, *, bucket: str, prefix: str = "", endpoint: str = "", region: str = "") -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.endpoint = endpoint
        self.region = region
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")

    @cached_property
    def client(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """Made when first asked for: importing boto3 costs half a second."""
        import boto3
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if self.endpoint else "virtual"},
            # The defaults add a trailer that R2, GCS and others refuse, or store as a Content-Encoding.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=THREADS + 4,
            tcp_keepalive=True,
        )
        with said(self.name):
            session = boto3.session.Session()
            region = self.region or session.region_name or ("auto" if self.endpoint else "us-east-1")
            client = session.client("s3", endpoint_url=self.endpoint or None, region_name=region, config=config)
        client.meta.events.register("before-send.s3.PutObject", _unasked)
        return client

    def get(self, key: str) -> Found | None:
        """The object, read whole; a reply cut short is asked for again."""

        def ask() -> Found | None:
            answer = self._absent(lambda: self.client.get_object(Bucket=self.bucket, Key=self.prefix + key))
            return Found(answer["Body"].read(), answer["ETag"]) if answer else None

        with said(self.name, key):
            return _again(ask)

    def head(self, key: str) -> Remote | None:
        """Its size, headers and ETag, and the sha256 that was stored with it."""
        with said(self.name, key):
            answer = self._absent(lambda: self.client.head_object(Bucket=self.bucket, Key=self.prefix + key))
        if answer is None:
            return None
        return Remote(
            key=key,
            size=answer["ContentLength"],
            sha256=answer.get("Metadata", {}).get("sha256", ""),
            headers=(
                ("Cache-Control", answer.get("CacheControl", "")),
                ("Content-Type", answer.get("ContentType", "")),
            ),
            etag=answer.get("ETag", ""),
        )

    def walk(self, prefix: str = "") -> Iterator[Remote]:
        """Every key below the prefix, a thousand a request."""
        with said(self.name):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self.prefix)
                    yield Remote(key=key, size=item["Size"], etag=item.get("ETag", ""))

    def put(self, upload: Upload, when: Condition = ALWAYS) -> str:
        """One PutObject with Content-MD5: the server refuses a body that was damaged on its way."""

        def ask() -> str:
            with _body(upload) as (body, md5):
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + upload.key,
                    Body=body,
                    ContentLength=upload.size,
                    ContentMD5=md5,
                    ContentType=upload.content_type,
                    CacheControl=upload.cache_control,
                    Metadata={"sha256": upload.sha256},
                    **_conditions(when),
                )
            return str(answer.get("ETag", ""))

        with said(self.name, upload.key):
            return _again(ask)

    def dress(self, output: Output) -> str:
        """Copy the object onto itself with other headers: its bytes stay where they are."""
        key = self.prefix + output.key
        with said(self.name, output.key):
            answer = self.client.copy_object(
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

    def _absent(self, ask: Callable[[], T]) -> T | None:
        from botocore.exceptions import ClientError

        try:
            return ask()
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}:
                return None
            raise


def _unasked(request: Any, **_: object) -> None:  # noqa: ANN401
    """Take `Expect: 100-continue` off small bodies: it costs each a round trip."""
    if int(request.headers.get("Content-Length", 0)) <= SMALL:
        del request.headers["Expect"]


def _conditions(when: Condition) -> dict[str, str]:
    if when.absent:
        return {"IfNoneMatch": "*"}
    return {"IfMatch": when.etag} if when.etag else {}


def _again(ask: Callable[[], T]) -> T:
    """Ask again where botocore does not: two writers at once, a body damaged or cut short."""
    from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

    for wait in PATIENCE:
        try:
            return ask()
        except (IncompleteReadError, ResponseStreamingError):
            time.sleep(wait)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ConditionalRequestConflict", "OperationAborted", "BadDigest"}:
                raise
            time.sleep(wait)
    return ask()


@contextlib.contextmanager
def _body(upload: Upload) -> Iterator[tuple[IO[bytes], str]]:
    """The open body and its MD5 in base64, once its sha256 is seen to be what was planned."""
    with contextlib.ExitStack() as stack:
        body: IO[bytes]
        if isinstance(upload.content, bytes):
            body = io.BytesIO(upload.content)
        elif upload.size <= SMALL:
            body = io.BytesIO(_read(upload.content))
        else:
            body = stack.enter_context(upload.content.open("rb"))
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        while block := body.read(1 << 20):
            md5.update(block)
            sha256.update(block)
        body.seek(0)
        if sha256.hexdigest() != upload.sha256:
            raise Failed(f"{upload.key} changed after it was built", "build again")
        yield body, base64.b64encode(md5.digest()).decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}", "build again") from error
