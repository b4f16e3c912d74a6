"""Importing a show from a server: files are downloaded, and an interrupted import resumes."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.cli import cli
from podcast_kit.source import project
from tests.support.shows import sample

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEW = "https://new.example/"


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


class Host:
    """A server of a folder; `requests` lists requested paths, `moved` redirects and `broken` truncates some."""

    def __init__(self, folder):
        self.folder, self.requests, self.broken, self.moved = folder, [], set(), {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                path = outer.folder / self.path.lstrip("/")
                data = path.read_bytes() if path.is_file() else b""
                self.send_response(301 if self.path in outer.moved else 200 if path.is_file() else 404)
                if self.path in outer.moved:
                    self.send_header("Location", outer.moved[self.path])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2] if self.path in outer.broken else data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def host(tmp_path):
    """The sample show, published on another host."""
    source = sample(tmp_path / "source")
    (source / "talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n")
    notes = source / "episodes/001-more-social.md"
    (source / "talk.vtt").rename(source / "episodes/talk.vtt")
    notes.write_text(notes.read_text().replace("number: 1\n", "number: 1\ntranscript: talk.vtt\n", 1))
    old_host = Host(tmp_path / "source/build")
    text = (source / "podcast.yaml").read_text()
    (source / "podcast.yaml").write_text(text.replace("https://talking-back.example/", old_host.url))
    builder.build(project.load_project(source), now=NOW)
    yield old_host
    old_host.close()


def test_an_import_downloads_linked_files_and_finds_no_differences(host, tmp_path):
    result = run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--json")
    output = json.loads(result.stdout)
    assert result.exit_code == 0, result.output
    assert output["episodes"] == 3
    problems = {problem["code"]: problem for problem in output["problems"]}
    assert list(problems) == ["import", "import.https"]  # this host only has http
    assert problems["import"]["severity"] == "hint"
    assert "prompts" in problems["import"]["message"]
    assert problems["import.https"]["message"].startswith("3 recordings at 127.0.0.1")
    assert "keep http: https" in problems["import.https"]["message"]
    new = tmp_path / "new"
    names = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    assert {"cover.jpg", "podcast.yaml", "podcast.lock", ".gitignore"} <= names
    assert {"episodes/001-more-social.chapters.json", "episodes/001-more-social.en.vtt"} <= names
    assert not any(name.endswith(".mp3") for name in names)
    assert "all guids kept" in result.stderr


def test_a_redirected_feed_is_imported(host, tmp_path):
    host.moved["/rss"] = "/feed.xml"
    result = run("import", f"{host.url}rss", tmp_path / "new", "--url", NEW, "--no-files")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("to", "expected"),
    [("/rss", "is redirected more than 10 times"), ("/plain.txt", "is not a feed: not well-formed XML: syntax error")],
)
def test_a_url_without_a_feed_is_reported_with_its_redirect(host, tmp_path, to, expected):
    (host.folder / "plain.txt").write_text("Nothing.")
    host.moved["/rss"] = to
    result = run("import", f"{host.url}rss", tmp_path / "new", "--url", NEW)
    assert result.exit_code == 1
    redirected = f", redirected to {host.url.rstrip('/')}{to}," if to != "/rss" else ""
    assert f"error: {host.url}rss{redirected} {expected}\n  check the URL\n" in result.stderr


def test_downloaded_audio_is_published_with_the_same_guids(host, tmp_path):
    assert run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--audio").exit_code == 0
    build = builder.build(project.load_project(tmp_path / "new"), now=NOW)
    assert {item.guid for item in build.items} == {entry.guid for entry in build.project.lock}
    assert all(item.enclosure_url.startswith(f"{NEW}media/") for item in build.items)
    assert all(item.enclosure.seconds > 40 for item in build.items)


def test_an_interrupted_import_resumes_without_downloading_twice(host, tmp_path):
    new = tmp_path / "new"
    run("import", f"{host.url}feed.xml", new, "--url", NEW)
    (new / "podcast.yaml").unlink()  # it is written last
    before = len(host.requests)
    assert run("import", f"{host.url}feed.xml", new, "--url", NEW).exit_code == 0
    assert host.requests[before:] == ["/feed.xml"]


def test_an_import_that_was_killed_when_podcast_yaml_was_there_resumes(host, tmp_path):
    new = tmp_path / "new"
    run("import", f"{host.url}feed.xml", new, "--url", NEW)
    expected = (new / "podcast.yaml").read_bytes()
    (new / "podcast.yaml").write_text("title: half of")
    (new / ".podcast-kit/unfinished-import").touch()
    assert run("import", f"{host.url}feed.xml", new, "--url", NEW).exit_code == 0
    assert (new / "podcast.yaml").read_bytes() == expected
    assert run("import", f"{host.url}feed.xml", new, "--url", NEW).exit_code == 1
    assert (new / "podcast.yaml").read_bytes() == expected


def test_a_mark_that_came_along_with_a_folder_does_not_let_an_import_replace_its_show(host, tmp_path):
    new = tmp_path / "new"
    (new / ".podcast-kit").mkdir(parents=True)
    (new / ".podcast-kit/unfinished-import").touch()
    (new / "podcast.yaml").write_text("title: Of someone\n")
    assert run("import", f"{host.url}feed.xml", new, "--url", NEW).exit_code == 1
    assert (new / "podcast.yaml").read_text() == "title: Of someone\n"


def test_the_folder_that_an_import_makes_is_known_as_ours(host, tmp_path):
    result = run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW)
    assert "was not made by podcast-kit" not in result.output
    assert not list((tmp_path / "new/.podcast-kit").glob("*.untrusted"))
    assert not (tmp_path / "new/.podcast-kit/unfinished-import").exists()


def test_incomplete_and_invalid_downloads_are_reported_and_removed(host, tmp_path):
    cover = next(path for path in (host.folder / "media").rglob("cover.jpg"))
    host.broken.add("/" + cover.relative_to(host.folder).as_posix())
    marks = next(path for path in (host.folder / "media").rglob("*.chapters.json"))
    marks.write_text("<html>gone</html>")
    result = run("import", f"{host.url}feed.xml", tmp_path / "new", "--url", NEW, "--json")
    codes = [problem["code"] for problem in json.loads(result.stdout)["problems"]]
    assert (result.exit_code, codes.count("import.fetch")) == (0, 2)
    assert not list((tmp_path / "new").rglob("*.part"))
    assert not (tmp_path / "new/cover.jpg").exists()
