"""When a show whose files stay the same would be built differently."""

from __future__ import annotations

from datetime import datetime

from podcast_kit.model import Project


def find_next_date(project: Project, now: datetime) -> datetime | None:
    """The first date after `now` at which an episode becomes due, for everyone or for members; None if there is none.

    The dates in podcast.lock count, too, because an entry is early until then.
    """
    dates = [date for episode in project.episodes for date in (episode.date, episode.members_from) if date]
    dates += [entry.date for entry in project.lock]
    return min((date for date in dates if date > now), default=None)
