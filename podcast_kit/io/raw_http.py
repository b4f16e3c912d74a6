"""HTTP/1.1 over asyncio for many small requests to one host, at a tenth of the cost of `http.client`.

Only what is plain is handled here: whatever else a host answers is left to a client that knows more of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio
    import ssl

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

FoundT = TypeVar("FoundT")
MIN_CONNECTIONS, MAX_CONNECTIONS = 16, 128
"""Concurrent connections: one for every four requests, within these limits."""
MAX_FAR_CONNECTIONS = 256
"""To a host that takes `FAR_S` to answer: waiting costs more there than connections do."""
FAR_S = 0.02
OPEN_FILES_SHARE = 4
"""Use at most 1/4 of the files that a process may have open: on a Mac the limit is 256."""
CONNECT_TIMEOUT_S = 10
RESULTS_DELAY_S = 0.02
MAX_BODY_DIGITS = 5
"""Digits of the Content-Length of a body that is read so that the connection can be kept: those of errors are short."""
_STATUS = re.compile(r"HTTP/1\.([01]) (\d{3})\b")


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Status and headers of a response."""

    status: int
    headers: dict[str, str]
    """Names in lower case; of headers that come twice the last."""
    is_http_1_0: bool = False

    @property
    def is_closing(self) -> bool:
        """Whether the connection ends after this response."""
        return self.headers.get("connection", "").lower() == "close" or self.is_http_1_0

    @property
    def body_bytes(self) -> int | None:
        """The length of the body, if the connection can be kept after it; else None. HEAD is answered without one."""
        size = self.headers.get("content-length", "")
        is_short = size.isascii() and size.isdecimal() and len(size) <= MAX_BODY_DIGITS
        is_plain = not self.is_closing and "transfer-encoding" not in self.headers
        return int(size) if is_short and is_plain else None


async def read_head(reader: asyncio.StreamReader) -> ResponseHead:
    """The head of the final response. Raises OSError, EOFError or asyncio.LimitOverrunError."""
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = _STATUS.match(lines[0])
        if not status:
            raise ConnectionError(f"not an HTTP/1 response: {lines[0][:80]!r}")
        if not status[2].startswith("1"):  # RFC 9110, 15.2: the final one follows
            break
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.lower(): value.strip(" \t") for name, _, value in pairs}
    return ResponseHead(int(status[2]), headers, is_http_1_0=status[1] == "0")


async def open_connection(host: str, port: int, tls: ssl.SSLContext | None) -> Connection:
    """A new connection; raises OSError (TimeoutError is one)."""
    import asyncio

    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        return await asyncio.open_connection(host, port, ssl=tls)


def close_connection(connection: Connection | None) -> None:
    """Close it, if there is one, without waiting."""
    if connection:
        connection[1].transport.abort()


def count_connections(requests: int, *, is_far: bool = False) -> int:
    """How many connections to open for so many requests."""
    wanted = min(MAX_FAR_CONNECTIONS if is_far else MAX_CONNECTIONS, requests, max(MIN_CONNECTIONS, requests // 4))
    return min(wanted, max(1, max_open_files() // OPEN_FILES_SHARE))


def max_open_files() -> int:
    """How many files this process may have open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONNECTIONS * OPEN_FILES_SHARE
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS * OPEN_FILES_SHARE if soft == resource.RLIM_INFINITY else soft


class LoopThread(Generic[FoundT]):
    """Runs a coroutine in a thread of its own, since the caller may have a running event loop, and yields its results.

    The coroutine passes each result to `add_result`. They reach the caller a few at a time: a thread that is woken for
    each of them takes turns with the loop, which then waits more than it works.
    """

    def __init__(self) -> None:
        self._results: SimpleQueue[list[FoundT] | None] = SimpleQueue()
        self._waiting: list[FoundT] = []

    def add_result(self, result: FoundT) -> None:
        """Let `run` yield a result, within `RESULTS_DELAY_S`; called in the loop."""
        import asyncio

        if not self._waiting:
            asyncio.get_running_loop().call_later(RESULTS_DELAY_S, self._pass_on)
        self._waiting.append(result)

    def _pass_on(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._results.put(waiting)

    def run(self, start: Callable[[], Awaitable[None]]) -> Iterator[FoundT]:
        """The results as they come. Raises what the coroutine raises; it is cancelled when the caller stops reading."""
        import asyncio

        stops: list[Callable[[], object]] = []

        async def run_until_stopped() -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            stops.append(lambda: task and loop.call_soon_threadsafe(task.cancel))
            try:
                await start()
            finally:
                self._pass_on()

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(lambda: asyncio.run(run_until_stopped()))
            future.add_done_callback(lambda _: self._results.put(None))
            try:
                while (results := self._results.get()) is not None:
                    yield from results
            except BaseException:
                for stop in stops:
                    with suppress(RuntimeError):  # the loop has just ended
                        stop()
                raise
            future.result()
