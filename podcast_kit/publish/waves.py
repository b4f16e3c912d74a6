"""Carries a plan out, wave by wave: media, a look at their public addresses, pages, and the feed last.

At every instant, whatever dies: the live feed is whole, and everything that it names is there.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime

from podcast_kit.errors import OperationError, PublishConflict, StoreAccessError
from podcast_kit.model import Outcome, Output, LockEntry, Wave, public_url
from podcast_kit.plan import Change, Plan, Verb, subscriber_changes
from podcast_kit.plan.subscriber_changes import Notice
from podcast_kit.publish import verify
from podcast_kit.publish.state_writer import Ledger, own, swap
from podcast_kit.stores import ABSENT, ALWAYS, Condition, Honours, Store, Upload
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State


def notices(plan: Plan, store: Store, lock: Collection[LockEntry] = (), *, url: str = "") -> tuple[Notice, ...]:
    """What subscribers will notice: the live feed and its pages beside those of the plan, where they change.

    `url` is the public address of the store, by which the pages of the plan are told in the feeds.
    """
    pages = [change for change in plan.wave(Wave.FEED) if change.output and _page(change.key, plan.feed)]
    if not pages:
        return ()
    live = [plan.state.feed.content] if plan.state.feed else []
    more = [found for each in pages if each.key != plan.feed and each.remote and (found := store.get(each.key))]
    pages.sort(key=lambda change: change.key != plan.feed)
    new = [each.output.path.read_bytes() for each in pages if each.output and each.output.path]
    if not any(each.key == plan.feed for each in pages) and plan.state.feed:
        new.insert(0, plan.state.feed.content)
    stays = [public_url(url, change.key) for change in plan.changes if change.wave is Wave.PAGES and change.output]
    answers = {form for one in stays for form in (one, one.removesuffix("index.html"))}
    return subscriber_changes.notices([*live, *(found.content for found in more)], new, lock, answers)


def _page(key: str, feed: str) -> bool:
    """Whether a key is the feed, or an older page of it (`feed/2.xml`)."""
    return key == feed or (key.startswith(feed.removesuffix(".xml") + "/") and key.endswith(".xml"))


LOOKS = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks at the public feed."""


def read(store: Store, outputs: Iterable[Output] = (), *, feed: str = "feed.xml", refresh: bool = False) -> State:
    """What the store has: the record of the last publish and the live feed, each with its ETag.

    With `refresh` a listing says what of the record is still there.
    """
    return record.read(store, feed, outputs, refresh=refresh)


def publish(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    url: str = "",
    before_feed: Callable[[], None] = lambda: None,
    sent: Callable[[str, int], None] = lambda _key, _bytes: None,
    purge: Callable[[], Iterable[Outcome]] = tuple,
    blind: bool = False,
) -> Iterator[Outcome]:
    """Make the store what the plan says, and tell of each thing as it is done.

    `url` is the public address that new media must answer on before any page or feed names them;
    empty where nothing serves the store yet. `before_feed` is called when all but the feed has arrived.
    `sent` hears of every piece that arrived, from many threads: the key, and how many bytes.
    `purge` is called once the feed is there, to drop copies of what was before; then the public feed is looked at.
    A store that does not honour conditional writes is refused unless `blind` accepts it.
    Raises `StoreRefused`, `Failed`, or `Overtaken` when somebody else published since the plan was made;
    the live feed is then as it was. A plan without changes writes nothing.
    """
    if not plan:
        return
    yield from _tried(store, plan, now, blind=blind)
    ledger = Ledger(plan, store, now)
    ledger.begin()
    try:
        yield from _wave(plan.wave(Wave.MEDIA), store, ledger, sent)
        if url:
            yield from _gate(url, plan)
        yield from _wave(plan.wave(Wave.PAGES), store, ledger, sent)
        before_feed()
        yield from _feed(plan, store, ledger, sent)
    except PublishConflict:
        ledger.leave_in_doubt()
        raise
    for change in plan.pending:
        if change.verb is Verb.RETIRE:
            yield Outcome(key=change.key, action="retired", wave=change.wave)
    ledger.end()
    yield Outcome(key=record.KEY, action="recorded", etag=ledger.etag)
    yield from purge()
    if url:
        yield from _live(url, plan)


def _live(url: str, plan: Plan) -> Iterator[Outcome]:
    """Whether listeners get the new feed by now; copies on the way may live for as long as they were told to."""
    for change in plan.wave(Wave.FEED):
        if change.key != plan.feed or change.output is None:
            continue
        for wait in (*LOOKS, None):
            [outcome] = verify.compare(url, [change.output])
            if not outcome.error or wait is None:
                break
            time.sleep(wait)
        hint = f"it is published; copies on the way run out by themselves ({change.output.cache_control})"
        trouble = f"the public feed is not the new one yet: {outcome.error}" if outcome.error else ""
        yield Outcome(key=change.key, action="live", wave=Wave.FEED, error=trouble, fix=hint if trouble else "")


