"""Rule it.guid.stable: whether published episodes keep their guids."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from podcast_kit.check.context import ChannelView, ItemView
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity
from podcast_kit.model import LOCK_FILE, FeedDocument
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import format_count

MAX_URL_PARTS = 3
"""Of the path of a recording in podcast.lock."""


@dataclass(frozen=True, slots=True)
class PublishedEpisode:
    """An episode that is published, according to podcast.lock or the published feed."""

    guid: str
    url: str
    """The enclosure's URL, or the end of it."""
    title: str
    date: datetime | None
    source: str
    """Where this is known from, as a message calls it."""


class _NewItems:
    """The items whose guids were never published, by what tells whether one is a published episode."""

    def __init__(self, items: Iterable[ItemView]) -> None:
        self._by_url: dict[str, deque[ItemView]] = {}
        self._by_date: dict[tuple[datetime, str], deque[ItemView]] = {}
        """By date and title, and by date alone for podcast.lock, which has no titles."""
        self._used: set[int] = set()
        for item in items:
            for url in _url_endings(item.url):
                self._by_url.setdefault(url, deque()).append(item)
            if item.date is not None:
                for title in {item.title, ""}:
                    self._by_date.setdefault((item.date, title), deque()).append(item)

    def take_item(self, episode: PublishedEpisode) -> ItemView | None:
        """The first item that is the episode, with another guid; each is given once."""
        item = self._first_unused(self._by_url.get(episode.url)) if episode.url else None
        if item is None and episode.date is not None:
            item = self._first_unused(self._by_date.get((episode.date, episode.title)))
        if item is not None:
            self._used.add(id(item))
        return item

    def _first_unused(self, items: deque[ItemView] | None) -> ItemView | None:
        while items and id(items[0]) in self._used:
            items.popleft()
        return items[0] if items else None


def _url_endings(url: str) -> Iterator[str]:
    """A URL, and the ends of its path, such as `/media/0f3a1b2c4d5e6f70/talk.mp3`, that podcast.lock has."""
    yield url
    parts = url.rsplit("/", MAX_URL_PARTS)
    for count in range(1, len(parts)):
        yield "/" + "/".join(parts[-count:])


def _published_episodes(channel: ChannelView) -> list[PublishedEpisode]:
    """Every published episode: from podcast.lock and from the published feed."""
    episodes = [
        PublishedEpisode(
            guid,
            entry.media.key if "://" in entry.media.key else f"/{entry.media.key}",
            "",
            entry.date,
            LOCK_FILE,
        )
        for guid, entry in channel.lock.items()
    ]
    if channel.context.published_feed is not None:
        episodes += _episodes_of_feed(channel.context.published_feed)
    return list({episode.guid: episode for episode in episodes}.values())


def _episodes_of_feed(feed: FeedDocument) -> list[PublishedEpisode]:
    """The episodes of the published feed that have a guid."""
    episodes = []
    for node in feed.items:
        enclosure = node.child("enclosure")
        url = enclosure.attributes.get("url", "") if enclosure else ""
        title, date = node.child_text("title"), parse_rfc2822(node.child_text("pubDate"))
        episodes.append(PublishedEpisode(node.child_text("guid"), url, title, date, "the published feed"))
    return [episode for episode in episodes if episode.guid]


@rule(
    "it.guid.stable",
    Severity.ERROR,
    subject=ChannelView,
    platforms="apple spotify",
    sources="APRSS PNO",
    why="Apps treat another guid as another episode: every subscriber would get it again, unplayed.",
    fix="restore the old guid",
)
def check_guids_stable(channel: ChannelView) -> Iterator[Finding]:
    """A published episode keeps its guid and stays in the feed."""
    published = _published_episodes(channel)
    feed_guids, published_guids = {item.guid for item in channel.items}, {episode.guid for episode in published}
    missing = [episode for episode in published if episode.guid not in feed_guids]
    new_items = _NewItems(item for item in channel.items if item.guid not in published_guids)
    changed: list[tuple[PublishedEpisode, ItemView]] = []
    for episode in missing:
        same_item = new_items.take_item(episode)
        if same_item is not None:
            changed.append((episode, same_item))
    for episode, item in changed:
        text = (
            f"{item.name} has the guid {episode.guid[:80]!r} in {episode.source}, but now has {item.guid[:80]!r}; "
            f"every subscriber's app would download it again ({format_count(len(changed), 'episode')} in total)"
        )
        yield Finding(text, item.child("guid"), "guid", f"write guid: {episode.guid[:80]}")
    project = channel.context.project
    unpublished = {episode.guid for episode in project.episodes} if project else set()  # drafts and scheduled ones
    changed_guids = {episode.guid for episode, _ in changed}
    removed = [episode for episode in missing if episode.guid not in changed_guids | unpublished]
    for episode in removed:
        name = f"“{episode.title[:60]}”" if episode.title else repr(episode.guid[:80])
        text = f"{name} is in {episode.source}, but no longer in the feed; it disappears from subscribers' apps"
        fix = "restore it, or set `draft: true` to remove it on purpose"
        yield Finding(text, None, "", fix, Severity.WARNING)
