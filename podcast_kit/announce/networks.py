"""The networks on which episodes are announced: what each one must be able to do, and which class does it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from podcast_kit.announce.api import PostError
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import NetworkSettings, PostRecord
from podcast_kit.site.announcement import DEFAULT_TEXT
from podcast_kit.text.graphemes import count_graphemes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is posted about an episode on one network."""

    guid: str
    slug: str
    title: str
    summary: str
    url: str
    """Of the episode's page."""
    show_guid: str
    language: str
    """As in podcast.yaml, such as `en` or `pt-BR`."""
    date: datetime
    """The episode's."""
    text: str = ""
    """The very text that is posted."""
    post_id: str = ""
    """The id that `choose_id` chose for the post; empty where the network chooses it."""
    attempt: int = 1
    """Part of the key by which a network tells a repeated request from a second post."""
    intended_at: datetime | None = None
    """When the post was first intended; None before that."""
    card: Path | None = None
    """The episode's social card on this computer, a JPEG file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPost:
    """A post as its network knows it."""

    id: str
    uri: str = ""
    """What podcast:socialInteract names; empty on networks that it does not know."""
    url: str = ""
    """Its web address; empty if it has none."""


class Network(ABC):
    """A network with the show's account on it; whatever goes wrong is raised as PostError."""

    name: ClassVar[str]
    """The key under `announce:`."""
    label: ClassVar[str]
    """Its name for people."""
    secret_variables: ClassVar[tuple[str, ...]]
    """The environment variables that it needs; their values are shown nowhere."""
    optional_variables: ClassVar[tuple[str, ...]] = ()
    """Environment variables with secrets that it can do without."""
    secret_fix: ClassVar[str]
    """Where to get what the variables hold."""
    can_repeat: ClassVar[bool]
    """Whether sending the same draft twice gives one post, so that a post in doubt is simply sent again."""
    default_text: ClassVar[str] = DEFAULT_TEXT
    """The template without one in podcast.yaml."""
    is_mail: ClassVar[bool] = False
    """Whether it gets the whole notes as a mail instead of a text from a template."""
    can_update: ClassVar[bool] = False
    can_withdraw: ClassVar[bool] = False

    def __init__(self, settings: NetworkSettings, http: HttpClient, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.http = http
        self.environment = environment

    @property
    def missing_variables(self) -> tuple[str, ...]:
        """The variables that are not set."""
        return tuple(name for name in self.secret_variables if not self.environment.get(name, "").strip())

    @property
    def place(self) -> str:
        """Where it posts, such as `@show@social.example`; empty if that is a secret."""
        return self.settings.options.get("account", "")

    def secret(self, variable: str) -> str:
        """The value of a variable. Raises PostError if it is not set, or has what no header can have."""
        value = self.environment.get(variable, "").strip()
        if not value:
            raise PostError(f"{variable} is not set", self.secret_fix)
        if not value.isascii() or not value.isprintable():
            raise PostError(f"{variable} has characters that it cannot have", f"copy it again: {self.secret_fix}")
        return value

    def read_limits(self) -> None:  # noqa: B027 - most networks have fixed limits
        """Ask the network for the limits of a text; the usual ones apply where it does not answer."""

    def measure(self, text: str) -> int:
        """The length of a text as the network counts it."""
        return count_graphemes(text)

    @property
    @abstractmethod
    def max_len(self) -> int:
        """The length that the network allows; 0 for no limit."""

    def accepts(self, text: str) -> bool:
        """Whether the network takes a text of this length."""
        return not self.max_len or self.measure(text) <= self.max_len

    def escape(self, text: str) -> str:
        """A title or another value as the text of a post has it, so that the network does not read it as markup."""
        return text

    def require_valid_text(self, text: str) -> None:
        """Raise InvalidValue for a text that the network could not read."""
        del text

    def check_access(self) -> None:
        """Raise PostError where it is clear, before anything is sent, that the network will refuse."""
        for variable in self.secret_variables:
            self.secret(variable)

    def choose_id(self, draft: Draft) -> str:
        """The id of the post, on networks where we choose it; it is recorded before the post is sent."""
        del draft
        return ""

    @abstractmethod
    def send(self, draft: Draft) -> SentPost:
        """Post it."""

    def find_sent(self, draft: Draft) -> SentPost | None:
        """The post, if an earlier run sent it without getting an answer; None if it is not known."""
        del draft
        return None

    def update(self, record: PostRecord, draft: Draft) -> SentPost:
        """Give a post another text."""
        del record, draft
        raise PostError(f"{self.label} cannot change a post", "change it there", is_final=True)

    def withdraw(self, record: PostRecord) -> None:
        """Delete a post; if it does not exist any more, do nothing."""
        del record
        raise PostError(f"{self.label} cannot delete a post", "delete it there", is_final=True)


NETWORK_MODULES: dict[str, str] = {
    "bluesky": "podcast_kit.announce.bluesky:BlueskyNetwork",
    "mastodon": "podcast_kit.announce.mastodon:MastodonNetwork",
    "telegram": "podcast_kit.announce.telegram:TelegramNetwork",
    "discord": "podcast_kit.announce.discord:DiscordNetwork",
    "slack": "podcast_kit.announce.slack:SlackNetwork",
    "webhook": "podcast_kit.announce.webhook:WebhookNetwork",
    "buttondown": "podcast_kit.announce.buttondown:ButtondownNetwork",
}
"""Network → its class, imported when it is first used; a new network is a row here."""


def open_networks(
    settings: tuple[NetworkSettings, ...],
    http: HttpClient,
    environment: Mapping[str, str],
    is_chosen: Callable[[str], bool] = lambda _: True,
) -> tuple[Network, ...]:
    """The networks of a show that are chosen by name."""
    return tuple(load_network_class(row.name)(row, http, environment) for row in settings if is_chosen(row.name))


def load_network_class(name: str) -> type[Network]:
    """The class of a network."""
    module, _, class_name = NETWORK_MODULES[name].partition(":")
    network_class: type[Network] = getattr(import_module(module), class_name)
    return network_class


def list_secret_variables() -> tuple[str, ...]:
    """The environment variables of all networks."""
    classes = [load_network_class(name) for name in NETWORK_MODULES]
    variables = [
        variable for network in classes for variable in (*network.secret_variables, *network.optional_variables)
    ]
    return tuple(dict.fromkeys(variables))


def server_urls(settings: tuple[NetworkSettings, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The servers that podcast.yaml and the environment name: they may have private addresses."""
    variables = [variable for row in settings for variable in load_network_class(row.name).secret_variables]
    webhooks = [_origin_of_webhook(url) for name in variables if "://" in (url := environment.get(name, "").strip())]
    servers = [url for row in settings for key in ("server", "pds") if (url := row.options.get(key, ""))]
    return (*servers, *webhooks)


def _origin_of_webhook(url: str) -> str:
    """Scheme, host and port of an address, as all that is below it."""
    scheme, _, address = url.partition("://")
    host = re.split(r"[/?#]", address, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}://{host}/"


def require_secure_server(url: str, secret_name: str) -> None:
    """Raise PostError for a server that would get a secret over a network that others can read."""
    from urllib.parse import urlsplit

    from podcast_kit.io.network_policy import is_loopback_host

    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback_host(parts.hostname or ""):
        text = f"{parts.netloc} is not asked over http://, because anyone on the way could read {secret_name}"
        raise PostError(text, "write the server with https://")
