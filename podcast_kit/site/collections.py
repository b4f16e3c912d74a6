"""Episodes put together: by season, by tag, by who is heard in them; and the index cut into pages."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podcast_kit.model import Item, Person

PAGE = 50
LONGEST = 80
"""Letters of a slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Episodes that have something in common, newest first."""

    name: str
    key: str
    """Of its page."""
    items: tuple[Item, ...]
    person: Person | None = None
    title: str = ""
    """Of a season that has one."""


def slug(name: str) -> str:
    """A name as a part of an address: lower case, letters and digits of any script, hyphens."""
    plain = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", name).casefold()).strip("-")[:LONGEST].strip("-")
    return plain or "x" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def seasons(items: Sequence[Item]) -> tuple[Shelf, ...]:
    """The seasons, the last first; none where all is one season."""
    numbers = sorted({item.episode.season for item in items if item.episode.season is not None}, reverse=True)
    if len(numbers) < 2:  # noqa: PLR2004  # one season is the whole show
        return ()
    found = {number: tuple(item for item in items if item.episode.season == number) for number in numbers}
    return tuple(
        Shelf(name=str(number), key=f"seasons/{number}/index.html", items=inside, title=_season_title(inside))
        for number, inside in found.items()
    )


def _season_title(items: Iterable[Item]) -> str:
    """As the newest episode that names the season has it."""
    said = (element for item in items for element in item.elements if element.name == "podcast:season")
    return next((title for element in said if (title := dict(element.attributes).get("name", ""))), "")


def tags(items: Sequence[Item]) -> tuple[Shelf, ...]:
    """The tags by name; tags that differ in case alone are one, called as the newest episode calls it."""
    named: dict[str, tuple[str, list[Item]]] = {}
    for item in items:
        for tag in _once(item.episode.tags):
            named.setdefault(slug(tag), (tag, []))[1].append(item)
    return tuple(
        Shelf(name=name, key=f"tags/{at}/index.html", items=tuple(found)) for at, (name, found) in sorted(named.items())
    )


def people(items: Sequence[Item]) -> tuple[Shelf, ...]:
    """Who is heard, by name; what the newest episode says of somebody holds."""
    named: dict[str, tuple[Person, list[Item]]] = {}
    for item in items:
        for person in item.people:
            found = named.setdefault(slug(person.name), (person, []))[1]
            if not found or found[-1] is not item:
                found.append(item)
    return tuple(
        Shelf(name=person.name, key=f"people/{at}/index.html", items=tuple(found), person=person)
        for at, (person, found) in sorted(named.items())
    )


def leaves(items: Sequence[Item]) -> tuple[tuple[Item, ...], ...]:
    """The index cut into pages; one, though empty, when there is nothing yet."""
    return tuple(tuple(items[at : at + PAGE]) for at in range(0, len(items), PAGE)) or ((),)


def leaf_key(number: int) -> str:
    """The key of a page of the index, counted from 1."""
    return "index.html" if number == 1 else f"page/{number}/index.html"


def _once(names: Iterable[str]) -> list[str]:
    return list({slug(name): name for name in reversed(list(names))}.values())[::-1]
