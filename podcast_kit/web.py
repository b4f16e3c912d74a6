"""Asking public addresses: anonymous, bounded in time and in bytes, with every redirect remembered."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from time import monotonic
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from podcast_kit import __version__
from podcast_kit.model import Response

TIMEOUT = 20
"""Seconds that a server may be silent."""
PATIENCE = 60
"""Seconds for all of one answer, however slowly it drips."""
MOST_HOPS = 10
BLOCK = 1 << 16
REDIRECTS = {301, 302, 303, 307, 308}
AGENT = f"podcast-kit/{__version__}"


def ask(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, bound: int = 0
) -> tuple[Response, bytes]:
    """The answer of an address after its redirects, and up to `bound` bytes of its body.

    What keeps an answer from coming is in its `trouble`; nothing is raised.
    """
    body = bytearray()
    until = monotonic() + PATIENCE

    def take(block: bytes) -> None:
        body.extend(block)
        if monotonic() > until:
            raise OSError(f"took longer than {PATIENCE} seconds")

    answer = _followed(url, method, headers or {}, bound, take)
    return answer, b"" if answer.trouble else bytes(body)


def fetch(url: str, take: Callable[[bytes], object], *, bound: int) -> Response:
    """As `ask`, with the body handed on block by block as it comes: a recording is longer than memory and patience.

    An OSError of `take` is a trouble as those of the network are; so is a body that ends before its Content-Length.
    """
    answer = _followed(url, "GET", {}, bound, take)
    length = answer.headers.get("content-length", "")
    if not answer.trouble and length.isdecimal() and answer.size < min(int(length), bound):
        return replace(answer, trouble=f"ended after {answer.size:,} of {length} bytes")
    return answer


def _followed(
    url: str, method: str, headers: Mapping[str, str], bound: int, take: Callable[[bytes], object]
) -> Response:
    hops: list[tuple[int, str]] = []
    here = url
    while True:
        try:
            status, said, size = _once(here, method, headers, bound, take)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Response(url=here, hops=tuple(hops), trouble=_words(error))
        onward = said.get("location", "") if status in REDIRECTS else ""
        if not onward:
            return Response(url=here, status=status, headers=said, hops=tuple(hops), size=size)
        here = urljoin(here, onward)
        hops.append((status, here))
        if urlsplit(here).scheme not in {"http", "https"}:
            return Response(url=here, hops=tuple(hops), trouble=f"is redirected to {here[:200]}, no web address")
        if len(hops) > MOST_HOPS:
            return Response(url=here, hops=tuple(hops), trouble=f"is redirected more than {MOST_HOPS} times")


def _once(
    url: str, method: str, headers: Mapping[str, str], bound: int, take: Callable[[bytes], object]
) -> tuple[int, dict[str, str], int]:
    """Status, headers and how much of the body was taken; that of a redirect is nobody's."""
    parts = urlsplit(url)
    path = urlunsplit(
        ("", "", quote(parts.path or "/", safe="%/:=&~+!$,;'@()*"), quote(parts.query, safe="%/:=&?~+!$,;'@()*[]"), "")
    )
    with closing(_connection(parts)) as connection:
        connection.request(method, path, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers})
        reply = connection.getresponse()
        said = {name.lower(): value for name, value in reply.getheaders()}
        size = 0
        if reply.status in REDIRECTS and "location" in said:
            return reply.status, said, size
        while size < bound and (block := reply.read1(min(BLOCK, bound - size))):
            size += len(block)
            take(block)
        return reply.status, said, size


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address")
    host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)


def _words(error: Exception) -> str:
    """Why nothing came, as a sentence goes on."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no valid certificate: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return "has a host that does not exist"
    if isinstance(error, TimeoutError):
        return f"does not answer within {TIMEOUT} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "refuses the connection"
    said = " ".join(str(error).split())
    return (
        said if said.startswith(("is ", "took ")) else f"does not answer as it should: {said or type(error).__name__}"
    )
