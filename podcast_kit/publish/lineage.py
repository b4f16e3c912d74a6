"""What a publish records of the sources that it was made from, so that no other publish takes it back unnoticed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from podcast_kit.model.lineage import (
    EPISODE_UNIT,
    PAGES_UNIT,
    STATIC_UNIT,
    SUBSCRIBERS_UNIT,
    TEMPLATES_UNIT,
    History,
    PendingPublish,
    Publication,
    SourceParts,
    UnitVersion,
    drop_removed,
)
from podcast_kit.stores.lineage import join_histories
from podcast_kit.stores.state import StoreState


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageUpdate:
    """What a publish writes into the state, beside the files."""

    publication: Publication
    sources: Mapping[str, SourceParts]
    """Unit → its version, for every unit that is live afterwards."""
    lock_digest: str = ""
    """Of podcast.lock as the record keeps it: the entries of published episodes."""
    recent: History = field(default=History(), repr=False)
    """What the publish adds to the history."""

    def apply_to(self, state: StoreState) -> StoreState:
        """The state after the publish."""
        return replace(
            state,
            publication=self.publication,
            sources=self.sources,
            lock_digest=self.lock_digest,
            recent=join_histories(state.recent, self.recent),
            pending=(),
        )


def pending_publish(update: LineageUpdate, state: StoreState, feed_sha256: str) -> PendingPublish:
    """What is recorded before the first file is written."""
    changed = {unit: parts for unit, parts in update.sources.items() if state.sources.get(unit) != parts}
    changed |= mark_removed(state.sources, update.sources)
    return PendingPublish(
        feed_sha256=feed_sha256,
        publication=update.publication,
        sources=changed,
        lock_digest=update.lock_digest,
        recent=update.recent,
    )


def mark_removed(live_sources: Mapping[str, SourceParts], sources: Mapping[str, SourceParts]) -> dict[str, SourceParts]:
    """Unit → a version without parts, for the episodes that are live and that a publish removes."""
    return {unit: {} for unit in live_sources if unit.startswith(EPISODE_UNIT) and unit not in sources}


def list_new_versions(
    history: History,
    live_sources: Mapping[str, SourceParts],
    sources: Mapping[str, SourceParts],
    publication: Publication,
    committed_units: Collection[str],
    feed_number: int,
) -> dict[str, tuple[UnitVersion, ...]]:
    """Unit → its new version, for the units that are new or differ from what is live, and for removed episodes.

    `feed_number` is the number of the kept feed that the new one replaces.
    """
    versions: dict[str, tuple[UnitVersion, ...]] = {}
    for unit, parts in {**sources, **mark_removed(live_sources, sources)}.items():
        rows = live_history(history, unit, live_sources.get(unit))
        if not rows or rows[-1].parts != parts:
            is_committed = unit in committed_units
            version = UnitVersion(
                parts=parts, publication=publication, feed_number=feed_number, is_committed=is_committed
            )
            versions[unit] = (version,)
    return versions


def set_back_sources(
    history: History, live_sources: Mapping[str, SourceParts], feed_number: int
) -> dict[str, SourceParts]:
    """The version of each unit as it was while a kept feed was live.

    A version that replaced this feed, or came later, counts as new again. What is in no feed
    stays: templates, own pages and files, and the list of subscribers.
    """
    sources = dict(live_sources)
    removed_units = {unit for unit in history.versions if unit.startswith(EPISODE_UNIT)} - live_sources.keys()
    for unit in (*live_sources, *removed_units):
        if unit in {TEMPLATES_UNIT, PAGES_UNIT, STATIC_UNIT, SUBSCRIBERS_UNIT}:
            continue
        rows = live_history(history, unit, live_sources.get(unit))
        earlier = [row for row in rows if row.feed_number < feed_number]
        if earlier:
            sources[unit] = earlier[-1].parts
        else:
            sources.pop(unit, None)
    return drop_removed(sources)


def live_history(history: History, unit: str, live: SourceParts | None) -> tuple[UnitVersion, ...]:
    """The versions of a unit up to the live one; all of them where the live one is not among them."""
    rows = history.versions.get(unit, ())
    last = next((index for index in range(len(rows) - 1, -1, -1) if rows[index].parts == live), len(rows) - 1)
    return rows[: last + 1]
