"""A client for public URLs: limited in time and bytes; it follows and reports redirects, except of POST."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import monotonic
from typing import Self
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from podcast_kit import __version__
from podcast_kit.io.checked_connection import (
    CheckedConnection,
    DeadlineError,
    RefusedAddressError,
    Resolver,
    resolve_host,
)
from podcast_kit.io.network_policy import NetworkPolicy, is_loopback_host, is_private_host, is_same_local_origin
from podcast_kit.io.response_head import IncompleteHead
from podcast_kit.limits import (
    MAX_FOLLOWED_REDIRECTS,
    MAX_HOST_TIMEOUTS,
    MIN_AVERAGE_SPEED,
    MIN_DOWNLOAD_SPEED,
    RESPONSE_TIMEOUT_S,
    SOCKET_TIMEOUT_S,
    SPEED_WINDOW_S,
)
from podcast_kit.model import Response

READ_BLOCK_BYTES = 1 << 16
MAX_CUT_HEADS = 2
"""Responses to one request that may end within their headers."""
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
HOST_ERRORS = (socket.gaierror, ssl.SSLCertVerificationError, ConnectionRefusedError, RefusedAddressError)
"""Errors that are the same for every URL of a host."""
MAX_LENGTH_DIGITS = 18
"""Digits of a Content-Length that are read; a hostile server may send thousands."""
_PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
USER_AGENT = f"podcast-kit/{__version__}"


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, and what becomes of the body of its response."""

    url: str
    method: str
    headers: Mapping[str, str]
    max_bytes: int
    on_block: Callable[[bytes], object]
    is_trusted: bool
    seconds: float
    """How long the response may take, with its body."""
    content: bytes | None = None
    is_sent_once: bool = False
    """Whether it is sent once and follows no redirect, because it changes something or has a token."""
    on_head: Callable[[int, Mapping[str, str]], object] = lambda _status, _headers: None
    """Is given the status and headers of the response that is not a redirect, before its body."""
    is_sending: threading.Event = field(default_factory=threading.Event)
    """Set when the first byte may have been sent."""


