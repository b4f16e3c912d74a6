"""Calls of the networks' JSON APIs with a token: what goes wrong is said in words, and whether it was done anyway."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.io.http_client import REDIRECT_STATUSES, HttpClient
from podcast_kit.model import Response

MAX_ANSWER_BYTES = 4_000_000
MAX_RATE_LIMIT_WAIT_S = 30
"""How long a call waits when a network says to try again later; what takes longer is reported."""
MIN_SECRET_LEN = 4
"""Characters of a secret that is left out of messages; a shorter one occurs in other words."""
MIN_SECRET_SEGMENT_LEN = 12
"""Characters of the last part of a webhook's address from which it counts as a secret of its own."""
MAX_SHOWN_REASON_LEN = 300
_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)
_TIMEOUT_STATUS = 408
TOO_MANY_REQUESTS = 429


class PostError(OperationError):
    """A network did not do what was asked; `is_doubtful` where it may have done it without saying so."""

    def __init__(
        self,
        text: str,
        fix: str = "",
        *,
        is_doubtful: bool = False,
        is_final: bool = False,
        status: int = 0,
        reason: str = "",
    ) -> None:
        super().__init__(text, fix)
        self.is_doubtful = is_doubtful
        self.is_final = is_final
        """Whether trying again is of no use."""
        self.status = status
        """Of the answer; 0 without one."""
        self.reason = reason
        """What the network says, or its code for it."""


@dataclass(slots=True)
class ApiCaller:
    """Calls one server's API. The token goes to this server only, and is never part of an error."""

    http: HttpClient
    base_url: str
    """Without a slash at the end."""
    headers: Mapping[str, str]
    sleep: Callable[[float], None] = time.sleep
    shown_name: str = ""
    """What errors call the server; empty for its host."""
    moved_fix: str = "write the new server in podcast.yaml, if it is yours"
    """What to do when the server redirects."""
    secrets: tuple[str, ...] = ()
    """What else is secret of a request, besides the token and the path of the server's address."""

    @property
    def name(self) -> str:
        """What errors call the server."""
        return self.shown_name or urlsplit(self.base_url).netloc

    def call(
        self,
        path: str,
        *,
        method: str = "GET",
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        needs_json: bool = True,
    ) -> Any:  # noqa: ANN401 - it is what a server sends
        """The JSON that the API answers, or None with `needs_json=False` where it is none; raises PostError.

        A call that comes too soon is repeated once, if the server names a short time.
        """
        merged = {"Accept": "application/json", **self.headers, **(headers or {})}
        url = self.base_url + path
        response, body = self._send(url, method, merged, content)
        if response.status == TOO_MANY_REQUESTS:
            seconds = retry_delay(response.headers)
            seconds = seconds if seconds >= 0 else retry_delay_in_body(body)
            if 0 <= seconds <= MAX_RATE_LIMIT_WAIT_S:
                self.sleep(seconds)
                response, body = self._send(url, method, merged, content)
        self._require_success(response, body, is_write=method != "GET")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            if not needs_json:
                return None
            text = f"{self.name} does not answer with JSON"
            raise PostError(
                text,
                "check that the address is that of such a server",
                is_doubtful=method != "GET",
                status=response.status,
            ) from None

    def _send(self, url: str, method: str, headers: Mapping[str, str], content: bytes | None) -> tuple[Response, bytes]:
        return self.http.send(method, url, content, headers=headers, max_bytes=MAX_ANSWER_BYTES)

    def _require_success(self, response: Response, body: bytes, *, is_write: bool) -> None:
        later_fix = "try again later"
        if response.error:
            is_doubtful = is_write and response.may_have_arrived
            raise PostError(f"{self.name} {response.error}", later_fix, is_doubtful=is_doubtful)
        status = response.status
        if status in _SUCCESS:
            return
        reason = answer_reason(body, self._sent_secrets())
        shown = f": {reason}" if reason else ""
        if status in REDIRECT_STATUSES:
            target = urlsplit(response.headers.get("location", "")).hostname or "another address"
            text = f"{self.name} redirects to {target[:200]!r}; nothing was sent there"
            raise PostError(text, self.moved_fix, status=status)
        if status == TOO_MANY_REQUESTS:
            seconds = retry_delay(response.headers)
            wait = describe_wait(seconds if seconds >= 0 else retry_delay_in_body(body))
            text = f"{self.name} limits requests: {wait}"
            raise PostError(text, later_fix, status=status, reason=reason)
        is_doubtful = is_write and (status in _SERVER_ERRORS or status == _TIMEOUT_STATUS)
        text = f"{self.name} answers {status}{shown}"
        raise PostError(text, later_fix if is_doubtful else "", is_doubtful=is_doubtful, status=status, reason=reason)

    def _sent_secrets(self) -> tuple[str, ...]:
        token = self.headers.get("Authorization", "").rpartition(" ")[2]
        path = urlsplit(self.base_url).path.strip("/")
        last = path.rpartition("/")[2]
        return (token, path, last if len(last) >= MIN_SECRET_SEGMENT_LEN else "", *self.secrets)


def answer_reason(body: bytes, secrets: Collection[str] = ()) -> str:
    """What an API says went wrong, in one short line; empty for a page in HTML, and for anything else that is long.

    The `secrets` that the API was sent are left out: it may repeat them.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        word = body[: MAX_SHOWN_REASON_LEN + 1].decode("utf-8", "replace").strip()
        return word if re.fullmatch(r"[a-z][a-z_]{1,60}", word) else ""  # Slack's way
    if not isinstance(answer, dict):
        return ""
    parts = [answer.get(key) for key in ("error", "error_description", "message", "description", "detail")]
    line = ": ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part))
    for secret in sorted(secrets, key=len, reverse=True):  # before the line is cut, which could leave a part of one
        line = line.replace(secret, "…") if len(secret) >= MIN_SECRET_LEN else line
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", line).split())[:MAX_SHOWN_REASON_LEN]


def describe_wait(seconds: float) -> str:
    """When to try again; in some minutes for a negative number."""
    if seconds < 0:
        return "try again in some minutes"
    minute, hour = 60, 3600
    if seconds >= 2 * hour:
        return f"try again in {seconds / hour:.0f} hours"
    return f"try again in {seconds:.0f} s" if seconds < 2 * minute else f"try again in {seconds / minute:.0f} min"


def retry_delay(headers: Mapping[str, str]) -> float:
    """The seconds to wait that a server names, by its own clock; -1 if it names none."""
    after = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", after):
        return float(after)
    reset = after or headers.get("x-ratelimit-reset", "") or headers.get("ratelimit-reset", "")
    moment = parse_moment(reset.strip())
    if moment is None:
        return -1
    now = parse_moment(headers.get("date", ""))
    return max(0.0, (moment - now).total_seconds()) if now else -1


def retry_delay_in_body(body: bytes) -> float:
    """The seconds to wait that Discord and Telegram name in the body of their answers; -1 if there are none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return -1
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    for values in (answer, parameters):
        seconds = values.get("retry_after") if isinstance(values, dict) else None
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
            return float(seconds)
    return -1


def parse_moment(text: str) -> datetime | None:
    """A date as an HTTP header, in ISO 8601, or as seconds since 1970."""
    try:
        if re.fullmatch(r"[0-9]{9,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text) if text[:4].isdecimal() else parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
