"""The store state, `.podcast-kit/state.json`: what the last publish left in the store.

It is a cache: it can be rebuilt from a listing, and the live feed overrules it. Before anything is written, the keys
that may change are recorded as dirty, so that the publish after an interrupted one checks them again.
What grows with the show is in a snapshot, once it is large (`stores/snapshot.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date

from podcast_kit.errors import PULL_FIX, OperationError, PublishConflict
from podcast_kit.model import Output, RemoteObject, Wave
from podcast_kit.model.lineage import History, PendingPublish, Publication, SourceParts, drop_removed
from podcast_kit.stores import ConditionalWrites, Store, StoredObject, lineage
from podcast_kit.stores.posts import PostRecords, post_records_from_json, post_records_to_json
from podcast_kit.stores.snapshot import (
    Snapshot,
    Tables,
    apply_changes,
    digest_contents,
    digest_sources,
    list_changes,
    parse_snapshot,
    render_tables,
    renew_snapshot,
    snapshot_from_json,
    snapshot_to_json,
    tables_from_json,
)
from podcast_kit.text.numbers import parse_count

INTERNAL_PREFIX = ".podcast-kit/"
"""Keys that belong to podcast-kit and are not part of the show."""
STATE_KEY = INTERNAL_PREFIX + "state.json"
FEEDS_PREFIX = INTERNAL_PREFIX + "feeds/"
INLINE_SCHEMA = 2
"""Of a state that has everything itself. Raised where an older podcast-kit would lose what keeps publishers apart:
since 2 the state has lineage."""
STATE_SCHEMA = 3
"""Of a state that names a snapshot: older versions would take what it has for all."""
MAX_READ_ATTEMPTS = 5
"""Attempts to read a state whose snapshot is deleted in between, as others publish."""
PRIVATE_PREFIX = "private/"
"""Secret keys. The state is publicly readable, so it holds only their digests."""
REDACTED = "private:"
ALL_COPIES = REDACTED + "*"
"""In the place of the keys of all copied feeds, where they may have changed."""
COPIES_KEY = INTERNAL_PREFIX + "private.json"
"""What each copied private feed has: an object of its own, which only a publish that changes some of them reads."""
EMBARGOED = "early:"
"""The same for media that are uploaded before their episode is out. The state omits their sha256 too, because their
address is made from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesRecord:
    """What the state has of the copied private feeds."""

    sha256: str
    """Of the object that has all of them."""
    digest: str
    """Of what it says; equal to that of a build in which none of them changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """The store as it was read: its objects, which of them are uncertain, and the ETags that writes depend on."""

    objects: Mapping[str, RemoteObject] = field(default_factory=dict)
    retired: Mapping[str, str] = field(default_factory=dict)
    """Keys that are no longer part of the show, and the ISO date since when; they stay until pruned."""
    dirty: frozenset[str] = frozenset()
    """Keys that an interrupted publish may have changed."""
    embargoed: frozenset[str] = frozenset()
    """Keys of media whose episode is not out yet."""
    copies: CopiesRecord | None = None
    """The private feeds that the store has copied, which are recorded apart; None if there are none."""
    copied: frozenset[str] = frozenset()
    """The keys of those among `objects`."""
    stale_feeds: frozenset[str] = frozenset()
    """Digests of the keys of private feeds that the build has no more."""
    blocked: frozenset[str] = frozenset()
    """Digests of the keys of revoked feeds that could not be deleted, and are empty."""
    conditional_writes: ConditionalWrites | None = None
    """How this store handles conditional writes; None before a probe."""
    run: str = ""
    """Identifies the publish that marked or wrote this state last; older versions wrote none."""
    etag: str = ""
    """Of the state file; empty when there was none."""
    feeds: tuple[str, ...] = ()
    """Keys of the feeds that were live before, oldest first."""
    feed_dates: Mapping[str, str] = field(default_factory=dict)
    """When each of them was replaced, as ISO dates in UTC; feeds of older versions have none."""
    hold: str = ""
    """Why nothing may be published until the hold is released; empty without one."""
    announced: Mapping[str, str] = field(default_factory=dict)
    """WebSub hub or other service → sha256 of the feed of its last notification; and the broadcasts that were live."""
    announce_after: Mapping[str, str] = field(default_factory=dict)
    """Hub or service → the ISO date before which it does not want to be asked again."""
    indexed: Mapping[str, str] = field(default_factory=dict)
    """Page → the day on which it was reported to search engines last, and the start of its digest."""
    unannounced: tuple[str, ...] = ()
    """Guids of episodes that a publish has made public, and that are not announced on every network yet."""
    posts: PostRecords = field(default_factory=dict)
    """The posts about episodes, by guid and network."""
    slugs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Guid → the slugs of an episode's pages, the current one first; for runs that have an old podcast.lock."""
    publication: Publication | None = None
    """Who published last; None before version 2 of the state."""
    sources: Mapping[str, SourceParts] = field(default_factory=dict)
    """Unit → the version of its sources that is live."""
    lock_digest: str = ""
    """Of the podcast.lock that was published, whose entries the history has."""
    recent: History = field(default=History())
    """The newest versions of each unit, which the history does not have yet."""
    has_history: bool = False
    """Whether older versions are in an object of their own."""
    pending: tuple[PendingPublish, ...] = ()
    """Publishes that have begun since; `resolve_pending` says which of them is live."""
    snapshot: Snapshot | None = None
    """What has most objects, retired keys, feeds, slugs, sources and indexed pages; None if the state file has all."""
    unused_snapshots: Mapping[str, str] = field(default_factory=dict)
    """Keys of snapshots that no state names any more, and the ISO date on which `prune` found them."""
    feed: StoredObject | None = None
    """The live feed, read at the same time; None before the first publish."""
    rebuilt: bool = False
    """Whether the state file was missing or unreadable, and a listing replaces it."""

    @property
    def is_unread(self) -> bool:
        """Whether the snapshot was not read: what it would have is empty."""
        return self.snapshot is not None and self.snapshot.tables is None


