"""Tells WebSub hubs that the feed has changed; they fetch it, and pass it on to the apps that subscribe to it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from podcast_kit.announce.service_answers import ServiceAnswer, read_service_answer
from podcast_kit.io.http_client import HttpClient

_FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
_RETRY_FIX = "the feed is published; the next publish tells this hub again"
_MOVED_FIX = "write the new address under feed: hub:"


def notify_hub(http: HttpClient, hub: str, feed_url: str, now: datetime) -> ServiceAnswer:
    """Tell a hub that the feed at this URL has changed. Some hubs read `hub.url`, and some `hub.topic`."""
    form = urlencode({"hub.mode": "publish", "hub.url": feed_url, "hub.topic": feed_url}).encode()
    response, _ = http.post(hub, form, headers=_FORM_HEADERS)
    answer = read_service_answer(response, now)
    is_moved = not response.error and "location" in response.headers
    fix = _MOVED_FIX if is_moved else answer.fix if answer.retry_at else _RETRY_FIX
    return ServiceAnswer(answer.trouble, fix, answer.retry_at)
