"""Looks at both feeds of a move: whether the old one leads to the new one, and whether the new one lacks anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity
from podcast_kit.feed import MAX_FEED_BYTES
from podcast_kit.importer import compare_feeds, read_old_feed
from podcast_kit.importer.feed_source import parse_old_feed
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import FeedDocument, Node, Progress, Response
from podcast_kit.text.numbers import parse_count

MAX_LOOKUP_BYTES = 1_000_000
MAX_MEDIA_REQUESTS = 8
"""At a time."""
PERMANENT_STATUSES = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
GONE_STATUSES = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class OldFeedStatus(StrEnum):
    """How an old feed's address answers."""

    PERMANENT = "permanent"
    """301 or 308 to the new feed."""
    ELEMENT = "element"
    """With the old feed, which names the new one as itunes:new-feed-url."""
    TEMPORARY = "temporary"
    """With a redirect that apps do not remember."""
    ELSEWHERE = "elsewhere"
    """With a redirect to another address."""
    ABSENT = "absent"
    """With the old feed, which says nothing of a new one."""
    GONE = "gone"
    """Not any more."""
    UNKNOWN = "unknown"
    """Not at all, or with something else than a feed."""


@dataclass(frozen=True, slots=True)
class OldFeed:
    """An old feed's address, as it answers now."""

    url: str
    kind: OldFeedStatus
    text: str
    """How it answers, in words."""
    document: FeedDocument | None = None
    """None if it is redirected or gone."""

    @property
    def leads_on(self) -> bool:
        """Whether apps find the new feed by it."""
        return self.kind in {OldFeedStatus.PERMANENT, OldFeedStatus.ELEMENT}


def look_at_old_feed(url: str, new_url: str, network: NetworkPolicy | None = None) -> OldFeed:
    """How an old feed's address answers now. Private addresses are only asked where `network` trusts them."""
    with HttpClient(network) as client:
        response, data = client.request(url, max_bytes=MAX_FEED_BYTES + 1)
    if response.redirects:
        return _describe_location(url, new_url, response)
    if response.status in GONE_STATUSES:
        return OldFeed(url, OldFeedStatus.GONE, f"answers {response.status}: subscribers lose the show")
    if response.status != HTTPStatus.OK:
        return OldFeed(url, OldFeedStatus.UNKNOWN, response.error or f"answers {response.status}")
    return _describe_document(url, new_url, data)


def _describe_document(url: str, new_url: str, data: bytes) -> OldFeed:
    try:
        document = parse_old_feed(data, url)
    except (InvalidInput, OperationError) as error:
        reason = error.problems[0].text if error.problems else error.text
        return OldFeed(url, OldFeedStatus.UNKNOWN, f"is not a feed: {reason}")
    channel = document.channel
    named_url = channel.child_text("itunes:new-feed-url") if channel else ""
    if is_same_url(named_url, new_url):
        return OldFeed(url, OldFeedStatus.ELEMENT, "names the new feed as itunes:new-feed-url", document)
    if named_url and not is_same_url(named_url, url):
        text = f"names {named_url[:200]} as itunes:new-feed-url, not the new feed"
        return OldFeed(url, OldFeedStatus.ELSEWHERE, text, document)
    return OldFeed(url, OldFeedStatus.ABSENT, "does not lead to the new feed yet", document)


def _describe_location(url: str, new_url: str, response: Response) -> OldFeed:
    temporary = [status for status, _ in response.redirects if status not in PERMANENT_STATUSES]
    if not any(is_same_url(target, new_url) for _, target in response.redirects):
        text = f"redirects to {response.url[:200]}, not to the new feed"
        return OldFeed(url, OldFeedStatus.ELSEWHERE, text)
    if temporary:
        text = f"redirects with status {temporary[0]}, which is temporary: apps keep the old address"
        return OldFeed(url, OldFeedStatus.TEMPORARY, text)
    status = response.redirects[0][0]
    return OldFeed(url, OldFeedStatus.PERMANENT, f"redirects to the new feed with status {status}")


def is_same_url(url: str, other: str) -> bool:
    """Whether two URLs are the same feed: http and https, and a slash at the end, do not matter."""
    return bool(url) and _comparable_url(url) == _comparable_url(other)


