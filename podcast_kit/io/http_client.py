"""A client for public URLs: anonymous, limited in time and bytes; it follows redirects and reports each of them."""

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

SOCKET_TIMEOUT_S = 30
"""How long a server may send nothing."""
RESPONSE_TIMEOUT_S = 60
"""How long one response may take in total."""
MAX_FOLLOWED_REDIRECTS = 10
READ_BLOCK_BYTES = 1 << 16
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
HOST_ERRORS = (socket.gaierror, ssl.SSLCertVerificationError, ConnectionRefusedError)
"""Errors that are the same for every URL of a host."""
MAX_LENGTH_DIGITS = 18
"""Digits of a Content-Length that are read; a hostile server may send thousands."""
USER_AGENT = f"podcast-kit/{__version__}"


class HttpClient:
    """Sends requests and keeps connections open, each thread its own; errors are in the response, not raised."""

    def __init__(self) -> None:
        self._connections_by_host = threading.local()
        self._all_connections: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._all_connections:
            connection.close()

    def request(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, max_bytes: int = 0
    ) -> tuple[Response, bytes]:
        """The response after any redirects, and up to `max_bytes` of its body; the rest is not downloaded."""
        body = bytearray()
        deadline = monotonic() + RESPONSE_TIMEOUT_S

        def append_block(block: bytes) -> None:
            body.extend(block)
            if monotonic() > deadline:
                raise OSError(f"took longer than {RESPONSE_TIMEOUT_S} s")

        response = self._follow_redirects(url, method, headers or {}, max_bytes, append_block)
        return response, b"" if response.error else bytes(body)

    def download(self, url: str, on_block: Callable[[bytes], object], *, max_bytes: int) -> Response:
        """The response to GET, with the whole body passed to `on_block` block by block, without a total time limit.

        It is an error if `on_block` raises OSError, if the body is longer than `max_bytes` (one more byte is read),
        or if it ends before its Content-Length.
        """
        response = self._follow_redirects(url, "GET", {}, max_bytes + 1, on_block)
        length = response.headers.get("content-length", "")
        if response.size > max_bytes:
            return replace(response, error=f"is longer than {max_bytes:,} bytes")
        expected_bytes = int(length.lstrip("0")[:MAX_LENGTH_DIGITS] or 0) if length.isdecimal() else 0
        if response.size < expected_bytes and not response.error:
            return replace(response, error=f"ended after {response.size:,} of {length[:MAX_LENGTH_DIGITS]} bytes")
        return response

    def _follow_redirects(
        self, url: str, method: str, headers: Mapping[str, str], max_bytes: int, on_block: Callable[[bytes], object]
    ) -> Response:
        redirects: list[tuple[int, str]] = []
        while True:
            try:
                status, response_headers, size = self._request_once(url, method, headers, max_bytes, on_block)
                location = response_headers.get("location", "") if status in REDIRECT_STATUSES else ""
                target = urljoin(url, location)
            except (OSError, http.client.HTTPException, ValueError) as error:
                host = "{0.scheme}://{0.netloc}".format(urlsplit(url)) if isinstance(error, HOST_ERRORS) else ""
                error_text = _describe_error(error)
                return Response(url=url, redirects=tuple(redirects), error=error_text, unreachable_host=host)
            if not location:
                return Response(url=url, status=status, headers=response_headers, redirects=tuple(redirects), size=size)
            url = target
            redirects.append((status, url))
            error_text = ""
            if urlsplit(url).scheme not in {"http", "https"}:
                error_text = f"is redirected to {url[:200]}, which is not a web URL"
            elif len(redirects) > MAX_FOLLOWED_REDIRECTS:
                error_text = f"is redirected more than {MAX_FOLLOWED_REDIRECTS} times"
            if error_text:
                return Response(url=url, redirects=tuple(redirects), error=error_text)

    def _request_once(
        self, url: str, method: str, headers: Mapping[str, str], max_bytes: int, on_block: Callable[[bytes], object]
    ) -> tuple[int, dict[str, str], int]:
        """Status, headers in lower case, and bytes of the body that were read; the body of a redirect is skipped."""
        parts = urlsplit(url)
        connection = self._host_connection(parts)
        request_headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        response = _send_with_retry(connection, method, _request_target(parts), request_headers)
        response_headers = {name.lower(): value for name, value in response.getheaders()}
        size = 0
        try:
            if response.status in REDIRECT_STATUSES and "location" in response_headers:
                return response.status, response_headers, size
            while size < max_bytes and (block := response.read1(min(READ_BLOCK_BYTES, max_bytes - size))):
                size += len(block)
                on_block(block)
            return response.status, response_headers, size
        finally:
            if response.length != 0 and not response.isclosed():
                connection.close()  # the unread rest of the body would be read as the next response
            response.close()

    def _host_connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        """The connection of this thread to the host of the URL."""
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a web URL")
        connections: dict[str, http.client.HTTPConnection] = self._connections_by_host.__dict__
        key = f"{parts.scheme}://{parts.netloc}"
        if key not in connections:
            host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
            connections[key] = (
                http.client.HTTPSConnection(host, parts.port, timeout=SOCKET_TIMEOUT_S, context=self._tls_context)
                if parts.scheme == "https"
                else http.client.HTTPConnection(host, parts.port, timeout=SOCKET_TIMEOUT_S)
            )
            self._all_connections.append(connections[key])
        return connections[key]

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        """Created once, because it reads every certificate that this computer trusts."""
        return ssl.create_default_context()


def _send_with_retry(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """The status line and headers of the response; retries once if the server had closed the open connection."""
    while True:
        was_open = connection.sock is not None
        try:
            connection.request(method, target, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if not was_open or isinstance(error, TimeoutError):
                raise


def _request_target(parts: SplitResult) -> str:
    """Path and query of a URL, with what is not ASCII percent-encoded."""
    path = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*")
    query = quote(parts.query, safe="%/:=&?~+!$,;'@()*[]")
    return f"{path}?{query}" if query else path


def _describe_error(error: Exception) -> str:
    """Why there is no response, as the end of a sentence that starts with the URL."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"has no valid certificate: {error.verify_message}"
        case socket.gaierror():
            return "has a host name that cannot be resolved"
        case TimeoutError():
            return f"does not answer within {SOCKET_TIMEOUT_S} s"
        case ConnectionRefusedError():
            return "refuses the connection"
        case _:
            text = " ".join(str(error).split())
            is_predicate = text.startswith(("is ", "took "))
            return text if is_predicate else f"does not answer correctly: {text or type(error).__name__}"
