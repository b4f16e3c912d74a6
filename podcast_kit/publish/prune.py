"""Deletes what nobody needs any more; the only thing that ever deletes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import unquote, urlsplit

from podcast_kit.errors import PublishConflict
from podcast_kit.model import Outcome
from podcast_kit.publish.state_writer import own, swap
from podcast_kit.stores import Store
from podcast_kit.stores import state as record
from podcast_kit.stores.state import State

DAYS = 30
FEEDS = 10
MOST = 1000
UPLOAD_DAYS = 7
"""Days after which an upload in parts that never ended is nobody's."""
ADDRESS = re.compile(r"https?://[^\s\"'<>\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """What may go."""

    keys: tuple[str, ...]
    feeds: tuple[str, ...]
    """Kept feeds beyond the last ten; what they name is no longer protected either."""
    bytes: int
    spared: int = 0
    """Keys that are old enough, but that the live feed or a kept one still names."""
    left: int = 0
    """Keys beyond the bound: for the next time."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the record may not call by its name → its key in the store."""
    state: State


def find(
    store: Store, state: State, *, now: datetime, days: int = DAYS, keep: int = FEEDS, most: int = MOST
) -> Prunable:
    """What was retired at least `days` ago, and that neither the live feed nor the last `keep` kept ones name."""
    if state.rebuilt:
        return Prunable(keys=(), feeds=(), bytes=0, state=state)  # nobody knows what was retired, or when
    until = (now - timedelta(days=days)).date()
    old = [key for key, since in sorted(state.retired.items()) if date.fromisoformat(since) <= until]
    protected: set[str] = set()
    if old:
        protected = _named([state.feed.content] if state.feed else [])
        protected |= _named(found.content for key in state.feeds[-keep:] if (found := store.get(key)))
    names = _unveiled(store, old)
    free = [key for key in old if names.get(key, key) not in protected]
    return Prunable(
        keys=tuple(free[:most]),
        feeds=state.feeds[:-keep] if keep else state.feeds,
        bytes=sum(state.objects[key].size for key in free[:most] if key in state.objects),
        spared=len(old) - len(free),
        left=max(0, len(free) - most),
        names=names,
        state=state,
    )


def prune(store: Store, found: Prunable, *, now: datetime) -> Iterator[Outcome]:
    """Delete it, one by one, with a note in the record before and after.

    Raises `Overtaken` before anything is deleted when somebody published since `find`; afterwards, what they
    may have relied on is left in doubt, so that the next publish looks again.
    """
    if not found.keys and not found.feeds:
        yield from _swept(store, now)
        return
    gone = set(found.keys)
    doubtful = replace(found.state, doubtful=found.state.doubtful | gone)
    etag = _write(store, doubtful, found.state.etag)
    for key in (*found.keys, *found.feeds):
        name = found.names.get(key, key)
        if not name.startswith(record.EARLY):  # else it is not in the store any more
            store.delete(name)
        size = found.state.objects[key].size if key in found.state.objects else 0
        yield Outcome(key=name, action="deleted", bytes=size)
    after = replace(
        found.state,
        objects={key: remote for key, remote in found.state.objects.items() if key not in gone},
        retired={key: since for key, since in found.state.retired.items() if key not in gone},
        feeds=tuple(key for key in found.state.feeds if key not in found.feeds),
    )
    try:
        _write(store, after, etag)
    except PublishConflict:
        theirs = record.load(store)
        _write(store, replace(theirs, doubtful=theirs.doubtful | gone), theirs.etag)
    yield from _swept(store, now)


def _unveiled(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The names of media that went ahead of an episode which never came: by a listing, since the record has none."""
    secret = {key for key in keys if key.startswith(record.EARLY)}
    if not secret:
        return {}
    named = ((record.veiled(each.key, early=True), each.key) for each in store.walk("media/"))
    return {veiled: key for veiled, key in named if veiled in secret}


def _swept(store: Store, now: datetime) -> Iterator[Outcome]:
    """Uploads that never ended."""
    count = store.sweep(now - timedelta(days=UPLOAD_DAYS))
    if count:
        yield Outcome(key=f"{count} uploads that never ended", action="swept")


def _write(store: Store, state: State, etag: str) -> str:
    state = replace(state, honours=store.honours)
    return swap(store, own(record.KEY, record.encoded(state, store.place), "application/json"), etag)


def _named(feeds: Iterable[bytes]) -> set[str]:
    """Every tail of the path of every address in these feeds, in elements and in notes alike: rather too many."""
    found: set[str] = set()
    for feed in feeds:
        for address in set(ADDRESS.findall(html.unescape(feed.decode("utf-8", "replace")))):
            try:
                parts = unquote(urlsplit(address).path).split("/")
            except ValueError:
                continue
            found.update("/".join(parts[start:]) for start in range(1, len(parts)))
    return found
