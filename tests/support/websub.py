"""A real WebSub hub (flask-websub), a subscriber with a secret, and a CDN with the headers that the hub wants."""

import hashlib
import hmac
import http.server
import threading
from contextlib import ExitStack, contextmanager
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

SECRET = "canary-of-a-subscriber"


@contextmanager
def serve(server):
    """Run a server in a thread."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running_hub(folder):
    """The URL of a hub; Celery carries out its tasks at once."""
    from celery import Celery
    from flask import Flask
    from flask_websub.hub import Hub, SQLite3HubStorage
    from werkzeug.serving import WSGIRequestHandler, make_server

    class QuietHandler(WSGIRequestHandler):
        def log(self, *_):
            pass

    app = Flask("hub")
    app.config["PUBLISH_SUPPORTED"] = True
    celery = Celery("hub", set_as_current=False)
    celery.conf.update(task_always_eager=True, task_eager_propagates=True)
    hub = Hub(SQLite3HubStorage(str(folder / "hub.sqlite3")), celery, **app.config)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    with serve(make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/hub"


class Subscriber:
    """What an app does that subscribes to a feed."""

    def __init__(self, url):
        self.url = url
        self.feeds = []
        """What the hub delivered with a signature that is right."""
        self.faults = []

    def subscribe(self, feed_url):
        """Find the hub in the feed, and subscribe there; the hub checks that we meant it."""
        from flask_websub.subscriber import discover

        links = discover(feed_url)
        form = {
            "hub.mode": "subscribe",
            "hub.topic": links["topic_url"],
            "hub.callback": self.url,
            "hub.secret": SECRET,
        }
        with urlopen(Request(links["hub_url"], urlencode(form).encode()), timeout=60) as response:
            assert response.status == 202
        return links


@contextmanager
def running_subscriber():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(parse_qs(urlsplit(self.path).query)["hub.challenge"][0].encode())

        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            signature = "sha512=" + hmac.digest(SECRET.encode(), content, hashlib.sha512).hex()
            is_signed = hmac.compare_digest(signature, self.headers["X-Hub-Signature"])
            (subscriber.feeds if is_signed else subscriber.faults).append(content)
            self.answer(b"")

        def answer(self, content):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        subscriber = Subscriber(f"http://127.0.0.1:{server.server_port}/callback")
        yield subscriber
    assert subscriber.faults == []


@contextmanager
def running_cdn(origin_url, hub_url):
    """A public address for a store, which logs its requests; the feed has the headers that the hub wants.

    `cached` has old copies by path.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.requests.append(f"{self.command} {self.path}")
            if self.path in server.cached:
                self.send_response(200)
                self.send_header("Content-Length", str(len(server.cached[self.path])))
                self.end_headers()
                self.wfile.write(server.cached[self.path] if self.command == "GET" else b"")
                return
            headers = {name: self.headers[name] for name in ("Range", "Accept-Encoding") if self.headers[name]}
            try:
                with urlopen(Request(origin_url + self.path[1:], headers=headers, method=self.command)) as response:
                    self.answer(response, response.read())
            except HTTPError as error:
                self.answer(error, error.read())

        do_HEAD = do_GET  # noqa: N815 - its name in http.server

        def answer(self, response, content):
            self.send_response(response.status)
            for name in ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Cache-Control"):
                if response.headers[name]:
                    self.send_header(name, response.headers[name])
            if self.path == "/feed.xml":
                self.send_header("Link", f'<{hub_url}>; rel="hub", <{server.url}feed.xml>; rel="self"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    with serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.requests, server.url = [], f"http://127.0.0.1:{server.server_port}/"
        server.cached = {}
        yield server


@contextmanager
def running_all(folder, origin_url):
    """Hub, subscriber and CDN."""
    with ExitStack() as stack:
        hub = stack.enter_context(running_hub(folder))
        cdn = stack.enter_context(running_cdn(origin_url, hub))
        yield hub, stack.enter_context(running_subscriber()), cdn
