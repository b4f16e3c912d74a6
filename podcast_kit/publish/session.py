"""Publishes a show in the safe order, for the command line and for Python callers alike.

`prepare_publish` loads, builds and plans; it changes nothing in the store. `carry_out` guards subscribers, checks,
asks, uploads and records. `publish_show` does both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from podcast_kit import builder
from podcast_kit.announce.posts import PlannedPost
from podcast_kit.announce.services import DELAYED
from podcast_kit.announce.social_interact import add_recorded_posts
from podcast_kit.builder.held_episodes import HeldEpisode, read_held_episodes
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import (
    PULL_FIX,
    InvalidInput,
    OperationError,
    PodcastKitError,
    Problem,
    PublishConflict,
    Severity,
    SourceLocation,
)
from podcast_kit.feed.pagination import feed_page_key
from podcast_kit.model import SHOW_FILE, BrokenEpisode, LockEntry, Outcome, Progress, Project, Wave
from podcast_kit.model.lineage import EPISODE_UNIT, SourceParts
from podcast_kit.plan import Change, Plan, Verb, plan_changes
from podcast_kit.plan.live_show import compare_live_show, is_own_feed
from podcast_kit.plan.planfile import PlanFile
from podcast_kit.plan.subscriber_changes import ChangeKind, SubscriberChange, refuse_harmful_changes
from podcast_kit.publish.announcing import carry_out_posts, changes_feed, list_unannounced, plan_posts
from podcast_kit.publish.base import read_folder_versions, record_begun, update_base
from podcast_kit.publish.checkout import make_lineage, read_checkout
from podcast_kit.publish.conflicts import (
    SourceConflict,
    describe_publication,
    find_source_conflicts,
    refuse_source_conflicts,
)
from podcast_kit.publish.fast_path import (
    fingerprint_sources,
    has_untouched_sources,
    is_store_unchanged,
    last_recorded_at,
    publish_digest,
    record_published,
)
from podcast_kit.publish.lineage import LineageUpdate, mark_removed
from podcast_kit.publish.notifying import find_live_digest, has_services, notify_of_publish
from podcast_kit.publish.purge import list_changed_keys, purge_cdn, require_command_consent
from podcast_kit.publish.record import (
    StoreRecord,
    complete_lock,
    first_publications,
    read_record,
)
from podcast_kit.publish.state_writer import StateWriter
from podcast_kit.publish.waves import find_subscriber_changes, publish_plan
from podcast_kit.stores import LOCK_FILE_FIX, UNPROTECTED_FIX, ConditionalWrites, Store, open_store
from podcast_kit.stores.state import EMBARGOED, PRIVATE_PREFIX, REDACTED, STATE_KEY, StoreState, reconcile_state

UNKNOWN_FILES_CODE = "pb.files"
REVOKED_FEEDS_CODE = "pb.revoked"
MIN_MANY_REVOKED = 5
"""Revoked feeds from which on a publish asks whether that is meant, if they are more than half of all."""
ALLOWED_NOTICES = {UNKNOWN_FILES_CODE: "replaced", REVOKED_FEEDS_CODE: "revoked"}
"""Code of an error that the plan shows → the word of `--allow` that turns it off, if it is not `removed`."""
MAX_NAMED_FILES = 3
WRITTEN_BACK = "written back"
"""The action of the outcome that says why the feed does not name new posts."""
ALLOWED_RULES = {"guids": "it.guid.stable"}
"""Word of `--allow` → the check rule that it turns off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """What a publish may do, and what it has to do besides."""

    retag: Collection[str] = ()
    """Slugs of published episodes whose files get new tags; apps download them again."""
    ahead: bool = False
    """Upload the media of scheduled episodes before their date."""
    refresh: bool = False
    """Compare the recorded state with a listing of the store, and upload again what is missing."""
    feed_only: bool = False
    """Refuse to upload recordings, as in a CI job that has none."""
    run_checks: bool = True
    """Refuse to publish what directories or apps would reject."""
    remove: Collection[str] = ()
    """Guids of episodes that may disappear from the feed."""
    allow: Collection[str] = ()
    """`removed`: any episode may disappear; `guids`: any guid may change; `replaced`: any file may be replaced;
    `revoked`: most private feeds may be deleted."""
    allow_unprotected_writes: bool = False
    """Publish to a store without conditional writes."""
    release: bool = False
    """End a hold that `rollback --hold` placed."""
    keep_going: bool = False
    """Publish the other episodes when some have errors; those that are live stay as they are."""
    only: Collection[str] | None = None
    """Slugs of the episodes to publish; all others stay as they are live. None for all."""
    take_back: Collection[str] = ()
    """Slugs of episodes, `show` or `templates`: what may go back to an earlier version, or replace a newer one."""
    announce: bool = True
    """Announce the episodes that become public on the networks of `announce:`."""
    ci: str = ""
    """The name of the CI system that publishes; empty for a desk."""
    workers: Workers | None = field(default=None, compare=False, repr=False)
    """What builds the episodes; by default this process alone."""
    ci_run: str = ""
    """The address or the number of its run. It is recorded in the store, which is public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPublish:
    """A build, and what publishing it would change; the plan is empty when there is nothing to do."""

    build: builder.Build
    store: Store
    plan: Plan
    subscriber_changes: tuple[SubscriberChange, ...] = ()
    notices: tuple[Problem, ...] = ()
    """That another show is live there (an error), or that the feed's address changes (a warning)."""
    due: datetime
    """Episodes dated up to then are published."""
    recorded_at: datetime | None = None
    """When the last publish was recorded, where the fast path found the store unchanged; None when it was read."""
    conflicts: tuple[SourceConflict, ...] = ()
    """Units of which a newer version is live than this checkout has."""
    added_entries: tuple[LockEntry, ...] = ()
    """Entries of podcast.lock that were published from elsewhere, and that the lock here lacked."""
    record: StoreRecord | None = field(default=None, repr=False)
    """What was read of the store; None where the fast path did not read it."""
    fingerprint: str = ""
    """Of the source files, before they were read."""
    unannounced: tuple[str, ...] = ()
    """Guids of the episodes that are to be announced once they are live."""
    posts: tuple[PlannedPost, ...] = ()
    """What will be posted about them."""
    project: Project | None = field(default=None, repr=False)
    """The show as it was read, which is built again once the posts are sent; None where nothing is posted."""
    options: PublishOptions = field(default=PublishOptions(), repr=False)
    """Those of the build, where `only` has slugs."""