def read_store_state(
    store: Store, feed_key: str, outputs: Iterable[Output] = (), *, refresh: bool = False
) -> StoreState:
    """Read the state and the live feed, and reconcile them with the build's `outputs`."""
    return reconcile_state(store, fetch_state(store, feed_key), feed_key, outputs, refresh=refresh)


def fetch_state(store: Store, feed_key: str, *, may_be_unread: bool = False) -> StoreState:
    """Read the state file and the live feed, at the same time; needs nothing of the show.

    With `may_be_unread`, a snapshot is not read unless something is unsettled: `complete_state` reads it.
    """
    with ThreadPoolExecutor(1) as pool:
        feed = pool.submit(store.get, feed_key)
        state = read_state_head(store)
        if state.is_unread and not (may_be_unread and _is_settled(state)):
            state = _read_to_the_end(store, state)
    store.conditional_writes = store.conditional_writes or state.conditional_writes
    state = replace(state, feed=feed.result())
    return state if state.is_unread else resolve_pending(state)


def _is_settled(state: StoreState) -> bool:
    """Whether no publish is under way or was interrupted, and none is to be refused."""
    return not (state.dirty or state.pending or state.hold) and state.publication is not None


def resolve_pending(state: StoreState) -> StoreState:
    """The state with the lineage of the live feed: that of a publish that was killed after its feed went live."""
    if state.feed is None:
        return state
    digest = hashlib.sha256(state.feed.content).hexdigest()
    for publish in reversed(state.pending):
        if publish.feed_sha256 == digest:
            return replace(
                state,
                publication=publish.publication,
                sources=drop_removed({**state.sources, **publish.sources}),
                lock_digest=publish.lock_digest,
                recent=lineage.join_histories(state.recent, publish.recent),
            )
    return state


def reconcile_state(
    store: Store, state: StoreState, feed_key: str, outputs: Iterable[Output] = (), *, refresh: bool = False
) -> StoreState:
    """Resolve what the fetched state leaves open; lists the store where the state is missing or dirty.

    `outputs` are the files of the build; their digests identify listed media. With `refresh`, and where the recorded
    feed is missing, the state is compared with a listing, and objects that were deleted since are dropped from it.
    """
    outputs = list(outputs)
    if outputs:
        state = _restore_copies(store, _restore_redacted_keys(state, outputs), outputs)
        if refresh and any(output.key.startswith(PRIVATE_PREFIX) for output in outputs):
            state = replace(state, stale_feeds=state.stale_feeds | state.blocked)  # the key may delete now
    if not state.rebuilt and (refresh or (state.feed is None and feed_key in state.objects)):
        state = _drop_missing(store, state)
    if state.rebuilt or state.dirty:
        state = _reconcile_dirty(store, state, {output.key: output for output in outputs})
    state = _find_lost_media(store, state, outputs)
    return replace(state, objects=_with_live_feed(state.objects, feed_key, state.feed))


