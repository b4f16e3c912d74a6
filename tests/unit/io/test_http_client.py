"""The one way to public addresses: connections kept, and no answer that is not told."""

import http.server
import threading

import pytest

from podcast_kit.io import http_client
from podcast_kit.io.http_client import Web


class Host(http.server.ThreadingHTTPServer):
    """Answers with what lies under a path, and remembers who asked over which connection."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies, self.moved, self.seen = {}, {}, []
        self.leave = self.promise = 0
        self.length = ""

    def handle_error(self, *_):
        """Who does not want the rest hangs up."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.server
        host.seen.append((self.client_address[1], self.command, self.path, dict(self.headers)))
        body = host.bodies.get(self.path, b"")
        self.send_response(302 if self.path in host.moved else 200)
        if self.path in host.moved:
            self.send_header("Location", host.moved[self.path])
        self.send_header("Content-Length", host.length or str(len(body) + host.promise))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        if host.leave or host.promise or host.length:
            self.close_connection = True  # without a word, as hosts do with connections that lay idle

    do_HEAD = do_GET  # noqa: N815  # http.server's own naming

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
def asking():
    with Web() as made:
        yield made


def connections(host):
    return len({port for port, *_ in host.seen})


def test_a_host_is_asked_over_one_connection(host, asking):
    host.bodies = {"/a": b"one", "/b": b"two"}
    assert asking.ask(f"{host.url}a", bound=3)[1] == b"one"
    assert asking.ask(f"{host.url}a", method="HEAD")[0].status == 200
    assert asking.ask(f"{host.url}b", bound=100)[1] == b"two"
    assert connections(host) == 1


def test_what_is_left_of_a_body_is_never_taken_for_the_next_answer(host, asking):
    host.bodies = {"/long": b"x" * 1_000_000, "/short": b"short"}
    assert asking.ask(f"{host.url}long", bound=10)[1] == b"x" * 10
    assert asking.ask(f"{host.url}short", bound=10)[1] == b"short"
    assert connections(host) == 2


def test_a_connection_that_the_host_closed_meanwhile_is_opened_anew(host, asking):
    host.bodies, host.leave = {"/a": b"one"}, 1
    assert [asking.ask(f"{host.url}a", bound=3)[1] for _ in range(3)] == [b"one"] * 3
    assert connections(host) == 3


def test_each_redirect_is_remembered(host, asking):
    host.bodies, host.moved = {"/c": b"here"}, {"/a": "/b", "/b": "c"}
    answer, body = asking.ask(f"{host.url}a", bound=4)
    assert (answer.url, body) == (f"{host.url}c", b"here")
    assert answer.hops == ((302, f"{host.url}b"), (302, f"{host.url}c"))


def test_a_redirect_to_what_is_no_address_is_a_trouble(host, asking):
    host.moved = {"/a": "http://[", "/b": "ftp://far.example/"}
    assert "does not answer as it should" in asking.ask(f"{host.url}a")[0].trouble
    assert "no web address" in asking.ask(f"{host.url}b")[0].trouble


def test_a_body_is_handed_on_whole_or_its_fault_is_told(host, asking):
    host.bodies, taken = {"/a": b"0123456789"}, []
    assert not asking.fetch(f"{host.url}a", taken.append, bound=10).trouble
    assert b"".join(taken) == b"0123456789"
    assert asking.fetch(f"{host.url}a", taken.append, bound=9).trouble == "is longer than 9 bytes"
    host.length = "9" * 5000
    assert "ended after 10 of 9999" in asking.fetch(f"{host.url}a", taken.append, bound=99).trouble
    host.length, host.promise = "", 5
    assert asking.fetch(f"{host.url}a", taken.append, bound=99).trouble == "ended after 10 of 15 bytes"


def test_a_disk_that_is_full_is_a_trouble_as_a_network_that_is_down(host, asking):
    def full(_):
        raise OSError(28, "No space left on device")

    host.bodies = {"/a": b"0123456789"}
    assert "No space left" in asking.fetch(f"{host.url}a", full, bound=10).trouble
    assert asking.ask(f"{host.url}a", bound=10)[1] == b"0123456789"


def test_names_of_any_script_are_asked_as_they_are_written(host, asking):
    asking.ask(f"{host.url}fünf [1].mp3?x=ä b")
    assert host.seen[0][2] == "/f%C3%BCnf%20%5B1%5D.mp3?x=%C3%A4%20b"


def test_nobody_is_told_who_asks(host, asking):
    asking.ask(host.url)
    (_, _, _, headers) = host.seen[0]
    assert headers == {"Host": host.url[7:-1], "User-Agent": http_client.AGENT, "Accept-Encoding": "identity"}


def test_a_host_that_says_nothing_is_given_up(asking, monkeypatch):
    monkeypatch.setattr(http_client, "SILENCE", 0.2)
    with http.server.socketserver.TCPServer(("127.0.0.1", 0), None) as silent:
        answer, _ = asking.ask(f"http://127.0.0.1:{silent.server_address[1]}/")
    assert answer.trouble == "does not answer within 0.2 seconds"
