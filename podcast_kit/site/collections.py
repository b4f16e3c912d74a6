"""Collections of episodes: by season, tag and person; and the pagination of lists."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from podcast_kit.model import Item, Person

EPISODES_PER_PAGE = 50
MAX_SHIFTING_PAGES = 10
"""Pages of a list that may all change with each new episode."""
MAX_PAGE_LINKS = 15
PAGE_STEPS = (1, 2, 10, 100)
"""How far from a page those are to which it links, where there are more than MAX_PAGE_LINKS."""
MAX_SLUG_LEN = 80

_Entry = TypeVar("_Entry")


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
    by_number: dict[int, list[Item]] = {}
    for item in items:
        if item.episode.season is not None:
            by_number.setdefault(item.episode.season, []).append(item)
    if len(by_number) < 2:  # noqa: PLR2004  # one season is the whole show
        return ()
    return tuple(
        Collection(
            name=str(number), key=f"seasons/{number}/index.html", items=tuple(season), title=_season_title(season)
        )
        for number, season in sorted(by_number.items(), reverse=True)
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


def paginate(items: Sequence[Item], *, grows_at_front: bool = True) -> tuple[tuple[Item, ...], ...]:
    """Split a list into pages; one empty page if there are no episodes.

    The pages of a long list that grows at its front are filled from its end: a new episode changes only the first
    page, and every EPISODES_PER_PAGE-th all of them. The last page has half as many episodes as others, so that the
    first one has at least half, and one and a half at most; there are as many pages as if all were filled.
    """
    count = -(-len(items) // EPISODES_PER_PAGE)
    if count <= MAX_SHIFTING_PAGES or not grows_at_front:
        return split_evenly(items, EPISODES_PER_PAGE)
    last_start = len(items) - EPISODES_PER_PAGE // 2
    first_end = last_start - (count - 2) * EPISODES_PER_PAGE
    between = split_evenly(items[first_end:last_start], EPISODES_PER_PAGE)
    return (tuple(items[:first_end]), *between, tuple(items[last_start:]))


def split_evenly(entries: Sequence[_Entry], size: int) -> tuple[tuple[_Entry, ...], ...]:
    """Parts of this size, the last one of what is left; one empty part without any entries."""
    return tuple(tuple(entries[start : start + size]) for start in range(0, len(entries), size)) or ((),)


def page_key(number: int, first: str = "index.html") -> str:
    """The key of a page of a list, whose first page has the key `first`; pages count from 1."""
    return first if number == 1 else f"{first.removesuffix('index.html')}page/{number}/index.html"


def select_page_numbers(number: int, count: int) -> list[int | None]:
    """The pages to which a page of a list links, itself among them; None where some are left out.

    >>> select_page_numbers(50, 200)
    [1, None, 40, None, 48, 49, 50, 51, 52, None, 60, None, 150, None, 200]
    """
    if count <= MAX_PAGE_LINKS:
        return list(range(1, count + 1))
    steps = [step for distance in PAGE_STEPS for step in (distance, -distance)]
    selected = sorted({1, number, count, *(number + step for step in steps if 1 <= number + step <= count)})
    numbers: list[int | None] = [1]
    for previous, following in pairwise(selected):
        if following == previous + 2:
            numbers.append(previous + 1)
        elif following > previous + 2:
            numbers.append(None)
        numbers.append(following)
    return numbers


def _unique_names(names: Iterable[str]) -> list[str]:
    return list({slugify_name(name): name for name in reversed(list(names))}.values())[::-1]
