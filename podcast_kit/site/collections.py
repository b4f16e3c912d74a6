"""Collections of episodes: by season, tag and person; and the pagination of the index."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podcast_kit.model import Item, Person

EPISODES_PER_PAGE = 50
MAX_SLUG_LEN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Episodes of one season, tag or person, newest first."""

    name: str
    key: str
    """The key of its page."""
    items: tuple[Item, ...]
    person: Person | None = None
    title: str = ""
    """The title of a season, if it has one."""


def slugify_name(name: str) -> str:
    """A name as a path segment: lower case, letters and digits of any script, hyphens."""
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", name).casefold()).strip("-")[:MAX_SLUG_LEN].strip("-")
    return slug or "x" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def group_by_season(items: Sequence[Item]) -> tuple[Collection, ...]:
    """The seasons, the latest first; empty if the show has only one."""
    numbers = sorted({item.episode.season for item in items if item.episode.season is not None}, reverse=True)
    if len(numbers) < 2:  # noqa: PLR2004  # one season is the whole show
        return ()
    by_number = {number: tuple(item for item in items if item.episode.season == number) for number in numbers}
    return tuple(
        Collection(name=str(number), key=f"seasons/{number}/index.html", items=season, title=_season_title(season))
        for number, season in by_number.items()
    )


def _season_title(items: Iterable[Item]) -> str:
    """The title in the newest episode that has one."""
    seasons = (element for item in items for element in item.elements if element.name == "podcast:season")
    return next((title for element in seasons if (title := dict(element.attributes).get("name", ""))), "")


def group_by_tag(items: Sequence[Item]) -> tuple[Collection, ...]:
    """The tags by name. Tags that differ only in case are merged and spelled as in the newest episode."""
    by_slug: dict[str, tuple[str, list[Item]]] = {}
    for item in items:
        for tag in _unique_names(item.episode.tags):
            by_slug.setdefault(slugify_name(tag), (tag, []))[1].append(item)
    return tuple(
        Collection(name=name, key=f"tags/{slug}/index.html", items=tuple(tagged))
        for slug, (name, tagged) in sorted(by_slug.items())
    )


def group_by_person(items: Sequence[Item]) -> tuple[Collection, ...]:
    """The hosts and guests by name, each as described in their newest episode."""
    by_slug: dict[str, tuple[Person, list[Item]]] = {}
    for item in items:
        for person in item.people:
            appearances = by_slug.setdefault(slugify_name(person.name), (person, []))[1]
            if not appearances or appearances[-1] is not item:
                appearances.append(item)
    return tuple(
        Collection(name=person.name, key=f"people/{slug}/index.html", items=tuple(appearances), person=person)
        for slug, (person, appearances) in sorted(by_slug.items())
    )


def paginate(items: Sequence[Item]) -> tuple[tuple[Item, ...], ...]:
    """Split the index into pages; one empty page if there are no episodes."""
    starts = range(0, len(items), EPISODES_PER_PAGE)
    return tuple(tuple(items[start : start + EPISODES_PER_PAGE]) for start in starts) or ((),)


def page_key(number: int) -> str:
    """The key of a page of the index; pages count from 1."""
    return "index.html" if number == 1 else f"page/{number}/index.html"


def _unique_names(names: Iterable[str]) -> list[str]:
    return list({slugify_name(name): name for name in reversed(list(names))}.values())[::-1]
