"""Posts in a channel or group of Telegram, by a bot."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from podcast_kit.announce.api import ApiCaller, PostError
from podcast_kit.announce.networks import Draft, Network, SentPost, require_secure_server
from podcast_kit.model import PostRecord

TELEGRAM_TOKEN_VARIABLE = "PODCAST_KIT_TELEGRAM_TOKEN"  # noqa: S105 - the variable's name
TELEGRAM_API = "https://api.telegram.org"
TELEGRAM_MAX_LEN = 4096
"""Of a message (https://core.telegram.org/bots/api#sendmessage)."""
_BOT_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_JSON_HEADERS = {"Content-Type": "application/json"}
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 400, 401, 403, 404


class TelegramNetwork(Network):
    """The channel `telegram: channel:`; the text is sent without markup, so nothing in it is read as such."""

    name: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    secret_variables: ClassVar[tuple[str, ...]] = (TELEGRAM_TOKEN_VARIABLE,)
    secret_fix: ClassVar[str] = (
        f"create a bot with @BotFather in Telegram, and set {TELEGRAM_TOKEN_VARIABLE} to the token that it gives you"
    )
    can_repeat: ClassVar[bool] = False
    can_update: ClassVar[bool] = True
    can_withdraw: ClassVar[bool] = True
    max_len: ClassVar[int] = TELEGRAM_MAX_LEN

    @property
    def place(self) -> str:
        """The channel."""
        return self.settings.options.get("channel", "")

    def measure(self, text: str) -> int:
        """Telegram counts units of UTF-16: an emoji is two."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def send(self, draft: Draft) -> SentPost:
        """Post it; Telegram shows the page's picture below."""
        answer = self._call("sendMessage", self._message(draft))
        result = answer.get("result") if isinstance(answer, dict) else None
        post_id = result.get("message_id") if isinstance(result, dict) else None
        if not isinstance(post_id, int):
            text = "Telegram does not say which message it posted"
            raise PostError(text, f"look at {self.place}", is_doubtful=True)
        chat = result.get("chat") if isinstance(result, dict) else None
        username = chat.get("username") if isinstance(chat, dict) else None
        is_public = isinstance(username, str) and re.fullmatch(r"\w{1,64}", username, re.ASCII)
        return SentPost(id=str(post_id), url=f"https://t.me/{username}/{post_id}" if is_public else "")

    def update(self, record: PostRecord, draft: Draft) -> SentPost:
        """Edit the message."""
        try:
            self._call("editMessageText", {**self._message(draft), "message_id": _message_id(record)})
        except PostError as error:
            if "message is not modified" not in error.reason:
                raise
        return SentPost(id=record.id, uri=record.uri, url=record.url)

    def withdraw(self, record: PostRecord) -> None:
        """Delete the message; Telegram allows it for 48 hours, and longer to administrators of a channel."""
        try:
            self._call("deleteMessage", {"chat_id": self.place, "message_id": _message_id(record)})
        except PostError as error:
            if "message to delete not found" not in error.reason:
                raise

    def _message(self, draft: Draft) -> dict[str, Any]:
        preview = {"url": draft.url, "prefer_large_media": True}
        return {"chat_id": self.place, "text": draft.text, "link_preview_options": preview}

    def _call(self, method: str, fields: dict[str, Any]) -> Any:  # noqa: ANN401 - it is what a server sends
        server = self.settings.options.get("server") or TELEGRAM_API
        require_secure_server(server, "the token")
        token = self.secret(TELEGRAM_TOKEN_VARIABLE)
        if not _BOT_TOKEN.fullmatch(token):
            raise PostError(f"{TELEGRAM_TOKEN_VARIABLE} is not the token of a bot", self.secret_fix)
        caller = ApiCaller(self.http, f"{server}/bot{token}", _JSON_HEADERS, shown_name="Telegram", secrets=(token,))
        try:
            return caller.call(f"/{method}", method="POST", content=json.dumps(fields).encode())
        except PostError as error:
            raise self._explain_error(error) from None

    def _explain_error(self, error: PostError) -> PostError:
        if error.status in {_UNAUTHORIZED, _NOT_FOUND}:
            text = f"Telegram does not accept {TELEGRAM_TOKEN_VARIABLE}: it is wrong, or was revoked"
            return PostError(text, self.secret_fix, status=error.status, reason=error.reason)
        if error.status == _BAD_REQUEST and "chat not found" in error.reason:
            text = f"Telegram knows no channel {self.place}, or the bot is not in it"
            fix = "correct announce: telegram: channel:, and make the bot an administrator of the channel"
            return PostError(text, fix, status=error.status, reason=error.reason)
        if error.status == _FORBIDDEN or "not enough rights" in error.reason:
            text = f"the bot may not do that in {self.place}: {error.reason}"
            fix = "make the bot an administrator of the channel that may post, edit and delete messages"
            return PostError(text, fix, status=error.status, reason=error.reason)
        return error


def _message_id(record: PostRecord) -> int:
    return int(record.id) if record.id.isdecimal() else 0
