"""Two publishers, a faulty network, kills at random moments, and a reader who trusts nobody.

Each publisher adds one episode after the other to whatever is live. What it is told is published, it writes
down; nothing that was written down may ever be missing from the feed again, and nothing that the feed names
may fail to answer. The same run without conditions must lose something, or it would prove nothing.
"""

import contextlib
import functools
import hashlib
import multiprocessing
import os
import random
import re
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit.errors import PodcastKitError
from podcast_kit.model import Wave
from podcast_kit.plan import make
from podcast_kit.publish import publish, read
from podcast_kit.stores import Honours, bulk_put, clients, s3
from tests.support import network, output_trees
from tests.support.seaweed import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["boto3", "tests.support.chaos_proxy"])
LIMIT = 900
"""Seconds; a run that takes longer has come to a stop."""
FAULTS = [
    network.Status(500),
    network.Status(503, "SlowDown"),
    network.Status(429, "TooManyRequests"),
    network.Status(409, "ConditionalRequestConflict"),
    network.CUT,
    network.MID,
    network.LOST,
    network.LOST,
    network.TRUNCATED,
    network.CORRUPTED,
    network.Delay(0.3),
    network.Slow(0.5),
    network.SILENT,
]
INSIDE = network.Status(200)
"""An error inside of an answer that says that all is well, as CompleteMultipartUpload can give it."""
KINDS = {*FAULTS, INSIDE}
LONG = {"a4", "b4", "a9", "b9", "a40", "b40"}
"""Episodes that are sent in parts."""
PART = 5 << 20


