"""Completes podcast.lock by what other checkouts published, without building or publishing anything."""

from __future__ import annotations

from collections.abc import Callable

from podcast_kit import builder
from podcast_kit.model import LockEntry, Project
from podcast_kit.publish.record import complete_lock, read_record
from podcast_kit.stores import open_store


def pull_lock(project: Project, on_waiting: Callable[[str], None] = lambda _: None) -> tuple[LockEntry, ...]:
    """Add the entries to podcast.lock that were published from elsewhere, and return them.

    Files that are uploaded ahead of their date and private feeds are never among them: the record does not have them.
    Raises OperationError or StoreAccessError.
    """
    store = open_store(project.show.publish, project.folder, on_waiting)
    _, added_entries = complete_lock(project, read_record(store, project.show.feed.path))
    if added_entries:
        builder.write_lock_entries(project.folder, added_entries)
    return added_entries
