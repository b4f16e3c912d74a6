import http.client
import threading

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.preview import make_preview

AUDIO = bytes(range(256)) * 300


@pytest.fixture
def folder(tmp_path):
    build = tmp_path / "build"
    (build / "episodes" / "one").mkdir(parents=True)
    (build / "media").mkdir()
    (build / "media" / "a b.mp3").write_bytes(AUDIO)
    (build / "episodes" / "one" / "index.html").write_text("one", "utf-8")
    (build / "index.html").write_text("home", "utf-8")
    (build / "404.html").write_text("nothing here", "utf-8")
    (build / "feed.xml").write_text('<a href="https://pod.example/show/media/a.mp3"/>', "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return build


@pytest.fixture
def ask(folder):
    with make_preview(folder, public_url="https://pod.example/show/") as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=60)

        def ask(path, method="GET", **headers):
            header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=header_fields)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

        ask.url = running.url
        yield ask
        connection.close()
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param("/", 200, b"home", id="the root serves its index"),
        pytest.param("/episodes/one/", 200, b"one", id="a folder serves its index"),
        pytest.param("/episodes/one", 301, b"", id="a folder without slash redirects"),
        pytest.param("/media/a%20b.mp3", 200, AUDIO, id="percent-encoding is decoded"),
        pytest.param("/index.html?x=1", 200, b"home", id="a query is ignored"),
        pytest.param("/show/index.html", 200, b"home", id="the path of the public URL is accepted"),
        pytest.param("/media/", 404, b"nothing here", id="a folder without an index is not listed"),
        pytest.param("/index.html/", 404, b"nothing here", id="a file with a trailing slash"),
        pytest.param("/../secret.txt", 404, b"nothing here", id="parent folder"),
        pytest.param("/%2e%2e/secret.txt", 404, b"nothing here", id="encoded parent folder"),
        pytest.param("/..%5csecret.txt", 404, b"nothing here", id="backslash"),
        pytest.param("/a%00b", 404, b"nothing here", id="NUL"),
        pytest.param("/" + "x" * 5000, 404, b"nothing here", id="a very long name"),
    ],
)
def test_responses_by_path(ask, path, status, body):
    assert ask(path)[::2] == (status, body)


@pytest.mark.parametrize(
    ("requested", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=10-", 10, len(AUDIO) - 1),
        ("bytes=-5", len(AUDIO) - 5, len(AUDIO) - 1),
        ("bytes=9-999999999", 9, len(AUDIO) - 1),
        pytest.param("bytes=9-" + "9" * 30, 9, len(AUDIO) - 1, id="a long number"),
        pytest.param("bytes=-" + "9" * 5000, 0, len(AUDIO) - 1, id="more digits than Python parses"),
        pytest.param("bytes=" + "0" * 30 + "2-3", 2, 3, id="leading zeros"),
    ],
)
def test_a_range_request_gets_that_range(ask, requested, first, last):
    status, headers, body = ask("/media/a%20b.mp3", Range=requested)
    assert (206, f"bytes {first}-{last}/{len(AUDIO)}", AUDIO[first : last + 1]) == (
        status,
        headers["Content-Range"],
        body,
    )


@pytest.mark.parametrize("requested", [f"bytes={len(AUDIO)}-", "bytes=-0", f"bytes={'9' * 30}-"])
def test_a_range_beyond_the_end_is_416(ask, requested):
    status, headers, body = ask("/media/a%20b.mp3", Range=requested)
    assert (416, f"bytes */{len(AUDIO)}", b"") == (status, headers["Content-Range"], body)


