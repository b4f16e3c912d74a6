"""Carries out a plan wave by wave: media, a check of their public addresses, pages, and the feed last.

At every moment, whatever fails: the live feed is intact, and everything that it names is available.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from podcast_kit.errors import PULL_FIX, OperationError, PodcastKitError, PublishConflict, StoreAccessError
from podcast_kit.model import LockEntry, Outcome, Output, Wave, public_url
from podcast_kit.plan import Change, Plan, Verb
from podcast_kit.plan.subscriber_changes import SubscriberChange, diff_feeds
from podcast_kit.publish.lineage import LineageUpdate
from podcast_kit.publish.state_writer import StateWriter, compare_and_swap, internal_object
from podcast_kit.publish.verify import verify_contents, verify_outputs
from podcast_kit.stores import (
    IF_NONE_MATCH,
    UNCONDITIONAL,
    UNPROTECTED_FIX,
    Precondition,
    Store,
    Upload,
    if_match,
)
from podcast_kit.stores.state import PRIVATE_PREFIX, STATE_KEY, is_copied_feed, kept_feed_key, redact_key
from podcast_kit.text.numbers import format_count

MAX_WRITE_ATTEMPTS = 4
"""Attempts to replace a file that keeps changing although no other publish is under way."""
BLOCKED_FEEDS_FIX = "allow the key to delete below private/ (s3:DeleteObject), then run `podcast-kit publish --refresh`"
COPIES_BETWEEN_CHECKS = 1000
"""Copied feeds after which a publish makes sure that no other one has begun."""
STALE_UPLOAD_DAYS = 1
"""Days after which an unfinished multipart upload counts as abandoned."""
MIN_SWEEP_BYTES = 16 << 20
"""Size of an uploaded file from which a publish also looks for abandoned uploads, which are of such files."""
LIVE_CHECK_DELAYS_S = (0.2, 0.5, 1.0, 2.0)
"""Seconds between checks of the public feed."""


def find_subscriber_changes(
    plan: Plan, store: Store, lock: Collection[LockEntry] = (), *, url: str = ""
) -> tuple[SubscriberChange, ...]:
    """Compare the live feed and its archive pages with those that the plan would replace them by.

    `url` is the public address of the store, which the page links in the feeds start with.
    """
    changes = [change for change in plan.wave(Wave.FEED) if change.output and _is_feed_page(change.key, plan.feed_key)]
    if not changes:
        return ()
    changes.sort(key=lambda change: change.key != plan.feed_key)
    live_feed = [plan.state.feed.content] if plan.state.feed else []
    archives = [
        stored.content
        for change in changes
        if change.key != plan.feed_key and change.remote and (stored := store.get(change.key))
    ]
    new_pages = [change.output.path.read_bytes() for change in changes if change.output and change.output.path]
    if changes[0].key != plan.feed_key:
        new_pages = [*live_feed, *new_pages]
    page_urls: set[str] = set()
    for change in plan.changes:
        if change.wave is Wave.PAGES and change.output:
            page_url = public_url(url, change.key)
            page_urls |= {page_url, page_url.removesuffix("index.html")}
    return diff_feeds([*live_feed, *archives], new_pages, lock, page_urls)


def _is_feed_page(key: str, feed_key: str) -> bool:
    """Whether a key is the feed, or an archive page of it (`feed/2.xml`)."""
    return key == feed_key or (key.startswith(feed_key.removesuffix(".xml") + "/") and key.endswith(".xml"))


def publish_plan(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    url: str = "",
    before_feed: Callable[[], None] = lambda: None,
    on_sent: Callable[[str, int], None] = lambda _key, _bytes: None,
    purge: Callable[[], Iterable[Outcome]] = tuple,
    slugs: Mapping[str, tuple[str, ...]] | None = None,
    lineage: LineageUpdate | None = None,
    blocked_feed: bytes = b"",
    allow_unprotected_writes: bool = False,
) -> Iterator[Outcome]:
    """Make the store match the plan, and yield each thing as it is done.

    `url` is the public address at which new media must answer before any page or feed names them; empty where no web
    server serves the store yet. `before_feed` is called when everything except the feed has arrived. `on_sent`
    receives, from many threads, the key and the number of bytes of each piece that arrived. `purge` is called when
    the feed is written, to drop cached copies; then the public feed is checked. `slugs` and `lineage` are recorded.
    `blocked_feed` replaces revoked private feeds that cannot be deleted.
    A store without conditional writes is refused unless `allow_unprotected_writes` is set. A plan without changes
    writes nothing.
    Raises StoreAccessError, OperationError, or PublishConflict when someone else published after the plan was made;
    the live feed is then unchanged.
    """
    if not plan:
        return
    yield from _probe_conditional_writes(store, plan, now, allow_unprotected_writes=allow_unprotected_writes)
    state_writer = StateWriter(plan, store, now, slugs, lineage)
    state_writer.begin()
    try:
        yield from _upload_wave(plan.wave(Wave.MEDIA), store, state_writer, on_sent)
        if url:
            yield from _verify_media(url, plan)
        pages = plan.wave(Wave.PAGES)
        if pages and (plan.state.dirty or plan.wave(Wave.MEDIA)):  # time has passed, or a publish was under way
            state_writer.require_current(checks_feed=bool(plan.state.dirty))
        yield from _upload_wave(pages, store, state_writer, on_sent)
        yield from _publish_feed(plan, store, state_writer, before_feed, on_sent)
    except PublishConflict:
        state_writer.mark_dirty()
        raise
    for change in plan.pending:
        if change.verb is Verb.RETIRE:
            yield Outcome(key=change.key, action="retired", wave=change.wave)
    yield from _revoke_feeds(plan, store, state_writer, blocked_feed)
    yield from purge()  # before the record: a publish that is stopped in between is completed, and purges again
    state_writer.finish()
    yield Outcome(key=STATE_KEY, action="recorded", etag=state_writer.etag)
    if any(change.size >= MIN_SWEEP_BYTES for change in plan.wave(Wave.MEDIA)):
        with suppress(PodcastKitError):  # everything is published; `prune` sweeps too, and reports what fails
            store.abort_stale_uploads(now - timedelta(days=STALE_UPLOAD_DAYS))
    if url:
        yield from _wait_until_live(url, plan)


def _wait_until_live(url: str, plan: Plan) -> Iterator[Outcome]:
    """Wait briefly until listeners get the new feed; cached copies may live as long as their headers allow."""
    for change in plan.wave(Wave.FEED):
        if change.key != plan.feed_key or change.output is None:
            continue
        for delay in (*LIVE_CHECK_DELAYS_S, None):
            [outcome] = verify_contents(url, [change.output])
            if not outcome.error or delay is None:
                break
            time.sleep(delay)
        text = f"the public feed is not the new one yet: {outcome.error}" if outcome.error else ""
        fix = f"it is published; cached copies expire on their own ({change.output.cache_control})" if text else ""
        yield Outcome(key=change.key, action="live", wave=Wave.FEED, error=text, fix=fix)


def _probe_conditional_writes(
    store: Store, plan: Plan, now: datetime, *, allow_unprotected_writes: bool
) -> Iterator[Outcome]:
    """Find out once how the store handles conditional writes; refuse it, or warn, where it does not support them."""
    if store.conditional_writes is None:
        seed = f"{socket.gethostname()} {os.getpid()} {now.isoformat()} {plan.state.etag}"
        store.probe(hashlib.sha256(seed.encode()).hexdigest()[:24])
    if store.conditional_writes is None or not store.conditional_writes.unprotected:
        return
    text = f"{store.name} {store.conditional_writes.risk}"
    if not allow_unprotected_writes:
        fix = "make sure that only one job publishes at a time, then pass --allow-unprotected-writes"
        raise StoreAccessError(text, fix)
    yield Outcome(key=plan.feed_key, action="warned", error=text, fix=UNPROTECTED_FIX)


def _upload_wave(
    changes: Iterable[Change], store: Store, state_writer: StateWriter, on_sent: Callable[[str, int], None]
) -> Iterator[Outcome]:
    """Upload a wave: many small files in bulk, then the others concurrently; yields what has arrived.

    After the first failure no further upload starts.
    """
    all_changes = list(changes)
    state_writer.written |= {change.key for change in all_changes}
    copies = [change for change in all_changes if change.output and _copies_in_store(change.output, store)]
    copied_keys = {change.key for change in copies}
    remaining = {change.key: change for change in all_changes if change.key not in copied_keys}
    in_bulk = [
        (Upload.from_output(change.output), precondition)
        for change in remaining.values()
        if change.writes and change.output and (precondition := _choose_precondition(change, store)) is not None
    ]
    for upload, etag in store.put_many(in_bulk):
        change = remaining.pop(upload.key)
        on_sent(change.key, change.size)
        state_writer.record_write(change, etag)
        yield _change_outcome(change, etag)
    is_stopped = threading.Event()

    def write_change(change: Change) -> str:
        if change.key in copied_keys and change.output:
            if is_stopped.is_set():
                raise OperationError("stopped", "run it again: files that arrived are not sent twice")
            return store.copy(change.output.copy_of, Upload.from_output(change.output))

        def report_sent(size: int) -> None:
            if is_stopped.is_set():
                raise OperationError("stopped", "run it again: files that arrived are not sent twice")
            on_sent(change.key, size)

        return _write_change(change, store, state_writer, report_sent)

    pool = ThreadPoolExecutor(store.threads)
    try:
        starts = range(0, len(copies), COPIES_BETWEEN_CHECKS)
        for batch in (list(remaining.values()), *(copies[at : at + COPIES_BETWEEN_CHECKS] for at in starts)):
            if batch and batch[0].key in copied_keys and batch[0].wave is Wave.FEED:
                state_writer.require_current(checks_feed=False)  # copying thousands takes a while
            running = {pool.submit(write_change, change): change for change in batch}
            for future in as_completed(running):
                etag = future.result()
                change = running.pop(future)
                state_writer.record_write(change, etag)
                yield _change_outcome(change, etag)
    finally:
        is_stopped.set()
        pool.shutdown(cancel_futures=True)


def _copies_in_store(output: Output, store: Store) -> bool:
    """Whether the store makes a file from another one; a store that cannot is sent it, if it is on this machine."""
    return bool(output.copy_of) and (store.can_copy or not output.is_local)


def _write_change(change: Change, store: Store, state_writer: StateWriter, on_sent: Callable[[int], None]) -> str:
    """Write one file; a page or feed only over what was read.

    Where the file differs, and no other publish has begun since, a run that was killed left it behind: it is replaced.
    Raises PublishConflict when another one has begun.
    """
    output = change.output
    if output is None:
        raise ValueError(f"{change.key} has no output to write")  # a bug
    precondition = _choose_precondition(change, store)
    if change.wave is Wave.MEDIA and precondition == IF_NONE_MATCH:
        return _create_media(output, store, on_sent)
    for _ in range(MAX_WRITE_ATTEMPTS):
        if precondition is None:
            remote = store.head(change.key)
            precondition = if_match(remote.etag if remote else "")
        try:
            if change.verb is Verb.HEADERS:
                return store.update_headers(output, precondition)
            return store.put(Upload.from_output(output), precondition, on_sent)
        except PublishConflict:
            remote = store.head(change.key)
            if remote and change.uploads and (remote.size, remote.sha256) == (output.size, output.sha256):
                return remote.etag  # our own write: its response was lost, and the retry was refused
            state_writer.require_current()
            precondition = if_match(remote.etag if remote else "")
    raise PublishConflict(f"someone else keeps changing {change.key} in {store.name}", PULL_FIX)


def _choose_precondition(change: Change, store: Store) -> Precondition | None:
    """What must hold in the store for a change to be written; None where the ETag there has to be asked for.

    Media are only created, never overwritten; pages and feeds replace exactly what was read. Where the store has no
    conditional writes, a check before each write would cost a request, and guarantee nothing.
    """
    if store.conditional_writes is not None and store.conditional_writes.unprotected:
        return UNCONDITIONAL
    if is_copied_feed(change.output):
        return UNCONDITIONAL  # their ETags are not recorded, and what another publish does to them is marked
    if change.wave is Wave.MEDIA:
        return IF_NONE_MATCH if change.verb is Verb.CREATE else UNCONDITIONAL
    if change.remote is None:
        return IF_NONE_MATCH
    return if_match(change.remote.etag) if change.remote.etag else None


def _create_media(output: Output, store: Store, on_sent: Callable[[int], None]) -> str:
    """Create a media file; an existing one may be our own, from a write whose response was lost.

    It counts as another file only when its bytes were read and differ.
    """
    try:
        return store.put(Upload.from_output(output), IF_NONE_MATCH, on_sent)
    except PublishConflict:
        remote = store.head(output.key)
        if remote and (remote.size, remote.sha256) == (output.size, output.sha256):
            return remote.etag
        if store.read_digest(output.key) == (output.size, output.sha256):
            return remote.etag if remote else ""
        text = f"{store.name} already has other bytes at {output.key}"
        fix = f"compare them with build/{output.key}, and find out what else writes to {store.name}"
        raise OperationError(text, f"{fix}; nothing was changed there") from None


def _verify_media(url: str, plan: Plan) -> Iterator[Outcome]:
    """Check that new media answer at their public addresses, before anything names them."""
    written = {change.key for change in plan.wave(Wave.MEDIA)} | plan.state.dirty
    outputs = [
        change.output
        for change in plan.changes
        if change.output and change.wave is Wave.MEDIA and change.key in written
    ]
    for outcome in verify_outputs(url, outputs):
        if outcome.error:
            raise OperationError(f"the feed was not changed: {outcome.error}", outcome.fix)
        yield outcome


def _publish_feed(
    plan: Plan,
    store: Store,
    state_writer: StateWriter,
    before_feed: Callable[[], None],
    on_sent: Callable[[str, int], None],
) -> Iterator[Outcome]:
    """Write the archive pages, then the feed itself, which is only replaced if it still is the one that was read."""
    changes, live = plan.wave(Wave.FEED), plan.state.feed
    is_replaced = any(change.key == plan.feed_key for change in changes)
    is_first = live is not None and is_replaced and _keep_previous_feed(live.content, state_writer)
    if not is_first:
        state_writer.require_current(checks_feed=bool(plan.state.dirty))
    before_feed()
    yield from _upload_wave([change for change in changes if change.key != plan.feed_key], store, state_writer, on_sent)
    for change in changes:
        if change.key == plan.feed_key and change.output:
            etag = compare_and_swap(store, Upload.from_output(change.output), live.etag if live else "")
            state_writer.record_write(change, etag)
            on_sent(change.key, change.size)
            yield _change_outcome(change, etag)


def _revoke_feeds(plan: Plan, store: Store, state_writer: StateWriter, blocked_feed: bytes) -> Iterator[Outcome]:
    """Delete the private feeds that no one has any more, or empty them where the key may not delete."""
    if not plan.revoked:
        return
    revoked, count, blocked = set(plan.revoked), 0, 0
    for key in [remote.key for remote in store.list(PRIVATE_PREFIX) if redact_key(remote.key) in revoked]:
        try:
            store.delete(key)
            state_writer.blocked -= {redact_key(key)}
            count += 1
        except StoreAccessError:
            store.put(internal_object(key, blocked_feed, "application/rss+xml; charset=utf-8"))
            state_writer.blocked |= {redact_key(key)}
            blocked += 1
    if count:
        yield Outcome(key=format_count(count, "private feed"), action="revoked", wave=Wave.FEED)
    if blocked:
        text = f"{format_count(blocked, 'revoked private feed')} cannot be deleted: empty now, but still there"
        yield Outcome(key="private feeds", action="blocked", wave=Wave.FEED, error=text, fix=BLOCKED_FEEDS_FIX)


def _keep_previous_feed(feed: bytes, state_writer: StateWriter) -> bool:
    """Keep a copy of the feed that is about to be replaced, for `rollback`; whether no one else can have begun."""
    key = kept_feed_key(feed, state_writer.feeds)
    if key in state_writer.feeds:
        return False
    is_alone = state_writer.copy_live_feed()
    state_writer.feeds = (*state_writer.feeds, key)
    state_writer.feed_dates[key] = state_writer.now.astimezone(UTC).isoformat(timespec="seconds")
    return is_alone


def _change_outcome(change: Change, etag: str) -> Outcome:
    action = "dressed" if change.verb is Verb.HEADERS else "uploaded"
    return Outcome(
        key=change.key, action=action, bytes=change.size if change.uploads else 0, wave=change.wave, etag=etag
    )
