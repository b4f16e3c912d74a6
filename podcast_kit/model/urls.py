"""Public URLs, and the show's guid."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID, uuid5

SCHEME_SLASHES = 2
"""Those of `https://`."""
PLAYER_ORIGIN = "https://player.example"
"""The origin of a web player. Stores send CORS headers only in answers to requests that have an Origin."""


def public_url(base: str, key: str) -> str:
    """The public URL of a key below `base`, percent-encoded (RFC 3986)."""
    return base.rstrip("/") + "/" + quote(key, safe="/-._~")


def add_prefix(prefix: str, url: str) -> str:
    """A recording's URL behind the address of a service that counts it and redirects; without a prefix, as it is.

    The services take an https URL without its scheme, and any other one whole.
    """
    return f"{prefix}{url.removeprefix('https://')}" if prefix and not url.startswith(prefix) else url


def remove_prefix(prefix: str, url: str) -> str:
    """The URL that `add_prefix` got."""
    if not prefix or not url.startswith(prefix):
        return url
    place = url.removeprefix(prefix)
    return place if "://" in place else f"https://{place}"


def without_prefix(url: str, base: str) -> str:
    """A URL below `base`, without the address of a service that a feed has in front of it; any other as it is."""
    if url.startswith(base):
        return url
    _, scheme, place = base.partition("://")
    before, found_place, path = url.partition(place)
    is_behind_prefix = scheme and found_place and before.endswith("/") and before.count("/") > SCHEME_SLASHES
    return f"{base}{path}" if is_behind_prefix else url


def show_guid(feed_url: str) -> str:
    """The podcast:guid of a new show: a UUIDv5 of its feed URL without scheme and trailing slashes.

    It is assigned once and kept when the feed moves. The namespace is that of the Podcasting 2.0 specification.
    """
    name = feed_url.partition("://")[2] if "://" in feed_url else feed_url
    return str(uuid5(UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), name.rstrip("/")))