def _comparable_url(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url, "", ""
    return parts.netloc.casefold(), parts.path.rstrip("/"), parts.query


def compare_moved_feeds(old: FeedDocument, new: FeedDocument) -> Iterator[Problem]:
    """What subscribers would notice if the new feed took the place of the old one."""
    yield from compare_feeds(old, new, moved=True)
    if old.channel is None or new.channel is None:
        return
    for name, read_value, severity in _CHANNEL_VALUES:
        before, after = read_value(old.channel), read_value(new.channel)
        if before and before != after:
            text = f"{name} was {before!r} and is now {after or 'missing'!r}"
            yield Problem(old.location_of(old.channel), text[:400], _CHANNEL_FIXES[name], "move.differs", severity)


def _categories(channel: Node) -> str:
    nodes = channel.children_named("itunes:category")
    return ", ".join(node.attributes.get("text", "").strip() for node in nodes)


_CHANNEL_VALUES: tuple[tuple[str, Callable[[Node], str], Severity], ...] = (
    ("the show's title", lambda channel: " ".join(channel.child_text("title").split()), Severity.WARNING),
    ("podcast:guid", lambda channel: channel.child_text("podcast:guid").casefold(), Severity.ERROR),
    ("the category", _categories, Severity.HINT),
    ("the language", lambda channel: channel.child_text("language").casefold(), Severity.HINT),
)
_CHANNEL_FIXES = {
    "the show's title": "directories may take it for another show; keep the title until the move is done",
    "podcast:guid": "set `guid:` in podcast.yaml to the old value: directories recognize the show by it",
    "the category": "set `categories:` in podcast.yaml if it was not meant",
    "the language": "set `language:` in podcast.yaml if it was not meant",
}


def list_missing_guids(document: FeedDocument, guids: Iterable[str]) -> list[str]:
    """Of these guids, those that a feed does not have."""
    present = {item.child_text("guid") for item in document.items}
    return [guid for guid in guids if guid not in present]


def check_media(document: FeedDocument, on_progress: Callable[[Progress], None] = lambda _: None) -> list[Problem]:
    """Ask for the cover and the recording of every episode of a feed: whether each answers, with the stated length."""
    requests: list[tuple[Node, str, int]] = []
    channel = document.channel
    image = channel.child("itunes:image") if channel else None
    if image:
        requests.append((image, image.attributes.get("href", ""), 0))
    for item in document.items:
        if enclosure := item.child("enclosure"):
            length = parse_count(enclosure.attributes.get("length", "").strip()) or 0
            requests.append((enclosure, enclosure.attributes.get("url", ""), length))
    problems: list[Problem] = []
    network = NetworkPolicy.trust(document.path) if "://" in document.path else NetworkPolicy()
    with HttpClient(network) as client, ThreadPoolExecutor(MAX_MEDIA_REQUESTS) as pool:
        answers = pool.map(lambda request: client.request(request[1].strip(), method="HEAD")[0], requests)
        for number, ((node, url, length), response) in enumerate(zip(requests, answers, strict=True), 1):
            on_progress(Progress("ask", url, number, len(requests)))
            if text := _media_fault(url, length, response):
                fix = "publish again, and check where the file is served from"
                problems.append(Problem(document.location_of(node), text, fix, "move.media"))
    return problems


def _media_fault(url: str, length: int, response: Response) -> str:
    if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return ""
    if response.status != HTTPStatus.OK:
        return f"{url[:200]} {response.error or f'answers {response.status}'}"
    actual = parse_count(response.headers.get("content-length", ""))
    if length and actual is not None and actual != length:
        return f"{url[:200]} has {actual} bytes, and the feed says {length}"
    return ""


def describe_lock(document: FeedDocument | None, *, is_leaving: bool) -> Problem | None:
    """What podcast:locked means for a move; None where it does not matter."""
    node = document.channel.child("podcast:locked") if document and document.channel else None
    if document is None or node is None or node.text.strip().casefold() not in {"yes", "true"}:
        return None
    location = document.location_of(node)
    if is_leaving:
        text = "podcast:locked is yes: other hosts refuse to import the feed"
        fix = "set `locked: false` in podcast.yaml, publish, and let the new host import the show"
        return Problem(location, text, fix, "move.locked", Severity.WARNING)
    text = "podcast:locked is yes: the old host asks others not to import the feed without the owner"
    fix = "no change is needed: it is your show; where a host asks, switch the lock off there first"
    return Problem(location, text, fix, "move.locked", Severity.HINT)


def read_new_feed(url: str, network: NetworkPolicy | None = None) -> tuple[FeedDocument | None, str]:
    """The new feed as it is published, with all its pages; or None, and why it cannot be read.

    A private address is only asked where `network` trusts it.
    """
    with HttpClient(network) as client:
        response, _ = client.request(url, method="HEAD")
    if not response.status:
        return None, response.error
    try:
        return read_old_feed(url), ""
    except OperationError as error:
        return None, error.text
    except InvalidInput as error:
        return None, error.problems[0].text


def read_apple_feed_url(apple_id: str) -> str:
    """The feed that Apple Podcasts has for a show. Raises OperationError where Apple does not say it."""
    url = f"https://itunes.apple.com/lookup?id={quote(apple_id, safe='')}&entity=podcast"
    with HttpClient(NetworkPolicy()) as client:
        response, data = client.request(url, max_bytes=MAX_LOOKUP_BYTES)
    try:
        rows = json.loads(data)["results"] if response.status == HTTPStatus.OK else []
        return str(rows[0]["feedUrl"])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        reason = response.error or f"answers {response.status}, without the show's feed"
        raise OperationError(f"Apple's directory {reason}", "look at Apple Podcasts Connect") from None
