"""A feed for each subscriber, under an address that nobody can guess and that can be withdrawn.

The address is derived from a secret and the subscriber's name, so nothing but the secret has to be kept:
the same name always has the same address, and another secret gives everybody a new one.
The media are those of the public feed: who has an address of one can pass it on, as with every private feed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace

from podcast_kit.errors import OperationError, InvalidInput, SourceLocation, Problem
from podcast_kit.feed import elements
from podcast_kit.feed.rss import document, in_order
from podcast_kit.model import Element, Item, Image, Show, public_url
from podcast_kit.text.xml_clean import clean_xml_text

FOLDER = "private"
LEAST_SECRET = 32
"""Bytes: as many as the digest that the addresses are cut from."""
NO_INDEX = Element("xhtml:meta", attributes=(("name", "robots"), ("content", "noindex")))
APART = {"podcast:guid", "podcast:podping", "itunes:new-feed-url", "itunes:applepodcastsverify", "podcast:block"}
"""What says which show of the directories this is, or invites them to come: not in a feed that none may list."""


def key_for(secret: bytes, name: str) -> str:
    """The key of a subscriber's feed: `private/` and 32 letters and digits, 160 bits of HMAC-SHA-256.

    Names are compared without case and surrounding space. Raises Failed for a secret that could be guessed.
    """
    if len(secret) < LEAST_SECRET:
        raise OperationError(
            f"the secret of the private feeds has {len(secret)} bytes", f"make one of {LEAST_SECRET} random bytes"
        )
    digest = hmac.digest(secret, _same(name).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"{FOLDER}/{base64.b32encode(digest[:20]).decode().lower()}.xml"


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


def render_private(
    show: Show,
    items: Sequence[Item],
    names: Collection[str],
    secret: bytes,
    *,
    revoked: Collection[str] = (),
    artwork: Image | None = None,
) -> dict[str, bytes]:
    """A feed for each name, and for each revoked one a feed without episodes in the place of theirs.

    That one is needed: a feed that only disappears stays in the store until it is pruned.
    Raises InvalidInput for a name that is empty, or both in use and revoked.
    """
    gone = {_same(name): name for name in revoked}
    problems = [
        Problem(SourceLocation("subscribers"), f"{name!r} {wrong}", "keep one of the two", "key.both")
        for name in names
        if (wrong := "is revoked too" if _same(name) in gone else "" if _same(name) else "is no name")
    ]
    if problems:
        raise InvalidInput(problems)
    ordered = in_order(items)
    made = {key: _feed(show, ordered, artwork, key, name) for name in names for key in [key_for(secret, name)]}
    for name in gone.values():
        key = key_for(secret, name)
        made[key] = _feed(show, [], artwork, key, name)
    return dict(sorted(made.items()))


def _feed(show: Show, items: Sequence[Item], artwork: Image | None, key: str, name: str) -> bytes:
    own = replace(
        show,
        title=f"{clean_xml_text(show.title)} ({clean_xml_text(name)})",
        block=True,
        locked=True,
        guid="",
        feed=replace(show.feed, hub=""),
    )
    newest = items[0].date if items else None
    channel = [element for element in elements.of_show(own, artwork, newest) if element.name not in APART]
    channel += [Element("podcast:block", "yes"), NO_INDEX]
    return document(own, items, channel, artwork, public_url(show.publish.url, key))
