"""Public URLs, and the show's guid."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID, uuid5

PLAYER_ORIGIN = "https://player.example"
"""The origin of a web player. Stores send CORS headers only in answers to requests that have an Origin."""


def public_url(base: str, key: str) -> str:
    """The public URL of a key below `base`, percent-encoded (RFC 3986)."""
    return base.rstrip("/") + "/" + quote(key, safe="/-._~")


def show_guid(feed_url: str) -> str:
    """The podcast:guid of a new show: a UUIDv5 of its feed URL without scheme and trailing slashes.

    It is assigned once and kept when the feed moves. The namespace is that of the Podcasting 2.0 specification.
    """
    name = feed_url.partition("://")[2] if "://" in feed_url else feed_url
    return str(uuid5(UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), name.rstrip("/")))
