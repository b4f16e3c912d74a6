"""Publishes a show in the safe order, for the command line and for Python callers alike.

`prepare_publish` loads, builds and plans; it changes nothing in the store. `carry_out` guards subscribers, checks,
asks, uploads and records. `publish_show` does both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from podcast_kit import builder
from podcast_kit.builder.held_episodes import HeldEpisode, read_held_episodes
from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.feed.pagination import feed_page_key
from podcast_kit.model import BrokenEpisode, Outcome, Progress, Project, Wave
from podcast_kit.plan import Change, Plan, Verb, plan_changes
from podcast_kit.plan.live_show import compare_live_show
from podcast_kit.plan.planfile import PlanFile
from podcast_kit.plan.subscriber_changes import SubscriberChange, refuse_harmful_changes
from podcast_kit.publish.fast_path import is_store_unchanged, last_recorded_at, publish_digest, record_published
from podcast_kit.publish.purge import list_changed_keys, purge_cdn
from podcast_kit.publish.state_writer import StateWriter
from podcast_kit.publish.waves import find_subscriber_changes, publish_plan
from podcast_kit.stores import UNPROTECTED_FIX, ConditionalWrites, Store, open_store
from podcast_kit.stores.state import PRIVATE_PREFIX, REDACTED, STATE_KEY, StoreState, fetch_state, reconcile_state

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
    """`removed`: any episode may disappear; `guids`: any guid may change."""
    allow_unprotected_writes: bool = False
    """Publish to a store without conditional writes."""
    release: bool = False
    """End a hold that `rollback --hold` placed."""
    keep_going: bool = False
    """Publish the other episodes when some have errors; those that are live stay as they are."""
    only: Collection[str] | None = None
    """Slugs of the episodes to publish; all others stay as they are live. None for all."""


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


def prepare_publish(
    load: Callable[[], Project],
    *,
    due: datetime,
    options: PublishOptions = PublishOptions(),
    saved_plan: PlanFile | None = None,
    use_fast_path: bool = False,
    on_build: Callable[[builder.Build], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_waiting: Callable[[str], None] = lambda _: None,
) -> PreparedPublish:
    """Load and build the show, read the store and make the plan; nothing in the store changes.

    With `use_fast_path`, two requests decide whether anything changed since the last publish from this folder; if not,
    the store is not read. `on_build` receives the finished build, and `on_waiting`, from any thread, the name of a
    host that is slow to answer. Raises PublishConflict when the plan differs from `saved_plan`.
    """
    project = load()
    is_selective = options.keep_going or options.only is not None
    held = _read_live_episodes(project, on_waiting) if is_selective else None
    build_project = partial(
        builder.build,
        now=due,
        retag=options.retag,
        ahead=options.ahead,
        keep_going=options.keep_going,
        only=options.only,
        held=held,
        on_progress=on_progress,
    )

    def build_show(project: Project) -> builder.Build:
        build = build_project(project)
        if options.keep_going and options.run_checks and (broken := _find_rejected_episodes(build, due)):
            build = build_project(_leave_out(project, broken))
        return build

    build = build_show(project)
    on_build(build)
    if use_fast_path and not build.is_partial and not options.refresh and saved_plan is None and _is_unchanged(build):
        return PreparedPublish(
            build=build,
            store=open_store(build.project.show.publish, build.project.folder, on_waiting),
            plan=Plan(changes=(), feed_key=build.project.show.feed.path, state=StoreState()),
            due=due,
            recorded_at=last_recorded_at(build.project.folder),
        )
    plan_build = partial(make_plan, now=due, refresh=options.refresh, on_progress=on_progress, on_waiting=on_waiting)
    prepared = plan_build(build)
    if _has_unknown_slugs(build, prepared.plan.state.slugs):  # podcast.lock is older than the last publish
        prepared = plan_build(build_show(replace(project, recorded_slugs=prepared.plan.state.slugs)))
    if saved_plan:
        saved_plan.require_unchanged(prepared.plan, prepared.store.name)
    return prepared


def make_plan(
    build: builder.Build,
    *,
    now: datetime,
    refresh: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_waiting: Callable[[str], None] = lambda _: None,
) -> PreparedPublish:
    """Read the store of a build, and compute what publishing would change and what subscribers will notice.

    `now` is the time that the build was made for. With `refresh`, the recorded state is compared with a listing of
    the store. Nothing in the store changes. Raises InvalidInput, OperationError or StoreAccessError.
    """
    show = build.project.show
    store = open_store(show.publish, build.project.folder, on_waiting)
    on_progress(Progress("read", store.name))
    state = fetch_state(store, show.feed.path)
    has_stale_feeds = _has_stale_private_feeds(build, state)
    state = reconcile_state(store, state, show.feed.path, build.outputs.values(), refresh=refresh)
    plan = plan_changes(build.outputs, state, feed_key=show.feed.path)
    if build.is_partial:  # the files of episodes that stay as they are live are not among the outputs
        plan = replace(plan, changes=tuple(change for change in plan.changes if change.verb is not Verb.RETIRE))
    scheduled = {episode.guid for episode in build.scheduled}  # uploaded ahead at most: never in subscribers' apps
    published = [entry for entry in build.project.lock if entry.guid not in scheduled]
    changes = find_subscriber_changes(plan, store, published, url=show.publish.url)
    guids = {entry.guid for entry in (*build.project.lock, *build.lock)}
    notices = tuple(compare_live_show(state.feed.content, show, guids, store.name)) if state.feed else ()
    if has_stale_feeds and "pb.private" not in show.ignore:
        notices = (*notices, _stale_feeds_problem())
    if state.hold:
        notices = (*notices, _hold_problem(state.hold))
    if store.conditional_writes and store.conditional_writes.unprotected and "pb.unprotected" not in show.ignore:
        notices = (*notices, _unprotected_problem(store.name, store.conditional_writes))
    return PreparedPublish(build=build, store=store, plan=plan, subscriber_changes=changes, notices=notices, due=now)


def _has_stale_private_feeds(build: builder.Build, state: StoreState) -> bool:
    """Whether the store has private feeds, and this run has no list of them."""
    is_in_store = any(key.startswith(REDACTED) for key in state.objects)
    return is_in_store and not any(key.startswith(PRIVATE_PREFIX) for key in build.outputs)


def _stale_feeds_problem() -> Problem:
    text = "the store has private feeds, but there is no list of subscribers here: these feeds get no new episodes"
    fix = "set PODCAST_KIT_SUBSCRIBERS and PODCAST_KIT_SUBSCRIBERS_KEY, or publish where subscribers.txt is"
    return Problem(SourceLocation("subscribers.txt"), text, fix, "pb.private", Severity.WARNING)


def _hold_problem(hold: str) -> Problem:
    fix = "run `podcast-kit publish --release` to publish again"
    return Problem(SourceLocation("podcast.yaml"), f"publishing is on hold: {hold}", fix, "pb.hold", Severity.WARNING)


def _unprotected_problem(store_name: str, conditional_writes: ConditionalWrites) -> Problem:
    text = f"{store_name} {conditional_writes.risk}"
    return Problem(SourceLocation("podcast.yaml"), text, UNPROTECTED_FIX, "pb.unprotected", Severity.WARNING)


def _published_slugs(build: builder.Build) -> dict[str, tuple[str, ...]]:
    """Guid → the slugs of an episode's pages, the current one first."""
    return {item.guid: (item.episode.slug, *reversed(item.former_slugs)) for item in build.items}


