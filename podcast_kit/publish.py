"""Carries a plan out, wave by wave: media, a look at their public addresses, pages, and the feed last.

At every instant, whatever dies: the live feed is whole, and everything that it names is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime

from podcast_kit import verify
from podcast_kit.errors import Failed, Overtaken
from podcast_kit.model import Outcome, Output, Remote, Wave
from podcast_kit.plan import Change, Plan, Verb
from podcast_kit.stores import ABSENT, ALWAYS, Store, Upload, match
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State


def read(store: Store, outputs: Iterable[Output] = (), *, feed: str = "feed.xml") -> State:
    """What the store has: the record of the last publish and the live feed, each with its ETag."""
    return record.read(store, feed, outputs)


def publish(
    plan: Plan,
    store: Store,
    *,
    now: datetime,
    url: str = "",
    before_feed: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Make the store what the plan says, and tell of each thing as it is done.

    `url` is the public address that new media must answer on before any page or feed names them;
    empty where nothing serves the store yet. `before_feed` is called when all but the feed has arrived.
    Raises `StoreRefused`, `Failed`, or `Overtaken` when somebody else published since the plan was made;
    the live feed is then as it was. A plan without changes writes nothing.
    """
    if not plan:
        return
    ledger = Ledger(plan, store, now)
    ledger.begin()
    try:
        yield from _wave(plan.wave(Wave.MEDIA), store, ledger)
        if url:
            yield from _gate(url, plan)
        yield from _wave(plan.wave(Wave.PAGES), store, ledger)
        before_feed()
        yield from _feed(plan, store, ledger)
    except Overtaken:
        ledger.leave_in_doubt()
        raise
    for change in plan.pending:
        if change.verb is Verb.RETIRE:
            yield Outcome(key=change.key, did="retired", wave=change.wave)
    ledger.end()
    yield Outcome(key=record.KEY, did="recorded")


class Ledger:
    """The record as it grows: what is in doubt while writing, and what is certain at the end."""

    def __init__(self, plan: Plan, store: Store, now: datetime) -> None:
        self.plan, self.store, self.now = plan, store, now
        self.objects = dict(plan.state.objects)
        self.feeds = plan.state.feeds
        self.etag = plan.state.etag
        self.touched = {change.key for change in plan.pending if change.verb is not Verb.RETIRE}

    def begin(self) -> None:
        """Note what may change, before anything does. Whoever notes it second is told so, and writes nothing."""
        if self.touched:
            self._write(replace(self.plan.state, doubtful=self.plan.state.doubtful | self.touched))

    def done(self, change: Change, etag: str) -> None:
        """Remember what was written."""
        output = change.output
        if output:
            self.objects[output.key] = Remote(
                key=output.key, size=output.size, sha256=output.sha256, headers=output.headers, etag=etag
            )

    def end(self) -> None:
        """Nothing is in doubt any more; what the show no longer has is retired from today."""
        retired = dict(self.plan.state.retired)
        for change in self.plan.changes:
            if change.verb is Verb.RETIRE:
                retired[change.key] = self.now.date().isoformat()
            else:
                retired.pop(change.key, None)
        after = State(objects=self.objects, retired=retired, feeds=self.feeds)
        try:
            self._write(after)
        except Overtaken:
            # Somebody else has begun since our feed went live: it is published, and the record is theirs now.
            self.leave_in_doubt()

    def leave_in_doubt(self) -> None:
        """Tell the record of somebody else which keys may now hold our bytes."""
        for _ in range(5):
            theirs = record.load(self.store)
            if theirs.rebuilt or self.touched <= theirs.doubtful:
                return
            try:
                self.etag = theirs.etag
                self._write(replace(theirs, doubtful=theirs.doubtful | self.touched))
            except Overtaken:
                continue
            return

    def _write(self, state: State) -> None:
        self.etag = swap(self.store, own(record.KEY, record.encoded(state), "application/json"), self.etag)


