"""The elements of a feed that describe the old host, not the show: an import leaves them out, by name."""

from __future__ import annotations

from urllib.parse import urlsplit

from podcast_kit.model import Node

HOST_TAGS = {
    "generator", "lastBuildDate", "docs", "ttl", "cloud", "webMaster", "rating", "textInput", "skipHours", "skipDays",
    "comments", "link", "itunes:new-feed-url", "podcast:podping", "fh:archive", "fh:complete",
}  # fmt: skip
"""The software that wrote the old feed, how often to ask it, its pages and its address."""
HOST_CHANNEL_TAGS = {"pubDate"}
HOST_PREFIXES = {"sy", "slash", "wfw", "googleplay"}
"""Known namespaces of blog software, and of Google Podcasts, which closed in 2024."""
HOST_DOMAINS = {
    "acast.com", "anchor.fm", "art19.com", "audioboom.com", "blogger.com", "buzzsprout.com", "captivate.fm",
    "castos.com", "feedburner.com", "fireside.fm", "libsyn.com", "megaphone.fm", "omny.fm", "omnycontent.com",
    "podbean.com", "redcircle.com", "rssnamespace.org", "simplecast.com", "soundcloud.com", "spreaker.com",
    "squarespace.com", "transistor.fm", "wordpress.com",
}  # fmt: skip
"""Domains in the namespaces that hosts define for themselves."""
HOST_LINK_RELS = {
    "self", "alternate", "hub", "first", "last", "next", "prev", "previous", "next-archive", "prev-archive", "current",
    "search", "edit", "http://podlove.org/deep-link", "http://podlove.org/simple-chapters",
}  # fmt: skip
"""Relations of atom:link to the old feed, its pages and its hub; others, such as `payment`, are the podcaster's."""


def is_host_element(node: Node, parent: str) -> bool:
    """Whether an element of a `channel` or an `item` is the old host's."""
    if node.key in HOST_TAGS or (parent == "channel" and node.key in HOST_CHANNEL_TAGS):
        return True
    if node.key == "atom:link":
        return node.attributes.get("rel", "alternate").strip().lower() in HOST_LINK_RELS
    return node.key.partition(":")[0] in HOST_PREFIXES or _is_host_namespace(node.uri)


def _is_host_namespace(uri: str) -> bool:
    try:
        host = urlsplit(uri).hostname or ""
    except ValueError:
        return False
    labels = host.split(".")
    return ".".join(labels[-2:]) in HOST_DOMAINS
