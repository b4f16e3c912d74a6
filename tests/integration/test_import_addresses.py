"""Importing from servers that answer oddly: status, compression, pages, https; and verifying what is linked."""

import gzip
import http.server
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder, importer
from podcast_kit.cli import cli
from podcast_kit.importer.https_urls import upgrade_http_urls
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.publish.verify_links import verify_links
from podcast_kit.source import project

TLS = Path(__file__).parents[1] / "samples" / "tls"
LATER = datetime(2199, 1, 1, tzinfo=UTC)
NEW = "https://new.example/"
FEED = """<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"
 xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Show</title><language>en</language>%s<item><title>One</title>
<guid>g-%s</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>
<enclosure url="%s" length="10" type="audio/mpeg"/><description>Words.</description>%s</item></channel></rss>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.command, self.path))
        status, body = self.server.answers.get(self.path, (404, b""))
        headers = {}
        if "Range" in self.headers and status == 200 and self.path not in self.server.without_range:
            status, headers = 206, {"Content-Range": f"bytes 0-1/{len(body)}"}
            body = body[:2]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  # http.server's own naming

    def log_message(self, *_):
        pass


@contextmanager
def serving(context=None):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.requests, server.without_range = {}, [], set()
        server.handle_error = lambda *_: None  # a client that leaves early
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https" if context else "http"
        server.url = f"{scheme}://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def host():
    with serving() as server:
        yield server


@pytest.fixture
def secure_host(monkeypatch):
    """A host that answers on https only, with a certificate that this process trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "cert.pem"))
    with serving(context) as server:
        yield server


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def feed(number=1, channel="", item="", url="https://old.example/1.mp3"):
    return (FEED % (channel, number, url, item)).encode()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(403, "answers 403 Forbidden"), (404, "answers 404 Not Found"), (503, "answers 503 Service Unavailable")],
)
def test_the_status_is_said_if_the_feed_is_not_served(host, tmp_path, status, expected):
    host.answers["/feed"] = (status, b"")
    result = run("import", f"{host.url}feed", tmp_path / "new", "--url", NEW)
    assert (result.exit_code, expected in result.stderr) == (1, True)


def test_a_password_in_the_address_is_not_shown(host, tmp_path):
    host.answers["/feed"] = (401, b"")
    address = f"{host.url}feed".replace("http://", "http://ann:secret@")
    result = run("import", address, tmp_path / "new", "--url", NEW)
    assert (result.exit_code, "it needs a login" in result.stderr) == (1, True)
    assert "secret" not in result.output


def test_a_feed_that_is_compressed_without_being_asked_is_read(host):
    host.answers["/feed"] = (200, gzip.compress(feed()))
    document = importer.read_old_feed(f"{host.url}feed")
    assert document.items[0].child_text("guid") == "g-1"
    assert "compressed" in document.faults[0].text


def test_all_pages_are_read_and_a_missing_one_is_reported(host):
    def page(number):
        return feed(number, f'<atom:link rel="next" href="{host.url}{number + 1}"/>')

    host.answers |= {"/1": (200, page(1)), "/2": (200, page(2))}
    document = importer.read_old_feed(f"{host.url}1")
    assert [item.child_text("guid") for item in document.items] == ["g-1", "g-2"]
    [fault] = document.faults
    assert "a further page of the feed cannot be read" in fault.text
    assert "answers 404" in fault.text
    assert fault.severity == "error"
    assert document.location_of(document.items[1]).path == f"{host.url}2"


def test_https_is_taken_where_it_answers(secure_host, tmp_path):
    secure_host.answers |= {"/1.mp3": (200, b"0" * 10), "/bo.jpg": (200, b"0")}
    http_url = secure_host.url.replace("https:", "http:")
    people = f'<podcast:person img="{http_url}bo.jpg">Bo</podcast:person>'
    people += f'<podcast:person img="{http_url}none.jpg">Cy</podcast:person>'
    (tmp_path / "feed.xml").write_bytes(feed(item=people, url=f"{http_url}1.mp3"))
    imported = importer.convert_feed(importer.read_old_feed(str(tmp_path / "feed.xml")))
    network = NetworkPolicy.trust(http_url)
    upgraded, [problem] = upgrade_http_urls(imported, "feed.xml", network=network)
    [episode] = upgraded.episodes
    assert episode.recording.url == f"{secure_host.url}1.mp3"
    assert [person.image and person.image.url for person in episode.people] == [f"{secure_host.url}bo.jpg", None]
    assert "none.jpg is left out: https answers 404" in problem.text


def test_http_is_kept_where_https_does_not_answer(host, tmp_path):
    host.answers |= {"/1.mp3": (200, b"0" * 10)}
    host.answers["/feed"] = (200, feed(url=f"{host.url}1.mp3"))
    result = run("import", f"{host.url}feed", tmp_path / "new", "--url", NEW, "--to", "public")
    assert result.exit_code == 0, result.output
    assert "1 recording at 127.0.0.1" in result.stderr
    [episode] = project.load_project(tmp_path / "new").episodes
    assert episode.audio.url == f"{host.url}1.mp3"


def test_verify_requests_what_the_feed_names_on_other_hosts(host, tmp_path):
    files = {"/1.mp3": "0" * 10, "/bo.jpg": "0", "/a.opus": "0" * 10, "/t.vtt": "WEBVTT"}
    host.answers |= {path: (200, body.encode()) for path, body in files.items()}
    host.without_range.add("/a.opus")
    item = (
        f'<podcast:transcript url="{host.url}t.vtt" type="text/vtt"/><podcast:alternateEnclosure type="audio/opus">'
        f'<podcast:source uri="{host.url}a.opus"/></podcast:alternateEnclosure>'
        f'<podcast:image href="{host.url}gone.jpg"/>'
    )
    (tmp_path / "feed.xml").write_bytes(feed(item=item, url=f"{host.url}1.mp3"))
    importer.import_feed(str(tmp_path / "feed.xml"), tmp_path / "new", url=NEW, to="public", files=False)
    build = builder.build(project.load_project(tmp_path / "new"), now=LATER)
    outcomes = {outcome.key.removeprefix(host.url): outcome.error for outcome in verify_links(build)}
    assert outcomes["1.mp3"] == ""
    assert outcomes["t.vtt"] == ""
    assert outcomes["gone.jpg"].endswith("gone.jpg: 404")
    assert "Range: bytes=0-1 is answered by 200" in outcomes["a.opus"]
