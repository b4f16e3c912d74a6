"""A publish notifies hubs, the Podcast Index, Podping and search engines once the feed is live; a re-run is silent."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit import PublishOptions, load_project, publish_show
from podcast_kit.cli import cli
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.model import Comment, CommentThread
from podcast_kit.publish.purge import purge_command_digest
from podcast_kit.source.comments import render_comments
from tests.support import shows
from tests.support.services import TOKEN, run_services, take_services, use_services
from tests.support.websub import running_cdn

pytestmark = pytest.mark.slow
KEY = "0123456789abcdef0123456789abcdef"
ALL = ["hub/a", "index", "indexnow", "podping"]
PURGE = "import sys, urllib.request as r\nr.urlopen(sys.argv[1], sys.stdin.buffer.read())\n"


@pytest.fixture
def services(monkeypatch):
    with run_services() as server:
        use_services(monkeypatch, server.url)
        yield server


@pytest.fixture
def show(tmp_path, services, bucket):
    folder = shows.small(tmp_path / "show", episodes=2)
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    (folder / "podcast.yaml").write_text(
        f"{settings}publish:\n  url: '{bucket.url}'\n  to: 's3://{bucket.name}'\n  endpoint: '{bucket.endpoint}'\n"
        f"feed: {{hub: '{services.url}/hub/a'}}\npodping: true\n"
        f"announce: {{podcast_index: true, indexnow: {KEY}}}\n"
    )
    return folder


def publish(show, *args):
    done = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check", *args])
    assert done.exit_code == 0, done.output
    return done.output


def publish_at(show, now):
    """Publish with another clock."""
    return list(publish_show(load_project(show), now=now))


def edit(show, number=1, text="More."):
    notes = show / f"episodes/00{number}-talk.md"
    notes.write_text(f"{notes.read_text()}\n{text}\n")


def read(bucket, key):
    with urlopen(f"{bucket.url}{key}") as response:
        return response.read()


def take_pages(services, bucket):
    """The pages that were reported to search engines since."""
    urls = [url for request in services.requests if request.service == "indexnow" for url in request.urls]
    services.requests.clear()
    return [url.removeprefix(bucket.url) for url in urls]


def test_services_are_notified_of_the_live_feed_and_a_rerun_is_silent(show, services, bucket):
    output = publish(show)
    assert output.count("notified: ") == len(ALL)
    assert "notified: Podcast Index\n" in output
    feed = read(bucket, "feed.xml")
    assert feed.count(b'<podcast:podping usesPodping="true"/>') == 1
    assert read(bucket, f"{KEY}.txt") == KEY.encode()
    requests = {request.service: request for request in services.requests}
    assert {name: requests[name].feed == feed for name in ALL if name != "indexnow"} == {
        "hub/a": True,
        "index": True,
        "podping": True,
    }
    assert requests["podping"].query["reason"] == "update"
    pages = {url.removeprefix(bucket.url) for url in requests["indexnow"].urls}
    assert pages >= {"index.html", "episodes/001-talk/index.html", "follow/index.html"}
    assert not any(page.endswith(("embed/index.html", "404.html", ".js")) for page in pages)
    assert take_services(services) == ALL
    publish(show)
    (show / ".podcast-kit/published.json").unlink()
    publish(show)
    assert services.requests == []


def add_purge(show, services):
    """Let the show purge a CDN, by a command that the user has allowed."""
    settings = show / "podcast.yaml"
    purge = f"purge: '{sys.executable} purge.py {services.url}/purge'"
    settings.write_text(settings.read_text().replace("feed:", f"  {purge}\nfeed:", 1))
    (show / "purge.py").write_text(PURGE)
    digest = purge_command_digest(load_project(show).show.publish, show)
    record_consent(ConsentKind.COMMAND, show, digest)


def test_the_cdn_is_purged_after_the_feed_and_before_the_services(show, services, bucket):
    add_purge(show, services)
    publish(show)
    edit(show)
    take_services(services)
    publish(show)
    names = [request.service for request in services.requests]
    assert (names[0], sorted(names[1:])) == ("purge", ["hub/a", "index", "podping"])
    feed = read(bucket, "feed.xml")
    assert b"More." in feed
    assert [request.feed == feed for request in services.requests[1:]] == [True] * 3


def test_search_engines_get_the_pages_that_changed_each_at_most_once_a_day(show, services, bucket):
    now = datetime.now(UTC)
    publish_at(show, now)
    take_pages(services, bucket)
    edit(show)
    publish_at(show, now + timedelta(days=1))
    assert take_pages(services, bucket) == ["episodes/001-talk/index.html"]
    edit(show)
    publish_at(show, now + timedelta(days=1))
    assert take_pages(services, bucket) == []
    publish_at(show, now + timedelta(days=2))
    assert take_pages(services, bucket) == ["episodes/001-talk/index.html"]
    for day in (2, 3):
        publish_at(show, now + timedelta(days=day))
        assert services.requests == []


def test_a_new_look_and_new_comments_are_not_changes_of_pages(show, services, bucket):
    now = datetime.now(UTC)
    post = "https://social.example/@show/1"
    notes = show / "episodes/001-talk.md"
    social = f"social:\n  - {{protocol: activitypub, uri: '{post}'}}\ndate:"
    notes.write_text(notes.read_text().replace("date:", social, 1))
    publish_at(show, now)
    take_services(services)
    page = read(bucket, "episodes/001-talk/index.html")
    reply = Comment(
        id="2", parent="1", name="Ann", handle="@ann@a.example", profile_url="https://a.example/@ann",
        url="https://a.example/2", date=now, html="<p>Well said</p>",
    )  # fmt: skip
    (show / "comments").mkdir()
    thread = CommentThread(uri=post, url=post, comments=(reply,))
    (show / "comments/001-talk.json").write_bytes(render_comments([thread]))
    with (show / "podcast.yaml").open("a") as file:
        file.write("theme: {colour: '#aa2200'}\n")
    publish_at(show, now + timedelta(days=1))
    new_page = read(bucket, "episodes/001-talk/index.html")
    assert b"Well said" in new_page
    assert b"Well said" not in page
    assert services.requests == []


def test_a_removed_page_is_reported(show, services, bucket):
    now = datetime.now(UTC)
    publish_at(show, now)
    take_pages(services, bucket)
    notes = show / "episodes/002-talk.md"
    notes.write_text(notes.read_text().replace("---\n", "---\ndraft: true\n", 1))
    list(publish_show(load_project(show), now=now + timedelta(days=1), options=PublishOptions(allow=("removed",))))
    assert "episodes/002-talk/index.html" in take_pages(services, bucket)


def test_a_private_feed_is_never_announced(show, services):
    added = CliRunner().invoke(cli, ["private", "-C", str(show), "--add", "Ann"])
    assert added.exit_code == 0, added.output
    publish(show)
    take_services(services)
    added = CliRunner().invoke(cli, ["private", "-C", str(show), "--add", "Cy"])
    assert added.exit_code == 0, added.output
    assert "published 1 " in publish(show)
    assert services.requests == []


def test_services_that_fail_do_not_fail_the_publish_and_are_notified_by_announce(show, services):
    services.answers |= {
        "hub/a": (500, {}, ""),
        "index": (200, {}, "<html>"),
        "indexnow": (403, {}, ""),
        "podping": (401, {}, TOKEN),
    }
    output = publish(show)
    for reason in ("answers 500", "a web page instead of JSON", "does not find the key", "does not accept the token"):
        assert reason in output
    assert TOKEN not in output
    take_services(services)
    del services.answers["index"], services.answers["podping"]
    edit(show, text="Not published yet.")
    announced = CliRunner().invoke(cli, ["announce", "-C", str(show), "--json"])
    assert announced.exit_code == 1, announced.output
    assert take_services(services) == ALL
    rows = {row["post"]: row["error"] for row in json.loads(announced.stdout)["results"]}
    assert {name for name, error in rows.items() if not error} == {"Podcast Index", "Podping"}
    services.answers.clear()
    announced = CliRunner().invoke(cli, ["announce", "-C", str(show)])
    assert announced.exit_code == 0, announced.output
    assert take_services(services) == ["hub/a", "indexnow"]
    announced = CliRunner().invoke(cli, ["announce", "-C", str(show)])
    assert "nothing to announce" in announced.output
    assert services.requests == []


def test_setup_adds_a_key_once_with_which_the_next_publish_reports_pages(show, services, bucket):
    settings = show / "podcast.yaml"
    settings.write_text(settings.read_text().replace(f", indexnow: {KEY}", ""))
    publish(show)
    assert take_services(services) == ["hub/a", "index", "podping"]
    previewed = CliRunner().invoke(cli, ["announce", "setup", "-C", str(show), "--dry-run"])
    assert (previewed.exit_code, "indexnow" in settings.read_text()) == (0, False)
    added = CliRunner().invoke(cli, ["announce", "setup", "-C", str(show), "--json"])
    assert added.exit_code == 0, added.output
    key = json.loads(added.stdout)["indexnow"]
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    again = CliRunner().invoke(cli, ["announce", "setup", "-C", str(show), "--json"])
    assert (json.loads(again.stdout)["indexnow"], json.loads(again.stdout)["added"]) == (key, False)
    publish(show)
    assert read(bucket, f"{key}.txt") == key.encode()
    assert "index.html" in take_pages(services, bucket)


def test_a_rehearsal_at_another_url_notifies_no_one(show, services, bucket):
    publish(show, "--url", bucket.url.replace("127.0.0.1", "localhost"))
    assert services.requests == []
    publish(show, "--url", bucket.url)
    assert take_services(services) == ALL


def test_a_rollback_is_announced(show, services, bucket):
    publish(show)
    edit(show)
    publish(show)
    take_services(services)
    done = CliRunner().invoke(cli, ["rollback", "-C", str(show), "--yes"])
    assert done.exit_code == 0, done.output
    feed = read(bucket, "feed.xml")
    assert b"More." not in feed
    assert [request.feed == feed for request in services.requests] == [True] * 3
    assert take_services(services) == ["hub/a", "index", "podping"]
    publish(show)
    assert take_services(services) == ["hub/a", "index", "podping"]


def test_services_wait_until_the_public_feed_is_the_new_one(show, services, bucket):
    with running_cdn(bucket.url, f"{services.url}/hub/a") as cdn:
        settings = show / "podcast.yaml"
        settings.write_text(settings.read_text().replace(f"'{bucket.url}'", f"'{cdn.url}'"))
        publish(show)
        cdn.cached["/feed.xml"] = read(bucket, "feed.xml")
        edit(show)
        take_services(services)
        for _ in range(2):
            assert "hubs and other services are not notified" in publish(show)
            assert services.requests == []
        announced = CliRunner().invoke(cli, ["announce", "-C", str(show)])
        assert (announced.exit_code, services.requests) == (1, [])
        cdn.cached.clear()
        announced = CliRunner().invoke(cli, ["announce", "-C", str(show)])
        assert announced.exit_code == 0, announced.output
        assert [request.feed == read(bucket, "feed.xml") for request in services.requests] == [True] * 3
        assert take_services(services) == ["hub/a", "index", "podping"]


STOPS = ["feed is swapped", "state is written", "hub answers", "all answer", "record is written"]
KILLED = """
import os, signal, sys
from podcast_kit.announce import hubs, indexnow, podcast_index, podping, services
from podcast_kit.cli import cli
from podcast_kit.io.http_client import HttpClient
from podcast_kit.publish import notifying, state_writer, waves

