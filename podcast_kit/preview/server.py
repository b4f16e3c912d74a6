"""Preview of a build as a store would answer it: ranges, HEAD, and 304 for what the browser has.

Browsers cannot seek in audio whose server does not answer byte ranges, and say nothing about it.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.io.mime import content_type
from podcast_kit.text.dates import format_http_date

CHUNK = 1 << 16
TRANSLATED = {".html", ".xml", ".json", ".opml"}
"""What names other files by their public address."""


MADE = {"build", "podcast.lock", "__pycache__", "node_modules"}
"""What lies in a show's folder and is not written by the podcaster."""
UNFINISHED = ("~", ".swp", ".tmp", ".new", ".part", ".crdownload")
HERE = {"", "localhost", "127.0.0.1", "::1"}
NEWS = "/.changes"
PATIENCE = 20
"""Seconds that a page is kept waiting for news; it asks again then."""
RELOAD = b"""<script>
(function ask(known) {
  fetch("/.changes?since=" + known).then((answer) => answer.text()).then((now) => {
    if (known && now !== known) location.reload(); else ask(now);
  }).catch(() => setTimeout(() => ask(known || "0"), 1000));
})("");
</script>
"""


class Preview(ThreadingHTTPServer):
    """A server of one folder on loopback; `serve_forever()` runs it, `shutdown()` ends it."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"

    def __init__(self, folder: Path, host: str, port: int, public: str, *, live: bool) -> None:
        self.folder = folder.resolve()
        self.live = live
        self.version = 1
        self.news = threading.Condition()
        self.public = public.rstrip("/") + "/" if public else ""
        self.prefix = urlsplit(self.public).path or "/"
        super().__init__((host, port), Answer)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as http.server has it
        """Say nothing of a listener who went away; anything else is a bug and shows its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def changed(self) -> None:
        """Tell every page that is open to load itself anew."""
        with self.news:
            self.version += 1
            self.news.notify_all()

    @property
    def url(self) -> str:
        """Where it answers; ends in a slash."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"


def server(folder: Path, port: int = 0, *, host: str = "127.0.0.1", public: str = "", live: bool = False) -> Preview:
    """A preview of a build's folder; port 0 takes a free one. Raises Failed where the port is taken.

    With `public`, the address that the build was made for, the feed and other data name the preview instead,
    so that an app on this machine can follow and play it; pages need no such help, their links are relative.
    With `live`, pages load themselves anew after `changed()`.
    """
    try:
        return Preview(folder, host, port, public, live=live)
    except (OSError, OverflowError) as error:
        hint = "name another port, or 0 for a free one"
        raise OperationError(f"cannot listen on {host}:{port}: {error}", hint) from error


def changes(folder: Path, stop: threading.Event, *, pause: float = 0.2, apart: str = "") -> Iterator[tuple[str, ...]]:
    """Whenever files of a show changed, their paths, sorted; ends when `stop` is set.

    `apart` is a folder within it that is published to: what lies there nobody wrote.

    Looks at times and sizes every `pause` seconds, and waits until nothing moves any more:
    editors write a file in several steps. What the kit itself makes is not looked at.
    What is saved from the call on is seen, whenever one begins to listen.
    """
    outside = folder / apart if apart else None
    return _changes(folder, stop, pause, outside, _stamps(folder, outside))


def _changes(
    folder: Path, stop: threading.Event, pause: float, apart: Path | None, before: dict[str, tuple[int, int]]
) -> Iterator[tuple[str, ...]]:
    while not stop.wait(pause):
        now = _stamps(folder, apart)
        if now == before:
            continue
        while not stop.wait(pause / 2) and (later := _stamps(folder, apart)) != now:
            now = later
        if moved := {path for path, _ in before.items() ^ now.items()}:
            yield tuple(sorted(moved))
        before = now


def _stamps(folder: Path, apart: Path | None) -> dict[str, tuple[int, int]]:
    """Time and size of every file that the podcaster wrote; asked for several times a second, so without Paths."""
    found: dict[str, tuple[int, int]] = {}
    waiting, outside = [("", str(folder))], str(apart)
    while waiting:
        below, place = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except OSError:
            continue  # gone between listing and looking
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name in MADE or name.endswith(UNFINISHED):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path != outside:
                        waiting.append((f"{below}{name}/", entry.path))
                elif not entry.is_dir():
                    facts = entry.stat()
                    found[below + name] = (facts.st_mtime_ns, facts.st_size)
            except OSError:
                continue
    return found


LONGEST = 18
"""Digits of a position that mean something."""


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Preview
    protocol_version = "HTTP/1.1"
    server_version = "podcast-kit"
    sys_version = ""
    timeout: ClassVar[int] = 30

    def do_GET(self) -> None:
        """The file, or the part of it that was asked for."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """What GET would say, without the bytes."""
        self._answer(body=False)

    def log_message(self, *_: object) -> None:
        """Nothing: core is quiet."""

    def _answer(self, *, body: bool) -> None:
        try:
            here, path = self._asked_here(), self._path()
        except ValueError:  # such as a bracket that is never closed
            self._head(HTTPStatus.BAD_REQUEST, {})
            return
        except OSError:  # such as a name that is too long
            self._missing(body=body)
            return
        if not here:
            self._head(HTTPStatus.MISDIRECTED_REQUEST, {})
            return
        try:
            if self.server.live and urlsplit(self.path).path == NEWS:
                self._news()
            elif path is None:
                self._missing(body=body)
            elif path.is_dir():
                self._redirect(urlsplit(self.path).path + "/")
            else:
                with path.open("rb") as file:
                    self._send(file, path, body=body)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True  # the listener went away
        except OSError:
            self._missing(body=body)

    def _asked_here(self) -> bool:
        """Whether the request names this machine: a page on the web whose name leads here must not read drafts."""
        named = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return named in HERE or named == self.server.server_address[0]

    def _path(self) -> Path | None:
        """The file of an address, or a folder that wants its slash; None for all that is not inside the build."""
        asked = unquote(urlsplit(self.path).path)
        found = self._inside(asked)
        if found is None and asked.startswith(self.server.prefix):
            return self._inside(asked.removeprefix(self.server.prefix))
        return found

    def _inside(self, asked: str) -> Path | None:
        if "\0" in asked or "\\" in asked:
            return None
        path = (self.server.folder / asked.strip("/")).resolve()
        if not path.is_relative_to(self.server.folder):
            return None
        index = path / "index.html"
        if index.is_file():
            return index if asked.endswith("/") or path == self.server.folder else path
        return path if path.is_file() and not asked.endswith("/") else None

    def _send(self, file: IO[bytes], path: Path, *, body: bool) -> None:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            self._missing(body=body)
            return
        size = facts.st_size
        if self.server.public and path.suffix in TRANSLATED:
            data = file.read().replace(self.server.public.encode(), self.server.url.encode())
            file, size = io.BytesIO(data), len(data)
        if self.server.live and path.suffix == ".html":
            data = file.read() + RELOAD
            file, size = io.BytesIO(data), len(data)
        tag = '"' + hashlib.sha256(f"{path}\0{facts.st_mtime_ns}\0{size}".encode()).hexdigest()[:20] + '"'
        if self._has(tag):
            self._head(HTTPStatus.NOT_MODIFIED, {"ETag": tag})
            return
        headers = {
            "Content-Type": content_type(path.name),
            "Last-Modified": format_http_date(facts.st_mtime),
            "ETag": tag,
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
        }
        part = self._range(tag, size)
        if part is None:
            self._head(HTTPStatus.OK, headers | {"Content-Length": str(size)})
        elif not part:
            self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
            return
        else:
            span = {"Content-Range": f"bytes {part[0]}-{part[-1]}/{size}", "Content-Length": str(len(part))}
            self._head(HTTPStatus.PARTIAL_CONTENT, headers | span)
        if body:
            wanted = range(size) if part is None else part
            file.seek(wanted.start)
            self._copy(file, len(wanted))

    def _has(self, tag: str) -> bool:
        known = self.headers.get("If-None-Match", "")
        return known.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in known.split(",")}

    def _range(self, tag: str, size: int) -> range | None:
        """The bytes asked for; empty where there are none such, None for the whole file.

        One range only: a server may answer any other request in full (RFC 9110, 14.2).
        """
        found = re.fullmatch(r"bytes=\s*([0-9]*)-([0-9]*)\s*", self.headers.get("Range", ""))
        if not found or found.groups() == ("", "") or self.headers.get("If-Range", tag) != tag:
            return None
        # A number may have any length; Python reads 4,300 digits, and a file has fewer bytes than 18 of them say.
        first, last = (int(digits.lstrip("0")[:LONGEST] or 0) for digits in found.groups())
        if not found[1]:
            return range(max(0, size - last), size)
        last = last if found[2] else size
        return None if found[2] and last < first else range(first, min(last + 1, size))

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED and "Content-Length" not in headers:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def _copy(self, file: IO[bytes], length: int) -> None:
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            self.wfile.write(chunk)
            length -= len(chunk)
        if length:
            self.close_connection = True  # the file shrank meanwhile

    def _news(self) -> None:
        """Answer when something changed since the version that the page knows, or after a while that nothing did."""
        known = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
        with self.server.news:
            self.server.news.wait_for(lambda: str(self.server.version) != known, timeout=PATIENCE)
            data = str(self.server.version).encode()
        headers = {"Content-Type": "text/plain", "Content-Length": str(len(data)), "Cache-Control": "no-store"}
        self._head(HTTPStatus.OK, headers)
        self.wfile.write(data)

    def _redirect(self, to: str) -> None:
        # One leading slash only: two would name another host.
        self._head(HTTPStatus.MOVED_PERMANENTLY, {"Location": "/" + to.lstrip("/")})

    def _missing(self, *, body: bool) -> None:
        page = self.server.folder / "404.html"
        data = page.read_bytes() if page.is_file() else b"Not found\n"
        kind = content_type("404.html" if page.is_file() else "404.txt")
        self._head(HTTPStatus.NOT_FOUND, {"Content-Type": kind, "Content-Length": str(len(data))})
        if body:
            self.wfile.write(data)
