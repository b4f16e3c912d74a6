"""The pages that list episodes: the index, and those of seasons, tags and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
)
from podcast_kit.site.page_content import PageContent


class EpisodeLists:
    """The lists of one show's episodes; `items` are newest first."""

    def __init__(self, show: Show, items: Sequence[Item]) -> None:
        self.show = show
        self.items = items

    @cached_property
    def _collections(self) -> dict[str, tuple[Collection, ...]]:
        """By the kind of their pages."""
        return {
            "season": group_by_season(self.items),
            "tag": group_by_tag(self.items),
            "person": group_by_person(self.items),
        }

    def list_index_pages(self, late_values: Callable[[], Mapping[str, Any]]) -> Iterator[PageContent]:
        """The pages of the index; `late_values` are those about the show."""
        items = self.items
        ordered = tuple(reversed(items)) if self.show.type is ShowType.SERIAL else tuple(items)
        pages = paginate(ordered)
        trailer = next((item for item in items if item.episode.type is EpisodeType.TRAILER), None)
        collections = {
            "seasons": [_collection_values(season) for season in self._collections["season"]],
            "tags": [_collection_values(tag) for tag in self._collections["tag"]],
            "people": [_collection_values(person) for person in self._collections["person"]],
        }
        for number, page_items in enumerate(pages, 1):
            values: dict[str, Any] = {
                "items": [_card_values(item) for item in page_items],
                "number": number,
                "pages": [page_key(page) for page in range(1, len(pages) + 1)],
                "trailer": _card_values(trailer) if trailer and number == 1 else None,
                "latest": player_values(items[0]) if items and number == 1 else None,
                "count": len(items),
                **collections,
            }
            yield PageContent(page_key(number), "index.html", values, late_values)

    def list_collection_pages(self) -> Iterator[PageContent]:
        """The pages of seasons, tags and people."""
        for kind, collections in self._collections.items():
            for collection in collections:
                person = collection.person
                values = {
                    "kind": kind,
                    "name": collection.name,
                    "title": collection.title,
                    "person": person,
                    "face": collection.items[0].images.get(person.image) if person and person.image else None,
                    "items": [_card_values(item) for item in collection.items],
                }
                yield PageContent(collection.key, "shelf.html", values)


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