@pytest.mark.parametrize("requested", ["bytes=5-4", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_an_unsupported_range_gets_the_whole_file(ask, requested):
    assert ask("/media/a%20b.mp3", Range=requested)[::2] == (200, AUDIO)


def test_head_has_the_headers_of_get_without_a_body(ask):
    _, get_headers, _ = ask("/media/a%20b.mp3")
    status, headers, body = ask("/media/a%20b.mp3", "HEAD")
    assert (status, body) == (200, b"")
    assert {**get_headers, "Date": ""} == {**headers, "Date": ""}
    assert ("audio/mpeg", str(len(AUDIO)), "bytes") == (
        get_headers["Content-Type"],
        get_headers["Content-Length"],
        get_headers["Accept-Ranges"],
    )


def test_a_conditional_request_gets_304_until_the_file_changes(ask, folder):
    tag = ask("/index.html")[1]["ETag"]
    assert ask("/index.html", If_None_Match=f'"other", W/{tag}')[::2] == (304, b"")
    (folder / "index.html").write_text("home again", "utf-8")
    assert ask("/index.html", If_None_Match=tag)[::2] == (200, b"home again")


def test_if_range_gets_the_whole_file_after_a_change(ask):
    tag = ask("/media/a%20b.mp3")[1]["ETag"]
    assert ask("/media/a%20b.mp3", Range="bytes=0-1", If_Range=tag)[0] == 206
    assert ask("/media/a%20b.mp3", Range="bytes=0-1", If_Range='"old"')[0] == 200


def test_the_feed_links_to_the_preview(ask):
    _, headers, body = ask("/feed.xml")
    assert (f'<a href="{ask.url}media/a.mp3"/>'.encode(), "application/rss+xml; charset=utf-8") == (
        body,
        headers["Content-Type"],
    )
    assert str(len(body)) == headers["Content-Length"]


def test_a_symlink_out_of_the_build_is_not_followed(ask, folder):
    (folder / "way-out").symlink_to(folder.parent / "secret.txt")
    assert ask("/way-out")[0] == 404


@pytest.mark.parametrize("name", [".env", ".git/config", ".podcast-kit/memory.sqlite"])
def test_hidden_files_are_not_served(ask, folder, name):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("secret", "utf-8")
    assert ask(f"/{name}")[::2] == (404, b"nothing here")
    assert ask(f"/media/../{name}")[0] == 404


def test_files_of_a_website_that_begin_with_a_dot_are_served(ask, folder):
    (folder / ".well-known").mkdir()
    (folder / ".well-known/security.txt").write_text("Contact", "utf-8")
    assert ask("/.well-known/security.txt")[::2] == (200, b"Contact")


@pytest.mark.parametrize("path", ["/", "/media/a%20b.mp3", "/missing"])
def test_other_websites_cannot_embed_what_is_previewed(ask, path):
    headers = ask(path)[1]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_port_in_use_is_an_operation_error(folder):
    with make_preview(folder) as running, pytest.raises(OperationError, match="cannot listen"):
        make_preview(folder, running.server_port)


def test_an_open_page_reloads_after_a_change(folder):
    with make_preview(folder, live_reload=True) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=60)
        connection.request("GET", "/index.html")
        assert b'<script src="/.changes.js">' in connection.getresponse().read()
        connection.request("GET", "/.changes.js")
        assert b"location.reload()" in connection.getresponse().read()
        connection.request("GET", "/.changes?since=")
        assert connection.getresponse().read() == b"1"
        threading.Timer(0.1, running.notify_reload).start()
        connection.request("GET", "/.changes?since=1")
        assert connection.getresponse().read() == b"2"
        connection.close()
        running.shutdown()
        thread.join()


def test_pages_are_unchanged_without_live_reload(ask):
    assert ask("/index.html")[2] == b"home"
    assert ask("/.changes?since=")[0] == 404


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 421), ("127.0.0.1.evil.example:80", 421), ("localhost:1", 200)]
)
def test_requests_for_other_hosts_are_refused(ask, host, status):
    assert ask("/index.html", Host=host)[0] == status


@pytest.mark.parametrize(("path", "host"), [("http://[/x", "localhost"), ("/index.html", "["), ("/index.html", "[::1")])
def test_an_invalid_url_gets_400(ask, path, host, capfd):
    assert ask(path, Host=host)[0] == 400
    assert capfd.readouterr().err == ""
