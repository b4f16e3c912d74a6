"""Two publishers on a faulty network, killed at random moments, and a reader who checks everything.

Each publisher adds one episode after the other to what is live, and records each acknowledged publish. No
acknowledged episode may ever be missing from the feed, and everything that the feed names must answer. The same run
without conditional writes must lose something, or it would prove nothing.
"""

import contextlib
import functools
import hashlib
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
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan, state_writer
from podcast_kit.stores import ConditionalWrites, bulk_put, clients, s3
from tests.support import forks, network, output_trees
from tests.support.seaweed import Bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRELOADED = ("boto3", "tests.support.chaos_proxy")
MAX_RUN_S = 900
FAULTS = [
    network.Status(500),
    network.Status(503, "SlowDown"),
    network.Status(429, "TooManyRequests"),
    network.Status(409, "ConditionalRequestConflict"),
    network.CLOSE_BEFORE_REQUEST,
    network.CLOSE_IN_BODY,
    network.LOSE_RESPONSE,
    network.LOSE_RESPONSE,
    network.TRUNCATE_RESPONSE,
    network.CORRUPT_BODY,
    network.Delay(0.3),
    network.SlowBody(0.5),
    network.NEVER_ANSWER,
]
ERROR_IN_200 = network.Status(200)
"""An error inside a 200 response, as CompleteMultipartUpload can give it."""
FAULT_KINDS = {*FAULTS, ERROR_IN_200}
MULTIPART_EPISODES = {"a4", "b4", "a9", "b9", "a40", "b40"}
"""Episodes that are uploaded in parts."""
PART_BYTES = 5 << 20


