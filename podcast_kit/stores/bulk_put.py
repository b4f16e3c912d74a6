"""Bulk upload of many small files without botocore: one signature, one write, one response each, concurrently.

botocore spends 1.3 ms of CPU time on a PutObject of any size, and its threads wait for each other as long again; this
takes 0.2 ms. Host, region and credentials come from a request that botocore signed and the store accepted. Only
success is handled here: after any other response, or none, the file is left to botocore's retries and messages.
"""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from podcast_kit.io import raw_http
from podcast_kit.io.raw_http import LoopThread
from podcast_kit.stores import Upload
from podcast_kit.stores.signing import ALGORITHM, UNQUOTED_CHARS, RequestSigner

if TYPE_CHECKING:
    from podcast_kit.io.raw_http import Connection

MAX_BULK_FILE_BYTES = 256 << 10
"""Size up to which the overhead of a request exceeds the cost of its body."""
UPLOAD_TIMEOUT_S = 60
"""Timeout for the response to an upload, in addition to the time for sending it."""
MIN_BYTES_PER_S = 32_000
"""Total upload rate below which a connection is given up."""
SCOPE = re.compile(rf"{ALGORITHM} Credential=.*/\d{{8}}/([^/]+)/s3/aws4_request,")


class BulkUploader:
    """Sends PutObject requests below one URL, over kept-alive connections."""

    def __init__(
        self,
        base: str,
        region: str,
        credentials: Any,  # noqa: ANN401  # botocore has no types
        tls: ssl.SSLContext | None,
        count_request: Callable[[], None],
    ) -> None:
        address = urlsplit(base)
        is_secure = address.scheme == "https"
        self.host, self.port = address.hostname or "", address.port or (443 if is_secure else 80)
        self.path = address.path
        self.signer = RequestSigner(address.netloc, region, credentials)
        self.tls = tls
        self.count_request = count_request
        self.is_usable = True
        """False after a response that only botocore can handle."""
        self.is_proven = False
        """Whether the store has accepted a request, or answered that the key exists."""
        self.is_far = False
        """Whether each answer takes long on its way."""
        self.bytes_in_flight = 0

    @classmethod
    def from_signed_request(
        cls,
        request: Any,  # noqa: ANN401
        prefix: str,
        key: str,
        credentials: Any,  # noqa: ANN401
        certificates: str | bool,
        count_request: Callable[[], None],
    ) -> BulkUploader | None:
        """An uploader for keys below a prefix, made from a signed PutObject there; None where it cannot work.

        It cannot work through a proxy, or where the URL or the signature has another form.
        """
        from botocore.utils import get_environ_proxies

        quoted_key, quoted_prefix = quote(key, safe=UNQUOTED_CHARS), quote(prefix, safe=UNQUOTED_CHARS)
        scope = SCOPE.match(_decode_header(request.headers.get("Authorization", "")))
        proxy = get_environ_proxies(request.url).get(urlsplit(request.url).scheme)
        if not scope or not request.url.endswith(f"/{quoted_prefix}{quoted_key}") or "?" in request.url or proxy:
            return None
        tls = _tls_context(certificates) if request.url.startswith("https:") else None
        return cls(request.url.removesuffix(quoted_key), scope[1], credentials, tls, count_request)

    def put_all(self, uploads: Iterable[tuple[Upload, Mapping[str, str]]]) -> Iterator[tuple[Upload, str]]:
        """Put them, and yield each that the store accepted with its new ETag, as soon as that is known.

        With each come the headers of its condition. Uploads that are not yielded have to be put another way.
        Raises OperationError when a file changed after it was built.
        """
        queue, thread = deque(uploads), LoopThread[tuple[Upload, str]]()

        async def run_connections() -> None:
            import asyncio

            connections = raw_http.count_connections(len(queue), is_far=self.is_far)
            await asyncio.gather(*(self._run_connection(queue, thread) for _ in range(connections)))
            self.is_usable = self.is_usable and self.is_proven

        yield from thread.run(run_connections)

    async def _run_connection(
        self, queue: deque[tuple[Upload, Mapping[str, str]]], thread: LoopThread[tuple[Upload, str]]
    ) -> None:
        """Send files over one connection, which is kept alive between them."""
        import asyncio

        connection: Connection | None = None
        try:
            while queue and self.is_usable:
                upload, condition = queue.popleft()
                request = self._signed_put(upload, condition)
                if connection and connection[0].at_eof():
                    raw_http.close_connection(connection)
                    connection = None
                was_open, keep_alive = connection is not None, False
                try:
                    connection = connection or await raw_http.open_connection(self.host, self.port, self.tls)
                    self.count_request()
                    async with self._request_timeout(len(request)):
                        connection[1].write(request)
                        head = await raw_http.read_head(connection[0])
                        keep_alive = head.body_bytes is not None
                        await connection[0].readexactly(head.body_bytes or 0)
                except (OSError, EOFError, asyncio.LimitOverrunError):
                    # The store may have closed an idle connection. If a new one fails, there are too many, or
                    # something blocks this kind of request: then every other fails too.
                    if not was_open:
                        break
                else:
                    if head.status == 200 and head.headers.get("etag"):  # noqa: PLR2004  # RFC 9110, 15.3.1
                        thread.add_result((upload, head.headers["etag"]))
                    if head.status in {200, 412}:  # RFC 9110, 15.5.13: the key exists, and the request was understood
                        self.is_proven = True
                    else:  # a store that throttles (503, 429) or rejects such a request gets no more of them
                        self.is_usable = False
                if not keep_alive:
                    raw_http.close_connection(connection)
                    connection = None
        finally:
            raw_http.close_connection(connection)

    @asynccontextmanager
    async def _request_timeout(self, size: int) -> AsyncIterator[None]:
        """Limit a request's time by all bytes in flight: concurrent requests share one link and finish together."""
        import asyncio

        self.bytes_in_flight += size
        try:
            async with asyncio.timeout(UPLOAD_TIMEOUT_S + self.bytes_in_flight / MIN_BYTES_PER_S):
                yield
        finally:
            self.bytes_in_flight -= size

    def _signed_put(self, upload: Upload, condition: Mapping[str, str]) -> bytes:
        body = upload.read_verified()
        headers = {
            "cache-control": upload.cache_control,
            "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "content-type": upload.content_type,
            "x-amz-meta-sha256": upload.sha256,
            **condition,
        }
        path = self.path + quote(upload.key, safe=UNQUOTED_CHARS)
        lines = self.signer.signed_lines("PUT", path, upload.sha256, headers)
        lines.append(f"Content-Length:{len(body)}")
        return "\r\n".join([f"PUT {path} HTTP/1.1", *lines, "", ""]).encode() + body


def _tls_context(certificates: str | bool) -> ssl.SSLContext:
    """Trust the certificates that botocore trusts."""
    from botocore.httpsession import get_cert_path

    path = Path(get_cert_path(certificates))
    is_folder = path.is_dir()
    return ssl.create_default_context(cafile=None if is_folder else str(path), capath=str(path) if is_folder else None)


def _decode_header(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
