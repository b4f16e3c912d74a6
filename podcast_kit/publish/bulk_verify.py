"""Asks for many files at their public addresses at once, at a third of the cost of the careful way.

A new show with a thousand files needs two thousand requests. Here only files that answer exactly as podcast apps need
it are recognized; every other is asked for once more by `verify`, which follows redirects and says what is wrong.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from podcast_kit.io import raw_http
from podcast_kit.io.http_client import USER_AGENT, has_proxy_settings, request_target
from podcast_kit.io.raw_http import LoopThread
from podcast_kit.limits import RESPONSE_TIMEOUT_S
from podcast_kit.model import Output, Response, public_url

if TYPE_CHECKING:
    from podcast_kit.io.raw_http import Connection

MIN_FILES = 16
"""Files from which this is quicker than a connection for each of them."""
RANGE_HEADER = "Range: bytes=0-1"
DEFAULT_PORTS = {"http": 80, "https": 443}


def find_answering_files(
    base_url: str, outputs: Sequence[Output], is_right: Callable[[Output, Response, Response | None], bool]
) -> Iterator[str]:
    """The keys of the outputs whose responses are right, in any order.

    `is_right` gets the response to HEAD, and that to a request for the first two bytes, if there are so many.
    """
    if len(outputs) < MIN_FILES or has_proxy_settings():
        return
    with suppress(OSError, ValueError, KeyError):  # the careful way says why
        run = _BulkCheck(base_url, outputs, is_right)
        yield from run.thread.run(run.ask_for_all)


class _BulkCheck:
    """The files that are still to be asked for, and what has answered."""

    def __init__(
        self, base_url: str, outputs: Sequence[Output], is_right: Callable[[Output, Response, Response | None], bool]
    ) -> None:
        address = urlsplit(base_url)
        self.host = (address.hostname or "").encode("idna").decode()
        self.port = address.port or DEFAULT_PORTS[address.scheme]
        self.tls = ssl.create_default_context() if address.scheme == "https" else None
        self.base_url, self.queue, self.is_right = base_url, deque(outputs), is_right
        self.thread = LoopThread[str]()

    async def ask_for_all(self) -> None:
        """Ask over several connections at once."""
        import asyncio

        connections = raw_http.count_connections(len(self.queue))
        await asyncio.gather(*(self._run_connection() for _ in range(connections)))

    async def _run_connection(self) -> None:
        """Ask for files over one connection until one does not answer as it should: that host is asked carefully."""
        import asyncio

        connection: Connection | None = None
        try:
            connection = await raw_http.open_connection(self.host, self.port, self.tls)
            while self.queue:
                async with asyncio.timeout(RESPONSE_TIMEOUT_S):
                    if not await self._check_file(connection, self.queue.popleft()):
                        break
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            raw_http.close_connection(connection)

    async def _check_file(self, connection: Connection, output: Output) -> bool:
        """Whether the connection can be used for another file."""
        url = public_url(self.base_url, output.key)
        head, body_bytes = await self._ask(connection, "HEAD", url)
        if body_bytes is None:
            return False
        part: Response | None = None
        part_bytes: int | None = 0
        if output.size > 1:
            part, part_bytes = await self._ask(connection, "GET", url, RANGE_HEADER)
            if part_bytes is not None:
                await connection[0].readexactly(part_bytes)
        if self.is_right(output, head, part):
            self.thread.add_result(output.key)
        return part_bytes is not None

    async def _ask(
        self, connection: Connection, method: str, url: str, *more_headers: str
    ) -> tuple[Response, int | None]:
        """A response, and how long its body is, if the connection is kept after it."""
        parts = urlsplit(url)
        lines = (
            f"{method} {request_target(parts)} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            f"User-Agent: {USER_AGENT}",
            "Accept-Encoding: identity",
            *more_headers,
            *("", ""),
        )
        connection[1].write("\r\n".join(lines).encode("ascii"))
        head = await raw_http.read_head(connection[0])
        # A file may be of any length: of a HEAD only whether the connection is closed counts.
        length = head.body_bytes if method != "HEAD" else (None if head.is_closing else 0)
        return Response(url=url, status=head.status, headers=head.headers), length
