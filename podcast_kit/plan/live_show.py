"""Whose feed is live where a show is about to be published, and at which address."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.feed import parse_feed
from podcast_kit.model import Node, Show


def compare_live_show(feed: bytes, show: Show, guids: Collection[str], store_name: str) -> Iterator[Problem]:
    """What to know before the live feed is replaced: that it is another show's, or that its address changes.

    `guids` are those of the show's episodes. An unreadable feed tells nothing.
    """
    try:
        document = parse_feed(feed, "feed")
    except InvalidInput:
        return
    channel = document.channel
    if channel is None:
        return
    location = show.locations.get("publish.to") or SourceLocation("podcast.yaml")
    if _is_other_show(channel, show, guids):
        text = f"{store_name} holds another show: “{channel.child_text('title')}”{_feed_address(channel)}"
        fix = "publish to a bucket, a prefix or a folder of its own; to replace that show: --allow removed"
        yield Problem(location, text, fix, "pb.show")
        return
    old_url = _self_link(channel)
    if old_url and old_url != show.feed_url and not channel.child_text("itunes:new-feed-url"):
        text = f"the feed's address changes from {old_url} to {show.feed_url}: apps and directories keep the old one"
        command = f"podcast-kit move --to {show.feed_url}"
        fix = f"first run `{command}` and publish with the old publish.url, or redirect it (301)"
        location = show.locations.get("publish.url") or SourceLocation("podcast.yaml")
        yield Problem(location, text, fix, "pb.address", Severity.WARNING)


def is_own_feed(feed: bytes, show: Show, guids: Collection[str]) -> bool:
    """Whether a live feed is certainly this show's: by its guid, by one of its episodes, or by its title."""
    try:
        channel = parse_feed(feed, "feed").channel
    except InvalidInput:
        return False
    return channel is not None and not _is_other_show(channel, show, guids)


def _is_other_show(channel: Node, show: Show, guids: Collection[str]) -> bool:
    live_guid = channel.child_text("podcast:guid").strip().lower()
    if live_guid and show.guid:
        return live_guid != show.guid.lower()
    live_guids = {item.child_text("guid") for item in channel.children_named("item")}
    return bool(live_guids) and live_guids.isdisjoint(guids) and channel.child_text("title").strip() != show.title


def _feed_address(channel: Node) -> str:
    address = _self_link(channel)
    return f" ({address})" if address else ""


def _self_link(channel: Node) -> str:
    links = channel.children_named("atom:link")
    return next((link.attributes.get("href", "") for link in links if link.attributes.get("rel") == "self"), "")
