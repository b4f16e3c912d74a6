"""The private feeds of a show, for the build to write beside the public one."""

from __future__ import annotations

from collections.abc import Sequence

from podcast_kit import feed
from podcast_kit.model import Item, Image, Project
from podcast_kit.source import subscribers


def feeds(project: Project, items: Sequence[Item], artwork: Image | None = None) -> dict[str, bytes]:
    """A feed for each subscriber under its key; none where there is no list.

    Raises Failed when there is a list and no secret, InvalidInput for faults of the list.
    """
    listed = subscribers.read(project.folder)
    if not listed:
        return {}
    secret = subscribers.secret(project.folder)
    return feed.render_private(project.show, items, listed.names, secret, revoked=listed.revoked, artwork=artwork)
