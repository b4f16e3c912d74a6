"""Publishing and announcing, in this order, on a real store: feed, CDN, services, posts, pages and feed with the posts.

The publish is killed before a request, and after its effect: the next one completes everything, nothing is posted
twice, a post in doubt is reported, and the feed and the pages only name what is there. With PODCAST_KIT_STRESS it is
killed at every request from the swap of the feed on.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import groupby
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit import load_project
from podcast_kit.cli import cli
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.publish.purge import purge_command_digest
from tests.support import bluesky, chat_servers, mastodon, network, output_trees, shows
from tests.support.services import run_services, use_services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
IS_LONG = bool(os.environ.get("PODCAST_KIT_STRESS"))
SLUG = "002-talk"
SERVICES = {"hub/a", "index", "podping", "indexnow"}
FEED_SERVICES = SERVICES - {"indexnow"}
POSTS = {"bluesky", "mastodon", "telegram"}
PURGE = "import sys, urllib.request as r\nr.urlopen(sys.argv[1], sys.stdin.buffer.read())\n"
PUBLISH = """
import sys
from podcast_kit.announce import indexnow, podcast_index, podping
from podcast_kit.cli import cli

url = sys.argv[1]
podcast_index.PODCAST_INDEX_API = url + "/api/1.0"
podping.PODPING_SERVER = url + "/podping/"
indexnow.INDEXNOW_ENDPOINT = url + "/indexnow"
cli(["publish", "-C", sys.argv[2], "--yes", "--no-check"])
"""
SETTINGS = """\
publish:
  url: '{url}'
  to: 's3://{bucket}/{prefix}'
  endpoint: '{store}'
  purge: '{python} purge.py {services}/purge'
feed: {{hub: '{services}/hub/a'}}
podping: true
announce:
  podcast_index: true
  indexnow: 0123456789abcdef0123456789abcdef
  bluesky: {{account: '{handle}', pds: '{bluesky}'}}
  mastodon: {{account: '@testuser@social.example', server: '{mastodon}'}}
  telegram: {{channel: '@pod_news', server: '{telegram}'}}