def read_state_file(store: Store) -> StoreState:
    """Read the state file as it was written; `rebuilt` when there is none, or when it is unreadable."""
    return _read_to_the_end(store, read_state_head(store))


def read_state_head(store: Store) -> StoreState:
    """Read the state file, but not its snapshot; `rebuilt` when there is none, or when it is unreadable."""
    stored = store.get(STATE_KEY)
    state = _parse_state(stored, store.identity) if stored else None
    return state or StoreState(etag=stored.etag if stored else "", rebuilt=True)


def _read_to_the_end(store: Store, state: StoreState) -> StoreState:
    """The state with what its snapshot has, or the current one if that snapshot is gone."""
    for _ in range(MAX_READ_ATTEMPTS):
        complete = _read_snapshot(store, state)
        if complete:
            return complete
        current = read_state_head(store)
        if current.etag == state.etag:
            return _without_snapshot(state)
        state = current
    raise PublishConflict(f"someone else keeps changing {STATE_KEY} in {store.name}", "try again")


def complete_state(store: Store, state: StoreState) -> StoreState:
    """The state with what its snapshot has. Raises PublishConflict if it has been replaced since it was read."""
    complete = _read_snapshot(store, state)
    if complete is None:
        if read_state_head(store).etag != state.etag:
            raise PublishConflict(f"someone else published to {store.name} in the meantime", PULL_FIX)
        complete = _without_snapshot(state)
    return resolve_pending(complete)


def _read_snapshot(store: Store, state: StoreState) -> StoreState | None:
    """The state with what its snapshot has; None if that is missing or damaged."""
    snapshot = state.snapshot
    if snapshot is None or snapshot.tables is not None:
        return state
    stored = store.get(snapshot.key)
    tables = parse_snapshot(stored.content, snapshot.sha256) if stored else None
    if tables is None:
        return None
    state = replace(state, snapshot=Snapshot(sha256=snapshot.sha256, tables=tables))
    return _with_tables(state, apply_changes(tables, snapshot.changes, snapshot.dropped))


def _without_snapshot(state: StoreState) -> StoreState:
    """The state whose snapshot is lost: a listing replaces what that had; a hold and posts stay."""
    return replace(state, snapshot=None, rebuilt=True)


def recognize_outputs(
    state: StoreState, feed_key: str, outputs: Mapping[str, Output], sources: Mapping[str, SourceParts]
) -> StoreState | None:
    """The state with the objects and sources of a build, if that is exactly what is live; else None.

    For a state whose snapshot was not read: its digests tell. It must not be written.
    """
    snapshot, output = state.snapshot, outputs.get(feed_key)
    if snapshot is None or not state.is_unread or state.feed is None or output is None or not _is_settled(state):
        return None
    copies = {redact_key(key): output.sha256 for key, output in outputs.items() if is_copied_feed(output)}
    rows = {key: _expected_object(output) for key, output in outputs.items() if not is_copied_feed(output)}
    is_same = (
        hashlib.sha256(state.feed.content).hexdigest() == output.sha256
        and (state.copies.digest if state.copies else "") == (digest_copies(copies) if copies else "")
        and snapshot.sources == digest_sources(sources)
        and snapshot.contents == digest_contents(rows.values())
    )
    if not is_same:
        return None
    objects = {
        key: RemoteObject(key=key, size=output.size, sha256=output.sha256, headers=output.headers)
        for key, output in outputs.items()
    }
    return replace(state, objects=objects, sources=sources)


def _expected_object(output: Output) -> RemoteObject:
    """What a state shows of a file of the build that is live."""
    key = redact_key(output.key, embargoed=output.embargoed)
    return RemoteObject(
        key=key, size=output.size, sha256="" if output.embargoed else output.sha256, headers=output.headers
    )


def redact_key(key: str, *, embargoed: bool = False) -> str:
    """Return the key as the state may show it: a digest when the key is secret."""
    if not (embargoed or key.startswith(PRIVATE_PREFIX)):
        return key
    return (EMBARGOED if embargoed else REDACTED) + hashlib.sha256(key.encode()).hexdigest()


