"""Redirects from URLs that pages had before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from podcast_kit.errors import Problem
from podcast_kit.model import Episode, Item, OwnPage

_INDEX = "/index.html"
_SUBPAGES = ("embed/index.html", "transcript/index.html")
"""Pages of an episode that are redirected with it, so that players embedded in other sites keep working."""


class Redirect(NamedTuple):
    """A redirect from an old page to an episode's page, or to one of the podcaster's own."""

    key: str
    to: str
    """The key of the current page."""
    title: str
    """Of the current page."""


class _TakenKeys:
    """Keys in use, compared as on a file system that ignores case."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()
        for key in keys:
            self.add(key)

    def add(self, key: str) -> None:
        self.files.add(key.casefold())
        self.folders.update(_parent_folders(key.casefold()))

    def claim_free(self, redirects: Iterable[Redirect]) -> Iterator[Redirect]:
        """The redirects whose keys are free, the first of each key; their keys are in use afterwards."""
        for redirect in redirects:
            if redirect.key not in self:
                self.add(redirect.key)
                yield redirect

    def __contains__(self, key: str) -> bool:
        folded = key.casefold()
        return folded in self.files or folded in self.folders or not self.files.isdisjoint(_parent_folders(folded))


def find_taken_pages(pages: Iterable[OwnPage], keys: Collection[str]) -> Iterator[Problem]:
    """A problem for every page of the podcaster's own whose address is that of another page or a file."""
    own_pages = tuple(pages)
    taken = _TakenKeys(keys if own_pages else ())
    for page in own_pages:
        if page.key in taken:
            text, fix = f"podcast-kit makes {page.slug}/ itself", "set another `slug:`, or rename the file"
            yield Problem(page.location_of("slug"), text, fix, "page.taken")


def find_redirects(
    items: Iterable[Item], keys: Collection[str], own_pages: Iterable[OwnPage] = ()
) -> tuple[tuple[Redirect, ...], list[Problem]]:
    """Every redirect to a page, and what is wrong with aliases; `items` are newest first.

    `keys` are all keys of the show. An existing page wins over the redirect of a renamed episode; an alias that is the
    key of one is a problem.
    """
    renamed_items = [item for item in items if item.episode.aliases or item.former_slugs]
    targets: list[tuple[Episode | OwnPage, str]] = [(item.episode, _episode_page_key(item)) for item in renamed_items]
    targets += [(page, page.key) for page in own_pages if page.aliases]
    if not targets:
        return (), []
    taken, redirects, problems = _TakenKeys(keys), list[Redirect](), list[Problem]()
    for source, target in targets:
        for alias in source.aliases:
            if alias in taken:
                text = f"aliases: {alias!r} is the URL of an existing page or file"
                location = source.location_of(f"aliases.{alias}")
                problems.append(Problem(location, text, "remove the alias", "alias.taken"))
            else:
                redirects.append(Redirect(alias, target, source.title))
                taken.add(alias)
    renamed = [
        Redirect(f"episodes/{slug}{_INDEX}", _episode_page_key(item), item.episode.title)
        for item in renamed_items
        for slug in reversed(item.former_slugs)
    ]
    redirects += taken.claim_free(renamed)
    redirects += taken.claim_free(list(_subpage_redirects(redirects, keys)))
    return tuple(redirects), problems


def _subpage_redirects(redirects: Iterable[Redirect], keys: Collection[str]) -> Iterator[Redirect]:
    """Redirects for the embeddable player and the transcript of renamed episodes."""
    for redirect in redirects:
        if redirect.key.startswith("episodes/") and redirect.key.endswith(_INDEX):
            for name in _SUBPAGES:
                to = f"{redirect.to.removesuffix('index.html')}{name}"
                if to in keys:
                    yield redirect._replace(key=f"{redirect.key.removesuffix('index.html')}{name}", to=to)


def _episode_page_key(item: Item) -> str:
    return f"episodes/{item.episode.slug}{_INDEX}"


def _parent_folders(key: str) -> Iterator[str]:
    while "/" in key:
        key = key.rpartition("/")[0]
        yield key
