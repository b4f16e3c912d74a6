"""Reads `announce:` in podcast.yaml: the networks on which new episodes are announced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from podcast_kit.model import NetworkSettings
from podcast_kit.source.foreign_keys import (
    FOREIGN_BUTTONDOWN_KEYS,
    FOREIGN_HOOK_KEYS,
    FOREIGN_NETWORK_KEYS,
    FOREIGN_TELEGRAM_KEYS,
    FOREIGN_WEBHOOK_KEYS,
)
from podcast_kit.source.yaml import ForeignKey, InvalidValue, Table, converters

MASTODON_VISIBILITIES = ("public", "unlisted", "private", "direct")
_FEDIVERSE_ACCOUNT = re.compile(r"@?([\w.-]+)@([\w.-]+\.[\w-]+|localhost)(?::[0-9]+)?")


@dataclass(frozen=True, slots=True)
class NetworkKeys:
    """The keys of a network, besides `text`."""

    required: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    optional: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    text_key: str = "text"
    """The key of the text's template; empty if there is none."""
    uses_common_text: bool = True
    """Whether `announce: text:` is used where the network has no text of its own."""
    variable: str = ""
    """The environment variable with what must not be in podcast.yaml."""
    foreign: Mapping[str, ForeignKey] = field(default_factory=dict)
    """Other keys, each with what to use instead."""

    def foreign_keys(self) -> dict[str, ForeignKey]:
        """Keys of other tools, with a fix for each; that for a secret names its variable."""
        rows = {**FOREIGN_NETWORK_KEYS, **self.foreign}
        if not self.variable:
            return rows
        fix = f"set {self.variable} in the environment instead"
        return {key: replace(row, fix=fix) if row.code == "key.secret" else row for key, row in rows.items()}


def network_settings_from_table(inner: Table | None) -> tuple[NetworkSettings, ...]:
    """The networks in the table `announce:`, each with its text; problems go to the table."""
    if inner is None:
        return ()
    text = inner.optional("text", _to_text_template, "")
    networks = []
    for name, keys in NETWORK_KEYS.items():
        entry = _network_table(inner, name, keys)
        if entry is None:
            continue
        own_text = entry.optional(keys.text_key, _to_text_template, "") if keys.text_key else ""
        options = {key: entry.required(key, convert, "") for key, convert in keys.required.items()}
        options |= {key: entry.optional(key, convert, "") for key, convert in keys.optional.items()}
        entry.finish(keys.foreign_keys())
        text_location = entry.locations.get(keys.text_key) or inner.locations.get("text") or entry.location
        networks.append(
            NetworkSettings(
                name=name,
                text=own_text or (text if keys.uses_common_text else ""),
                options={key: option for key, option in options.items() if option},
                location=entry.location,
                text_location=text_location,
            )
        )
    return tuple(networks)


def _network_table(table: Table, name: str, keys: NetworkKeys) -> Table | None:
    """The mapping of a network, which may be empty or `true`; None if it is left out, `false` or something else."""
    value = table.value(name)
    if value is None:
        written = table.entries.get(name)
        return Table(written.location, {}, table.problems, name) if written else None
    if isinstance(value.content, str) and "://" in value.content:
        secret = keys.foreign_keys()["url"]
        table.error(value.location, f"{name}: a URL here {secret.text}", secret.fix, secret.code)
        return None
    if isinstance(value.content, str) and value.content.lower() in {"true", "yes", "on"}:
        return Table(value.location, {}, table.problems, name)
    if isinstance(value.content, str) and value.content.lower() in {"false", "no", "off"}:
        return None
    return table.nested(value, name)


def _to_text_template(raw: str) -> str:
    """A Jinja template; that of a prompt, with single braces, would be posted as it is."""
    text = converters.to_text(raw)
    if match := re.search(r"(?<!\{)\{(\w+)\}(?!\})", text):
        fix = f"write {{{{ {match[1]} }}}}"
        raise InvalidValue(f"{match[0]} is not a placeholder here", fix, "value.form")
    return text


