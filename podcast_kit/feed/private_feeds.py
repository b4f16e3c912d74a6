"""A feed for each subscriber, with a URL that cannot be guessed and can be revoked.

The URL is derived from a secret and the subscriber's name, so only the secret has to be kept:
a name always gets the same URL, and a new secret changes all of them.
A personal feed has the subscriber's name in its title. A shared one is the same for everyone in a tier, so that the
store can copy it to each subscriber's URL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.feed.elements import channel_elements
from podcast_kit.feed.rss import newest_first, stream_rss_document
from podcast_kit.model import Element, Image, Item, Show, public_url
from podcast_kit.text.xml_clean import clean_xml_text

PRIVATE_FOLDER = "private"
MIN_SECRET_BYTES = 32
"""The size of the digest that the URLs are derived from."""
_NOINDEX = Element("xhtml:meta", attributes=(("name", "robots"), ("content", "noindex")))
_DIRECTORY_TAGS = {
    *("podcast:guid", "podcast:podping", "itunes:new-feed-url", "itunes:applepodcastsverify", "podcast:block"),
}
"""Tags that identify the show to directories or invite them; a private feed must not be listed."""


def private_feed_key(secret: bytes, name: str, generation: int = 0) -> str:
    """The key of a subscriber's feed: `private/` and 32 letters and digits, 160 bits of HMAC-SHA-256.

    Case and surrounding spaces of the name do not matter; `generation` is how often this address was renewed.
    Raises OperationError if the secret is too short.
    """
    identity = _normalize_subscriber(name) + (f"\0{generation}" if generation else "")  # no name has a NUL character
    return _secret_feed_key(secret, identity.encode("utf-8", "surrogatepass"))


def shared_feed_key(secret: bytes, tier: str) -> str:
    """The key of the feed that is copied to every subscriber of a tier; it is as secret as theirs."""
    return _secret_feed_key(secret, b"\0tier " + tier.encode())


def _secret_feed_key(secret: bytes, identity: bytes) -> str:
    if len(secret) < MIN_SECRET_BYTES:
        raise OperationError(
            f"the secret of the private feeds has {len(secret)} bytes", f"use {MIN_SECRET_BYTES} random bytes"
        )
    digest = hmac.digest(secret, identity, hashlib.sha256)
    return f"{PRIVATE_FOLDER}/{base64.b32encode(digest[:20]).decode().lower()}.xml"


def _normalize_subscriber(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def render_private_feeds(
    show: Show,
    items: Sequence[Item],
    names: Sequence[str],
    secret: bytes,
    *,
    artwork: Image | None = None,
    generations: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Render a feed for each name; the result maps keys to bytes.

    `generations` has how often the address of a name was renewed. Raises InvalidInput for a name that is empty.
    """
    problems = [
        Problem(SourceLocation("subscribers"), f"{name!r} is not a name", "remove the entry", "key.both")
        for name in names
        if not _normalize_subscriber(name)
    ]
    if problems:
        raise InvalidInput(problems)
    ordered = newest_first(items)
    feeds = {}
    for name in names:
        key = private_feed_key(secret, name, generations.get(name, 0))
        feeds[key] = _render_private_feed(show, ordered, artwork, name, public_url(show.publish.url, key))
    return dict(sorted(feeds.items()))


def render_shared_feed(show: Show, items: Sequence[Item], title_suffix: str, *, artwork: Image | None = None) -> bytes:
    """Render the feed of everyone in a tier, without an address of its own."""
    return _render_private_feed(show, newest_first(items), artwork, title_suffix, "")


def render_blocked_feed(show: Show, *, artwork: Image | None = None) -> bytes:
    """Render the feed without episodes that replaces a revoked one where it cannot be deleted."""
    return _render_private_feed(show, [], artwork, "", "")


def _render_private_feed(
    show: Show, items: Sequence[Item], artwork: Image | None, title_suffix: str, self_url: str
) -> bytes:
    title = clean_xml_text(show.title)
    private_show = replace(
        show,
        title=f"{title} ({clean_xml_text(title_suffix)})" if title_suffix else title,
        block=True,
        locked=True,
        guid="",
        feed=replace(show.feed, hubs=(), prefix=""),
    )
    newest = items[0].date if items else None
    channel = [
        element for element in channel_elements(private_show, artwork, newest) if element.name not in _DIRECTORY_TAGS
    ]
    channel += [Element("podcast:block", "yes"), _NOINDEX]
    document = stream_rss_document(private_show, items, channel, artwork, self_url, has_self=bool(self_url))
    return b"".join(document)
