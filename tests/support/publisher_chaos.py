"""Three people publish one show from checkouts of different age, through a faulty network, and are killed now and then.

Ana pulls before each change, Bo after each publish, and Cy only when the tool says so. Each edits episodes and adds
new ones, runs `podcast-kit publish`, and does what the message says. Every version of an episode has a number in its
title and knows the versions that it was made from, so each feed that went live can be judged: it may only replace a
version by one that was made from it.
"""

import contextlib
import http.client
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tests.support import forks, network, output_trees, shows
from tests.support.seaweed import Bucket, list_unfinished_uploads

PRELOADED = [
    "boto3",
    "podcast_kit.builder",
    "podcast_kit.check",
    "podcast_kit.cli",
    "podcast_kit.publish.publishing",
    "podcast_kit.stores.s3",
    "tests.support.publisher_chaos",
]
HABITS = {"ana": "before", "bo": "after", "cy": "never"}
"""Publisher → when they pull."""
WITHOUT_GIT = "cy"
"""Who copies files instead of pulling."""
SOUND = Path(__file__).parents[1] / "samples/cbr.mp3"
PART_BYTES = 5 << 20
"""The minimum of S3 for every part but the last; longer recordings are uploaded in parts."""
MAX_EPISODES = 12
PAGE_SIZE = 3
"""Episodes on a page of the feed: older ones are in archives."""
KILL_POSITIONS = range(1, 31)
MAX_PATIENCE = 20
"""How many times longer a run may take on a machine that is too busy for a publish, a read and a fault."""
TIMEOUT_S = 120
"""How long one publish may take."""
FAULTS = (
    network.CLOSE_BEFORE_REQUEST,
    network.LOSE_RESPONSE,
    network.Status(500),
    network.Status(503, "SlowDown"),
    network.Delay(0.3),
    network.TRUNCATE_RESPONSE,
)
MERGE_WORDS = ("git pull", "copy the newer files")
"""What a message says when a checkout has to be brought up to date."""
WRONG_FILE_WORDS = ("another file", "different file")


def run_command(folder: Path, arguments: list[str], output: Path, *, conditions: bool) -> None:
    """Run podcast-kit in this process, as `python -m podcast_kit` would.

    Without `conditions` no request has a condition. A proxy that drops them would do the same, if they were not signed.
    """
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    sys.argv = ["podcast-kit", *arguments]
    from podcast_kit import __main__
    from podcast_kit.stores import s3

    s3.S3Store.__init__.__kwdefaults__["part_size"] = PART_BYTES
    if not conditions:
        s3.S3Store._condition_headers = lambda _self, _precondition: {}
    code = 1
    try:
        __main__.main()
        code = 0
    except SystemExit as exit_request:
        code = exit_request.code or 0
    finally:
        output.with_suffix(".code").write_text(str(code))


@dataclass
class Effect:
    """A request that took effect in the store."""

    started: float
    ended: float
    method: str
    key: str
    query: str
    status: int
    etag: str
    if_match: str
    body: bytes

    @property
    def is_mutable(self) -> bool:
        """Whether it replaced a page, a feed or an archive."""
        return self.method == "PUT" and self.status == 200 and not self.key.startswith(("media/", ".podcast-kit/"))

    @property
    def is_feed_swap(self) -> bool:
        """Whether it replaced the feed."""
        return self.is_mutable and self.key == "feed.xml"


@dataclass
class Command:
    """One run of `podcast-kit publish`."""

    publisher: str
    kill_at: int = 0
    kill_after_effect: bool = False
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    code: int | None = None
    output: str = ""
    requests: int = 0
    process: object = None
    has_process: threading.Event = field(default_factory=threading.Event)
    is_killed: bool = False
    effects: list[Effect] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    def first_end(self, method: str, key: str) -> float:
        """When the first request of this kind was answered; infinite if none was."""
        return next((e.ended for e in self.effects if (e.method, e.key) == (method, key)), float("inf"))


