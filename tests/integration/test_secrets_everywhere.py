"""No secret is in anything that a command writes: console, JSON, CI summaries, lock, plans, state, public files."""

import itertools
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from podcast_kit.announce import buttondown, podping
from podcast_kit.announce.networks import list_secret_variables
from podcast_kit.cli import cli
from podcast_kit.publish import announcing
from tests.support import chat_servers, members_shows, seaweed, shows

BEFORE = "2030-01-01T08:00"
SUBSCRIBER = "Annegret Zeisig"
PASSWORD = "hunter2-of-the-old-host"
DETAILS = ("-v", "--json")
SECRET_MEDIA = r"media/[a-z2-7]{32}"
"""Where the files of members' episodes are."""
NOT_RUN = {
    "serve": "does not end by itself; its pages are the build's",
    "help": "reads no show",
    "completion": "reads no show",
}


NETWORKS = """
announce:
  telegram: {{channel: '@pod_news', server: '{url}'}}
  discord: {{}}
  slack: {{}}
  webhook: {{}}
  buttondown: {{}}
  mastodon: {{account: '@show@social.example', server: '{url}'}}
  bluesky: {{account: pod.example, pds: '{url}'}}
podping: true
"""
TOKENS = {
    "PODCAST_KIT_MASTODON_TOKEN": "mastodon-token-of-the-show",
    "PODCAST_KIT_BLUESKY_PASSWORD": "qwer-tyui-opas-dfgh",
    "PODCAST_KIT_WEBHOOK_TOKEN": "bearer-of-the-webhook",
    "PODCAST_KIT_PODPING_TOKEN": "podping-token-of-the-show",
}


