"""A run that is killed at any moment while it announces, or meets another one: nothing is posted twice."""

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
from podcast_kit.publish import announcing, state_writer
from tests.support import bluesky as bluesky_server
from tests.support import chat_servers, shows
from tests.support import mastodon as mastodon_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
DISCORD_VARIABLE = "PODCAST_KIT_DISCORD_WEBHOOK"
NETWORKS = ("bluesky", "mastodon", "discord")
MOMENTS = ("before the intent", "after the intent", "after sending", "after the record")
KILLS = [(network, moment) for network in NETWORKS for moment in MOMENTS]
CLASSES = {
    "bluesky": bluesky_network.BlueskyNetwork,
    "mastodon": mastodon_network.MastodonNetwork,
    "discord": discord_network.DiscordNetwork,
}


@pytest.fixture(scope="module")
def servers():
    pytest.importorskip("mastodon_mock")
    with (
        mastodon_server.running() as mastodon,
        bluesky_server.running() as bluesky,
        chat_servers.serve_chats() as (urls, services),
    ):
        yield {"mastodon": mastodon, "bluesky": bluesky, "discord": services["discord"]}, urls


@pytest.fixture
def networks(servers, monkeypatch):
    """The three servers, without posts, and what signs in to them in the environment."""
    by_name, urls = servers
    monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon_server.TOKEN)
    monkeypatch.setenv("PODCAST_KIT_BLUESKY_PASSWORD", bluesky_server.PASSWORD)
    monkeypatch.setenv(DISCORD_VARIABLE, chat_servers.chat_environment(urls)[DISCORD_VARIABLE])
    by_name["mastodon"].delete_posts()
    by_name["bluesky"].posts.clear()
    by_name["discord"].posts.clear()
    return by_name


@pytest.fixture
def episode_count():
    """How many episodes wait; a test may have more."""
    return 1


@pytest.fixture
def show(tmp_path, networks, bucket, episode_count):
    """A published show with public episodes, the first of them 002-talk, none of which is announced."""
    folder = shows.small(tmp_path / "show")
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    settings += f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings += f"announce:\n  bluesky: {{account: '{bluesky_server.HANDLE}', pds: '{networks['bluesky'].url}'}}\n"
    settings += f"  mastodon: {{account: '@testuser@social.example', server: '{networks['mastodon'].url}'}}\n"
    settings += "  discord: {}\n"
    (folder / "podcast.yaml").write_text(settings)
    date = datetime.now(UTC) - timedelta(hours=1)
    for number in range(2, episode_count + 2):
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


@pytest.mark.parametrize("episode_count", [len(KILLS)])
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


@pytest.fixture
def run_second(monkeypatch):
    """Starts the run that is under way a second time, as another computer would, and returns its outcomes."""
    carry_out, calls = announcing.carry_out_posts, []

    def remember(*arguments, **settings):
        calls.append((arguments, settings))
        return carry_out(*arguments, **settings)

    monkeypatch.setattr(announcing, "carry_out_posts", remember)
    return lambda: list(carry_out(*calls[0][0], **calls[0][1]))


def test_two_runs_at_the_same_time_post_once(show, networks, monkeypatch, run_second):
    write, outcomes = state_writer.write_state, []

    def write_later(store, state, etag):
        if not outcomes:
            outcomes.append([])
            outcomes[0] = run_second()
        return write(store, state, etag)

    with monkeypatch.context() as patch:
        patch.setattr(state_writer, "write_state", write_later)
        done = run(show, "announce", "002-talk", "--yes")
    assert done.exit_code == 0, done.output
    assert [outcome.error for outcome in outcomes[0]] == ["", "", "", ""]
    assert count_posts(networks, "002-talk") == dict.fromkeys(NETWORKS, 1)


def test_run_that_starts_while_another_one_posts_reports_a_doubt_and_posts_nothing(
    show, networks, monkeypatch, run_second
):
    send, outcomes = discord_network.DiscordNetwork.send, []

    def send_later(self, draft):
        if not outcomes:
            outcomes.extend(run_second())
        return send(self, draft)

    monkeypatch.setattr(discord_network.DiscordNetwork, "send", send_later)
    done = run(show, "announce", "002-talk", "--to", "discord", "--yes")
    assert done.exit_code == 0, done.output
    assert "it may be on Discord already" in outcomes[0].error
    assert count_posts(networks, "002-talk") == {"bluesky": 0, "mastodon": 0, "discord": 1}


def test_clock_that_is_days_off_posts_nothing_and_says_so(show, networks, monkeypatch):
    carry_out = announcing.carry_out_posts

    def carry_out_later(*arguments, now, **settings):
        return carry_out(*arguments, now=now + timedelta(days=3), **settings)

    with monkeypatch.context() as patch:
        patch.setattr(announcing, "carry_out_posts", carry_out_later)
        done = run(show, "announce", "002-talk", "--yes")
    assert done.exit_code == 1
    assert "the clock of this computer says" in done.stderr
    assert "set the clock" in done.stderr
    assert count_posts(networks, "002-talk") == dict.fromkeys(NETWORKS, 0)
    assert run(show, "announce", "002-talk", "--yes").exit_code == 0
    assert count_posts(networks, "002-talk") == dict.fromkeys(NETWORKS, 1)
