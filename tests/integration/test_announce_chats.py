"""`publish` and `announce` with Telegram, Discord, Slack, a webhook and Buttondown at once, and a real S3 server."""

import json
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.announce import api, buttondown, discord
from podcast_kit.cli import cli
from podcast_kit.publish import announcing
from tests.support import canaries, chat_servers, shows

pytestmark = pytest.mark.slow
SLUG = "002-talk"
HOSTILE_TITLE = "@everyone <!channel> <b>x</b> \u202egnp.exe {{ 7*7 }} *star* " + "very long " * 900


@pytest.fixture
def chats(monkeypatch, bucket):
    """The servers, which note what the public feed has when they get a request."""
    monkeypatch.setattr(
        api.ApiCaller.__init__, "__defaults__", (lambda _: None, *api.ApiCaller.__init__.__defaults__[1:])
    )
    trusted = announcing.server_urls
    with chat_servers.serve_chats() as (urls, services):
        for name, value in chat_servers.chat_environment(urls).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(buttondown, "BUTTONDOWN_API", urls["buttondown"])
        monkeypatch.setattr(announcing, "server_urls", lambda *rest: (*trusted(*rest), f"{urls['buttondown']}/"))
        for service in services.values():
            service.read_feed = lambda: urlopen(f"{bucket.url}feed.xml").read()
            service.urls = urls
        yield services
        assert [violation for service in services.values() for violation in service.violations] == []


@pytest.fixture
def show(tmp_path, chats, bucket):
    """A show with one episode that is published, and a new one that is not."""
    folder = shows.small(tmp_path / "show")
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    settings += f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings += f"announce: {{telegram: {{channel: '@pod_news', server: '{chats['telegram'].urls['telegram']}'}}, "
    settings += "discord: {}, slack: {}, webhook: {}, buttondown: {}}\n"
    (folder / "podcast.yaml").write_text(settings)
    publish(folder)
    assert count_requests(chats) == 0, "nothing is announced by a first publish"
    add_new_episode(folder)
    return folder


def add_new_episode(folder, number=2, **front):
    date = datetime.now(UTC) - timedelta(hours=1)
    shows.add(folder, number, date=f"{date:%Y-%m-%dT%H:%M:%SZ}", **front)


