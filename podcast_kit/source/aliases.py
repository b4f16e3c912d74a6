"""`aliases:` of an episode: former addresses of its page, which redirect to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from podcast_kit.errors import Problem
from podcast_kit.model import Episode, OwnPage
from podcast_kit.source.yaml import InvalidValue, Table, converters

MAX_ALIAS_LEN = 500
"""Characters; stores allow 1,024 bytes, and some file systems that many for the whole path."""
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_FILE_NAME = re.compile(r".*\.(?:html?|xml|rss|json|opml|txt|js|css|svg|webmanifest)", re.IGNORECASE)
"""Names that cannot be meant as a folder."""
_RESERVED_FOLDERS = {"media", "assets"}
_FIX = "write the old name, as 'old-name', or the old path below publish.url, as '/2019/old-name/'"


def aliases_from_table(table: Table, folder: str = "episodes") -> tuple[str, ...]:
    """The keys of the pages that redirect to the episode; records the location of each in the table's locations.

    An alias that is only a name is below `folder`, or for an empty one at the top.
    """
    keys: dict[str, None] = {}
    for value in table.values("aliases"):
        if key := table.converted(value, partial(to_page_key, folder=folder), "", "aliases"):
            keys[key] = None
            table.locations[alias_location_key(key)] = value.location
    return tuple(keys)


def alias_location_key(alias: str) -> str:
    """The key of an alias among an episode's locations."""
    return f"aliases.{alias}"


def to_page_key(raw: str, *, folder: str = "episodes") -> str:
    """The key of the page at a former address, read as Hugo reads it; raises InvalidValue.

    With a leading slash it is a path below publish.url; without one it is a name below `folder`.
    """
    alias = converters.to_line(raw)
    segments = alias.strip("/").split("/")
    has_file_name = len(segments) > 1 and segments[-1].endswith((".html", ".htm"))
    folders = segments[:-1] if has_file_name else segments
    are_segments_valid = all(_SEGMENT.fullmatch(segment) and not segment.endswith(".") for segment in segments)
    if len(alias) > MAX_ALIAS_LEN or not are_segments_valid or any(map(_FILE_NAME.fullmatch, folders)):
        raise InvalidValue(f"{converters.quote_value(raw)} is not the address of a page", _FIX, "alias.form")
    if folder and not alias.startswith("/"):
        segments = [folder, *segments]
    if segments[0].casefold() in _RESERVED_FOLDERS:
        text = f"{converters.quote_value(raw)} is inside {segments[0]}/, which never has pages"
        raise InvalidValue(text, _FIX, "alias.form")
    return "/".join(segments) if has_file_name else "/".join([*segments, "index.html"])


def find_alias_conflicts(episodes: Iterable[Episode], own_pages: Iterable[OwnPage] = ()) -> Iterator[Problem]:
    """Aliases that are the page of an episode or one of the podcaster's own, published or not, or that two have."""
    episodes, own_pages = tuple(episodes), tuple(own_pages)
    pages: dict[str, Episode | OwnPage] = {
        f"episodes/{episode.slug}/index.html".casefold(): episode for episode in episodes
    }
    pages |= {page.key.casefold(): page for page in own_pages}
    holders: dict[str, Episode | OwnPage] = {}
    owners: list[Episode | OwnPage] = [*episodes, *own_pages]
    for episode in owners:
        for alias in episode.aliases:
            folded = alias.casefold()
            page_owner, holder = pages.get(folded), holders.setdefault(folded, episode)
            if page_owner is episode:
                kind = "episode" if isinstance(episode, Episode) else "page"
                text, fix = f"is the {kind}'s own address", "remove it"
            elif page_owner is not None:
                text, fix = f"is the page of {page_owner.path}", "remove it, or rename the other one"
            elif holder is not episode:
                text, fix = f"is also an alias of {holder.path}", "keep one of them"
            else:
                continue
            location = episode.location_of(alias_location_key(alias))
            yield Problem(location, f"aliases: {alias!r} {text}", fix, "alias.taken")