def prepare_publish(
    load: Callable[[], Project],
    *,
    due: datetime,
    options: PublishOptions = PublishOptions(),
    target: Callable[[], Project] | None = None,
    resolve: Callable[[Project], PublishOptions] | None = None,
    saved_plan: PlanFile | None = None,
    use_fast_path: bool = False,
    on_build: Callable[[builder.Build], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_waiting: Callable[[str], None] = lambda _: None,
    on_built: Callable[[Path], None] = lambda _: None,
) -> PreparedPublish:
    """Read the store, then load and build the show, and make the plan; nothing in the store changes.

    The record and the live feed are read before the sources, so that what is built is never older than what it
    replaces. `target` reads the show's settings alone, which tell where it is published; without it, the whole show is
    loaded first. `resolve` returns the options for the loaded show.
    With `use_fast_path`, two requests decide whether anything changed since the last publish from this folder, while
    no source file was touched; if not, the store is not read. `on_build` receives the finished build, and
    `on_waiting`, from any thread, the name of a host that is slow to answer. `on_built` gets the folder of a build that
    is made for these two requests. Raises PublishConflict when the plan
    differs from `saved_plan`.
    """
    settings = _read_target(target) or load()
    fingerprint = fingerprint_sources(settings.folder)
    is_selective = options.keep_going or options.only is not None
    is_fast = use_fast_path and not options.refresh and saved_plan is None and not is_selective
    if is_fast and has_untouched_sources(settings.folder, fingerprint):
        project = load()
        resolved = resolve(project) if resolve else options
        build = _build_show(project, None, resolved, due, on_progress, on_waiting, on_built)
        if not build.is_partial and _is_unchanged(build):
            on_build(build)
            return PreparedPublish(
                build=build,
                store=open_store(build.project.show.publish, build.project.folder, on_waiting),
                plan=Plan(changes=(), feed_key=build.project.show.feed.path, state=StoreState()),
                due=due,
                recorded_at=last_recorded_at(build.project.folder),
            )
    reading = _RecordReading(settings, on_progress, on_waiting)
    project = load()
    options = resolve(project) if resolve else options
    if project.show.publish != settings.show.publish or project.show.feed.path != settings.show.feed.path:
        reading = _RecordReading(project, on_progress, on_waiting)  # podcast.yaml was edited in between
    project, added_entries = _complete_project(project, reading.record)
    build = _build_show(project, reading.record, options, due, on_progress, on_waiting)
    on_build(build)
    record = reading.require_record()
    prepared = make_plan(
        build, now=due, refresh=options.refresh, record=record, on_progress=on_progress, on_waiting=on_waiting
    )
    if saved_plan:
        saved_plan.require_unchanged(prepared.plan, prepared.store.name)
    if options.announce:
        prepared = replace(_plan_announcing(prepared), project=project, options=options)
    return replace(prepared, added_entries=added_entries, fingerprint=fingerprint)


def _plan_announcing(prepared: PreparedPublish) -> PreparedPublish:
    """The publish with what will be posted; a folder is not public yet, so its episodes only wait for `announce`."""
    build, state = prepared.build, prepared.plan.state
    guids = list_unannounced(build, state, prepared.subscriber_changes, prepared.due)
    posts = plan_posts(build, state, guids, os.environ) if guids and prepared.store.remote else ()
    return replace(prepared, unannounced=guids, posts=posts)


class _RecordReading:
    """The record, or why it cannot be read: what is wrong with the sources is reported first."""

    def __init__(
        self, project: Project, on_progress: Callable[[Progress], None], on_waiting: Callable[[str], None]
    ) -> None:
        self.record: StoreRecord | None = None
        self.error: PodcastKitError | None = None
        try:
            store = open_store(project.show.publish, project.folder, on_waiting)
            on_progress(Progress("read", store.name))
            self.record = read_record(store, project.show.feed.path)
        except PodcastKitError as error:
            self.error = error

    def require_record(self) -> StoreRecord:
        """The record; raises what reading it raised."""
        if self.error:
            raise self.error
        assert self.record is not None  # noqa: S101  # it was read, or there is an error
        return self.record


def _read_target(target: Callable[[], Project] | None) -> Project | None:
    """The show's settings alone; None where they have errors, which loading the whole show reports."""
    try:
        return target() if target else None
    except InvalidInput:
        return None


def _complete_project(project: Project, record: StoreRecord | None) -> tuple[Project, tuple[LockEntry, ...]]:
    """The project with what others published: slugs of pages, posts, and the entries of podcast.lock that it lacked."""
    if record is None:
        return project, ()
    try:
        project, added_entries = complete_lock(replace(project, recorded_slugs=record.state.slugs), record)
    except InvalidInput:  # a damaged lock is reported when the show is loaded
        return project, ()
    return add_recorded_posts(project, record.state.posts), added_entries


def _build_show(
    project: Project,
    record: StoreRecord | None,
    options: PublishOptions,
    due: datetime,
    on_progress: Callable[[Progress], None],
    on_waiting: Callable[[str], None],
    on_built: Callable[[Path], None] = lambda _: None,
) -> builder.Build:
    """The build; with `keep_going` without the episodes that the checks reject."""
    is_selective = options.keep_going or options.only is not None
    held = _read_live_episodes(project, record, on_waiting) if is_selective else None
    lost_guids = set() if held is None else _list_live_guids(record) - held.keys()
    only = options.only
    if only is not None:  # they cannot stay as they are live
        only = {*only, *(episode.slug for episode in project.episodes if episode.guid in lost_guids)}
    build_project = partial(
        builder.build,
        now=due,
        retag=options.retag,
        ahead=options.ahead,
        keep_going=options.keep_going,
        only=only,
        held=held,
        workers=options.workers,
        on_progress=on_progress,
        on_built=on_built,
    )
    build = build_project(project)
    if options.keep_going and options.run_checks and (broken := _find_rejected_episodes(build, due)):
        build = build_project(_leave_out(project, broken))
    _refuse_lost_episodes(build, lost_guids)
    return build


def _list_live_guids(record: StoreRecord | None) -> set[str]:
    """The guids of the episodes that are live, as recorded.

    An archive of the feed that an interrupted publish has written may lack some, which were to move into the next one.
    """
    sources = record.state.sources if record else {}
    return {unit.removeprefix(EPISODE_UNIT) for unit in sources if unit.startswith(EPISODE_UNIT)}


def _refuse_lost_episodes(build: builder.Build, lost_guids: Collection[str]) -> None:
    """Raise InvalidInput for episodes with errors that are live, but in no page of the feed any more."""
    text = "has errors and cannot stay as it is live: an interrupted publish has replaced the archive that had it"
    problems = [
        Problem(SourceLocation(broken.path), text, "fix its errors, then publish again", "pb.interrupted")
        for broken in build.broken
        if broken.guid in lost_guids
    ]
    if problems:
        raise InvalidInput(problems)


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
    store, state = record.store, record.state
    has_stale_feeds = _has_stale_private_feeds(build, state)
    state = reconcile_state(store, state, show.feed.path, build.outputs.values(), refresh=refresh)
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
        notices = (*notices, _hold_problem(state.hold))
    if store.conditional_writes and store.conditional_writes.unprotected and "pb.unprotected" not in show.ignore:
        notices = (*notices, _unprotected_problem(store.name, store.conditional_writes))
    elif store.conditional_writes is ConditionalWrites.LOCK_FILE and "pb.lock_file" not in show.ignore:
        notices = (*notices, _lock_file_problem(store.name))
    folder_versions = read_folder_versions(build.project.folder, store.name)
    conflicts = find_source_conflicts(build, record, folder_versions) if plan else ()
    live = record.state.sources
    update_base(
        build.project.folder,
        store.name,
        {unit: parts for unit, parts in build.sources.items() if live.get(unit) == parts}
        | _list_removed(build, record, folder_versions.base or {}),
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


def _list_removed(build: builder.Build, record: StoreRecord, base: Mapping[str, SourceParts]) -> dict[str, SourceParts]:
    """The episodes that this folder had, without parts: they are not live any more, and not published from here."""
    if build.is_partial or build.broken:  # which episodes would be published is not known
        return {}
    published = {EPISODE_UNIT + item.guid for item in build.items}
    return {
        unit: {}
        for unit in base.keys() - record.state.sources.keys() - published
        if unit.startswith(EPISODE_UNIT) and record.state.sources
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


def _hold_problem(hold: str) -> Problem:
    fix = "run `podcast-kit publish --release` to publish again"
    return Problem(SourceLocation("podcast.yaml"), f"publishing is on hold: {hold}", fix, "pb.hold", Severity.WARNING)


def _unprotected_problem(store_name: str, conditional_writes: ConditionalWrites) -> Problem:
    text = f"{store_name} {conditional_writes.risk}"
    return Problem(SourceLocation("podcast.yaml"), text, UNPROTECTED_FIX, "pb.unprotected", Severity.WARNING)


def _lock_file_problem(store_name: str) -> Problem:
    text = f"{store_name} {ConditionalWrites.LOCK_FILE.risk}"
    return Problem(SourceLocation("podcast.yaml"), text, LOCK_FILE_FIX, "pb.lock_file", Severity.HINT)


def _published_slugs(build: builder.Build) -> dict[str, tuple[str, ...]]:
    """Guid → the slugs of an episode's pages, the current one first."""
    return {item.guid: (item.episode.slug, *reversed(item.former_slugs)) for item in build.items}


def _find_rejected_episodes(build: builder.Build, due: datetime) -> tuple[BrokenEpisode, ...]:
    """The episodes of a build in which the checks find errors."""
    from podcast_kit import check

    by_path: dict[str, list[Problem]] = {}
    for problem in check.check_build(build, now=due):
        if problem.severity is Severity.ERROR and problem not in build.errors:
            by_path.setdefault(problem.location.path, []).append(problem)
    rejected = []
    for item in build.items:
        episode = item.episode
        problems = [*by_path.get(episode.path, ()), *by_path.get(str(episode.audio), ())]
        if problems and item.guid not in build.held_guids:
            rejected.append(
                BrokenEpisode(slug=episode.slug, path=episode.path, guid=episode.guid, problems=tuple(problems))
            )
    return tuple(rejected)


def _leave_out(project: Project, broken: tuple[BrokenEpisode, ...]) -> Project:
    paths = {episode.path for episode in broken}
    others = tuple(episode for episode in project.episodes if episode.path not in paths)
    return replace(project, episodes=others, broken=(*project.broken, *broken))


def _read_live_episodes(
    project: Project, record: StoreRecord | None, on_waiting: Callable[[str], None]
) -> dict[str, HeldEpisode]:
    """The episodes as they are live, by guid."""
    show = project.show
    store = record.store if record else open_store(show.publish, project.folder, on_waiting)
    live = record.state.feed if record else store.get(show.feed.path)
    pages = [live.content] if live else []
    number = 1
    while live and (archive := store.get(feed_page_key(show, number))):
        pages.append(archive.content)
        number += 1
    json_feed = store.get(builder.JSON_FEED_KEY) if live else None
    return read_held_episodes(pages, json_feed.content if json_feed else None, project.lock)


def carry_out(
    prepared: PreparedPublish,
    *,
    now: datetime,
    options: PublishOptions = PublishOptions(),
    confirm: Callable[[PreparedPublish], bool] = lambda _: True,
    on_warnings: Callable[[tuple[Problem, ...]], None] = lambda _: None,
    on_start: Callable[[PreparedPublish], None] = lambda _: None,
    on_sent: Callable[[str, int], None] = lambda _key, _bytes: None,
) -> Iterator[Outcome]:
    """Publish what was prepared, and yield each thing as it is done.

    Guards subscribers, checks the build, asks `confirm` once, uploads in waves, writes podcast.lock just before the
    feed, and records what was published. Without changes it only writes podcast.lock and the record.
    `on_warnings` receives the warnings of the checks; `on_sent`, from any thread, the key and the number of bytes of
    each piece that arrived. `now` is the current time. Raises InvalidInput, OperationError, StoreAccessError or
    PublishConflict; the live feed is then unchanged. Yields nothing when `confirm` returns False.
    """
    plan = prepared.plan
    if plan.state.hold:
        if not options.release:
            problem = _hold_problem(plan.state.hold)
            raise OperationError(problem.text, problem.fix)
        plan = replace(plan, state=replace(plan.state, hold=""))
    if options.announce:
        plan = replace(plan, state=replace(plan.state, unannounced=prepared.unannounced))
    if not plan:
        yield from _finish_unchanged(prepared, plan, options, now)
        return
    _refuse_harm(prepared, options, now, on_warnings)
    if not confirm(prepared):
        return
    on_start(prepared)
    upload = yield from _upload(prepared, plan, options, now, on_sent)
    yield from _announce_and_remember(prepared, upload, options, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinishedUpload:
    """What the store holds after a plan was carried out."""

    state_etag: str
    feed_etag: str = ""
    """Empty where the feed was not written."""


def _upload(
    prepared: PreparedPublish,
    plan: Plan,
    options: PublishOptions,
    now: datetime,
    on_sent: Callable[[str, int], None] = lambda _key, _bytes: None,
) -> Generator[Outcome, None, _FinishedUpload]:
    """Carry out a plan: media, pages, the feed last; then the CDN is purged."""
    build, store = prepared.build, prepared.store
    lineage = _describe_lineage(prepared, options, now)
    live_sources = prepared.record.state.sources if prepared.record else {}
    versions = {**(mark_removed(live_sources, lineage.sources) if lineage else {}), **build.sources}
    new_versions = {unit: parts for unit, parts in versions.items() if live_sources.get(unit) != parts}
    record_begun(build.project.folder, store.name, new_versions)
    settings = build.project.show.publish
    etags: dict[str, str] = {}
    is_warned = any(notice.code == "pb.unprotected" for notice in prepared.notices)
    for outcome in publish_plan(
        plan,
        store,
        now=now,
        url=settings.url if store.remote else "",
        before_feed=lambda: builder.write_lock(build),
        on_sent=on_sent,
        slugs=_published_slugs(build),
        lineage=lineage,
        purge=lambda: purge_cdn(settings, list_changed_keys(plan), plan.state.etag, build.project.folder),
        blocked_feed=build.blocked_feed,
        allow_unprotected_writes=options.allow_unprotected_writes,
    ):
        etags[outcome.key] = outcome.etag or etags.get(outcome.key, "")
        if not (is_warned and outcome.action == "warned"):
            yield outcome
    update_base(build.project.folder, store.name, versions)
    return _FinishedUpload(state_etag=etags.get(STATE_KEY, ""), feed_etag=etags.get(plan.feed_key, ""))


def _finish_unchanged(
    prepared: PreparedPublish, plan: Plan, options: PublishOptions, now: datetime
) -> Iterator[Outcome]:
    """Record what is not recorded yet where no file changes, and tell the hubs that were not told."""
    build, store = prepared.build, prepared.store
    is_old_record = bool(plan.state.etag) and plan.state.publication is None and not build.is_partial
    if prepared.record and (is_old_record or prepared.plan.state.hold):
        lineage = _describe_lineage(prepared, options, now) if is_old_record else None
        state_writer = StateWriter(plan, store, now, lineage=lineage)
        state_writer.rewrite()
        yield Outcome(key=STATE_KEY, action="recorded", etag=state_writer.etag)
        plan = replace(plan, state=replace(plan.state, etag=state_writer.etag))
    builder.write_lock(build)
    if prepared.recorded_at is None:
        yield from _announce_and_remember(prepared, _FinishedUpload(state_etag=plan.state.etag), options, now)


def _announce_and_remember(
    prepared: PreparedPublish, upload: _FinishedUpload, options: PublishOptions, now: datetime
) -> Iterator[Outcome]:
    """Tell hubs, other services and people, then remember for the fast path that nothing is left to do.

    Where posts were sent, the feed and the pages are published once more, with their addresses, and announced again.
    """
    announcing = _Announcing(prepared, upload, options, now)
    for outcome in announcing.carry_out():
        announcing.add_outcome(outcome)
        yield outcome
    build = announcing.prepared.build
    if announcing.is_complete and not build.is_partial and not build.broken:
        _remember_for_fast_path(announcing.prepared, announcing.upload.state_etag, announcing.upload.feed_etag)


@dataclass(slots=True)
class _Announcing:
    """What follows a publish, in this order: services, people, the feed with the posts, services again."""

    prepared: PreparedPublish
    upload: _FinishedUpload
    options: PublishOptions
    now: datetime
    is_complete: bool = True
    """Whether nothing is left for the next publish."""
    has_new_posts: bool = False
    """Whether a post was sent that the feed can name."""

    def carry_out(self) -> Iterator[Outcome]:
        """Do it, and yield each thing as it is done; failures are reported and raise nothing."""
        yield from self._notify_services()
        show, store = self.prepared.build.project.show, self.prepared.store
        yield from carry_out_posts(self.prepared.posts, store, show, os.environ, now=self.now)
        if not self.has_new_posts:
            return
        try:
            is_written = yield from self._write_posts_back()
        except PodcastKitError as error:
            text = f"the feed and the pages do not name the new posts yet: {error.text}"
            yield Outcome(key=show.feed.path, action=WRITTEN_BACK, error=text, fix="run `podcast-kit publish` again")
            return
        if is_written:
            yield from self._notify_services()

    def add_outcome(self, outcome: Outcome) -> None:
        """Take note of what an outcome says about the rest."""
        self.is_complete = self.is_complete and not outcome.error and outcome.action != DELAYED
        if outcome.key == STATE_KEY and outcome.etag:
            self.upload = replace(self.upload, state_etag=outcome.etag)
        self.has_new_posts = self.has_new_posts or changes_feed(outcome)

    def _notify_services(self) -> Iterator[Outcome]:
        if has_services(self.prepared.build.project.show, self.prepared.store):
            yield from _notify(self.prepared, self.now)

    def _write_posts_back(self) -> Generator[Outcome, None, bool]:
        """Publish the feed and the pages once more, with the addresses of the posts; False if that changes nothing."""
        prepared = _prepare_with_posts(self.prepared)
        if prepared is None:
            return False
        self.upload = yield from _upload(prepared, prepared.plan, self.options, self.now)
        self.prepared = prepared
        return True


def _prepare_with_posts(prepared: PreparedPublish) -> PreparedPublish | None:
    """The same build with the posts that were sent since; None if it is the same as before.

    Raises OperationError or PublishConflict where more than that would change.
    """
    build, store = prepared.build, prepared.store
    if prepared.project is None:
        return None
    record = read_record(store, build.project.show.feed.path)
    project, _ = _complete_project(replace(prepared.project, lock=build.lock), record)
    if project.lock == build.lock:
        return None
    if record.state.hold:
        problem = _hold_problem(record.state.hold)
        raise OperationError(problem.text, problem.fix)
    overtaken = PublishConflict(f"someone else published to {store.name} in the meantime", PULL_FIX)
    before = prepared.plan.output(prepared.plan.feed_key)
    if before is None or find_live_digest(record.state) != before.sha256:
        raise overtaken
    options = replace(prepared.options, retag=())
    new_build = _build_show(project, record, options, prepared.due, lambda _: None, lambda _: None)
    new_prepared = make_plan(new_build, now=prepared.due, record=record)
    if new_prepared.conflicts:  # of files that the feed does not show, such as templates
        raise overtaken
    if any(change.wave is Wave.MEDIA or change.verb is Verb.RETIRE for change in new_prepared.plan.pending):
        raise OperationError("files of the show were changed while it was published")
    if list_changed_keys(new_prepared.plan):
        require_command_consent(project.show.publish, project.folder)
    return replace(new_prepared, fingerprint=prepared.fingerprint) if new_prepared.plan else None


def _notify(prepared: PreparedPublish, now: datetime) -> Iterator[Outcome]:
    plan = prepared.plan
    output = plan.output(plan.feed_key)
    is_written = output is not None and any(change.key == plan.feed_key for change in plan.pending)
    digest = output.sha256 if output and is_written else find_live_digest(plan.state)
    yield from notify_of_publish(prepared.build, prepared.store, plan.state, digest, now=now)


def _refuse_harm(
    prepared: PreparedPublish,
    options: PublishOptions,
    now: datetime,
    on_warnings: Callable[[tuple[Problem, ...]], None],
) -> None:
    """Refuse what must not be published: another show's place, removed episodes, older sources, errors, recordings."""
    errors = [
        notice
        for notice in prepared.notices
        if notice.severity is Severity.ERROR
        and ALLOWED_NOTICES.get(notice.code, "removed") not in options.allow
        and not (notice.code == UNKNOWN_FILES_CODE and "removed" in options.allow)
    ]
    if errors:
        raise InvalidInput(errors)
    origins = _describe_removed(prepared, now)
    refuse_harmful_changes(prepared.subscriber_changes, remove=options.remove, allow=options.allow, origins=origins)
    refuse_source_conflicts(prepared.conflicts, options.take_back, now)
    if options.run_checks:
        _run_checks(prepared, options.allow, on_warnings)
    if options.feed_only:
        _refuse_recordings(prepared.plan)
    if list_changed_keys(prepared.plan):
        require_command_consent(prepared.build.project.show.publish, prepared.build.project.folder)


def publish_show(
    project: Project,
    *,
    now: datetime,
    due: datetime | None = None,
    options: PublishOptions = PublishOptions(),
    confirm: Callable[[PreparedPublish], bool] = lambda _: True,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Build and publish a show: media first, then pages, the feed last; yields each thing as it is done.

    `now` is the current time, `due` the date up to which episodes are published (`now` by default). `confirm` receives
    the plan before anything changes; nothing is published when it returns False. A second publish of the same show
    yields nothing. Raises InvalidInput, OperationError, StoreAccessError or PublishConflict; the live feed is then
    unchanged.
    """
    prepared = prepare_publish(
        lambda: project, due=due or now, options=options, use_fast_path=True, on_progress=on_progress
    )
    yield from carry_out(prepared, now=now, options=options, confirm=confirm)


def _describe_removed(prepared: PreparedPublish, now: datetime) -> dict[str, str]:
    """Guid of each removed episode that never was in this checkout → who published it, in words."""
    record, project = prepared.record, prepared.build.project
    removed = [change.guid for change in prepared.subscriber_changes if change.kind is ChangeKind.REMOVED]
    if record is None or not removed:
        return {}
    base = read_folder_versions(project.folder, prepared.store.name).base
    added = {entry.guid for entry in prepared.added_entries}
    was_here = (
        {unit.removeprefix(EPISODE_UNIT) for unit, parts in base.items() if parts}
        if base is not None
        else {entry.guid for entry in project.lock} - added
    )
    publications = first_publications(record, removed)
    return {
        guid: describe_publication(publications[guid], now) if guid in publications else "published"
        for guid in removed
        if guid not in was_here
    }


def _describe_lineage(prepared: PreparedPublish, options: PublishOptions, now: datetime) -> LineageUpdate | None:
    checkout = read_checkout(prepared.build, now, options.ci, options.ci_run)
    return make_lineage(prepared.build, prepared.record, prepared.plan, checkout)


def _is_unchanged(build: builder.Build) -> bool:
    settings = build.project.show.publish
    digest = publish_digest(build.outputs, settings)
    return is_store_unchanged(build.project.folder, digest, settings, build.project.show.feed.path)


def _remember_for_fast_path(prepared: PreparedPublish, state_etag: str, feed_etag: str = "") -> None:
    """Record for the fast path what the store now holds; a feed that was not written is the one that was read."""
    build, live = prepared.build, prepared.plan.state.feed
    live_etag = live.etag if live else ""
    digest = publish_digest(build.outputs, build.project.show.publish)
    folder, fingerprint = build.project.folder, prepared.fingerprint
    record_published(folder, digest, fingerprint, state_etag=state_etag, feed_etag=feed_etag or live_etag)


def _run_checks(
    prepared: PreparedPublish, allow: Collection[str], on_warnings: Callable[[tuple[Problem, ...]], None]
) -> None:
    """Report the warnings of the checks, then raise InvalidInput with the errors that `allow` does not turn off."""
    from podcast_kit import check  # a run that publishes nothing does not need it

    build = prepared.build
    reported = {*build.problems, *build.errors}
    problems = [problem for problem in check.check_build(build, now=prepared.due) if problem not in reported]
    allowed = {ALLOWED_RULES[word] for word in allow if word in ALLOWED_RULES}
    errors = [problem for problem in problems if problem.severity is Severity.ERROR and problem.code not in allowed]
    on_warnings(tuple(problem for problem in problems if problem.severity is Severity.WARNING))
    if errors:
        raise InvalidInput(errors)


def _refuse_recordings(plan: Plan) -> None:
    """Raise OperationError when recordings would be uploaded; images, transcripts and chapters may be."""
    keys = [change.key for change in plan.wave(Wave.MEDIA) if change.uploads and _is_recording(change)]
    if keys:
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        text = f"--only feed, but {keys[0]}{more} is not published yet"
        raise OperationError(text, "publish where the recordings are")


def _is_recording(change: Change) -> bool:
    return change.output is not None and change.output.content_type.startswith(("audio/", "video/"))
