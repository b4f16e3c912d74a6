"""The order of a publish that announces: each step is seen by those that are asked, on a real store."""

import sys
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit import load_project
from podcast_kit.cli import cli
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.publish.purge import purge_command_digest
from tests.support import mastodon as mastodon_server
from tests.support import shows
from tests.support.services import run_services, use_services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
PURGE = "import sys, urllib.request as r\nr.urlopen(sys.argv[1], sys.stdin.buffer.read())\n"
PAGE = "episodes/002-talk/index.html"


def publish(show):
    done = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"])
    assert done.exit_code == 0, done.output


def test_feed_purge_services_posts_pages_feed_purge_services(tmp_path, bucket, monkeypatch):
    pytest.importorskip("mastodon_mock")
    monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon_server.TOKEN)
    show = shows.small(tmp_path / "show")
    settings = (show / "podcast.yaml").read_text().partition("publish:")[0]
    (show / "purge.py").write_text(PURGE)

    def read(key):
        with urlopen(f"{bucket.url}{key}") as response:
            return response.read()

    def observe():
        """The posts that there are, and whether feed and page name the episode and its post."""
        feed, posts = read("feed.xml"), mastodon.own_posts()
        is_named = bool(posts) and posts[0]["uri"].encode() in feed
        is_linked = bool(posts) and posts[0]["url"].encode() in read(PAGE)
        return {"new episode": b"Talk 2" in feed, "posts": len(posts), "post in feed": is_named, "on page": is_linked}

    with mastodon_server.running() as mastodon, run_services() as services:
        use_services(monkeypatch, services.url)
        (show / "podcast.yaml").write_text(
            f"{settings}publish:\n  url: '{bucket.url}'\n  to: 's3://{bucket.name}'\n  endpoint: '{bucket.endpoint}'\n"
            f"  purge: '{sys.executable} purge.py {services.url}/purge'\n"
            f"feed: {{hub: '{services.url}/hub/a'}}\npodping: true\nannounce:\n  podcast_index: true\n"
            f"  indexnow: 0123456789abcdef\n"
            f"  mastodon: {{account: '@testuser@social.example', server: '{mastodon.url}'}}\n"
        )
        digest = purge_command_digest(load_project(show).show.publish, show)
        record_consent(ConsentKind.COMMAND, show, digest)
        publish(show)
        services.requests.clear()
        date = datetime.now(UTC) - timedelta(hours=1)
        shows.add(show, 2, date=f"{date:%Y-%m-%dT%H:%M:%SZ}")
        services.observe = observe
        publish(show)
        before = {"new episode": True, "posts": 0, "post in feed": False, "on page": False}
        after = {"new episode": True, "posts": 1, "post in feed": True, "on page": True}
        steps = [(request.service, request.seen) for request in services.requests]
        assert [steps[0], sorted(name for name, _ in steps[1:5])] == [
            ("purge", before),
            ["hub/a", "index", "indexnow", "podping"],
        ]
        assert [steps[5], sorted(name for name, _ in steps[6:])] == [("purge", after), ["hub/a", "index", "podping"]]
        assert all(seen == before for _, seen in steps[1:5])
        assert all(seen == after for _, seen in steps[6:])
        services.requests.clear()
        publish(show)
        publish(show)
        assert services.requests == []
        assert len(mastodon.own_posts()) == 1
