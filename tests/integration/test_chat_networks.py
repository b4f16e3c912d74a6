"""Telegram, Discord, Slack, any webhook and Buttondown: posts within their limits, and what goes wrong, in words."""

import html
import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from podcast_kit.announce import api, buttondown, newsletter, telegram
from podcast_kit.announce.api import PostError
from podcast_kit.announce.networks import Draft, load_network_class, server_urls
from podcast_kit.errors import SourceLocation
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import NetworkSettings, PostRecord, PostStatus
from podcast_kit.site.announcement import AnnouncedEpisode, fit_announcement
from podcast_kit.site.i18n import load_translations
from podcast_kit.source.yaml import InvalidValue
from tests.support import chat_servers, slow_servers
from tests.support.site_factories import make_episode, make_item, make_show

CHATS = ("telegram", "discord", "slack", "webhook", "buttondown")
URL = "https://pod.example/episodes/001-one_two/index.html"
EPISODE = AnnouncedEpisode(title="Apples", summary="About apples.", url=URL, show="Pod", tags=("fruit",))
HOSTILE_TITLES = {
    "mention": "@everyone @here <!channel> <!here> <@U123> <@&5> #general",
    "markup": "<b>bold</b> *star* __init__ ||hidden|| [x](https://evil.example) `code` > # & \\",
    "direction": "Safe \u202egnp.exe\u202c \u2066x\u2069",
    "endless": "Pears and apples. " * 600,
    "emoji": "👨‍👩‍👧 " * 3000,
    "json": '"}, "x": {"y": "\\u0000\n\t',
    "template": "{{ 7 * 7 }} {% raw %} {# x #}",
}


@pytest.fixture
def waits(monkeypatch):
    seconds = []
    monkeypatch.setattr(api.time, "sleep", seconds.append)
    monkeypatch.setattr(
        api.ApiCaller.__init__, "__defaults__", (seconds.append, *api.ApiCaller.__init__.__defaults__[1:])
    )
    return seconds


@pytest.fixture
def chats(monkeypatch, waits):  # noqa: ARG001  # nothing waits
    with chat_servers.serve_chats() as (urls, services):
        monkeypatch.setattr(telegram, "TELEGRAM_API", urls["telegram"])
        monkeypatch.setattr(buttondown, "BUTTONDOWN_API", urls["buttondown"])
        with ExitStack() as stack:
            yield Chats(urls, services, stack)
        assert [violation for service in services.values() for violation in service.violations] == []


class Chats:
    """The networks of a show, which post to the servers."""

    def __init__(self, urls, services, stack):
        self.urls, self.services, self.stack = urls, services, stack
        self.environment = chat_servers.chat_environment(urls)
        self.secrets = [part for value in self.environment.values() for part in (value, urlsplit(value).path)]

    def open(self, name, text="", **options):
        options = {"channel": "@pod_news", **options} if name == "telegram" else options
        settings = NetworkSettings(name=name, text=text, options=options)
        trusted = (
            *server_urls((settings,), self.environment),
            f"{telegram.TELEGRAM_API}/",
            f"{self.urls['buttondown']}/",
        )
        http = self.stack.enter_context(HttpClient(NetworkPolicy.trust(*trusted)))
        return load_network_class(name)(settings, http, self.environment)

    def compose(self, network, tmp_path, **episode):
        announced = replace(EPISODE, **episode)
        if network.is_mail:
            return make_draft(text=compose_mail(announced, tmp_path))
        template = network.settings.text or network.default_text
        translations = load_translations("en", "UTC", tmp_path)
        text = fit_announcement(
            template, SourceLocation("podcast.yaml"), announced, translations, network.accepts, network.escape
        )
        network.require_valid_text(text)
        return make_draft(title=announced.title[:200], text=text)


def compose_mail(announced, folder):
    content = f"<p>{html.escape(announced.summary)}</p>"
    item = make_item(episode=make_episode(title=announced.title), url=announced.url, content=content)
    return newsletter.mail_text(newsletter.compose_newsletter(make_show(), item, folder=folder))


def make_draft(**values):
    defaults = {
        "guid": "guid-1",
        "slug": "001-one",
        "title": "Apples",
        "summary": "About apples.",
        "url": URL,
        "show_guid": "show-1",
        "language": "en",
        "date": datetime(2026, 1, 5, tzinfo=UTC),
        "text": f"New episode: Apples\n\n{URL}",
    }
    return Draft(**{**defaults, **values})


