"""A proxy in front of a store that does to requests what networks do.

It listens on loopback, forwards with the Host header as it was (so that signatures stay valid),
counts what passes, and asks `fault(request)` what shall happen to each:

    None             nothing
    Status(503)      answer this without asking the store
    CUT              close before the store hears of it
    MID              close in the middle of the body on its way to the store
    LOST             let it take effect, then close instead of answering
    TRUNCATED        answer with the first half of the body
    CORRUPTED        change a byte of the body: of what is put on its way there, else of the answer
    Delay(seconds)   wait, then forward
    Slow(seconds)    let the body trickle for so long, there and back
    SILENT           never answer; the connection stays open until the proxy ends
"""

import contextlib
import http.client
import http.server
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

PIECES = 8
CUT, MID, LOST, TRUNCATED, CORRUPTED, SILENT = "cut", "mid", "lost", "truncated", "corrupted", "silent"


@dataclass(frozen=True)
class Status:
    """An error reply, as S3 words it."""

    code: int
    name: str = "InternalError"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Delay:
    """Seconds before the request goes on."""

    seconds: float


@dataclass(frozen=True)
class Slow:
    """Seconds that a body takes."""

    seconds: float


@dataclass(frozen=True)
class Request:
    """What is known of a request: its number from 1, and what it asks."""

    number: int
    method: str
    path: str
    size: int
    headers: dict[str, str] = field(hash=False)


class Proxy:
    """Between `with` and its end, `proxy.endpoint` leads to the store."""

    def __init__(self, target: str, fault: Callable[[Request], object] = lambda _: None) -> None:
        self.target = urllib.parse.urlsplit(target)
        self.fault = fault
        self.seen: list[Request] = []
        self.lock = threading.Lock()
        self.ended = threading.Event()
        proxy = self

        class Handler(_Handler):
            home = proxy

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def note(self, handler) -> Request:
        """Count it."""
        with self.lock:
            size = int(handler.headers.get("Content-Length", 0))
            found = Request(len(self.seen) + 1, handler.command, handler.path, size, dict(handler.headers))
            self.seen.append(found)
            return found


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that died is what this is for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    home: Proxy

    def handle_expect_100(self) -> bool:
        """Said when the body is read, so that a fault may come before it."""
        return True

    def forward(self) -> None:
        """One request, with what is to become of it."""
        request = self.home.note(self)
        fault = self.home.fault(request)
        if isinstance(fault, Delay):
            time.sleep(fault.seconds)
        if fault == SILENT:
            self.home.ended.wait()
        if fault in {CUT, SILENT}:
            self.close_connection = True
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(fault, Status):
            self.rfile.read(request.size)
            self._refuse(fault)
            return
        target = self.home.target
        onward = http.client.HTTPConnection(target.hostname, target.port, timeout=120)
        with contextlib.closing(onward):
            self._send(onward, request, fault)
            if fault == MID:
                return
            self._answer(onward.getresponse(), fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815  # http.server's own naming

    def _send(self, onward, request, fault) -> None:
        onward.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"expect", "connection"}:
                onward.putheader(name, value)
        onward.endheaders()
        left = request.size // 2 if fault == MID else request.size
        size = request.size // PIECES + 1 if isinstance(fault, Slow) else 1 << 16
        while left and (block := self.rfile.read(min(left, size))):
            if isinstance(fault, Slow):
                time.sleep(fault.seconds / PIECES)
            if fault == CORRUPTED and left == request.size:
                block = bytes([block[0] ^ 1]) + block[1:]
            onward.send(block)
            left -= len(block)
        if fault == MID:
            self.close_connection = True

    def _answer(self, reply, fault) -> None:
        body = reply.read() if fault in {LOST, TRUNCATED, CORRUPTED} or isinstance(fault, Slow) else b""
        if fault == LOST:
            self.close_connection = True
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in {"connection", "keep-alive"}:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._pass_on(reply, body, fault)
        if reply.getheader("Content-Length") is None and self.command != "HEAD" and reply.status not in {204, 304}:
            self.close_connection = True

    def _pass_on(self, reply, body, fault) -> None:
        if fault == TRUNCATED:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault == CORRUPTED and body:
            self.wfile.write(bytes([body[0] ^ 1]) + body[1:])
        elif isinstance(fault, Slow):
            for start in range(0, len(body), len(body) // PIECES + 1):
                self.wfile.write(body[start : start + len(body) // PIECES + 1])
                time.sleep(fault.seconds / PIECES)
        else:
            while block := body or reply.read(1 << 16):
                self.wfile.write(block)
                body = b""
                if reply.isclosed():
                    break

    def _refuse(self, fault: Status) -> None:
        body = f"<Error><Code>{fault.name}</Code><Message>a fault was injected</Message></Error>".encode()
        self.send_response_only(fault.code)
        for name, value in (("Content-Type", "application/xml"), ("Content-Length", str(len(body))), *fault.headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Quiet."""
