"""Carries out a prepared publish in the safe order: guards, media, pages, the feed last; then tells the world.

`publish_show` prepares it, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from podcast_kit import builder
from podcast_kit.announce.services import DELAYED
from podcast_kit.errors import PULL_FIX, OperationError, PodcastKitError, Problem, PublishConflict
from podcast_kit.model import Outcome, Progress, Project, Wave
from podcast_kit.plan import Plan, Verb
from podcast_kit.publish.announcing import carry_out_posts, changes_feed
from podcast_kit.publish.base import record_begun, update_base
from podcast_kit.publish.checkout import make_lineage, read_checkout
from podcast_kit.publish.fast_path import publish_digest, record_published
from podcast_kit.publish.lineage import LineageUpdate, mark_removed
from podcast_kit.publish.notifying import find_live_digest, has_services, notify_of_publish
from podcast_kit.publish.prepared import PreparedPublish, PublishOptions
from podcast_kit.publish.preparing import build_show, complete_project, prepare_publish
from podcast_kit.publish.purge import list_changed_keys, purge_cdn, require_command_consent
from podcast_kit.publish.record import read_record
from podcast_kit.publish.refusals import refuse_harm
from podcast_kit.publish.state_writer import StateWriter
from podcast_kit.publish.store_plan import hold_problem, make_plan
from podcast_kit.publish.waves import publish_plan
from podcast_kit.stores.state import STATE_KEY

WRITTEN_BACK = "written back"
"""The action of the outcome that says why the feed does not name new posts."""


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
            problem = hold_problem(plan.state.hold)
            raise OperationError(problem.text, problem.fix)
        plan = replace(plan, state=replace(plan.state, hold=""))
    if options.announce:
        plan = replace(plan, state=replace(plan.state, unannounced=prepared.unannounced))
    if not plan:
        yield from _finish_unchanged(prepared, plan, options, now)
        return
    refuse_harm(prepared, options, now, on_warnings)
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
    project, _ = complete_project(replace(prepared.project, lock=build.lock), record, prepared.due)
    if project.lock == build.lock:
        return None
    if record.head.hold:
        problem = hold_problem(record.head.hold)
        raise OperationError(problem.text, problem.fix)
    overtaken = PublishConflict(f"someone else published to {store.name} in the meantime", PULL_FIX)
    before = prepared.plan.output(prepared.plan.feed_key)
    if before is None or find_live_digest(record.head) != before.sha256:
        raise overtaken
    options = replace(prepared.options, retag=())
    new_build = build_show(project, record, options, prepared.due, lambda _: None, lambda _: None)
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


def _describe_lineage(prepared: PreparedPublish, options: PublishOptions, now: datetime) -> LineageUpdate | None:
    checkout = read_checkout(prepared.build, now, options.ci, options.ci_run)
    return make_lineage(prepared.build, prepared.record, prepared.plan, checkout)


def _remember_for_fast_path(prepared: PreparedPublish, state_etag: str, feed_etag: str = "") -> None:
    """Record for the fast path what the store now holds; a feed that was not written is the one that was read."""
    build, live = prepared.build, prepared.plan.state.feed
    live_etag = live.etag if live else ""
    digest = publish_digest(build.outputs, build.project.show.publish)
    folder, fingerprint = build.project.folder, prepared.fingerprint
    record_published(folder, digest, fingerprint, state_etag=state_etag, feed_etag=feed_etag or live_etag)


def _published_slugs(build: builder.Build) -> dict[str, tuple[str, ...]]:
    """Guid → the slugs of an episode's pages, the current one first."""
    return {item.guid: (item.episode.slug, *reversed(item.former_slugs)) for item in build.items}
