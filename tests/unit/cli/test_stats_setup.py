"""`stats setup` shows how to switch on logs, and every format that it shows is one that is read."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.stats.setup_guides import SETUP_GUIDES
from podcast_kit.stats.sources.recognize import recognize_format
from tests.support import shows


def run(show, *arguments, **options):
    return CliRunner().invoke(cli, ["stats", "-C", str(show), "setup", *arguments], **options)


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show", episodes=1)


@pytest.mark.parametrize("name", SETUP_GUIDES)
def test_every_guide_has_steps_and_privacy_notes(show, name):
    result = run(show, name)
    assert result.exit_code == 0
    assert "1. " in result.output
    assert "privacy:" in result.output
    (guide,) = json.loads(run(show, name, "--json").stdout)["guides"]
    assert guide["read"].startswith("podcast-kit stats ")


def test_show_without_a_guide_gets_the_list(show):
    result = run(show)
    assert result.exit_code == 0
    assert "web server or CDN" in result.output
    assert "nginx" in result.output


def test_unknown_provider_is_a_usage_error(show):
    assert run(show, "nonsense").exit_code == 2


def test_log_formats_of_nginx_and_apache_are_recognized_with_ranges():
    values = {
        "$remote_addr": "192.0.2.1",
        "$remote_user": "-",
        "$time_local": "28/Nov/2026:19:00:00 +0000",
        "$request": "GET /a.mp3 HTTP/1.1",
        "$status": "206",
        "$body_bytes_sent": "5",
        "$http_referer": "-",
        "$http_user_agent": "App",
        "$http_range": "bytes=0-4",
    }
    line = "".join(re.findall(r"'([^']*)'", SETUP_GUIDES["nginx"].block))
    for name, value in sorted(values.items(), key=lambda item: -len(item[0])):
        line = line.replace(name, value)
    assert recognize_format(line).has_ranges
    values = {"%h": "192.0.2.1", "%l": "-", "%u": "-", "%t": "[28/Nov/2026:19:00:00 +0000]", "%>s": "206", "%B": "5"}
    values |= {"%r": "GET /a.mp3 HTTP/1.1", "%{Referer}i": "-", "%{User-Agent}i": "App", "%{Range}i": "bytes=0-4"}
    line = re.search(r'LogFormat "(.*)" podcast', SETUP_GUIDES["apache"].block)[1].replace('\\"', '"')
    for name, value in values.items():
        line = line.replace(name, value)
    assert recognize_format(line).has_ranges


class LoggingServer(BaseHTTPRequestHandler):
    """Answers the two requests of S3 that switch on access logs."""

    def do_GET(self):
        self.answer(b"<BucketLoggingStatus xmlns='http://doc.s3.amazonaws.com/2006-03-01'/>")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.path, body))
        self.answer(b"")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def s3_show(show, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), LoggingServer)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    path = show / "podcast.yaml"
    endpoint = f"http://127.0.0.1:{server.server_port}"
    path.write_text(path.read_text().replace("to: public", f"to: 's3://pod', endpoint: '{endpoint}'"))
    yield show, server.received
    server.shutdown()
    server.server_close()


def test_logs_of_s3_are_switched_on_after_consent(s3_show):
    show, received = s3_show
    refused = run(show, "s3", "s3://my-logs/pod")
    assert refused.exit_code == 1
    assert received == []
    done = run(show, "s3", "s3://my-logs/pod", "--yes")
    assert done.exit_code == 0, done.output
    ((path, body),) = received
    assert path == "/pod?logging"
    assert "<TargetBucket>my-logs</TargetBucket>" in body
    assert "<TargetPrefix>pod/</TargetPrefix>" in body


def test_logs_may_not_go_to_the_bucket_of_the_show(s3_show):
    show, received = s3_show
    assert run(show, "s3", "s3://pod/logs", "--yes").exit_code == 2
    assert received == []
