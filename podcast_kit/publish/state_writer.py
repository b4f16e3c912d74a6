"""The record of a publish as it grows, and the writes that only go over what was seen."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from podcast_kit.errors import PublishConflict
from podcast_kit.model import RemoteObject
from podcast_kit.plan import Change, Plan, Verb
from podcast_kit.stores import Store, Upload, match
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State


class Ledger:
    """The record as it grows: what is in doubt while writing, and what is certain at the end."""

    def __init__(self, plan: Plan, store: Store, now: datetime) -> None:
        self.plan, self.store, self.now = plan, store, now
        self.objects = dict(plan.state.objects)
        self.feeds = plan.state.feeds
        self.etag = plan.state.etag
        self.touched = {change.key for change in plan.pending if change.verb is not Verb.RETIRE}
        self.untold = frozenset(each.key for change in plan.changes if (each := change.output) and each.embargoed)

    def begin(self) -> None:
        """Note what may change, before anything does. Whoever notes it second is told so, and writes nothing."""
        if self.touched:
            self._write(replace(self.plan.state, doubtful=self.plan.state.doubtful | self.touched))

    def done(self, change: Change, etag: str) -> None:
        """Remember what was written."""
        output = change.output
        if output:
            self.objects[output.key] = RemoteObject(
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
        except PublishConflict:
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
            except PublishConflict:
                continue
            return

    def _write(self, state: State) -> None:
        state = replace(state, honours=self.store.honours, untold=self.untold)
        self.etag = swap(
            self.store, own(record.KEY, record.encoded(state, self.store.place), "application/json"), self.etag
        )


def swap(store: Store, upload: Upload, etag: str) -> str:
    """Write only over what had this ETag (empty: over nothing), and return the new one; else `Overtaken`."""
    try:
        written = store.put(upload, match(etag))
    except PublishConflict:
        there = store.get(upload.key)
        if there is None or hashlib.sha256(there.content).hexdigest() != upload.sha256:
            raise
        return there.etag  # our own write: its reply got lost, and asking again was refused
    if store.honours and store.honours.blind:
        there = store.get(upload.key)
        if there is None or hashlib.sha256(there.content).hexdigest() != upload.sha256:
            raise PublishConflict(f"{upload.key} in {store.name} was changed by somebody else", "plan again")
    return written


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
