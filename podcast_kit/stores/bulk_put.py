"""Bulk upload of many small files without botocore: one signature, one write, one response each, concurrently.

botocore spends 1.3 ms of CPU time on a PutObject of any size, and its threads wait for each other as long again; this
takes 0.2 ms. Host, region and credentials come from a request that botocore signed and the store accepted. Only
success is handled here: after any other response, or none, the file is left to botocore's retries and messages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from podcast_kit.stores import Upload
from podcast_kit.text.dates import format_basic_iso

if TYPE_CHECKING:
    import asyncio

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ResultQueue = SimpleQueue[tuple[Upload, str] | None]

MAX_BULK_FILE_BYTES = 256 << 10
"""Size up to which the overhead of a request exceeds the cost of its body."""
MIN_CONNECTIONS, MAX_CONNECTIONS = 16, 128
"""Concurrent connections: one for every four files, within these limits."""
OPEN_FILES_SHARE = 4
"""Use at most 1/4 of the files that a process may have open: on a Mac the limit is 256."""
CONNECT_TIMEOUT_S = 10
UPLOAD_TIMEOUT_S = 60
"""Timeout for the response to an upload, in addition to the time for sending it."""
MIN_BYTES_PER_S = 32_000
"""Total upload rate below which a connection is given up."""
BODY_LENGTH = re.compile(rb"\d{1,5}")
"""Content-Length of a response whose connection is kept: the bodies of errors are short."""
ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE = re.compile(rf"{ALGORITHM} Credential=.*/\d{{8}}/([^/]+)/s3/aws4_request,")
STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})\b")
RESPONSE_HEADERS = re.compile(rb"\r\n(etag|content-length|connection):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
UNQUOTED_CHARS = "/~"
"""Characters of a key that stay unquoted in a URL, besides letters, digits and `-._` (Signature Version 4)."""


class BulkUploader:
    """Sends PutObject requests below one URL, over kept-alive connections."""

    def __init__(
        self,
        base: str,
        region: str,
        credentials: Any,  # noqa: ANN401  # botocore has no types
        certificates: str | bool,
        count_request: Callable[[], None],
    ) -> None:
        address = urlsplit(base)
        is_secure = address.scheme == "https"
        self.host, self.port = address.hostname or "", address.port or (443 if is_secure else 80)
        self.netloc = address.netloc
        self.path = address.path
        self.region = region
        self.credentials = credentials
        self.tls = _tls_context(certificates) if is_secure else None
        self.count_request = count_request
        self.is_usable = True
        """False after a response that only botocore can handle."""
        self.is_proven = False
        """Whether the store has accepted a request, or answered that the key exists."""
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
        return cls(request.url.removesuffix(quoted_key), scope[1], credentials, certificates, count_request)

    def put_all(self, uploads: Iterable[tuple[Upload, Mapping[str, str]]]) -> Iterator[tuple[Upload, str]]:
        """Put them, and yield each that the store accepted with its new ETag, as soon as that is known.

        With each come the headers of its condition. Uploads that are not yielded have to be put another way.
        Raises OperationError when a file changed after it was built.
        """
        import asyncio

        queue, results = deque(uploads), ResultQueue()
        stops: list[Callable[[], object]] = []

        async def run_connections() -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            stops.append(lambda: task and loop.call_soon_threadsafe(task.cancel))
            connections = min(
                MAX_CONNECTIONS,
                len(queue),
                max(MIN_CONNECTIONS, len(queue) // 4),
                max(1, _max_open_files() // OPEN_FILES_SHARE),
            )
            await asyncio.gather(*(self._run_connection(queue, results) for _ in range(connections)))
            self.is_usable = self.is_usable and self.is_proven

        with ThreadPoolExecutor(1) as pool:  # the caller may have a running event loop
            future = pool.submit(lambda: asyncio.run(run_connections()))
            future.add_done_callback(lambda _: results.put(None))
            try:
                while (result := results.get()) is not None:
                    yield result
            except BaseException:
                queue.clear()
                for stop in stops:
                    with suppress(RuntimeError):  # the loop has just ended
                        stop()
                raise
            future.result()

    async def _run_connection(self, queue: deque[tuple[Upload, Mapping[str, str]]], results: ResultQueue) -> None:
        """Send files over one connection, which is kept alive between them."""
        import asyncio

        connection: Connection | None = None
        try:
            while queue and self.is_usable:
                upload, condition = queue.popleft()
                request = self._signed_put(upload, condition)
                if connection and connection[0].at_eof():
                    connection = _close_connection(connection)
                was_open, keep_alive = connection is not None, False
                try:
                    connection = connection or await self._connect()
                    self.count_request()
                    async with self._request_timeout(len(request)):
                        connection[1].write(request)
                        status, etag, keep_alive = await _read_response(connection[0])
                except (OSError, EOFError, asyncio.LimitOverrunError):
                    # The store may have closed an idle connection. If a new one fails, there are too many, or
                    # something blocks this kind of request: then every other fails too.
                    if not was_open:
                        break
                else:
                    if status == 200 and etag:  # noqa: PLR2004  # RFC 9110, 15.3.1
                        results.put((upload, etag))
                    if status in {200, 412}:  # RFC 9110, 15.5.13: the key exists, and the request was understood
                        self.is_proven = True
                    else:  # a store that throttles (503, 429) or rejects such a request gets no more of them
                        self.is_usable = False
                if not keep_alive:
                    connection = _close_connection(connection)
        finally:
            _close_connection(connection)

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

    async def _connect(self) -> Connection:
        import asyncio

        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return await asyncio.open_connection(self.host, self.port, ssl=self.tls)

    def _signed_put(self, upload: Upload, condition: Mapping[str, str]) -> bytes:
        body = upload.read_verified()
        headers = {
            "cache-control": upload.cache_control,
            "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "content-type": upload.content_type,
            "x-amz-meta-sha256": upload.sha256,
            **condition,
        }
        return self._signed_head(quote(upload.key, safe=UNQUOTED_CHARS), len(body), upload.sha256, headers) + body

    def _signed_head(self, path: str, size: int, sha256: str, headers: Mapping[str, str]) -> bytes:
        """Render the request line and the signed headers.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
        """
        credentials = self.credentials.get_frozen_credentials()
        timestamp = format_basic_iso(datetime.fromtimestamp(time.time(), UTC))
        signed = {**headers, "host": self.netloc, "x-amz-content-sha256": sha256, "x-amz-date": timestamp}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        names = ";".join(sorted(signed))
        canonical_request = "\n".join(["PUT", self.path + path, "", *lines, "", names, sha256])
        scope = [timestamp[:8], self.region, "s3", "aws4_request"]
        key = _signing_key(credentials.secret_key, *scope)
        digest = hashlib.sha256(canonical_request.encode()).hexdigest()
        string_to_sign = "\n".join([ALGORITHM, timestamp, "/".join(scope), digest])
        signature = hmac.digest(key, string_to_sign.encode(), "sha256").hex()
        credential = "/".join([credentials.access_key, *scope])
        lines += [
            f"Authorization:{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
            f"Content-Length:{size}",
            "User-Agent:podcast-kit",
        ]
        return "\r\n".join([f"PUT {self.path}{path} HTTP/1.1", *lines, "", ""]).encode()


@lru_cache(1)
def _signing_key(secret: str, *scope: str) -> bytes:
    """The key for one day."""
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


async def _read_response(reader: asyncio.StreamReader) -> tuple[int, str, bool]:
    """Return the status, the ETag, and whether the connection can be reused."""
    head = await reader.readuntil(b"\r\n\r\n")
    while (status := STATUS.match(head)) and status[2].startswith(b"1"):  # RFC 9110, 15.2: the final one follows
        head = await reader.readuntil(b"\r\n\r\n")
    if not status:
        raise ConnectionError(f"not an HTTP/1 response: {head[:80]!r}")
    headers = {name.lower(): value for name, value in RESPONSE_HEADERS.findall(head)}
    size = headers.get(b"content-length", b"")
    is_closing = headers.get(b"connection", b"").lower() == b"close" or status[1] == b"0"
    keep_alive = bool(BODY_LENGTH.fullmatch(size)) and not is_closing
    if keep_alive:
        await reader.readexactly(int(size))
    return int(status[2]), headers.get(b"etag", b"").decode("latin-1"), keep_alive


def _max_open_files() -> int:
    """How many files this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONNECTIONS * OPEN_FILES_SHARE
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS * OPEN_FILES_SHARE if soft == resource.RLIM_INFINITY else soft


def _close_connection(connection: Connection | None) -> Connection | None:
    """Close it, if there is one, and return None."""
    if connection:
        connection[1].transport.abort()
    return None


def _tls_context(certificates: str | bool) -> ssl.SSLContext:
    """Trust the certificates that botocore trusts."""
    from botocore.httpsession import get_cert_path

    path = Path(get_cert_path(certificates))
    is_folder = path.is_dir()
    return ssl.create_default_context(cafile=None if is_folder else str(path), capath=str(path) if is_folder else None)


def _decode_header(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