def make_record(sent):
    return PostRecord(status=PostStatus.SENT, at="2026-01-05T00:00:00+00:00", id=sent.id, uri=sent.uri, url=sent.url)


@pytest.mark.parametrize("name", CHATS)
def test_post_arrives_as_it_was_composed(chats, tmp_path, name):
    network = chats.open(name)
    draft = chats.compose(network, tmp_path)
    sent = network.send(draft)
    ((method, _, headers, body),) = chats.services[name].requests
    assert method == "POST"
    assert headers["Content-Type"] == "application/json"
    assert URL in body.decode()
    assert not any(secret in f"{sent}" for secret in chats.secrets)
    assert sent.url == ("https://t.me/pod_news/1" if name == "telegram" else "")


def test_default_texts(chats, tmp_path):
    texts = {name: chats.compose(chats.open(name), tmp_path).text for name in ("telegram", "discord", "slack")}
    assert set(texts.values()) == {f"New episode: Apples\n\nAbout apples.\n\n{URL}\n\n#Fruit"}
    assert json.loads(chats.compose(chats.open("webhook"), tmp_path).text) == {
        "show": "Pod",
        "title": "Apples",
        "summary": "About apples.",
        "url": URL,
        "tags": ["fruit"],
        "text": f"New episode: Apples\n\n{URL}",
    }


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("C# and *args, __init__ and ~x~", "C# and \\*args, \\_\\_init\\_\\_ and \\~x\\~"),
        ("# Big", "\\# Big"),
        ("-# Small", "\\-# Small"),
        ("> Said", "\\> Said"),
        ("#1 - what > why", "#1 - what > why"),
        ("||spoiler|| `code` :smile: at 10:30:00", "\\|\\|spoiler\\|\\| \\`code\\` \\:smile: at 10\\:30:00"),
        ("[x](https://evil.example/a_b_c) <@1> <t:1>", "\\[x\\](https://evil.example/a_b_c) \\<@1> \\<t:1>"),
    ],
)
def test_title_is_shown_on_discord_as_it_is_written(chats, title, shown):
    assert chats.open("discord").escape(title) == shown


@pytest.mark.parametrize("title", HOSTILE_TITLES.values(), ids=HOSTILE_TITLES)
@pytest.mark.parametrize("name", CHATS)
def test_hostile_title_is_posted_within_the_limit_and_notifies_nobody(chats, tmp_path, name, title):
    network = chats.open(name)
    draft = chats.compose(network, tmp_path, title=title, summary=title)
    network.send(draft)
    service = chats.services[name]
    (post,) = service.posts.values()
    assert URL in str(post)
    assert "\u202e" not in str(post)
    assert not network.max_len or network.measure(draft.text) <= network.max_len
    assert name != "slack" or service.mentions == []
    assert name != "webhook" or json.loads(post[3])["url"] == URL
    assert name != "buttondown" or not any(tag in post["body"] + post["subject"] for tag in ("{{", "{%", "{#"))


