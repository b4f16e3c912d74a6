"""A local web server that serves a build as a store would: byte ranges, HEAD and conditional requests.

Browsers cannot seek in audio if the server does not support byte ranges.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.io.inside import real_path
from podcast_kit.io.mime import guess_content_type, guess_static_type
from podcast_kit.text.dates import format_http_date

MAX_LAST_BUILD_S = 3
"""How long a build that is under way may take to end once the server is stopped."""
COPY_CHUNK_BYTES = 1 << 16
TRANSLATED_SUFFIXES = {".html", ".xml", ".json", ".opml"}
"""Files in which the show's public URL is replaced by that of the preview."""
PUBLIC_DOTS = {".well-known", ".nojekyll"}
"""Names with a leading dot that a website has; a store never gets others, so they are not served."""
LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}
RELOAD_PATH = "/.changes"
MAX_RELOAD_WAIT_S = 20
"""How long a page waits for a change before it asks again."""
MAX_RANGE_DIGITS = 18
"""More than the size of any file; Python limits the digits of an int to 4,300."""
RELOAD_SCRIPT_PATH = "/.changes.js"
RELOAD_TAG = f'<script src="{RELOAD_SCRIPT_PATH}"></script>\n'.encode()
RELOAD_SCRIPT = b"""(function ask(known) {
  fetch("/.changes?since=" + known).then((answer) => answer.text()).then((now) => {
    if (known && now !== known) location.reload(); else ask(now);
  }).catch(() => setTimeout(() => ask(known || "0"), 1000));
})("");
"""
"""A file of its own, because the pages' Content-Security-Policy allows no inline scripts."""
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
"""Other websites that are open in the browser cannot embed or guess at what is previewed, such as drafts."""


class Preview(ThreadingHTTPServer):
    """A server of one folder on this machine; `serve_forever()` runs it, `shutdown()` stops it."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"

    def __init__(
        self,
        folder: Path,
        host: str,
        port: int,
        public_url: str,
        *,
        live_reload: bool,
        mounts: Mapping[str, tuple[Path, str]],
    ) -> None:
        self.folder = real_path(folder)
        self.mounts = {name: real_path(mounted) for name, (mounted, _) in mounts.items()}
        """Name → the build of a show that is served below `/NAME/`."""
        self.mounted_urls = {url.rstrip("/") + "/": name for name, (_, url) in mounts.items() if url}
        self.live_reload = live_reload
        self.version = 1
        self.reload_condition = threading.Condition()
        self.public_url = public_url.rstrip("/") + "/" if public_url else ""
        self.prefix = urlsplit(self.public_url).path or "/"
        super().__init__((host, port), PreviewHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as in http.server
        """Ignore closed connections; any other error is a bug and prints its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def notify_reload(self) -> None:
        """Make every open page reload."""
        with self.reload_condition:
            self.version += 1
            self.reload_condition.notify_all()

    def replace_urls(self, data: bytes) -> bytes:
        """The text of a file with the server's URLs instead of the public ones, the longest first."""
        urls = {url: f"{self.url}{name}/" for url, name in self.mounted_urls.items()}
        if self.public_url:
            urls[self.public_url] = self.url
        for url in sorted(urls, key=lambda public: (-len(public), public)):
            data = data.replace(url.encode(), urls[url].encode())
        return data

    @property
    def url(self) -> str:
        """The server's URL, with a trailing slash."""
        host, port = self.server_address[:2]
        host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # an address that browsers can open
        return f"http://{host!s}:{port}/"


def make_preview(
    folder: Path,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    public_url: str = "",
    live_reload: bool = False,
    mounts: Mapping[str, tuple[Path, str]] | None = None,
) -> Preview:
    """A preview of a build's folder; port 0 picks a free one. Raises OperationError if the port is in use.

    With `public_url`, the URL that the show was built for, the feed and other data link to the preview instead,
    so that an app on this machine can play it; pages have relative links anyway.
    With `live_reload`, pages reload after `notify_reload()`. `mounts` has more builds by name, each with the URL that
    it was built for; they are served below `/NAME/`.
    """
    try:
        return Preview(folder, host, port, public_url, live_reload=live_reload, mounts=mounts or {})
    except (OSError, OverflowError) as error:
        fix = "choose another port, or 0 for a free one"
        raise OperationError(f"cannot listen on {host}:{port}: {error}", fix) from error


