"""Asking public addresses: anonymous, bounded in time and in bytes, with every redirect remembered."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from time import monotonic
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from podcast_kit import __version__
from podcast_kit.model import Response

TIMEOUT = 20
"""Seconds that a server may be silent."""
PATIENCE = 120
"""Seconds for all of one answer, however slowly it drips."""
MOST_HOPS = 10
BLOCK = 1 << 16
REDIRECTS = {301, 302, 303, 307, 308}
AGENT = f"podcast-kit/{__version__} (check)"


def ask(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, bound: int = 0
) -> tuple[Response, bytes]:
    """The answer of an address after its redirects, and up to `bound` bytes of its body.

    What keeps an answer from coming is in its `trouble`; nothing is raised.
    """
    hops: list[tuple[int, str]] = []
    until = monotonic() + PATIENCE
    here = url
    while True:
        try:
            status, said, body = _once(here, method, headers or {}, bound, until)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Response(url=here, hops=tuple(hops), trouble=_words(error)), b""
        onward = said.get("location", "") if status in REDIRECTS else ""
        if not onward:
            return Response(url=here, status=status, headers=said, hops=tuple(hops), size=len(body)), body
        here = urljoin(here, onward)
        hops.append((status, here))
        if len(hops) > MOST_HOPS:
            return Response(url=here, hops=tuple(hops), trouble=f"is redirected more than {MOST_HOPS} times"), b""


def _once(
    url: str, method: str, headers: Mapping[str, str], bound: int, until: float
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    path = urlunsplit(
        ("", "", quote(parts.path or "/", safe="%/:=&~+!$,;'@()*"), quote(parts.query, safe="%/:=&?~+!$,;'@()*[]"), "")
    )
    with closing(_connection(parts)) as connection:
        connection.request(method, path, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers})
        reply = connection.getresponse()
        body = bytearray()
        while len(body) < bound and (block := reply.read1(min(BLOCK, bound - len(body)))):
            body += block
            if monotonic() > until:
                raise OSError(f"took longer than {PATIENCE} seconds")
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, bytes(body)


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
