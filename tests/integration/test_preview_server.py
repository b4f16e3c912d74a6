import http.client
import threading

import pytest

from podcast_kit.errors import OperationError
from podcast_kit.preview import server

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
    with server.make_preview(folder, public="https://pod.example/show/") as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=10)

        def ask(path, method="GET", **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

        ask.url = running.url
        yield ask
        connection.close()
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        pytest.param("/", 200, b"home", id="the root is its index"),
        pytest.param("/episodes/one/", 200, b"one", id="so is a folder"),
        pytest.param("/episodes/one", 301, b"", id="a folder without its slash is sent on"),
        pytest.param("/media/a%20b.mp3", 200, AUDIO, id="escapes are undone"),
        pytest.param("/index.html?x=1", 200, b"home", id="a query names the same file"),
        pytest.param("/show/index.html", 200, b"home", id="the public address's own path is understood"),
        pytest.param("/media/", 404, b"nothing here", id="a folder without an index is not listed"),
        pytest.param("/index.html/", 404, b"nothing here", id="a file is no folder"),
        pytest.param("/../secret.txt", 404, b"nothing here", id="up is out"),
        pytest.param("/%2e%2e/secret.txt", 404, b"nothing here", id="up in disguise too"),
        pytest.param("/..%5csecret.txt", 404, b"nothing here", id="and with a backslash"),
        pytest.param("/a%00b", 404, b"nothing here", id="no file holds a NUL"),
        pytest.param("/" + "x" * 5000, 404, b"nothing here", id="nor is any name that long"),
    ],
)
def test_what_an_address_answers(ask, path, status, body):
    found = ask(path)
    assert (status, body) == (found[0], found[2])


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=10-", 10, len(AUDIO) - 1),
        ("bytes=-5", len(AUDIO) - 5, len(AUDIO) - 1),
        ("bytes=9-999999999", 9, len(AUDIO) - 1),
        pytest.param("bytes=9-" + "9" * 30, 9, len(AUDIO) - 1, id="a number has any length"),
        pytest.param("bytes=-" + "9" * 5000, 0, len(AUDIO) - 1, id="also one that Python would not read"),
        pytest.param("bytes=" + "0" * 30 + "2-3", 2, 3, id="noughts before it say nothing"),
    ],
)
def test_a_range_is_answered_with_that_part(ask, asked, first, last):
    status, headers, body = ask("/media/a%20b.mp3", Range=asked)
    assert (206, f"bytes {first}-{last}/{len(AUDIO)}", AUDIO[first : last + 1]) == (
        status,
        headers["Content-Range"],
        body,
    )


@pytest.mark.parametrize("asked", [f"bytes={len(AUDIO)}-", "bytes=-0", f"bytes={'9' * 30}-"])
def test_a_range_beyond_the_end_is_416(ask, asked):
    status, headers, body = ask("/media/a%20b.mp3", Range=asked)
    assert (416, f"bytes */{len(AUDIO)}", b"") == (status, headers["Content-Range"], body)


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_a_range_that_makes_no_sense_gets_the_whole(ask, asked):
    assert ask("/media/a%20b.mp3", Range=asked)[::2] == (200, AUDIO)


def test_head_says_what_get_would_without_the_bytes(ask):
    _, got, _ = ask("/media/a%20b.mp3")
    status, headers, body = ask("/media/a%20b.mp3", "HEAD")
    assert (status, body) == (200, b"")
    assert {**got, "Date": ""} == {**headers, "Date": ""}
    assert ("audio/mpeg", str(len(AUDIO)), "bytes") == (
        got["Content-Type"],
        got["Content-Length"],
        got["Accept-Ranges"],
    )


def test_what_the_browser_has_is_not_sent_again_until_it_changes(ask, folder):
    tag = ask("/index.html")[1]["ETag"]
    assert ask("/index.html", If_None_Match=f'"other", W/{tag}')[::2] == (304, b"")
    (folder / "index.html").write_text("home again", "utf-8")
    assert ask("/index.html", If_None_Match=tag)[::2] == (200, b"home again")


def test_a_part_of_what_has_changed_is_the_whole(ask):
    tag = ask("/media/a%20b.mp3")[1]["ETag"]
    assert ask("/media/a%20b.mp3", Range="bytes=0-1", If_Range=tag)[0] == 206
    assert ask("/media/a%20b.mp3", Range="bytes=0-1", If_Range='"old"')[0] == 200


def test_the_feed_names_the_preview(ask):
    _, headers, body = ask("/feed.xml")
    assert (f'<a href="{ask.url}media/a.mp3"/>'.encode(), "application/rss+xml; charset=utf-8") == (
        body,
        headers["Content-Type"],
    )
    assert str(len(body)) == headers["Content-Length"]


def test_a_link_out_of_the_build_is_not_followed(ask, folder):
    (folder / "way-out").symlink_to(folder.parent / "secret.txt")
    assert ask("/way-out")[0] == 404


def test_a_taken_port_is_our_error(folder):
    with server.make_preview(folder) as running, pytest.raises(OperationError, match="cannot listen"):
        server.make_preview(folder, running.server_port)


def test_an_open_page_hears_of_changes_and_only_then(folder):
    with server.make_preview(folder, live=True) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        asked = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=10)
        asked.request("GET", "/index.html")
        assert b"location.reload()" in asked.getresponse().read()
        asked.request("GET", "/.changes?since=")
        assert asked.getresponse().read() == b"1"
        threading.Timer(0.1, running.notify_reload).start()
        asked.request("GET", "/.changes?since=1")
        assert asked.getresponse().read() == b"2"
        asked.close()
        running.shutdown()
        thread.join()


def test_nothing_is_added_to_a_page_unless_one_watches(ask):
    assert ask("/index.html")[2] == b"home"
    assert ask("/.changes?since=")[0] == 404


def test_what_the_podcaster_saves_is_seen_and_what_the_kit_makes_is_not(tmp_path):
    for name in ("episodes/001.md", "build/index.html", ".podcast-kit/memory", "podcast.lock", "podcast.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before", "utf-8")
    stop = threading.Event()
    seen = server.watch(tmp_path, stop, pause=0.02)

    def save():
        for name in (
            "build/index.html",
            ".podcast-kit/memory",
            "podcast.lock",
            "episodes/001.md",
            "episodes/.001.md.swp",
        ):
            (tmp_path / name).write_text("after that", "utf-8")
        (tmp_path / "podcast.yaml").unlink()

    threading.Timer(0.1, save).start()
    threading.Timer(10, stop.set).start()
    found = set(next(seen))
    if "podcast.yaml" not in found:
        found |= set(next(seen))
    assert found == {"episodes/001.md", "podcast.yaml"}
    stop.set()
    assert list(seen) == []


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 421), ("127.0.0.1.evil.example:80", 421), ("localhost:1", 200)]
)
def test_a_page_on_the_web_whose_name_leads_here_reads_nothing(ask, host, status):
    assert ask("/index.html", Host=host)[0] == status


@pytest.mark.parametrize(("path", "host"), [("http://[/x", "localhost"), ("/index.html", "["), ("/index.html", "[::1")])
def test_what_is_no_address_is_told_so(ask, path, host, capfd):
    assert ask(path, Host=host)[0] == 400
    assert capfd.readouterr().err == ""


def test_published_folder_inside_the_show_is_not_watched(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("x")
    assert "public/index.html" not in server._stamps(tmp_path, tmp_path / "public")
    assert "public/index.html" in server._stamps(tmp_path, None)
