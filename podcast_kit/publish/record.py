"""The store's record, read before the sources: what is live, from what it was made, and what podcast.lock lacks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.model import LockEntry, Project
from podcast_kit.model.lineage import EPISODE_UNIT, History, Publication, drop_removed
from podcast_kit.plan.live_show import compare_live_show
from podcast_kit.source import lock
from podcast_kit.stores import Store
from podcast_kit.stores.lineage import fetch_history, join_histories
from podcast_kit.stores.state import StoreState, fetch_state

_LOCK_HEAD = f"{lock.LOCK_HEADER}version: {lock.LOCK_VERSION}\nepisodes:\n"


@dataclass(slots=True)
class StoreRecord:
    """The state and the live feed; the history is read when it is first needed."""

    store: Store
    state: StoreState
    """As it was read, before it is reconciled with a build."""
    _history: History | None = field(default=None, repr=False)

    @property
    def history(self) -> History:
        """The versions of each unit: those in the state, and where there are older ones, one request more."""
        if self._history is None:
            has_more = self.state.has_history or self.state.rebuilt
            older = fetch_history(self.store) if has_more else History()
            self._history = join_histories(older, self.state.recent)
        return self._history

    def live_lock(self) -> tuple[LockEntry, ...]:
        """The entries of podcast.lock as they were published; none where the record does not have them."""
        entries = _parse_recorded_lock(self.history.lock) if self.state.lock_digest else ()
        return entries if digest_lock(entries) == self.state.lock_digest else ()


def read_record(store: Store, feed_key: str) -> StoreRecord:
    """Read the state and the live feed: two requests at the same time.

    Where the state is lost, the history tells what was published last.
    """
    record = StoreRecord(store, fetch_state(store, feed_key))
    if record.state.rebuilt and record.state.feed:
        sources = drop_removed({unit: rows[-1].parts for unit, rows in record.history.versions.items() if rows})
        lock_digest = digest_lock(_parse_recorded_lock(record.history.lock))
        record.state = replace(
            record.state, sources=sources, lock_digest=lock_digest, has_history=bool(record.history.etag)
        )
    return record


def complete_lock(project: Project, record: StoreRecord) -> tuple[Project, tuple[LockEntry, ...]]:
    """The project with the lock entries that were published from elsewhere, and these entries.

    What is live in this store stays frozen: its entry replaces another one of the same episode. Of another show that
    is live there nothing is taken.
    """
    published = [entry for entry in project.lock if entry.guid in record.state.slugs]
    if not record.state.lock_digest or digest_lock(published) == record.state.lock_digest:
        return project, ()
    guids = {*(entry.guid for entry in project.lock), *(episode.guid for episode in project.episodes)}
    feed = record.state.feed
    if feed and any(
        problem.severity is Severity.ERROR
        for problem in compare_live_show(feed.content, project.show, guids, record.store.name)
    ):
        return project, ()
    current = {entry.guid: entry for entry in project.lock}
    added = tuple(entry for entry in record.live_lock() if current.get(entry.guid) != entry)
    entries = current | {entry.guid: entry for entry in added}
    return replace(project, lock=tuple(sorted(entries.values(), key=lambda entry: (entry.date, entry.slug)))), added


def digest_lock(entries: Collection[LockEntry]) -> str:
    """The digest of entries of podcast.lock; empty without any."""
    return hashlib.sha256(lock.render_lock(entries)).hexdigest()[:16] if entries else ""


def render_lock_entry(entry: LockEntry) -> str:
    """An entry of podcast.lock as the record keeps it."""
    return lock.render_lock([entry]).decode().removeprefix(_LOCK_HEAD)


def _parse_recorded_lock(entries: Mapping[str, str]) -> tuple[LockEntry, ...]:
    if not entries:
        return ()
    try:
        return lock.parse_lock((_LOCK_HEAD + "".join(entries.values())).encode())
    except InvalidInput:
        return ()


def first_publications(record: StoreRecord, guids: Collection[str]) -> dict[str, Publication]:
    """Guid → who first published an episode, where the history tells."""
    versions = {guid: record.history.versions.get(EPISODE_UNIT + guid, ()) for guid in guids}
    return {guid: rows[0].publication for guid, rows in versions.items() if rows}
