"""Addresses that pages had before: which of them lead where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Item

INDEX = "/index.html"
BESIDE = ("embed/index.html", "transcript/index.html")
"""What an episode has below its page: a player that stands in pages of others must not go dark."""


class Moved(NamedTuple):
    """An old address and where it leads."""

    key: str
    to: str
    """The key of the page that is there now."""
    item: Item


class _Taken:
    """Keys, told apart as by a file system that takes big letters for small ones."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()
        for key in keys:
            self.add(key)

    def add(self, key: str) -> None:
        self.files.add(key.casefold())
        self.folders.update(_above(key.casefold()))

    def free(self, wanted: Iterable[Moved]) -> Iterator[Moved]:
        """Those whose addresses nobody has yet, the first of two winning; they have them from now on."""
        for one in wanted:
            if one.key not in self:
                self.add(one.key)
                yield one

    def __contains__(self, key: str) -> bool:
        folded = key.casefold()
        return folded in self.files or folded in self.folders or not self.files.isdisjoint(_above(folded))


def moved(items: Iterable[Item], keys: Collection[str]) -> tuple[Moved, ...]:
    """Every address that leads to an episode's page; `keys` are all that the show has, `items` are newest first.

    A page wins over what only remembers that it was called so before; raises InvalidInput where the author wrote
    an alias that a page has.
    """
    items, taken = tuple(items), _Taken(keys)
    found, problems = list[Moved](), list[Problem]()
    for item in items:
        for alias in item.episode.aliases:
            if alias in taken:
                text = f"aliases: {alias!r} is the address of a page or file that the show has"
                place = item.episode.location_of(f"aliases.{alias}")
                problems.append(Problem(place, text, "an address leads to one page: remove it", "alias.taken"))
            else:
                found.append(Moved(alias, _page(item), item))
                taken.add(alias)
    if problems:
        raise InvalidInput(problems)
    renamed = [Moved(f"episodes/{slug}{INDEX}", _page(item), item) for item in items for slug in reversed(item.former_slugs)]
    found += taken.free(renamed)
    found += taken.free(list(_below(found, keys)))
    return tuple(found)


def _below(pages: Iterable[Moved], keys: Collection[str]) -> Iterator[Moved]:
    """The player and the transcript of episodes that were called otherwise."""
    for page in pages:
        if page.key.startswith("episodes/") and page.key.endswith(INDEX):
            for name in BESIDE:
                to = f"{page.to.removesuffix('index.html')}{name}"
                if to in keys:
                    yield page._replace(key=f"{page.key.removesuffix('index.html')}{name}", to=to)


def _page(item: Item) -> str:
    return f"episodes/{item.episode.slug}{INDEX}"


def _above(key: str) -> Iterator[str]:
    """The folders that a key lies in."""
    while "/" in key:
        key = key.rpartition("/")[0]
        yield key
