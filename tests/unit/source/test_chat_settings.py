"""`announce:` for chats and newsletters: what is read, and secrets that are refused without being shown."""

import pytest

from podcast_kit.source.announcing import network_settings_from_table
from podcast_kit.source.yaml import parse_yaml_table

SECRET = "secret-4711"


def read_settings(block):
    table = parse_yaml_table(f"announce: {block}\n", "podcast.yaml")
    inner = table.table("announce")
    settings = network_settings_from_table(inner)
    inner.finish({})
    return {row.name: (row.text, dict(row.options)) for row in settings}, table.problems


@pytest.mark.parametrize(
    ("block", "settings"),
    [
        ("{discord: {}, slack: {text: hi}}", {"discord": ("", {}), "slack": ("hi", {})}),
        ("{discord: true, slack: false}", {"discord": ("", {})}),
        ("{telegram: {channel: my_show}}", {"telegram": ("", {"channel": "@my_show"})}),
        ("{telegram: {channel: https://t.me/my_show}}", {"telegram": ("", {"channel": "@my_show"})}),
        ("{telegram: {channel: -1001234567890}}", {"telegram": ("", {"channel": "-1001234567890"})}),
        ("{text: all, discord: {}, webhook: {}, buttondown: {}}",
         {"discord": ("all", {}), "webhook": ("", {}), "buttondown": ("", {})}),
        ("{webhook: {body: '{{ url }}', content_type: text/plain}}",
         {"webhook": ("{{ url }}", {"content_type": "text/plain"})}),
    ],
)  # fmt: skip
def test_networks_are_read(block, settings):
    assert read_settings(block) == (settings, [])


@pytest.mark.parametrize(
    ("block", "variable"),
    [
        ("{discord: 'https://discord.com/api/webhooks/1/secret-4711'}", "PODCAST_KIT_DISCORD_WEBHOOK"),
        ("{discord: {url: 'https://discord.com/api/webhooks/1/secret-4711'}}", "PODCAST_KIT_DISCORD_WEBHOOK"),
        ("{slack: {webhook: secret-4711}}", "PODCAST_KIT_SLACK_WEBHOOK"),
        ("{slack: {webhook_url: secret-4711}}", "PODCAST_KIT_SLACK_WEBHOOK"),
        ("{webhook: {url: secret-4711}}", "PODCAST_KIT_WEBHOOK_URL"),
        ("{telegram: {channel: '@my_show', token: secret-4711}}", "PODCAST_KIT_TELEGRAM_TOKEN"),
        ("{telegram: {channel: '123456:secret-4711'}}", "PODCAST_KIT_TELEGRAM_TOKEN"),
        ("{buttondown: {api_key: secret-4711}}", "PODCAST_KIT_BUTTONDOWN_KEY"),
    ],
)
def test_secret_is_refused_with_the_variable_that_it_belongs_into(block, variable):
    _, [problem] = read_settings(block)
    assert problem.code == "key.secret"
    assert variable in problem.fix
    assert problem.location.line == 1
    assert SECRET not in f"{problem.text} {problem.fix}"


@pytest.mark.parametrize(
    ("block", "text", "fix"),
    [
        ("{telegram: {}}", "'channel' is missing in telegram", "add a line"),
        ("{telegram: {channel: a b}}", "is not a channel of Telegram", "@my_show"),
        ("{telegram: {channel: '@my_show', chat_id: 5}}", "'chat_id' is a key of another tool", "use 'channel'"),
        ("{discord: hello}", "discord must be keys and values", "key: value"),
        ("{webhook: {text: x}}", "'text' is a key of another tool", "use 'body'"),
        ("{webhook: {content_type: json}}", "is not a content type", "application/json"),
        ("{buttondown: {text: x}}", "'text' is not used", "theme eject newsletter/body.html"),
        ("{buttondown: {colour: x}}", "unknown key 'colour' in buttondown", "remove it, or begin it with 'x-'"),
    ],
)
def test_mistake_is_explained(block, text, fix):
    _, [problem] = read_settings(block)
    assert text in problem.text
    assert fix in problem.fix
