"""Each thing that can stand between a show and its listeners, really made wrong, and what the doctor says of it."""

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

from podcast_kit.publish.doctor import examine
from tests.support import network, output_trees


class Front:
    """A host or CDN before the bucket, with a fault of its own: `change(method, status, headers, body)`."""

    def __init__(self, bucket, change, deaf=()):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.lstrip("/")
                kept = {name: self.headers[name] for name in ("Range", "Origin") if self.headers[name]}
                kept = {name: value for name, value in kept.items() if name not in deaf}
                asked = urllib.request.Request(bucket.url + path, method=self.command, headers=kept)
                try:
                    with urllib.request.urlopen(asked, timeout=30) as reply:
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


def wrong(store, url, folder):
    """What is not as it should be: subject → trouble and mend. Loopback is never https."""
    found = examine(store, url, folder, now=datetime.now(UTC))
    return {each.key: f"{each.error}: {each.fix}" for each in found if each.error and each.key != "public address"}


def headers(**changed):
    """A change of headers alone; None takes one away."""
    said = {name.replace("_", "-"): value for name, value in changed.items()}

    def change(_method, status, there, body):
        return status, {name: value for name, value in {**there, **said}.items() if value is not None}, body

    return change


def same(_method, status, there, body):
    return status, there, body


def no_head(method, status, there, body):
    return (405, {"content-length": "0"}, b"") if method == "HEAD" else (status, there, body)


def slow_clock(_method, status, there, body):
    slow = parsedate_to_datetime(there["date"]) - timedelta(minutes=20, seconds=30)
    return status, {**there, "date": format_datetime(slow, usegmt=True)}, body


FRONTS = [
    pytest.param(no_head, (), "public files", "405", id="no HEAD"),
    pytest.param(same, ("Range",), "public files", "cannot skip or resume", id="no ranges"),
    pytest.param(headers(content_type="application/octet-stream"), (), "public files", "must be", id="types lost"),
    pytest.param(headers(content_encoding="gzip"), (), "public files", "compression", id="compressed"),
    pytest.param(headers(access_control_allow_origin=None), (), "CORS", "players on the web", id="no CORS"),
    pytest.param(slow_clock, (), "clock", "20 minutes apart", id="clock"),
]


@pytest.mark.parametrize(("change", "deaf", "subject", "said"), FRONTS)
def test_what_a_host_does_wrong_is_said(bucket, tmp_path, change, deaf, subject, said):
    with Front(bucket, change, deaf) as url:
        found = wrong(output_trees.store_of(bucket), url, tmp_path)
    assert list(found) == [subject]
    assert said in found[subject]


def test_a_host_that_does_all_right_is_found_to(bucket, tmp_path):
    with Front(bucket, same) as url:
        assert wrong(output_trees.store_of(bucket), url, tmp_path) == {}


def test_a_type_that_only_one_kind_of_file_loses_is_told_of_that_kind(bucket, tmp_path):
    def change(_method, status, there, body):
        lost = {"content-type": "text/plain"} if there.get("content-type") == "text/vtt" else {}
        return status, {**there, **lost}, body

    with Front(bucket, change) as url:
        assert list(wrong(output_trees.store_of(bucket), url, tmp_path)) == ["public vtt file"]


def test_a_bucket_that_anybody_can_list_is_told(s3, bucket, tmp_path):
    client = s3.client()
    found = json.loads(client.get_bucket_policy(Bucket=bucket.name)["Policy"])
    listing = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"}
    found["Statement"].append(listing | {"Resource": f"arn:aws:s3:::{bucket.name}"})
    client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(found))
    client.close()
    assert "before their time" in wrong(output_trees.store_of(bucket), bucket.url, tmp_path)["public listing"]


def test_an_address_where_nobody_answers(bucket, tmp_path):
    found = wrong(output_trees.store_of(bucket), "http://127.0.0.1:9/", tmp_path)
    assert list(found) == ["public files"]


def test_a_public_address_of_something_else(bucket, s3, tmp_path):
    found = wrong(output_trees.store_of(bucket), s3.bucket().url, tmp_path)
    assert "publish.url" in found["public files"]


def test_a_clock_that_the_store_refuses(bucket, tmp_path, monkeypatch):
    def ahead(**_):
        return dt.datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=20)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", ahead)
    found = wrong(output_trees.store_of(bucket), bucket.url, tmp_path)
    assert "clock is wrong" in found["credentials and bucket"]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (301, "PermanentRedirect", "another region"),
        (400, "AuthorizationHeaderMalformed", "correct publish.region"),
        (403, "AccessDenied", "s3:PutObject"),
        (403, "ExpiredToken", "expired"),
    ],
)
def test_what_a_store_refuses(bucket, tmp_path, status, code, said):
    with network.Proxy(bucket.endpoint, lambda _: network.Status(status, code)) as proxy:
        found = wrong(output_trees.store_of(bucket, endpoint=proxy.endpoint), bucket.url, tmp_path)
    assert said in found["credentials and bucket"]


def test_a_key_that_may_read_and_not_write(bucket, tmp_path):
    def reading(request):
        return network.Status(403, "AccessDenied") if request.method in {"PUT", "DELETE"} else None

    with network.Proxy(bucket.endpoint, reading) as proxy:
        found = wrong(output_trees.store_of(bucket, endpoint=proxy.endpoint), bucket.url, tmp_path)
    assert "does not allow it" in found["writing"]


def test_a_store_that_ignores_conditions(blind_bucket, tmp_path):
    found = wrong(output_trees.store_of(blind_bucket), blind_bucket.url, tmp_path)
    assert "ignored" in found["conditional writes"]
