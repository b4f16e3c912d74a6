"""What `doctor` reports of each mistake in a store, a host or a CDN."""

import datetime as dt
import http.server
import json
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import botocore.auth
import pytest

from podcast_kit.publish.doctor import diagnose_store
from tests.support import network, output_trees


class FrontServer:
    """A host or CDN in front of the bucket, which changes responses: `change(method, status, headers, body)`."""

    def __init__(self, bucket, change, ignored_headers=()):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.lstrip("/")
                request_headers = {name: self.headers[name] for name in ("Range", "Origin") if self.headers[name]}
                request_headers = {
                    name: value for name, value in request_headers.items() if name not in ignored_headers
                }
                request = urllib.request.Request(bucket.url + path, method=self.command, headers=request_headers)
                try:
                    with urllib.request.urlopen(request, timeout=30) as reply:
                        status, headers, body = reply.status, dict(reply.headers), reply.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, headers, body = error.code, dict(error.headers), error.read()
                headers = {name.lower(): value for name, value in headers.items()}
                status, headers, body = change(self.command, status, headers, body)
                self.send_response_only(status)
                for name, value in headers.items():
                    if name not in {"connection", "transfer-encoding"}:
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815  # http.server's own naming

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def find_errors(store, url, folder):
    """Subject → error and fix, without the one about https, which loopback never is."""
    outcomes = diagnose_store(store, url, folder, now=datetime.now(UTC))
    return {
        outcome.key: f"{outcome.error}: {outcome.fix}"
        for outcome in outcomes
        if outcome.error and outcome.key != "public address"
    }


def change_headers(**changed):
    """A change of response headers; None removes one."""
    new_headers = {name.replace("_", "-"): value for name, value in changed.items()}

    def change(_method, status, headers, body):
        return status, {name: value for name, value in {**headers, **new_headers}.items() if value is not None}, body

    return change


def change_nothing(_method, status, headers, body):
    return status, headers, body


def no_head(method, status, headers, body):
    return (405, {"content-length": "0"}, b"") if method == "HEAD" else (status, headers, body)


def slow_clock(_method, status, headers, body):
    slow = parsedate_to_datetime(headers["date"]) - timedelta(minutes=20, seconds=30)
    return status, {**headers, "date": format_datetime(slow, usegmt=True)}, body


FRONTS = [
    pytest.param(no_head, (), "public files", "405", id="no HEAD"),
    pytest.param(change_nothing, ("Range",), "public files", "cannot skip or resume", id="no ranges"),
    pytest.param(
        change_headers(content_type="application/octet-stream"), (), "public files", "must be", id="types lost"
    ),
    pytest.param(change_headers(content_encoding="gzip"), (), "public files", "compression", id="compressed"),
    pytest.param(change_headers(access_control_allow_origin=None), (), "CORS", "web players", id="no CORS"),
    pytest.param(slow_clock, (), "clock", "20 minutes different", id="clock"),
]


@pytest.mark.parametrize(("change", "ignored_headers", "subject", "text"), FRONTS)
def test_mistake_of_a_host_is_reported(bucket, tmp_path, change, ignored_headers, subject, text):
    with FrontServer(bucket, change, ignored_headers) as url:
        errors = find_errors(output_trees.open_bucket_store(bucket), url, tmp_path)
    assert list(errors) == [subject]
    assert text in errors[subject]


def test_correct_host_gives_no_errors(bucket, tmp_path):
    with FrontServer(bucket, change_nothing) as url:
        assert find_errors(output_trees.open_bucket_store(bucket), url, tmp_path) == {}


def test_wrong_type_of_one_file_is_reported_for_that_type(bucket, tmp_path):
    def change(_method, status, headers, body):
        lost = {"content-type": "text/plain"} if headers.get("content-type") == "text/vtt" else {}
        return status, {**headers, **lost}, body

    with FrontServer(bucket, change) as url:
        assert list(find_errors(output_trees.open_bucket_store(bucket), url, tmp_path)) == ["public vtt file"]


def test_publicly_listable_bucket_is_reported(s3, bucket, tmp_path):
    client = s3.client()
    policy = json.loads(client.get_bucket_policy(Bucket=bucket.name)["Policy"])
    listing = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"}
    policy["Statement"].append(listing | {"Resource": f"arn:aws:s3:::{bucket.name}"})
    client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
    client.close()
    assert (
        "before their date"
        in find_errors(output_trees.open_bucket_store(bucket), bucket.url, tmp_path)["public listing"]
    )


def test_unreachable_public_address(bucket, tmp_path):
    errors = find_errors(output_trees.open_bucket_store(bucket), "http://127.0.0.1:9/", tmp_path)
    assert list(errors) == ["public files"]


def test_public_address_of_another_bucket(bucket, s3, tmp_path):
    errors = find_errors(output_trees.open_bucket_store(bucket), s3.bucket().url, tmp_path)
    assert "publish.url" in errors["public files"]


def test_clock_that_the_store_refuses(bucket, tmp_path, monkeypatch):
    def ahead(**_):
        return dt.datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=20)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", ahead)
    errors = find_errors(output_trees.open_bucket_store(bucket), bucket.url, tmp_path)
    assert "clock is wrong" in errors["credentials and bucket"]


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (301, "PermanentRedirect", "another region"),
        (400, "AuthorizationHeaderMalformed", "correct publish.region"),
        (403, "AccessDenied", "s3:PutObject"),
        (403, "ExpiredToken", "expired"),
    ],
)
def test_refusal_of_the_store_is_explained(bucket, tmp_path, status, code, text):
    with network.Proxy(bucket.endpoint, lambda _: network.Status(status, code)) as proxy:
        errors = find_errors(output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint), bucket.url, tmp_path)
    assert text in errors["credentials and bucket"]


def test_key_without_write_permission(bucket, tmp_path):
    def reading(request):
        return network.Status(403, "AccessDenied") if request.method in {"PUT", "DELETE"} else None

    with network.Proxy(bucket.endpoint, reading) as proxy:
        errors = find_errors(output_trees.open_bucket_store(bucket, endpoint=proxy.endpoint), bucket.url, tmp_path)
    assert "access denied" in errors["writing"]


def test_store_that_ignores_conditional_writes(unprotected_bucket, tmp_path):
    errors = find_errors(output_trees.open_bucket_store(unprotected_bucket), unprotected_bucket.url, tmp_path)
    assert "ignores conditional writes: of two publishes at the same time" in errors["conditional writes"]
