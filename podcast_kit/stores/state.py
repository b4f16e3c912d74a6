"""What the last publish left in the store, as its own record tells: `.podcast-kit/state.json`.

A record, not the truth: it can be rebuilt from a listing, and the live feed overrules it.
Before anything is written the keys that may change are noted as in doubt, so that a publish
that dies leaves behind what has to be looked at again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date

from podcast_kit.errors import OperationError
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.stores import Found, Honours, Store
from podcast_kit.text.numbers import parse_count

OWN = ".podcast-kit/"
"""Keys that are ours and no part of the show."""
KEY = OWN + "state.json"
FEEDS = OWN + "feeds/"
SCHEMA = 1
PRIVATE = "private/"
"""Keys that nobody may learn: the record lies where everybody can read, so it holds only their digests."""
VEILED = "private:"
EARLY = "early:"
"""The same for media that lie there before anything names them. Their own digest is not told either: the address is
made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The store as it was read: what is there, what is in doubt, and the ETags that writes depend on."""

    objects: Mapping[str, RemoteObject] = field(default_factory=dict)
    retired: Mapping[str, str] = field(default_factory=dict)
    """Keys that the show no longer has, and the ISO date since when; they stay until pruned."""
    doubtful: frozenset[str] = frozenset()
    """Keys that a publish which did not end may have changed."""
    untold: frozenset[str] = frozenset()
    """Keys of media that nothing names yet."""
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


def read(store: Store, feed_key: str, outputs: Iterable[Output] = (), *, refresh: bool = False) -> State:
    """The record and the live feed; where the record is missing or in doubt, what a listing shows.

    `outputs` are the files of the build: their digests are what listed media are matched by. With `refresh`, and
    where the recorded feed is gone, the record is held against a listing: what was deleted since is not there.
    """
    outputs = list(outputs)
    with ThreadPoolExecutor(1) as aside:  # two questions in the time of one
        feed = aside.submit(store.get, feed_key)
        known = load(store)
    known = _unveiled(known, outputs) if outputs else known
    store.honours = store.honours or known.honours
    known = replace(known, feed=feed.result())
    if not known.rebuilt and (refresh or (known.feed is None and feed_key in known.objects)):
        known = _refreshed(store, known)
    if known.rebuilt or known.doubtful:
        known = _settled(store, known, {output.key: output for output in outputs})
    known = _sought(store, known, outputs)
    return replace(known, objects=_with_feed(known.objects, feed_key, known.feed))


def load(store: Store) -> State:
    """The record alone, as it was written; `rebuilt` where there is none to be read."""
    found = store.get(KEY)
    known = _decoded(found, store.place) if found else None
    return known or State(etag=found.etag if found else "", rebuilt=True)


def veiled(key: str, *, early: bool = False) -> str:
    """The key as the record may say it."""
    if not (early or key.startswith(PRIVATE)):
        return key
    return (EARLY if early else VEILED) + hashlib.sha256(key.encode()).hexdigest()


def _unveiled(state: State, outputs: Iterable[Output]) -> State:
    """The record with the names of the secret keys that the build knows.

    Of the others, private ones say nothing to anybody; early ones stay, so that they can be retired.
    """
    names: dict[str, str] = {}
    if any(key.startswith((VEILED, EARLY)) for key in (*state.objects, *state.retired, *state.doubtful)):
        for output in outputs:
            names[veiled(output.key, early=output.wave is Wave.MEDIA)] = output.key

    def told(keys: Iterable[str]) -> Iterable[tuple[str, str]]:
        return ((key, names.get(key, key)) for key in keys if key in names or not key.startswith(VEILED))

    return replace(
        state,
        objects={name: replace(state.objects[key], key=name) for key, name in told(state.objects)},
        retired={name: state.retired[key] for key, name in told(state.retired)},
        doubtful=frozenset(name for _, name in told(state.doubtful)),
    )


def _refreshed(store: Store, state: State) -> State:
    """What the record says, as far as a listing bears it out by name and size."""
    listed = {remote.key: remote.size for remote in store.walk()}
    secret = (VEILED, EARLY)
    there = {
        key: remote for key, remote in state.objects.items() if key.startswith(secret) or listed.get(key) == remote.size
    }
    return replace(state, objects=there)


def _sought(store: Store, state: State, outputs: Iterable[Output]) -> State:
    """Look, by one listing, for files that only the store can have, and of which the record says that it has not.

    A record can be wrong; that nobody here has the bytes any more must not rest on it.
    """
    lost = {
        output.key: output
        for output in outputs
        if output.path is None and output.wave is Wave.MEDIA and output.key not in state.objects
    }
    if not lost:
        return state
    listed = (remote for remote in store.walk("media/") if remote.key in lost)
    found = {remote.key: _matched(remote, lost[remote.key]) for remote in listed}
    return replace(state, objects={**state.objects, **found})


def _matched(remote: RemoteObject, output: Output) -> RemoteObject:
    """Media are named by their digest, and written whole or not at all: a listed one of the right size is the one."""
    same = output.wave is Wave.MEDIA and output.size == remote.size
    return replace(remote, sha256=output.sha256, headers=output.headers) if same else remote


def _with_feed(objects: Mapping[str, RemoteObject], key: str, feed: Found | None) -> Mapping[str, RemoteObject]:
    """The live feed overrules what the record says of it."""
    recorded = objects.get(key)
    others = {name: remote for name, remote in objects.items() if name != key}
    if feed is None:
        return others
    headers = recorded.headers if recorded else ()
    digest = hashlib.sha256(feed.content).hexdigest()
    live = RemoteObject(key=key, size=len(feed.content), sha256=digest, headers=headers, etag=feed.etag)
    return {**others, key: live}


def _settled(store: Store, state: State, outputs: Mapping[str, Output]) -> State:
    """Look again at what is in doubt, by one listing and never by a question each.

    A listed file of the media is known by its size; anything else in doubt is taken for different.
    """
    every = list(store.walk())
    listed = {remote.key: remote for remote in every if not remote.key.startswith(OWN)}
    feeds = tuple(remote.key for remote in every if number(remote.key)) if state.rebuilt else state.feeds
    secret = {key: remote for key, remote in state.objects.items() if key.startswith((VEILED, EARLY))}
    objects = {key: remote for key, remote in state.objects.items() if key in listed} | secret
    # Without a record nobody knows whose the other keys are: they are left alone for ever.
    for key in listed.keys() & (outputs.keys() if state.rebuilt else state.doubtful):
        output = outputs.get(key)
        objects[key] = _matched(listed[key], output) if output else listed[key]
    return replace(state, objects=objects, feeds=feeds)


def encoded(state: State, place: str) -> bytes:
    """The record as bytes: one line an object, sorted, headers named once."""
    kinds = sorted({remote.headers for remote in state.objects.values()})
    index = {headers: place for place, headers in enumerate(kinds)}

    def shown(key: str) -> str:
        return veiled(key, early=key in state.untold)

    def row(remote: RemoteObject) -> list[object]:
        told = ("", "") if remote.key in state.untold else (remote.sha256, remote.etag)
        return [remote.size, *told, index[remote.headers]]

    rows = {shown(key): row(remote) for key, remote in sorted(state.objects.items())}
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(row, separators=(',', ':'))}" for key, row in rows.items())
    head = {
        "schema": SCHEMA,
        "headers": [dict(headers) for headers in kinds],
        "retired": {shown(key): since for key, since in sorted(state.retired.items()) if not key.startswith(PRIVATE)},
        "doubtful": sorted(map(shown, state.doubtful)),
        "feeds": list(state.feeds),
        "conditions": {"place": place, "honours": state.honours},
    }
    return f'{json.dumps(head)[:-1]}, "objects": {{\n{lines}\n}}}}\n'.encode()


def _decoded(found: Found, place: str) -> State | None:
    """The record, or None when it is not one; a newer schema is refused rather than overwritten."""
    try:
        data = json.loads(found.content)
        if type(data["schema"]) is not int:
            return None
        if data["schema"] > SCHEMA:
            raise OperationError("the last publish was made by a newer podcast-kit", "upgrade: pip install -U podcast-kit")
        kinds = [tuple(sorted((str(name), str(value)) for name, value in each.items())) for each in data["headers"]]
        objects = {
            str(key): RemoteObject(key=str(key), size=int(size), sha256=str(sha256), etag=str(etag), headers=kinds[number])
            for key, (size, sha256, etag, number) in data["objects"].items()
        }
        retired = {str(key): date.fromisoformat(since).isoformat() for key, since in data["retired"].items()}
        doubtful, feeds = frozenset(map(str, data["doubtful"])), tuple(filter(number, map(str, data["feeds"])))
        tried = data["conditions"]
        honours = Honours(tried["honours"]) if tried["honours"] and tried["place"] == place else None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None
    return State(objects=objects, retired=retired, doubtful=doubtful, feeds=feeds, honours=honours, etag=found.etag)


def number(feed: str) -> int:
    """Of a kept feed, by which it is gone back to; 0 of what is none."""
    digits = feed.removeprefix(FEEDS).partition("-")[0]
    return (parse_count(digits) or 0) if feed.startswith(FEEDS) else 0