def _restore_redacted_keys(state: StoreState, outputs: Iterable[Output]) -> StoreState:
    """Replace the digests of secret keys by the keys, where the build has them.

    Of the others, private ones are stale if the build has private feeds, and stay if it has none, since they then
    are unknown to it; embargoed ones stay, so that they can be retired.
    """
    has_private = any(output.key.startswith(PRIVATE_PREFIX) for output in outputs)
    names: dict[str, str] = {}
    if any(key.startswith((REDACTED, EMBARGOED)) for key in (*state.objects, *state.retired, *state.dirty)):
        for output in outputs:
            names[redact_key(output.key, embargoed=output.wave is Wave.MEDIA)] = output.key

    def with_names(keys: Iterable[str]) -> Iterable[tuple[str, str]]:
        return (
            (key, names.get(key, key)) for key in keys if key in names or not (has_private and key.startswith(REDACTED))
        )

    return replace(
        state,
        objects={name: replace(state.objects[key], key=name) for key, name in with_names(state.objects)},
        retired={name: state.retired[key] for key, name in with_names(state.retired)},
        dirty=frozenset(name for _, name in with_names(state.dirty)),
        stale_feeds=frozenset(
            key for key in state.objects if has_private and key.startswith(REDACTED) and key not in names
        ),
    )


def _restore_copies(store: Store, state: StoreState, outputs: Collection[Output]) -> StoreState:
    """The state with the copied private feeds of the build among its objects; read only if one of them changed."""
    if not any(output.key.startswith(PRIVATE_PREFIX) for output in outputs):
        return state
    feeds = {redact_key(output.key): output for output in outputs if is_copied_feed(output)}
    if state.copies is None and not feeds:
        return state
    rows = {key: output.sha256 for key, output in feeds.items()}
    if state.copies is None or state.copies.digest != digest_copies(rows):
        rows = read_copies(store, state.copies)
    elif ALL_COPIES in state.dirty:
        rows = {}
    objects = {
        feeds[key].key: RemoteObject(
            key=feeds[key].key,
            size=feeds[key].size if sha256 == feeds[key].sha256 else 0,
            sha256=sha256,
            headers=feeds[key].headers,
        )
        for key, sha256 in rows.items()
        if key in feeds
    }
    return replace(
        state,
        objects={**state.objects, **objects},
        dirty=state.dirty - {ALL_COPIES},
        stale_feeds=(state.stale_feeds | (rows.keys() - feeds.keys())) - state.blocked,
    )


def is_copied_feed(output: Output | None) -> bool:
    """Whether an output is a private feed that the store copies."""
    return output is not None and bool(output.copy_of) and output.wave is Wave.FEED


def digest_copies(rows: Mapping[str, str]) -> str:
    """The digest of what copied feeds have: digest of each key → sha256 of its bytes."""
    return hashlib.sha256(json.dumps(sorted(rows.items())).encode()).hexdigest()


def render_copies(rows: Mapping[str, str]) -> bytes:
    """The object that has all copied feeds; the bodies, which are few, once each."""
    bodies = sorted(set(rows.values()))
    indexes = {sha256: index for index, sha256 in enumerate(bodies)}
    lines = ",\n".join(f'"{key}":{indexes[sha256]}' for key, sha256 in sorted(rows.items()))
    return f'{{"bodies": {json.dumps(bodies)}, "feeds": {{\n{lines}\n}}}}\n'.encode()


