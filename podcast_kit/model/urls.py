"""Where things lie for the public, and who the show is."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID, uuid5


def public_url(base: str, key: str) -> str:
    """The public address of a key below `base`, percent-encoded (RFC 3986)."""
    return base.rstrip("/") + "/" + quote(key, safe="/-._~")


def show_guid(feed_url: str) -> str:
    """The podcast:guid of a show that is new: UUIDv5 of its feed's address without scheme and trailing slashes.

    Assigned once and kept through every move; namespace as the Podcasting 2.0 document has it.
    """
    name = feed_url.partition("://")[2] if "://" in feed_url else feed_url
    return str(uuid5(UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), name.rstrip("/")))
