"""`aliases:` of an episode: addresses that its page had before, and that lead to it now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from podcast_kit.errors import Problem
from podcast_kit.model import Episode
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Wrong

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_FILE = re.compile(r".*\.(?:html?|xml|rss|json|opml|txt|js|css|svg|webmanifest)", re.IGNORECASE)
"""What is no folder to anybody who sees its name."""
_OURS = {"media", "assets"}
LONGEST = 500
"""Characters: stores end at 1,024 bytes, and some systems with all that leads to the folder."""
_HINT = "write the old name, as 'old-name', or the old path after the show's address, as '/2019/old-name/'"


def take(table: Table) -> tuple[str, ...]:
    """The keys of the pages that shall lead here; where each is written stands in the table's places."""
    found: dict[str, None] = {}
    for value in table.values("aliases"):
        if said := table.read(value, key, "", "aliases"):
            found[said] = None
            table.places[place_of(said)] = value.place
    return tuple(found)


def place_of(alias: str) -> str:
    """The name under which an episode's places have that of one alias."""
    return f"aliases.{alias}"


def key(raw: str) -> str:
    """The key of the page that an address had, as Hugo reads it; raises Wrong.

    With a slash before it, it counts from the show's address; without one it is the name of an episode.
    """
    said = converters.line(raw)
    segments = said.strip("/").split("/")
    last = segments[-1]
    page = len(segments) > 1 and last.endswith((".html", ".htm"))
    names = segments[:-1] if page else segments
    sound = len(said) <= LONGEST and all(_SEGMENT.fullmatch(one) and not one.endswith(".") for one in segments)
    if not sound or any(map(_FILE.fullmatch, names)):
        raise Wrong(f"{converters.shown(raw)} is not the address of a page of this show", _HINT, "alias.form")
    if not said.startswith("/"):
        segments = ["episodes", *segments]
    if segments[0].casefold() in _OURS:
        raise Wrong(f"{converters.shown(raw)} is an address where no page ever is", _HINT, "alias.form")
    return "/".join(segments) if page else "/".join([*segments, "index.html"])


def doubles(found: Iterable[Episode]) -> Iterator[Problem]:
    """Aliases that are the page of an episode, though it may not be out yet, or lead to two of them."""
    found = tuple(found)
    pages = {f"episodes/{one.slug}/index.html".casefold(): one for one in found}
    first: dict[str, Episode] = {}
    for one in found:
        for alias in one.aliases:
            folded = alias.casefold()
            other, holder = pages.get(folded), first.setdefault(folded, one)
            if other is one:
                text, hint = "is the episode's own address", "remove it"
            elif other is not None:
                text, hint = (
                    f"is the address of {other.path}",
                    "remove it, or rename the other: an address is one page's",
                )
            elif holder is not one:
                text, hint = f"is an alias of {holder.path} too", "keep one of them: an address leads to one page"
            else:
                continue
            yield Problem(one.location_of(place_of(alias)), f"aliases: {alias!r} {text}", hint, "alias.taken")
