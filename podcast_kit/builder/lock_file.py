"""Writes podcast.lock: what was once public must never be forgotten."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from podcast_kit.builder.disk_errors import disk_errors
from podcast_kit.errors import OperationError
from podcast_kit.io import atomic_write
from podcast_kit.model import LOCK_FILE, LockEntry, Project
from podcast_kit.source import lock


def write_lock_entries(folder: Path, entries: Collection[LockEntry]) -> None:
    """Write these entries into podcast.lock beside those of other episodes, unless it is unchanged."""
    path = folder / LOCK_FILE
    if not path.parent.is_dir():
        raise OperationError(f"{path.parent}: the show's folder was moved or deleted", "publish from its new location")
    with disk_errors(folder):
        guids = {entry.guid for entry in entries}
        other_entries = [entry for entry in lock.read_lock(path) if entry.guid not in guids]
        data = lock.render_lock([*entries, *other_entries])
        if (path.is_file() and path.read_bytes() == data) or not (path.is_file() or guids):
            return
        atomic_write.write_atomic(path, data)


def merge_lock(project: Project, entries: Collection[LockEntry]) -> tuple[LockEntry, ...]:
    """The lock as it will be: what this build publishes, and everything that was published before."""
    current = {entry.guid: entry for entry in entries}
    earlier = [entry for entry in project.lock if entry.guid not in current]
    return tuple(sorted([*current.values(), *earlier], key=lambda entry: (entry.date, entry.slug)))
