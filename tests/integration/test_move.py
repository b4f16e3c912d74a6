"""Moving a show: what `move` says of both feeds, the redirect, the dates, and when the old feed may go."""

import json
import shutil
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.cli import cli
from podcast_kit.publish import moving
from podcast_kit.source import project
from tests.support import shows

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SAMPLE_FEED = shows.ROOT / "tests/samples/import/namespace-examples.xml"
SHOW_GUID = "9b024349-ccf0-5f69-a609-6b82873eab3c"


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def run_json(*arguments):
    result = run(*arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


class Server:
    """Answers by path: `answers` has (status, headers, body); other paths are files of `folder`."""

    def __init__(self):
        self.answers, self.folder = {}, None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = outer.folder / self.path.lstrip("/") if outer.folder else None
                if self.path in outer.answers:
                    status, headers, body = outer.answers[self.path]
                elif path and path.is_file():
                    status, headers, body = 200, {}, path.read_bytes()
                else:
                    status, headers, body = 404, {}, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815  # http.server's own naming

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A server, and the show of two episodes that is published there."""
    running = Server()
    folder = shows.small(tmp_path_factory.mktemp("published") / "show", episodes=2)
    yaml = folder / "podcast.yaml"
    yaml.write_text(yaml.read_text().replace("https://pod.example/", running.url) + f"guid: {SHOW_GUID}\n")
    build = builder.build(project.load_project(folder), now=NOW)
    builder.write_lock(build)
    yield running, folder
    running.close()


@pytest.fixture
def server(published, tmp_path):
    """The server of the show, whose old feed is at /old.xml."""
    running, folder = published
    running.folder = tmp_path / "show/build"
    running.answers.clear()
    running.answers["/old.xml"] = (200, {}, (folder / "build/feed.xml").read_bytes())
    return running


@pytest.fixture
def show(published, server):
    """A copy of the show, which is what the server has."""
    return shutil.copytree(published[1], server.folder.parent)


def redirect(server, status=301, target="feed.xml"):
    server.answers["/old.xml"] = (status, {"Location": f"{server.url}{target}"}, b"")


def test_a_move_goes_from_step_to_step_and_remembers_where_it_is(show, server):
    begun = datetime.now(UTC).date()
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert (code, output["redirect"], output["direction"]) == (0, "absent", "here")
    steps = {step["step"]: step["status"] for step in output["steps"]}
    assert steps["publish"] == steps["compare"] == "done"
    assert (steps["redirect"], steps["wait"]) == ("next", "later")
    assert f"return 301 {server.url}feed.xml" in output["redirects"]["nginx"]
    redirect(server)
    code, output = run_json("move", "-C", show)
    assert (code, output["redirect"]) == (0, "permanent")
    today = moving.read_move_record(show).redirected.date()
    assert today in {begun, datetime.now(UTC).date()}
    days = {step["step"]: step["due"] for step in output["steps"]}
    assert days["directories"] == str(today + timedelta(days=7))
    assert days["wait"] == days["close"] == str(today + timedelta(days=28))
    assert {step["step"] for step in output["steps"] if step["status"] == "done"} == {"publish", "compare", "redirect"}


def test_verify_says_when_the_old_feed_may_go(show, server):
    run("move", "-C", show, f"{server.url}old.xml")
    code, output = run_json("verify", "-C", show, "--moved", f"{server.url}old.xml")
    assert (code, output["verdict"]) == (1, "not ready")
    redirect(server)
    run("move", "-C", show)
    code, output = run_json("verify", "-C", show, "--moved", f"{server.url}old.xml")
    assert (code, output["verdict"]) == (3, "waiting")
    later = (datetime.now(UTC) + timedelta(days=28, minutes=1)).isoformat(timespec="minutes")
    code, output = run_json("verify", "-C", show, "--moved", f"{server.url}old.xml", "--at", later)
    assert (code, output["verdict"]) == (0, "ready")


def test_a_redirect_that_was_taken_back_starts_the_four_weeks_again(show, server):
    redirect(server)
    run("move", "-C", show, f"{server.url}old.xml")
    assert moving.read_move_record(show).redirected
    server.answers["/old.xml"] = (200, {}, (show / "build/feed.xml").read_bytes())
    run("move", "-C", show)
    assert moving.read_move_record(show).redirected is None


@pytest.mark.parametrize(
    ("status", "target", "kind", "expected"),
    [
        (302, "feed.xml", "temporary", "redirects with status 302, which is temporary"),
        (301, "other.xml", "elsewhere", "not to the new feed"),
        (404, "", "gone", "subscribers lose the show"),
        (200, "", "unknown", "is not a feed"),
        (500, "", "unknown", "answers 500"),
    ],
)
def test_a_wrong_answer_of_the_old_feed_is_an_error(show, server, status, target, kind, expected):
    headers = {"Location": f"{server.url}{target}"} if target else {}
    server.answers["/old.xml"] = (status, headers, b"<html>gone</html>")
    code, output = run_json("move", "-C", show, f"{server.url}old.xml", "--no-media")
    assert (code, output["redirect"]) == (1, kind)
    [problem] = [problem for problem in output["problems"] if problem["code"] == "move.redirect"]
    assert expected in problem["message"]


def test_an_old_feed_that_names_the_new_one_leads_on(show, server):
    old = (show / "build/feed.xml").read_text()
    element = moving.render_new_feed_element(f"{server.url}feed.xml")
    server.answers["/old.xml"] = (200, {}, old.replace("<channel>", f"<channel>{element}", 1).encode())
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert (code, output["redirect"]) == (0, "element")


def test_an_episode_that_the_new_feed_lacks_keeps_the_old_one(show, server):
    old = (show / "build/feed.xml").read_text()
    server.answers["/old.xml"] = (200, {}, old.replace(f"{shows.GUID}0001", "another-guid").encode())
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert code == 1
    assert [problem["code"] for problem in output["problems"]] == ["import.guid"]
    assert {step["step"]: step["status"] for step in output["steps"]}["compare"] == "next"


def test_a_published_episode_that_is_missing_behind_a_redirect_is_an_error(show, server):
    redirect(server)
    feed = (show / "build/feed.xml").read_text()
    start, end = feed.index("<item>"), feed.index("</item>") + len("</item>")
    server.answers["/feed.xml"] = (200, {}, (feed[:start] + feed[end:]).encode())
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert code == 1
    assert [problem["code"] for problem in output["problems"]] == ["move.guid"]
    code, output = run_json("verify", "-C", show, "--moved", f"{server.url}old.xml")
    assert (code, output["verdict"]) == (1, "not ready")


def test_another_podcast_guid_and_a_lock_are_reported(show, server):
    old = (show / "build/feed.xml").read_text()
    old = old.replace(SHOW_GUID, "917393e3-1b1e-5cef-ace4-edaa54e1f810")
    lock = '<podcast:locked owner="a@b.example">yes</podcast:locked>'
    server.answers["/old.xml"] = (200, {}, old.replace("<channel>", f"<channel>{lock}", 1).encode())
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    severities = {problem["code"]: problem["severity"] for problem in output["problems"]}
    assert (code, severities) == (1, {"move.differs": "error", "move.locked": "hint"})


def test_media_of_the_new_feed_that_do_not_answer_are_reported(show, server):
    recording = next((show / "build/media").rglob("001-talk.mp3"))
    recording.unlink()
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert code == 1
    [problem] = output["problems"]
    assert (problem["code"], "answers 404" in problem["message"]) == ("move.media", True)
    assert run("move", "-C", show, "--no-media").exit_code == 0


def test_a_show_that_is_not_published_yet_is_told_to_publish_first(show, server):
    server.answers["/feed.xml"] = (404, {}, b"")
    code, output = run_json("move", "-C", show, f"{server.url}old.xml")
    assert code == 0
    assert [problem["code"] for problem in output["problems"]] == ["move.unpublished"]
    assert next(step["step"] for step in output["steps"] if step["status"] == "next") == "publish"


def test_moving_away_writes_the_new_url_and_follows_both_feeds(show, server):
    yaml = show / "podcast.yaml"
    yaml.write_text(f"{yaml.read_text()}locked: true\n")
    builder.build(project.load_project(show), now=NOW)
    code, output = run_json("move", "-C", show, "--to", "https://127.0.0.1:9/feed.xml")
    assert (code, output["direction"], output["host"]) == (0, "away", "a server of your own")
    assert {problem["code"] for problem in output["problems"]} == {"move.locked", "move.unpublished"}
    assert 'new_feed_url: "https://127.0.0.1:9/feed.xml"' in yaml.read_text()
    builder.build(project.load_project(show), now=NOW)
    code, output = run_json("move", "-C", show)
    assert (code, output["redirect"]) == (0, "element")
    code, output = run_json("verify", "-C", show, "--moved", f"{server.url}feed.xml")
    assert (code, output["verdict"]) == (1, "not ready")


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 1, "no move is under way"),
        (["{url}feed.xml"], 1, "is this show's own feed"),
        (["--to", "{url}feed.xml"], 1, "new feed URL"),
        (["ftp://x.example/feed"], 1, "old feed: "),
        (["{url}old.xml", "--to", "https://new.example/feed.xml"], 2, "not both"),
    ],
)
def test_wrong_arguments_are_reported(show, server, arguments, code, expected):
    result = run("move", "-C", show, *(argument.format(url=server.url) for argument in arguments))
    assert (result.exit_code, expected in result.stderr) == (code, True), result.stderr
    assert not (show / moving.MOVE_FILE).exists()


def test_another_move_needs_restart(show, server):
    run("move", "-C", show, f"{server.url}old.xml")
    result = run("move", "-C", show, f"{server.url}other.xml")
    assert (result.exit_code, "another move is under way" in result.stderr) == (1, True)
    assert run("move", "-C", show, f"{server.url}other.xml", "--restart").exit_code == 1
    assert moving.read_move_record(show).old_url == f"{server.url}other.xml"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "[" * 100_000, '{"version": 2}', '{"version": 1, "direction": "up", "old": "https://a.example/"}',
     '{"version": 1, "direction": "here", "old": "javascript:1"}',
     '{"version": 1, "direction": "here", "old": "https://a.example/", "redirected": "soon"}', "\x00"],
)  # fmt: skip
def test_a_damaged_record_is_reported_with_its_fix(show, text):
    (show / moving.MOVE_FILE).write_text(text)
    code, output = run_json("move", "-C", show)
    assert (code, [problem["code"] for problem in output["problems"]]) == (1, ["move.state"])


def test_a_private_address_in_a_record_is_not_asked(show):
    requests = []
    other = Server()
    other.answers = SpyAnswers(requests)
    (show / moving.MOVE_FILE).write_text(
        json.dumps({"version": 1, "direction": "here", "old": f"{other.url}admin.xml"}), "utf-8"
    )
    code, output = run_json("move", "-C", show)
    assert (code, output["redirect"], requests) == (1, "unknown", [])
    assert run("move", "-C", show, f"{other.url}admin.xml").exit_code == 1
    assert requests  # a typed address is
    other.close()


class SpyAnswers(dict):
    """No answers; remembers which were asked for."""

    def __init__(self, requests):
        super().__init__()
        self.requests = requests

    def __contains__(self, path):
        self.requests.append(path)
        return False


def test_an_address_with_a_token_is_never_written_down(show, server):
    server.answers["/old.xml?token=s3cret"] = server.answers["/old.xml"]
    result = run("move", "-C", show, f"{server.url}old.xml?token=s3cret")
    assert result.exit_code == 0, result.output
    assert not (show / moving.MOVE_FILE).exists()
    assert "pass it again next time" in result.stderr


@pytest.mark.usefixtures("show")
def test_an_import_remembers_the_old_feed(server, tmp_path):
    assert run("import", f"{server.url}old.xml", tmp_path / "new", "--url", "https://new.example/").exit_code == 0
    assert moving.read_move_record(tmp_path / "new").old_url == f"{server.url}old.xml"


def test_an_import_of_a_file_remembers_the_feed_that_the_file_names(tmp_path):
    result = run("import", SAMPLE_FEED, tmp_path / "new", "--url", "https://new.example/", "--no-files")
    assert "old feed: https://example.com/podcast/feed.xml" in result.stderr
    assert moving.read_move_record(tmp_path / "new").old_url == "https://example.com/podcast/feed.xml"


def test_an_import_to_the_same_address_is_not_a_move(tmp_path):
    run("import", SAMPLE_FEED, tmp_path / "new", "--url", "https://example.com/podcast/", "--no-files")
    assert (tmp_path / "new/podcast.yaml").exists()
    assert not (tmp_path / "new" / moving.MOVE_FILE).exists()


def test_a_typed_old_feed_replaces_the_one_that_an_import_found(show, server):
    found = moving.MoveRecord(direction=moving.MoveDirection.HERE, old_url="https://guess.example/feed.xml")
    moving.write_move_record(show, found)
    run("move", "-C", show, f"{server.url}old.xml")
    assert moving.read_move_record(show).old_url == f"{server.url}old.xml"


def test_a_network_is_told_that_each_show_moves_on_its_own(tmp_path):
    (tmp_path / "shows.yaml").write_text("shows: ['shows/*']\n")
    result = run("move", "-C", tmp_path)
    assert (result.exit_code, "each show of a network moves on its own" in result.stderr) == (1, True)
