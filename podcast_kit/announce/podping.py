"""Sends a podping by podping.cloud: apps that watch podpings fetch the feed within seconds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from podcast_kit.announce.service_answers import (
    MAX_SERVICE_ANSWER_BYTES,
    ServiceAnswer,
    is_web_page,
    read_service_answer,
)
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import Show

PODPING_SERVER = "https://podping.cloud/"
PODPING_TOKEN_VARIABLE = "PODCAST_KIT_PODPING_TOKEN"  # noqa: S105 - the name of the variable
_TOKEN_FIX = (
    f"set {PODPING_TOKEN_VARIABLE} (in CI as a secret), or remove `podping: true`; https://podping.cloud gives tokens"
)


def send_podping(http: HttpClient, feed_url: str, reason: str, medium: str, now: datetime) -> ServiceAnswer:
    """Send a podping for the feed, with the token from the environment."""
    token = os.environ.get(PODPING_TOKEN_VARIABLE, "").strip()
    if not token:
        return ServiceAnswer(f"needs a token, and {PODPING_TOKEN_VARIABLE} is not set", _TOKEN_FIX)
    if not (token.isascii() and token.isprintable()):
        return ServiceAnswer(f"needs a token, and {PODPING_TOKEN_VARIABLE} has characters that no token has")
    query = urlencode({"url": feed_url, "reason": reason, "medium": medium})
    response, body = http.send(
        "GET", f"{PODPING_SERVER}?{query}", headers={"Authorization": token}, max_bytes=MAX_SERVICE_ANSWER_BYTES
    )
    answer = read_service_answer(response, now, token_variable=PODPING_TOKEN_VARIABLE)
    if not answer.trouble and is_web_page(body):
        return ServiceAnswer("answers with a web page instead of a confirmation")
    return answer


def find_medium(show: Show) -> str:
    """What the feed is, such as `podcast` or `music`."""
    return next((element.text for element in show.elements if element.name == "podcast:medium"), "podcast")


def list_live_broadcasts(show: Show) -> str:
    """Which live items of the feed are on the air, as a text for the record; empty if none is."""
    return " ".join(sorted(hashlib.sha256(guid.encode()).hexdigest()[:16] for guid in _iter_live_guids(show)))


def _iter_live_guids(show: Show) -> Iterator[str]:
    for element in show.elements:
        if element.name == "podcast:liveItem" and dict(element.attributes).get("status") == "live":
            yield next((child.text for child in element.children if child.name == "guid"), "")


def choose_reason(live_broadcasts: str, last_broadcasts: str) -> str:
    """Why a podping is sent: a broadcast started or ended since the last one, or the feed changed otherwise."""
    current, last = set(live_broadcasts.split()), set(last_broadcasts.split())
    if current - last:
        return "live"
    return "liveEnd" if last - current else "update"
