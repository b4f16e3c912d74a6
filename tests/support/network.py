"""A proxy in front of a store that treats requests as bad networks do.

It listens on loopback, forwards with the original Host header (so that signatures stay valid), records what passes,
and asks `fault(request)` what to do with each request:

    None                    nothing
    Status(503)             answer with this status without asking the store
    CLOSE_BEFORE_REQUEST    close the connection before the store gets the request
    CLOSE_IN_BODY           close it in the middle of the body on its way to the store
    LOSE_RESPONSE           let the request take effect, then close instead of answering
    TRUNCATE_RESPONSE       answer with the first half of the body
    CutHeaders(share)       answer with this share of the bytes of status line and headers
    CORRUPT_BODY            change a byte of the body: that of the request, else that of the response
    Delay(seconds)          wait, then forward
    SlowBody(seconds)       stretch the body over this time, in both directions
    NEVER_ANSWER            never answer; the connection stays open until the proxy ends
"""

import contextlib
import http.client
import http.server
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

SLOW_BODY_PIECES = 8
CLOSE_BEFORE_REQUEST, CLOSE_IN_BODY, LOSE_RESPONSE, TRUNCATE_RESPONSE, CORRUPT_BODY, NEVER_ANSWER = (
    "cut",
    "mid",
    "lost",
    "truncated",
    "corrupted",
    "silent",
)


@dataclass(frozen=True)
class Status:
    """An error response in S3's format."""

    code: int
    name: str = "InternalError"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Delay:
    """Seconds to wait before forwarding."""

    seconds: float


@dataclass(frozen=True)
class SlowBody:
    """Seconds over which a body is stretched."""

    seconds: float


@dataclass(frozen=True)
class CutHeaders:
    """The share of the bytes of status line and headers after which the connection closes."""

    share: float


@dataclass(frozen=True)
class Request:
    """A recorded request; numbers start at 1."""

    number: int
    method: str
    path: str
    size: int
    headers: dict[str, str] = field(hash=False)


class Proxy:
    """Runs during a `with` block; `proxy.endpoint` forwards to the store."""

    def __init__(
        self,
        target: str,
        fault: Callable[[Request], object] = lambda _: None,
        *,
        on_response: Callable[[Request, bytes, int, dict[str, str]], None] | None = None,
    ) -> None:
        self.target = urllib.parse.urlsplit(target)
        self.fault = fault
        self.on_response = on_response
        """Receives each request that the store answered, its body, the status and the headers of the response."""
        self.requests: list[Request] = []
        self.lock = threading.Lock()
        self.is_finished = threading.Event()
        self.server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_finished.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def record_request(self, handler) -> Request:
        """Record a request."""
        with self.lock:
            size = int(handler.headers.get("Content-Length", 0))
            request = Request(len(self.requests) + 1, handler.command, handler.path, size, dict(handler.headers))
            self.requests.append(request)
            return request


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_):
        """Ignore clients that died, which tests do on purpose."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_expect_100(self) -> bool:
        """Sent when the body is read, so that a fault can come before it."""
        return True

    def forward(self) -> None:
        """Forward one request, with its fault."""
        request = self.proxy.record_request(self)
        fault = self.proxy.fault(request)
        if isinstance(fault, Delay):
            time.sleep(fault.seconds)
        if fault == NEVER_ANSWER:
            self.proxy.is_finished.wait()
        if fault in {CLOSE_BEFORE_REQUEST, NEVER_ANSWER}:
            self.close_connection = True
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(fault, Status):
            self.rfile.read(request.size)
            self._send_error_response(fault)
            return
        target = self.proxy.target
        onward = http.client.HTTPConnection(target.hostname, target.port, timeout=120)
        with contextlib.closing(onward):
            self._forward_request(onward, request, fault)
            if fault == CLOSE_IN_BODY:
                return
            response = onward.getresponse()
            if self.proxy.on_response:
                headers = {name.lower(): value for name, value in response.getheaders()}
                self.proxy.on_response(request, bytes(self.sent_body), response.status, headers)
            self._send_response(response, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815  # http.server's own naming

    def _forward_request(self, onward, request, fault) -> None:
        onward.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"expect", "connection"}:
                onward.putheader(name, value)
        onward.endheaders()
        self.sent_body = bytearray()
        remaining = request.size // 2 if fault == CLOSE_IN_BODY else request.size
        size = request.size // SLOW_BODY_PIECES + 1 if isinstance(fault, SlowBody) else 1 << 16
        while remaining and (block := self.rfile.read(min(remaining, size))):
            if isinstance(fault, SlowBody):
                time.sleep(fault.seconds / SLOW_BODY_PIECES)
            if fault == CORRUPT_BODY and remaining == request.size:
                block = bytes([block[0] ^ 1]) + block[1:]
            onward.send(block)
            if self.proxy.on_response:
                self.sent_body += block
            remaining -= len(block)
        if fault == CLOSE_IN_BODY:
            self.close_connection = True

    def _send_response(self, reply, fault) -> None:
        body = (
            reply.read()
            if fault in {LOSE_RESPONSE, TRUNCATE_RESPONSE, CORRUPT_BODY} or isinstance(fault, (SlowBody, CutHeaders))
            else b""
        )
        if fault == LOSE_RESPONSE:
            self.close_connection = True
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in {"connection", "keep-alive"}:
                self.send_header(name, value)
        if isinstance(fault, CutHeaders):
            head = b"".join(self._headers_buffer)
            self._headers_buffer = [head[: int(len(head) * fault.share)]]
            self.flush_headers()
            self.close_connection = True
            return
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(reply, body, fault)
        if reply.getheader("Content-Length") is None and self.command != "HEAD" and reply.status not in {204, 304}:
            self.close_connection = True

    def _send_body(self, reply, body, fault) -> None:
        if fault == TRUNCATE_RESPONSE:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault == CORRUPT_BODY and body:
            self.wfile.write(bytes([body[0] ^ 1]) + body[1:])
        elif isinstance(fault, SlowBody):
            for start in range(0, len(body), len(body) // SLOW_BODY_PIECES + 1):
                self.wfile.write(body[start : start + len(body) // SLOW_BODY_PIECES + 1])
                time.sleep(fault.seconds / SLOW_BODY_PIECES)
        else:
            while block := body or reply.read(1 << 16):
                self.wfile.write(block)
                body = b""
                if reply.isclosed():
                    break

    def _send_error_response(self, fault: Status) -> None:
        body = f"<Error><Code>{fault.name}</Code><Message>a fault was injected</Message></Error>".encode()
        self.send_response_only(fault.code)
        for name, value in (("Content-Type", "application/xml"), ("Content-Length", str(len(body))), *fault.headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Log nothing."""
