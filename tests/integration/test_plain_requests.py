"""Requests without botocore: the same answers, and botocore wherever something is unusual."""

import http.server
import subprocess
import sys
import threading

import pytest

from podcast_kit.errors import PublishConflict
from podcast_kit.stores import IF_NONE_MATCH, if_match
from podcast_kit.stores.plain_parts import PlainParts
from podcast_kit.stores.plain_requests import PlainRequests
from tests.support import output_trees
from tests.support.output_trees import make_upload

VARIABLES = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret"}


def plain_for(endpoint="http://127.0.0.1:9", region="auto"):
    return PlainRequests.from_environment(endpoint, "pod", region, timeout_s=10, count_request=lambda: None)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Credentials in the environment, and no file of settings."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_usual_requests_need_no_botocore(bucket, tmp_path):
    script = (
        "import sys\n"
        "from hashlib import sha256\n"
        "from podcast_kit.stores import open_store, Upload, IF_NONE_MATCH\n"
        "from podcast_kit.model import PublishSettings\n"
        "from pathlib import Path\n"
        "def make_upload(key, content):\n"
        "    return Upload(key=key, content=content, size=len(content), content_type='text/plain',"
        " cache_control='no-store', sha256=sha256(content).hexdigest())\n"
        f"store = open_store(PublishSettings(url='https://pod.example/', to='s3://{bucket.name}/show',"
        f" endpoint={bucket.endpoint!r}, region='us-east-1'), Path())\n"
        "assert store.get('state') is None\n"
        "etag = store.put(make_upload('state', b'one'), IF_NONE_MATCH)\n"
        "assert store.get('state').etag == etag == store.head('state').etag\n"
        "assert store.head('none') is None\n"
        "assert store.requests == 5\n"
        "files = [(make_upload(f'media/{n}', b'x'), IF_NONE_MATCH) for n in range(20)]\n"
        "assert len(list(store.put_many(files))) == 20\n"
        "path = Path(sys.argv[1])\n"
        "path.write_bytes(bytes(40 << 20))\n"
        "large = Upload(key='long.mp3', content=path, size=40 << 20, content_type='audio/mpeg',"
        " cache_control='no-store', sha256=sha256(path.read_bytes()).hexdigest())\n"
        "before = store.requests\n"
        "assert store.put(large, IF_NONE_MATCH) == store.head('long.mp3').etag\n"
        "assert store.requests - before == 1 + 1 + 3 + 1 + 2\n"  # list, create, parts, complete, both times HEAD
        "print([name for name in sys.modules if name.partition('.')[0] in {'boto3', 'botocore'}])\n"
    )
    command = [sys.executable, "-c", script, tmp_path / "long.mp3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "other"),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", "with a blank"),
        ("AWS_SECRET_ACCESS_KEY", "two\nlines"),
        ("http_proxy", "http://proxy.example:3128"),
    ],
)
def test_what_only_botocore_knows_is_left_to_it(environment, name, value):
    assert plain_for() is not None
    environment.setenv(name, value)
    assert plain_for() is None


@pytest.mark.usefixtures("environment")
def test_a_file_of_settings_is_left_to_botocore(tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = eu-central-1\n")
    assert plain_for() is None


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("endpoint", ["ftp://store.example", "https://a:b@store.example", "https://store.example/?x=1"])
def test_unusual_endpoints_are_left_to_botocore(endpoint):
    assert plain_for(endpoint) is None


@pytest.mark.usefixtures("environment")
def test_credentials_are_not_shown():
    assert "secret" not in repr(plain_for()._credentials)


def test_a_failed_condition_is_a_conflict(bucket):
    store = output_trees.open_bucket_store(bucket, prefix="show")
    store.get("state")
    etag = store.put(make_upload("state", b"one"), IF_NONE_MATCH)
    with pytest.raises(PublishConflict):
        store.put(make_upload("state", b"two"), IF_NONE_MATCH)
    assert store.put(make_upload("state", b"two"), if_match(etag)) != etag
    with pytest.raises(PublishConflict):
        store.put(make_upload("state", b"three"), if_match(etag))
    assert store.get("state").content == b"two"


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers each request with the next of `answers`: status, headers, body."""

    answers = ()
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self):
        status, headers, body = type(self).answers
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def odd(environment):  # noqa: ARG001
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield plain_for(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"Content-Length": "2"}, b"no"),
        (403, {"Content-Length": "0"}, b""),
        (404, {"Content-Length": "27"}, b"<Code>NoSuchBucket</Code>  "),
        (200, {"Content-Length": "9"}, b"cut"),
        (200, {}, b"no length"),
        (200, {"Content-Encoding": "gzip", "Content-Length": "3"}, b"abc"),
        (200, {"Content-Length": "99999999999"}, b"large"),
        (307, {"Location": "https://elsewhere.example/", "Content-Length": "0"}, b""),
    ],
)
def test_unusual_answers_are_left_to_botocore(odd, answer):
    Odd.answers = answer
    assert odd.send("GET", "state") is None
    assert odd.bulk_uploader("") is None


def test_a_missing_object_is_known_from_its_code(odd):
    body = b"<Error><Code>NoSuchKey</Code></Error>"
    Odd.answers = (404, {"Content-Length": str(len(body))}, body)
    assert odd.send("GET", "state").is_missing_key
    assert odd.bulk_uploader("show/") is not None


UNFINISHED = "<Upload><Key>long.mp3</Key><UploadId>1</UploadId></Upload>"


@pytest.mark.parametrize(
    "listed",
    [
        f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{UNFINISHED}</ListMultipartUploadsResult>",
        f"<ListMultipartUploadsResult>{UNFINISHED}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
    ],
)
def test_an_upload_is_not_started_where_another_may_be_unfinished(odd, listed):
    Odd.answers = (200, {"Content-Length": str(len(listed))}, listed.encode())
    assert PlainParts(odd).create("long.mp3", make_upload("long.mp3", b"")) == ""


@pytest.mark.parametrize(
    ("status", "body", "is_complete"),
    [
        (200, "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>", True),
        (200, "<Error><Code>InternalError</Code></Error>", False),
        (200, "", False),
        (412, "<Error><Code>PreconditionFailed</Code></Error>", False),
    ],
)
def test_an_error_may_follow_the_status_of_a_complete(odd, status, body, is_complete):
    Odd.answers = (status, {"Content-Length": str(len(body))}, body.encode())
    assert PlainParts(odd).complete("long.mp3", "1", [{"PartNumber": 1, "ETag": '"1"'}], {}) is is_complete


@pytest.mark.parametrize(
    ("chunks", "is_whole"), [(b"3\r\nyes\r\n0\r\n\r\n", True), (b"3\r\nye", False), (b"3\r\nyes\r\n", False)]
)
def test_a_body_in_chunks_is_read_to_its_end(odd, chunks, is_whole):
    Odd.answers = (200, {"Transfer-Encoding": "chunked", "ETag": '"1"'}, chunks)
    answer = odd.send("GET", "state")
    assert (answer is not None and answer.body == b"yes") is is_whole


@pytest.mark.usefixtures("environment")
def test_a_server_that_is_gone_is_asked_once():
    plain = plain_for("http://127.0.0.1:9")
    assert plain.send("GET", "state") is None
    assert not plain.is_usable