url, stop = sys.argv[1:3]
podcast_index.PODCAST_INDEX_API = url + "/api/1.0"
podping.PODPING_SERVER = url + "/podping/"
indexnow.INDEXNOW_ENDPOINT = url + "/indexnow"


def die_after(module, name, number=1):
    real = getattr(module, name)
    def replacement(*args, **settings):
        nonlocal number
        result = real(*args, **settings)
        number -= 1
        if not number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(module, name, replacement)


match stop:
    case "feed is swapped":
        die_after(waves, "compare_and_swap")
    case "state is written":
        die_after(state_writer.StateWriter, "finish")
    case "hub answers":
        die_after(services, "notify_hub")
    case "all answer":
        notifying._record_notified = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    case "record is written":
        die_after(notifying, "_record_notified")
cli(["publish", "-C", sys.argv[3], "--yes", "--no-check"])
"""


@pytest.mark.parametrize("stop", STOPS)
def test_publish_that_is_killed_is_made_up_for(show, services, bucket, stop):
    add_purge(show, services)
    publish(show)
    take_services(services)
    edit(show)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, services.url, stop, show], env=os.environ, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    before = [request.service for request in services.requests]
    publish(show)
    feed = read(bucket, "feed.xml")
    assert b"More." in feed
    if stop == "feed is swapped":
        [purge] = [request for request in services.requests if request.service == "purge"]
        assert {"feed.xml", "episodes/001-talk/"} <= {
            url.removeprefix(bucket.url) for url in purge.content.decode().split()
        }
    notified = {request.service for request in services.requests if request.feed == feed}
    assert notified == {"hub/a", "index", "podping"}
    if stop == "record is written":
        assert len(services.requests) == len(before)
    take_services(services)
    publish(show)
    assert services.requests == []