def read_copies(store: Store, record: CopiesRecord | None) -> dict[str, str]:
    """What the copied feeds have; nothing where the object is not the one that the state names."""
    stored = store.get(COPIES_KEY) if record else None
    if record is None or stored is None or hashlib.sha256(stored.content).hexdigest() != record.sha256:
        return {}
    try:
        data = json.loads(stored.content)
        return {str(key): str(data["bodies"][index]) for key, index in data["feeds"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return {}


def _drop_missing(store: Store, state: StoreState) -> StoreState:
    """Drop the objects that a listing does not show with the recorded size."""
    listed = {remote.key: remote.size for remote in store.list()}
    secret = (REDACTED, EMBARGOED)
    objects = {
        key: remote for key, remote in state.objects.items() if key.startswith(secret) or listed.get(key) == remote.size
    }
    return replace(state, objects=objects)


def _find_lost_media(store: Store, state: StoreState, outputs: Iterable[Output]) -> StoreState:
    """Look, by one listing, for files that only the store has and that the state does not know.

    The state can be wrong, and no one else may have these bytes any more.
    """
    lost = {
        output.key: output
        for output in outputs
        if not output.is_local and output.wave is Wave.MEDIA and output.key not in state.objects
    }
    if not lost:
        return state
    listed = (remote for remote in store.list("media/") if remote.key in lost)
    objects = {remote.key: _identify_media(remote, lost[remote.key]) for remote in listed}
    return replace(state, objects={**state.objects, **objects})


def _identify_media(remote: RemoteObject, output: Output) -> RemoteObject:
    """Media keys contain the digest, and media are written whole or not at all: the size identifies a listed file."""
    is_same = output.wave is Wave.MEDIA and output.size == remote.size
    return replace(remote, sha256=output.sha256, headers=output.headers) if is_same else remote


def _with_live_feed(
    objects: Mapping[str, RemoteObject], key: str, feed: StoredObject | None
) -> Mapping[str, RemoteObject]:
    """The objects, with the feed as it is live and not as it was recorded."""
    recorded = objects.get(key)
    others = {name: remote for name, remote in objects.items() if name != key}
    if feed is None:
        return others
    headers = recorded.headers if recorded else ()
    digest = hashlib.sha256(feed.content).hexdigest()
    live = RemoteObject(key=key, size=len(feed.content), sha256=digest, headers=headers, etag=feed.etag)
    return {**others, key: live}


def _reconcile_dirty(store: Store, state: StoreState, outputs: Mapping[str, Output]) -> StoreState:
    """Check dirty keys by one listing, never by a request each.

    Listed media are identified by their size; any other dirty object counts as different.
    """
    remotes = tuple(store.list())
    listed = {remote.key: remote for remote in remotes if not remote.key.startswith(INTERNAL_PREFIX)}
    feeds = tuple(remote.key for remote in remotes if feed_number(remote.key)) if state.rebuilt else state.feeds
    secret = {key: remote for key, remote in state.objects.items() if key.startswith((REDACTED, EMBARGOED))}
    objects = {key: remote for key, remote in state.objects.items() if key in listed} | secret
    # Without a state no one knows who owns the other keys: they are never touched.
    for key in listed.keys() & (outputs.keys() if state.rebuilt else state.dirty):
        output = outputs.get(key)
        objects[key] = _identify_media(listed[key], output) if output else listed[key]
    return replace(state, objects=objects, feeds=feeds)


def renew_state_snapshot(state: StoreState, token: str) -> tuple[StoreState, bytes]:
    """The state with the snapshot to write it with, and the bytes of that if it has to be uploaded before.

    `token` makes a new snapshot unique.
    """
    if state.is_unread:
        raise ValueError("the state was not read to its end")  # a bug: it would be written without what it has
    snapshot, content = renew_snapshot(state.snapshot, _list_tables(state), token)
    return replace(state, snapshot=snapshot), content


def render_state(state: StoreState, identity: str) -> bytes:
    """Render the state file: all of it, or what has changed since its snapshot."""
    tables, snapshot = _list_tables(state), state.snapshot
    reference: dict[str, object] = {}
    if snapshot and snapshot.tables is not None:
        changes, dropped = list_changes(snapshot.tables, tables)
        reference = {"snapshot": snapshot_to_json(snapshot, tables, dropped)}
        tables = changes
    head = {
        "schema": STATE_SCHEMA if reference else INLINE_SCHEMA,
        **reference,
        **({"unused_snapshots": dict(sorted(state.unused_snapshots.items()))} if state.unused_snapshots else {}),
        "doubtful": sorted(_shown_key(state, key) for key in state.dirty),
        **({"private": {"sha256": state.copies.sha256, "digest": state.copies.digest}} if state.copies else {}),
        **({"blocked": sorted(state.blocked)} if state.blocked else {}),
        **({"run": state.run} if state.run else {}),
        **({"hold": state.hold} if state.hold else {}),
        **({"announced": dict(sorted(state.announced.items()))} if state.announced else {}),
        **({"unannounced": sorted(state.unannounced)} if state.unannounced else {}),
        **({"posts": post_records_to_json(state.posts)} if state.posts else {}),
        **({"announce_after": dict(sorted(state.announce_after.items()))} if state.announce_after else {}),
        "conditions": {"place": identity, "honours": state.conditional_writes},
        **({"published": lineage.publication_to_json(state.publication)} if state.publication else {}),
        **({"lock": state.lock_digest} if state.lock_digest else {}),
        **({"recent": lineage.history_to_json(state.recent)} if state.recent != History() else {}),
        **({"history": True} if state.has_history else {}),
        **({"pending": lineage.pending_to_json(state.pending)} if state.pending else {}),
    }
    return render_tables(head, tables)


def _shown_key(state: StoreState, key: str) -> str:
    return redact_key(key, embargoed=key in state.embargoed)


def _list_tables(state: StoreState) -> Tables:
    """What grows with the show, as the state file may show it."""
    objects = {}
    for key, remote in state.objects.items():
        if key in state.copied:
            continue
        shown_key, is_embargoed = _shown_key(state, key), key in state.embargoed
        if is_embargoed:
            objects[shown_key] = replace(remote, key=shown_key, sha256="", etag="")
        else:
            objects[shown_key] = remote if remote.key == shown_key else replace(remote, key=shown_key)
    retired = {
        _shown_key(state, key): since for key, since in state.retired.items() if not key.startswith(PRIVATE_PREFIX)
    }
    feeds = {key: state.feed_dates.get(key, "") for key in state.feeds}
    slugs, sources, indexed = state.slugs, state.sources, state.indexed
    return Tables(objects=objects, retired=retired, feeds=feeds, slugs=slugs, sources=sources, indexed=indexed)


def _with_tables(state: StoreState, tables: Tables) -> StoreState:
    """The state with what these tables have."""
    return replace(
        state,
        objects=tables.objects,
        retired=tables.retired,
        feeds=tuple(filter(feed_number, tables.feeds)),
        feed_dates={key: at for key, at in tables.feeds.items() if at},
        slugs=tables.slugs,
        sources=tables.sources,
        indexed=tables.indexed,
    )


def _parse_state(stored: StoredObject, identity: str) -> StoreState | None:
    """Parse the state file; None when it is damaged. Raises OperationError for a newer schema."""
    try:
        data = json.loads(stored.content)
        if type(data["schema"]) is not int:
            return None
        if data["schema"] > STATE_SCHEMA:
            text = "a newer version of podcast-kit published last"
            raise OperationError(text, "upgrade podcast-kit")
        conditions = data["conditions"]
        is_same_store = conditions["honours"] and conditions["place"] == identity
        tables = tables_from_json(data)
        state = StoreState(
            dirty=frozenset(map(str, data["doubtful"])),
            copies=_copies_from_json(data["private"]) if data.get("private") else None,
            blocked=frozenset(map(str, data.get("blocked", ()))),
            run=str(data.get("run", "")),
            hold=str(data.get("hold", "")),
            announced={str(hub): str(digest) for hub, digest in data.get("announced", {}).items()},
            unannounced=tuple(map(str, data.get("unannounced", ()))),
            posts=post_records_from_json(data.get("posts", {})),
            announce_after={str(name): str(at) for name, at in data.get("announce_after", {}).items()},
            conditional_writes=ConditionalWrites(conditions["honours"]) if is_same_store else None,
            etag=stored.etag,
            publication=lineage.publication_from_json(data["published"]) if data.get("published") else None,
            lock_digest=str(data.get("lock", "")),
            recent=lineage.history_from_json(data["recent"]) if data.get("recent") else History(),
            has_history=data.get("history") is True,
            pending=lineage.pending_from_json(data.get("pending", ())),
            snapshot=snapshot_from_json(data["snapshot"], tables) if data["schema"] > INLINE_SCHEMA else None,
            unused_snapshots={
                str(key): date.fromisoformat(since).isoformat()
                for key, since in data.get("unused_snapshots", {}).items()
            },
        )
        return state if state.snapshot else _with_tables(state, tables)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def _copies_from_json(data: Mapping[str, object]) -> CopiesRecord:
    return CopiesRecord(sha256=str(data["sha256"]), digest=str(data["digest"]))


def feed_number(key: str) -> int:
    """The number of a previous feed, by which `rollback` names it; 0 for any other key."""
    digits = key.removeprefix(FEEDS_PREFIX).partition("-")[0]
    return (parse_count(digits) or 0) if key.startswith(FEEDS_PREFIX) else 0


def kept_feed_key(feed: bytes, feeds: Sequence[str]) -> str:
    """The key under which the live feed is kept when it is replaced; `feeds` are those that are kept, oldest first."""
    digest = hashlib.sha256(feed).hexdigest()[:12]
    if feeds and digest in feeds[-1]:
        return feeds[-1]
    number = feed_number(feeds[-1]) + 1 if feeds else 1
    return f"{FEEDS_PREFIX}{number:06}-{digest}.xml"
