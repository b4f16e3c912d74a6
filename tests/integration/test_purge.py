import http.server
import shlex
import sys
import threading

import pytest

from podcast_kit.model import Output, PublishSettings, RemoteObject, Wave
from podcast_kit.plan import make
from podcast_kit.publish.purge import changed, purge
from podcast_kit.stores.cdn import MOST
from podcast_kit.stores.state import State

CREATED = """<?xml version="1.0"?>
<Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id><Status>InProgress</Status>
<CreateTime>2026-11-22T12:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity></Paths>
<CallerReference>x</CallerReference></InvalidationBatch></Invalidation>"""
REFUSED = """<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>"""


@pytest.fixture
def cloudfront(monkeypatch, s3_environment):
    """What CloudFront is asked, answered as it answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.asked.append((self.path, body))
            self.send_response(self.server.status)
            self.end_headers()
            self.wfile.write((CREATED if self.server.status == 201 else REFUSED).encode())

        def log_message(self, *_):
            pass

    s3_environment(None)
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.status = [], 201
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def publishing(**settings):
    return PublishSettings(url="https://pod.example/show/", **settings)


def test_only_pages_and_feeds_that_were_there_before_have_copies():
    def output(key, wave, sha256="new"):
        return Output(key=key, size=1, sha256=sha256, content_type="t", cache_control="c", wave=wave, path="x")

    local = [
        output("media/a", Wave.MEDIA),
        output("new/index.html", Wave.PAGES),
        output("index.html", Wave.PAGES),
        output("feed.xml", Wave.FEED),
        output("same.html", Wave.PAGES, "old"),
    ]
    headers = local[0].headers
    there = {
        key: RemoteObject(key=key, size=1, sha256="old", headers=headers)
        for key in ("media/a", "index.html", "feed.xml", "same.html", "gone.html")
    }
    plan = make({each.key: each for each in local}, State(objects=there))
    assert changed(plan) == ("index.html", "feed.xml")


def test_cloudfront_is_told_of_each_path_and_of_folders_by_both_names(cloudfront):
    [outcome] = purge(publishing(cloudfront="E123"), ["a b/index.html", "feed.xml"], "etag")
    assert (outcome.action, outcome.error) == ("purged", "")
    [(path, body)] = cloudfront.asked
    assert path == "/2020-05-31/distribution/E123/invalidation"
    for named in ("/show/a%20b/index.html", "/show/a%20b/", "/show/feed.xml"):
        assert f"<Path>{named}</Path>" in body


def test_very_many_paths_are_one_wildcard(cloudfront):
    list(purge(publishing(cloudfront="E123"), [f"{number}.html" for number in range(MOST + 1)], "etag"))
    assert "<Path>/*</Path>" in cloudfront.asked[0][1]


def test_asking_again_for_the_same_publish_is_the_same_request(cloudfront):
    for etag in ("1", "1", "2"):
        list(purge(publishing(cloudfront="E123"), ["feed.xml"], etag))
    first, second, third = (body.partition("<CallerReference>")[2].partition("<")[0] for _, body in cloudfront.asked)
    assert first == second != third


def test_what_cloudfront_refuses_is_said_and_undoes_nothing(cloudfront):
    cloudfront.status = 403
    [outcome] = purge(publishing(cloudfront="E123"), ["feed.xml"], "etag")
    assert "does not allow it" in outcome.error


def test_a_command_gets_the_addresses_line_by_line(tmp_path):
    path = tmp_path / "got.txt"
    source = f"import sys; open({str(path)!r}, 'w').write(sys.stdin.read())"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(source)}"
    [outcome] = purge(publishing(purge=command), ["index.html", "feed.xml"], "etag")
    assert outcome.error == ""
    assert path.read_text().splitlines() == [
        "https://pod.example/show/index.html",
        "https://pod.example/show/",
        "https://pod.example/show/feed.xml",
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-command-here", "no-such-command-here"),
        (f"{shlex.quote(sys.executable)} -c 'import sys; sys.exit(\"no token\")'", "ended with 1: no token"),
        ("'unbalanced", "No closing quotation"),
    ],
)
def test_a_command_that_fails_is_said(command, said):
    [outcome] = purge(publishing(purge=command), ["feed.xml"], "etag")
    assert said in outcome.error


def test_nothing_changed_asks_nobody():
    assert list(purge(publishing(cloudfront="E1", purge="x"), [], "etag")) == []
