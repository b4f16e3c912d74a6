"""A feed as rules see it: the document, its channel and items, and everything known about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from podcast_kit.model import Episode, FeedDocument, Item, LockEntry, Node, Project, Show
from podcast_kit.text.dates import WEEKDAYS, parse_rfc2822
from podcast_kit.text.timecode import parse_duration

MAX_ITEMS = 50_000
"""Items that are checked; the longest shows have a tenth of that."""
MAX_TAGS = 100_000
"""Elements of the podcast namespace that are checked."""
NO_NODES: tuple[Node, ...] = ()
RFC_2822 = re.compile(
    r"(?:(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UT)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What is known besides the feed; rules skip what is missing here."""

    project: Project | None = None
    items: Sequence[Item] = ()
    feed_url: str = ""
    """Where the feed is or will be."""
    own_feed: bool = False
    """The feed was written by podcast-kit; what is merely outdated in other feeds is then an error."""
    now: datetime | None = None
    allow_future: bool = False
    """Items may be dated in the future."""
    published_feed: FeedDocument | None = None
    """The feed as it is published now."""
    media_sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the files behind public URLs, where a server reported them."""


class ElementView:
    """An element with its children by name."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.children_by_name: dict[str, list[Node]] = {}
        for child in node.children:
            self.children_by_name.setdefault(child.key, []).append(child)

    def children_named(self, key: str) -> Sequence[Node]:
        """The children with that name, in order."""
        return self.children_by_name.get(key, NO_NODES)

    def child(self, key: str) -> Node | None:
        """The first child with that name."""
        nodes = self.children_by_name.get(key)
        return nodes[0] if nodes else None

    def child_text(self, key: str) -> str:
        """The first child's text without surrounding white space; empty if there is no such child."""
        nodes = self.children_by_name.get(key)
        return nodes[0].text.strip() if nodes else ""

    def child_attribute(self, key: str, name: str) -> str:
        """An attribute of the first child with that name; empty if there is none."""
        nodes = self.children_by_name.get(key)
        return nodes[0].attributes.get(name, "").strip() if nodes else ""


class DocumentView:
    """The whole file."""

    def __init__(self, feed: FeedDocument, context: CheckContext) -> None:
        self.feed = feed
        self.context = context
        self.root = ElementView(feed.root)
        node = self.root.child("channel")
        self.channel = ChannelView(node, self) if node else None

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every element below the root, in file order."""
        nodes: list[Node] = []
        pending = list(reversed(self.feed.root.children))
        while pending:
            node = pending.pop()
            nodes.append(node)
            pending.extend(reversed(node.children))
        return tuple(nodes)


class ChannelView(ElementView):
    """The show as the feed describes it."""

    def __init__(self, node: Node, document: DocumentView) -> None:
        super().__init__(node)
        self.document = document
        self.context = document.context
        self.title = self.child_text("title")
        self.items = tuple(ItemView(node, self) for node in self.children_named("item")[:MAX_ITEMS])

    @property
    def show(self) -> Show | None:
        """The show of the project, if there is one."""
        return self.context.project.show if self.context.project else None

    @cached_property
    def is_serial(self) -> bool:
        """Whether the show should be played from the first episode."""
        return self.child_text("itunes:type").lower() == "serial"

    @cached_property
    def is_publisher(self) -> bool:
        """Whether it is the feed of a publisher, which lists shows instead of episodes."""
        return self.child_text("podcast:medium").lower() == "publisher"

    def atom_links(self, rel: str) -> list[Node]:
        """The atom links with one relation."""
        return [link for link in self.children_named("atom:link") if link.attributes.get("rel", "alternate") == rel]

    @cached_property
    def self_url(self) -> str:
        """The URL that the feed gives as its own."""
        return next((link.attributes.get("href", "").strip() for link in self.atom_links("self")), "")

    @cached_property
    def url(self) -> str:
        """Where the feed is: where it was found, else the URL that it gives as its own."""
        return self.context.feed_url or self.self_url

    @cached_property
    def items_by_guid(self) -> Mapping[str, Item]:
        """The project's built items by guid."""
        return {item.guid: item for item in self.context.items}

    @cached_property
    def lock(self) -> Mapping[str, LockEntry]:
        """The entries of podcast.lock by guid."""
        return {entry.guid: entry for entry in self.context.project.lock} if self.context.project else {}


class ItemView(ElementView):
    """An episode as the feed describes it."""

    def __init__(self, node: Node, channel: ChannelView) -> None:
        super().__init__(node)
        self.channel = channel
        self.guid = self.child_text("guid")
        self.title = self.child_text("title")
        self.url = self.child_attribute("enclosure", "url")

    @property
    def name(self) -> str:
        """What messages call the episode."""
        name = self.title or self.child_text("itunes:title") or self.guid or self.url
        return f"“{name[:60]}”" if name else f"the item at line {self.node.line}"

    @cached_property
    def built_item(self) -> Item | None:
        """The project's built item behind it."""
        return self.channel.items_by_guid.get(self.guid)

    @property
    def episode(self) -> Episode | None:
        """The project's episode behind it."""
        return self.built_item.episode if self.built_item else None

    @cached_property
    def date(self) -> datetime | None:
        """When it was published; None if pubDate is not a date."""
        return parse_rfc2822(self.child_text("pubDate"))

    @cached_property
    def is_full_episode(self) -> bool:
        """Whether it is neither a trailer nor a bonus."""
        return self.child_text("itunes:episodeType").lower() in {"", "full"}

    @cached_property
    def seconds(self) -> float:
        """Its duration: that of the file if known, else itunes:duration; 0 if unknown."""
        if self.built_item and self.built_item.enclosure.seconds:
            return self.built_item.enclosure.seconds
        return parse_duration(self.child_text("itunes:duration")) or 0.0


@dataclass(frozen=True, slots=True)
class TagView:
    """An element of the podcast namespace and its surroundings."""

    node: Node
    parent: Node
    siblings: ElementView
    """The parent, with its children by name."""
    item: ItemView | None
    channel: ChannelView


def iter_podcast_tags(channel: ChannelView) -> Iterator[TagView]:
    """Every element of the podcast namespace at any depth, up to MAX_TAGS."""
    pending: list[tuple[ElementView, ItemView | None]] = [(channel, None)]
    pending += [(item, item) for item in channel.items]
    pending.reverse()
    count = 0
    while pending:
        parent, item = pending.pop()
        for child in parent.node.children:
            if child.key.startswith("podcast:"):
                count += 1
                if count > MAX_TAGS:
                    return
                yield TagView(child, parent.node, parent, item, channel)
            if child.children and child.key != "item":
                pending.append((ElementView(child), item))


def find_date_error(text: str) -> str:
    """What is wrong with an RFC 2822 date, in words; empty if nothing is."""
    match = RFC_2822.fullmatch(text)
    date = parse_rfc2822(text) if match else None
    if match is None or date is None:
        return f"{text[:60]!r} is not an RFC 2822 date"
    if match["day"] and match["day"] != WEEKDAYS[date.weekday()]:
        return f"{text!r} is a {date:%A}"
    return ""


def is_complete_url(url: str) -> bool:
    """Whether it is an absolute http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False
