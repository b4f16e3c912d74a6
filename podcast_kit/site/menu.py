"""The menu of the site: the episodes, the podcaster's own pages, and what `menu:` in podcast.yaml names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from podcast_kit.errors import Problem, SourceLocation
from podcast_kit.model import MenuEntry, PublishedPage, Show
from podcast_kit.site.i18n import Translations

_EPISODES = "episodes"
_FOLLOW = "follow"
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_LAST = 1_000_000


@dataclass(frozen=True, slots=True)
class MenuLink:
    """An entry of the menu as pages show it."""

    title: str
    key: str = ""
    """Of the page or file of the show; empty for another address."""
    mark: str = ""
    """What follows the key, such as `#episodes`."""
    url: str = ""
    """Another address; empty for a page of the show."""
    location: SourceLocation = field(default=SourceLocation("podcast.yaml"), compare=False, repr=False)
    target: str = field(default="", compare=False, repr=False)


def build_menu(
    show: Show, own_pages: Sequence[PublishedPage], static_files: Collection[str], t: Translations
) -> tuple[MenuLink, ...]:
    """The entries besides the button to follow: those of `menu:`, or else the episodes and the pages with `menu:`."""
    if show.menu:
        return tuple(_resolve_entry(entry, own_pages, static_files, t) for entry in show.menu)
    pages = [published.page for published in own_pages if published.page.menu]
    pages.sort(key=lambda page: (_LAST if page.order is None else page.order, page.title, page.slug))
    return (_episodes_link(t), *(MenuLink(page.menu, page.key) for page in pages))


def find_dead_entries(
    menu: Sequence[MenuLink], keys: Collection[str], own_pages: Sequence[PublishedPage]
) -> Iterator[Problem]:
    """A problem for every entry that leads to nothing that is published."""
    slugs = [published.page.slug for published in own_pages]
    for link in menu:
        if not link.key or link.key in keys:
            continue
        names = [_EPISODES, *slugs]
        near = difflib.get_close_matches(link.target.strip("/"), names, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}, a file in static/, or a URL"
        yield Problem(link.location, f"menu: {link.target!r} leads to nothing that is published", fix, "menu.missing")


def _resolve_entry(
    entry: MenuEntry, own_pages: Sequence[PublishedPage], static_files: Collection[str], t: Translations
) -> MenuLink:
    """The entry with the address of its page or file, and with the page's own label if it has none."""
    if _SCHEME.match(entry.target):
        return MenuLink(entry.title or entry.target.partition(":")[2], url=entry.target, location=entry.location)
    path, hash_sign, fragment = entry.target.partition("#")
    name = path.removeprefix("./").strip("/").removeprefix("static/")
    mark = hash_sign + fragment
    page = next((row.page for row in own_pages if name in {row.page.slug, row.page.key, row.page.path}), None)
    title = entry.title
    if page:
        key = page.key
        title = title or page.menu or page.title
    elif name == _EPISODES:
        episodes = _episodes_link(t)
        key, mark, title = episodes.key, mark or episodes.mark, title or episodes.title
    elif not name:
        key, title = "index.html", title or t("episodes")
    elif name == _FOLLOW:
        key, title = "follow/index.html", title or t("follow")
    else:
        key = name if name in static_files or "." in name.rpartition("/")[2] else f"{name}/index.html"
        title = title or name
    return MenuLink(title, key, mark, location=entry.location, target=entry.target)


def _episodes_link(t: Translations) -> MenuLink:
    return MenuLink(t("episodes"), "index.html", "#episodes")
