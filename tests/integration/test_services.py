"""A publish tells hubs, the Podcast Index, Podping and search engines once the feed is live, and a re-run is silent."""

import sys
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support import shows
from tests.support.services import run_services, take_services, use_services

KEY = "0123456789abcdef0123456789abcdef"
ALL = ["hub/a", "index", "indexnow", "podping"]


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
        f"  purge: '{sys.executable} purge.py {services.url}/purge'\n"
        f"feed: {{hub: '{services.url}/hub/a'}}\npodping: true\n"
        f"announce: {{podcast_index: true, indexnow: {KEY}}}\n"
    )
    (folder / "purge.py").write_text("import sys, urllib.request as r\nr.urlopen(sys.argv[1], sys.stdin.buffer.read())")
    return folder


def publish(show, *args):
    result = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check", *args])
    assert result.exit_code == 0, result.output
    return result.output


def edit(show, number=1, text="More."):
    notes = show / f"episodes/00{number}-talk.md"
    notes.write_text(f"{notes.read_text()}\n{text}\n")


def read(bucket, key):
    with urlopen(f"{bucket.url}{key}") as response:
        return response.read()


def test_services_are_told_of_the_feed_that_is_live_and_a_rerun_is_silent(show, services, bucket):
    publish(show)
    feed = read(bucket, "feed.xml")
    assert feed.count(b'<podcast:podping usesPodping="true"/>') == 1
    assert read(bucket, f"{KEY}.txt") == KEY.encode()
    told = {request.service: request for request in services.requests}
    assert {name: told[name].feed for name in ALL if name != "indexnow"} == dict.fromkeys(
        ["hub/a", "index", "podping"], feed
    )
    assert told["podping"].query["reason"] == "update"
    pages = {url.removeprefix(bucket.url) for url in told["indexnow"].urls}
    assert pages >= {"index.html", "episodes/001-talk/index.html", "follow/index.html"}
    assert not any(page.endswith(("embed/index.html", "404.html")) for page in pages)
    assert sorted(told) == ALL
    assert len(services.requests) == len(ALL)
    take_services(services)
    publish(show)
    (show / ".podcast-kit/published.json").unlink()
    publish(show)
    assert services.requests == []