def test_text_of_exactly_the_limit_is_accepted_and_one_more_is_not(chats):
    for name, limit in (("telegram", 4096), ("discord", 2000), ("slack", 4000)):
        network = chats.open(name)
        assert network.accepts("🍎" * (limit // 2))
        assert not network.accepts("🍎" * (limit // 2) + "x")
        network.send(make_draft(text="🍎" * (limit // 2)))


@pytest.mark.parametrize("name", ["telegram", "discord", "buttondown"])
def test_post_is_edited_and_withdrawn(chats, name):
    network, service = chats.open(name), chats.services[name]
    record = make_record(network.send(make_draft()))
    network.update(record, make_draft(text="Corrected."))
    network.update(record, make_draft(text="Corrected."))
    assert "Corrected." in str(service.posts)
    network.withdraw(record)
    assert not service.posts
    network.withdraw(record)  # it is gone already
    assert "notifies" not in str(service.violations)


@pytest.mark.parametrize(("name", "label"), [("slack", "Slack"), ("webhook", "webhook")])
def test_networks_that_name_no_post_say_that_they_cannot_change_it(chats, name, label):
    network = chats.open(name)
    record = make_record(network.send(make_draft()))
    with pytest.raises(PostError, match=f"{label} cannot change a post"):
        network.update(record, make_draft())
    with pytest.raises(PostError, match=f"{label} cannot delete a post"):
        network.withdraw(record)


def test_mail_that_was_sent_by_a_person_is_neither_changed_nor_deleted(chats):
    network, service = chats.open("buttondown"), chats.services["buttondown"]
    sent = network.send(make_draft())
    service.posts[sent.id]["status"] = "sent"
    for change in (
        lambda: network.update(make_record(sent), make_draft()),
        lambda: network.withdraw(make_record(sent)),
    ):
        with pytest.raises(PostError, match="not a draft any more"):
            change()
    assert service.posts[sent.id]["status"] == "sent"


def test_draft_of_an_interrupted_run_is_found_again(chats):
    network = chats.open("buttondown")
    assert network.find_sent(make_draft()) is None
    sent = network.send(make_draft())
    network.send(make_draft(url=f"{URL}?other"))
    assert network.find_sent(make_draft()).id == sent.id


@pytest.mark.parametrize("name", CHATS)
def test_short_rate_limit_is_waited_for_once(chats, waits, name):
    limited = chat_servers.RATE_LIMITED[name]
    chats.services[name].faults = [limited]
    chats.open(name).send(make_draft())
    assert len(waits) == 1
    assert 0 < waits[0] <= 1
    chats.services[name].faults = [limited, limited]
    with pytest.raises(PostError, match=r"limits requests: try again in [01] s") as caught:
        chats.open(name).send(make_draft())
    assert not caught.value.is_doubtful
    assert len(chats.services[name].posts) == 1


@pytest.mark.parametrize("name", CHATS)
def test_long_rate_limit_is_reported_and_not_waited_for(chats, waits, name):
    chats.services[name].faults = [(429, {}, {"retry_after": 3600, "parameters": {"retry_after": 3600}})]
    with pytest.raises(PostError, match="limits requests: try again in 60 min"):
        chats.open(name).send(make_draft())
    assert waits == []


@pytest.mark.parametrize("name", CHATS)
def test_wrong_secret_is_explained_without_showing_it(chats, name):
    variable = chats.open(name).secret_variables[0]
    wrong = {
        "PODCAST_KIT_TELEGRAM_TOKEN": "987654321:AAF-wrong-token-of-another-test-bot2",
        "PODCAST_KIT_BUTTONDOWN_KEY": "wrong-key-7777",
    }.get(variable, chats.environment[variable].rpartition("/")[0].replace("webhooks", "other") + "/wrong-secret-7777")
    chats.environment[variable] = wrong
    with pytest.raises(PostError) as caught:
        chats.open(name).send(make_draft())
    message = f"{caught.value.text} {caught.value.fix}"
    assert name == "webhook" or variable in message
    assert "wrong" not in message.replace("it is wrong", "")
    assert not caught.value.is_doubtful


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("PODCAST_KIT_TELEGRAM_TOKEN", "../../secret-4711", "is not the token of a bot"),
        ("PODCAST_KIT_DISCORD_WEBHOOK", "discord-secret-4711", "is not a web address"),
        ("PODCAST_KIT_SLACK_WEBHOOK", "http://hooks.example/secret-4711", "starts with http://"),
        ("PODCAST_KIT_SLACK_WEBHOOK", "https://[secret-4711", "is not a web address"),
        ("PODCAST_KIT_WEBHOOK_URL", "ftp://hooks.example/secret-4711", "is not a web address"),
        ("PODCAST_KIT_WEBHOOK_URL", "https://hooks.example/secret-4711\r\nx", "has characters that it cannot have"),
    ],
)
def test_secret_of_another_form_is_refused_before_anything_is_sent(chats, variable, value, reason):
    name = next(name for name in CHATS if variable in chats.open(name).secret_variables)
    chats.environment[variable] = value
    network = chats.open(name)
    with pytest.raises(PostError, match=reason) as caught:
        network.send(make_draft())
    assert "4711" not in f"{caught.value.text} {caught.value.fix}"
    assert chats.services[name].requests == []


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize(
    ("fault", "is_doubtful", "reason"),
    [
        (None, True, "does not answer correctly"),
        ((500, {}, b"<html>Oops</html>"), True, "answers 500"),
        ((302, {"Location": "http://evil.example/x"}, b""), False, "redirects to 'evil.example'"),
        ((400, {}, b"<html>no</html>"), False, "answers 400"),
    ],
)
def test_fault_is_explained_and_doubt_is_told_from_failure(chats, name, fault, is_doubtful, reason):
    service = chats.services[name]
    service.faults = [fault]
    with pytest.raises(PostError, match=reason) as caught:
        chats.open(name).send(make_draft())
    assert caught.value.is_doubtful == is_doubtful
    assert len(service.requests) == 1
    assert not any(secret in f"{caught.value.text} {caught.value.fix}" for secret in chats.secrets if len(secret) > 1)


@pytest.mark.parametrize("name", ["telegram", "discord", "buttondown"])
@pytest.mark.parametrize(
    "answer", [b"<html>a portal</html>", b"[]", b"{}", b'{"id": 5, "result": {"message_id": "x"}}']
)
def test_answer_that_names_no_post_is_doubtful(chats, name, answer):
    chats.services[name].faults = [(200, {}, answer)]
    with pytest.raises(PostError) as caught:
        chats.open(name).send(make_draft())
    assert caught.value.is_doubtful


def test_host_that_is_down_is_no_doubt(chats):
    with slow_servers.refused_url() as url:
        chats.environment["PODCAST_KIT_WEBHOOK_URL"] = f"{url}hook"
        with pytest.raises(PostError, match="the webhook refuses the connection") as caught:
            chats.open("webhook").send(make_draft())
    assert not caught.value.is_doubtful


def test_known_reasons_of_refusals_have_a_fix(chats):
    chats.services["slack"].faults = [(410, {}, b"channel_is_archived")]
    with pytest.raises(PostError, match="Slack answers 410: channel_is_archived") as caught:
        chats.open("slack").send(make_draft())
    assert caught.value.fix == "restore the channel, or create a webhook for another one"
    with pytest.raises(PostError, match="Telegram knows no channel @other") as caught:
        chats.open("telegram", channel="@other").send(make_draft())
    assert "administrator" in caught.value.fix


def test_message_of_a_private_channel_has_no_address(chats):
    assert chats.open("telegram", channel="-100123").send(make_draft()).url == ""


def test_webhook_of_a_discord_thread_keeps_its_parameter(chats):
    chats.environment["PODCAST_KIT_DISCORD_WEBHOOK"] += "/?thread_id=77"
    network = chats.open("discord")
    record = make_record(network.send(make_draft()))
    network.withdraw(record)
    assert [path.partition("secret")[2] for _, path, _, _ in chats.services["discord"].requests] == [
        "?thread_id=77&wait=true",
        "/messages/1?thread_id=77",
    ]


def test_webhook_sends_the_body_of_the_show_with_its_type_and_token(chats, tmp_path):
    chats.environment["PODCAST_KIT_WEBHOOK_TOKEN"] = "token-1"
    body = '{"msg": "{{ title }} – {{ url }}", "all": {{ tags | tojson }}, "n": {{ number or "null" }}}'
    network = chats.open("webhook", body, content_type="application/vnd.x+json")
    network.send(chats.compose(network, tmp_path, title='A "quote" \\ <b>', tags=('a"b',)))
    network = chats.open("webhook", "title={{ title | urlencode }}", content_type="application/x-www-form-urlencoded")
    network.send(chats.compose(network, tmp_path, title='A "quote" & more'))
    first, second = chats.services["webhook"].posts.values()
    assert first[:3] == ("POST", "application/vnd.x+json", "Bearer token-1")
    assert json.loads(first[3]) == {"msg": f'A "quote" \\ <b> – {URL}', "all": ['a"b'], "n": None}
    assert second[1:] == ("application/x-www-form-urlencoded", "Bearer token-1", "title=A%20%22quote%22%20%26%20more")


def test_webhook_with_a_login_sends_it_as_a_header(chats):
    chats.environment["PODCAST_KIT_WEBHOOK_URL"] = chats.environment["PODCAST_KIT_WEBHOOK_URL"].replace(
        "//", "//me:p%40ss@"
    )
    chats.open("webhook").send(make_draft())
    ((_, path, headers, _),) = chats.services["webhook"].requests
    assert (path, headers["Authorization"]) == (chat_servers.WEBHOOK_PATH, "Basic bWU6cEBzcw==")


def test_body_that_is_not_json_is_refused(chats, tmp_path):
    with pytest.raises(InvalidValue, match="is not valid JSON at line 1") as caught:
        chats.compose(chats.open("webhook", '{"title": {{ title }} }'), tmp_path)
    assert "tojson" in caught.value.fix


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://chat.corp.example/hooks/x?y=//z", "https://chat.corp.example/"),
        ("http://me:p@ss@n8n.lan:5678?x", "http://n8n.lan:5678/"),
        ("https://[broken/x", "https://[broken/"),
    ],
)
def test_webhook_may_be_on_the_own_network_and_nothing_else_of_it(url, origin):
    settings = (NetworkSettings(name="webhook"),)
    assert server_urls(settings, {"PODCAST_KIT_WEBHOOK_URL": url, "PODCAST_KIT_SLACK_WEBHOOK": url}) == (origin,)
