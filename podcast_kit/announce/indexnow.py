"""Tells search engines which pages changed, by IndexNow: one endpoint passes it on to the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from podcast_kit.announce.service_answers import ServiceAnswer, read_service_answer
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import Output

INDEXNOW_ENDPOINT = "https://api.indexnow.org/indexnow"
MAX_REQUEST_URLS = 10_000
PAGE_DIGEST_LEN = 16
_RETIRED, _DELETED = "retired", "deleted"
"""Instead of a page's digest: the page is no longer part of the show, or no longer in the store either."""
_JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_REFUSALS = {
    400: ("does not understand the request (HTTP 400)", "report it: podcast-kit sent something wrong"),
    403: (
        "does not find the key on the site (HTTP 403)",
        "check that {key_url} is public; the next publish tries again",
    ),
    422: (
        "says that the pages do not belong to the key (HTTP 422)",
        "check that {key_url} is public, and that publish.url is the address that listeners use",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageUpdates:
    """Which pages have to be reported to search engines."""

    keys: tuple[str, ...]
    recorded: Mapping[str, str] = field(repr=False)
    """Page → day and digest, once they were reported."""
    is_delayed: bool = False
    """Whether more pages have changed that were reported earlier today."""


def find_page_updates(
    outputs: Iterable[Output],
    recorded: Mapping[str, str],
    stored_keys: Iterable[str],
    now: datetime,
    *,
    is_partial: bool,
) -> PageUpdates:
    """The pages of a build that differ from what was reported to search engines, each at most once a day.

    A page that left the show is reported then, and again when it is deleted from the store. The pages of episodes that
    a partial build leaves out are not looked at.
    """
    today = now.date().isoformat()
    digests = {output.key: output.own_digest[:PAGE_DIGEST_LEN] for output in outputs if output.own_digest}
    stored = set(stored_keys)
    if not is_partial:
        digests |= {key: _RETIRED if key in stored else _DELETED for key in recorded if key not in digests}
    keys: list[str] = []
    updated = dict(recorded)
    is_delayed = False
    for key, digest in sorted(digests.items()):
        day, _, last_digest = recorded.get(key, "").partition(" ")
        if digest == last_digest:
            continue
        if day == today:
            is_delayed = True
            continue
        keys.append(key)
        if digest == _DELETED:
            del updated[key]
        else:
            updated[key] = f"{today} {digest}"
    return PageUpdates(keys=tuple(keys), recorded=updated, is_delayed=is_delayed)


def submit_pages(http: HttpClient, key: str, key_url: str, page_urls: Sequence[str], now: datetime) -> ServiceAnswer:
    """Send the addresses of changed and removed pages; the first refusal ends it."""
    host = urlsplit(key_url).netloc.rpartition("@")[2]
    for start in range(0, len(page_urls), MAX_REQUEST_URLS):
        urls = list(page_urls[start : start + MAX_REQUEST_URLS])
        request = {"host": host, "key": key, "keyLocation": key_url, "urlList": urls}
        response, _ = http.post(INDEXNOW_ENDPOINT, json.dumps(request).encode(), headers=_JSON_HEADERS)
        answer = read_service_answer(response, now)
        if answer.trouble:
            trouble, fix = _REFUSALS.get(response.status, (answer.trouble, answer.fix))
            return ServiceAnswer(trouble, fix.format(key_url=key_url), answer.retry_at)
    return ServiceAnswer()
