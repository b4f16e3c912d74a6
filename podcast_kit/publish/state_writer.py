"""Writes the store state during a publish, and writes that only replace what was read."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from podcast_kit.errors import PULL_FIX, OperationError, PublishConflict
from podcast_kit.model import RemoteObject, Wave
from podcast_kit.model.lineage import History, PendingPublish
from podcast_kit.plan import Change, Plan, Verb
from podcast_kit.publish.lineage import LineageUpdate, pending_publish
from podcast_kit.stores import IF_NONE_MATCH, UNCONDITIONAL, Store, Upload, if_match
from podcast_kit.stores.lineage import (
    HISTORY_KEY,
    MAX_RECENT_BYTES,
    fetch_history,
    history_to_json,
    join_histories,
    render_history,
)
from podcast_kit.stores.state import (
    ALL_COPIES,
    COPIES_KEY,
    PRIVATE_PREFIX,
    REDACTED,
    STATE_KEY,
    CopiesRecord,
    StoreState,
    digest_copies,
    feed_number,
    is_copied_feed,
    kept_feed_key,
    read_state_file,
    redact_key,
    render_copies,
    render_state,
    renew_state_snapshot,
)

MAX_MARK_ATTEMPTS = 5
SWAP_WAIT_S = 0.5
"""Seconds that a publish waits for another one that may be replacing the feed at that moment."""


class StateWriter:
    """The store state of one publish: which keys are dirty while it writes, and what the store holds at the end."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        now: datetime,
        slugs: Mapping[str, tuple[str, ...]] | None = None,
        lineage: LineageUpdate | None = None,
    ) -> None:
        self.lineage = lineage
        self.slugs = {**plan.state.slugs, **(slugs or {})}
        self.plan, self.store, self.now = plan, store, now
        self.objects = dict(plan.state.objects)
        self.feeds = plan.state.feeds
        self.feed_dates = dict(plan.state.feed_dates)
        self.etag = plan.state.etag
        self.posts, self.unannounced = plan.state.posts, plan.state.unannounced
        self.snapshot, self.unused_snapshots = plan.state.snapshot, plan.state.unused_snapshots
        self.run = secrets.token_hex(8)
        """Identifies this publish in the state: another publish that marks the state later replaces it."""
        self.is_marked = False
        """Whether the state in the store says that this publish is under way."""
        self.dirty_of_others: frozenset[str] = frozenset()
        """Keys that publishes which were overtaken by this one have marked since."""
        self.copied = frozenset(change.key for change in plan.changes if is_copied_feed(change.output))
        """Keys of private feeds that are copies: what they have is recorded in an object of its own."""
        self.copies, self.blocked = plan.state.copies, plan.state.blocked
        changed = {change.key for change in plan.pending if change.verb is not Verb.RETIRE}
        self.dirty = (changed - self.copied) | ({ALL_COPIES} if changed & self.copied else set())
        self.written: set[str] = set()
        """Keys whose upload has begun."""
        self.has_replaced_feed = False
        self.embargoed = frozenset(
            change.output.key for change in plan.changes if change.output and change.output.embargoed
        )

    def begin(self) -> None:
        """Record which keys may change, before any does; raises PublishConflict when someone else was first."""
        if self.dirty:
            may_be_swapped = self._warn_others()
            state = self.plan.state
            pending = (self._pending_publish(self.lineage),) if self.lineage else ()
            self._write(
                replace(state, dirty=state.dirty | self.dirty, pending=(*state.pending, *pending), run=self.run)
            )
            self.is_marked = True
            if may_be_swapped and self.store.remote:
                time.sleep(SWAP_WAIT_S)
                self.require_current()

    def _warn_others(self) -> bool:
        """Let the publishes that have begun know, before the state is marked, that they have to look at it again.

        Whether one of them may have looked already, and be replacing the feed: its copy of the live one exists.
        """
        if self.plan.state.feed and (self.plan.state.dirty or self.plan.state.pending):
            return not self.copy_live_feed()
        return False

    def copy_live_feed(self) -> bool:
        """Copy the live feed to the key under which it is kept when it is replaced.

        Whether this created the copy: then no other publish has begun since this one did, or it would have made it.
        """
        state, conditional_writes = self.plan.state, self.store.conditional_writes
        content = state.feed.content if state.feed else b""
        is_unprotected = conditional_writes is None or conditional_writes.unprotected
        key = kept_feed_key(content, state.feeds)
        upload = internal_object(key, content, "application/rss+xml; charset=utf-8")
        try:
            self.store.put(upload, UNCONDITIONAL if is_unprotected else IF_NONE_MATCH)
        except PublishConflict:
            return False
        return not is_unprotected

    def require_current(self, *, checks_feed: bool = True) -> None:
        """Raise PublishConflict when another publish has marked the state since, or has replaced the feed.

        The last to mark the state goes on: of two concurrent publishes one always finishes. A publish that was under
        way when this one read the state has marked it before: what it does shows in the feed only.
        """
        with ThreadPoolExecutor(1) as pool:
            live_feed = pool.submit(self.store.head, self.plan.feed_key) if checks_feed else None
            if self.is_marked:
                self._require_own_mark()
            feed = live_feed.result() if live_feed else None
        expected = self.plan.state.feed.etag if self.plan.state.feed else ""
        if checks_feed and (feed.etag if feed else "") != expected:
            raise PublishConflict(f"someone else published to {self.store.name} in the meantime", PULL_FIX)

    def _require_own_mark(self) -> None:
        record = self.store.head(STATE_KEY)
        if record and record.etag == self.etag:
            return
        state = read_state_file(self.store)
        if state.run != self.run:
            raise PublishConflict(f"someone else is publishing to {self.store.name}", PULL_FIX)
        self._adopt(state)
        self.dirty_of_others = state.dirty - self.dirty

    def _adopt(self, state: StoreState) -> None:
        """Go on from a state that someone else wrote since: with what it says of posts, and its snapshot."""
        self.etag, self.posts, self.unannounced = state.etag, state.posts, state.unannounced
        self.snapshot, self.unused_snapshots = state.snapshot, state.unused_snapshots

    def _pending_publish(self, lineage: LineageUpdate) -> PendingPublish:
        """What this publish is about to change; its feed tells later whether it did."""
        live_feed, new_feed = self.plan.state.feed, self.plan.output(self.plan.feed_key)
        digest = hashlib.sha256(live_feed.content).hexdigest() if live_feed else ""
        return pending_publish(lineage, self.plan.state, new_feed.sha256 if new_feed else digest)

    def _pending_of_others(self) -> tuple[PendingPublish, ...]:
        """The publishes that may still replace the feed, as this one has not.

        The request that replaces it may be under way since before this publish marked the state.
        """
        return () if self.has_replaced_feed else self.plan.state.pending

    def record_write(self, change: Change, etag: str) -> None:
        """Remember what was written."""
        self.has_replaced_feed = self.has_replaced_feed or change.key == self.plan.feed_key
        output = change.output
        if output:
            self.objects[output.key] = RemoteObject(
                key=output.key, size=output.size, sha256=output.sha256, headers=output.headers, etag=etag
            )

    def finish(self) -> None:
        """Write the final state: nothing is dirty, and what left the show is retired from today."""
        retired = dict(self.plan.state.retired)
        for change in self.plan.changes:
            if change.verb is Verb.RETIRE:
                retired[change.key] = self.now.date().isoformat()
            else:
                retired.pop(change.key, None)
        state = self._with_lineage(
            replace(
                self.plan.state,
                objects=self.objects,
                retired=retired,
                dirty=frozenset(),
                feeds=self.feeds,
                feed_dates=self.feed_dates,
                slugs=self.slugs,
                run=self.run,
            )
        )
        state = replace(state, pending=self._pending_of_others())
        state = self._compact_history(state)
        self._write_copies()
        for _ in range(MAX_MARK_ATTEMPTS):
            try:
                self._write(replace(state, dirty=self.dirty_of_others | self._unknown_feeds()))
            except PublishConflict:
                current = read_state_file(self.store)
                if current.run != self.run:
                    break
                self._adopt(current)
                self.dirty_of_others = current.dirty - self.dirty
            else:
                return
        # Someone else started after our feed went live: it is published, and the state is now theirs.
        self.mark_dirty()

    def _unknown_feeds(self) -> frozenset[str]:
        """Private feeds that may have changed, and that this build does not have: they stay marked."""
        return frozenset(key for key in self.plan.state.dirty if key.startswith(REDACTED))

    def _write_copies(self) -> None:
        """Record what the copied feeds have, if that changed."""
        rows = {redact_key(key): self.objects[key].sha256 for key in sorted(self.copied) if key in self.objects}
        if not self.copied and not any(change.key.startswith(PRIVATE_PREFIX) for change in self.plan.changes):
            return  # without a list of subscribers
        digest = digest_copies(rows)
        if not rows:
            self.copies = None
        elif self.copies is None or self.copies.digest != digest:
            content = render_copies(rows)
            self.store.put(internal_object(COPIES_KEY, content, "application/json"))
            self.copies = CopiesRecord(sha256=hashlib.sha256(content).hexdigest(), digest=digest)

    def rewrite(self) -> None:
        """Write the plan's state with its lineage, where no file changes: a hold was placed, or the record is old.

        A hold stops a publish that has begun, as another publish would.
        """
        state = self.plan.state
        if state.hold:
            self._warn_others()
            state = replace(state, run=self.run)
        self._write(self._compact_history(self._with_lineage(state)))

    def _compact_history(self, state: StoreState) -> StoreState:
        """The state without the newest versions, once they are many: they move into an object of their own."""
        if len(json.dumps(history_to_json(state.recent))) <= MAX_RECENT_BYTES:
            return state
        history = fetch_history(self.store)
        content = render_history(join_histories(history, state.recent))
        try:
            compare_and_swap(self.store, internal_object(HISTORY_KEY, content, "application/json"), history.etag)
        except PublishConflict:  # someone else moves theirs: the next publish does it
            return state
        return replace(state, recent=History(), has_history=True)

    def _with_lineage(self, state: StoreState) -> StoreState:
        return self.lineage.apply_to(state) if self.lineage else state

    def mark_dirty(self) -> None:
        """Mark, in someone else's state, the keys that may now hold our bytes; it stays theirs.

        From what the feed was made, if it is ours now, is kept there, too: others may have dropped it.
        """
        written = (self.written - self.copied) | ({ALL_COPIES} if self.written & self.copied else set())
        own = self._pending_publish(self.lineage) if self.lineage and self.has_replaced_feed else None
        for _ in range(MAX_MARK_ATTEMPTS):
            state = read_state_file(self.store)
            is_known = own is None or any(publish.feed_sha256 == own.feed_sha256 for publish in state.pending)
            if state.rebuilt or (written <= state.dirty and is_known):
                return
            pending = state.pending if is_known or own is None else (*state.pending, own)
            try:
                self._adopt(state)
                self.copies, self.blocked = state.copies, state.blocked
                self._write(replace(state, dirty=state.dirty | written, pending=pending))
            except PublishConflict:
                continue
            return

    def _write(self, state: StoreState) -> None:
        state = replace(
            state,
            conditional_writes=self.store.conditional_writes,
            embargoed=self.embargoed,
            copied=self.copied,
            copies=self.copies,
            blocked=self.blocked,
            posts=self.posts,
            unannounced=self.unannounced,
            snapshot=self.snapshot,
            unused_snapshots=self.unused_snapshots,
        )
        written = write_state(self.store, state, self.etag)
        self.etag, self.snapshot = written.etag, written.snapshot