class HttpClient:
    """Sends requests and keeps connections open, each thread its own; errors are in the response, not raised.

    It connects to public addresses only, unless the policy trusts the URL, and to the very address that it checked.
    With a proxy in the environment (`http_proxy`, `https_proxy`, `no_proxy`, in lower or upper case), it is the proxy
    that resolves names.
    """

    def __init__(
        self, policy: NetworkPolicy | None = None, *, resolve: Resolver = resolve_host, use_proxies: bool = True
    ) -> None:
        self._policy = policy or NetworkPolicy()
        self._resolve = resolve
        self._use_proxies = use_proxies
        self._connections_by_host = threading.local()
        self._all_connections: list[CheckedConnection] = []
        self._timeouts_by_host: Counter[str] = Counter()

    @property
    def is_offline(self) -> bool:
        """Whether nothing may be requested at all."""
        return self._policy.is_offline

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
        is_trusted = self._policy.trusts(url)
        response = self._follow_redirects(
            _Request(url, method, headers or {}, max_bytes, body.extend, is_trusted, RESPONSE_TIMEOUT_S)
        )
        return response, b"" if response.error else bytes(body)

    def post(
        self, url: str, content: bytes, *, headers: Mapping[str, str] | None = None, max_bytes: int = 0
    ) -> tuple[Response, bytes]:
        """The response to POST, and up to `max_bytes` of its body; it is sent once, and no redirect is followed."""
        return self.send("POST", url, content, headers=headers, max_bytes=max_bytes)

    def send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 0,
    ) -> tuple[Response, bytes]:
        """The response to a request that is sent once and follows no redirect, and up to `max_bytes` of its body.

        For what changes something, and for what has a token: it goes to no other host. Without a response,
        `Response.may_have_arrived` says whether the server may have acted on it.
        """
        body = bytearray()
        is_trusted = self._policy.trusts(url)
        request = _Request(
            url, method, headers or {}, max_bytes, body.extend, is_trusted, RESPONSE_TIMEOUT_S, content, True
        )
        response = self._follow_redirects(request)
        if response.error and request.is_sending.is_set():
            response = replace(response, may_have_arrived=True)
        return response, b"" if response.error else bytes(body)

    def download(
        self,
        url: str,
        on_block: Callable[[bytes], object],
        *,
        max_bytes: int,
        on_head: Callable[[int, Mapping[str, str]], object] = lambda _status, _headers: None,
        headers: Mapping[str, str] | None = None,
        is_trusted: bool = False,
    ) -> Response:
        """The response to GET, with the whole body passed to `on_block` block by block, after `on_head`.

        `is_trusted` says that podcast.yaml sets this URL. It is an error if `on_block` raises OSError, if the body is
        longer than `max_bytes` (one more byte is read), if it ends before its Content-Length, or if it is too slow.
        """
        window_start, window_bytes = monotonic(), 0

        def pass_on(block: bytes) -> None:
            nonlocal window_start, window_bytes
            window_bytes += len(block)
            if (now := monotonic()) - window_start >= SPEED_WINDOW_S:
                if window_bytes < MIN_DOWNLOAD_SPEED * (now - window_start):
                    raise DeadlineError(f"took too long: less than {MIN_DOWNLOAD_SPEED:,} bytes per second")
                window_start, window_bytes = now, 0
            on_block(block)

        seconds = RESPONSE_TIMEOUT_S + max_bytes / MIN_AVERAGE_SPEED
        is_trusted = is_trusted or self._policy.trusts(url)
        request = _Request(url, "GET", headers or {}, max_bytes + 1, pass_on, is_trusted, seconds, on_head=on_head)
        response = self._follow_redirects(request)
        length = response.headers.get("content-length", "")
        if response.size > max_bytes:
            return replace(response, error=f"is longer than {max_bytes:,} bytes")
        expected_bytes = int(length.lstrip("0")[:MAX_LENGTH_DIGITS] or 0) if length.isdecimal() else 0
        if response.size < expected_bytes and not response.error:
            return replace(response, error=f"ended after {response.size:,} of {length[:MAX_LENGTH_DIGITS]} bytes")
        return response

    def _follow_redirects(self, request: _Request) -> Response:
        start = monotonic()
        url, is_trusted = request.url, request.is_trusted
        redirects: list[tuple[int, str]] = []
        while True:
            try:
                status, response_headers, size = self._request_once(request, url, start, is_trusted=is_trusted)
                location = response_headers.get("location", "") if status in REDIRECT_STATUSES else ""
                target = urljoin(url, location)
            except (OSError, http.client.HTTPException, ValueError) as error:
                host = _origin_of(url) if isinstance(error, HOST_ERRORS) else ""
                text = _describe_error(error)
                if redirects and isinstance(error, RefusedAddressError):
                    text = f"is redirected to {url[:200]}, which {text}"
                return Response(url=url, redirects=tuple(redirects), error=text, unreachable_host=host)
            if not location or request.is_sent_once:
                return Response(url=url, status=status, headers=response_headers, redirects=tuple(redirects), size=size)
            is_trusted = is_trusted and is_same_local_origin(url, target)
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
        self, request: _Request, url: str, start: float, *, is_trusted: bool
    ) -> tuple[int, dict[str, str], int]:
        """Status, headers in lower case, and bytes of the body that were read; the body of a redirect is skipped."""
        if self._policy.is_offline:
            raise OSError("is not fetched: network access is off")
        parts = urlsplit(url)
        connection = self._host_connection(parts, is_trusted=is_trusted)
        origin = _origin_of(url)
        if self._timeouts_by_host[origin] >= MAX_HOST_TIMEOUTS:
            raise OSError(f"is not fetched: its host timed out {MAX_HOST_TIMEOUTS} times")
        try:
            result = _receive_response(connection, request, parts, start)
        except TimeoutError:
            self._timeouts_by_host[origin] += 1
            raise
        self._timeouts_by_host[origin] = 0
        return result

    def _host_connection(self, parts: SplitResult, *, is_trusted: bool) -> CheckedConnection:
        """The connection of this thread to the host of the URL; trusted URLs have one of their own."""
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a web URL")
        connections: dict[str, CheckedConnection] = self._connections_by_host.__dict__
        key = f"{parts.scheme}://{parts.netloc} {is_trusted}"
        if key not in connections:
            host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
            proxy = self._find_proxy(parts.scheme, host)
            if proxy and not is_trusted and is_private_host(host):
                raise RefusedAddressError(f"has an address that is not public ({host})")
            connections[key] = CheckedConnection(
                host,
                parts.port,
                tls=self._tls_context if parts.scheme == "https" else None,
                allows_private=is_trusted,
                timeout_s=SOCKET_TIMEOUT_S,
                resolve=self._resolve,
                proxy=proxy,
            )
            self._all_connections.append(connections[key])
        return connections[key]

    def _find_proxy(self, scheme: str, host: str) -> SplitResult | None:
        """The proxy that the environment sets for a host, as curl and requests read it; never one for this computer."""
        if not self._use_proxies or is_loopback_host(host) or not has_proxy_settings():
            return None
        from urllib.request import getproxies_environment, proxy_bypass

        proxies = getproxies_environment()
        address = proxies.get(scheme) or proxies.get("all", "")
        if not address or proxy_bypass(host):
            return None
        proxy = urlsplit(address if "://" in address else f"http://{address}")
        if proxy.scheme != "http" or not proxy.hostname:
            raise ValueError(f"is not fetched: only a proxy with http:// is supported, not {proxy.scheme}://")
        return proxy

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        """Created once, because it reads every certificate that this computer trusts."""
        return ssl.create_default_context()


