"""Tells WebSub hubs that the feed has changed; they fetch it, and pass it on to the apps that subscribe to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from podcast_kit.io.http_client import REDIRECT_STATUSES, HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Outcome, Response

ANNOUNCED = "announced"
"""The action of an outcome."""
_FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
_SUCCESS = range(200, 300)
_RETRY_FIX = "the feed is published; the next publish tells this hub again"


def notify_hubs(hubs: Iterable[str], feed_url: str) -> Iterator[Outcome]:
    """Tell each hub that the feed at this URL has changed; failures are reported and raise nothing.

    Hubs are named in podcast.yaml, so they may have private addresses. Some read `hub.url`, and some `hub.topic`.
    """
    form = urlencode({"hub.mode": "publish", "hub.url": feed_url, "hub.topic": feed_url}).encode()
    hubs = tuple(hubs)
    with HttpClient(NetworkPolicy.trust(*hubs)) as client:
        for hub in hubs:
            response, _ = client.post(hub, form, headers=_FORM_HEADERS)
            trouble = _describe_failure(response)
            error = f"the hub {hub} {trouble}" if trouble else ""
            yield Outcome(key=hub, action=ANNOUNCED, error=error, fix=_RETRY_FIX if error else "")


def _describe_failure(response: Response) -> str:
    """Why the hub did not take the notification, as the end of a sentence; empty when it did."""
    if response.error or response.status in _SUCCESS:
        return response.error
    if response.status in REDIRECT_STATUSES and "location" in response.headers:
        return f"redirects to {response.headers['location'][:200]!r}; write the new address under feed: hub:"
    return f"answers {response.status}"
