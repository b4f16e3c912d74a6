import http.server
import threading

import pytest

from podcast_kit.io import http_client
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from tests.support import slow_servers


class Host(http.server.ThreadingHTTPServer):
    """Answers with the bodies and redirects that it is given, and records every request with its connection."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies, self.redirects, self.requests = {}, {}, []
        self.closes_connections = False
        self.missing_bytes = 0
        self.content_length = ""

    def handle_error(self, *_):
        """Ignore clients that close the connection early."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.server
        host.requests.append((self.client_address[1], self.command, self.path, dict(self.headers)))
        body = host.bodies.get(self.path, b"")
        self.send_response(302 if self.path in host.redirects else 200)
        if self.path in host.redirects:
            self.send_header("Location", host.redirects[self.path])
        self.send_header("Content-Length", host.content_length or str(len(body) + host.missing_bytes))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        if host.closes_connections or host.missing_bytes or host.content_length:
            self.close_connection = True  # without announcing it, as hosts do with idle connections

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # http.server's own naming

    def log_message(self, *_):
        pass


@pytest.fixture
def host():
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(host):
    with HttpClient(NetworkPolicy.trust(host.url)) as client:
        yield client


def count_connections(host):
    return len({port for port, *_ in host.requests})


def test_requests_to_one_host_share_a_connection(host, client):
    host.bodies = {"/a": b"one", "/b": b"two"}
    assert client.request(f"{host.url}a", max_bytes=3)[1] == b"one"
    assert client.request(f"{host.url}a", method="HEAD")[0].status == 200
    assert client.request(f"{host.url}b", max_bytes=100)[1] == b"two"
    assert count_connections(host) == 1


def test_unread_rest_of_a_body_is_not_read_as_the_next_response(host, client):
    host.bodies = {"/long": b"x" * 1_000_000, "/short": b"short"}
    assert client.request(f"{host.url}long", max_bytes=10)[1] == b"x" * 10
    assert client.request(f"{host.url}short", max_bytes=10)[1] == b"short"
    assert count_connections(host) == 2


def test_request_is_retried_on_a_connection_that_the_host_closed(host, client):
    host.bodies, host.closes_connections = {"/a": b"one"}, True
    assert [client.request(f"{host.url}a", max_bytes=3)[1] for _ in range(3)] == [b"one"] * 3
    assert count_connections(host) == 3


def test_redirects_are_followed_and_recorded(host, client):
    host.bodies, host.redirects = {"/c": b"here"}, {"/a": "/b", "/b": "c"}
    response, body = client.request(f"{host.url}a", max_bytes=4)
    assert (response.url, body) == (f"{host.url}c", b"here")
    assert response.redirects == ((302, f"{host.url}b"), (302, f"{host.url}c"))


def test_redirect_to_an_invalid_or_foreign_url_is_an_error(host, client):
    host.redirects = {"/a": "http://[", "/b": "ftp://far.example/"}
    assert "does not answer correctly" in client.request(f"{host.url}a")[0].error
    assert "is redirected to ftp://far.example/, which is not a web URL" in client.request(f"{host.url}b")[0].error


def test_download_passes_on_the_whole_body_or_reports_an_error(host, client):
    host.bodies, blocks = {"/a": b"0123456789"}, []
    assert not client.download(f"{host.url}a", blocks.append, max_bytes=10).error
    assert b"".join(blocks) == b"0123456789"
    assert client.download(f"{host.url}a", blocks.append, max_bytes=9).error == "is longer than 9 bytes"
    host.content_length = "9" * 5000
    assert "ended after 10 of 9999" in client.download(f"{host.url}a", blocks.append, max_bytes=99).error
    host.content_length, host.missing_bytes = "", 5
    assert client.download(f"{host.url}a", blocks.append, max_bytes=99).error == "ended after 10 of 15 bytes"


def test_full_disk_while_downloading_is_reported_like_a_network_error(host, client):
    def write_to_full_disk(_):
        raise OSError(28, "No space left on device")

    host.bodies = {"/a": b"0123456789"}
    assert "No space left" in client.download(f"{host.url}a", write_to_full_disk, max_bytes=10).error
    assert client.request(f"{host.url}a", max_bytes=10)[1] == b"0123456789"


def test_non_ascii_urls_are_percent_encoded(host, client):
    client.request(f"{host.url}fünf [1].mp3?x=ä b")
    assert host.requests[0][2] == "/f%C3%BCnf%20%5B1%5D.mp3?x=%C3%A4%20b"


def test_requests_reveal_nothing_about_the_user(host, client):
    client.request(host.url)
    (_, _, _, headers) = host.requests[0]
    assert headers == {"Host": host.url[7:-1], "User-Agent": http_client.USER_AGENT, "Accept-Encoding": "identity"}


def test_silent_host_times_out(monkeypatch):
    monkeypatch.setattr(http_client, "SOCKET_TIMEOUT_S", 0.2)
    with http.server.socketserver.TCPServer(("127.0.0.1", 0), None) as silent:
        url = f"http://127.0.0.1:{silent.server_address[1]}/"
        with HttpClient(NetworkPolicy.trust(url)) as client:
            response, _ = client.request(url)
    assert response.error == "does not answer within 0.2 s"


def test_unknown_host_is_unreachable(client):
    response, _ = client.request("http://no-such-host.invalid/feed.xml")
    assert response.error == "has a host name that cannot be resolved"
    assert response.unreachable_host == "http://no-such-host.invalid"


def test_host_without_https_is_described_in_words(host):
    url = host.url.replace("http:", "https:")
    with HttpClient(NetworkPolicy.trust(url)) as client:
        response, _ = client.request(url)
    assert response.error == "does not use https on this port"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_request_with_a_token_is_sent_once_and_follows_no_redirect(host, client, method):
    host.bodies, host.redirects = {"/a": b"moved"}, {"/a": "http://127.0.0.2:1/"}
    content = None if method == "GET" else b"{}"
    response, _ = client.send(method, f"{host.url}a", content, headers={"Authorization": "Bearer x"}, max_bytes=9)
    assert (response.status, response.redirects, response.may_have_arrived) == (302, (), False)
    assert [(command, headers["Authorization"]) for _, command, _, headers in host.requests] == [(method, "Bearer x")]


def test_request_without_response_may_have_arrived_unless_there_was_no_connection(client):
    with slow_servers.serve_bytes() as url, HttpClient(NetworkPolicy.trust(url)) as own_client:
        response, _ = own_client.send("POST", url, b"{}")
        assert response.error
        assert response.may_have_arrived
    with slow_servers.refused_url() as url, HttpClient(NetworkPolicy.trust(url)) as own_client:
        response, _ = own_client.send("POST", url, b"{}")
    assert response.error == "refuses the connection"
    assert not response.may_have_arrived
    assert not client.send("POST", "http://no-such-host.invalid/", b"{}")[0].may_have_arrived