"""


class World:
    """The store, the services and the networks, all behind proxies that share one log."""

    def __init__(self, bucket, services, mastodon_api, pds, telegram, stack):
        self.bucket, self.services, self.mastodon, self.pds, self.telegram = (
            bucket, services, mastodon_api, pds, telegram["telegram"],
        )  # fmt: skip
        self.log = []
        self.lock = threading.Lock()
        self.kill_at, self.after = 0, False
        self.is_reached = threading.Event()
        targets = {
            "store": bucket.endpoint,
            "services": services.url,
            "mastodon": mastodon_api.url,
            "bluesky": pds.url,
            "telegram": self.telegram.url,
        }
        self.proxies = {
            name: stack.enter_context(network.Proxy(target, lambda request, name=name: self.note(name, request)))
            for name, target in targets.items()
        }
        self.urls = {name: proxy.endpoint for name, proxy in self.proxies.items()}

    def note(self, name, request):
        """Log a request; from the one at which the publish is to be killed, none is answered."""
        with self.lock:
            step = name_step(name, request)
            is_swapped = any(entry == "feed" for entry in self.log)
            self.log.append(step)
            if not self.kill_at or not (is_swapped or step == "feed"):
                return None
            number = len(self.log) - self.log.index("feed")
            if number < self.kill_at:
                return None
            if number == self.kill_at and self.after:
                return network.LOSE_RESPONSE
            self.is_reached.set()
            return network.NEVER_ANSWER

    def make_show(self, folder, prefix):
        """A show of one episode that is published, and a second one that is not."""
        shows.small(folder)
        settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
        settings += SETTINGS.format(
            url=f"{self.bucket.url}{prefix}/", bucket=self.bucket.name, prefix=prefix, python=sys.executable,
            handle=bluesky.HANDLE, **self.urls,
        )  # fmt: skip
        (folder / "podcast.yaml").write_text(settings)
        (folder / "purge.py").write_text(PURGE)
        record_consent(ConsentKind.COMMAND, folder, purge_command_digest(load_project(folder).show.publish, folder))
        publish(folder)
        date = datetime.now(UTC) - timedelta(hours=1)
        shows.add(folder, 2, date=f"{date:%Y-%m-%dT%H:%M:%SZ}")
        self.clear()

    def clear(self):
        """Forget requests and posts."""
        self.mastodon.delete_posts()
        for collection in (self.log, self.services.requests, self.pds.posts, self.telegram.posts):
            collection.clear()
        self.is_reached.clear()

    def kill_publish(self, folder, number, *, after):
        """Publish, and kill it at a request from the swap of the feed on; False if it ended before."""
        self.kill_at, self.after = number, after
        command = [sys.executable, "-c", PUBLISH, self.urls["services"], str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not self.is_reached.wait(0.02):
            pass
        process.kill()
        code = process.wait()
        self.kill_at = 0
        return code == -signal.SIGKILL

    def read(self, prefix, key):
        with urlopen(f"{self.bucket.url}{prefix}/{key}") as response:
            return response.read().decode()

    def count_posts(self):
        return {
            "bluesky": len(self.pds.posts), "mastodon": len(self.mastodon.own_posts()),
            "telegram": len(self.telegram.posts),
        }  # fmt: skip


def name_step(name, request):
    """What a request does; empty for those that only read, and those that write records."""
    if name == "services":
        names = {"/hub/a": "hub/a", "/purge": "purge", "/indexnow": "indexnow", "/podping/": "podping"}
        return names.get(request.path.partition("?")[0], "index")
    if name == "store":
        if request.method != "PUT" or "/.podcast-kit/" in request.path or "/media/" in request.path:
            return ""
        return "feed" if request.path.endswith("/feed.xml") else "page"
    is_post = request.method == "POST" and re.search(r"/statuses$|putRecord$|/sendMessage$", request.path)
    return name if is_post else ""


@pytest.fixture(scope="module")
def mastodon_api():
    pytest.importorskip("mastodon_mock")
    with mastodon.running() as server:
        yield server


@pytest.fixture
def world(bucket, mastodon_api, monkeypatch):
    with ExitStack() as stack:
        services = stack.enter_context(run_services())
        pds = stack.enter_context(bluesky.running())
        urls, telegram = stack.enter_context(chat_servers.serve_chats())
        telegram["telegram"].url = urls["telegram"]
        world = World(bucket, services, mastodon_api, pds, telegram, stack)
        use_services(monkeypatch, world.urls["services"])
        monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon.TOKEN)
        monkeypatch.setenv("PODCAST_KIT_BLUESKY_PASSWORD", bluesky.PASSWORD)
        monkeypatch.setenv("PODCAST_KIT_TELEGRAM_TOKEN", chat_servers.TELEGRAM_TOKEN)
        yield world


def publish(folder):
    done = CliRunner().invoke(cli, ["publish", "-C", str(folder), "--yes", "--no-check"])
    assert done.exit_code == 0, done.output
    return done.output


def test_everything_is_announced_in_order_and_posts_are_written_back(world, tmp_path):
    folder = tmp_path / "show"
    world.make_show(folder, "one")
    publish(folder)
    steps = [step for step in world.log if step]
    steps = steps[steps.index("feed") :]
    groups = {**dict.fromkeys(SERVICES, "services"), **dict.fromkeys(POSTS, "posts")}
    order = [group for group, _ in groupby(steps, lambda step: groups.get(step, step))]
    assert order == ["feed", "purge", "services", "posts", "page", "feed", "purge", "services"]
    assert sorted(step for step in steps if step in SERVICES) == sorted([*SERVICES, *FEED_SERVICES])
    assert sorted(step for step in steps if step in POSTS) == sorted(POSTS)
    feed = world.read("one", "feed.xml")
    fetched = {}
    for request in world.services.requests:
        fetched.setdefault(request.service, []).append(request.feed.decode())
    for name in FEED_SERVICES:
        first, second = fetched[name]
        assert f"/{SLUG}/" in first
        assert "socialInteract" not in first
        assert second == feed
    [key] = world.pds.posts
    uris = re.findall(r'<podcast:socialInteract [^>]*uri="([^"]+)"', feed)
    assert uris == [world.mastodon.own_posts()[0]["uri"], f"at://{bluesky.DID}/app.bsky.feed.post/{key}"]
    page = world.read("one", f"episodes/{SLUG}/index.html")
    assert page.count("Join the conversation") == 2
    assert f"https://bsky.app/profile/{bluesky.HANDLE}/post/{key}" in page
    world.log.clear()
    publish(folder)
    assert set(world.log) <= {""}, "a publish without changes writes nothing and tells nobody"


def list_positions(world, folder):
    """The requests from the swap of the feed on, counted in a publish that is not killed."""
    publish(folder)
    steps = world.log[world.log.index("feed") :]
    numbers = range(1, len(steps) + 1)
    if IS_LONG:
        return [(number, after) for number in numbers for after in (False, True)]
    second = steps.index("feed", 1)
    purge = steps.index("purge")
    chosen = [steps.index("mastodon"), steps.index("telegram"), steps.index("page"), second]
    return [
        (purge + 1, False),
        (chosen[0] + 1, True),
        (chosen[1] + 1, True),
        (chosen[2] + 1, True),
        (chosen[3] + 1, False),
    ]


def test_publish_that_is_killed_is_completed_without_posting_twice(world, tmp_path):
    world.make_show(tmp_path / "0", "0")
    for number, after in list_positions(world, tmp_path / "0"):
        prefix = f"{number}-{after}"
        folder = tmp_path / prefix
        world.make_show(folder, prefix)
        if not world.kill_publish(folder, number, after=after):
            assert number > 20, "only the last requests may be missing"
            continue
        url = f"{world.bucket.url}{prefix}/"
        assert output_trees.find_broken_links(url) == [], (number, after)
        before = world.count_posts()
        output = publish(folder)
        posts = world.count_posts()
        assert {name: posts[name] for name in ("bluesky", "mastodon")} == {"bluesky": 1, "mastodon": 1}, (number, after)
        in_doubt = "it may be on Telegram already" in output
        assert posts["telegram"] == 1 or (in_doubt and posts == {**posts, "telegram": before["telegram"]}), output
        assert output_trees.find_broken_links(url) == []
        feed = world.read(prefix, "feed.xml")
        [key] = world.pds.posts
        uris = re.findall(r'<podcast:socialInteract [^>]*uri="([^"]+)"', feed)
        assert uris == [world.mastodon.own_posts()[0]["uri"], f"at://{bluesky.DID}/app.bsky.feed.post/{key}"]
        assert world.read(prefix, f"episodes/{SLUG}/index.html").count("Join the conversation") == 2
        assert "purge" in [request.service for request in world.services.requests], (number, after)
        notified = {request.service for request in world.services.requests if request.feed.decode() == feed}
        assert notified >= FEED_SERVICES, (number, after)
        world.log.clear()
        world.services.requests.clear()
        again = publish(folder)
        assert ("it may be on Telegram already" in again) == in_doubt
        assert [step for step in world.log if step] == [], "nothing is left to do"
