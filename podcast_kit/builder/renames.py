"""Episodes whose notes were renamed since they were published: their former URLs will redirect."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from podcast_kit.model import Episode, LockEntry, Project
from podcast_kit.source.episode import is_valid_slug


def apply_renames(project: Project, now: datetime) -> Project:
    """The project with every lock entry under its episode's current slug, and former slugs in `former_slugs`.

    A slug that was only uploaded ahead of its date, as of `now`, had no page that anyone could have linked to.
    """
    episodes = {episode.guid: episode for episode in project.episodes}
    return replace(project, lock=tuple(_rename_entry(entry, episodes.get(entry.guid), now) for entry in project.lock))


def find_former_slugs(project: Project, episode: Episode, entry: LockEntry | None) -> tuple[str, ...]:
    """The slugs that the episode's pages had before, per podcast.lock and per the store's record, oldest first.

    A run of CI may have an old podcast.lock: what it published itself was never committed.
    """
    slugs = [*(entry.former_slugs if entry else ()), *reversed(project.recorded_slugs.get(episode.guid, ()))]
    return tuple(slug for slug in dict.fromkeys(slugs) if slug != episode.slug and is_valid_slug(slug))


def _rename_entry(entry: LockEntry, episode: Episode | None, now: datetime) -> LockEntry:
    if episode is None or episode.slug == entry.slug:
        return entry
    is_public = entry.date <= now and is_valid_slug(entry.slug)
    slugs = (*entry.former_slugs, entry.slug) if is_public else entry.former_slugs
    former_slugs = tuple(slug for slug in dict.fromkeys(slugs) if slug != episode.slug)
    return replace(entry, slug=episode.slug, former_slugs=former_slugs)
