"""boto3's clients of one store: how long each waits, what is counted, and who hears of it.

Who is asked again, and how often: botocore does so `ATTEMPTS` times, for a question that meets silence `TRIES` times;
what botocore takes for an answer is asked again in `s3._again`; public addresses have a patience of their own (`web`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.stores.bulk_put import SILENCE, Direct
from podcast_kit.stores.errors import said

ATTEMPTS = 8
SOON, TRIES = 10, 3
"""Seconds within which a question is answered, and how often it is put to somebody who says nothing at all."""


class Clients:
    """For all threads, made when first asked for: importing boto3 costs a quarter of a second.

    Credentials come from boto3's own chain, and from nowhere else.
    """

    def __init__(
        self,
        name: str,
        *,
        endpoint: str,
        region: str,
        virtual: bool,
        connections: int,
        soon: float = SOON,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.name = name
        """Of the store, in messages."""
        self.endpoint = endpoint
        self.region = region
        self.virtual = virtual
        """Whether the bucket's name stands in the host's."""
        self.connections = connections
        self.soon = soon
        self.waiting = waiting
        """Hears, from any thread, the name of a host that is long in answering."""
        self.requests = 0
        self._made: tuple[Any, Any] | None = None
        self._making = threading.Lock()
        self._shown: Any = None
        """The last PutObject that botocore signed."""

    @property
    def asking(self) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """For questions: somebody who does not answer them soon does not answer at all."""
        return self._both()[0]

    @property
    def sending(self) -> Any:  # noqa: ANN401
        """For what is sent: a store may think long about a large file, and a doubtful write costs more than waiting."""
        return self._both()[1]

    def short_way(self, prefix: str, key: str) -> Direct | None:
        """The way to what lies below the prefix, as the PutObject of this key took it just now, without botocore."""
        return Direct.like(self._shown, prefix, key, *self._trust, self._count)

    def _both(self) -> tuple[Any, Any]:
        with self._making:
            self._made = self._made or self._make()
        return self._made

    def _make(self) -> tuple[Any, Any]:
        import boto3
        import botocore.session
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            # The signed Content-MD5 vouches for the body, over TLS and without: it need not be hashed once more.
            s3={"addressing_style": "virtual" if self.virtual else "path", "payload_signing_enabled": False},
            # The defaults add a trailer that R2, GCS and others refuse, or store as a Content-Encoding.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=self.soon,
            max_pool_connections=self.connections,
            tcp_keepalive=True,
        )
        with said(self.name):
            core = botocore.session.get_session()
            session = boto3.session.Session(botocore_session=core)
            region = self.region or session.region_name or ("auto" if self.endpoint else "us-east-1")
            asking, sending = (
                session.client(
                    "s3",
                    endpoint_url=self.endpoint or None,
                    region_name=region,
                    config=config.merge(Config(read_timeout=silence)),
                )
                for silence in (self.soon, SILENCE)
            )
            certificates = core.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
            self._trust = session.get_credentials(), certificates
        for each in (asking, sending):
            each.meta.events.register("before-send.s3", self._sending)
            each.meta.events.register("before-send.s3.PutObject", self._showing)
            each.meta.events.register("needs-retry.s3", self._waiting)
        asking.meta.events.register("needs-retry.s3", self._unanswered)
        return asking, sending

    def _sending(self, request: Any, **_: object) -> None:  # noqa: ANN401
        """Count it, and take `Expect: 100-continue` off: it costs each upload a round trip."""
        self._count()
        if "Expect" in request.headers:
            del request.headers["Expect"]

    def _count(self) -> None:
        self.requests += 1

    def _showing(self, request: Any, **_: object) -> None:  # noqa: ANN401
        self._shown = request

    def _waiting(self, request_dict: Any, caught_exception: Exception | None, **_: object) -> None:  # noqa: ANN401
        if caught_exception:
            self.waiting(urlsplit(request_dict["url"]).netloc)

    def _unanswered(
        self,
        request_dict: Any,  # noqa: ANN401
        attempts: int,
        caught_exception: Exception | None,
        **_: object,
    ) -> None:
        """Raise Failed for a silence; what is refused or cut off is tried as often as botocore thinks right."""
        from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

        if attempts >= TRIES and isinstance(caught_exception, (ConnectTimeoutError, ReadTimeoutError)):
            host = urlsplit(request_dict["url"]).netloc
            text = f"the endpoint {host} does not answer: asked {attempts} times, {self.soon:g} seconds each"
            hint = "see publish.endpoint, the network, and whether the store is up; nothing is lost, run it again"
            raise OperationError(f"{self.name}: {text}", hint) from caught_exception
