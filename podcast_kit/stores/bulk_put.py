"""Many small objects without the detours of a general client: one signature, one write, one reply, side by side.

botocore spends 1.3 ms of processor time on a PutObject, whatever its size, and threads that wait for each other as
much again; this spends 0.2 ms. It knows the way from a request that botocore has signed and the store has taken,
and it knows nothing but success: for any other answer, or none, botocore asks again, with its patience and its words.
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

    Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]

Arrived = SimpleQueue[tuple[Upload, str] | None]

SMALL = 256 << 10
"""Bytes up to which the way there costs more than the body."""
FEW, LINES = 16, 128
"""Connections at a time, the fewest and the most; between them, one for each four files."""
SHARE = 4
"""No more than one in so many of the files that a process may have open: on a Mac those are 256."""
CONNECT = 10
"""Seconds."""
SILENCE = 60
"""Seconds without a byte after which nobody is waited for who is sent a file."""
SLOW = 32_000
"""Bytes a second, of all that is on its way, below which a line is given up."""
LENGTH = re.compile(rb"\d{1,5}")
"""Of the body of a reply, for the connection to be kept: an error's is short."""
ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE = re.compile(rf"{ALGORITHM} Credential=.*/\d{{8}}/([^/]+)/s3/aws4_request,")
STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})\b")
HEADERS = re.compile(rb"\r\n(etag|content-length|connection):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
SAFE = "/~"
"""Besides letters, digits and `-._`, what a key keeps in an address (Signature Version 4)."""


class Direct:
    """PutObject below one address, over connections that are kept while there is something to send."""

    def __init__(
        self,
        base: str,
        region: str,
        credentials: Any,  # noqa: ANN401  # botocore has no types
        certificates: str | bool,
        count: Callable[[], None],
    ) -> None:
        address = urlsplit(base)
        secure = address.scheme == "https"
        self.host, self.port = address.hostname or "", address.port or (443 if secure else 80)
        self.named = address.netloc
        self.path = address.path
        self.region = region
        self.credentials = credentials
        self.tls = _tls(certificates) if secure else None
        self.count = count
        self.works = True
        self.proven = False
        """Whether anybody has taken a file this way, or said that it is there."""
        self.under_way = 0
        """Bytes."""

    @classmethod
    def like(
        cls,
        request: Any,  # noqa: ANN401
        prefix: str,
        key: str,
        credentials: Any,  # noqa: ANN401
        certificates: str | bool,
        count: Callable[[], None],
    ) -> Direct | None:
        """The way to what lies below a prefix, as a PutObject there took it; None where it is no plain one."""
        from botocore.utils import get_environ_proxies

        end, before = quote(key, safe=SAFE), quote(prefix, safe=SAFE)
        scope = SCOPE.match(_text(request.headers.get("Authorization", "")))
        proxied = get_environ_proxies(request.url).get(urlsplit(request.url).scheme)
        if not scope or not request.url.endswith(f"/{before}{end}") or "?" in request.url or proxied:
            return None
        return cls(request.url.removesuffix(end), scope[1], credentials, certificates, count)

    def send(self, uploads: Iterable[Upload], *, absent: bool) -> Iterator[tuple[Upload, str]]:
        """Put them; tell each that the store took, with its new ETag, as soon as that is known.

        What is not told of has to be put by somebody with more patience. With `absent`, only where nothing is yet.
        Raises Failed when a file has changed since it was built.
        """
        import asyncio

        waiting, arrived = deque(uploads), Arrived()
        stops: list[Callable[[], object]] = []

        async def every() -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            stops.append(lambda: task and loop.call_soon_threadsafe(task.cancel))
            lines = min(LINES, len(waiting), max(FEW, len(waiting) // 4), max(1, _files() // SHARE))
            await asyncio.gather(*(self._line(waiting, arrived, absent=absent) for _ in range(lines)))
            self.works = self.works and self.proven

        with ThreadPoolExecutor(1) as aside:  # whoever calls may have a loop of its own at work
            sending = aside.submit(lambda: asyncio.run(every()))
            sending.add_done_callback(lambda _: arrived.put(None))
            try:
                while (one := arrived.get()) is not None:
                    yield one
            except BaseException:
                waiting.clear()
                for stop in stops:
                    with suppress(RuntimeError):  # it has just ended by itself
                        stop()
                raise
            sending.result()

    async def _line(self, waiting: deque[Upload], arrived: Arrived, *, absent: bool) -> None:
        """One connection, kept from file to file."""
        import asyncio

        line: Line | None = None
        try:
            while waiting and self.works:
                upload = waiting.popleft()
                request = self._request(upload, absent=absent)
                if line and line[0].at_eof():
                    line = _hang_up(line)
                kept, keep = line is not None, False
                try:
                    line = line or await self._connected()
                    self.count()
                    async with self._timed(len(request)):
                        line[1].write(request)
                        status, etag, keep = await _reply(line[0])
                except (OSError, EOFError, asyncio.LimitOverrunError):
                    # A kept connection may have been closed by the other side. A new one that fails is one too many,
                    # or the way is barred: then no other gets through.
                    if not kept:
                        break
                else:
                    if status == 200:  # noqa: PLR2004  # RFC 9110, 15.3.1
                        arrived.put((upload, etag))
                    if status in {200, 412}:  # RFC 9110, 15.5.13: there is something already, and the way is sound
                        self.proven = True
                    else:  # a store that asks for less (503, 429), or does not take this, is not asked so again
                        self.works = False
                if not keep:
                    line = _hang_up(line)
        finally:
            _hang_up(line)

    @asynccontextmanager
    async def _timed(self, size: int) -> AsyncIterator[None]:
        """Time for a request among all the others: they share one way, and arrive together."""
        import asyncio

        self.under_way += size
        try:
            async with asyncio.timeout(SILENCE + self.under_way / SLOW):
                yield
        finally:
            self.under_way -= size

    async def _connected(self) -> Line:
        import asyncio

        async with asyncio.timeout(CONNECT):
            return await asyncio.open_connection(self.host, self.port, ssl=self.tls)

    def _request(self, upload: Upload, *, absent: bool) -> bytes:
        body = upload.read()
        headers = {
            "cache-control": upload.cache_control,
            "content-md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
            "content-type": upload.content_type,
            "x-amz-meta-sha256": upload.sha256,
        }
        if absent:
            headers["if-none-match"] = "*"
        return self._head(quote(upload.key, safe=SAFE), len(body), upload.sha256, headers) + body

    def _head(self, path: str, size: int, sha256: str, headers: Mapping[str, str]) -> bytes:
        """Request line and headers, signed.

        https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
        """
        who = self.credentials.get_frozen_credentials()
        moment = format_basic_iso(datetime.fromtimestamp(time.time(), UTC))
        signed = {**headers, "host": self.named, "x-amz-content-sha256": sha256, "x-amz-date": moment}
        if who.token:
            signed["x-amz-security-token"] = who.token
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        names = ";".join(sorted(signed))
        canonical = "\n".join(["PUT", self.path + path, "", *lines, "", names, sha256])
        scope = [moment[:8], self.region, "s3", "aws4_request"]
        key = _signing_key(who.secret_key, *scope)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join([ALGORITHM, moment, "/".join(scope), digest])
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = "/".join([who.access_key, *scope])
        lines += [
            f"Authorization:{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
            f"Content-Length:{size}",
            "User-Agent:podcast-kit",
        ]
        return "\r\n".join([f"PUT {self.path}{path} HTTP/1.1", *lines, "", ""]).encode()


@lru_cache(1)
def _signing_key(secret: str, *scope: str) -> bytes:
    """Of a day."""
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


async def _reply(reader: asyncio.StreamReader) -> tuple[int, str, bool]:
    """Status, ETag, and whether the connection can be kept."""
    head = await reader.readuntil(b"\r\n\r\n")
    while (status := STATUS.match(head)) and status[2].startswith(b"1"):  # RFC 9110, 15.2: more will follow
        head = await reader.readuntil(b"\r\n\r\n")
    if not status:
        raise ConnectionError(f"no reply in HTTP/1: {head[:80]!r}")
    headers = {name.lower(): value for name, value in HEADERS.findall(head)}
    size = headers.get(b"content-length", b"")
    closing = headers.get(b"connection", b"").lower() == b"close" or status[1] == b"0"
    keep = bool(LENGTH.fullmatch(size)) and not closing
    if keep:
        await reader.readexactly(int(size))
    return int(status[2]), headers.get(b"etag", b"").decode("latin-1"), keep


def _files() -> int:
    """How many files this process may have open."""
    try:
        import resource
    except ImportError:  # Windows, where nobody counts them
        return LINES * SHARE
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return LINES * SHARE if soft == resource.RLIM_INFINITY else soft


def _hang_up(line: Line | None) -> Line | None:
    """No line any more."""
    if line:
        line[1].transport.abort()
    return None


def _tls(certificates: str | bool) -> ssl.SSLContext:
    """Trust those whom botocore trusts."""
    from botocore.httpsession import get_cert_path

    path = Path(get_cert_path(certificates))
    folder = path.is_dir()
    return ssl.create_default_context(cafile=None if folder else str(path), capath=str(path) if folder else None)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