def replaced_feed_number(plan: Plan) -> int:
    """The number of the kept feed that the plan's feed replaces; of the last one where it replaces none."""
    feeds, live = plan.state.feeds, plan.state.feed
    is_replaced = any(change.key == plan.feed_key for change in plan.wave(Wave.FEED))
    key = kept_feed_key(live.content, feeds) if live and is_replaced else "".join(feeds[-1:])
    return feed_number(key)


def write_state(store: Store, state: StoreState, etag: str) -> StoreState:
    """Replace the state file that has this ETag, and return the state as it is now; raises PublishConflict.

    A new snapshot is uploaded before, so that every snapshot that a state names is there.
    """
    state, snapshot = renew_state_snapshot(state, secrets.token_hex(8))
    if snapshot and state.snapshot:
        store.put(internal_object(state.snapshot.key, snapshot, "application/gzip"))
    content = render_state(state, store.identity)
    return replace(state, etag=compare_and_swap(store, internal_object(STATE_KEY, content, "application/json"), etag))


def edit_state(store: Store, edit: Callable[[StoreState], StoreState]) -> StoreState:
    """Change the state, and return it; if someone else writes it at the same time, try again.

    Raises OperationError where there is none, or PublishConflict if others keep changing it.
    """
    for _ in range(MAX_MARK_ATTEMPTS):
        state = read_state_file(store)
        if state.rebuilt:
            raise OperationError(f"{store.name} has no record of a publish", "run `podcast-kit publish` first")
        edited = edit(state)
        if edited == state:
            return state
        conditional_writes = store.conditional_writes or state.conditional_writes
        try:
            return write_state(store, replace(edited, conditional_writes=conditional_writes), state.etag)
        except PublishConflict:
            continue
    raise PublishConflict(f"someone else keeps changing {STATE_KEY} in {store.name}", "try again")


def compare_and_swap(store: Store, upload: Upload, etag: str) -> str:
    """Write only over the object with this ETag (empty: only a new key), and return the new ETag.

    Raises PublishConflict when the object has changed.
    """
    try:
        new_etag = store.put(upload, if_match(etag))
    except PublishConflict:
        stored = store.get(upload.key)
        if stored is None or hashlib.sha256(stored.content).hexdigest() != upload.sha256:
            raise
        return stored.etag  # our own write: its response was lost, and the retry was refused
    if store.conditional_writes and store.conditional_writes.unprotected:
        stored = store.get(upload.key)
        if stored is None or hashlib.sha256(stored.content).hexdigest() != upload.sha256:
            raise PublishConflict(f"someone else changed {upload.key} in {store.name}", PULL_FIX)
    return new_etag


def internal_object(key: str, content: bytes, content_type: str) -> Upload:
    """An upload for podcast-kit's own use, which no cache may keep."""
    return Upload(
        key=key,
        content=content,
        size=len(content),
        content_type=content_type,
        cache_control="no-store",
        sha256=hashlib.sha256(content).hexdigest(),
    )