class Versions:
    """Every version of every episode, and what each was made from."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.parents: dict[int, set[int]] = {}
        self.lock = threading.Lock()

    def add(self, *parents: int) -> int:
        """A new version that was made from these."""
        with self.lock:
            number = next(self.numbers)
            self.parents[number] = set(parents)
            return number

    def descends(self, number: int, ancestor: int) -> bool:
        """Whether a version was made from another, or is the same."""
        todo, seen = [number], set()
        while todo:
            version = todo.pop()
            if version == ancestor:
                return True
            todo += self.parents.get(version, set()) - seen
            seen.add(version)
        return False


def read_versions(folder: Path) -> dict[str, int]:
    """Slug → the version in a checkout."""
    texts = {path.stem: path.read_text() for path in sorted((folder / "episodes").glob("*.md"))}
    return {slug: int(re.search(r"^title: .* v(\d+)$", text, re.MULTILINE)[1]) for slug, text in texts.items()}


def read_feed_versions(content: bytes) -> dict[str, tuple[int, str]]:
    """Guid → the version in a feed, and the address of its enclosure."""
    versions = {}
    for item in ET.fromstring(content).iter("item"):
        number = int(re.search(r" v(\d+)$", item.findtext("title"))[1])
        versions[item.findtext("guid")] = number, item.find("enclosure").get("url")
    return versions


def run_git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, with a name of its own and no settings of this computer."""
    identity = ("-c", "user.name=Test", "-c", "user.email=t@pod.example", "-c", "commit.gpgsign=false")
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, env=environment
    )  # fmt: skip


class Origin:
    """The repository that all pull from and push to; merges are made episode by episode.

    A checkout without git gets the newer files as they are: an edit of its own of the same episode is lost.
    """

    def __init__(self, folder: Path, versions: Versions) -> None:
        self.folder, self.versions = folder, versions
        self.lock = threading.Lock()

    def write_episode(self, folder: Path, slug: str, number: int) -> None:
        """Write a version of an episode into a folder."""
        path = folder / "episodes" / f"{slug}.md"
        text = re.sub(r"^title: .*$", f"title: {slug} v{number}", path.read_text(), flags=re.MULTILINE)
        path.write_text(text)

    def commit(self, folder: Path) -> None:
        """Commit everything, where a folder is in git."""
        if (folder / ".git").exists():
            run_git(folder, "add", "--all")
            run_git(folder, "commit", "--quiet", "--allow-empty", "--message", "Edit")

    def pull(self, checkout: Path) -> None:
        """Bring a checkout up to date."""
        with self.lock:
            self._merge(self.folder, checkout)

    def push(self, checkout: Path) -> None:
        """Bring the repository up to date; the checkout itself stays as it is."""
        with self.lock:
            self.commit(checkout)
            self._merge(checkout, self.folder)

    def _merge(self, source: Path, target: Path) -> None:
        """Take over what is newer; an episode that was edited on both sides gets a version made from both."""
        is_in_git = (source / ".git").exists() and (target / ".git").exists()
        self.commit(target)
        if is_in_git:
            run_git(target, "fetch", "--quiet", str(source), "HEAD")
            run_git(target, "merge", "--quiet", "--strategy=ours", "--no-commit", "FETCH_HEAD")
        ours, theirs = read_versions(target), read_versions(source)
        for slug, number in theirs.items():
            if slug not in ours:
                self._copy(source, target, slug)
            elif not self.versions.descends(ours[slug], number):
                is_newer = self.versions.descends(number, ours[slug]) or not (target / ".git").exists()
                self.write_episode(target, slug, number if is_newer else self.versions.add(ours[slug], number))
        self._merge_lock(source, target)
        self.commit(target)

    def _copy(self, source: Path, target: Path, slug: str) -> None:
        for suffix in (".mp3", ".md"):
            shutil.copy(source / f"episodes/{slug}{suffix}", target / f"episodes/{slug}{suffix}")

    def _merge_lock(self, source: Path, target: Path) -> None:
        """Add the entries that the target lacks."""
        if not (source / "podcast.lock").exists():
            return
        if not (target / "podcast.lock").exists():
            shutil.copy(source / "podcast.lock", target / "podcast.lock")
            return
        entries = split_lock((source / "podcast.lock").read_text())[1]
        head, merged = split_lock((target / "podcast.lock").read_text())
        missing = [entries[slug] for slug in entries.keys() - merged.keys()]
        if missing:
            (target / "podcast.lock").write_text(head + "".join([*merged.values(), *missing]))