def swap(store: Store, upload: Upload, etag: str) -> str:
    """Write only over what had this ETag (empty: over nothing), and return the new one; else `Overtaken`."""
    try:
        return store.put(upload, match(etag))
    except Overtaken:
        there = store.get(upload.key)
        if there is None or hashlib.sha256(there.content).hexdigest() != upload.sha256:
            raise
        return there.etag  # our own write: its reply got lost, and asking again was refused


def _wave(changes: Iterable[Change], store: Store, ledger: Ledger) -> Iterator[Outcome]:
    """All of a wave at once; the first failure keeps what has not begun from beginning."""
    pool = ThreadPoolExecutor(store.threads)
    try:
        running = {pool.submit(_write, change, store): change for change in changes}
        for future in as_completed(running):
            etag = future.result()
            change = running[future]
            ledger.done(change, etag)
            yield _outcome(change)
    finally:
        pool.shutdown(cancel_futures=True)


def _write(change: Change, store: Store) -> str:
    output = change.output
    if output is None:
        raise ValueError(f"{change.key} is nothing to write")  # a bug
    if change.verb is Verb.HEADERS:
        return store.dress(output)
    if change.verb is Verb.CREATE and change.wave is Wave.MEDIA:
        return _create(output, store)
    return store.put(Upload.of(output), ALWAYS)


def _create(output: Output, store: Store) -> str:
    """Media are written once. That it is there already may be our own doing: a reply that got lost."""
    try:
        return store.put(Upload.of(output), ABSENT)
    except Overtaken:
        there = store.head(output.key)
        if there and there.size == output.size and there.sha256 == output.sha256:
            return there.etag
        text = f"{output.key} in {store.name} is another file of the same name"
        raise Failed(text, "somebody else put it there; remove it, then publish again") from None


def _gate(url: str, plan: Plan) -> Iterator[Outcome]:
    """Nothing may name media that do not answer."""
    written = {change.key for change in plan.wave(Wave.MEDIA)} | plan.state.doubtful
    fresh = [each.output for each in plan.changes if each.output and each.wave is Wave.MEDIA and each.key in written]
    for outcome in verify.objects(url, fresh):
        if outcome.trouble:
            raise Failed(f"the feed was left as it is: {outcome.trouble}", outcome.hint)
        yield outcome


def _feed(plan: Plan, store: Store, ledger: Ledger) -> Iterator[Outcome]:
    """The older pages of the feed, then the feed itself: swapped only if it still is what the plan saw."""
    changes = plan.wave(Wave.FEED)
    yield from _wave([change for change in changes if change.key != plan.feed], store, ledger)
    for change in changes:
        if change.key == plan.feed and change.output:
            live = plan.state.feed
            if live:
                _keep(live.content, store, ledger)
            ledger.done(change, swap(store, Upload.of(change.output), live.etag if live else ""))
            yield _outcome(change)


def _keep(feed: bytes, store: Store, ledger: Ledger) -> None:
    """A copy of the feed that is about to be replaced stays, for `rollback`."""
    digest = hashlib.sha256(feed).hexdigest()[:12]
    if not ledger.feeds or digest not in ledger.feeds[-1]:
        number = int(ledger.feeds[-1].removeprefix(record.FEEDS).partition("-")[0]) + 1 if ledger.feeds else 1
        kept = f"{record.FEEDS}{number:06}-{digest}.xml"
        store.put(own(kept, feed, "application/rss+xml; charset=utf-8"))
        ledger.feeds = (*ledger.feeds, kept)


def _outcome(change: Change) -> Outcome:
    did = "dressed" if change.verb is Verb.HEADERS else "uploaded"
    return Outcome(key=change.key, did=did, bytes=change.size if change.uploads else 0, wave=change.wave)


def own(key: str, content: bytes, kind: str) -> Upload:
    """Something of ours beside the show, which no cache may keep."""
    return Upload(
        key=key,
        content=content,
        size=len(content),
        content_type=kind,
        cache_control="no-store",
        sha256=hashlib.sha256(content).hexdigest(),
    )
