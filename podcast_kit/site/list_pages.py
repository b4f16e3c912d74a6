"""The pages of lists that grow with a show, each of bounded size: the index, and those of seasons, tags and people.

On the first page of a list is what changes with every episode, such as how many there are, so that a new one leaves
the others as they are. A template of the show's own gets it on every page. If it does not know that a list has pages,
it gets the whole list.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from podcast_kit.model import EpisodeType, Item, Show, ShowType
from podcast_kit.site.collections import (
    Collection,
    group_by_person,
    group_by_season,
    group_by_tag,
    page_key,
    paginate,
    select_page_numbers,
    split_evenly,
)
from podcast_kit.site.page_content import PageContent
from podcast_kit.site.templates import Templates

MAX_INDEX_COLLECTIONS = 200
"""Seasons, tags or people that the index lists; of more, it has a few, and they have pages of their own."""
SELECTED_COLLECTIONS = 24
COLLECTIONS_PER_PAGE = 200


class EpisodeLists:
    """The lists of one show's episodes; `items` are newest first, `own_keys` of the podcaster's pages and files."""

    def __init__(self, show: Show, items: Sequence[Item], templates: Templates, own_keys: Container[str] = ()) -> None:
        self.show = show
        self.items = items
        self.templates = templates
        self.own_keys = own_keys

    @cached_property
    def _collections(self) -> dict[str, tuple[Collection, ...]]:
        """By what they are, as lists of them are called."""
        return {
            "seasons": group_by_season(self.items),
            "tags": group_by_tag(self.items),
            "people": group_by_person(self.items),
        }

    @cached_property
    def _cards(self) -> dict[str, dict[str, Any]]:
        """By guid: an episode is in several lists."""
        return {item.guid: _card_values(item) for item in self.items}

    def _list_cards(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        return [self._cards[item.guid] for item in items]

    def list_index_pages(self, late_values: Callable[[], Mapping[str, Any]]) -> Iterator[PageContent]:
        """The pages of the index; `late_values` are those about the show."""
        items = self.items
        is_serial = self.show.type is ShowType.SERIAL
        pages = paginate(tuple(reversed(items)) if is_serial else tuple(items), grows_at_front=not is_serial)
        trailer = next((item for item in items if item.episode.type is EpisodeType.TRAILER), None)
        for page_items, page_values in zip(pages, _list_page_values(len(pages), "index.html"), strict=True):
            number = page_values["number"]
            values = {
                "items": self._list_cards(page_items),
                "trailer": self._cards[trailer.guid] if trailer and number == 1 else None,
                "latest": player_values(items[0]) if items and number == 1 else None,
                **page_values,
            }
            if number == 1 or self.templates.has_own("index.html"):
                values |= {"count": len(items), **self._index_collections}
            yield PageContent(page_key(number), "index.html", values, late_values)

    @cached_property
    def _index_collections(self) -> dict[str, Any]:
        """The seasons, tags and people that the index lists, and where the others are."""
        values: dict[str, Any] = {"overviews": {}}
        for kind, collections in self._collections.items():
            selected: Sequence[Collection] = collections
            overview = None
            if self._has_overview(kind):
                selected = _select_collections(kind, collections)
                overview = {"key": _overview_key(kind), "count": len(collections)}
            values[kind] = [_collection_values(collection) for collection in selected]
            values["overviews"][kind] = overview
        return values

    def _has_overview(self, kind: str) -> bool:
        """Whether there are more than the index lists."""
        is_long = len(self._collections[kind]) > MAX_INDEX_COLLECTIONS
        return is_long and self.templates.reads_value("index.html", "overviews")

    def list_overview_pages(self) -> Iterator[PageContent]:
        """The pages with all seasons, tags or people, where there are many, and no own page has their place."""
        for kind, collections in self._collections.items():
            first_key = _overview_key(kind)
            if not self._has_overview(kind) or first_key in self.own_keys:
                continue
            pages = split_evenly(collections, COLLECTIONS_PER_PAGE)
            for page_collections, page_values in zip(pages, _list_page_values(len(pages), first_key), strict=True):
                shelves = [_collection_values(collection) for collection in page_collections]
                key = page_key(page_values["number"], first_key)
                yield PageContent(key, "shelves.html", {"kind": kind, "shelves": shelves, **page_values})

    def list_collection_pages(self) -> Iterator[PageContent]:
        """The pages of seasons, tags and people."""
        for kind, template_kind in (("seasons", "season"), ("tags", "tag"), ("people", "person")):
            for collection in self._collections[kind]:
                yield from self._list_pages_of_collection(collection, template_kind)

    @cached_property
    def _has_paginated_shelves(self) -> bool:
        return self.templates.reads_value("shelf.html", "pages")

    def _list_pages_of_collection(self, collection: Collection, kind: str) -> Iterator[PageContent]:
        person = collection.person
        pages = paginate(collection.items) if self._has_paginated_shelves else (collection.items,)
        for page_items, page_values in zip(pages, _list_page_values(len(pages), collection.key), strict=True):
            number = page_values["number"]
            values = {
                "kind": kind,
                "name": collection.name,
                "title": collection.title,
                "person": person,
                "face": collection.items[0].images.get(person.image) if person and person.image else None,
                "items": self._list_cards(page_items),
                **page_values,
            }
            if number == 1 or self.templates.has_own("shelf.html"):
                values["count"] = len(collection.items)
            yield PageContent(page_key(number, collection.key), "shelf.html", values)


def _list_page_values(count: int, first_key: str) -> Iterator[dict[str, Any]]:
    """For each page of a list: which one it is, the keys of all, and the numbers of those to link to."""
    keys = [page_key(number, first_key) for number in range(1, count + 1)]
    for number in range(1, count + 1):
        yield {"number": number, "pages": keys, "page_numbers": select_page_numbers(number, count)}


def _overview_key(kind: str) -> str:
    return f"{kind}/index.html"


def _select_collections(kind: str, collections: Sequence[Collection]) -> list[Collection]:
    """The latest seasons, or those that have the most episodes, in the same order."""
    if kind == "seasons":
        return list(collections[:SELECTED_COLLECTIONS])
    keys = {row.key for row in heapq.nlargest(SELECTED_COLLECTIONS, collections, key=lambda row: len(row.items))}
    return [collection for collection in collections if collection.key in keys]


def _collection_values(collection: Collection) -> dict[str, Any]:
    return {
        "name": collection.name,
        "title": collection.title,
        "key": collection.key,
        "count": len(collection.items),
    }


def _card_values(item: Item) -> dict[str, Any]:
    """What lists show of an episode, and no more, so that they do not depend on the rest of it."""
    episode = item.episode
    return {
        "title": episode.title,
        "number": episode.number,
        "season": episode.season,
        "type": episode.type,
        "url": item.url,
        "date": item.date,
        "summary": item.summary,
        "seconds": item.enclosure.seconds,
        "artwork": item.artwork,
        "explicit": item.explicit,
    }


def player_values(item: Item) -> dict[str, Any]:
    """What a small player shows of an episode, and no more."""
    media = {"audio": item.enclosure_url, "mime": item.enclosure.mime, "social_card": item.social_card}
    return {**_card_values(item), **media}
