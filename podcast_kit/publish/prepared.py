"""What a publish may do, and what was prepared for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from podcast_kit import builder
from podcast_kit.announce.posts import PlannedPost
from podcast_kit.builder.workers import Workers
from podcast_kit.errors import Problem
from podcast_kit.model import LockEntry, Project
from podcast_kit.plan import Plan
from podcast_kit.plan.subscriber_changes import SubscriberChange
from podcast_kit.publish.conflicts import SourceConflict
from podcast_kit.publish.record import StoreRecord
from podcast_kit.stores import Store


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
