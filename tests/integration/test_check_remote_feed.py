"""The check of a public address: what its servers answer, and what is behind it."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from podcast_kit import builder, check
from podcast_kit.cli import cli
from podcast_kit.errors import OperationError
from podcast_kit.io.http_client import Web
from podcast_kit.preview import server as serve
from podcast_kit.source import project
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEED = b"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>x</title></channel></rss>"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = small(tmp_path_factory.mktemp("remote") / "show", title="About listening")
    with (folder / "podcast.yaml").open("a") as file:
        file.write("guid: 0f12f982-2ba5-5bac-9fbd-25f167d29c38\nlocked: true\n")
    return folder


@pytest.fixture(scope="module")
def public(folder):
    """The show's build, served as a good host serves it; its address."""
    made = builder.make(project.read(folder), now=NOW)
    with running(serve.server(made.folder, 0, public=made.project.show.publish.url)) as url:
        yield url


class running:  # noqa: N801  # reads as a sentence
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def answering(act):
    """A server that does this for every GET and HEAD."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            act(self)

        do_HEAD = do_GET  # noqa: N815  # as http.server calls it

        def log_message(self, *_):
            pass

    return running(ThreadingHTTPServer(("127.0.0.1", 0), Handler))


def say(handler, data=FEED, status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": len(data), "Content-Type": "application/rss+xml", **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(data)


def errors(found):
    return {problem.code for problem in found if problem.severity == "error"}


def test_a_well_served_show_has_no_fault_but_what_a_preview_lacks(public):
    found = check.address(f"{public}feed.xml", now=NOW)
    assert {problem.code for problem in found} <= {"http.cors", "http.cache", "http.gzip"}
    assert errors(found) == set()


def test_the_audio_of_a_feed_is_asked_as_players_ask(public):
    asked = {}
    check.address(f"{public}feed.xml", now=NOW, on=lambda step: asked.setdefault(step.subject.rpartition(".")[2], step))
    assert {"mp3", "jpg"} <= asked.keys()


def test_what_is_not_there_is_one_fault():
    with answering(lambda handler: say(handler, b"gone", 404)) as url:
        (found,) = check.address(f"{url}feed.xml", now=NOW)
    assert (found.code, str(found.severity)) == ("http.reach", "error")


def test_a_host_that_nobody_listens_on_is_one_fault():
    with answering(say) as url:
        pass
    (found,) = check.address(f"{url}feed.xml", now=NOW)
    assert found.code == "http.reach"


def test_a_page_in_the_place_of_a_feed_is_said_to_be_none():
    with answering(lambda handler: say(handler, b"<html><body><br></body></html>", Content_Type="text/html")) as url:
        assert {"xml.wellformed", "http.type.feed"} <= errors(check.address(url, now=NOW))


def test_a_temporary_redirect_is_no_move():
    def act(handler):
        onward = handler.path == "/old.xml"
        say(handler, *((b"", 302) if onward else ()), **({"Location": "/new.xml"} if onward else {"ETag": "x"}))

    with answering(act) as url:
        assert "http.move" in {problem.code for problem in check.address(f"{url}old.xml", now=NOW)}


def test_redirects_that_never_end_are_given_up():
    with answering(lambda handler: say(handler, b"", 302, Location="/again")) as url:
        (found,) = check.address(url, now=NOW)
    assert "redirected more than 10 times" in found.text


def test_a_body_without_an_end_is_read_up_to_its_bound():
    def act(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            handler.close_connection = True

    with answering(act) as url, Web() as web:
        response, body = web.ask(url, bound=1_000_000)
    assert len(body) == response.size == 1_000_000


def test_only_web_addresses_are_asked():
    with Web() as web:
        assert "is not a web address" in web.ask("file:///etc/passwd")[0].error
        assert "is not a web address" in web.ask("ftp://pod.example/feed.xml")[0].error


def test_live_compares_with_the_published_feed(folder, public):
    before = check.published(f"{public}feed.xml")
    notes = folder / "episodes/001-talk.md"
    text = notes.read_text()
    notes.write_text(text.replace("guid: 5b", "guid: 6b"))
    try:
        found = check.project(project.read(folder), now=NOW, before=before)
    finally:
        notes.write_text(text)
    assert {(problem.code, str(problem.severity)) for problem in found} == {("it.guid.stable", "error")}
    assert "the published feed" in found[0].text


def test_nothing_published_yet_is_nothing_to_compare_with():
    with answering(lambda handler: say(handler, b"", 404)) as url:
        assert check.published(f"{url}feed.xml") is None


def test_live_says_so_when_what_is_published_cannot_be_read():
    with answering(lambda handler: say(handler, b"no feed")) as url, pytest.raises(OperationError, match="is no feed"):
        check.published(f"{url}feed.xml")
    with answering(lambda handler: say(handler, b"", 500)) as url, pytest.raises(OperationError, match="answers 500"):
        check.published(f"{url}feed.xml")


def test_the_shell_checks_an_address(public):
    done = CliRunner().invoke(cli, ["check", "--url", f"{public}feed.xml"])
    assert done.exit_code == 0, done.output


def test_a_host_without_ranges_is_held_to_the_length_that_it_says(public):
    with Web() as web:
        read = web.ask(f"{public}feed.xml", bound=1_000_000)[1]
    enclosure = read.partition(b'<enclosure url="')[2].partition(b'"')[0]

    def act(handler):
        media = handler.path.endswith(".mp3")
        body = b"x" * 20_000 if media else read.replace(enclosure, b"http://127.0.0.1:%d/a.mp3" % port)
        say(handler, body, Content_Type="audio/mpeg" if media else "application/rss+xml")

    with answering(act) as url:
        port = int(url.rpartition(":")[2].strip("/"))
        found = errors(check.address(f"{url}feed.xml", now=NOW))
    assert found == {"http.range", "it.enclosure.length"}


def test_the_sources_of_alternate_enclosures_are_asked_as_enclosures_are():
    item = (
        '<item><title>t</title><podcast:alternateEnclosure type="audio/opus" length="7">'
        '<podcast:source uri="{0}a.opus"/><podcast:source uri="{0}gone.opus" contentType="audio/ogg"/>'
        '<podcast:source uri="ipfs://x"/></podcast:alternateEnclosure></item>'
    )
    namespace = b'<rss xmlns:podcast="https://podcastindex.org/namespace/1.0"'

    def act(handler):
        if handler.path == "/feed.xml":
            whole = FEED.replace(b"</channel>", item.format(url).encode() + b"</channel>").replace(b"<rss", namespace)
            say(handler, whole)
        else:
            say(handler, b"x" * 9, 404 if "gone" in handler.path else 200, Content_Type="audio/mpeg")

    with answering(act) as url:
        found = check.address(f"{url}feed.xml", now=NOW)
    said = {(problem.code, problem.text.rpartition("/")[2]) for problem in found}
    assert {("http.type.media", "a.opus"), ("http.range", "a.opus"), ("http.reach", "gone.opus")} <= said
