"""HTTP connections that go only to addresses that were checked, and that keep to a deadline."""

from __future__ import annotations

import errno
import http.client
import io
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote

from podcast_kit.io.network_policy import is_public_address
from podcast_kit.io.response_head import CompleteHeadResponse

Resolver = Callable[[str, int], list[tuple[int, tuple[Any, ...]]]]
"""Host and port to the addresses of the host: the family, and what `socket.connect` takes."""
TUNNEL_STATUS = b"200"
HTTP_PORT, HTTPS_PORT = 80, 443
CLOCK_TOLERANCE_S = 0.01
"""A wait for the rest of the time can end a little early."""


class RefusedAddressError(OSError):
    """A host has no address that may be connected to."""


class DeadlineError(TimeoutError):
    """A response is not complete in time, although the server sends something now and then."""


def resolve_host(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """The addresses of a host, as this computer resolves its name."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(int(family), address) for family, _, _, _, address in rows]


class CheckedConnection(http.client.HTTPConnection):
    """A connection to an address that was checked: the name is resolved once, and only what it resolved to is used.

    Everything that is sent and received ends before the deadline, the TLS handshake and the headers too.
    """

    response_class = CompleteHeadResponse

    def __init__(
        self,
        host: str,
        port: int | None,
        *,
        tls: ssl.SSLContext | None,
        allows_private: bool,
        timeout_s: float,
        resolve: Resolver,
        proxy: SplitResult | None = None,
    ) -> None:
        self.default_port = HTTPS_PORT if tls else HTTP_PORT
        super().__init__(host, port)
        self._deadline, self._limit_s = float("inf"), 0.0
        self.sends_full_url = proxy is not None and tls is None
        """Whether requests go to a proxy that reads them."""
        self._tls, self._proxy = tls, proxy
        self._allows_private, self._timeout_s, self._resolve = allows_private, timeout_s, resolve

    def connect(self) -> None:
        """Resolve, check, connect, and start TLS."""
        if self._proxy:
            self.sock: Any = self._open_socket(self._proxy.hostname or "", self._proxy.port or HTTP_PORT)
        else:
            self.sock = self._open_socket(self.host, self.port, public_only=not self._allows_private)
        if self._tls is not None:
            if self._proxy:
                self._open_tunnel()
            plain: socket.socket = self.sock.socket
            plain.settimeout(self.seconds_left())
            self.sock = _TimedSocket(self._tls.wrap_socket(plain, server_hostname=self.host), self)

    def proxy_headers(self) -> dict[str, str]:
        """The proxy's user and password, as it wants them."""
        if self._proxy is None or self._proxy.username is None:
            return {}
        login = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return {"Proxy-Authorization": f"Basic {b64encode(login.encode()).decode()}"}

    def set_deadline(self, start: float, seconds: float) -> None:
        """Let what follows end `seconds` after `start`."""
        self._deadline, self._limit_s = start + seconds, seconds

    def seconds_left(self) -> float:
        """How long the next send or receive may take; raises DeadlineError after the deadline."""
        remaining = self._deadline - monotonic()
        if remaining < CLOCK_TOLERANCE_S:
            raise DeadlineError(f"took longer than {self._limit_s:g} s")
        return min(self._timeout_s, remaining)

    def _open_socket(self, host: str, port: int, *, public_only: bool = False) -> _TimedSocket:
        """A socket connected to the first address that answers, of those that are allowed."""
        addresses = self._resolve(host, port)
        allowed = [row for row in addresses if not public_only or is_public_address(row[1][0])]
        if addresses and not allowed:
            raise RefusedAddressError(f"has an address that is not public ({addresses[0][1][0]})")
        last_error: OSError = OSError("has no address")
        for family, address in allowed:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.seconds_left())
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                if isinstance(error, DeadlineError):
                    raise
                last_error = error
            else:
                return _TimedSocket(connection, self)
        raise last_error

    def _open_tunnel(self) -> None:
        """Ask the proxy for a connection to the host, by its name: the proxy resolves it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"CONNECT {host}:{self.port} HTTP/1.1", f"Host: {host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.proxy_headers().items()]
        self.sock.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii"))
        with self.sock.makefile("rb") as answer:
            status_line = answer.readline(1 << 16)
            while answer.readline(1 << 16).strip():
                pass
        if status_line.split()[1:2] != [TUNNEL_STATUS]:
            raise OSError(errno.ECONNREFUSED, f"is refused by the proxy: {status_line[:80].decode('latin-1').strip()}")


class _TimedSocket:
    """What http.client needs of a socket; no operation lasts longer than the connection's deadline."""

    def __init__(self, connected: socket.socket, connection: CheckedConnection) -> None:
        self.socket = connected
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self.socket.settimeout(self._connection.seconds_left())
        self.socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """A file that reads from the socket."""
        raw = self.socket.makefile("rb", buffering=0)
        return io.BufferedReader(_TimedReader(self.socket, raw, self._connection))

    def close(self) -> None:
        """Close the socket as soon as no file reads from it."""
        self.socket.close()


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline of its connection."""

    def __init__(self, connected: socket.socket, raw: io.RawIOBase, connection: CheckedConnection) -> None:
        self._socket, self._raw, self._connection = connected, raw, connection

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401  # typeshed's own type is not public
        """Wait for data, and read it."""
        self._socket.settimeout(self._connection.seconds_left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._connection.seconds_left()  # the deadline is a better reason than this wait
            raise

    def close(self) -> None:
        """Also let go of the socket."""
        self._raw.close()
        super().close()
