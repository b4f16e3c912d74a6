"""A hundred shows of strangers: whatever is in them, nothing outside of the show changes, runs or is connected to."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from podcast_kit.cli import cli
from tests.support.hostile_templates import SANDBOX_ESCAPES
from tests.support.shows import small

COMMANDS = (["check"], ["build"], ["plan"], ["status"], ["verify", "--url", "http://127.0.0.1:9/"])
MAX_SECONDS_A_COMMAND = 60


class Place:
    """A show, a tree of canaries beside it, a file that only a command can make, and a port that no one may call."""

    def __init__(self, folder, template_show):
        self.folder = folder
        self.show = folder / "show"
        shutil.copytree(template_show, self.show)
        self.outside = folder / "outside"
        (self.outside / "sub").mkdir(parents=True)
        for name in ("precious.txt", "feed.xml", "index.html", "memory.sqlite", "sub/state.json", "authorized_keys"):
            (self.outside / name).write_text(f"canary {name}")
        (self.outside / "empty").mkdir()
        (self.outside / "empty/.keep").write_text("canary")
        self.ran = folder / "ran"
        self.calls = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/"
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                connection, address = self.server.accept()
                self.calls.append(address)
                connection.close()

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)  # closing alone would leave the thread waiting
        self.server.close()
        self.listener.join()

    def link(self, name, target=None):
        path = self.show / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target or self.outside)

    def write(self, name, text):
        path = self.show / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def set_key(self, before, after):
        path = self.show / "podcast.yaml"
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))

    def snapshot(self):
        return {
            path.relative_to(self.folder).as_posix(): (
                str(path.readlink())
                if path.is_symlink()
                else hashlib.sha256(path.read_bytes()).hexdigest()
                if path.is_file()
                else "folder"
            )
            for path in sorted(self.outside.rglob("*"))
        }


LINKS_TO_FOLDERS = (
    "comments",
    "build",
    "build/episodes",
    "build/follow",
    "build/media",
    "build/assets",
    ".podcast-kit",
    "public",
)
LINKS_INSIDE_STATE = (".podcast-kit/mastered", ".podcast-kit/checked", ".podcast-kit/uploads")
LINKS_TO_FILES = (
    "build/feed.xml",
    "build/index.html",
    "build/.feed.xml.new",
    "build/.index.html.new",
    ".podcast-kit/building",
    ".podcast-kit/memory.sqlite",
    ".podcast-kit/memory.sqlite-wal",
    ".podcast-kit/published.json",
    "public/feed.xml",
    "public/.podcast-kit/state.json",
    "public/.podcast-kit/lock",
    "podcast.lock",
    "comments/001-talk.json",
    "reviews.yaml",
    "subscribers.txt",
    "subscribers.key",
    "templates/404.html",
    "templates/strings/en.toml",
    "episodes/001-talk.md",
    "episodes/001-talk.mp3",
    "cover.jpg",
)


def link_folder(name):
    return lambda place: place.link(name)


def link_file(name):
    return lambda place: place.link(name, place.outside / "precious.txt")


def escape_templates(part):
    def prepare(place):
        text = SANDBOX_ESCAPES[part].replace("COMMAND", f"touch {place.ran}").replace("CANARY", str(place.ran))
        place.write("templates/404.html", text)

    return prepare


def set_publish(text):
    return lambda place: place.set_key(
        "to: public}", text.replace("OUTSIDE", str(place.outside)).replace("RAN", str(place.ran)) + "}"
    )


def append(text):
    def prepare(place):
        path = place.show / "podcast.yaml"
        filled = text.replace("OUTSIDE", str(place.outside)).replace("URL", place.url).replace("RAN", str(place.ran))
        path.write_text(path.read_text() + filled + "\n")

    return prepare


def front(text):
    def prepare(place):
        path = place.show / "episodes/001-talk.md"
        filled = text.replace("OUTSIDE", str(place.outside)).replace("URL", place.url)
        path.write_text(path.read_text().replace("---\n", f"---\n{filled}\n", 1))

    return prepare


def make_special(kind, name):
    def prepare(place):
        path = place.show / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            server = socket.socket(socket.AF_UNIX)
            server.bind(os.path.relpath(path))
            server.close()
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "sparse":
            with path.open("wb") as file:
                file.truncate(50_000_000_000)
        elif kind == "loop":
            path.symlink_to(path)

    return prepare


def come_along(place):
    """A state folder that a real build made, in a clone: it names files outside as those of a build."""
    run(place.show, ["build"])
    database = place.show / ".podcast-kit/memory.sqlite"
    copy = place.folder / "clone"
    shutil.copytree(place.show, copy, symlinks=True)
    shutil.rmtree(place.show)
    copy.rename(place.show)
    import sqlite3

    with contextlib.closing(sqlite3.connect(database)) as cache, cache:
        cache.execute("INSERT OR REPLACE INTO remembered VALUES ('tree', ?, 'true')", (str(place.outside),))
        for path in place.outside.rglob("*"):
            for key in (str(path), str(place.show / "build" / path.name)):
                cache.execute("INSERT OR REPLACE INTO remembered VALUES ('file', ?, '[1, 1, 1, \"x\"]')", (key,))
    place.link("build")


def write_comments(place, **values):
    """A file of one comment under a post that the episode names."""
    front("social: [{protocol: activitypub, uri: 'https://social.example/@show/1'}]")(place)
    comment = {
        "id": "2", "parent": "1", "name": "Bo", "handle": "@bo@far.example", "profile": "https://far.example/@bo",
        "url": "https://far.example/2", "date": "2026-03-01T00:00:00+00:00", "html": "<p>Hi</p>",
        "likes": 0, "boosts": 0,
    }  # fmt: skip
    thread = {"uri": "https://social.example/@show/1", "url": "https://social.example/@show/1"}
    threads = [{**thread, "comments": [comment | values]}]
    place.write("comments/001-talk.json", json.dumps({"version": 1, "threads": threads}))


def hostile_record(place):
    """A record of the place that names files outside as unused, for prune and publish to delete."""
    state = {"schema": 1, "headers": [{}], "retired": {"../../outside/precious.txt": "2001-01-01T00:00:00+00:00"}}
    place.write("public/.podcast-kit/state.json", json.dumps({**state, "objects": {"/etc/passwd": [1, "", "", 0]}}))


SHOWS = {
    **{f"link {name}": link_folder(name) for name in (*LINKS_TO_FOLDERS, *LINKS_INSIDE_STATE)},
    **{f"link {name}": link_file(name) for name in LINKS_TO_FILES},
    **{f"escapes {part}": escape_templates(part) for part in range(7)},
    "templates folder is a link": link_folder("templates"),
    "episodes folder is a link": link_folder("episodes"),
    "a state folder that came along": come_along,
    "a record that names files outside": hostile_record,
    "to outside": set_publish("to: 'OUTSIDE'"),
    "to outside by dots": set_publish("to: ../outside"),
    "to home": set_publish("to: ~/.ssh"),
    "to the root": set_publish("to: /"),
    "purge": set_publish("to: public, purge: 'touch RAN'"),
    "feed is a dotfile": append("feed: {path: .ssh/authorized_keys}"),
    "feed without a suffix": append("feed: {path: authorized_keys}"),
    "audio elsewhere": front("audio: OUTSIDE/precious.txt"),
    "audio by dots": front("audio: ../../outside/precious.txt"),
    "transcript of the network": front("transcript: URLx.vtt"),
    "slug with dots": front("slug: ../../outside/evil"),
    "alias with dots": front("aliases: [/../../outside/evil/]"),
    "logo elsewhere": append("theme: {logo: ../outside/precious.txt}"),
    "font elsewhere": append("theme: {font: ../outside/precious.woff2}"),
    "pipe as lock": make_special("pipe", "podcast.lock"),
    "pipe as notes": make_special("pipe", "episodes/002.md"),
    "pipe as recording": make_special("pipe", "episodes/001-talk.mp3"),
    "pipe as template": make_special("pipe", "templates/404.html"),
    "pipe as subscribers": make_special("pipe", "subscribers.txt"),
    "pipe as record": make_special("pipe", "public/.podcast-kit/state.json"),
    "pipe as a page": make_special("pipe", "build/index.html"),
    "socket as cover": make_special("socket", "cover.jpg"),
    "device as notes": make_special("device", "episodes/002.md"),
    "device as lock": make_special("device", "podcast.lock"),
    "device as subscribers": make_special("device", "subscribers.txt"),
    "device as template": make_special("device", "templates/404.html"),
    "sparse notes": make_special("sparse", "episodes/002.md"),
    "sparse lock": make_special("sparse", "podcast.lock"),
    "sparse subscribers": make_special("sparse", "subscribers.txt"),
    "sparse template": make_special("sparse", "templates/404.html"),
    **{
        f"loop as {name}": make_special("loop", name)
        for name in (
            "build",
            "public",
            ".podcast-kit",
            "templates",
            "episodes",
            "podcast.lock",
            "cover.jpg",
            "subscribers.txt",
            "episodes/001-talk.mp3",
            "templates/404.html",
            "templates/strings",
        )
    },
    "loop as notes": make_special("loop", "episodes/002.md"),
    **{
        f"{kind} as {name}": make_special(kind, name)
        for kind in ("pipe", "socket", "device", "sparse", "loop")
        for name in ("comments/001-talk.json", "reviews.yaml")
    },
    "comments that never end": lambda place: write_comments(place, html="<p>" * 1_000_000, name="x" * 1_000_000),
    "comments that run and load": lambda place: write_comments(
        place,
        html=f"<img src={place.url}><script src={place.url}></script><a href=javascript:x()>a</a>",
        url=f"{place.url}\x00",
        profile="file:///etc/passwd",
        handle="@\u202eevil",
    ),
    "comments that answer each other": lambda place: write_comments(place, id="1", parent="1"),
    "comments with numbers and dates without end": lambda place: write_comments(
        place, likes=math.inf, boosts=math.nan, date="9999-12-31T23:59:59-12:00"
    ),
    "comments that are nested too deep": lambda place: place.write("comments/001-talk.json", "[" * 1_000_000),
    "comments that are nothing": lambda place: place.write("comments/001-talk.json", "null"),
    "reviews that run": lambda place: place.write(
        "reviews.yaml",
        f"reviews: !!python/object/apply:os.system ['touch {place.ran}']\n",
    ),
    "reviews without end": lambda place: place.write("reviews.yaml", "reviews:\n" + "- {quote: Great}\n" * 60_000),
    "reviews with markup": lambda place: place.write(
        "reviews.yaml",
        f"reviews:\n- {{quote: '<img src={place.url}>', name: '<script>x()</script>', url: '{place.url}'}}\n",
    ),
    "name with line breaks": lambda place: place.write("episodes/a\n::set-output name=x::y.md", "x"),
    "names that differ by case": lambda place: [
        shutil.copy(place.show / "episodes/001-talk.md", place.show / f"episodes/{name}.md")
        for name in ("001-TALK", "001-Talk")
    ],
    "names that differ by Unicode form": lambda place: [
        place.write(f"episodes/{name}.md", "---\ntitle: x\n---\n") for name in ("caf\u00e9", "cafe\u0301", "..\u2044x")
    ],
    "reserved names": lambda place: [place.write(f"episodes/{name}.md", "x") for name in ("CON", "NUL", "..", "...")],
    "a name that turns text around": lambda place: place.write("episodes/\u202egpj.md", "x"),
}


@pytest.fixture(scope="session")
def template_show(tmp_path_factory):
    show = small(tmp_path_factory.mktemp("template") / "show")
    Image.new("RGB", (64, 64), "teal").save(show / "cover.jpg")  # large pictures would take most of the time
    return show


@pytest.fixture
def place(tmp_path, template_show, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "outside"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))  # used while the state folder is away
    monkeypatch.chdir(tmp_path)
    made = Place(tmp_path, template_show)
    yield made
    made.close()


def run(folder, arguments):
    result = CliRunner().invoke(cli, [arguments[0], "-C", str(folder), *arguments[1:]])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in {0, 1, 2, 3, 4}, result.output
    return result


def test_the_corpus_has_a_hundred_shows():
    assert len(SHOWS) >= 100


@pytest.mark.parametrize("name", SHOWS)
def test_hostile_show_changes_runs_and_connects_to_nothing(place, name):
    SHOWS[name](place)
    before = place.snapshot()
    for arguments in COMMANDS:
        start = time.monotonic()
        result = run(place.show, arguments)
        assert time.monotonic() - start < MAX_SECONDS_A_COMMAND, arguments
        assert "canary" not in result.output.replace(str(place.folder), "")
        assert place.snapshot() == before, (arguments, result.output)
    assert not place.ran.exists()
    assert place.calls == []
    build = place.show / "build"
    if build.is_dir() and not build.is_symlink():
        for path in build.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert b"canary precious" not in path.read_bytes(), path


@pytest.mark.parametrize("arguments", [["publish", "--yes", "--no-check"], ["prune", "--yes", "--days", "0"]])
@pytest.mark.parametrize(
    "name", [name for name in SHOWS if name.startswith(("link public", "to ", "purge", "a record", "link build"))]
)
def test_hostile_show_that_is_published_changes_nothing_outside(place, name, arguments):
    SHOWS[name](place)
    before = place.snapshot()
    result = run(place.show, arguments)
    assert place.snapshot() == before, result.output
    assert not place.ran.exists()


@pytest.mark.parametrize("seed", range(3))
def test_folders_that_become_links_during_the_build_lead_nowhere(place, seed):
    before = place.snapshot()
    stop = threading.Event()
    names = ("build", "build/episodes", "build/media", "build/follow", "public", ".podcast-kit")[seed::2]

    def swap():
        number = 0
        while not stop.is_set():
            for name in names:
                number += 1
                with contextlib.suppress(OSError):
                    (place.show / name).rename(place.folder / f"moved{number}")
                    (place.show / name).symlink_to(place.outside)
                time.sleep(0.002)
                with contextlib.suppress(OSError):
                    (place.show / name).unlink()
                with contextlib.suppress(OSError):
                    (place.show / name).mkdir(parents=True)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for arguments in (["build"], ["publish", "--yes", "--no-check"], ["check"]):
            with contextlib.suppress(AssertionError):  # it may fail in any way, as long as nothing is changed outside
                run(place.show, arguments)
    finally:
        stop.set()
        thread.join()
    assert place.snapshot() == before


def test_serve_of_a_hostile_show_starts_and_serves_nothing_from_outside(place):
    import subprocess
    import urllib.request

    run(place.show, ["build"])
    place.link("build/leak.txt", place.outside / "precious.txt")
    place.link("build/leaks", place.outside)
    before = place.snapshot()
    command = [sys.executable, "-m", "podcast_kit", "serve", "--port", "0", "-C", str(place.show)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            url = server.stdout.readline().strip().removesuffix("index.html")
            for name in ("leak.txt", "leaks/precious.txt", "..%2f..%2foutside/precious.txt"):
                with pytest.raises(OSError, match="40"):
                    urllib.request.urlopen(url + name, timeout=60)
        finally:
            server.terminate()
    assert place.snapshot() == before