def split_lock(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the entries of podcast.lock, and its entries by slug."""
    head, *entries = re.split(r"(?m)^(?=  - slug: )", text)
    return head, {re.match(r"  - slug: (\S+)", entry)[1]: entry for entry in entries}


@dataclass
class Findings:
    """What a run showed; the figures of a good run are zero from `taken_back` on."""

    publishes: int = 0
    acknowledged: int = 0
    overtaken: int = 0
    kills: int = 0
    kill_positions: set[int] = field(default_factory=set)
    faults: int = 0
    requests: int = 0
    reads: int = 0
    heads: int = 0
    feed_swaps: int = 0
    seconds: float = 0.0
    codes: dict[int, int] = field(default_factory=dict)
    taken_back: list[str] = field(default_factory=list)
    """Acknowledged versions that a later feed replaced by one that was not made from them."""
    removed: list[str] = field(default_factory=list)
    late_writes: list[str] = field(default_factory=list)
    """What a command replaced after the feed of another was live, and that then ended with 5."""
    late_after_mark: list[str] = field(default_factory=list)
    moved_enclosures: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    wrong_files: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    broken_chain: list[str] = field(default_factory=list)
    wrong_reads: list[str] = field(default_factory=list)
    unfinished_uploads: list[str] = field(default_factory=list)


class Run:
    """One run: its publishers, its reader, and everything that passed the proxies."""

    def __init__(
        self, bucket: Bucket, folder: Path, *, seed: int, rate: float, kill_share: float, conditions: bool
    ) -> None:
        self.bucket, self.folder = bucket, folder
        self.seed, self.rate, self.kill_share, self.conditions = seed, rate, kill_share, conditions
        self.versions = Versions()
        self.origin = Origin(folder / "origin", self.versions)
        self.findings = Findings()
        self.commands: list[Command] = []
        self.current: dict[str, Command] = {}
        self.starts: dict[tuple[str, int], tuple[float, Command | None]] = {}
        """Of each request by publisher and number: when it came, and the command that sent it."""
        self.lock = threading.Lock()
        self.is_finished = threading.Event()
        self.is_quiet = False
        self.kill_numbers = itertools.cycle(KILL_POSITIONS)
        self.failures: list[BaseException] = []

    def run(self, *, publishes: int, reads: int, max_seconds: float, kills: int = 0) -> Findings:
        """Run until there were enough of all, then publish from each checkout without faults, and judge."""
        started = time.monotonic()
        self._write_show()
        with contextlib.ExitStack() as stack:
            self.proxies = {}
            for index, name in enumerate(HABITS):
                proxy = network.Proxy(
                    self.bucket.endpoint,
                    self._fault_of(name, random.Random(self.seed * 10 + index)),
                    on_response=self._recorder(name),
                )
                self.proxies[name] = stack.enter_context(proxy)
            reader = threading.Thread(target=self._guard, args=(self._read_feeds,))
            threads = [threading.Thread(target=self._guard, args=(self._publish_again, name)) for name in HABITS]
            for thread in (*threads, reader):
                thread.start()
            while not self.is_finished.wait(0.2):
                commands = tuple(self.commands)
                is_enough = (
                    len(commands) >= publishes
                    and self.findings.reads >= reads
                    and sum(command.is_killed for command in commands) >= kills
                )
                has_begun = any(command.code == 0 for command in commands) and self.findings.faults
                seconds = time.monotonic() - started
                is_late = seconds > max_seconds and has_begun and self.findings.reads
                if is_enough or is_late or seconds > MAX_PATIENCE * max_seconds:
                    self.is_finished.set()
            for thread in (*threads, reader):
                thread.join()
            if self.failures:
                raise self.failures[0]
            self._publish_in_quiet()
            self.findings.requests = sum(len(proxy.requests) for proxy in self.proxies.values())
        self.findings.seconds = time.monotonic() - started
        judge(self)
        write_trace(self, self.folder / "trace.txt")
        return self.findings

    def _guard(self, target, *arguments) -> None:
        try:
            target(*arguments)
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self.failures.append(error)
            self.is_finished.set()

    def _write_show(self) -> None:
        origin = self.origin.folder
        shows.small(origin, episodes=0)
        settings = (origin / "podcast.yaml").read_text()
        (origin / "podcast.yaml").write_text(f"{settings}feed: {{page_size: {PAGE_SIZE}}}\n")
        for _ in range(2):
            self._add_episode(origin, "origin")
        (origin / ".gitignore").write_text("build/\n.podcast-kit/\n")
        run_git(origin, "init", "--quiet")
        self.origin.commit(origin)
        for name in HABITS:
            shutil.copytree(origin, self.folder / name)
            if name == WITHOUT_GIT:
                shutil.rmtree(self.folder / name / ".git")

    def _add_episode(self, folder: Path, owner: str) -> None:
        number = self.versions.add()
        slug = f"{number:04d}-{owner}"
        day = date(2020, 1, 1) + timedelta(days=number)
        text = f"---\ntitle: {slug} v{number}\ndate: {day} 08:00\nguid: guid-{slug}\n---\nNotes.\n"
        (folder / f"episodes/{slug}.md").write_text(text)
        sound = SOUND.read_bytes()
        is_long = number % 5 == 0
        (folder / f"episodes/{slug}.mp3").write_bytes(sound * (PART_BYTES // len(sound) + 2) if is_long else sound)

    def _fault_of(self, name: str, dice: random.Random):
        def fault(request: network.Request) -> object:
            command = self.current.get(name)
            with self.lock:
                self.starts[name, request.number] = time.monotonic(), command
                if command is None:
                    return None
                command.requests += 1
                is_last = command.kill_at == command.requests
            if is_last:
                if command.kill_after_effect:
                    return network.LOSE_RESPONSE  # killed by the recorder, once it took effect
                self._kill(command)
                return network.CLOSE_BEFORE_REQUEST
            if self.is_quiet or dice.random() >= self.rate:
                return None
            with self.lock:
                self.findings.faults += 1
            choice = dice.randrange(len(FAULTS) + 1)
            return FAULTS[choice] if choice < len(FAULTS) else network.CutHeaders(dice.random())

        return fault

    def _kill(self, command: Command) -> None:
        with self.lock:
            command.is_killed = True
        command.has_process.wait()
        if process := command.process:  # else it has just ended
            process.kill()

    def _recorder(self, name: str):
        def on_response(request: network.Request, body: bytes, status: int, headers: dict[str, str]) -> None:
            started, command = self.starts[name, request.number]  # it may have been killed since
            if command is None:
                return
            address = urllib.parse.urlsplit(request.path)
            key = urllib.parse.unquote(address.path).removeprefix(f"/{self.bucket.name}").lstrip("/")
            request_headers = {name.lower(): value for name, value in request.headers.items()}
            effect = Effect(
                started=started,
                ended=time.monotonic(),
                method=request.method,
                key=key,
                query=address.query,
                status=status,
                etag=headers.get("etag", ""),
                if_match=request_headers.get("if-match", ""),
                body=body if key == "feed.xml" or key.startswith("feed/") else b"",
            )
            with self.lock:
                command.effects.append(effect)
                is_last = command.kill_at and command.requests >= command.kill_at and command.kill_after_effect
            if is_last and not command.is_killed:
                self._kill(command)

        return on_response

    def publish(self, name: str, *options: str, with_kill: bool = False) -> Command:
        """Run `podcast-kit publish` from a checkout until it ends or is killed."""
        folder, bucket = self.folder / name, self.bucket
        with self.lock:
            kill_at = next(self.kill_numbers) if with_kill else 0
            number = len(self.commands)
        command = Command(name, kill_at=kill_at, kill_after_effect=number % 2 == 0, versions=read_versions(folder))
        output = self.folder / f"{name}.log"
        code_file = output.with_suffix(".code")  # threads that start processes read each other's exit codes
        code_file.unlink(missing_ok=True)
        target = ["--to", f"s3://{bucket.name}", "--endpoint", self.proxies[name].endpoint, "--url", bucket.url]
        arguments = ["publish", "--yes", *target, *options]
        if not self.conditions:
            arguments.append("--allow-unprotected-writes")
        self.current[name] = command
        process = command.process = forks.start_process(
            run_command, folder, arguments, output, preload=PRELOADED, conditions=self.conditions
        )
        command.has_process.set()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            self.findings.stuck.append(f"{name}: took longer than {TIMEOUT_S} s")
        self.current.pop(name)
        command.ended = time.monotonic()
        command.code = int(code_file.read_text()) if code_file.exists() else -signal.SIGKILL
        command.output = output.read_text(errors="replace") if output.exists() else ""
        command.process = None
        command.is_killed = command.is_killed and command.code == -signal.SIGKILL
        with self.lock:
            self.commands.append(command)
        return command

    def _publish_again(self, name: str) -> None:
        dice, folder, habit = random.Random(f"{self.seed} {name}"), self.folder / name, HABITS[name]
        while not self.is_finished.is_set():
            if habit == "before":
                self.origin.pull(folder)
            slugs = sorted(read_versions(folder))
            if len(slugs) < MAX_EPISODES and dice.random() < 0.2:
                self._add_episode(folder, name)
            else:
                slug = dice.choice(slugs)
                self.origin.write_episode(folder, slug, self.versions.add(read_versions(folder)[slug]))
            self.origin.commit(folder)
            for _ in range(4):
                command = self.publish(name, with_kill=dice.random() < self.kill_share)
                if self._follow_message(command) or self.is_finished.is_set():
                    break
            if habit == "after":
                self.origin.pull(folder)

    def _follow_message(self, command: Command) -> bool:
        """Do what the message says; returns whether the publish succeeded."""
        folder = self.folder / command.publisher
        if command.code == 0:
            self.origin.push(folder)
            return True
        if not command.is_killed and any(word in command.output for word in MERGE_WORDS):
            self.origin.pull(folder)
        return False

    def _publish_in_quiet(self) -> None:
        """Publish from each checkout without faults; whoever is behind does what the message says.

        First pull; where that brings nothing, say that theirs is the newer version. It may be, where someone without
        git has copied files: git has the merged ones only. Whether it is, the judge finds.
        """
        self.is_quiet = True
        for name in HABITS:
            outputs, options = [], ()
            for _ in range(3):
                command = self.publish(name, *options)
                outputs.append(f"exit {command.code}: {command.output[-600:]}")
                versions = read_versions(self.folder / name)
                if self._follow_message(command):
                    break
                if read_versions(self.folder / name) == versions:
                    options = re.findall(r"(--take-back) (\S+)\)", command.output)
                    options = tuple(itertools.chain(*dict.fromkeys(options)))
            else:
                self.findings.stuck.append(f"{name}: " + " | ".join(outputs))

    def _read_feeds(self) -> None:
        """Read the feed and everything that it names, again and again, directly from the store."""
        address = urllib.parse.urlsplit(self.bucket.url)
        while not self.is_finished.is_set():
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
            with contextlib.closing(connection), contextlib.suppress(ConnectionError, TimeoutError):
                self._read_until_finished(connection)  # a server that was paused closes its connections

    def _read_until_finished(self, connection: http.client.HTTPConnection) -> None:
        def request(method: str, url: str) -> tuple[int, bytes, int]:
            connection.request(method, urllib.parse.urlsplit(url).path)
            response = connection.getresponse()
            body = response.read()
            return response.status, body, int(response.headers.get("Content-Length") or 0)

        is_published = False
        while not self.is_finished.is_set():
            status, content, _ = request("GET", f"{self.bucket.url}feed.xml")
            if status == 404 and not is_published:
                time.sleep(0.1)
                continue
            is_published = True
            self.findings.reads += 1
            try:
                channel = ET.fromstring(content)
            except ET.ParseError:
                self.findings.wrong_reads.append(f"the feed answers {status}: {content[-60:]!r}")
                continue
            urls = {enclosure.get("url"): enclosure.get("length") for enclosure in channel.iter("enclosure")}
            urls |= {link.text: "" for link in channel.iter("link") if link.text}
            for url, length in urls.items():
                status, _, size = request("HEAD", url)
                self.findings.heads += 1
                if status != 200 or (length and int(length) != size):
                    self.findings.wrong_reads.append(f"{url} answers {status} with {size} bytes, not {length}")
            time.sleep(0.05)


def write_trace(run: Run, path: Path) -> None:
    """Write what each command printed, and each request that took effect in the store, in the order of time."""
    lines = []
    for number, command in enumerate(run.commands):
        label = f"{number} {command.publisher}"
        lines.append((command.started, f"{label} starts: kill at {command.kill_at}, {command.versions}"))
        text = command.output[-2000:].replace("\n", "\n    ")
        lines.append((command.ended, f"{label} ends: exit {command.code}\n    {text}"))
        for effect in command.effects:
            versions = ""
            if effect.is_feed_swap:
                versions = f" {sorted(number for number, _ in read_feed_versions(effect.body).values())}"
            request = f"{effect.method} {effect.key} {effect.query} {effect.status}"
            text = f"{label} {request} if-match {effect.if_match} etag {effect.etag}{versions}"
            lines.append((effect.ended, text))
    path.write_text("\n".join(f"{moment:.3f} {text}" for moment, text in sorted(lines)))


def judge(run: Run) -> None:
    """Fill in the findings from everything that passed the proxies."""
    findings, commands = run.findings, run.commands
    findings.publishes = len(commands)
    findings.acknowledged = sum(command.code == 0 for command in commands)
    findings.overtaken = sum(command.code == 5 for command in commands)
    findings.kills = sum(command.is_killed for command in commands)
    findings.kill_positions = {command.kill_at for command in commands if command.is_killed}
    for command in commands:
        findings.codes[command.code] = findings.codes.get(command.code, 0) + 1
        if "Traceback" in command.output:
            findings.tracebacks.append(command.output[-3000:])
        if any(word in command.output for word in WRONG_FILE_WORDS):
            findings.wrong_files.append(command.output[-600:])
    swaps = sorted(
        ((effect, command) for command in commands for effect in command.effects if effect.is_feed_swap),
        key=lambda pair: pair[0].started,  # who swaps a feed has read it before; ends are noted by busy threads
    )
    findings.feed_swaps = len(swaps)
    _judge_swaps(run, swaps)
    for command in commands:
        if command.code == 5:
            _judge_late_writes(run, command, swaps)
    findings.unfinished_uploads = list_unfinished_uploads(run.bucket)


def _judge_swaps(run: Run, swaps: list[tuple[Effect, Command]]) -> None:
    """Compare each feed that went live with the one before; archives keep what leaves the feed.

    An enclosure keeps its address. Without conditions a publisher that read the store before an address was live can
    still put another one in its place, as two do that publish a new show at once: this is no fault of theirs.
    """
    findings = run.findings
    live: dict[str, tuple[int, str]] = {}
    published_by: dict[int, Command] = {}
    addresses: dict[str, tuple[str, float]] = {}
    """Guid → the address, and since when it is live."""
    etag = ""
    for effect, command in swaps:
        if effect.if_match.strip('"') != etag.strip('"') and run.conditions:
            findings.broken_chain.append(f"{effect.if_match} replaced {etag}")
        etag = effect.etag
        new = read_feed_versions(effect.body)
        for archive in command.effects:
            if archive.is_mutable and archive.key.startswith("feed/") and archive.started < effect.ended:
                new = read_feed_versions(archive.body) | new
        for guid, (number, url) in new.items():
            address, live_since = addresses.setdefault(guid, (url, effect.ended))
            if address != url:
                if run.conditions or command.first_end("GET", "feed.xml") > live_since:
                    findings.moved_enclosures.append(f"{guid}: {address} became {url}")
                addresses[guid] = url, effect.ended
            if guid in live and not run.versions.descends(number, live[guid][0]):
                author = published_by.get(live[guid][0])
                if author and author.code == 0:
                    text = f"{guid}: v{live[guid][0]} of {author.publisher} replaced by v{number} of"
                    findings.taken_back.append(f"{text} {command.publisher}, exit {command.code}")
            published_by.setdefault(number, command)
        missing = live.keys() - new.keys() if effect is swaps[-1][0] else set()
        findings.removed += [f"{guid} is no longer in the feed" for guid in missing if not _is_archived(run, guid)]
        live |= new


def _is_archived(run: Run, guid: str) -> bool:
    """Whether an episode is in an archive of the feed now."""
    for number in itertools.count(1):
        try:
            content = output_trees.download(f"{run.bucket.url}feed/{number}.xml")
        except urllib.error.HTTPError:
            return False
        if guid in read_feed_versions(content):
            return True
    return False


def _judge_late_writes(run: Run, command: Command, swaps: list[tuple[Effect, Command]]) -> None:
    """Find what a command replaced after another had swapped the feed, or had marked the record after it."""
    marked_at = command.first_end("PUT", ".podcast-kit/state.json")
    reads = [effect for effect in command.effects if (effect.method, effect.key) == ("GET", "feed.xml")]
    read_etags = [effect.etag.strip('"') for effect in reads if effect.started < marked_at][-1:]  # others were repeated
    swapped_at = min(
        (effect.ended for effect, other in swaps if other is not command and effect.if_match.strip('"') in read_etags),
        default=float("inf"),
    )
    remarked_at = min(
        (
            other.first_end("PUT", ".podcast-kit/state.json")
            for other in run.commands
            if other is not command and other.first_end("PUT", ".podcast-kit/state.json") > marked_at
        ),
        default=float("inf"),
    )
    for effect in command.effects:
        if effect.is_mutable and effect.started > swapped_at:
            ms = (effect.started - swapped_at) * 1000
            run.findings.late_writes.append(f"{command.publisher}: {effect.key} {ms:.0f} ms after the feed")
        elif effect.is_mutable and effect.started > remarked_at:
            run.findings.late_after_mark.append(f"{command.publisher}: {effect.key}")
