"""Tells the Podcast Index that the feed has changed (`hub/pubnotify`); it needs no key."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import quote

from podcast_kit.announce.service_answers import (
    MAX_SERVICE_ANSWER_BYTES,
    ServiceAnswer,
    is_web_page,
    quote_answer,
    read_service_answer,
)
from podcast_kit.io.http_client import HttpClient

PODCAST_INDEX_API = "https://api.podcastindex.org/api/1.0"
_ADD_FIX = "add the feed once at https://podcastindex.org/add; the next publish tries again"
_REFUSED = frozenset({400, 404})


def notify_podcast_index(http: HttpClient, feed_url: str, now: datetime) -> ServiceAnswer:
    """Ask the Podcast Index to fetch the feed; it refuses a feed that it does not know."""
    url = f"{PODCAST_INDEX_API}/hub/pubnotify?url={quote(feed_url, safe='')}"
    response, body = http.request(url, headers={"Accept": "application/json"}, max_bytes=MAX_SERVICE_ANSWER_BYTES)
    answer = read_service_answer(response, now)
    if answer.trouble and response.status not in _REFUSED:
        return answer
    if is_web_page(body):
        return ServiceAnswer("answers with a web page instead of JSON")
    status, description = _parse_status(body)
    if answer.trouble or status == "false":
        reason = f": {description}" if description else ""
        return ServiceAnswer(f"does not accept the feed{reason}", _ADD_FIX)
    if not status:
        return ServiceAnswer("does not answer with JSON that can be read")
    return ServiceAnswer()


def _parse_status(body: bytes) -> tuple[str, str]:
    """`true` or `false`, and why; both are empty for anything that is not an answer of the Podcast Index."""
    try:
        answer = json.loads(body)
        return str(answer["status"]).lower(), quote_answer(str(answer.get("description", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""
