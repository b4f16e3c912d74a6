"""Asking public addresses: anonymous, bounded in time and in bytes, with every redirect remembered."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from time import monotonic
from typing import Self
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from podcast_kit import __version__
from podcast_kit.model import Response

SILENCE = 30
"""Seconds that a server may be silent."""
PATIENCE = 60
"""Seconds for all of one answer, however slowly it drips."""
MOST_HOPS = 10
BLOCK = 1 << 16
REDIRECTS = {301, 302, 303, 307, 308}
SHUT = (socket.gaierror, ssl.SSLCertVerificationError, ConnectionRefusedError)
"""What is the same for every address of a host."""
DIGITS = 18
"""Of a length that means something; Python reads 4,300, and a host may send more."""
AGENT = f"podcast-kit/{__version__}"


class Web:
    """Connections that are kept, each thread's own; what keeps an answer from coming is in its `trouble`."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._all:
            connection.close()

    def ask(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, bound: int = 0
    ) -> tuple[Response, bytes]:
        """The answer of an address after its redirects, and up to `bound` bytes of its body.

        What lies beyond is not waited for. Nothing is raised.
        """
        body = bytearray()
        until = monotonic() + PATIENCE

        def take(block: bytes) -> None:
            body.extend(block)
            if monotonic() > until:
                raise OSError(f"took longer than {PATIENCE} seconds")

        answer = self._followed(url, method, headers or {}, bound, take)
        return answer, b"" if answer.error else bytes(body)

    def fetch(self, url: str, take: Callable[[bytes], object], *, bound: int) -> Response:
        """As `ask`, with the whole body handed on block by block: a recording is longer than memory and patience.

        An OSError of `take` is a trouble as those of the network are; so is a body that is longer than `bound`,
        of which a byte more is taken, or that ends before its Content-Length.
        """
        answer = self._followed(url, "GET", {}, bound + 1, take)
        length = answer.headers.get("content-length", "")
        if answer.size > bound:
            return replace(answer, error=f"is longer than {bound:,} bytes")
        if length.isdecimal() and answer.size < int(length.lstrip("0")[:DIGITS] or 0) and not answer.error:
            return replace(answer, error=f"ended after {answer.size:,} of {length[:DIGITS]} bytes")
        return answer

    def _followed(
        self, url: str, method: str, headers: Mapping[str, str], bound: int, take: Callable[[bytes], object]
    ) -> Response:
        hops: list[tuple[int, str]] = []
        here = url
        while True:
            try:
                status, said, size = self._once(here, method, headers, bound, take)
                onward = said.get("location", "") if status in REDIRECTS else ""
                there = urljoin(here, onward)
            except (OSError, http.client.HTTPException, ValueError) as error:
                host = "{0.scheme}://{0.netloc}".format(urlsplit(here)) if isinstance(error, SHUT) else ""
                return Response(url=here, redirects=tuple(hops), error=_words(error), unreachable_host=host)
            if not onward:
                return Response(url=here, status=status, headers=said, redirects=tuple(hops), size=size)
            here = there
            hops.append((status, here))
            if urlsplit(here).scheme not in {"http", "https"}:
                return Response(url=here, redirects=tuple(hops), error=f"is redirected to {here[:200]}, no web address")
            if len(hops) > MOST_HOPS:
                return Response(url=here, redirects=tuple(hops), error=f"is redirected more than {MOST_HOPS} times")

    def _once(
        self, url: str, method: str, headers: Mapping[str, str], bound: int, take: Callable[[bytes], object]
    ) -> tuple[int, dict[str, str], int]:
        """Status, headers and how much of the body was taken; that of a redirect is nobody's."""
        parts = urlsplit(url)
        connection = self._connection(parts)
        sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
        reply = _reply(connection, method, _target(parts), sent)
        said = {name.lower(): value for name, value in reply.getheaders()}
        size = 0
        try:
            if reply.status in REDIRECTS and "location" in said:
                return reply.status, said, size
            while size < bound and (block := reply.read1(min(BLOCK, bound - size))):
                size += len(block)
                take(block)
            return reply.status, said, size
        finally:
            if reply.length != 0 and not reply.isclosed():
                connection.close()  # what is left of the body would be taken for the next answer
            reply.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a web address")
        kept: dict[str, http.client.HTTPConnection] = self._own.__dict__
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in kept:
            host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
            kept[place] = (
                http.client.HTTPSConnection(host, parts.port, timeout=SILENCE, context=self._tls)
                if parts.scheme == "https"
                else http.client.HTTPConnection(host, parts.port, timeout=SILENCE)
            )
            self._all.append(kept[place])
        return kept[place]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: it reads all the certificates that this computer trusts."""
        return ssl.create_default_context()


def _reply(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """The head of the answer; a kept connection that the other side has closed meanwhile is opened anew."""
    while True:
        kept = connection.sock is not None
        try:
            connection.request(method, target, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if not kept or isinstance(error, TimeoutError):
                raise


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*")
    query = quote(parts.query, safe="%/:=&?~+!$,;'@()*[]")
    return f"{path}?{query}" if query else path


def _words(error: Exception) -> str:
    """Why nothing came, as a sentence goes on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no valid certificate: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return "has a host that does not exist"
    if isinstance(error, TimeoutError):
        return f"does not answer within {SILENCE} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    said = " ".join(str(error).split())
    return (
        said if said.startswith(("is ", "took ")) else f"does not answer as it should: {said or type(error).__name__}"
    )