def _has_unknown_slugs(build: builder.Build, recorded_slugs: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the store's record has slugs that the build does not redirect."""
    return any(not {*recorded_slugs.get(guid, ())} <= {*slugs} for guid, slugs in _published_slugs(build).items())


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


def _read_live_episodes(project: Project, on_waiting: Callable[[str], None]) -> dict[str, HeldEpisode]:
    """The episodes as they are live, by guid."""
    show = project.show
    store = open_store(show.publish, project.folder, on_waiting)
    live = store.get(show.feed.path)
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
    build, store, plan = prepared.build, prepared.store, prepared.plan
    if plan.state.hold:
        if not options.release:
            problem = _hold_problem(plan.state.hold)
            raise OperationError(problem.text, problem.fix)
        plan = replace(plan, state=replace(plan.state, hold=""))
        if not plan:
            state_writer = StateWriter(plan, store, now)
            state_writer.rewrite()
            yield Outcome(key=STATE_KEY, action="recorded", etag=state_writer.etag)
            plan = replace(plan, state=replace(plan.state, etag=state_writer.etag))
    if not plan:
        builder.write_lock(build)
        if prepared.recorded_at is None and not build.is_partial and not build.broken:
            _remember_for_fast_path(build, plan, plan.state.etag)
        return
    _refuse_harm(prepared, options, on_warnings)
    if not confirm(prepared):
        return
    on_start(prepared)
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
        purge=lambda: purge_cdn(settings, list_changed_keys(plan), plan.state.etag),
        allow_unprotected_writes=options.allow_unprotected_writes,
    ):
        etags[outcome.key] = outcome.etag or etags.get(outcome.key, "")
        if not (is_warned and outcome.action == "warned"):
            yield outcome
    if not build.is_partial and not build.broken:
        _remember_for_fast_path(build, plan, etags.get(STATE_KEY, ""), etags.get(plan.feed_key, ""))


def _refuse_harm(
    prepared: PreparedPublish, options: PublishOptions, on_warnings: Callable[[tuple[Problem, ...]], None]
) -> None:
    """Refuse what must not be published: another show's place, removed episodes, errors of the check, recordings."""
    errors = [notice for notice in prepared.notices if notice.severity is Severity.ERROR]
    if errors and "removed" not in options.allow:
        raise InvalidInput(errors)
    refuse_harmful_changes(prepared.subscriber_changes, remove=options.remove, allow=options.allow)
    if options.run_checks:
        _run_checks(prepared, options.allow, on_warnings)
    if options.feed_only:
        _refuse_recordings(prepared.plan)


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


def _is_unchanged(build: builder.Build) -> bool:
    settings = build.project.show.publish
    digest = publish_digest(build.outputs, settings)
    return is_store_unchanged(build.project.folder, digest, settings, build.project.show.feed.path)


def _remember_for_fast_path(build: builder.Build, plan: Plan, state_etag: str, feed_etag: str = "") -> None:
    """Record for the fast path what the store now holds; a feed that was not written is the one that was read."""
    live_etag = plan.state.feed.etag if plan.state.feed else ""
    digest = publish_digest(build.outputs, build.project.show.publish)
    record_published(build.project.folder, digest, state_etag=state_etag, feed_etag=feed_etag or live_etag)


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
