"""boto3's clients of one store: their timeouts and retries, and a count of requests.

botocore makes up to `MAX_ATTEMPTS` attempts, and `QUERY_ATTEMPTS` for a query that times out. `s3._retry` handles the
responses that botocore does not retry; `io.http_client` has its own retries for public addresses.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.stores.answers import (
    accept_odd_timestamps,
    report_lost_create,
    require_complete_heads,
    retry_incomplete_answer,
)
from podcast_kit.stores.bulk_put import UPLOAD_TIMEOUT_S, BulkUploader
from podcast_kit.stores.errors import translate_boto_errors
from podcast_kit.stores.plain_requests import PlainRequests

MAX_ATTEMPTS = 8
QUERY_TIMEOUT_S, QUERY_ATTEMPTS = 10, 3
"""Timeout of a query, and how often a query that times out is sent."""


class S3Clients:
    """Shared by all threads, and created at first use: importing boto3 takes a quarter of a second.

    Credentials come only from boto3's own chain.
    """

    def __init__(
        self,
        name: str,
        *,
        endpoint: str,
        region: str,
        virtual: bool,
        connections: int,
        query_timeout: float = QUERY_TIMEOUT_S,
        on_waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.name = name
        """Name of the store, for messages."""
        self.endpoint = endpoint
        self.region = region
        self.virtual = virtual
        """Whether the bucket is part of the host name."""
        self.connections = connections
        self.query_timeout = query_timeout
        self.on_waiting = on_waiting
        """Receives, from any thread, the name of a host that is slow to answer."""
        self.requests = 0
        self._clients: tuple[Any, Any] | None = None
        self._clients_lock = threading.Lock()
        self._signed_request: Any = None
        """The last PutObject that botocore signed."""

    @property
    def query_client(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """For queries, with a short timeout."""
        return self._get_clients()[0]

    @property
    def upload_client(self) -> Any:  # noqa: ANN401
        """For uploads, with a long timeout: a store may take long over a large file."""
        return self._get_clients()[1]

    def plain_requests(self, bucket: str) -> PlainRequests | None:
        """Requests for this bucket without botocore; None where only botocore knows all settings."""
        if self.virtual or not self.endpoint:
            return None
        region = self.region or os.environ.get("AWS_DEFAULT_REGION") or "auto"
        return PlainRequests.from_environment(
            self.endpoint, bucket, region, timeout_s=self.query_timeout, count_request=self._count_request
        )

    def bulk_uploader(self, prefix: str, key: str) -> BulkUploader | None:
        """An uploader for keys below the prefix, made from the signed PutObject of this key; else None."""
        return BulkUploader.from_signed_request(
            self._signed_request, prefix, key, *self._credentials_and_ca, self._count_request
        )

    def _get_clients(self) -> tuple[Any, Any]:
        with self._clients_lock:
            self._clients = self._clients or self._create_clients()
        return self._clients

    def _create_clients(self) -> tuple[Any, Any]:
        import boto3
        import botocore.session
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            # The signed Content-MD5 protects the body, with and without TLS: no need to hash it once more.
            s3={"addressing_style": "virtual" if self.virtual else "path", "payload_signing_enabled": False},
            # The defaults add a trailer that R2, GCS and others refuse, or store as a Content-Encoding.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            connect_timeout=self.query_timeout,
            max_pool_connections=self.connections,
            tcp_keepalive=True,
        )
        with translate_boto_errors(self.name):
            core = botocore.session.get_session()
            accept_odd_timestamps(core)
            session = boto3.session.Session(botocore_session=core)
            region = self.region or session.region_name or ("auto" if self.endpoint else "us-east-1")
            query_client, upload_client = (
                session.client(
                    "s3",
                    endpoint_url=self.endpoint or None,
                    region_name=region,
                    config=config.merge(Config(read_timeout=timeout)),
                )
                for timeout in (self.query_timeout, UPLOAD_TIMEOUT_S)
            )
            certificates = core.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
            self._credentials_and_ca = session.get_credentials(), certificates
        for client in (query_client, upload_client):
            client.meta.events.register("before-send.s3", self._before_send)
            client.meta.events.register("before-send.s3.PutObject", self._remember_request)
            client.meta.events.register("needs-retry.s3", self._report_waiting)
            client.meta.events.register("needs-retry.s3", retry_incomplete_answer)
            client.meta.events.register("needs-retry.s3.CreateMultipartUpload", report_lost_create)
            require_complete_heads(client)
        query_client.meta.events.register("needs-retry.s3", self._limit_timeouts)
        return query_client, upload_client

    def _before_send(self, request: Any, **_: object) -> None:  # noqa: ANN401
        """Count the request, and remove `Expect: 100-continue`, which costs each upload a round trip."""
        self._count_request()
        if "Expect" in request.headers:
            del request.headers["Expect"]

    def _count_request(self) -> None:
        self.requests += 1

    def _remember_request(self, request: Any, **_: object) -> None:  # noqa: ANN401
        self._signed_request = request

    def _report_waiting(self, request_dict: Any, caught_exception: Exception | None, **_: object) -> None:  # noqa: ANN401
        if caught_exception:
            self.on_waiting(urlsplit(request_dict["url"]).netloc)

    def _limit_timeouts(
        self,
        request_dict: Any,  # noqa: ANN401
        attempts: int,
        caught_exception: Exception | None,
        **_: object,
    ) -> None:
        """Raise OperationError after `QUERY_ATTEMPTS` timeouts; other failures are left to botocore's retries."""
        from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

        if attempts >= QUERY_ATTEMPTS and isinstance(caught_exception, (ConnectTimeoutError, ReadTimeoutError)):
            host = urlsplit(request_dict["url"]).netloc
            text = (
                f"cannot reach the endpoint {host}: {attempts} attempts timed out after {self.query_timeout:g} s each"
            )
            fix = "check publish.endpoint, your connection and the store's status, then rerun; nothing was lost"
            raise OperationError(f"{self.name}: {text}", fix) from caught_exception
