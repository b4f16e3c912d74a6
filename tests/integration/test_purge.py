"""Purging cached copies from CloudFront and with the show's own command."""

import http.server
import shlex
import sys
import threading
from pathlib import Path

import pytest

from podcast_kit.model import Output, PublishSettings, RemoteObject, Wave
from podcast_kit.plan import plan_changes
from podcast_kit.publish.purge import list_changed_keys, purge_cdn
from podcast_kit.stores.cdn import MAX_PATHS
from podcast_kit.stores.state import StoreState

CREATED = """<?xml version="1.0"?>
<Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id><Status>InProgress</Status>
<CreateTime>2026-11-22T12:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>1</Quantity></Paths>
<CallerReference>x</CallerReference></InvalidationBatch></Invalidation>"""
REFUSED = """<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>"""


@pytest.fixture
def cloudfront(monkeypatch, s3_environment):
    """A server that answers as CloudFront does, and records the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.requests.append((self.path, body))
            self.send_response(self.server.status)
            self.end_headers()
            self.wfile.write((CREATED if self.server.status == 201 else REFUSED).encode())

        def log_message(self, *_):
            pass

    s3_environment(None)
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.status = [], 201
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def publishing(**settings):
    return PublishSettings(url="https://pod.example/show/", **settings)


def test_only_existing_pages_and_feeds_are_purged():
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
    objects = {
        key: RemoteObject(key=key, size=1, sha256="old", headers=headers)
        for key in ("media/a", "index.html", "feed.xml", "same.html", "gone.html")
    }
    plan = plan_changes({output.key: output for output in local}, StoreState(objects=objects))
    assert list_changed_keys(plan) == ("index.html", "feed.xml")


def test_cloudfront_gets_each_path_and_both_forms_of_a_folder(cloudfront):
    [outcome] = purge_cdn(publishing(cloudfront="E123"), ["a b/index.html", "feed.xml"], "etag", Path())
    assert (outcome.action, outcome.error) == ("purged", "")
    [(url_path, body)] = cloudfront.requests
    assert url_path == "/2020-05-31/distribution/E123/invalidation"
    for path in ("/show/a%20b/index.html", "/show/a%20b/", "/show/feed.xml"):
        assert f"<Path>{path}</Path>" in body


def test_very_many_paths_become_one_wildcard(cloudfront):
    list(
        purge_cdn(publishing(cloudfront="E123"), [f"{number}.html" for number in range(MAX_PATHS + 1)], "etag", Path())
    )
    assert "<Path>/*</Path>" in cloudfront.requests[0][1]


def test_repeated_purge_of_one_publish_has_the_same_reference(cloudfront):
    for etag in ("1", "1", "2"):
        list(purge_cdn(publishing(cloudfront="E123"), ["feed.xml"], etag, Path()))
    first, second, third = (body.partition("<CallerReference>")[2].partition("<")[0] for _, body in cloudfront.requests)
    assert first == second != third


def test_refusal_of_cloudfront_is_reported(cloudfront):
    cloudfront.status = 403
    [outcome] = purge_cdn(publishing(cloudfront="E123"), ["feed.xml"], "etag", Path())
    assert "access denied" in outcome.error


def test_command_gets_one_url_per_line(tmp_path):
    path = tmp_path / "got.txt"
    source = f"import sys; open({str(path)!r}, 'w').write(sys.stdin.read())"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(source)}"
    [outcome] = purge_cdn(publishing(purge=command), ["index.html", "feed.xml"], "etag", Path())
    assert outcome.error == ""
    assert path.read_text().splitlines() == [
        "https://pod.example/show/index.html",
        "https://pod.example/show/",
        "https://pod.example/show/feed.xml",
    ]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("no-such-command-here", "no-such-command-here"),
        (f"{shlex.quote(sys.executable)} -c 'import sys; sys.exit(\"no token\")'", "exited with 1: no token"),
        ("'unbalanced", "No closing quotation"),
    ],
)
def test_failed_command_is_reported(command, text):
    [outcome] = purge_cdn(publishing(purge=command), ["feed.xml"], "etag", Path())
    assert text in outcome.error


def test_no_changed_keys_send_no_request():
    assert list(purge_cdn(publishing(cloudfront="E1", purge="x"), [], "etag", Path())) == []
