"""What a stranger names is fetched from public addresses only, and no server can hold a run up."""

import socket
import threading
import time

import pytest
from click.testing import CliRunner

from podcast_kit import check, importer
from podcast_kit.cli import cli
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.io import checked_connection, http_client
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from tests.support.slow_servers import fake_resolver, serve_bytes

REDIRECT = "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
HEADERS = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def private():
    """A server that only this computer can reach, as a test sees whether it was asked."""
    with serve_bytes(ANSWER) as url:
        yield url


def port_of(url):
    return url.rstrip("/").rpartition(":")[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_private_address_is_refused_however_it_is_written(private, host):
    with HttpClient() as client:
        response, body = client.request(f"http://{host}:{port_of(private)}/", max_bytes=100)
    assert "has an address that is not public" in response.error
    assert body == b""


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "64:ff9b::7f00:1"])
def test_a_name_with_a_private_address_is_refused(private, address):
    resolve = fake_resolver({"feeds.example": [[address]]})
    with HttpClient(resolve=resolve) as client:
        response, _ = client.request(f"http://feeds.example:{port_of(private)}/")
    assert response.error == f"has an address that is not public ({address})"


@pytest.mark.parametrize("target", ["http://127.0.0.1:{}/", "http://inner.example:{}/", "http://[::1]:{}/"])
def test_a_redirect_to_a_private_address_is_refused_by_ip_address_and_by_name(private, target):
    target = target.format(port_of(private))
    resolve = fake_resolver({"127.0.0.1": [["127.0.0.1"]], "inner.example": [["127.0.0.1"]], "::1": [["::1"]]})
    with (
        serve_bytes(REDIRECT.format(target).encode()) as url,
        HttpClient(NetworkPolicy.trust(url), resolve=resolve) as client,
    ):
        response, body = client.request(url, max_bytes=100)
    assert response.error.startswith(f"is redirected to {target}, which has an address that is not public")
    assert body == b""


def test_a_trusted_local_server_may_redirect_within_itself():
    resolve = fake_resolver({"127.0.0.1": [["127.0.0.1"]]})
    with (
        serve_bytes(REDIRECT.format("/elsewhere").encode()) as url,
        HttpClient(NetworkPolicy.trust(url), resolve=resolve) as client,
    ):
        response, _ = client.request(url)
    assert "is redirected more than 10 times" in response.error


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch):
    """A name is resolved once for a connection: no second answer can replace the address that was checked."""
    connected = []

    class Recorder(socket.socket):
        def connect(self, address):
            connected.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(checked_connection.socket, "socket", Recorder)
    resolve = fake_resolver({"feeds.example": [["93.184.216.34"], ["127.0.0.1"]]})
    with HttpClient(resolve=resolve) as client:
        first, _ = client.request("http://feeds.example/a")
        second, _ = client.request("http://feeds.example/b")
    assert connected == [("93.184.216.34", 80)]
    assert first.error == "refuses the connection"
    assert second.error == "has an address that is not public (127.0.0.1)"


def test_of_mixed_addresses_only_the_public_ones_are_used(monkeypatch):
    connected = []

    class Recorder(socket.socket):
        def connect(self, address):
            connected.append(address[0])
            raise ConnectionRefusedError

    monkeypatch.setattr(checked_connection.socket, "socket", Recorder)
    with HttpClient(
        resolve=fake_resolver({"a.example": [["127.0.0.1", "1.1.1.1", "fe80::1", "2606:4700::1"]]})
    ) as client:
        client.request("http://a.example/")
    assert connected == ["1.1.1.1", "2606:4700::1"]


def test_a_connection_of_a_trusted_url_is_not_shared_with_urls_that_are_not(private):
    resolve = fake_resolver({"pod.example": [["127.0.0.1"]]})
    typed = f"http://pod.example:{port_of(private)}/feed.xml"
    with HttpClient(NetworkPolicy.trust(typed), resolve=resolve) as client:
        assert client.request(typed, max_bytes=6)[1] == b"secret"
        other, _ = client.request(typed.replace("feed.xml", "admin"), max_bytes=6)
    assert "has an address that is not public" in other.error


def test_offline_nothing_is_fetched_not_even_what_is_trusted(private):
    with HttpClient(NetworkPolicy(frozenset({private}), is_offline=True)) as client:
        assert client.request(private)[0].error == "is not fetched: network access is off"
        download = client.download(private, lambda _: None, max_bytes=9, is_trusted=True)
    assert download.error == "is not fetched: network access is off"


