"""A run that is killed at any moment while it announces: the next one completes it, and nothing is posted twice."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.announce import bluesky as bluesky_network
from podcast_kit.announce import discord as discord_network
from podcast_kit.announce import mastodon as mastodon_network
from podcast_kit.cli import cli
from podcast_kit.publish import announcing
from tests.support import bluesky as bluesky_server
from tests.support import chat_servers, shows
from tests.support import mastodon as mastodon_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
NETWORKS = ("bluesky", "mastodon", "discord")
MOMENTS = ("before the intent", "after the intent", "after sending", "after the record")
KILLS = [(network, moment) for network in NETWORKS for moment in MOMENTS]
CLASSES = {
    "bluesky": bluesky_network.BlueskyNetwork,
    "mastodon": mastodon_network.MastodonNetwork,
    "discord": discord_network.DiscordNetwork,
}


@pytest.fixture
def networks(monkeypatch):
    pytest.importorskip("mastodon_mock")
    with (
        mastodon_server.running() as mastodon,
        bluesky_server.running() as bluesky,
        chat_servers.serve_chats() as (urls, services),
    ):
        monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon_server.TOKEN)
        monkeypatch.setenv("PODCAST_KIT_BLUESKY_PASSWORD", bluesky_server.PASSWORD)
        variable = "PODCAST_KIT_DISCORD_WEBHOOK"
        monkeypatch.setenv(variable, chat_servers.chat_environment(urls)[variable])
        services["discord"].urls = urls
        yield {"mastodon": mastodon, "bluesky": bluesky, "discord": services["discord"]}


@pytest.fixture
def show(tmp_path, networks, bucket):
    """A published show with a public episode for each kill, none of them announced."""
    folder = shows.small(tmp_path / "show")
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    settings += f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings += f"announce:\n  bluesky: {{account: '{bluesky_server.HANDLE}', pds: '{networks['bluesky'].url}'}}\n"
    settings += f"  mastodon: {{account: '@testuser@social.example', server: '{networks['mastodon'].url}'}}\n"
    settings += "  discord: {}\n"
    (folder / "podcast.yaml").write_text(settings)
    date = datetime.now(UTC) - timedelta(hours=1)
    for number in range(2, len(KILLS) + 3):
        shows.add(folder, number, date=f"{date:%Y-%m-%dT%H:%M:%SZ}")
    done = run(folder, "publish", "--yes", "--no-check")
    assert done.exit_code == 0, done.output
    return folder


def run(folder, command, *arguments):
    return CliRunner().invoke(cli, [command, "-C", str(folder), *arguments])


def texts_of(networks):
    """The posts of each network as text."""
    return {
        "mastodon": [post["content"] for post in networks["mastodon"].own_posts()],
        "bluesky": [post["text"] for post in networks["bluesky"].posts.values()],
        "discord": [json.dumps(post) for post in networks["discord"].posts.values()],
    }


def count_posts(networks, slug):
    return {name: sum(slug in text for text in texts) for name, texts in texts_of(networks).items()}


def kill_at(patch, network, moment):
    """Stop the run at a moment of posting on a network."""
    edit, send, edits = announcing.edit_state, CLASSES[network].send, []

    def edit_and_stop(store, change):
        name = change.__closure__ and next(
            (cell.cell_contents.network for cell in change.__closure__ if hasattr(cell.cell_contents, "network")), ""
        )
        if name != network:
            return edit(store, change)
        edits.append(change)
        if moment == "before the intent":
            raise KeyboardInterrupt
        state = edit(store, change)
        if len(edits) == 1 + (moment == "after the record") and moment != "after sending":
            raise KeyboardInterrupt
        return state

    def send_and_stop(self, draft):
        post = send(self, draft)
        if moment == "after sending":
            raise KeyboardInterrupt
        return post

    patch.setattr(announcing, "edit_state", edit_and_stop)
    patch.setattr(CLASSES[network], "send", send_and_stop)


def test_run_that_is_stopped_at_any_moment_is_completed_and_posts_nothing_twice(show, networks, bucket, monkeypatch):
    for number, (network, moment) in enumerate(KILLS, 2):
        slug = f"{number:03d}-talk"
        with monkeypatch.context() as patch:
            kill_at(patch, network, moment)
            assert run(show, "announce", slug, "--yes").exit_code == 130, (network, moment)
        was_sent = moment in {"after sending", "after the record"}
        assert count_posts(networks, slug)[network] == was_sent, (network, moment)

        done = run(show, "announce", slug, "--yes")
        is_in_doubt = network == "discord" and moment in {"after the intent", "after sending"}
        assert done.exit_code == is_in_doubt, (network, moment, done.output)
        expected = dict.fromkeys(NETWORKS, 1)
        if is_in_doubt:
            expected["discord"] = was_sent
            assert f"podcast-kit announce {slug} --to discord --again" in done.stderr
        assert count_posts(networks, slug) == expected, (network, moment)
    with urlopen(f"{bucket.url}.podcast-kit/state.json") as response:
        posts = json.load(response)["posts"]
    doubts = [network for records in posts.values() for network, row in records.items() if row["status"] == "intended"]
    assert doubts == ["discord", "discord"]
    assert run(show, "announce", "--yes").stderr.count("--again") == 2, "every post in doubt is reported"


KILLED = """
import os, signal, sys
from podcast_kit.announce.mastodon import MastodonNetwork
from podcast_kit.cli import cli

send = MastodonNetwork.send

def send_and_die(self, draft):
    send(self, draft)
    os.kill(os.getpid(), signal.SIGKILL)

MastodonNetwork.send = send_and_die
cli(["publish", "-C", sys.argv[1], "--yes", "--no-check"])
"""


def test_publish_that_is_killed_after_posting_is_completed_by_the_next_one(show, networks, bucket):
    date = datetime.now(UTC) - timedelta(minutes=10)
    shows.add(show, 90, date=f"{date:%Y-%m-%dT%H:%M:%SZ}")
    killed = subprocess.run([sys.executable, "-c", KILLED, show], env=os.environ, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with urlopen(f"{bucket.url}feed.xml") as response:
        assert b"Talk 90" in response.read(), "the feed is live"
    assert count_posts(networks, "090-talk") == {"bluesky": 1, "mastodon": 1, "discord": 0}
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 0, done.output
    assert count_posts(networks, "090-talk") == dict.fromkeys(NETWORKS, 1)
    assert "posted" not in run(show, "publish", "--yes", "--no-check", "--refresh").output
