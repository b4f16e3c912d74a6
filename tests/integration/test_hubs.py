"""WebSub hubs are told of each new feed, after it is live, and of nothing else."""

import http.server
import json
import threading
from urllib.parse import parse_qs
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.publish import notifying
from tests.support import shows


@pytest.fixture
def hub():
    """A hub that fetches the feed as soon as it is told, as hubs do."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            with urlopen(form["hub.url"][0]) as response:
                self.server.requests.append((self.path, form, self.headers["Content-Type"], response.read()))
            self.send_response(self.server.statuses.get(self.path, 204))
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.statuses = [], {}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def show(tmp_path, hub, bucket):
    folder = shows.small(tmp_path / "show", episodes=1)
    address = f"http://127.0.0.1:{hub.server_port}"
    settings = (folder / "podcast.yaml").read_text()
    settings = settings.partition("publish:")[0]
    settings += f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    (folder / "podcast.yaml").write_text(f"{settings}feed: {{hub: ['{address}/a', '{address}/b']}}\n")
    return folder


def publish(show):
    result = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"])
    assert result.exit_code == 0, result.output
    return result.output


def edit(show):
    notes = next((show / "episodes").glob("*.md"))
    notes.write_text(notes.read_text() + "\nMore.\n")


def take_paths(hub):
    paths = sorted(path for path, *_ in hub.requests)
    hub.requests.clear()
    return paths


def test_each_hub_is_told_once_when_the_new_feed_is_live(show, hub, bucket):
    publish(show)
    with urlopen(f"{bucket.url}feed.xml") as response:
        feed = response.read()
    url = f"{bucket.url}feed.xml"
    form = {"hub.mode": ["publish"], "hub.url": [url], "hub.topic": [url]}
    content_type = "application/x-www-form-urlencoded"
    assert sorted(hub.requests) == [("/a", form, content_type, feed), ("/b", form, content_type, feed)]
    assert feed.count(b'rel="hub"') == 2
    take_paths(hub)
    publish(show)
    (show / ".podcast-kit/published.json").unlink()
    publish(show)
    assert hub.requests == []
    edit(show)
    publish(show)
    assert take_paths(hub) == ["/a", "/b"]


@pytest.mark.parametrize(("status", "reason"), [(500, "answers 500"), (307, "redirects to '/elsewhere'")])
def test_hub_that_fails_is_told_again_by_the_next_publish(show, hub, status, reason):
    hub.statuses["/b"] = status
    assert f"/b {reason}" in publish(show)
    assert take_paths(hub) == ["/a", "/b"]
    publish(show)
    assert take_paths(hub) == ["/b"]
    hub.statuses.clear()
    publish(show)
    assert take_paths(hub) == ["/b"]
    publish(show)
    assert take_paths(hub) == []


def test_publish_that_is_stopped_before_the_hubs_is_made_up_for(show, hub, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(notifying, "notify_services", stop)
        assert CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"]).exit_code
    publish(show)
    assert take_paths(hub) == ["/a", "/b"]


def test_what_hubs_were_told_is_in_the_state_and_a_removed_hub_is_forgotten(show, hub, bucket):
    publish(show)
    address = f"http://127.0.0.1:{hub.server_port}"
    settings = (show / "podcast.yaml").read_text()
    (show / "podcast.yaml").write_text(settings.replace(f"['{address}/a', '{address}/b']", f"{address}/a"))
    publish(show)
    with urlopen(f"{bucket.url}.podcast-kit/state.json") as response:
        assert list(json.load(response)["announced"]) == [f"{address}/a"]
