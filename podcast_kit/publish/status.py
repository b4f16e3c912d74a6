"""Where every episode stands: in the folder, in podcast.lock, in the live feed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse
from podcast_kit.model import Episode, Item, LockEntry
from podcast_kit.plan.subscriber_changes import Kind, Notice


class Standing(StrEnum):
    """The value is the word shown."""

    LIVE = "live"
    CHANGED = "changed"
    """Live, and the folder says something else by now."""
    DUE = "due"
    """Not live yet, and nothing but a publish is missing."""
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    STRAY = "stray"
    """Live, and no longer in the folder."""
    LOST = "lost"
    """Published once, by podcast.lock, and neither live nor in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One episode."""

    standing: Standing
    slug: str
    title: str
    date: datetime | None = None
    detail: str = ""


def rows(
    *,
    items: Iterable[Item],
    scheduled: Iterable[Episode],
    drafts: Iterable[Episode],
    lock: Collection[LockEntry],
    live: bytes | None,
    notices: Collection[Notice],
) -> tuple[Row, ...]:
    """Scheduled ones first, the next one on top; then what is due or live, the newest first; then the rest.

    `notices` say what differs between the live feed and the folder.
    """
    told = {notice.guid: notice for notice in notices if notice.kind is not Kind.REMOVED}
    there = _guids(live)
    found = [Row(standing=Standing.SCHEDULED, slug=each.slug, title=each.title, date=each.date) for each in scheduled]
    here = set()
    for item in items:
        here.add(item.guid)
        standing = Standing.LIVE if item.guid in there else Standing.DUE
        notice = told.get(item.guid)
        if standing is Standing.LIVE and notice:
            standing = Standing.CHANGED
        detail = notice.detail if notice and standing is Standing.CHANGED else ""
        episode = item.episode
        found.append(Row(standing=standing, slug=episode.slug, title=episode.title, date=item.date, detail=detail))
    found += [Row(standing=Standing.DRAFT, slug=each.slug, title=each.title, date=each.date) for each in drafts]
    slugs = {row.slug for row in found}
    found += [
        Row(standing=Standing.STRAY, slug="", title=title, detail=guid)
        for guid, title in there.items()
        if guid not in here
    ]
    found += [
        Row(standing=Standing.LOST, slug=entry.slug, title="", date=entry.date, detail=entry.guid)
        for entry in lock
        if entry.guid not in here and entry.guid not in there and entry.slug not in slugs
    ]
    return tuple(found)


def _guids(live: bytes | None) -> dict[str, str]:
    """Guid → title of the live feed; none where it cannot be read."""
    if live is None:
        return {}
    try:
        return {item.child_text("guid"): item.child_text("title") for item in parse(live, "feed").items}
    except InvalidInput:
        return {}
