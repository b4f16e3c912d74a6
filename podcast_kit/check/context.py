"""A feed as rules look at it: the document, its channel, its entries, and what is known beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from podcast_kit.errors import SourceLocation
from podcast_kit.model import Episode, FeedDocument, Item, LockEntry, Node, Project, Show
from podcast_kit.text.dates import WEEKDAYS, parse_rfc2822
from podcast_kit.text.timecode import parse_duration

MOST_ITEMS = 50_000
"""That are looked at; the longest shows have a tenth of that."""
MOST_TAGS = 100_000
"""Elements of the podcast namespace that are looked at."""
NOWHERE: tuple[Node, ...] = ()
"""More are no number that anybody means, and cost time to read."""
RFC_2822 = re.compile(
    r"(?:(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UT)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known beside the feed; each part may be missing, and then nothing is said about it."""

    project: Project | None = None
    items: Sequence[Item] = ()
    feed_url: str = ""
    """Where the feed is, or will be."""
    ours: bool = False
    """The toolkit wrote it; what is merely old-fashioned in other people's feeds is then an error."""
    now: datetime | None = None
    scheduled: bool = False
    """Episodes of the future are meant to be there."""
    before: FeedDocument | None = None
    """The feed as it is published now."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the files behind public addresses, where they were seen."""


class Branch:
    """An element and its children by name."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.named: dict[str, list[Node]] = {}
        for child in node.children:
            self.named.setdefault(child.key, []).append(child)

    def all(self, key: str) -> Sequence[Node]:
        """The children of that name, in order."""
        return self.named.get(key, NOWHERE)

    def first(self, key: str) -> Node | None:
        """The first child of that name."""
        found = self.named.get(key)
        return found[0] if found else None

    def text(self, key: str) -> str:
        """The first child's text without white space around it; empty where there is none."""
        found = self.named.get(key)
        return found[0].text.strip() if found else ""

    def attribute(self, key: str, name: str) -> str:
        """An attribute of the first child of that name; empty where there is none."""
        found = self.named.get(key)
        return found[0].attributes.get(name, "").strip() if found else ""


class Document:
    """The whole file."""

    def __init__(self, feed: FeedDocument, facts: Facts) -> None:
        self.feed = feed
        self.facts = facts
        self.root = Branch(feed.root)
        node = self.root.first("channel")
        self.channel = Channel(node, self) if node else None

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every element below the root, in the order of the file."""
        found: list[Node] = []
        waiting = list(reversed(self.feed.root.children))
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting.extend(reversed(node.children))
        return tuple(found)


class Channel(Branch):
    """The show, as the feed tells it."""

    def __init__(self, node: Node, document: Document) -> None:
        super().__init__(node)
        self.document = document
        self.facts = document.facts
        self.title = self.text("title")
        self.entries = tuple(Entry(node, self) for node in self.all("item")[:MOST_ITEMS])

    @property
    def show(self) -> Show | None:
        """What podcast.yaml says, where there is one."""
        return self.facts.project.show if self.facts.project else None

    @cached_property
    def serial(self) -> bool:
        """Whether the show is told from its beginning."""
        return self.text("itunes:type").lower() == "serial"

    def links(self, rel: str) -> list[Node]:
        """The atom links of one relation."""
        return [link for link in self.all("atom:link") if link.attributes.get("rel", "alternate") == rel]

    @cached_property
    def self_url(self) -> str:
        """The address that the feed gives as its own."""
        return next((link.attributes.get("href", "").strip() for link in self.links("self")), "")

    @cached_property
    def url(self) -> str:
        """Where the feed is: as it was found, or as it says itself."""
        return self.facts.feed_url or self.self_url

    @cached_property
    def by_guid(self) -> Mapping[str, Item]:
        """The finished episodes of the project, by guid."""
        return {item.guid: item for item in self.facts.items}

    @cached_property
    def lock(self) -> Mapping[str, LockEntry]:
        """The entries of podcast.lock, by guid."""
        return {entry.guid: entry for entry in self.facts.project.lock} if self.facts.project else {}


class Entry(Branch):
    """An episode, as the feed tells it."""

    def __init__(self, node: Node, channel: Channel) -> None:
        super().__init__(node)
        self.channel = channel
        self.guid = self.text("guid")
        self.title = self.text("title")
        self.url = self.attribute("enclosure", "url")

    @property
    def name(self) -> str:
        """What a message calls it."""
        said = self.title or self.text("itunes:title") or self.guid or self.url
        return f"“{said[:60]}”" if said else f"the item of line {self.node.line}"

    @cached_property
    def item(self) -> Item | None:
        """The project's own episode behind it."""
        return self.channel.by_guid.get(self.guid)

    @property
    def episode(self) -> Episode | None:
        """What its file of notes says."""
        return self.item.episode if self.item else None

    @cached_property
    def date(self) -> datetime | None:
        """When it came out; None where that cannot be told."""
        return parse_rfc2822(self.text("pubDate"))

    @cached_property
    def full(self) -> bool:
        """Whether it is neither a trailer nor a bonus."""
        return self.text("itunes:episodeType").lower() in {"", "full"}

    @cached_property
    def seconds(self) -> float:
        """Its duration, from the file where that is known, or as the feed says; 0 where nobody knows."""
        if self.item and self.item.enclosure.seconds:
            return self.item.enclosure.seconds
        return parse_duration(self.text("itunes:duration")) or 0.0


@dataclass(frozen=True, slots=True)
class Tag:
    """An element of the podcast namespace and what it stands in."""

    node: Node
    parent: Node
    around: Branch
    """The parent's children by name."""
    entry: Entry | None
    channel: Channel


def tags(channel: Channel) -> Iterator[Tag]:
    """Every element of the podcast namespace, however deep; the first MOST_TAGS of a hostile feed."""
    waiting: list[tuple[Branch, Entry | None]] = [(channel, None)]
    waiting += [(entry, entry) for entry in channel.entries]
    waiting.reverse()
    count = 0
    while waiting:
        around, entry = waiting.pop()
        for child in around.node.children:
            if child.key.startswith("podcast:"):
                count += 1
                if count > MOST_TAGS:
                    return
                yield Tag(child, around.node, around, entry, channel)
            if child.children and child.key != "item":
                waiting.append((Branch(child), entry))


def misdated(text: str) -> str:
    """What is wrong with an RFC 2822 date, in words; empty when nothing is."""
    found = RFC_2822.fullmatch(text)
    when = parse_rfc2822(text) if found else None
    if found is None or when is None:
        return f"{text[:60]!r} is not a date as RSS writes it"
    if found["day"] and found["day"] != WEEKDAYS[when.weekday()]:
        return f"{text!r} was a {when:%A}"
    return ""


def web(url: str) -> bool:
    """Whether it is an absolute http(s) address with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False


def nowhere(path: str) -> SourceLocation:
    """The file as a whole."""
    return SourceLocation(path)
