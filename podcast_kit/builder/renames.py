"""Episodes whose notes were renamed since they were published: their old addresses are not forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from podcast_kit.model import Episode, Project, LockEntry
from podcast_kit.source.episode import is_slug


def remembered(project: Project, now: datetime) -> Project:
    """The project with the lock as the names of today have it: what an episode was called before stands in `was`.

    What only went ahead of its date by `now` had no page that anybody could have kept the address of.
    """
    episodes = {episode.guid: episode for episode in project.episodes}
    return replace(project, lock=tuple(_renamed(entry, episodes.get(entry.guid), now) for entry in project.lock))


def _renamed(entry: LockEntry, episode: Episode | None, now: datetime) -> LockEntry:
    if episode is None or episode.slug == entry.slug:
        return entry
    before = (*entry.former_slugs, entry.slug) if entry.date <= now and is_slug(entry.slug) else entry.former_slugs
    was = tuple(slug for slug in dict.fromkeys(before) if slug != episode.slug)
    return replace(entry, slug=episode.slug, former_slugs=was)
