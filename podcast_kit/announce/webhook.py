"""Sends what podcast.yaml says about a new episode to any address: automation, chat servers, a website of one's own."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from podcast_kit.announce.api import ApiCaller
from podcast_kit.announce.networks import Draft, Network, SentPost
from podcast_kit.announce.webhook_urls import hook_moved_fix, read_webhook_url
from podcast_kit.source.yaml import InvalidValue

WEBHOOK_URL_VARIABLE = "PODCAST_KIT_WEBHOOK_URL"
WEBHOOK_TOKEN_VARIABLE = "PODCAST_KIT_WEBHOOK_TOKEN"  # noqa: S105 - the variable's name
DEFAULT_CONTENT_TYPE = "application/json"
DEFAULT_BODY = """{
"show": {{ show | tojson }},
"title": {{ title | tojson }},
"summary": {{ summary | tojson }},
"url": {{ url | tojson }},
"tags": {{ tags | tojson }},
"text": {{ (headline ~ "\\n\\n" ~ url) | tojson }}
}"""


class WebhookNetwork(Network):
    """An address that takes any text by POST."""

    name: ClassVar[str] = "webhook"
    label: ClassVar[str] = "webhook"
    secret_variables: ClassVar[tuple[str, ...]] = (WEBHOOK_URL_VARIABLE,)
    optional_variables: ClassVar[tuple[str, ...]] = (WEBHOOK_TOKEN_VARIABLE,)
    secret_fix: ClassVar[str] = f"set {WEBHOOK_URL_VARIABLE} to the address that takes the request"
    can_repeat: ClassVar[bool] = False
    default_text: ClassVar[str] = DEFAULT_BODY
    max_len: ClassVar[int] = 0

    @property
    def _content_type(self) -> str:
        return self.settings.options.get("content_type") or DEFAULT_CONTENT_TYPE

    @property
    def _is_json(self) -> bool:
        mime = self._content_type.partition(";")[0].strip().lower()
        return mime == DEFAULT_CONTENT_TYPE or mime.endswith("+json")

    def escape(self, text: str) -> str:
        """A value as part of a string in JSON; what the filter `tojson` wrote is JSON already."""
        return json.dumps(text, ensure_ascii=False)[1:-1] if self._is_json else text

    def require_valid_text(self, text: str) -> None:
        """Raise InvalidValue for a body that is not what its type says."""
        if not self._is_json:
            return
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            position = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            fix = 'write values as {{ title | tojson }}, or in quotes: "{{ title }}"'
            raise InvalidValue(f"the body of the webhook is not valid JSON{position}", fix, "announce.body") from None

    def send(self, draft: Draft) -> SentPost:
        """Send the body; any 2xx is a success, whatever the answer says."""
        headers = {"Content-Type": self._content_type, "Accept": "*/*"}
        url = urlsplit(read_webhook_url(self))
        if url.username is not None:
            login = f"{unquote(url.username)}:{unquote(url.password or '')}"
            headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        if self.environment.get(WEBHOOK_TOKEN_VARIABLE, "").strip():
            headers["Authorization"] = f"Bearer {self.secret(WEBHOOK_TOKEN_VARIABLE)}"
        address = url._replace(netloc=url.netloc.rpartition("@")[2], fragment="").geturl()
        caller = ApiCaller(self.http, address, headers, shown_name="the webhook", moved_fix=hook_moved_fix(self))
        caller.call("", method="POST", content=draft.text.encode(), needs_json=False)
        return SentPost(id="")
