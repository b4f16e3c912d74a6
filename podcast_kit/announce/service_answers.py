"""What services answer to a notification, in words: what is wrong, what fixes it, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from podcast_kit.io.http_client import REDIRECT_STATUSES
from podcast_kit.model import Response
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count

MAX_SERVICE_ANSWER_BYTES = 20_000
MAX_QUOTED_CHARS = 200
MAX_RETRY_DELAY = timedelta(days=1)
"""A service that asks for a longer pause is asked again after this one."""
RETRY_FIX = "the feed is published; the next publish tries again"
_MOVED_FIX = "the token is sent to no other address; check whether a new release of podcast-kit knows the new one"
_ACCEPTED = range(200, 300)
_REFUSED_TOKEN = frozenset({401, 403})
_SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """Whether a service took a notification."""

    trouble: str = ""
    """What went wrong, as the end of a sentence that starts with the service; empty when it took it."""
    fix: str = RETRY_FIX
    retry_at: datetime | None = None
    """When it may be asked again, as it says itself."""


def read_service_answer(response: Response, now: datetime, *, token_variable: str = "") -> ServiceAnswer:
    """What a response to a notification says; any 2xx is success.

    `token_variable` is the environment variable of the token that was sent; empty if there was none.
    """
    if response.error:
        return ServiceAnswer(response.error)
    if response.status in _ACCEPTED:
        return ServiceAnswer()
    location = response.headers.get("location", "") if response.status in REDIRECT_STATUSES else ""
    if location:
        fix = _MOVED_FIX if token_variable else RETRY_FIX
        return ServiceAnswer(f"redirects to {quote_answer(location)!r}", fix)
    return _describe_refusal(response.status, response.headers.get("retry-after", ""), now, token_variable)


def _describe_refusal(status: int, retry_after: str, now: datetime, token_variable: str) -> ServiceAnswer:
    is_limited = status == 429  # noqa: PLR2004 - Too Many Requests
    if retry_at := parse_pause_end(retry_after, now):
        at = f"{retry_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        reason = "limits requests" if is_limited else f"answers {status}"
        return ServiceAnswer(f"{reason}: try again after {at}", f"the feed is published; publish after {at}", retry_at)
    if status in _REFUSED_TOKEN and token_variable:
        fix = f"check {token_variable}, or get a new token; the next publish tries again"
        return ServiceAnswer(f"does not accept the token (HTTP {status})", fix)
    if is_limited:
        return ServiceAnswer("limits requests (HTTP 429)")
    reason = f"answers {status}, an error of its own" if status in _SERVER_ERRORS else f"answers {status}"
    return ServiceAnswer(reason)


def parse_pause_end(text: str, now: datetime) -> datetime | None:
    """The time in a Retry-After header, which has seconds or a date; at most a day from now. None without one."""
    seconds = parse_count(text.strip())
    if seconds is None:
        date = parse_rfc2822(text) if text.strip() else None
        if date is None:
            return None
        seconds = max(0, round((date - now).total_seconds()))
    return now + timedelta(seconds=min(seconds, int(MAX_RETRY_DELAY.total_seconds())))


def is_web_page(body: bytes) -> bool:
    """Whether an answer is HTML: it comes from a proxy or an error page, and not from the service."""
    return body[:MAX_SERVICE_ANSWER_BYTES].lstrip().startswith(b"<")


def quote_answer(text: str) -> str:
    """What a stranger's server says, short and without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:MAX_QUOTED_CHARS]
