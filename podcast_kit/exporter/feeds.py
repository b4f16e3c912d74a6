"""A show as one feed for another host to import: all episodes on one page, absolute URLs, and nothing of this host.

The prompts are left out of the notes, because they lead to the pages of this show; so are hubs, the prefix of
statistics services and `itunes:new-feed-url`, which an importer might follow.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from podcast_kit import feed
from podcast_kit.builder import Build
from podcast_kit.model import Item, Show

MAX_DESCRIPTION_BYTES = 4000
"""UTF-8 that Apple takes in an item's description; longer notes are in content:encoded only."""
OWN_HOST_TAGS = {"itunes:new-feed-url", "podcast:podping"}
"""Elements of the channel about this address."""


def render_export_feed(build: Build, *, is_locked: bool | None = None) -> bytes:
    """The whole show as one RSS feed. Without `is_locked`, podcast:locked is as the show has it."""
    show = exported_show(build.project.show)
    if is_locked is not None:
        show = replace(show, locked=is_locked)
    return feed.render_rss(show, [_exported_item(item) for item in build.items], artwork=build.artwork)


def exported_show(show: Show) -> Show:
    """The show without what is only true at its own address."""
    settings = replace(show.feed, hubs=(), prefix="", page_size=0)
    elements = tuple(element for element in show.elements if element.name not in OWN_HOST_TAGS)
    return replace(show, feed=settings, elements=elements)


def _exported_item(item: Item) -> Item:
    """The item with its notes as they are written, and its summary as the description if it has one of its own."""
    if item.episode.summary:
        description = escape(item.episode.summary, quote=False)
    elif len(item.notes.encode()) <= MAX_DESCRIPTION_BYTES:
        description = item.notes
    else:
        description = escape(item.summary, quote=False)
    return replace(item, content=item.notes, description=description)
