"""`verify`: whether the public addresses answer as podcast apps need it."""

import contextlib
import http.server
import socketserver
import threading
import urllib.parse
from dataclasses import replace

import pytest

from podcast_kit.cli.commands.verify import count_outcomes
from podcast_kit.model import Outcome
from podcast_kit.publish import bulk_verify, verify
from tests.support import output_trees


@pytest.fixture(autouse=True, params=[1, 1000], ids=["in bulk", "one by one"])
def _min_bulk_files(request, monkeypatch):
    """Everything holds in both ways of asking."""
    monkeypatch.setattr(bulk_verify, "MIN_FILES", request.param)


@pytest.fixture
def host():
    """A web server with prepared responses: `host.answers[path]` is (status, headers, body)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, headers, body = self.server.answers.get((self.command, self.path)) or self.server.answers.get(
                self.path, (404, {}, b"")
            )
            if "Range" in self.headers and status == 200 and ("Range", self.path) not in self.server.without_range:
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
        server.answers, server.without_range = {}, set()
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def media(tmp_path, host):
    """An enclosure that is served correctly."""
    enclosure = output_trees.write_output(tmp_path, "media/x/a b.mp3", b"0123456789")
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"0123456789")
    return enclosure


def list_errors(outcomes):
    return [(outcome.error, outcome.fix) for outcome in outcomes]


def test_store_answers_as_podcast_apps_need(bucket, tmp_path):
    outputs = output_trees.write_tree(tmp_path, bucket.url, {"one": b"1" * 1000, "two": b"2"})
    store = output_trees.open_bucket_store(bucket)
    for output in outputs.values():
        store.put(output_trees.Upload.from_output(output))
    outcomes = list(verify.verify_outputs(bucket.url, outputs.values()))
    assert [(outcome.key, outcome.action, outcome.error) for outcome in outcomes] == [
        (key, "answered", "") for key in outputs
    ]
    compared = list(verify.verify_contents(bucket.url, outputs.values()))
    assert [(outcome.key, outcome.action, outcome.bytes) for outcome in compared] == [
        (key, "compared", output.size) for key, output in outputs.items()
    ]


@pytest.mark.parametrize(
    ("answer", "text"),
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
def test_wrong_response_is_reported_with_a_fix(host, media, answer, text):
    host.answers["/media/x/a%20b.mp3"] = answer
    for check in (verify.verify_outputs, verify.verify_contents):
        [(error, fix)] = list_errors(check(host.url, [media]))
        assert text in error
        assert fix


def test_host_without_range_requests(host, media):
    host.without_range.add(("Range", "/media/x/a%20b.mp3"))
    [(error, fix)] = list_errors(verify.verify_outputs(host.url, [media]))
    assert "must be 206 of 10" in error
    assert "range requests" in fix


def test_verify_contents_detects_other_bytes_of_the_same_length(host, media):
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"9876543210")
    assert list_errors(verify.verify_outputs(host.url, [media])) == [("", "")]
    assert "content differs" in next(verify.verify_contents(host.url, [media])).error


def test_redirect_is_followed(host, media):
    host.answers["/cdn/a.mp3"] = host.answers["/media/x/a%20b.mp3"]
    host.answers["/media/x/a%20b.mp3"] = (302, {"Location": "/cdn/a.mp3"}, b"")
    assert list_errors([*verify.verify_outputs(host.url, [media]), *verify.verify_contents(host.url, [media])]) == [
        ("", ""),
        ("", ""),
    ]


def test_case_and_parameters_of_the_content_type_are_ignored(host, tmp_path):
    page = output_trees.write_output(tmp_path, "index.html", b"<p>")
    host.answers["/index.html"] = (200, {"Content-Type": "Text/HTML"}, b"<p>")
    assert list_errors(verify.verify_contents(host.url, [page])) == [("", "")]


def test_body_that_is_too_long_is_not_read_completely(host, media):
    host.answers["/media/x/a%20b.mp3"] = (200, {"Content-Type": "audio/mpeg"}, b"0" * 5_000_000)
    assert "must be 10" in next(verify.verify_contents(host.url, [media])).error


def test_refused_connection_is_reported(media):
    [(error, _)] = list_errors(verify.verify_outputs("http://127.0.0.1:9/", [media]))
    assert "refuses the connection" in error


def test_unreachable_host_is_reported_once_with_the_number_of_files(host, media):
    several = [replace(media, key=f"{number}.mp3") for number in range(3)]
    for check in (verify.verify_outputs, verify.verify_contents):
        [(error, fix)] = verify.summarize_errors(check("http://127.0.0.1:9/", several))
        assert error == "http://127.0.0.1:9 refuses the connection; 3 files not checked"
        assert fix
    [(error, _)] = verify.summarize_errors(verify.verify_outputs("http://127.0.0.1:9/", [media]))
    assert error.endswith("media/x/a b.mp3 not checked")
    errors = list(verify.summarize_errors(verify.verify_outputs(host.url, several)))
    assert len(errors) == 3  # a missing file is an error of its own


@pytest.mark.parametrize(
    ("errors", "unreachable", "expected"),
    [
        (0, 0, "4 files checked, all OK"),
        (1, 0, "4 files checked, 1 failed"),
        (0, 3, "1 file checked, all OK, 3 not checked"),
        (1, 3, "1 file checked, 1 failed, 3 not checked"),
        (0, 4, "0 files checked, 4 not checked"),
    ],
)
def test_files_of_an_unreachable_host_are_not_counted_as_checked(errors, unreachable, expected):
    failed = [Outcome(key="a", action="asked", error="404")] * errors
    failed += [Outcome(key="a", action="asked", error="refused", unreachable_host="https://a.example")] * unreachable
    assert count_outcomes(4, failed) == expected


def test_outcomes_are_in_the_order_of_the_outputs(host, media):
    many = [replace(media, key=f"{number}.mp3") for number in range(50)]
    assert [outcome.key for outcome in verify.verify_outputs(host.url, many)] == [output.key for output in many]


SIZE = 40
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: {SIZE}\r\n"
PART = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/{SIZE}\r\nContent-Length: 2\r\n"
RAW_ANSWERS = {
    "right": (f"{HEAD}\r\n", f"{PART}\r\n01"),
    "closing": (f"{HEAD}Connection: close\r\n\r\n", f"{PART}Connection: close\r\n\r\n01"),
    "HTTP 1.0": (f"{HEAD}\r\n".replace("1.1", "1.0"), f"{PART}\r\n01".replace("1.1", "1.0")),
    "chunked": (
        f"{HEAD}\r\n",
        PART.replace("Content-Length: 2", "Transfer-Encoding: chunked") + "\r\n2\r\n01\r\n0\r\n\r\n",
    ),
    "early hints": (f"HTTP/1.1 100 Continue\r\n\r\n{HEAD}\r\n", f"{PART}\r\n01"),
    "no length": (HEAD.partition("Content-Length")[0] + "\r\n", f"{PART}\r\n01"),
    "two lengths": (HEAD.replace("Content-Type", "Content-Length: 7\r\nContent-Type") + "\r\n", f"{PART}\r\n01"),
    "compressed": (f"{HEAD}Content-Encoding: gzip\r\n\r\n", f"{PART}\r\n01"),
    "no range": (f"{HEAD}\r\n", f"{HEAD}\r\n{'0' * SIZE}"),
    "cut in the head": (f"{HEAD}", ""),
    "not HTTP": ("SSH-2.0-OpenSSH\r\n\r\n", ""),
    "endless head": (f"{HEAD}X: {'a' * 100_000}\r\n\r\n", f"{PART}\r\n01"),
    "redirect": ("HTTP/1.1 302 Found\r\nLocation: /right\r\nContent-Length: 0\r\n\r\n",) * 2,
}


class RawHandler(socketserver.StreamRequestHandler):
    """Answers /NAME as RAW_ANSWERS says; keeps the connection where a client may go on."""

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a client that does not like an answer hangs up
            self.answer_requests()

    def answer_requests(self):
        while request := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            method, path, _ = request.decode().split()
            name = urllib.parse.unquote(path).rpartition("/")[2].removesuffix(".mp3")
            answer = RAW_ANSWERS[name][method == "GET"]
            self.server.requests.append(path)
            self.wfile.write(answer.encode())
            if "close" in answer or "1.0" in answer or not answer.endswith(("\r\n\r\n", "01")):
                return


def test_in_bulk_and_one_by_one_all_answers_mean_the_same(tmp_path, monkeypatch):
    outputs = [
        output_trees.write_output(tmp_path, f"media/{number}/{name}.mp3", b"0" * SIZE)
        for number in range(3)
        for name in RAW_ANSWERS
    ]
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), RawHandler) as server:
        server.requests, server.daemon_threads = [], True
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            outcomes = list(verify.verify_outputs(url, outputs))
            monkeypatch.setattr(bulk_verify, "MIN_FILES", 10**6)
            assert outcomes == list(verify.verify_outputs(url, outputs))
        finally:
            server.shutdown()
    names = [outcome.key.rpartition("/")[2].removesuffix(".mp3") for outcome in outcomes if not outcome.error]
    assert set(names) == {"right", "closing", "HTTP 1.0", "chunked", "early hints", "two lengths", "redirect"}


def test_files_that_answer_are_asked_for_twice_and_no_more(tmp_path):
    outputs = [output_trees.write_output(tmp_path, f"media/{number}/right.mp3", b"0" * SIZE) for number in range(50)]
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), RawHandler) as server:
        server.requests, server.daemon_threads = [], True
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            outcomes = list(verify.verify_outputs(f"http://127.0.0.1:{server.server_address[1]}/", outputs))
        finally:
            server.shutdown()
    assert [outcome.error for outcome in outcomes] == [""] * 50
    assert len(server.requests) == 100
