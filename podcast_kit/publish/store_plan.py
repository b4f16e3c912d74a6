"""Compares a build with the store: what publishing it would change, and what the podcaster should know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from podcast_kit import builder
from podcast_kit.errors import Problem, Severity, SourceLocation
from podcast_kit.model import SHOW_FILE, Progress
from podcast_kit.model.lineage import EPISODE_UNIT, SourceParts
from podcast_kit.plan import Change, Plan, Verb, plan_changes
from podcast_kit.plan.live_show import compare_live_show, is_own_feed
from podcast_kit.publish.base import read_folder_versions, update_base
from podcast_kit.publish.conflicts import find_source_conflicts
from podcast_kit.publish.prepared import PreparedPublish
from podcast_kit.publish.record import StoreRecord, read_record
from podcast_kit.publish.waves import find_subscriber_changes
from podcast_kit.stores import LOCK_FILE_FIX, UNPROTECTED_FIX, ConditionalWrites, open_store
from podcast_kit.stores.state import EMBARGOED, PRIVATE_PREFIX, REDACTED, StoreState, recognize_outputs, reconcile_state

UNKNOWN_FILES_CODE = "pb.files"

REVOKED_FEEDS_CODE = "pb.revoked"

MIN_MANY_REVOKED = 5
"""Revoked feeds from which on a publish asks whether that is meant, if they are more than half of all."""

MAX_NAMED_FILES = 3


def make_plan(
    build: builder.Build,
    *,
    now: datetime,
    refresh: bool = False,
    record: StoreRecord | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_waiting: Callable[[str], None] = lambda _: None,
) -> PreparedPublish:
    """Compute what publishing a build would change and what subscribers will notice; reads the store without `record`.

    `now` is the time that the build was made for. With `refresh`, the recorded state is compared with a listing of
    the store. Nothing in the store changes. Raises InvalidInput, OperationError or StoreAccessError.
    """
    show = build.project.show
    if record is None:
        store = open_store(show.publish, build.project.folder, on_waiting)
        on_progress(Progress("read", store.name))
        record = read_record(store, show.feed.path)
    store, live = record.store, None if refresh else recognize_build(build, record.head)
    has_stale_feeds = live is None and _has_stale_private_feeds(build, record.state)
    state = live or reconcile_state(store, record.state, show.feed.path, build.outputs.values(), refresh=refresh)
    plan = plan_changes(build.outputs, state, feed_key=show.feed.path)
    if build.is_partial:  # the files of episodes that stay as they are live are not among the outputs
        plan = replace(plan, changes=tuple(change for change in plan.changes if change.verb is not Verb.RETIRE))
    if has_stale_feeds:  # what private feeds name is in no feed that is built here
        plan = replace(plan, changes=tuple(change for change in plan.changes if not _retires_secret_file(change)))
    # Scheduled episodes are uploaded ahead at most, and those for members are in no public feed.
    not_public = {*(episode.guid for episode in build.scheduled), *build.members_guids}
    published = [entry for entry in build.project.lock if entry.guid not in not_public]
    changes = find_subscriber_changes(plan, store, published, url=show.publish.url)
    guids = {entry.guid for entry in (*build.project.lock, *build.lock)}
    notices = tuple(compare_live_show(state.feed.content, show, guids, store.name)) if state.feed else ()
    if state.rebuilt and not notices and (unknown := _unknown_files_problem(plan, build, store.name)):
        notices = (*notices, unknown)
    if has_stale_feeds and "pb.private" not in show.ignore:
        notices = (*notices, _stale_feeds_problem())
    if too_many := _many_revoked_problem(plan, build):
        notices = (*notices, too_many)
    if state.hold:
        notices = (*notices, hold_problem(state.hold))
    if store.conditional_writes and store.conditional_writes.unprotected and "pb.unprotected" not in show.ignore:
        notices = (*notices, _unprotected_problem(store.name, store.conditional_writes))
    elif store.conditional_writes is ConditionalWrites.LOCK_FILE and "pb.lock_file" not in show.ignore:
        notices = (*notices, _lock_file_problem(store.name))
    folder_versions = read_folder_versions(build.project.folder, store.name)
    conflicts = find_source_conflicts(build, record, folder_versions) if plan else ()
    live_sources = state.sources if live else record.state.sources
    update_base(
        build.project.folder,
        store.name,
        {unit: parts for unit, parts in build.sources.items() if live_sources.get(unit) == parts}
        | _list_removed(build, live_sources, folder_versions.base or {}),
    )
    return PreparedPublish(
        build=build,
        store=store,
        plan=plan,
        subscriber_changes=changes,
        notices=notices,
        due=now,
        conflicts=conflicts,
        record=record,
    )


def recognize_build(build: builder.Build, head: StoreState) -> StoreState | None:
    """The state, if its digests say that the build is what is live, and nothing else of its snapshot is needed."""
    show = build.project.show
    if build.is_partial or build.broken or show.notify.indexnow_key:  # which pages were reported is in the snapshot
        return None
    return recognize_outputs(head, show.feed.path, build.outputs, build.sources)


def _list_removed(
    build: builder.Build, live_sources: Mapping[str, SourceParts], base: Mapping[str, SourceParts]
) -> dict[str, SourceParts]:
    """The episodes that this folder had, without parts: they are not live any more, and not published from here."""
    if build.is_partial or build.broken:  # which episodes would be published is not known
        return {}
    published = {EPISODE_UNIT + item.guid for item in build.items}
    return {
        unit: {}
        for unit in base.keys() - live_sources.keys() - published
        if unit.startswith(EPISODE_UNIT) and live_sources
    }


def _retires_secret_file(change: Change) -> bool:
    return change.verb is Verb.RETIRE and change.key.startswith(EMBARGOED)


def _has_stale_private_feeds(build: builder.Build, state: StoreState) -> bool:
    """Whether the store has private feeds, and this run has no list of them."""
    is_in_store = any(key.startswith(REDACTED) for key in state.objects)
    return is_in_store and not any(key.startswith(PRIVATE_PREFIX) for key in build.outputs)


def _stale_feeds_problem() -> Problem:
    text = "the store has private feeds, but there is no list of subscribers here: these feeds get no new episodes"
    fix = "set PODCAST_KIT_SUBSCRIBERS and PODCAST_KIT_SUBSCRIBERS_KEY, or publish where subscribers.txt is"
    return Problem(SourceLocation("subscribers.txt"), text, fix, "pb.private", Severity.WARNING)


def _many_revoked_problem(plan: Plan, build: builder.Build) -> Problem | None:
    """That most of the private feeds would be deleted: the list may be cut off, or the key another one."""
    revoked = len(plan.revoked)
    kept = sum(change.remote is not None and change.key.startswith(PRIVATE_PREFIX) for change in plan.changes)
    if revoked < MIN_MANY_REVOKED or revoked <= kept:
        return None
    text = f"{revoked} private feeds would be deleted, more than half of all"
    fix = "check the list of subscribers and subscribers.key; if that is meant: --allow revoked"
    location = build.project.show.locations.get("private") or SourceLocation(SHOW_FILE)
    return Problem(location, text, fix, REVOKED_FEEDS_CODE)


def _unknown_files_problem(plan: Plan, build: builder.Build, store_name: str) -> Problem | None:
    """That files would be replaced of which neither the store nor its feed says that podcast-kit wrote them."""
    show = build.project.show
    if plan.state.feed and is_own_feed(plan.state.feed.content, show, {entry.guid for entry in build.lock}):
        return None
    keys = [change.key for change in plan.pending if change.verb is Verb.REPLACE]
    if not keys:
        return None
    more = f" and {len(keys) - MAX_NAMED_FILES} more" if len(keys) > MAX_NAMED_FILES else ""
    text = f"{store_name} has files that podcast-kit did not publish: {', '.join(keys[:MAX_NAMED_FILES])}{more}"
    fix = "publish to an empty folder or prefix, or replace them with --allow replaced"
    location = show.locations.get("publish.to") or SourceLocation("podcast.yaml")
    return Problem(location, text, fix, UNKNOWN_FILES_CODE)


def hold_problem(hold: str) -> Problem:
    """That `rollback --hold` has stopped publishing, for the reason in `hold`."""
    fix = "run `podcast-kit publish --release` to publish again"
    return Problem(SourceLocation("podcast.yaml"), f"publishing is on hold: {hold}", fix, "pb.hold", Severity.WARNING)


def _unprotected_problem(store_name: str, conditional_writes: ConditionalWrites) -> Problem:
    text = f"{store_name} {conditional_writes.risk}"
    return Problem(SourceLocation("podcast.yaml"), text, UNPROTECTED_FIX, "pb.unprotected", Severity.WARNING)


def _lock_file_problem(store_name: str) -> Problem:
    text = f"{store_name} {ConditionalWrites.LOCK_FILE.risk}"
    return Problem(SourceLocation("podcast.yaml"), text, LOCK_FILE_FIX, "pb.lock_file", Severity.HINT)
