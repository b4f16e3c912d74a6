"""Deletes unused files; nothing else in podcast-kit ever deletes published files."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import unquote, urlsplit

from podcast_kit.errors import PublishConflict
from podcast_kit.model import Outcome
from podcast_kit.publish.state_writer import write_state
from podcast_kit.publish.waves import STALE_UPLOAD_DAYS
from podcast_kit.stores import Store
from podcast_kit.stores.snapshot import SNAPSHOTS_PREFIX
from podcast_kit.stores.state import EMBARGOED, StoreState, read_state_file, redact_key

MIN_RETIRED_DAYS = 30
MIN_SNAPSHOT_DAYS = 2
"""Days after which no one still reads a snapshot that was found to be unused. Dates have no time: a day, at least."""
MIN_FEEDS_KEPT = 10
MAX_FILES = 1000
LINK_PATTERN = re.compile(r"https?://[^\s\"'<>\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneSet:
    """What may be deleted."""

    keys: tuple[str, ...]
    feeds: tuple[str, ...]
    """Saved feeds beyond those that are kept; files that only they name may be deleted too."""
    snapshots: tuple[str, ...] = ()
    """Snapshots of the state that were found to be unused long enough ago."""
    has_found_snapshots: bool = False
    """Whether there are others, whose date is not recorded yet."""
    bytes: int
    still_named: int = 0
    """Number of old files that the live feed or a kept one still names."""
    remaining: int = 0
    """Number of files beyond the limit of one run."""
    real_keys: Mapping[str, str] = field(default_factory=dict)
    """Redacted key in the state → key in the store."""
    state: StoreState


def find_prunable(
    store: Store,
    state: StoreState,
    *,
    now: datetime,
    days: int = MIN_RETIRED_DAYS,
    keep: int = MIN_FEEDS_KEPT,
    max_files: int = MAX_FILES,
) -> PruneSet:
    """Find files retired at least `days` ago that neither the live feed nor the last `keep` saved ones name."""
    if state.rebuilt:
        return PruneSet(keys=(), feeds=(), bytes=0, state=state)  # when files were retired is unknown
    unused_snapshots = _find_unused_snapshots(store, state, now)
    has_found_snapshots = unused_snapshots != state.unused_snapshots
    state = replace(state, unused_snapshots=unused_snapshots)
    snapshot_cutoff = (now - timedelta(days=max(days, MIN_SNAPSHOT_DAYS))).date()
    cutoff = (now - timedelta(days=days)).date()
    old_keys = [
        key
        for key, since in sorted(state.retired.items())
        if date.fromisoformat(since) <= cutoff and key not in state.dirty  # a publish that has begun may use it again
    ]
    named_paths: set[str] = set()
    if old_keys:
        named_paths = _paths_in_feeds([state.feed.content] if state.feed else [])
        named_paths |= _paths_in_feeds(stored.content for key in state.feeds[-keep:] if (stored := store.get(key)))
    real_keys = _find_real_keys(store, old_keys)
    unused = [key for key in old_keys if real_keys.get(key, key) not in named_paths]
    return PruneSet(
        keys=tuple(unused[:max_files]),
        feeds=state.feeds[:-keep] if keep else state.feeds,
        snapshots=tuple(key for key, since in unused_snapshots.items() if date.fromisoformat(since) <= snapshot_cutoff),
        has_found_snapshots=has_found_snapshots,
        bytes=sum(state.objects[key].size for key in unused[:max_files] if key in state.objects),
        still_named=len(old_keys) - len(unused),
        remaining=max(0, len(unused) - max_files),
        real_keys=real_keys,
        state=state,
    )


def delete_prunable(store: Store, prune_set: PruneSet, *, now: datetime) -> Iterator[Outcome]:
    """Delete the files one by one, and update the state before and after; yields each deletion.

    Raises PublishConflict before anything is deleted when someone published since `find_prunable`. When someone
    publishes during the deletion, the deleted keys are marked dirty in the state, so that the next publish checks
    them again.
    """
    state, deleted = prune_set.state, set(prune_set.keys)
    all_keys = (*prune_set.keys, *prune_set.feeds, *prune_set.snapshots)
    if all_keys or prune_set.has_found_snapshots:
        written = _write_pruned(store, replace(state, dirty=state.dirty | deleted), state.etag)
        state = replace(state, etag=written.etag, snapshot=written.snapshot)
    if not all_keys:
        yield from _abort_stale_uploads(store, now)
        return
    for key in all_keys:
        real_key = prune_set.real_keys.get(key, key)
        if not real_key.startswith(EMBARGOED):  # otherwise the store no longer has it
            store.delete(real_key)
        size = state.objects[key].size if key in state.objects else 0
        yield Outcome(key=real_key, action="deleted", bytes=size)
    pruned = replace(
        state,
        objects={key: remote for key, remote in state.objects.items() if key not in deleted},
        retired={key: since for key, since in state.retired.items() if key not in deleted},
        feeds=tuple(key for key in state.feeds if key not in prune_set.feeds),
        unused_snapshots={
            key: since for key, since in state.unused_snapshots.items() if key not in prune_set.snapshots
        },
    )
    try:
        _write_pruned(store, pruned, state.etag)
    except PublishConflict:
        current = read_state_file(store)
        _write_pruned(store, replace(current, dirty=current.dirty | deleted), current.etag)
    yield from _abort_stale_uploads(store, now)


def _find_unused_snapshots(store: Store, state: StoreState, now: datetime) -> dict[str, str]:
    """The snapshots that the state does not name, and when they were first found.

    An interrupted publish may have left them behind, too. One that was only suspended does not name its snapshot any
    more: the state was written since, with the date of when that was found.
    """
    used_key, today = state.snapshot.key if state.snapshot else "", now.date().isoformat()
    keys = (remote.key for remote in store.list(SNAPSHOTS_PREFIX) if remote.key != used_key)
    return {key: state.unused_snapshots.get(key, today) for key in keys}


def _find_real_keys(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The keys of media of episodes that never came out, found by a listing: the state has only their digests."""
    redacted = {key for key in keys if key.startswith(EMBARGOED)}
    if not redacted:
        return {}
    pairs = ((redact_key(remote.key, embargoed=True), remote.key) for remote in store.list("media/"))
    return {redacted_key: key for redacted_key, key in pairs if redacted_key in redacted}


def _abort_stale_uploads(store: Store, now: datetime) -> Iterator[Outcome]:
    count = store.abort_stale_uploads(now - timedelta(days=STALE_UPLOAD_DAYS))
    if count:
        yield Outcome(key=f"{count} unfinished upload{'' if count == 1 else 's'}", action="swept")


def _write_pruned(store: Store, state: StoreState, etag: str) -> StoreState:
    return write_state(store, replace(state, conditional_writes=store.conditional_writes), etag)


def _paths_in_feeds(feeds: Iterable[bytes]) -> set[str]:
    """Every end of the path of every URL in these feeds, in elements and notes alike: rather too many than too few."""
    paths: set[str] = set()
    for feed in feeds:
        for url in set(LINK_PATTERN.findall(html.unescape(feed.decode("utf-8", "replace")))):
            try:
                segments = unquote(urlsplit(url).path).split("/")
            except ValueError:
                continue
            paths.update("/".join(segments[start:]) for start in range(1, len(segments)))
    return paths