class TellTale(BaseHTTPRequestHandler):
    """Refuses every request, with everything that came with it as the reason."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        reason = f"{self.headers.get('Authorization', '')} {self.path} {body}"
        data = json.dumps({"error": reason, "message": reason, "description": reason, "detail": reason}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  # http.server's own naming

    def log_message(self, *_):
        pass


@pytest.fixture
def tell_tale(monkeypatch):
    """The address of a server that tells in its answers what it was sent."""
    with ThreadingHTTPServer(("127.0.0.1", 0), TellTale) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        trusted = announcing.server_urls
        monkeypatch.setattr(announcing, "server_urls", lambda *rest: (*trusted(*rest), f"{url}/"))
        monkeypatch.setattr(buttondown, "BUTTONDOWN_API", url)
        monkeypatch.setattr(podping, "PODPING_SERVER", f"{url}/podping/")
        yield url
        server.shutdown()


@pytest.fixture
def show(tmp_path, bucket, tell_tale, monkeypatch):
    """A show with a private feed, an episode that is uploaded early, networks, and credentials in the environment."""
    environment = chat_servers.chat_environment(dict.fromkeys(chat_servers.SERVICES, tell_tale)) | TOKENS
    assert {*list_secret_variables(), podping.PODPING_TOKEN_VARIABLE} == environment.keys(), "every secret is tested"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = shows.small(tmp_path / "show", episodes=2)
    shows.add(folder, 3, date="2030-01-02 08:00")
    members_shows.add_members_episodes(folder)
    yaml = folder / "podcast.yaml"
    target = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}"
    yaml.write_text(re.sub(r"publish: .*", target, yaml.read_text()) + NETWORKS.format(url=tell_tale))
    return folder


def arguments_by_command(show, tmp_path):
    """For each command, in an order that a show lives through, the arguments of each run."""
    recording = str(show / "episodes/001-talk.mp3")
    old_feed = f"http://listener:{PASSWORD}@127.0.0.1:9/feed.xml?token={PASSWORD}"
    at = ("--at", BEFORE)
    new_show = ("--title", "New", "--author", "Ann", "--email", "a@pod.example", "--url", "https://pod.example/")
    return {
        "private": [(), ("--estimate",), ("--renew", SUBSCRIBER), ("--rekey",)],
        "init": [(str(tmp_path / "new-show"), *new_show)],
        "new": [("A talk that comes later",)],
        "keys": [()],
        "config": [("--origin",)],
        "explain": [("au.later",)],
        "theme": [("list",)],
        "check": [at],
        "build": [at],
        "plan": [(*at, "--ahead"), at, (*at, "--out", str(tmp_path / "friday.plan"))],
        "publish": [(*at, "--ahead", "--dry-run"), (*at, "--ahead", "--yes"), (*at, "--yes")],
        "status": [at],
        "verify": [(*at, "--full")],
        "doctor": [()],
        "inspect": [(recording,)],
        "loudness": [(recording,)],
        "share": [("1", *at)],
        "stats": [("setup",), ()],
        "comments": [()],
        "announce": [
            (),
            ("1", "--dry-run"),
            ("1", "--yes"),
            ("1", "--again", "--yes"),
            ("1", "--withdraw", "--yes"),
            ("1", "--mail", str(tmp_path / "1.eml")),
        ],
        "pull": [()],
        "cut": [(recording, "--to", "0:02", "--out", str(tmp_path / "cut.mp3"))],
        "import": [(old_feed, str(tmp_path / "imported"))],
        "unpublish": [("2", "--yes")],
        "rollback": [("--list",), ("--yes",)],
        "prune": [("--dry-run",)],
        "export": [
            (*(("--format", name)), "--output", str(tmp_path / f"export-{name}"))
            for name in ("rss", "podlove", "castopod", "hugo", "zip")
        ],
        "move": [("https://old.example/feed.xml?token=" + PASSWORD,), ("--to", "https://new.example/feed.xml")],
    }


def secrets_of(show):
    """Everything that must not be shown, by its name."""
    done = CliRunner().invoke(cli, ["private", "-C", str(show), "--json"], env={"CI": ""})
    [subscriber] = json.loads(done.stdout)["subscribers"]
    return {
        "token": subscriber["feed"].rpartition("/")[2].removesuffix(".xml"),
        "key": (show / "subscribers.key").read_text().strip(),
        "S3 key": seaweed.SECRET_KEY,
        "password": PASSWORD,
        "name": SUBSCRIBER,
        "telegram": chat_servers.TELEGRAM_TOKEN,
        "discord": chat_servers.DISCORD_PATH,
        "slack": chat_servers.SLACK_PATH,
        "webhook": chat_servers.WEBHOOK_PATH,
        "buttondown": chat_servers.BUTTONDOWN_KEY,
        **TOKENS,
    }


def test_every_command_is_run_or_left_out_with_a_reason(show, tmp_path):
    assert arguments_by_command(show, tmp_path).keys() | NOT_RUN.keys() == set(cli.commands)


@pytest.mark.parametrize("pipeline", ["shell", "github"])
def test_no_output_of_any_command_has_a_secret(show, tmp_path, bucket, s3, pipeline):
    environment = {"CI": ""}
    if pipeline == "github":
        environment = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    added = CliRunner().invoke(cli, ["private", "-C", str(show), "--add", SUBSCRIBER], env={"CI": ""})
    assert added.exit_code == 0, added.output
    secrets = secrets_of(show)
    written, failed = {}, set()
    for command, runs in arguments_by_command(show, tmp_path).items():
        for arguments, detail in itertools.product(runs, DETAILS):
            done = CliRunner().invoke(cli, [command, "-C", str(show), *arguments, detail], env=environment)
            assert done.exception is None or isinstance(done.exception, SystemExit), done.output
            failed |= {command} if detail == "-v" and done.exit_code else set()
            lines = (line for line in done.output.splitlines() if not line.startswith("::add-mask::"))
            written[f"{command} {' '.join((*arguments, detail))}"] = "\n".join(lines).encode()
    # Neither old feed answers; there is neither TLS nor CORS; every network refuses.
    assert failed == {"import", "move", "doctor", "announce"}
    client = s3.client()
    written = {command: text for command, text in written.items() if not command.startswith("private ")}
    objects = [item["Key"] for item in client.list_objects_v2(Bucket=bucket.name)["Contents"]]
    assert {"feed.xml", ".podcast-kit/state.json"} <= set(objects)
    public = {key: client.get_object(Bucket=bucket.name, Key=key)["Body"].read() for key in objects}
    client.close()
    written |= {f"store: {key}": body for key, body in public.items() if not key.startswith("private/")}
    local = {".podcast-kit/", "subscribers.txt", "subscribers.key"}
    assert {f"/{name}" for name in local} <= set((tmp_path / "new-show/.gitignore").read_text().split())
    committed = {path: body for path, body in shows.tree(show).items() if not path.startswith(tuple(local))}
    written |= {f"show: {path}": body for path, body in committed.items() if not path.startswith("build/private/")}
    written |= {f"beside: {path.name}": path.read_bytes() for path in tmp_path.glob("*") if path.is_file()}
    early = re.search(r"media/([0-9a-f]{16})/003-talk.mp3", (show / "podcast.lock").read_text())
    assert early
    own = re.compile(rf"(show: (build/)?|store: )({SECRET_MEDIA}|episodes/008-)")
    tokens = set(re.findall(SECRET_MEDIA, " ".join(written)))
    assert len(tokens) >= 6, "audio, chapters and transcripts of two episodes"
    for_members = {token: token for token in tokens} | {"members' episode": members_shows.MEMBERS_ONLY}
    shown = {place: body for place, body in written.items() if not own.match(place)}
    assert [
        (name, place) for name, word in for_members.items() for place, body in shown.items() if word.encode() in body
    ] == []
    for name in ("Telegram", "Discord", "Slack", "the webhook", "Buttondown"):
        assert f"{name} answers 400: " in written["announce 1 --yes -v"].decode(), "it tells what it was sent"
    found = [
        (name, place)
        for name, secret in (secrets | {"early address": early[1]}).items()
        for place, body in written.items()
        if secret.encode() in body and not (name == "password" and PASSWORD in place)
        if (name, place) != ("early address", "show: podcast.lock")  # check says that the repository must be private
    ]
    assert found == []
