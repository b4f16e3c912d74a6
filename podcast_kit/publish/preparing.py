"""Prepares a publish: reads the store, loads and builds the show, and plans; nothing in the store changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from podcast_kit import builder
from podcast_kit.announce.social_interact import add_recorded_posts
from podcast_kit.builder.held_episodes import HeldEpisode, read_held_episodes
from podcast_kit.errors import InvalidInput, PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.feed.pagination import feed_page_key
from podcast_kit.model import BrokenEpisode, LockEntry, Progress, Project
from podcast_kit.model.lineage import EPISODE_UNIT
from podcast_kit.plan import Plan
from podcast_kit.plan.planfile import PlanFile
from podcast_kit.publish.announcing import list_unannounced, plan_posts
from podcast_kit.publish.fast_path import (
    fingerprint_sources,
    has_untouched_sources,
    is_store_unchanged,
    last_recorded_at,
    publish_digest,
)
from podcast_kit.publish.prepared import PreparedPublish, PublishOptions
from podcast_kit.publish.record import StoreRecord, add_live_entries, complete_lock, has_live_lock, read_record
from podcast_kit.publish.store_plan import make_plan, recognize_build
from podcast_kit.stores import open_store
from podcast_kit.stores.state import StoreState


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
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
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
        build = build_show(project, None, resolved, due, on_progress, on_waiting, on_built)
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
    loaded_project = project = load()
    options = resolve(project) if resolve else options
    is_selective = options.keep_going or options.only is not None
    if project.show.publish != settings.show.publish or project.show.feed.path != settings.show.feed.path:
        reading = _RecordReading(project, on_progress, on_waiting)  # podcast.yaml was edited in between
    if reading.record and (is_selective or options.refresh):
        reading.read_all()
    project, added_entries = complete_project(project, reading.record, due)
    build = build_show(project, reading.record, options, due, on_progress, on_waiting)
    if reading.record and reading.record.head.is_unread and recognize_build(build, reading.record.head) is None:
        reading.read_all()
        earlier_lock = project.lock
        project, added_entries = complete_project(loaded_project, reading.record, due)
        if project.lock != earlier_lock or _lacks_recorded_slugs(build, project):
            build = build_show(project, reading.record, options, due, on_progress, on_waiting)
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

    def read_all(self) -> None:
        """Read what the record has in its snapshot."""
        try:
            if self.record:
                _ = self.record.state
        except PodcastKitError as error:
            self.record, self.error = None, error

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


def complete_project(
    project: Project, record: StoreRecord | None, due: datetime
) -> tuple[Project, tuple[LockEntry, ...]]:
    """The project with what others published: slugs of pages, posts, and the entries of podcast.lock that it lacked.

    Where the record's snapshot is unread, it stays unread: the slugs, which podcast.lock has, too, are missing.
    """
    if record is None:
        return project, ()
    try:
        if record.head.is_unread:
            is_complete = has_live_lock(project, record.head, due)
            project, added_entries = (project, ()) if is_complete else add_live_entries(project, record)
            return add_recorded_posts(project, record.head.posts), added_entries
        project, added_entries = complete_lock(replace(project, recorded_slugs=record.state.slugs), record)
    except InvalidInput:  # a damaged lock is reported when the show is loaded
        return project, ()
    return add_recorded_posts(project, record.state.posts), added_entries


def _lacks_recorded_slugs(build: builder.Build, project: Project) -> bool:
    """Whether a build without the recorded slugs lacks redirects from former addresses."""
    known = {episode.guid: {episode.slug} for episode in project.episodes}
    known |= {item.guid: {item.episode.slug, *item.former_slugs} for item in build.items}
    return any(not slugs >= set(project.recorded_slugs.get(guid, ())) for guid, slugs in known.items())


def build_show(
    project: Project,
    record: StoreRecord | None,
    options: PublishOptions,
    due: datetime,
    on_progress: Callable[[Progress], None],
    on_waiting: Callable[[str], None],
    on_built: Callable[[Path, Sequence[str] | None], None] = lambda *_: None,
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


def _is_unchanged(build: builder.Build) -> bool:
    settings = build.project.show.publish
    digest = publish_digest(build.outputs, settings)
    return is_store_unchanged(build.project.folder, digest, settings, build.project.show.feed.path)
