"""`import --audio`: downloads go on where they were cut off, four at a time, and lengths are verified."""

import http.server
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from podcast_kit import importer
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.importer import downloads
from podcast_kit.io.network_policy import NetworkPolicy

AUDIO = (Path(__file__).parents[1] / "samples" / "cbr-bare.mp3").read_bytes() * 20
AUDIO_BYTES = len(AUDIO)
MAX_WAIT_S = 60


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one recording under every name; the server's `cut` ends the next body after so many bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        with server.lock:
            server.running += 1
            server.most_running = max(server.most_running, server.running)
            if server.running == server.awaited:
                server.all_running.set()
            cut, server.cut = server.cut, 0
        server.ranges.append(self.headers.get("Range", ""))
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if "Range" in self.headers else 0
        is_rest = start and server.supports_range
        body = server.body[start:] if is_rest else server.body
        self.send_response(206 if is_rest else server.status)
        if is_rest:
            self.send_header("Content-Range", f"bytes {start}-{len(server.body) - 1}/{len(server.body)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        server.all_running.wait(MAX_WAIT_S)
        with server.lock:  # before the body, after which the client may send its next request
            server.running -= 1
        self.wfile.write(body[:cut] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def serve():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.lock, server.body, server.status, server.cut = threading.Lock(), AUDIO, 200, 0
        server.supports_range, server.ranges = True, []
        server.running = server.most_running = 0
        server.awaited, server.all_running = 1, threading.Event()
        server.handle_error = lambda *_: None
        server.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def host():
    with serve() as server:
        yield server


def download(host, folder, count=1, length=AUDIO_BYTES, on_progress=lambda _: None):
    items = "".join(
        f"<item><title>{number}</title><guid>{number}</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"
        f'<enclosure url="{host.url}{number}.mp3" length="{length}" type="audio/mpeg"/></item>'
        for number in range(count)
    )
    feed = importer.convert_feed(parse_feed_bytes(f"<rss><channel>{items}</channel></rss>".encode(), "feed.xml"))
    return importer.download_files(
        feed, folder, recordings=True, network=NetworkPolicy.trust(host.url), on_progress=on_progress
    )


def files(folder):
    return {path.name: path.stat().st_size for path in sorted((folder / "episodes").iterdir())}


def test_a_recording_that_was_cut_off_goes_on_where_it_ended(host, tmp_path):
    host.cut = 100_000
    result = download(host, tmp_path)
    [problem] = result.problems
    assert "ended after 100,000 of 288380 bytes; run the import again to go on" in problem.text
    assert files(tmp_path) == {"001-0.mp3.part": 100_000}
    result = download(host, tmp_path)
    assert (result.problems, host.ranges) == ((), ["", "bytes=100000-"])
    assert (tmp_path / "episodes" / "001-0.mp3").read_bytes() == AUDIO
    assert files(tmp_path) == {"001-0.mp3": len(AUDIO)}
    download(host, tmp_path)
    assert len(host.ranges) == 2


@pytest.mark.parametrize("reason", ["no ranges", "another file"])
def test_a_recording_that_cannot_go_on_is_sent_from_the_start(host, tmp_path, reason):
    host.cut = 100_000
    download(host, tmp_path)
    if reason == "no ranges":
        host.supports_range = False
    else:
        host.body = AUDIO[::-1] + b"more"
    result = download(host, tmp_path)
    assert (tmp_path / "episodes" / "001-0.mp3").read_bytes() == host.body
    assert len(result.problems) == (reason == "another file")


def test_a_recording_with_another_length_than_the_feed_says_is_reported(host, tmp_path):
    [problem] = download(host, tmp_path, length=5).problems
    assert (problem.severity, problem.code) == ("hint", "import.fetch")
    assert problem.text == "has 288,380 bytes, and the old feed says 5"


def test_an_error_page_is_never_taken_for_the_recording(host, tmp_path):
    host.status = 503
    [problem] = download(host, tmp_path).problems
    assert problem.text == "the server responds with 503"
    assert files(tmp_path) == {}
    host.status, host.cut = 200, 100_000
    download(host, tmp_path)
    host.status, host.supports_range = 503, False
    download(host, tmp_path)
    assert files(tmp_path) == {"001-0.mp3.part": 100_000}
    host.status, host.supports_range = 200, True
    download(host, tmp_path)
    assert (tmp_path / "episodes" / "001-0.mp3").read_bytes() == AUDIO


def test_four_recordings_are_downloaded_at_a_time_with_progress(host, tmp_path):
    host.awaited = 4  # the first are answered once all of them are there
    steps = []
    result = download(host, tmp_path, count=12, on_progress=lambda step: steps.append((step.done, step.total)))
    assert len(result.paths) == 12
    assert host.most_running == downloads.MAX_PARALLEL_DOWNLOADS == 4
    assert steps == [(number, 12) for number in range(1, 13)]
