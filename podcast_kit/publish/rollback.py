"""Makes a previous feed live again."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.feed import parse_feed
from podcast_kit.model import Node, Output, Wave
from podcast_kit.model.lineage import Publication
from podcast_kit.model.urls import without_prefix
from podcast_kit.plan import Change, Plan, Reason, Verb
from podcast_kit.plan.subscriber_changes import SubscriberChange, diff_feeds
from podcast_kit.publish.lineage import LineageUpdate, set_back_sources
from podcast_kit.publish.record import StoreRecord
from podcast_kit.stores import Store, StoredObject
from podcast_kit.stores.state import StoreState, feed_number
from podcast_kit.text.numbers import parse_count

FEED_CONTENT_TYPE = "application/rss+xml; charset=utf-8"
FEED_CACHE_CONTROL = "public, max-age=300, must-revalidate"
MAX_FEEDS_READ = 10
_SOCIAL_ELEMENT = re.compile(rb"\s*<podcast:socialInteract\b[^>]*/>")
LINK_ATTRIBUTES = ("url", "href", "src", "uri")


@dataclass(frozen=True, slots=True)
class PreviousFeed:
    """A feed that was live once."""

    number: int
    key: str
    replaced_at: datetime | None = None
    """When the next feed replaced it; None where an older version published."""

    @property
    def digest(self) -> str:
        """The start of its sha256."""
        return self.key.rpartition("-")[2].removesuffix(".xml")


def list_previous_feeds(state: StoreState) -> tuple[PreviousFeed, ...]:
    """The saved feeds that `rollback` can return to, newest first."""
    dates = {key: datetime.fromisoformat(at) for key, at in state.feed_dates.items()}
    return tuple(PreviousFeed(feed_number(key), key, dates.get(key)) for key in reversed(state.feeds))


def find_previous_feed(store: Store, feeds: tuple[PreviousFeed, ...], live: StoredObject | None) -> PreviousFeed | None:
    """The newest saved feed that differs from the live one in more than links to posts; None without any.

    A publish that announces an episode replaces the feed twice: the second time only to name the posts.
    """
    content = _SOCIAL_ELEMENT.sub(b"", live.content) if live else b""
    for feed in feeds:
        stored = store.get(feed.key)
        if stored is None or _SOCIAL_ELEMENT.sub(b"", stored.content) != content:
            return feed
    return feeds[0] if feeds else None


@dataclass(frozen=True, slots=True)
class FeedDescription:
    """What a previous feed holds, and why it was replaced."""

    titles: tuple[str, ...] = ()
    """Of its items, in its order; empty where it is missing or unreadable."""
    changes: tuple[SubscriberChange, ...] = ()
    """What subscribers noticed when the next feed replaced it."""


def describe_previous_feeds(
    store: Store, feeds: tuple[PreviousFeed, ...], live: StoredObject | None
) -> tuple[FeedDescription, ...]:
    """What each feed holds and why it was replaced; only the newest ten are read."""
    with ThreadPoolExecutor(store.threads) as pool:
        stored_feeds = list(pool.map(lambda feed: store.get(feed.key), feeds[:MAX_FEEDS_READ]))
    rows: list[FeedDescription] = []
    for stored, newer in zip(stored_feeds, [live, *stored_feeds], strict=False):
        changes = diff_feeds([stored.content], [newer.content]) if stored and newer and _parse_titles(newer) else ()
        rows.append(FeedDescription(_parse_titles(stored), changes))
    return (*rows, *[FeedDescription()] * (len(feeds) - len(rows)))


def _parse_titles(stored: StoredObject | None) -> tuple[str, ...]:
    if stored is None:
        return ()
    try:
        return tuple(item.child_text("title") for item in parse_feed(stored.content, "feed").items)
    except InvalidInput:
        return ()


def plan_rollback(
    store: Store, state: StoreState, target: PreviousFeed, folder: Path, *, url: str, feed_key: str = "feed.xml"
) -> Plan:
    """Plan to make a previous feed the live one; its bytes are written into `folder`.

    Everything that it names below `url` must be in the store with the right length. Raises InvalidInput with
    everything that is missing, and OperationError when the previous feed itself is.
    """
    stored = store.get(target.key)
    if stored is None:
        text = f"{target.key} is no longer in {store.name}"
        raise OperationError(text, "choose another feed: `podcast-kit rollback --list`")
    lengths = list_feed_keys(stored.content, url)
    with ThreadPoolExecutor(store.threads) as pool:
        remotes = dict(zip(lengths, pool.map(store.head, lengths), strict=True))
    problems = [
        _missing_file_problem(target, key, length)
        for key, length in lengths.items()
        if (remote := remotes[key]) is None or (length and remote.size != length)
    ]
    if problems:
        raise InvalidInput(problems)
    path = folder / "feed.xml"
    path.write_bytes(stored.content)
    recorded = state.objects.get(feed_key)
    headers = dict(recorded.headers) if recorded else {}
    output = Output(
        key=feed_key,
        size=len(stored.content),
        sha256=hashlib.sha256(stored.content).hexdigest(),
        content_type=headers.get("Content-Type") or FEED_CONTENT_TYPE,
        cache_control=headers.get("Cache-Control") or FEED_CACHE_CONTROL,
        wave=Wave.FEED,
        path=path,
    )
    is_live = recorded is not None and recorded.sha256 == output.sha256
    verb, reason = (Verb.KEEP, Reason.UNCHANGED) if is_live else (Verb.REPLACE, Reason.CONTENT)
    changes = [Change(key=feed_key, verb=verb, reason=reason, size=output.size, wave=Wave.FEED, output=output)]
    changes += [
        Change(key=key, verb=Verb.RESTORE, reason=Reason.BACK, size=state.objects[key].size, wave=Wave.MEDIA)
        for key in sorted(lengths.keys() & state.retired.keys() & state.objects.keys())
    ]
    return Plan(changes=tuple(changes), feed_key=feed_key, state=state)


def roll_back_lineage(record: StoreRecord, target: PreviousFeed, publication: Publication) -> LineageUpdate | None:
    """What to record of the sources: what was published since the previous feed was replaced counts as new again.

    None where the record has no lineage yet.
    """
    if record.state.publication is None:
        return None
    return LineageUpdate(
        publication=publication,
        sources=set_back_sources(record.history, record.state.sources, target.number),
        lock_digest=record.state.lock_digest,
    )


def _missing_file_problem(target: PreviousFeed, key: str, length: int) -> Problem:
    size = f" with {length} bytes" if length else ""
    text = f"feed {target.number} names it, but the store does not have it{size}"
    return Problem(SourceLocation(key), text, "choose another feed", "pb.gone")


RECORDING_ELEMENTS = {"enclosure", "podcast:source"}
"""What feed.prefix is put in front of."""


def list_feed_keys(feed: bytes, url: str) -> dict[str, int]:
    """The keys below `url` that the elements of a feed name → the length of an enclosure, else 0."""
    lengths: dict[str, int] = {}
    base = url.rstrip("/") + "/"
    nodes: list[Node] = [parse_feed(feed, "feed").root]
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children)
        length = node.attributes.get("length", "") if node.key == "enclosure" else ""
        for name in LINK_ATTRIBUTES:
            link = node.attributes.get(name, "")
            link = without_prefix(link, base) if node.key in RECORDING_ELEMENTS else link
            key = unquote(link.removeprefix(base).partition("#")[0].partition("?")[0])
            if link.startswith(base) and key and not key.endswith("/"):
                lengths[key] = max(lengths.get(key, 0), parse_count(length) or 0)
    return dict(sorted(lengths.items()))
