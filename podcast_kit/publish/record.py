"""The store's record, read before the sources: what is live, from what it was made, and what podcast.lock lacks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import unquote

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.feed import parse_feed
from podcast_kit.model import LockEntry, Project
from podcast_kit.model.lineage import EPISODE_UNIT, History, Publication, drop_removed
from podcast_kit.plan.live_show import compare_live_show
from podcast_kit.source import lock
from podcast_kit.stores import Store
from podcast_kit.stores.lineage import fetch_history, join_histories
from podcast_kit.stores.state import StoreState, complete_state, fetch_state

_LOCK_HEAD = f"{lock.LOCK_HEADER}version: {lock.LOCK_VERSION}\nepisodes:\n"


@dataclass(slots=True)
class StoreRecord:
    """The state and the live feed; the snapshot and the history are read when they are first needed."""

    store: Store
    head: StoreState
    """As it was read, before it is reconciled with a build. Its snapshot may be unread."""
    _history: History | None = field(default=None, repr=False)

    @property
    def state(self) -> StoreState:
        """The whole state; where its snapshot was not read, one request more.

        What the snapshot has cannot change, so the state is as old as its head.
        """
        if self.head.is_unread:
            self.head = complete_state(self.store, self.head)
            if self.head.rebuilt:
                self._history = None
            self.replace_lost()
        return self.head

    @property
    def history(self) -> History:
        """The versions of each unit: those in the state, and where there are older ones, one request more."""
        if self._history is None:
            has_more = self.head.has_history or self.head.rebuilt
            older = fetch_history(self.store) if has_more else History()
            self._history = join_histories(older, self.head.recent)
        return self._history

    def replace_lost(self) -> None:
        """Where the state is lost, take what was published last from the history."""
        if not (self.head.rebuilt and self.head.feed):
            return
        sources = drop_removed({unit: rows[-1].parts for unit, rows in self.history.versions.items() if rows})
        lock_digest = digest_lock(_parse_recorded_lock(self.history.lock))
        self.head = replace(self.head, sources=sources, lock_digest=lock_digest, has_history=bool(self.history.etag))

    def live_lock(self) -> tuple[LockEntry, ...]:
        """The entries of podcast.lock as they were published; none where the record does not have them.

        In a store that ignores conditions the state may be of one publisher and the history of another. Then those
        entries count whose enclosures the live feed names: an address that apps know stays.
        """
        entries = _parse_recorded_lock(self.history.lock) if self.head.lock_digest else ()
        if digest_lock(entries) == self.head.lock_digest:
            return entries
        return tuple(_select_live(entries, self.head.feed.content)) if self.head.feed else ()


def read_record(store: Store, feed_key: str) -> StoreRecord:
    """Read the state and the live feed: two requests at the same time.

    Where the state is lost, the history tells what was published last.
    """
    record = StoreRecord(store, fetch_state(store, feed_key, may_be_unread=True))
    record.replace_lost()
    return record


def has_live_lock(project: Project, head: StoreState, due: datetime) -> bool:
    """Whether podcast.lock certainly has what is live; episodes that come out after `due` are not live."""
    past = [entry for entry in project.lock if entry.date <= due]
    return head.lock_digest != "" and head.lock_digest in {digest_lock(past), digest_lock(project.lock)}


def complete_lock(project: Project, record: StoreRecord) -> tuple[Project, tuple[LockEntry, ...]]:
    """The project with the lock entries that were published from elsewhere, and these entries.

    What is live in this store stays frozen: its entry replaces another one of the same episode. Of another show that
    is live there nothing is taken.
    """
    published = [entry for entry in project.lock if entry.guid in record.state.slugs]
    if not record.state.lock_digest or digest_lock(published) == record.state.lock_digest:
        return project, ()
    return add_live_entries(project, record)


def add_live_entries(project: Project, record: StoreRecord) -> tuple[Project, tuple[LockEntry, ...]]:
    """As `complete_lock`, where podcast.lock is not known to be complete; needs no snapshot."""
    guids = {*(entry.guid for entry in project.lock), *(episode.guid for episode in project.episodes)}
    feed = record.head.feed
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


def _select_live(entries: Iterable[LockEntry], feed: bytes) -> Iterator[LockEntry]:
    """The entries whose episode has their enclosure in a feed; none where it is unreadable."""
    with suppress(InvalidInput):
        addresses = {
            item.child_text("guid"): unquote(enclosure.attributes.get("url", ""))
            for item in parse_feed(feed, "feed").items
            if (enclosure := item.child("enclosure"))
        }
        yield from (entry for entry in entries if addresses.get(entry.guid, "").endswith(f"/{entry.media.key}"))


def first_publications(record: StoreRecord, guids: Collection[str]) -> dict[str, Publication]:
    """Guid → who first published an episode, where the history tells."""
    versions = {guid: record.history.versions.get(EPISODE_UNIT + guid, ()) for guid in guids}
    return {guid: rows[0].publication for guid, rows in versions.items() if rows}
