"""The status of every episode, from the show's folder, podcast.lock and the live feed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from podcast_kit.errors import InvalidInput
from podcast_kit.feed import parse_feed
from podcast_kit.model import Episode, Item, LockEntry
from podcast_kit.plan.subscriber_changes import ChangeKind, SubscriberChange


class EpisodeStatus(StrEnum):
    """The value is the word in `status --json`."""

    LIVE = "live"
    CHANGED = "changed"
    """Live, and edited since."""
    DUE = "due"
    """Goes live with the next publish."""
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    ORPHANED = "stray"
    """Live, and no longer in the folder."""
    MISSING = "lost"
    """Published according to podcast.lock, and neither live nor in the folder."""

    @property
    def label(self) -> str:
        """The word that people see."""
        return LABELS.get(self, str(self))


MEMBERS_ONLY = "only for members"
STILL_PUBLIC = "public until the next publish, then only for members"
NO_RECORDING = "its recording is neither here nor uploaded"
LABELS = {EpisodeStatus.ORPHANED: "orphaned", EpisodeStatus.MISSING: "missing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeRow:
    """One episode."""

    status: EpisodeStatus
    slug: str
    title: str
    date: datetime | None = None
    detail: str = ""


def list_episode_rows(
    *,
    items: Iterable[Item],
    scheduled: Iterable[Episode],
    drafts: Iterable[Episode],
    lock: Collection[LockEntry],
    live: bytes | None,
    changes: Collection[SubscriberChange],
    unrecorded: Collection[str] = (),
    for_members: Iterable[Episode] = (),
) -> tuple[EpisodeRow, ...]:
    """List scheduled episodes, the next one first; then due and live ones, newest first; then the rest.

    `live` is the live feed, and `changes` are its differences from the folder; `unrecorded` are the slugs of scheduled
    episodes that have no recording. `for_members` are episodes that only private feeds have: podcast.lock has those
    that were published. Their titles are not shown: logs of CI are often public.
    """
    changes_by_guid = {change.guid: change for change in changes if change.kind is not ChangeKind.REMOVED}
    live_titles = _read_live_titles(live)
    rows = [
        _episode_row(EpisodeStatus.SCHEDULED, episode, NO_RECORDING if episode.slug in unrecorded else "")
        for episode in scheduled
    ]
    guids = set()
    for item in items:
        guids.add(item.guid)
        change = changes_by_guid.get(item.guid)
        status, detail = (EpisodeStatus.LIVE if item.guid in live_titles else EpisodeStatus.DUE), ""
        if status is EpisodeStatus.LIVE and change:
            status, detail = EpisodeStatus.CHANGED, change.detail
        episode = item.episode
        rows.append(EpisodeRow(status=status, slug=episode.slug, title=episode.title, date=item.date, detail=detail))
    members_guids = {entry.guid for entry in lock if entry.members}
    for episode in for_members:
        guids.add(episode.guid)
        status, detail = EpisodeStatus.DUE, MEMBERS_ONLY
        if episode.guid in live_titles:
            status, detail = EpisodeStatus.CHANGED, STILL_PUBLIC
        elif episode.guid in members_guids:
            status = EpisodeStatus.LIVE
        rows.append(replace(_episode_row(status, episode, detail), title=""))
    rows += [_episode_row(EpisodeStatus.DRAFT, episode) for episode in drafts]
    slugs = {row.slug for row in rows}
    rows += [
        EpisodeRow(status=EpisodeStatus.ORPHANED, slug="", title=title, detail=guid)
        for guid, title in live_titles.items()
        if guid not in guids
    ]
    rows += [
        EpisodeRow(status=EpisodeStatus.MISSING, slug=entry.slug, title="", date=entry.date, detail=entry.guid)
        for entry in lock
        if entry.guid not in guids and entry.guid not in live_titles and entry.slug not in slugs
    ]
    return tuple(rows)


def _episode_row(status: EpisodeStatus, episode: Episode, detail: str = "") -> EpisodeRow:
    return EpisodeRow(status=status, slug=episode.slug, title=episode.title, date=episode.date, detail=detail)


def _read_live_titles(live: bytes | None) -> dict[str, str]:
    """Guid → title of the live feed; empty when there is none, or when it is unreadable."""
    if live is None:
        return {}
    try:
        return {item.child_text("guid"): item.child_text("title") for item in parse_feed(live, "feed").items}
    except InvalidInput:
        return {}