FEED = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>T</title><itunes:image href="{0}art.jpg"/>
<item><title>A</title><guid>a</guid><pubDate>Sun, 22 Nov 2026 08:00:00 GMT</pubDate>
<enclosure url="https://pod.example/a.mp3" length="5" type="audio/mpeg"/>
<podcast:transcript url="{0}transcript.vtt" type="text/vtt"/></item></channel></rss>"""


def test_import_does_not_fetch_what_a_feed_names_inside_this_network(private, tmp_path):
    imported = importer.convert_feed(parse_feed_bytes(FEED.format(private).encode(), "feed.xml"))
    downloads = importer.download_files(imported, tmp_path)
    assert [problem.text for problem in downloads.problems] == ["has an address that is not public (127.0.0.1)"] * 2
    assert not list(tmp_path.rglob("*.*"))


def test_check_url_does_not_fetch_what_a_feed_names_inside_this_network(private):
    body = FEED.format(private).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with serve_bytes(head % len(body) + body) as url:
        result = CliRunner().invoke(cli, ["check", "--url", url])
    assert result.output.count("has an address that is not public (127.0.0.1)") == 2
    assert "secret" not in result.output


@pytest.fixture
def short_limits(monkeypatch):
    monkeypatch.setattr(http_client, "SOCKET_TIMEOUT_S", 1)
    monkeypatch.setattr(http_client, "RESPONSE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(http_client, "SPEED_WINDOW_S", 0.5)


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize(
    "blocks",
    [
        [b"H"],
        [HEADERS, b"X"],
        [HEADERS, b"X-A: b\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
        [HEADERS + b"Content-Length: 1000000\r\n\r\n", b"x"],
        [HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"],
        [HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", b"0"],
    ],
    ids=["status", "header", "headers", "continue", "body", "chunks", "chunk size"],
)
def test_a_server_that_drips_is_left_after_the_time_limit(blocks):
    started = time.monotonic()
    with serve_bytes(*blocks, pause_s=0.02, repeats_last=True) as url, HttpClient(NetworkPolicy.trust(url)) as client:
        response, _ = client.request(url, max_bytes=1_000_000)
        assert "took longer than 0.5 s" in response.error or "got more than 100 headers" in response.error
        download = client.download(url, lambda _: None, max_bytes=1_000_000)
        assert download.error
    assert time.monotonic() - started < 60  # it would never end


@pytest.mark.usefixtures("short_limits")
def test_a_server_that_never_stops_to_announce_a_response_is_left():
    endless = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000
    with serve_bytes(endless, repeats_last=True) as url, HttpClient(NetworkPolicy.trust(url)) as client:
        assert "took longer than 0.5 s" in client.request(url)[0].error


def test_a_slow_download_is_ended_by_its_speed_not_by_its_length(monkeypatch):
    """By a clock that goes on with each block: how long a busy machine takes for one is not the point."""
    clock = [0.0]

    def let_time_pass(_):
        clock[0] += http_client.SPEED_WINDOW_S / 3

    for module in (http_client, checked_connection):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    monkeypatch.setattr(http_client, "MIN_DOWNLOAD_SPEED", 100)
    head = HEADERS + b"Content-Length: 1000000\r\n\r\n"
    with (
        serve_bytes(head, b"x", pause_s=0.02, repeats_last=True) as url,
        HttpClient(NetworkPolicy.trust(url)) as client,
    ):
        slow = client.download(url, let_time_pass, max_bytes=4_000_000_000)
    assert slow.error == "took too long: less than 100 bytes per second"
    started = clock[0]
    with (
        serve_bytes(head, b"x" * 25_000, repeats_last=True) as url,
        HttpClient(NetworkPolicy.trust(url)) as client,
    ):
        steady = client.download(url, let_time_pass, max_bytes=4_000_000_000)
    assert (steady.error, steady.size) == ("", 1_000_000)
    assert clock[0] - started > http_client.RESPONSE_TIMEOUT_S


@pytest.mark.usefixtures("short_limits")
def test_a_host_that_timed_out_three_times_is_not_asked_again():
    with serve_bytes(b"H", pause_s=0.02, repeats_last=True) as url, HttpClient(NetworkPolicy.trust(url)) as client:
        errors = [client.request(f"{url}{number}")[0].error for number in range(5)]
    assert errors[:3] == ["took longer than 0.5 s"] * 3
    assert errors[3:] == ["is not fetched: its host timed out 3 times"] * 2


@pytest.mark.usefixtures("short_limits")
def test_a_tls_server_that_never_answers_is_left():
    with serve_bytes(b"\x16", pause_s=0.02, repeats_last=True) as url:
        secure = url.replace("http://", "https://")
        with HttpClient(NetworkPolicy.trust(secure)) as client:
            started = time.monotonic()
            assert client.request(secure)[0].error
    assert time.monotonic() - started < 60  # it would never end


class Proxy:
    """A proxy that answers every request itself and notes what it was asked for."""

    def __init__(self):
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:pw@127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(connection.recv(65536).decode())
                connection.sendall(ANSWER)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def proxy(monkeypatch):
    server = Proxy()
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, server.url)
    monkeypatch.setenv("no_proxy", "direct.example")
    yield server
    server.close()


def test_a_proxy_of_the_environment_gets_names_and_no_private_address(proxy):
    with HttpClient(resolve=socket_resolver) as client:
        assert client.request("http://pod.example/feed.xml", max_bytes=6)[1] == b"secret"
        client.request("https://pod.example/feed.xml")
        assert "not public" in client.request("http://169.254.169.254/")[0].error
        assert "not public" in client.request("http://nas.local/")[0].error
        assert "cannot be resolved" in client.request("http://direct.example/")[0].error
    first, second = proxy.requests
    assert first.startswith("GET http://pod.example/feed.xml HTTP/1.1\r\nHost: pod.example\r\n")
    assert "Proxy-Authorization: Basic dXNlcjpwdw==" in first
    assert second.startswith("CONNECT pod.example:443 HTTP/1.1\r\n")


def socket_resolver(host, port):
    """Resolves only the proxy."""
    if host != "127.0.0.1":
        raise socket.gaierror
    return [(socket.AF_INET, (host, port))]


def test_audio_of_the_show_may_be_private_but_what_it_redirects_to_may_not(private):
    with serve_bytes(REDIRECT.format(private).encode()) as url, HttpClient() as client:
        blocks = []
        assert not client.download(private, blocks.append, max_bytes=100, is_trusted=True).error
        assert b"".join(blocks) == b"secret"
        redirected = client.download(url, blocks.append, max_bytes=100, is_trusted=True)
    assert "not public" in redirected.error


def test_check_of_a_typed_local_feed_still_works():
    with serve_bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as url:
        (problem,) = [problem for problem in check.check_feed_url(url, now=None) if problem.code == "http.reach"]
    assert "answers 404" in problem.text
