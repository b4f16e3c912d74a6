"""Checking the feed at a public URL, and how its servers answer."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from podcast_kit import check
from podcast_kit.cli import cli
from podcast_kit.errors import OperationError
from podcast_kit.feed.fetch import fetch_published_feed
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.preview import server as preview
from tests.support.checked_shows import NOW, build_show, edit_file, make_clean_show, run_check
from tests.support.slow_servers import refused_url

FEED = b"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>x</title></channel></rss>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_clean_show(tmp_path_factory.mktemp("remote") / "show")


@pytest.fixture(scope="module")
def public_url(folder):
    """The URL of the show's build on a server that answers correctly."""
    build = build_show(folder)
    with run_server(preview.make_preview(build.folder, 0, public_url=build.project.show.publish.url)) as url:
        yield url


@contextmanager
def run_server(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def run_handler(handle):
    """A server that calls `handle` for every GET and HEAD."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            handle(self)

        do_HEAD = do_GET  # noqa: N815  # as http.server calls it

        def log_message(self, *_):
            pass

    return run_server(ThreadingHTTPServer(("127.0.0.1", 0), Handler))


def respond(handler, data=FEED, status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": len(data), "Content-Type": "application/rss+xml", **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(data)


def error_codes(problems):
    return {problem.code for problem in problems if problem.severity == "error"}


def test_well_served_show_has_only_the_problems_of_a_preview(public_url):
    problems = check.check_feed_url(f"{public_url}feed.xml", now=NOW)
    assert {problem.code for problem in problems} <= {"http.cors", "http.cache", "http.gzip"}
    assert error_codes(problems) == set()


@pytest.mark.parametrize("allowed_origin", ["*", "the request's origin"])
def test_server_that_sends_cors_headers_only_to_web_players_passes(folder, allowed_origin):
    class StoreHandler(preview.PreviewHandler):
        def end_headers(self):
            if origin := self.headers.get("Origin"):
                self.send_header("Access-Control-Allow-Origin", "*" if allowed_origin == "*" else origin)
            super().end_headers()

    build = build_show(folder)
    server = preview.make_preview(build.folder, 0, public_url=build.project.show.publish.url)
    server.RequestHandlerClass = StoreHandler
    with run_server(server) as url:
        problems = check.check_feed_url(f"{url}feed.xml", now=NOW)
    assert [problem for problem in problems if problem.code == "http.cors"] == []


def test_server_without_cors_headers_is_reported(public_url):
    assert "http.cors" in {problem.code for problem in check.check_feed_url(f"{public_url}feed.xml", now=NOW)}


def test_files_of_the_feed_are_requested(public_url):
    subjects = []
    check.check_feed_url(
        f"{public_url}feed.xml", now=NOW, on_progress=lambda progress: subjects.append(progress.subject)
    )
    assert {"mp3", "jpg"} <= {subject.rpartition(".")[2] for subject in subjects}


def test_missing_feed_is_one_problem():
    with run_handler(lambda handler: respond(handler, b"gone", 404)) as url:
        (problem,) = check.check_feed_url(f"{url}feed.xml", now=NOW)
    assert (problem.code, str(problem.severity)) == ("http.reach", "error")


def test_unreachable_host_is_one_problem():
    with refused_url() as url:
        (problem,) = check.check_feed_url(f"{url}feed.xml", now=NOW)
    assert problem.code == "http.reach"


def test_html_page_instead_of_a_feed_is_reported():
    page = b"<html><body><br></body></html>"
    with run_handler(lambda handler: respond(handler, page, Content_Type="text/html")) as url:
        assert {"xml.wellformed", "http.type.feed"} <= error_codes(check.check_feed_url(url, now=NOW))


def test_compressed_feed_without_request_is_reported():
    with run_handler(lambda handler: respond(handler, b"\x1f\x8b\x08", Content_Encoding="gzip")) as url:
        assert "xml.utf8" in error_codes(check.check_feed_url(url, now=NOW))


def test_temporary_redirect_is_reported():
    def handle(handler):
        if handler.path == "/old.xml":
            respond(handler, b"", 302, Location="/new.xml")
        else:
            respond(handler, ETag="x")

    with run_handler(handle) as url:
        assert "http.move" in {problem.code for problem in check.check_feed_url(f"{url}old.xml", now=NOW)}


def test_endless_redirects_are_given_up():
    with run_handler(lambda handler: respond(handler, b"", 302, Location="/again")) as url:
        (problem,) = check.check_feed_url(url, now=NOW)
    assert "redirected more than 10 times" in problem.text


def test_endless_body_is_read_up_to_the_limit():
    def handle(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            handler.close_connection = True

    with run_handler(handle) as url, HttpClient(NetworkPolicy.trust(url)) as client:
        response, body = client.request(url, max_bytes=1_000_000)
    assert len(body) == response.size == 1_000_000


def test_only_web_urls_are_requested():
    with HttpClient() as client:
        assert "is not a web URL" in client.request("file:///etc/passwd")[0].error
        assert "is not a web URL" in client.request("ftp://pod.example/feed.xml")[0].error


def test_live_check_compares_with_the_published_feed(folder, public_url):
    published_feed = fetch_published_feed(f"{public_url}feed.xml")
    notes = folder / "episodes/001-talk.md"
    text = notes.read_text()
    edit_file(notes, "guid: 5b", "guid: 6b")
    try:
        problems = run_check(folder, published_feed=published_feed)
    finally:
        notes.write_text(text)
    assert {(problem.code, str(problem.severity)) for problem in problems} == {("it.guid.stable", "error")}
    assert "the published feed" in problems[0].text


def test_show_that_is_not_published_yet_has_no_published_feed():
    with run_handler(lambda handler: respond(handler, b"", 404)) as url:
        assert fetch_published_feed(f"{url}feed.xml") is None


@pytest.mark.parametrize(("data", "status", "message"), [(b"no feed", 200, "is not a feed"), (b"", 500, "answers 500")])
def test_published_feed_that_cannot_be_read_is_an_error(data, status, message):
    with (
        run_handler(lambda handler: respond(handler, data, status)) as url,
        pytest.raises(OperationError, match=message),
    ):
        fetch_published_feed(f"{url}feed.xml")


def test_command_checks_a_url(public_url):
    done = CliRunner().invoke(cli, ["check", "--url", f"{public_url}feed.xml"])
    assert done.exit_code == 0, done.output


def test_length_in_head_is_compared_where_ranges_are_not_supported(public_url):
    with HttpClient(NetworkPolicy.trust(public_url)) as client:
        feed = client.request(f"{public_url}feed.xml", max_bytes=1_000_000)[1]
        image_url = feed.partition(b'<itunes:image href="')[2].partition(b'"')[0]
        image = client.request(image_url.decode(), max_bytes=10_000_000)[1]
    enclosure_url = feed.partition(b'<enclosure url="')[2].partition(b'"')[0]

    def handle(handler):
        if handler.path.endswith(".mp3"):
            respond(handler, b"x" * 20_000, Content_Type="audio/mpeg")
        elif handler.path == "/feed.xml":
            respond(
                handler, feed.replace(enclosure_url, f"{url}a.mp3".encode()).replace(public_url.encode(), url.encode())
            )
        else:
            respond(handler, image, Content_Type="image/jpeg")

    with run_handler(handle) as url:
        assert error_codes(check.check_feed_url(f"{url}feed.xml", now=NOW)) == {"http.range", "it.enclosure.length"}


def test_sources_of_alternate_enclosures_are_requested_like_enclosures():
    item = (
        '<item><title>t</title><podcast:alternateEnclosure type="audio/opus" length="7">'
        '<podcast:source uri="{0}a.opus"/><podcast:source uri="{0}gone.opus" contentType="audio/ogg"/>'
        '<podcast:source uri="ipfs://x"/></podcast:alternateEnclosure></item>'
    )
    namespace = b'<rss xmlns:podcast="https://podcastindex.org/namespace/1.0"'

    def handle(handler):
        if handler.path == "/feed.xml":
            feed = FEED.replace(b"</channel>", item.format(url).encode() + b"</channel>").replace(b"<rss", namespace)
            respond(handler, feed)
        else:
            respond(handler, b"x" * 9, 404 if "gone" in handler.path else 200, Content_Type="audio/mpeg")

    with run_handler(handle) as url:
        problems = check.check_feed_url(f"{url}feed.xml", now=NOW)
    reported = {(problem.code, problem.text.rpartition("/")[2]) for problem in problems}
    assert {("http.type.media", "a.opus"), ("http.range", "a.opus"), ("http.reach", "gone.opus")} <= reported
