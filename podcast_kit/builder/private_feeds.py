"""The private feeds of a show, for the build to write beside the public one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from podcast_kit import feed
from podcast_kit.model import Image, Item, Project
from podcast_kit.model.lineage import DIGEST_LEN, SourceParts
from podcast_kit.source import subscribers


def render_feeds(
    project: Project, items: Sequence[Item], artwork: Image | None = None, *, needs_key: bool = True
) -> dict[str, bytes]:
    """A feed for each subscriber under its key; none where there is no list, or no key unless `needs_key`.

    Raises OperationError when there is a list and no secret, InvalidInput for problems of the list.
    """
    subscriber_list = subscribers.read_subscribers(project.folder)
    if not subscriber_list or (not needs_key and subscribers.is_key_missing(project.folder)):
        return {}
    secret = subscribers.read_subscribers_key(project.folder)
    return feed.render_private_feeds(
        project.show, items, subscriber_list.names, secret, revoked=subscriber_list.revoked, artwork=artwork
    )


def digest_subscriber_list(folder: Path) -> SourceParts:
    """The version of the list of subscribers, for lineage: a digest with their key, which tells no one the names."""
    subscriber_list = subscribers.read_subscribers(folder)
    lists = (subscriber_list.names, subscriber_list.revoked)
    text = "\n-\n".join("\n".join(sorted(map(subscribers.normalize_name, names))) for names in lists)
    digest = hmac.new(subscribers.read_subscribers_key(folder), f"list {text}".encode(), hashlib.sha256).hexdigest()
    return {subscribers.SUBSCRIBERS_FILE: digest[:DIGEST_LEN]}
