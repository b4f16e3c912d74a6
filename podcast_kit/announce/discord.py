"""Posts in a channel of Discord, by a webhook."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from podcast_kit.announce.api import ApiCaller, PostError
from podcast_kit.announce.networks import Draft, Network, SentPost
from podcast_kit.announce.webhook_urls import hook_moved_fix, read_webhook_url
from podcast_kit.model import PostRecord

DISCORD_WEBHOOK_VARIABLE = "PODCAST_KIT_DISCORD_WEBHOOK"
DISCORD_MAX_LEN = 2000
"""Of a message (https://discord.com/developers/docs/resources/webhook#execute-webhook)."""
_JSON_HEADERS = {"Content-Type": "application/json"}
_MARKDOWN = re.compile(r"https?://[^\s<>]+|[\\*_~`|<\[\]]|:(?=\w+:)|^(?=(?:#{1,3}|-#|>{1,3}|[-+])\s)", re.MULTILINE)
"""URLs, which stay as they are, and what Discord reads as formatting, a mention or an emoji."""
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class DiscordNetwork(Network):
    """The channel of the webhook; the text notifies no one, whatever it says."""

    name: ClassVar[str] = "discord"
    label: ClassVar[str] = "Discord"
    secret_variables: ClassVar[tuple[str, ...]] = (DISCORD_WEBHOOK_VARIABLE,)
    secret_fix: ClassVar[str] = (
        "create a webhook in the channel's settings under Integrations, "
        f"and set {DISCORD_WEBHOOK_VARIABLE} to its address"
    )
    can_repeat: ClassVar[bool] = False
    can_update: ClassVar[bool] = True
    can_withdraw: ClassVar[bool] = True
    max_len: ClassVar[int] = DISCORD_MAX_LEN

    def escape(self, text: str) -> str:
        """A title or summary without what Discord reads as markup; URLs stay as they are."""
        return _MARKDOWN.sub(lambda match: match[0] if "://" in match[0] else f"\\{match[0]}", text)

    def measure(self, text: str) -> int:
        """Units of UTF-16: an emoji is two."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def send(self, draft: Draft) -> SentPost:
        """Post it, and wait for the id, without which it could not be edited."""
        answer = self._call("POST", "", _message(draft), wait="true")
        post_id = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(post_id, str) or not post_id.isdecimal():
            text = "Discord does not say which message it posted"
            raise PostError(text, "look at the channel", is_doubtful=True)
        return SentPost(id=post_id[:200])

    def update(self, record: PostRecord, draft: Draft) -> SentPost:
        """Edit the message."""
        self._call("PATCH", f"/messages/{quote(record.id, safe='')}", _message(draft))
        return SentPost(id=record.id)

    def withdraw(self, record: PostRecord) -> None:
        """Delete the message."""
        try:
            self._call("DELETE", f"/messages/{quote(record.id, safe='')}", None)
        except PostError as error:
            if error.status != _NOT_FOUND or "Unknown Message" not in error.reason:
                raise

    def _call(self, method: str, path: str, fields: dict[str, Any] | None, **parameters: str) -> Any:  # noqa: ANN401
        url = urlsplit(read_webhook_url(self))
        query = urlencode({**dict(parse_qsl(url.query)), **parameters})  # thread_id, of a webhook for a thread
        base_url = urlunsplit((url.scheme, url.netloc, url.path.rstrip("/"), "", ""))
        caller = ApiCaller(
            self.http, base_url, _JSON_HEADERS if fields else {}, shown_name="Discord", moved_fix=hook_moved_fix(self)
        )
        content = json.dumps(fields).encode() if fields else None
        try:
            path = f"{path}?{query}" if query else path
            return caller.call(path, method=method, content=content, needs_json=method != "DELETE")
        except PostError as error:
            is_unknown = error.status == _NOT_FOUND and "Unknown Message" not in error.reason
            if is_unknown or error.status in {_UNAUTHORIZED, _FORBIDDEN}:
                text = f"Discord does not accept {DISCORD_WEBHOOK_VARIABLE}: it is wrong, or the webhook was deleted"
                raise PostError(text, self.secret_fix, status=error.status, reason=error.reason) from None
            raise


def _message(draft: Draft) -> dict[str, Any]:
    return {"content": draft.text, "allowed_mentions": {"parse": []}}
