"""`announce:` in podcast.yaml: accounts and texts, and never a secret."""

import pytest

from podcast_kit.source.announcing import network_settings_from_table
from podcast_kit.source.foreign_keys import FOREIGN_ANNOUNCE_KEYS
from podcast_kit.source.yaml import parse_yaml_table


def read(text):
    table = parse_yaml_table(text, "podcast.yaml")
    inner = table.table("announce")
    settings = network_settings_from_table(inner)
    if inner:
        inner.finish(FOREIGN_ANNOUNCE_KEYS)
    return settings, [(problem.code, problem.location.line, problem.text) for problem in table.problems]


def test_networks_have_their_own_text_or_that_of_all():
    (bluesky, mastodon), problems = read(
        "announce:\n  text: 'New: {{ title }} {{ url }}'\n  bluesky: {account: '@Pod.Example', text: '{{ url }}'}\n"
        "  mastodon: {account: show@social.example, server: https://web.social.example/, visibility: Unlisted}\n"
    )
    assert problems == []
    assert (bluesky.text, bluesky.options) == ("{{ url }}", {"account": "pod.example"})
    assert mastodon.text == "New: {{ title }} {{ url }}"
    assert mastodon.options == {
        "account": "@show@social.example",
        "server": "https://web.social.example",
        "visibility": "unlisted",
    }
    assert read("title: A show\n") == ((), [])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("mastodon: {account: '@a@b.example', token: abc}", "key.secret"),
        ("bluesky: {account: a.example, app_password: abc}", "key.secret"),
        ("token: abc", "key.secret"),
        ("bluesky: https://hooks.example/secret", "key.secret"),
        ("mastodon: {}", "key.missing"),
        ("mastodon:", "key.missing"),
        ("mastodon: {account: ann}", "value.form"),
        ("mastodon: {account: '@a@b.example', server: https://b.example/web}", "value.url"),
        ("mastodon: {account: '@a@b.example', visibility: friends}", "value.choice"),
        ("mastodon: {account: '@a@b.example', instance: b.example}", "key.renamed"),
        ("bluesky: {account: ann}", "value.form"),
        ("text: '{title} {{ url }}'", "value.form"),
        ("mastdon: {account: '@a@b.example'}", "key.unknown"),
    ],
)
def test_wrong_settings_are_reported_at_their_line_and_no_secret_is_shown(line, code):
    _, problems = read(f"announce:\n  {line}\n")
    assert [problem[:2] for problem in problems] == [(code, 2)]
    assert "secret" not in problems[0][2] or "is a secret" in problems[0][2]
    assert "hooks.example" not in problems[0][2]