def _tried(store: Store, plan: Plan, now: datetime, *, blind: bool) -> Iterator[Outcome]:
    """Find out once what the store makes of conditional writes, and say it when they mean nothing."""
    if store.honours is None:
        who = f"{socket.gethostname()} {os.getpid()} {now.isoformat()} {plan.state.etag}"
        store.probe(hashlib.sha256(who.encode()).hexdigest()[:24])
    if store.honours is None or not store.honours.blind:
        return
    how = "refuses" if store.honours is Honours.REFUSED else "silently ignores"
    text = f"{store.name} {how} conditional writes: two who publish at once can overwrite each other's feed"
    if not blind:
        raise StoreAccessError(text, "publish from one place at a time only, and say so with --accept-blind-writes")
    yield Outcome(key=plan.feed, action="warned", error=text, fix="publish from one place at a time only")


def _wave(
    changes: Iterable[Change], store: Store, ledger: Ledger, sent: Callable[[str, int], None]
) -> Iterator[Outcome]:
    """All of a wave: many small files side by side, then the others at once; what is told of has arrived.

    The first failure keeps what has not begun from beginning.
    """
    left = {change.key: change for change in changes}
    for when in (ABSENT, ALWAYS):
        written = [change.output for change in left.values() if change.uploads and change.output]
        small = [Upload.of(output) for output in written if _when(left[output.key], store) == when]
        for upload, etag in store.put_small(small, when):
            change = left.pop(upload.key)
            sent(change.key, change.size)
            ledger.done(change, etag)
            yield _outcome(change, etag)
    stopped = threading.Event()

    def write(change: Change) -> str:
        def arrived(size: int) -> None:
            if stopped.is_set():
                raise OperationError("stopped", "run it again: what has arrived is not sent twice")
            sent(change.key, size)

        return _write(change, store, arrived)

    pool = ThreadPoolExecutor(store.threads)
    try:
        running = {pool.submit(write, change): change for change in left.values()}
        for future in as_completed(running):
            etag = future.result()
            change = running[future]
            ledger.done(change, etag)
            yield _outcome(change, etag)
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _write(change: Change, store: Store, sent: Callable[[int], None]) -> str:
    output = change.output
    if output is None:
        raise ValueError(f"{change.key} is nothing to write")  # a bug
    if change.verb is Verb.HEADERS:
        return store.dress(output)
    if _when(change, store) == ABSENT:
        return _create(output, store, sent)
    return store.put(Upload.of(output), ALWAYS, sent)


def _when(change: Change, store: Store) -> Condition:
    """Media are written once: only where nothing is yet.

    Where nobody honours a condition, looking first would cost a request each, for bytes that are the same anyway.
    """
    once = change.verb is Verb.CREATE and change.wave is Wave.MEDIA
    return ABSENT if once and not (store.honours and store.honours.blind) else ALWAYS


def _create(output: Output, store: Store, sent: Callable[[int], None]) -> str:
    """Media are written once. That it is there already may be our own doing: a reply that got lost."""
    try:
        return store.put(Upload.of(output), ABSENT, sent)
    except PublishConflict:
        there = store.head(output.key)
        if there and there.size == output.size and there.sha256 == output.sha256:
            return there.etag
        text = f"{output.key} in {store.name} is another file of the same name"
        raise OperationError(text, "somebody else put it there; remove it, then publish again") from None


def _gate(url: str, plan: Plan) -> Iterator[Outcome]:
    """Nothing may name media that do not answer."""
    written = {change.key for change in plan.wave(Wave.MEDIA)} | plan.state.doubtful
    fresh = [each.output for each in plan.changes if each.output and each.wave is Wave.MEDIA and each.key in written]
    for outcome in verify.objects(url, fresh):
        if outcome.error:
            raise OperationError(f"the feed was left as it is: {outcome.error}", outcome.fix)
        yield outcome


def _feed(plan: Plan, store: Store, ledger: Ledger, sent: Callable[[str, int], None]) -> Iterator[Outcome]:
    """The older pages of the feed, then the feed itself: swapped only if it still is what the plan saw."""
    changes = plan.wave(Wave.FEED)
    yield from _wave([change for change in changes if change.key != plan.feed], store, ledger, sent)
    for change in changes:
        if change.key == plan.feed and change.output:
            live = plan.state.feed
            if live:
                _keep(live.content, store, ledger)
            etag = swap(store, Upload.of(change.output), live.etag if live else "")
            ledger.done(change, etag)
            sent(change.key, change.size)
            yield _outcome(change, etag)


def _keep(feed: bytes, store: Store, ledger: Ledger) -> None:
    """A copy of the feed that is about to be replaced stays, for `rollback`."""
    digest = hashlib.sha256(feed).hexdigest()[:12]
    if not ledger.feeds or digest not in ledger.feeds[-1]:
        number = record.number(ledger.feeds[-1]) + 1 if ledger.feeds else 1
        kept = f"{record.FEEDS}{number:06}-{digest}.xml"
        store.put(own(kept, feed, "application/rss+xml; charset=utf-8"))
        ledger.feeds = (*ledger.feeds, kept)


def _outcome(change: Change, etag: str) -> Outcome:
    did = "dressed" if change.verb is Verb.HEADERS else "uploaded"
    return Outcome(key=change.key, action=did, bytes=change.size if change.uploads else 0, wave=change.wave, etag=etag)