def run(folder, *arguments):
    done = CliRunner().invoke(cli, [arguments[0], "-C", str(folder), *arguments[1:]])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def publish(folder, *arguments):
    done = run(folder, "publish", "--yes", "--no-check", *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def count_requests(chats):
    return sum(len(service.requests) for service in chats.values())


def count_posts(chats):
    return {name: len(service.posts) for name, service in chats.items()}


def read_records(bucket):
    with urlopen(f"{bucket.url}.podcast-kit/state.json") as response:
        text = response.read().decode()
    assert canaries.leaks_in_text(text, chat_servers.chat_environment(dict.fromkeys(chat_servers.SERVICES, ""))) == []
    [records] = json.loads(text)["posts"].values()
    return {name: record["status"] for name, record in records.items()}


def test_publish_announces_everywhere_once_the_feed_is_live(show, chats, bucket):
    plan = run(show, "plan").stdout
    assert "announce on Discord (" in plan
    assert "announce on Buttondown draft (" in plan
    assert "  New episode: Talk 2\n" in plan
    assert "  Subject: Talk 2\n  (to read the mail, run `podcast-kit announce 002-talk --mail" in plan
    assert count_requests(chats) == 0
    output = publish(show)
    assert count_posts(chats) == dict.fromkeys(chat_servers.SERVICES, 1)
    assert all(f"/{SLUG}/".encode() in feed for service in chats.values() for feed in service.feeds)
    assert "posted: https://t.me/pod_news/1" in output
    assert "posted: discord:002-talk" in output
    assert read_records(bucket) == dict.fromkeys(sorted(chat_servers.SERVICES), "sent")
    [mail] = chats["buttondown"].posts.values()
    assert (mail["status"], mail["subject"]) == ("draft", "Talk 2")
    assert mail["body"].count("/follow/index.html") == 1
    before = count_requests(chats)
    publish(show, "--refresh")
    assert run(show, "announce", SLUG, "--yes").stderr.endswith("nothing to announce\n")
    assert count_requests(chats) == before


def test_networks_that_fail_stop_neither_the_publish_nor_the_others(show, chats, bucket):
    chats["telegram"].faults = [chat_servers.RATE_LIMITED["telegram"]]
    chats["discord"].faults = [(404, {}, {"message": "Unknown Webhook", "code": 10015})]
    chats["slack"].faults = [None]
    chats["webhook"].faults = [(302, {"Location": "http://evil.example/"}, b"")]
    output = publish(show)
    assert "Discord does not accept PODCAST_KIT_DISCORD_WEBHOOK" in output
    assert "the webhook redirects to 'evil.example'" in output
    assert f"announce {SLUG} --to slack --again" in output
    assert f"announce {SLUG} --to slack --posted" in output
    assert count_posts(chats) == {"telegram": 1, "discord": 0, "slack": 1, "webhook": 0, "buttondown": 1}
    assert read_records(bucket) == {"telegram": "sent", "slack": "intended", "buttondown": "sent"}

    output = publish(show)
    assert "an earlier run got no answer, so it may be on Slack already" in output
    assert count_posts(chats) == dict.fromkeys(chat_servers.SERVICES, 1), "what failed is posted now, and nothing twice"
    done = run(show, "announce", SLUG, "--posted", "--yes")
    assert (done.exit_code, "confirmed: slack:002-talk" in done.output) == (0, True)
    assert read_records(bucket) == dict.fromkeys(sorted(chat_servers.SERVICES), "sent")
    before = count_requests(chats)
    publish(show)
    assert count_requests(chats) == before


def test_network_that_limits_requests_is_not_asked_again_in_the_same_run(show, chats):
    for number in (3, 4):
        add_new_episode(show, number)
    chats["discord"].faults = [chat_servers.RATE_LIMITED["discord"]] * 2
    output = publish(show)
    assert output.count("Discord limits requests: try again in 0 s") == 3
    assert len(chats["discord"].requests) == 2, "the first post, and its repetition after the wait"
    assert count_posts(chats) == {name: 3 * (name != "discord") for name in chat_servers.SERVICES}
    publish(show)
    assert count_posts(chats) == dict.fromkeys(chat_servers.SERVICES, 3)


@pytest.mark.parametrize("is_sent", [False, True])
def test_run_that_was_stopped_while_posting_asks_to_look(show, chats, monkeypatch, is_sent):
    send = discord.DiscordNetwork.send

    def send_and_stop(network, draft):
        if is_sent:
            send(network, draft)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(discord.DiscordNetwork, "send", send_and_stop)
        assert run(show, "publish", "--yes", "--no-check").exit_code == 130
    assert "an earlier run may have posted it" in run(show, "plan").stdout
    assert "it may be on Discord already" in publish(show)
    assert count_posts(chats) == {name: int(name != "discord" or is_sent) for name in chat_servers.SERVICES}
    if not is_sent:
        assert run(show, "announce", SLUG, "--to", "discord", "--again", "--yes").exit_code == 0
    assert count_posts(chats) == dict.fromkeys(chat_servers.SERVICES, 1)


def test_posts_are_changed_and_deleted_where_the_service_can(show, chats, bucket):
    publish(show)
    notes = show / f"episodes/{SLUG}.md"
    notes.write_text(notes.read_text().replace("title: Talk 2", "title: A better title"))
    publish(show)
    done = run(show, "announce", SLUG, "--update", "--yes")
    assert done.exit_code == 0, done.output
    assert "Slack cannot change a post: delete it there, then use --again" in done.stderr
    changed = {name for name, service in chats.items() if "A better title" in str(service.posts)}
    assert changed == {"telegram", "discord", "buttondown"}
    done = run(show, "announce", SLUG, "--withdraw", "--yes")
    assert "webhook cannot delete a post" in done.output
    assert count_posts(chats) == {"telegram": 0, "discord": 0, "slack": 1, "webhook": 1, "buttondown": 0}
    assert [name for name, status in read_records(bucket).items() if status == "withdrawn"] == [
        "buttondown",
        "discord",
        "telegram",
    ]


def test_hostile_title_goes_through_the_whole_program(show, chats):
    (show / f"episodes/{SLUG}.md").unlink()
    add_new_episode(show, slug=SLUG, title=json.dumps(HOSTILE_TITLE, ensure_ascii=False))
    output = publish(show)
    assert count_posts(chats) == dict.fromkeys(chat_servers.SERVICES, 1), output
    assert chats["slack"].mentions == []
    assert "\u202e" not in output + "".join(str(service.posts) for service in chats.values())
    assert "49" not in str(chats["telegram"].posts), "a title is no template"


def test_mail_of_an_episode_is_written_into_a_file(show, chats, bucket, tmp_path):
    path = tmp_path / "talk.eml"
    assert run(show, "announce", SLUG, "--mail", str(path)).exit_code == 0
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert (message["Subject"], message["X-Unsent"], message["To"]) == ("Talk 2", "1", None)
    assert f'src="{bucket.url}episodes/{SLUG}/card.jpg"' in message.get_body(("html",)).get_content()
    assert count_requests(chats) == 0
    first = path.read_bytes()
    run(show, "announce", SLUG, "--mail", str(path))
    assert path.read_bytes() == first
    done = run(show, "announce", SLUG, "--mail", str(path), "--again")
    assert (done.exit_code, "--mail takes one episode and no other option" in done.output) == (2, True)


def test_body_that_is_not_json_stops_before_anything_is_published(show, chats, bucket):
    settings = show / "podcast.yaml"
    settings.write_text(settings.read_text().replace("webhook: {}", "webhook: {body: '{\"a\": {{ title }} }'}"))
    done = run(show, "publish", "--yes", "--no-check")
    assert done.exit_code == 1
    assert "podcast.yaml:" in done.output
    assert "the body of the webhook is not valid JSON" in done.output
    assert count_requests(chats) == 0
    with urlopen(f"{bucket.url}feed.xml") as response:
        assert SLUG.encode() not in response.read()
