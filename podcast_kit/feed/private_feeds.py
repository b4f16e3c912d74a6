"""A feed for each subscriber, with a URL that cannot be guessed and can be revoked.

The URL is derived from a secret and the subscriber's name, so only the secret has to be kept:
a name always gets the same URL, and a new secret changes all of them.
The media files are those of the public feed, so a subscriber can pass on their URLs, as with every private feed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.feed.elements import channel_elements
from podcast_kit.feed.rss import newest_first, render_rss_document
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


def private_feed_key(secret: bytes, name: str) -> str:
    """The key of a subscriber's feed: `private/` and 32 letters and digits, 160 bits of HMAC-SHA-256.

    Case and surrounding spaces of the name do not matter. Raises OperationError if the secret is too short.
    """
    if len(secret) < MIN_SECRET_BYTES:
        raise OperationError(
            f"the secret of the private feeds has {len(secret)} bytes", f"use {MIN_SECRET_BYTES} random bytes"
        )
    digest = hmac.digest(secret, _normalize_subscriber(name).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"{PRIVATE_FOLDER}/{base64.b32encode(digest[:20]).decode().lower()}.xml"


def _normalize_subscriber(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def render_private_feeds(
    show: Show,
    items: Sequence[Item],
    names: Collection[str],
    secret: bytes,
    *,
    revoked: Collection[str] = (),
    artwork: Image | None = None,
) -> dict[str, bytes]:
    """Render a feed for each name, and a feed without episodes for each revoked name; the result maps keys to bytes.

    A revoked feed is overwritten, because a file that is only left out stays in the store until it is pruned.
    Raises InvalidInput for a name that is empty, or both active and revoked.
    """
    revoked_names = {_normalize_subscriber(name): name for name in revoked}
    problems = []
    for name in names:
        if not _normalize_subscriber(name):
            problems.append(_subscriber_problem(f"{name!r} is not a name", "remove the entry"))
        elif _normalize_subscriber(name) in revoked_names:
            problems.append(_subscriber_problem(f"{name!r} is also revoked", "keep one of the two entries"))
    if problems:
        raise InvalidInput(problems)
    ordered = newest_first(items)
    subscribed = [(name, ordered) for name in names] + [(name, []) for name in revoked_names.values()]
    feeds = {}
    for name, feed_items in subscribed:
        key = private_feed_key(secret, name)
        feeds[key] = _render_private_feed(show, feed_items, artwork, key, name)
    return dict(sorted(feeds.items()))


def _subscriber_problem(text: str, fix: str) -> Problem:
    return Problem(SourceLocation("subscribers"), text, fix, "key.both")


def _render_private_feed(show: Show, items: Sequence[Item], artwork: Image | None, key: str, name: str) -> bytes:
    private_show = replace(
        show,
        title=f"{clean_xml_text(show.title)} ({clean_xml_text(name)})",
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
    return render_rss_document(private_show, items, channel, artwork, public_url(show.publish.url, key))
