"""The services that are told of a new feed, on loopback: they log what arrives, and hold it against their documents."""

import contextlib
import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from podcast_kit.announce import indexnow, podcast_index, podping

TOKEN = "canary-podping-token"
DAY_S = 86_400
MAX_TEST_S = 180
"""How long a test may take on a busy machine."""
PUBLISHED = "/published/"
"""A place on the server for a show of which nothing is there; requests for it are not logged."""


@dataclass
class Request:
    service: str
    query: dict = field(default_factory=dict)
    content: bytes = b""
    feed: bytes = b""
    """What the service fetched at once."""
    seen: object = None
    """What `server.observe` returned then."""

    @property
    def urls(self):
        return json.loads(self.content)["urlList"]


@contextlib.contextmanager
def run_services():
    """A server with a hub at /hub/NAME, the Podcast Index, Podping and IndexNow; `answers` overrides a service's.

    Pages are reported once a day: shortly before midnight, it is started after it.
    """
    if (left_s := DAY_S - time.time() % DAY_S) < MAX_TEST_S:
        time.sleep(left_s)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.requests, server.answers, server.faults, server.observe = [], {}, [], lambda: None
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
    assert not server.faults


def use_services(monkeypatch, url):
    monkeypatch.setattr(podcast_index, "PODCAST_INDEX_API", f"{url}/api/1.0")
    monkeypatch.setattr(podping, "PODPING_SERVER", f"{url}/podping/")
    monkeypatch.setattr(indexnow, "INDEXNOW_ENDPOINT", f"{url}/indexnow")
    monkeypatch.setenv("PODCAST_KIT_PODPING_TOKEN", TOKEN)


def take_services(server):
    """The services that were asked since, sorted: they are told at the same time."""
    names = sorted(request.service for request in server.requests)
    server.requests.clear()
    return names


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        if parts.path.startswith(PUBLISHED):
            self.send_error(404)
            return
        query = {name: value for name, [value] in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        self.expect(self.headers["User-Agent"].startswith("podcast-kit/"))
        if parts.path == "/api/1.0/hub/pubnotify":
            self.expect(query.keys() == {"url"} and "Authorization" not in self.headers)
            self.answer("index", query, query["url"], 200, {"status": "true", "description": "Feed marked."})
        elif parts.path == "/podping/":
            self.expect(query.keys() == {"url", "reason", "medium"})
            self.expect(query["reason"] in {"update", "live", "liveEnd"})
            is_known = self.headers["Authorization"] == TOKEN
            self.answer("podping", query, query["url"], 200 if is_known else 401, "queued")
        else:
            self.answer(f"unknown {parts.path}", query, "", 404, "")

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/hub/"):
            self.expect(self.headers["Content-Type"] == "application/x-www-form-urlencoded")
            form = {name: value for name, [value] in parse_qs(content.decode(), strict_parsing=True).items()}
            self.expect(form["hub.mode"] == "publish" and form["hub.url"] == form["hub.topic"])
            self.answer(self.path[1:], form, form["hub.url"], 204, "")
        elif self.path == "/purge":
            self.answer("purge", {}, "", 200, "", content)
        elif self.path == "/indexnow":
            self.expect(self.headers["Content-Type"] == "application/json; charset=utf-8")
            self.answer("indexnow", {}, "", self.check_indexnow(json.loads(content)), "", content)

    def check_indexnow(self, request):
        self.expect(request.keys() == {"host", "key", "keyLocation", "urlList"})
        self.expect(0 < len(request["urlList"]) <= 10_000)
        with urlopen(request["keyLocation"]) as response:
            if response.read().decode() != request["key"]:
                return 403
        folder = request["keyLocation"].rpartition("/")[0] + "/"
        is_own = all(url.startswith(folder) for url in request["urlList"])
        return 202 if is_own and urlsplit(folder).netloc == request["host"] else 422

    def expect(self, holds):
        if not holds:
            self.server.faults.append(f"{self.command} {self.path} {dict(self.headers)}")

    def answer(self, service, query, feed_url, status, body, content=b""):
        feed = b""
        if feed_url.startswith("http://127.0.0.1"):
            with contextlib.suppress(OSError), urlopen(feed_url) as response:
                feed = response.read()
        self.server.requests.append(Request(service, query, content, feed, self.server.observe()))
        status, headers, body = self.server.answers.get(service, (status, {}, body))
        data = body if isinstance(body, bytes) else (json.dumps(body) if isinstance(body, dict) else body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(0 if status == 204 else len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)

    def log_message(self, *_):
        pass