@functools.cache
def recording(guid: str) -> bytes:
    """The audio of an episode; only its owner uploads it."""
    return hashlib.sha256(guid.encode()).digest() * (PART_BYTES // 32 + 40 if guid in MULTIPART_EPISODES else 40)


def publisher(name: str, folder: Path, bucket: Bucket, endpoint: str, *, conditions: bool) -> None:
    """Publish one episode after the other until killed."""
    clients.UPLOAD_TIMEOUT_S = bulk_put.UPLOAD_TIMEOUT_S = 2
    state_writer.SWAP_WAIT_S = 0  # it spares pages, which this run does not judge, and would double its time
    if not conditions:
        s3.S3Store._condition_headers = lambda _self, _precondition: {}
    store = output_trees.open_bucket_store(bucket, endpoint=endpoint)
    store.clients.query_timeout = 2
    store.part_size, store.journal_folder = PART_BYTES, folder / name / "journals"
    store.conditional_writes = None if conditions else ConditionalWrites.QUOTED  # the probe would find out, and refuse
    acknowledged = folder / f"{name}.txt"
    acknowledged.touch()
    while True:
        guid = f"{name}{len(acknowledged.read_text().splitlines()) + 1}"
        with contextlib.suppress(PodcastKitError):
            add_episode(store, bucket, folder / name, guid)
            with acknowledged.open("a") as stream:
                stream.write(f"{guid}\n")
                stream.flush()
                os.fsync(stream.fileno())


def add_episode(store, bucket: Bucket, folder: Path, guid: str) -> None:
    """Add an episode to what is live, or raise."""
    live = store.get("feed.xml")
    live_guids = re.findall(r"<guid>([^<]+)</guid>", live.content.decode()) if live else []
    outputs = output_trees.write_tree(
        folder, bucket.url, {name: recording(name) for name in dict.fromkeys([*live_guids, guid])}
    )
    for key, output in outputs.items():
        if output.wave is Wave.MEDIA and not key.endswith(f"/{guid}.mp3"):
            outputs[key] = replace(output, path=None)  # someone else's recording, or one published before
    state = output_trees.read_state(store, outputs)
    if (state.feed.content if state.feed else b"") != (live.content if live else b""):
        return add_episode(store, bucket, folder, guid)
    plan = plan_changes(outputs, state)
    time.sleep(random.random() / 10)  # the moment in which someone else may be faster
    list(publish_plan(plan, store, now=NOW, url=bucket.url))
    return None


@dataclass
class Reader:
    """Polls the public feed and everything that it names."""

    url: str
    folder: Path
    polls: int = 0
    wrong: list[str] = field(default_factory=list)
    checked: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def seconds_per_publish(self) -> float:
        """How long a publish takes here: on a busy machine each kill would hit a publisher that just started."""
        return (time.monotonic() - self.started) / (len(self.acknowledged()) + 1)

    def acknowledged(self) -> set[str]:
        """The episodes whose publish succeeded."""
        return {line for path in self.folder.glob("*.txt") for line in path.read_text().split("\n")[:-1]}

    def poll(self, *, monotone: bool = True) -> set[str]:
        """Read the feed and check what it names; returns the guids that are live."""
        before = self.acknowledged()
        self.polls += 1
        try:
            feed = output_trees.download(f"{self.url}feed.xml").decode()
        except urllib.error.HTTPError as error:
            if before or error.code != 404:
                self.wrong.append(f"the feed answers {error.code}")
            return set()
        if not feed.startswith("<rss>") or not feed.endswith("</rss>\n"):
            self.wrong.append(f"a broken feed: {feed[:40]!r}...{feed[-40:]!r}")
        guids = re.findall(r"<guid>([^<]+)</guid>", feed)
        if monotone and not before <= set(guids):
            self.wrong.append(f"acknowledged but not in the feed: {sorted(before - set(guids))}")
        links = dict(re.findall(r'<enclosure url="([^"]+)" length="(\d+)"', feed))
        links |= dict.fromkeys(re.findall(r"<link>([^<]+)</link>", feed), "")
        recheck = random.sample(sorted(self.checked), min(2, len(self.checked)))
        for link, length in links.items():
            if self.checked.get(link) != length or link in recheck:
                self._check_link(link, length)
        return set(guids)

    def _check_link(self, link: str, length: str) -> None:
        request = urllib.request.Request(link, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                got = reply.headers["Content-Length"]
        except urllib.error.HTTPError as error:
            self.wrong.append(f"{link} answers {error.code}")
            return
        if length and got != length:
            self.wrong.append(f"{link} has {got} bytes, not {length}")
        self.checked[link] = length


@dataclass
class Result:
    """The result of a run."""

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
    with_kills: bool = True, until_lost: bool = False,
) -> Result:  # fmt: skip
    """Run until this many publishes are acknowledged and this many polls are made; or, `until_lost`, one is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    dice, injected = random.Random(seed), []

    def fault(request):
        is_complete = request.method == "POST" and "uploadId=" in request.path
        if rate and is_complete and ERROR_IN_200 not in injected:
            injected.append(ERROR_IN_200)
            return ERROR_IN_200
        if dice.random() >= rate:
            return None
        chosen = dice.choice(FAULTS)
        injected.append(chosen)
        return chosen

    reader = Reader(bucket.url, folder)
    is_finished, kills = threading.Event(), 0
    with network.Proxy(bucket.endpoint, fault) as proxy:

        def start(name: str):
            arguments = (name, folder, bucket, proxy.endpoint)
            return forks.start_process(publisher, *arguments, preload=PRELOADED, conditions=conditions)

        def killer() -> None:
            nonlocal kills
            while not is_finished.wait(random.uniform(0.5, 4.0) + reader.seconds_per_publish()):
                name = random.choice(["a", "b"])
                running[name].kill()
                running[name].join()
                kills += 1
                running[name] = start(name)

        running = {name: start(name) for name in ("a", "b")}
        thread = threading.Thread(target=killer if with_kills else is_finished.wait)
        thread.start()
        try:
            is_lost = False
            while len(reader.acknowledged()) < publishes or reader.polls < polls or is_lost < until_lost:
                before = reader.acknowledged()
                is_lost = not before <= reader.poll(monotone=conditions)
                time.sleep(0.05)
                if time.monotonic() - reader.started > MAX_RUN_S:
                    raise TimeoutError(f"only {len(reader.acknowledged())} publishes in {MAX_RUN_S} s")
        finally:
            is_finished.set()
            thread.join()
            for process in running.values():
                process.kill()
                process.join()
        requests = len(proxy.requests)
    live = reader.poll(monotone=conditions)
    acknowledged = reader.acknowledged()
    seconds = time.monotonic() - reader.started
    return Result(
        len(acknowledged),
        acknowledged - live,
        reader.polls,
        reader.wrong,
        kills,
        len(injected),
        set(injected),
        requests,
        seconds,
    )