class PreviewHandler(BaseHTTPRequestHandler):
    """Handles one request."""

    server: Preview
    protocol_version = "HTTP/1.1"
    server_version = "podcast-kit"
    sys_version = ""
    timeout: ClassVar[int] = 30
    disable_nagle_algorithm = True
    """A body is sent at once, instead of when the client has confirmed the headers."""

    def do_GET(self) -> None:
        """Send the file, or the requested range of it."""
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers of GET."""
        self._respond(with_body=False)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _respond(self, *, with_body: bool) -> None:
        try:
            is_local, path = self._is_for_this_machine(), self._requested_path()
        except ValueError:  # such as an unclosed bracket
            self._send_head(HTTPStatus.BAD_REQUEST, {})
            return
        except OSError:  # such as a name that is too long
            self._send_not_found(with_body=with_body)
            return
        if not is_local:
            self._send_head(HTTPStatus.MISDIRECTED_REQUEST, {})
            return
        try:
            url_path = urlsplit(self.path).path
            if self.server.live_reload and url_path == RELOAD_PATH:
                self._send_next_version()
            elif self.server.live_reload and url_path == RELOAD_SCRIPT_PATH:
                self._send_reload_script(with_body=with_body)
            elif path is None:
                self._send_not_found(with_body=with_body)
            elif path.is_dir():
                self._send_redirect(url_path + "/")
            else:
                with path.open("rb") as file:
                    self._send_file(file, path, with_body=with_body)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True  # the client disconnected
        except OSError:
            self._send_not_found(with_body=with_body)

    def _is_for_this_machine(self) -> bool:
        """Whether the Host header names this machine: a website whose name resolves to it must not read drafts."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        is_for_all = self.server.server_address[0] in {"0.0.0.0", "::"}  # noqa: S104  # the caller bound it so
        return is_for_all or host in LOCAL_HOSTS or host == self.server.server_address[0]

    def _requested_path(self) -> Path | None:
        """The requested file, or a folder requested without a slash; None if it is not in the build."""
        url_path = unquote(urlsplit(self.path).path)
        path = self._resolve_in_build(url_path)
        if path is None and url_path.startswith(self.server.prefix):
            return self._resolve_in_build(url_path.removeprefix(self.server.prefix))
        return path

    def _resolve_in_build(self, url_path: str) -> Path | None:
        parts = url_path.split("/")
        if (
            "\0" in url_path
            or "\\" in url_path
            or any(part.startswith(".") for part in parts if part not in PUBLIC_DOTS)
        ):
            return None
        name = next((name for name in self.server.mounts if f"{url_path}/".startswith(f"/{name}/")), "")
        folder = self.server.mounts[name] if name else self.server.folder
        below = url_path.removeprefix(f"/{name}") if name else url_path
        path = real_path(folder / below.strip("/"))
        if not path.is_relative_to(folder):
            return None
        index = path / "index.html"
        if index.is_file():
            return index if below.endswith("/") or (path == folder and not name) else path
        return path if path.is_file() and not below.endswith("/") else None

    def _send_file(self, file: IO[bytes], path: Path, *, with_body: bool) -> None:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            self._send_not_found(with_body=with_body)
            return
        size = status.st_size
        is_public = self.server.public_url or self.server.mounted_urls
        if is_public and path.suffix in TRANSLATED_SUFFIXES:
            data = self.server.replace_urls(file.read())
            file, size = io.BytesIO(data), len(data)
        if self.server.live_reload and path.suffix == ".html":
            data = file.read() + RELOAD_TAG
            file, size = io.BytesIO(data), len(data)
        etag = '"' + hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{size}".encode()).hexdigest()[:20] + '"'
        if self._matches_if_none_match(etag):
            self._send_head(HTTPStatus.NOT_MODIFIED, {"ETag": etag})
            return
        headers = {
            "Content-Type": _preview_type(path.name),
            "Last-Modified": format_http_date(status.st_mtime),
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
        }
        requested = self._requested_range(etag, size)
        if requested is None:
            self._send_head(HTTPStatus.OK, headers | {"Content-Length": str(size)})
        elif not requested:
            self._send_head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
            return
        else:
            span = f"bytes {requested[0]}-{requested[-1]}/{size}"
            range_headers = {"Content-Range": span, "Content-Length": str(len(requested))}
            self._send_head(HTTPStatus.PARTIAL_CONTENT, headers | range_headers)
        if with_body:
            sent = range(size) if requested is None else requested
            file.seek(sent.start)
            self._copy_bytes(file, len(sent))

    def _matches_if_none_match(self, etag: str) -> bool:
        if_none_match = self.headers.get("If-None-Match", "")
        etags = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
        return if_none_match.strip() == "*" or etag in etags

    def _requested_range(self, etag: str, size: int) -> range | None:
        """The requested bytes; empty if the range is outside of the file, None for the whole file.

        Only a single range is supported: a server may send the whole file for all others (RFC 9110, 14.2).
        """
        match = re.fullmatch(r"bytes=\s*([0-9]*)-([0-9]*)\s*", self.headers.get("Range", ""))
        if not match or match.groups() == ("", "") or self.headers.get("If-Range", etag) != etag:
            return None
        first, last = (int(digits.lstrip("0")[:MAX_RANGE_DIGITS] or 0) for digits in match.groups())
        if not match[1]:
            return range(max(0, size - last), size)
        last = last if match[2] else size
        return None if match[2] and last < first else range(first, min(last + 1, size))

    def _send_head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (SAFE_HEADERS | headers).items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED and "Content-Length" not in headers:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def _copy_bytes(self, file: IO[bytes], length: int) -> None:
        while length > 0 and (chunk := file.read(min(COPY_CHUNK_BYTES, length))):
            self.wfile.write(chunk)
            length -= len(chunk)
        if length:
            self.close_connection = True  # the file got smaller in the meantime

    def _send_next_version(self) -> None:
        """Respond once the version differs from that of the page, or after `MAX_RELOAD_WAIT_S`."""
        page_version = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        with self.server.reload_condition:
            self.server.reload_condition.wait_for(
                lambda: str(self.server.version) != page_version, timeout=MAX_RELOAD_WAIT_S
            )
            data = str(self.server.version).encode()
        headers = {"Content-Type": "text/plain", "Content-Length": str(len(data)), "Cache-Control": "no-store"}
        self._send_head(HTTPStatus.OK, headers)
        self.wfile.write(data)

    def _send_reload_script(self, *, with_body: bool) -> None:
        headers = {"Content-Type": "text/javascript", "Content-Length": str(len(RELOAD_SCRIPT))}
        self._send_head(HTTPStatus.OK, headers | {"Cache-Control": "no-store"})
        if with_body:
            self.wfile.write(RELOAD_SCRIPT)

    def _send_redirect(self, to: str) -> None:
        # A single leading slash, because two would name another host.
        self._send_head(HTTPStatus.MOVED_PERMANENTLY, {"Location": "/" + to.lstrip("/")})

    def _send_not_found(self, *, with_body: bool) -> None:
        page = self.server.folder / "404.html"
        data = page.read_bytes() if page.is_file() else b"Not found\n"
        content_type = guess_content_type("404.html" if page.is_file() else "404.txt")
        self._send_head(HTTPStatus.NOT_FOUND, {"Content-Type": content_type, "Content-Length": str(len(data))})
        if with_body:
            self.wfile.write(data)


def _preview_type(name: str) -> str:
    """The media type of a file of the build: one of the podcaster's own has a type that a build does not make."""
    content_type = guess_content_type(name)
    return guess_static_type(name) if content_type == "application/octet-stream" else content_type
