"""Episodes that stay as they are live while others are published: their items are taken from the live feed.

A held episode keeps its item letter for letter, its page and its enclosure. For the pages of the show that list it, a
stand-in is made of what its item says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import unquote

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse_feed
from podcast_kit.model import Episode, EpisodeType, FeedDocument, Image, Item, LockEntry, Media, Node, RemoteUrl
from podcast_kit.model.urls import without_prefix
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count

ITEM = re.compile(rb"<item>.*?</item>", re.DOTALL)
ROOT = re.compile(rb"<rss\b[^>]*>")
PAGE_SLUG = re.compile(r"/episodes/([^/]+)/")
TAG = re.compile(r"<[^>]+>")
MAX_STAND_IN_SUMMARY_LEN = 300
"""Characters of a stand-in's summary."""


@dataclass(frozen=True, slots=True)
class HeldEpisode:
    """An episode as it is live."""

    item: Item
    """The stand-in for pages."""
    rss: bytes
    """Its element of the live feed."""
    namespaces: tuple[tuple[str, str], ...]
    """Prefix and URI of every namespace that the live feed declares."""
    json_row: Mapping[str, Any] | None = None
    """Its object in the live JSON Feed."""

    @property
    def page_prefix(self) -> str:
        """What the keys of its pages start with."""
        return f"episodes/{self.item.episode.slug}/"


def read_held_episodes(
    pages: Iterable[bytes], json_feed: bytes | None, lock: Iterable[LockEntry]
) -> dict[str, HeldEpisode]:
    """Every episode of the live feed, given as its pages, by guid; unreadable pages have none."""
    entries = {entry.guid: entry for entry in lock}
    rows = _read_json_rows(json_feed)
    episodes: dict[str, HeldEpisode] = {}
    for page in pages:
        try:
            document = parse_feed(page, "feed")
        except InvalidInput:
            continue
        for node, rss in _items_with_bytes(document, page):
            guid = node.child_text("guid")
            item = _stand_in(node, entries.get(guid))
            if item and guid not in episodes:
                episodes[guid] = HeldEpisode(item, rss, document.namespaces, rows.get(guid))
    return episodes


def restore_rss_items(feed: bytes, held: Mapping[str, HeldEpisode]) -> bytes:
    """The feed with the live element of each held episode in place of its stand-in."""
    document = parse_feed(feed, "feed")
    restored = {}
    for node, rss in _items_with_bytes(document, feed):
        if episode := held.get(node.child_text("guid")):
            restored[rss] = episode
    if not restored:
        return feed
    declared = {prefix for prefix, _ in document.namespaces}
    namespaces = {prefix: uri for episode in restored.values() for prefix, uri in episode.namespaces}
    more = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in sorted(namespaces.items()) if prefix not in declared)
    feed = ROOT.sub(lambda match: match[0][:-1] + more.encode() + b">", feed, count=1)
    return ITEM.sub(lambda match: restored[match[0]].rss if match[0] in restored else match[0], feed)


def restore_json_items(feed: bytes, held: Mapping[str, HeldEpisode]) -> bytes:
    """The JSON Feed with the live object of each held episode."""
    document = json.loads(feed)
    rows = []
    for row in document["items"]:
        episode = held.get(str(row.get("id")))
        rows.append(episode.json_row if episode and episode.json_row else row)
    return (json.dumps({**document, "items": rows}, ensure_ascii=False, indent=2) + "\n").encode()


def _items_with_bytes(document: FeedDocument, data: bytes) -> Iterator[tuple[Node, bytes]]:
    """Each item with its bytes; none where the feed is not written as podcast-kit writes it."""
    chunks = ITEM.findall(data)
    if len(chunks) == len(document.items):
        yield from zip(document.items, chunks, strict=True)


def _read_json_rows(data: bytes | None) -> dict[str, Mapping[str, Any]]:
    with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {str(row["id"]): row for row in json.loads(data or b"{}")["items"]}
    return {}


def _stand_in(node: Node, entry: LockEntry | None) -> Item | None:
    """The item of an episode, from its element; None where the element lacks what every item of ours has."""
    enclosure, link = node.child("enclosure"), node.child_text("link")
    page = PAGE_SLUG.search(link)
    if enclosure is None or not page:
        return None
    url = without_prefix(enclosure.attributes.get("url", ""), link[: page.start() + 1])
    media = entry.media if entry else _enclosure_media(node, enclosure, url)
    date = parse_rfc2822(node.child_text("pubDate")) or datetime.fromtimestamp(0, UTC)
    image = node.child("itunes:image")
    html = node.child_text("content:encoded") or node.child_text("description")
    description = node.child_text("description")
    summary = " ".join(unescape(TAG.sub(" ", description)).split())
    type_ = node.child_text("itunes:episodeType")
    slug = entry.slug if entry else unquote(page[1])
    episode = Episode(
        slug=slug,
        path=f"episodes/{slug}.md",
        title=node.child_text("title"),
        notes="",
        audio=RemoteUrl(url),
        date=date,
        guid=node.child_text("guid"),
        number=parse_count(node.child_text("itunes:episode")) or None,
        season=parse_count(node.child_text("itunes:season")) or None,
        type=EpisodeType(type_) if type_ in set(EpisodeType) else EpisodeType.FULL,
    )
    return Item(
        episode=episode,
        guid=episode.guid,
        date=date.astimezone(UTC),
        url=link,
        enclosure=media,
        enclosure_url=url,
        former_slugs=entry.former_slugs if entry else (),
        artwork=Image(url=image.attributes.get("href", "")) if image else None,
        summary=summary[:MAX_STAND_IN_SUMMARY_LEN],
        description=description,
        content=html,
        page=html,
    )


def _enclosure_media(node: Node, enclosure: Node, url: str) -> Media:
    return Media(
        key=url,
        sha256="",
        bytes=parse_count(enclosure.attributes.get("length", "")) or 0,
        mime=enclosure.attributes.get("type", ""),
        seconds=float(parse_count(node.child_text("itunes:duration")) or 0),
    )
