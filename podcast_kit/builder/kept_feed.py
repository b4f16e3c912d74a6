"""Where each episode is in the feed that the last build wrote: unchanged ones are copied from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.model import Item


class FeedPlace(NamedTuple):
    """Where an item is in a page of the feed."""

    guid: str
    digest: str
    """Of the item."""
    context: str
    """The digest of what it was rendered with."""
    start: int
    length: int
    """Bytes."""


READ_AHEAD_BYTES = 1 << 20
"""Items are mostly copied in the order in which they are."""


@dataclass(frozen=True, slots=True)
class KeptFeedPage:
    """A page of the feed as it was written."""

    key: str
    sha256: str
    places: tuple[FeedPlace, ...]


class FeedCopies:
    """Copies unchanged items from the feed of the last build, and takes down where they are in that of this one."""

    def __init__(self, pages: Iterable[KeptFeedPage], out: OutputDir, digest_item: Callable[[Item], str]) -> None:
        """`pages` are those of feeds in one format."""
        self._digest_item = digest_item
        self._opened = ExitStack()
        self._found: dict[str, tuple[FeedPlace, BinaryIO]] = {}
        for page in pages:
            if out.has(page.key, page.sha256):
                file = self._opened.enter_context(out.path(page.key).open("rb", READ_AHEAD_BYTES))
                self._found.update({place.guid: (place, file) for place in page.places})
        self._places: dict[str, list[FeedPlace]] = {}
        self._key = ""

    def start_page(self, key: str) -> None:
        """Begin with the page under this key."""
        self._key = key
        self._places[key] = []

    def find(self, item: Item, context: str) -> bytes | None:
        """The item as the last build wrote it; None if it has to be rendered."""
        place, file = self._found.get(item.guid, (None, None))
        if place is None or file is None or (place.context, place.digest) != (context, self._digest_item(item)):
            return None
        file.seek(place.start)
        data = file.read(place.length)
        return data if len(data) == place.length else None

    def add_place(self, item: Item, context: str, start: int, length: int) -> None:
        """Take down where an item is."""
        self._places[self._key].append(FeedPlace(item.guid, self._digest_item(item), context, start, length))

    def close(self) -> None:
        """Let go of the last build's feed."""
        self._opened.close()

    def list_pages(self, out: OutputDir) -> tuple[KeptFeedPage, ...]:
        """What the next build needs, when the pages are listed."""
        return tuple(KeptFeedPage(key, out.outputs[key].sha256, tuple(places)) for key, places in self._places.items())


def encode_feed_pages(pages: tuple[KeptFeedPage, ...]) -> bytes:
    """The pages as JSON."""
    rows: list[bytes] = []
    for page in pages:
        # One by one: all at once take several times the memory.
        places = b", ".join(json.dumps(place).encode() for place in page.places)
        rows.append(b"[%b, %b, [%b]]" % (json.dumps(page.key).encode(), json.dumps(page.sha256).encode(), places))
    return b"[%b]" % b", ".join(rows)


def decode_feed_pages(data: bytes) -> tuple[KeptFeedPage, ...]:
    """The pages from their JSON; none where it is damaged."""
    with suppress(ValueError, TypeError, RecursionError):
        return tuple(
            KeptFeedPage(str(key), str(sha256), tuple(FeedPlace(*place) for place in places))
            for key, sha256, places in json.loads(data)
        )
    return ()