def _to_fediverse_account(raw: str) -> str:
    text = converters.to_line(raw)
    if not _FEDIVERSE_ACCOUNT.fullmatch(text):
        fix = 'write user and server, in quotes: "@show@social.example"'
        raise InvalidValue(f"{converters.quote_value(raw)} is not an account on Mastodon", fix, "value.form")
    return "@" + text.removeprefix("@")


def _to_telegram_channel(raw: str) -> str:
    text = converters.to_line(raw)
    name = re.sub(r"^(?:https?://)?t\.me/", "", text).strip("/@")
    if re.match(r"[0-9]+:", name):
        fix = "set PODCAST_KIT_TELEGRAM_TOKEN in the environment instead, and write the name of the channel here"
        raise InvalidValue("the token of a bot is a secret and must not be committed", fix, "key.secret")
    if re.fullmatch(r"-[0-9]{5,20}", name):
        return name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{3,31}", name):
        fix = 'write its name in quotes, such as "@my_show", or the number of a private one, such as "-1001234567890"'
        raise InvalidValue(f"{converters.quote_value(raw)} is not a channel of Telegram", fix, "value.form")
    return f"@{name}"


def _to_content_type(raw: str) -> str:
    text = converters.to_line(raw)
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(?:; ?charset=utf-8)?", text, re.IGNORECASE):
        fix = "write a type such as application/json or text/plain"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a content type", fix, "value.form")
    return text


def _to_bluesky_account(raw: str) -> str:
    text = converters.to_line(raw).removeprefix("@").lower()
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?", text):
        fix = "write the handle, such as show.bsky.social or pod.example"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a handle of Bluesky", fix, "value.form")
    return text


def _to_server_url(raw: str) -> str:
    url = converters.to_base_url(raw)
    if url.count("/") > 3:  # noqa: PLR2004 - https://host/
        text = f"{converters.quote_value(raw)} has a path"
        raise InvalidValue(text, "write only the server, such as https://social.example", "value.url")
    return url.rstrip("/")


def _to_mastodon_visibility(raw: str) -> str:
    word = converters.to_line(raw).lower()
    if word not in MASTODON_VISIBILITIES:
        fix = f"use one of {', '.join(MASTODON_VISIBILITIES)}"
        raise InvalidValue(f"{converters.quote_value(raw)} is not a visibility of Mastodon", fix, "value.choice")
    return word


NETWORK_KEYS: Mapping[str, NetworkKeys] = MappingProxyType(
    {
        "bluesky": NetworkKeys(required={"account": _to_bluesky_account}, optional={"pds": _to_server_url}),
        "mastodon": NetworkKeys(
            required={"account": _to_fediverse_account},
            optional={"server": _to_server_url, "visibility": _to_mastodon_visibility},
        ),
        "telegram": NetworkKeys(
            required={"channel": _to_telegram_channel},
            optional={"server": _to_server_url},
            variable="PODCAST_KIT_TELEGRAM_TOKEN",
            foreign=FOREIGN_TELEGRAM_KEYS,
        ),
        "discord": NetworkKeys(variable="PODCAST_KIT_DISCORD_WEBHOOK", foreign=FOREIGN_HOOK_KEYS),
        "slack": NetworkKeys(variable="PODCAST_KIT_SLACK_WEBHOOK", foreign=FOREIGN_HOOK_KEYS),
        "webhook": NetworkKeys(
            optional={"content_type": _to_content_type},
            text_key="body",
            uses_common_text=False,
            variable="PODCAST_KIT_WEBHOOK_URL",
            foreign=FOREIGN_WEBHOOK_KEYS,
        ),
        "buttondown": NetworkKeys(
            text_key="",
            uses_common_text=False,
            variable="PODCAST_KIT_BUTTONDOWN_KEY",
            foreign=FOREIGN_BUTTONDOWN_KEYS,
        ),
    }
)
"""Network → its keys; a new network is a row here, in core_keys, and in announce.networks."""