@functools.cache
def sound(guid: str) -> bytes:
    """A recording that both publishers could make, though only its owner does."""
    return hashlib.sha256(guid.encode()).digest() * (PART // 32 + 40 if guid in LONG else 40)


def publisher(name: str, folder: Path, bucket: Bucket, endpoint: str, *, conditions: bool) -> None:
    """Publish one episode after the other until killed."""
    clients.SILENCE = bulk_put.SILENCE = 2
    if not conditions:
        s3.S3._conditions = lambda _self, _when: {}
    store = output_trees.store_of(bucket, endpoint=endpoint)
    store.clients.soon = 2
    store.part, store.journals = PART, folder / name / "journals"
    store.honours = None if conditions else Honours.QUOTED  # it would be found out, and refused
    acknowledged = folder / f"{name}.txt"
    acknowledged.touch()
    while True:
        guid = f"{name}{len(acknowledged.read_text().splitlines()) + 1}"
        with contextlib.suppress(PodcastKitError):
            one(store, bucket, folder / name, guid)
            with acknowledged.open("a") as stream:
                stream.write(f"{guid}\n")
                stream.flush()
                os.fsync(stream.fileno())


def one(store, bucket: Bucket, folder: Path, guid: str) -> None:
    """Add an episode to what is live, or raise."""
    live = store.get("feed.xml")
    there = re.findall(r"<guid>([^<]+)</guid>", live.content.decode()) if live else []
    outputs = output_trees.tree(folder, bucket.url, {each: sound(each) for each in dict.fromkeys([*there, guid])})
    for key, output in outputs.items():
        if output.wave is Wave.MEDIA and not key.endswith(f"/{guid}.mp3"):
            outputs[key] = replace(output, path=None)  # somebody else's recording, or one published before
    state = read(store, outputs.values())
    if (state.feed.content if state.feed else b"") != (live.content if live else b""):
        return one(store, bucket, folder, guid)
    plan = make(outputs, state)
    time.sleep(random.random() / 10)  # the moment in which somebody else may be faster
    list(publish(plan, store, now=NOW, url=bucket.url))
    return None


@dataclass
class Reader:
    """Polls the public feed and everything that it names."""

    url: str
    folder: Path
    polls: int = 0
    wrong: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def pace(self) -> float:
        """Seconds that a publish takes here: on a busy machine each kill would hit a beginner."""
        return (time.monotonic() - self.begun) / (len(self.acknowledged()) + 1)

    def acknowledged(self) -> set[str]:
        """What the publishers were told is published."""
        return {line for path in self.folder.glob("*.txt") for line in path.read_text().split("\n")[:-1]}

    def look(self, *, monotone: bool = True) -> set[str]:
        """One poll; the guids that are live."""
        before = self.acknowledged()
        self.polls += 1
        try:
            feed = output_trees.fetch(f"{self.url}feed.xml").decode()
        except urllib.error.HTTPError as error:
            if before or error.code != 404:
                self.wrong.append(f"the feed answers {error.code}")
            return set()
        if not feed.startswith("<rss>") or not feed.endswith("</rss>\n"):
            self.wrong.append(f"a broken feed: {feed[:40]!r}...{feed[-40:]!r}")
        guids = re.findall(r"<guid>([^<]+)</guid>", feed)
        if monotone and not before <= set(guids):
            self.wrong.append(f"acknowledged, and not in the feed: {sorted(before - set(guids))}")
        named = dict(re.findall(r'<enclosure url="([^"]+)" length="(\d+)"', feed))
        named |= dict.fromkeys(re.findall(r"<link>([^<]+)</link>", feed), "")
        again = random.sample(sorted(self.known), min(2, len(self.known)))
        for link, length in named.items():
            if self.known.get(link) != length or link in again:
                self._ask(link, length)
        return set(guids)

    def _ask(self, link: str, length: str) -> None:
        request = urllib.request.Request(link, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                got = reply.headers["Content-Length"]
        except urllib.error.HTTPError as error:
            self.wrong.append(f"{link} answers {error.code}")
            return
        if length and got != length:
            self.wrong.append(f"{link} has {got} bytes, not {length}")
        self.known[link] = length


@dataclass
class Result:
    """What came of a run."""

    acknowledged: int
    lost: set[str]
    polls: int
    wrong: list[str]
    kills: int
    faults: int
    kinds: set[object]
    requests: int
    seconds: float


def run(
    bucket: Bucket, folder: Path, *, publishes: int, polls: int, seed: int, conditions: bool = True, rate: float = 0.12,
    kills_too: bool = True,
) -> Result:  # fmt: skip
    """Until that many publishes are acknowledged and that many polls are made."""
    folder.mkdir(parents=True, exist_ok=True)
    dice, struck = random.Random(seed), []

    def fault(request):
        ending = request.method == "POST" and "uploadId=" in request.path
        if rate and ending and INSIDE not in struck:
            struck.append(INSIDE)
            return INSIDE
        if dice.random() >= rate:
            return None
        chosen = dice.choice(FAULTS)
        struck.append(chosen)
        return chosen

    reader = Reader(bucket.url, folder)
    ended, kills = threading.Event(), 0
    with network.Proxy(bucket.endpoint, fault) as proxy:

        def start(name: str):
            settings = {"conditions": conditions}
            process = FORKS.Process(target=publisher, args=(name, folder, bucket, proxy.endpoint), kwargs=settings)
            process.start()
            return process

        def killer() -> None:
            nonlocal kills
            while not ended.wait(random.uniform(0.5, 4.0) + reader.pace()):
                name = random.choice(["a", "b"])
                running[name].kill()
                running[name].join()
                kills += 1
                running[name] = start(name)

        running = {name: start(name) for name in ("a", "b")}
        thread = threading.Thread(target=killer if kills_too else ended.wait)
        thread.start()
        try:
            while len(reader.acknowledged()) < publishes or reader.polls < polls:
                reader.look(monotone=conditions)
                time.sleep(0.05)
                if time.monotonic() - reader.begun > LIMIT:
                    raise TimeoutError(f"only {len(reader.acknowledged())} publishes in {LIMIT} s")
        finally:
            ended.set()
            thread.join()
            for process in running.values():
                process.kill()
                process.join()
        requests = len(proxy.seen)
    live = reader.look(monotone=conditions)
    told = reader.acknowledged()
    seconds = time.monotonic() - reader.begun
    return Result(
        len(told), told - live, reader.polls, reader.wrong, kills, len(struck), set(struck), requests, seconds
    )
