import http.server
import threading
from dataclasses import replace

import pytest

from podcast_kit.publish import verify
from tests.support import output_trees


@pytest.fixture
def host():
    """A web server that answers as it is told: `host.answers[path]` is (status, headers, body)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, headers, body = self.server.answers.get((self.command, self.path)) or self.server.answers.get(
                self.path, (404, {}, b"")
            )
            if "Range" in self.headers and status == 200 and ("Range", self.path) not in self.server.deaf:
                body, total = body[:2], len(body)
                status, headers = 206, {**headers, "Content-Range": f"bytes 0-1/{total}"}
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # http.server's own naming

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.deaf = {}, set()
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def media(tmp_path, host):
    """An enclosure, served as it should be."""
    found = output_trees.output(tmp_path, "media/x/a b.mp3", b"0123456789")
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"0123456789")
    return found


def troubles(outcomes):
    return [(outcome.trouble, outcome.hint) for outcome in outcomes]


def test_a_store_answers_as_podcast_apps_need_it(bucket, tmp_path):
    outputs = output_trees.tree(tmp_path, bucket.url, {"one": b"1" * 1000, "two": b"2"})
    store = output_trees.store_of(bucket)
    for each in outputs.values():
        store.put(output_trees.Upload.from_output(each))
    asked = list(verify.objects(bucket.url, outputs.values()))
    assert [(outcome.key, outcome.action, outcome.error) for outcome in asked] == [
        (key, "answered", "") for key in outputs
    ]
    compared = list(verify.compare(bucket.url, outputs.values()))
    assert [(outcome.key, outcome.action, outcome.bytes) for outcome in compared] == [
        (key, "compared", output.size) for key, output in outputs.items()
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}, b""), "404"),
        ((403, {}, b""), "not public"),
        ((200, {"Content-Type": "audio/mpeg"}, b"short"), "Content-Length is 5, must be 10"),
        ((200, {"Content-Type": "text/plain"}, b"0123456789"), "Content-Type is 'text/plain'"),
        ((200, {}, b"0123456789"), "Content-Type is 'missing'"),
        ((200, {"Content-Type": "audio/mpeg", "Content-Encoding": "gzip"}, b"0123456789"), "Content-Encoding"),
        ((302, {"Location": "/media/x/a%20b.mp3"}, b""), "redirected more than 10 times"),
        ((302, {"Location": "ftp://x/y"}, b""), "which is not a web URL"),
    ],
)
def test_what_is_wrong_is_said_with_its_mend(host, media, answer, said):
    host.answers["/media/x/a%20b.mp3"] = answer
    for look in (verify.objects, verify.compare):
        [(trouble, hint)] = troubles(look(host.url, [media]))
        assert said in trouble
        assert hint


def test_a_host_that_does_not_honour_ranges(host, media):
    host.deaf.add(("Range", "/media/x/a%20b.mp3"))
    [(trouble, hint)] = troubles(verify.objects(host.url, [media]))
    assert "must be 206 of 10" in trouble
    assert "Range" in hint


def test_other_bytes_of_the_same_length_are_noticed_by_comparing(host, media):
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"9876543210")
    assert troubles(verify.objects(host.url, [media])) == [("", "")]
    assert "other bytes" in next(verify.compare(host.url, [media])).error


def test_a_redirect_is_followed(host, media):
    host.answers["/cdn/a.mp3"] = host.answers["/media/x/a%20b.mp3"]
    host.answers["/media/x/a%20b.mp3"] = (302, {"Location": "/cdn/a.mp3"}, b"")
    assert troubles([*verify.objects(host.url, [media]), *verify.compare(host.url, [media])]) == [("", ""), ("", "")]


def test_a_case_of_the_type_and_its_parameters_do_not_matter(host, tmp_path):
    page = output_trees.output(tmp_path, "index.html", b"<p>")
    host.answers["/index.html"] = (200, {"Content-Type": "Text/HTML"}, b"<p>")
    assert troubles(verify.compare(host.url, [page])) == [("", "")]


def test_a_body_longer_than_it_should_be_is_not_read_to_its_end(host, media):
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"0" * 5_000_000)
    assert "must be 10" in next(verify.compare(host.url, [media])).error


def test_nobody_there_is_said(media):
    [(trouble, _)] = troubles(verify.objects("http://127.0.0.1:9/", [media]))
    assert "refuses the connection" in trouble


def test_a_host_that_lets_nobody_in_is_told_once_with_how_many_files_it_keeps_back(host, media):
    several = [replace(media, key=f"{number}.mp3") for number in range(3)]
    for look in (verify.objects, verify.compare):
        [(said, hint)] = verify.told(look("http://127.0.0.1:9/", several))
        assert said == "http://127.0.0.1:9 refuses the connection: 3 files could not be asked for"
        assert hint
    [(one, _)] = verify.told(verify.objects("http://127.0.0.1:9/", [media]))
    assert one.endswith("media/x/a b.mp3 could not be asked for")
    assert len(list(verify.told(verify.objects(host.url, several)))) == 3  # each is missing there for itself


def test_the_order_is_that_of_the_outputs(host, media):
    many = [replace(media, key=f"{number}.mp3") for number in range(50)]
    assert [outcome.key for outcome in verify.objects(host.url, many)] == [output.key for output in many]
