"""What the last publish left in the store, as its own record tells: `.podcast-kit/state.json`.

A record, not the truth: it can be rebuilt from a listing, and the live feed overrules it.
Before anything is written the keys that may change are noted as in doubt, so that a publish
that dies leaves behind what has to be looked at again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from podcast_kit.errors import Failed
from podcast_kit.model import Output, Remote, Wave
from podcast_kit.stores import Found, Honours, Store

OWN = ".podcast-kit/"
"""Keys that are ours and no part of the show."""
KEY = OWN + "state.json"
FEEDS = OWN + "feeds/"
SCHEMA = 1
UNTOLD = "private/"
"""Keys that nobody may learn: the record lies where everybody can read, so it holds only their digests."""
VEILED = "private:"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The store as it was read: what is there, what is in doubt, and the ETags that writes depend on."""

    objects: Mapping[str, Remote] = field(default_factory=dict)
    retired: Mapping[str, str] = field(default_factory=dict)
    """Keys that the show no longer has, and the ISO date since when; they stay until pruned."""
    doubtful: frozenset[str] = frozenset()
    """Keys that a publish which did not end may have changed."""
    honours: Honours | None = None
    """What the store makes of conditional writes, where that was found out at this very place."""
    etag: str = ""
    """Of the record itself; empty when there was none."""
    feeds: tuple[str, ...] = ()
    """Keys of the feeds that were live before, oldest first."""
    feed: Found | None = None
    """The live feed, read at the same time; None where none is."""
    rebuilt: bool = False
    """The record was missing or unreadable, and a listing took its place."""


def read(store: Store, feed_key: str, outputs: Iterable[Output] = ()) -> State:
    """The record and the live feed; where the record is missing or in doubt, what a listing shows.

    `outputs` are the files of the build: their digests are what listed media are matched by.
    """
    outputs = list(outputs)
    known = _unveiled(load(store), outputs)
    store.honours = store.honours or known.honours
    known = replace(known, feed=store.get(feed_key))
    if known.rebuilt or known.doubtful:
        known = _settled(store, known, {output.key: output for output in outputs})
    return replace(known, objects=_with_feed(known.objects, feed_key, known.feed))


def load(store: Store) -> State:
    """The record alone, as it was written; `rebuilt` where there is none to be read."""
    found = store.get(KEY)
    known = _decoded(found, store.place) if found else None
    return known or State(etag=found.etag if found else "", rebuilt=True)


def _veiled(key: str) -> str:
    """The key as the record may say it."""
    return VEILED + hashlib.sha256(key.encode()).hexdigest() if key.startswith(UNTOLD) else key


def _unveiled(state: State, outputs: Iterable[Output]) -> State:
    """The record with the names of the secret keys that the build knows; the others say nothing to anybody."""
    names = {_veiled(output.key): output.key for output in outputs if output.key.startswith(UNTOLD)}
    objects = {
        names.get(key, key): replace(remote, key=names.get(key, key))
        for key, remote in state.objects.items()
        if key in names or not key.startswith(VEILED)
    }
    doubtful = frozenset(names.get(key, key) for key in state.doubtful if key in names or not key.startswith(VEILED))
    return replace(state, objects=objects, doubtful=doubtful)


def _with_feed(objects: Mapping[str, Remote], key: str, feed: Found | None) -> Mapping[str, Remote]:
    """The live feed overrules what the record says of it."""
    recorded = objects.get(key)
    others = {name: remote for name, remote in objects.items() if name != key}
    if feed is None:
        return others
    headers = recorded.headers if recorded else ()
    digest = hashlib.sha256(feed.content).hexdigest()
    live = Remote(key=key, size=len(feed.content), sha256=digest, headers=headers, etag=feed.etag)
    return {**others, key: live}


def _settled(store: Store, state: State, outputs: Mapping[str, Output]) -> State:
    """Look again at what is in doubt, by one listing and never by a question each.

    Media are named by their digest and written whole or not at all, so a listed one of the right size
    is the one that was meant; anything else in doubt is taken for different.
    """
    every = list(store.walk())
    listed = {remote.key: remote for remote in every if not remote.key.startswith(OWN)}
    feeds = tuple(remote.key for remote in every if remote.key.startswith(FEEDS)) if state.rebuilt else state.feeds
    objects = {key: remote for key, remote in state.objects.items() if key in listed}
    # Without a record nobody knows whose the other keys are: they are left alone for ever.
    for key in listed.keys() & (outputs.keys() if state.rebuilt else state.doubtful):
        remote, output = listed[key], outputs.get(key)
        if output is not None and output.wave is Wave.MEDIA and output.size == remote.size:
            remote = replace(remote, sha256=output.sha256, headers=output.headers)
        objects[key] = remote
    return replace(state, objects=objects, feeds=feeds)


def encoded(state: State, place: str) -> bytes:
    """The record as bytes: one line an object, sorted, headers named once."""
    kinds = sorted({remote.headers for remote in state.objects.values()})
    number = {headers: index for index, headers in enumerate(kinds)}
    rows = {
        _veiled(key): [remote.size, remote.sha256, remote.etag, number[remote.headers]]
        for key, remote in sorted(state.objects.items())
    }
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(row, separators=(',', ':'))}" for key, row in rows.items())
    head = {
        "schema": SCHEMA,
        "headers": [dict(headers) for headers in kinds],
        "retired": {key: date for key, date in sorted(state.retired.items()) if not key.startswith(UNTOLD)},
        "doubtful": sorted(map(_veiled, state.doubtful)),
        "feeds": list(state.feeds),
        "conditions": {"place": place, "honours": state.honours},
    }
    return f'{json.dumps(head)[:-1]}, "objects": {{\n{lines}\n}}}}\n'.encode()


def _decoded(found: Found, place: str) -> State | None:
    """The record, or None when it is not one; a newer schema is refused rather than overwritten."""
    try:
        data = json.loads(found.content)
        if data["schema"] > SCHEMA:
            raise Failed("the last publish was made by a newer podcast-kit", "upgrade: pip install -U podcast-kit")
        kinds = [tuple(sorted((str(name), str(value)) for name, value in each.items())) for each in data["headers"]]
        objects = {
            str(key): Remote(key=str(key), size=int(size), sha256=str(sha256), etag=str(etag), headers=kinds[number])
            for key, (size, sha256, etag, number) in data["objects"].items()
        }
        retired = {str(key): str(date) for key, date in data["retired"].items()}
        doubtful, feeds = frozenset(map(str, data["doubtful"])), tuple(map(str, data["feeds"]))
        tried = data["conditions"]
        honours = Honours(tried["honours"]) if tried["honours"] and tried["place"] == place else None
        return State(objects=objects, retired=retired, doubtful=doubtful, feeds=feeds, honours=honours, etag=found.etag)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