def _receive_response(
    connection: CheckedConnection, request: _Request, parts: SplitResult, start: float
) -> tuple[int, dict[str, str], int]:
    """Send the request and read its response, with as much of its body as is allowed."""
    connection.set_deadline(start, RESPONSE_TIMEOUT_S)
    target = request_target(parts)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **request.headers}
    if connection.sends_full_url:
        target, headers = (
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{target}",
            headers | connection.proxy_headers(),
        )
    response = _send_with_retry(connection, request, target, headers)
    response_headers = {name.lower(): value for name, value in response.getheaders()}
    size = 0
    try:
        if response.status in REDIRECT_STATUSES and "location" in response_headers:
            return response.status, response_headers, size
        request.on_head(response.status, response_headers)
        while size < request.max_bytes:
            now = monotonic()
            is_last_window = now + SPEED_WINDOW_S > start + request.seconds
            connection.set_deadline(*((start, request.seconds) if is_last_window else (now, SPEED_WINDOW_S)))
            block = response.read1(min(READ_BLOCK_BYTES, request.max_bytes - size))
            if not block:
                break
            size += len(block)
            request.on_block(block)
        return response.status, response_headers, size
    finally:
        if response.length != 0 and not response.isclosed():
            connection.close()  # the unread rest of the body would be read as the next response
        response.close()


def _send_with_retry(
    connection: CheckedConnection, request: _Request, target: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """The status line and headers of the response.

    Retries once if the server had closed the open connection, and up to `MAX_CUT_HEADS` responses that were cut.
    What is sent once gets a new connection: the server may have acted on it before the connection broke.
    """
    if request.is_sent_once:
        connection.close()
        connection.connect()
        request.is_sending.set()
    cut_heads = 0
    while True:
        was_open = connection.sock is not None
        try:
            connection.request(request.method, target, body=request.content, headers=headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if request.is_sent_once:
                raise
            cut_heads += isinstance(error, IncompleteHead)
            if isinstance(error, IncompleteHead) and cut_heads <= MAX_CUT_HEADS:
                continue
            if not was_open or isinstance(error, TimeoutError):
                raise


def has_proxy_settings() -> bool:
    """Whether the environment names a proxy."""
    return bool(_PROXY_VARIABLES & os.environ.keys())


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def request_target(parts: SplitResult) -> str:
    """Path and query of a URL, with what is not ASCII percent-encoded."""
    path = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*")
    query = quote(parts.query, safe="%/:=&?~+!$,;'@()*[]")
    return f"{path}?{query}" if query else path


def _describe_error(error: Exception) -> str:
    """Why there is no response, as the end of a sentence that starts with the URL."""
    match error:
        case ssl.SSLError():
            return _describe_tls_error(error)
        case socket.gaierror():
            return "has a host name that cannot be resolved"
        case DeadlineError():
            return str(error)
        case TimeoutError():
            return f"does not answer within {SOCKET_TIMEOUT_S} s"
        case ConnectionRefusedError():
            return "refuses the connection"
        case _:
            text = " ".join(str(error).split())
            is_predicate = text.startswith(("is ", "has ", "took "))
            return text if is_predicate else f"does not answer correctly: {text or type(error).__name__}"


def _describe_tls_error(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no valid certificate: {error.verify_message}"
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}:
        return "does not use https on this port"
    return f"cannot be reached over https: {(error.reason or 'no reason given').replace('_', ' ').lower()}"
