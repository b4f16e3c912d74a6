"""What a publish records of the sources that it was made from, so that no other publish takes it back unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from podcast_kit.model.lineage import History, PendingPublish, Publication, SourceParts, UnitVersion
from podcast_kit.stores.lineage import MAX_VERSIONS
from podcast_kit.stores.state import StoreState


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageUpdate:
    """What a publish writes into the state and into the history, beside the files."""

    publication: Publication
    sources: Mapping[str, SourceParts]
    """Unit → its version, for every unit that is live afterwards."""
    committed_units: frozenset[str] = frozenset()
    """Units whose files are committed as they are published."""
    lock_digest: str = ""
    """Of podcast.lock as the record keeps it: the entries of live episodes."""
    live_lock: str = ""
    """The same as it was published before."""
    next_lock: str = ""
    """The entries that this publish adds or changes."""
    history: History = field(default=History(), repr=False)
    """The history as it was read."""
    set_back: frozenset[str] = frozenset()
    """Units that a rollback sets back: the versions after the one that is live again are dropped."""


def digest_lock(lock: str) -> str:
    """The digest of podcast.lock as the record keeps it; empty without entries."""
    return hashlib.sha256(lock.encode()).hexdigest()[:16] if lock else ""


def pending_publish(update: LineageUpdate, state: StoreState, feed_sha256: str) -> PendingPublish:
    """What is recorded before the first file is written."""
    changed = {unit: parts for unit, parts in update.sources.items() if state.sources.get(unit) != parts}
    return PendingPublish(
        feed_sha256=feed_sha256,
        publication=update.publication,
        sources=changed,
        lock_digest=update.lock_digest,
    )


def extend_history(update: LineageUpdate, state: StoreState, feed_number: int) -> History:
    """The history that is written just before the feed: with the live version of each unit, then the new one.

    `feed_number` is the number of the kept feed that the new one replaces. What an interrupted publish had added after
    the live version never was live, and is dropped.
    """
    versions = {unit: list(rows) for unit, rows in update.history.versions.items()}
    for unit, parts in update.sources.items():
        rows = live_history(update.history, unit, state.sources.get(unit))
        if unit in update.set_back or not rows or rows[-1].parts != parts:
            rows = (
                *rows,
                UnitVersion(
                    parts=parts,
                    publication=update.publication,
                    feed_number=feed_number,
                    is_committed=unit in update.committed_units,
                ),
            )
        versions[unit] = list(rows[-MAX_VERSIONS:])
    return History(
        versions={unit: tuple(rows) for unit, rows in versions.items()},
        lock=update.live_lock,
        next_lock=update.next_lock,
        etag=update.history.etag,
    )


def live_history(history: History, unit: str, live: SourceParts | None) -> tuple[UnitVersion, ...]:
    """The versions of a unit up to the live one; all of them where the live one is not among them."""
    rows = history.versions.get(unit, ())
    last = next((index for index in range(len(rows) - 1, -1, -1) if rows[index].parts == live), len(rows) - 1)
    return rows[: last + 1]
