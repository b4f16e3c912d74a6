"""Notifies services of what is live, and records it in the store's state, which CI and every computer share."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from podcast_kit.announce.services import DELAYED, ServiceRecord, list_services, list_unnotified, notify_services
from podcast_kit.builder import Build
from podcast_kit.errors import OperationError, PublishConflict
from podcast_kit.feed import MAX_FEED_BYTES
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Outcome, Output, RemoteObject, Show
from podcast_kit.plan import Plan
from podcast_kit.publish.state_writer import edit_state
from podcast_kit.stores import Store
from podcast_kit.stores.state import STATE_KEY, StoreState


def has_services(show: Show, store: Store) -> bool:
    """Whether the show is public and names services to notify. A folder is not public."""
    return bool(store.remote and list_services(show))


def notify_of_publish(
    build: Build, store: Store, state: StoreState, feed_sha256: str, *, now: datetime
) -> Iterator[Outcome]:
    """Send the notifications about a finished publish that are not recorded yet, and record them.

    `state` was read before the publish; `feed_sha256` is the digest of the feed that is live now.
    """
    show, pages = build.project.show, build.outputs.values()
    yield from _notify(show, store, state, feed_sha256, pages, now, is_partial=build.is_partial)


def notify_of_live_show(build: Build, store: Store, state: StoreState, *, now: datetime) -> Iterator[Outcome]:
    """Send the notifications about the live show that are not recorded yet: a publish failed to, or was stopped.

    What was edited since is not published, so only those pages count that are live as they are in the build.
    """
    if not state.feed or not has_services(build.project.show, store):
        return
    pages = [
        output
        for output in build.outputs.values()
        if (remote := state.objects.get(output.key)) and remote.sha256 == output.sha256
    ]
    yield from _notify(build.project.show, store, state, find_live_digest(state), pages, now, is_partial=True)


def notify_of_rollback(
    outcomes: Iterable[Outcome], show: Show, store: Store, plan: Plan, *, now: datetime
) -> Iterator[Outcome]:
    """Pass on the outcomes of a rollback, then send the notifications about its feed."""
    yield from outcomes
    output = plan.output(plan.feed_key)
    if output and has_services(show, store):
        yield from _notify(show, store, plan.state, output.sha256, (), now, is_partial=True)


def find_live_digest(state: StoreState) -> str:
    """The sha256 (hex) of the live feed; empty before the first publish."""
    return hashlib.sha256(state.feed.content).hexdigest() if state.feed else ""


def _notify(
    show: Show,
    store: Store,
    state: StoreState,
    feed_sha256: str,
    pages: Collection[Output],
    now: datetime,
    *,
    is_partial: bool,
) -> Iterator[Outcome]:
    stored: Mapping[str, RemoteObject] = state.objects
    record = ServiceRecord(announced=state.announced, retry_after=state.announce_after, indexed=state.indexed)
    if list_unnotified(show, record, feed_sha256) and not _is_public_feed(show, feed_sha256):
        error = "the public feed is not the new one yet, so hubs and other services are not notified"
        fix = "cached copies expire on their own; then run `podcast-kit announce`, or publish again"
        yield Outcome(key=show.feed_url, action=DELAYED, error=error, fix=fix)
        return
    new_record = yield from notify_services(
        show,
        feed_sha256=feed_sha256,
        pages=pages,
        stored_keys=stored,
        record=record,
        now=now,
        is_partial=is_partial,
    )
    if new_record != record:
        yield Outcome(key=STATE_KEY, action="recorded", etag=_record_notified(store, new_record))


def _is_public_feed(show: Show, feed_sha256: str) -> bool:
    """Whether listeners get the feed with this digest: services fetch it at once, and a cache may have the old one."""
    digest = hashlib.sha256()
    with HttpClient(NetworkPolicy.trust(show.publish.url)) as http:
        response = http.download(show.feed_url, digest.update, max_bytes=MAX_FEED_BYTES)
    return not response.error and digest.hexdigest() == feed_sha256


def _record_notified(store: Store, record: ServiceRecord) -> str:
    """Record which notifications were sent, and return the new ETag of the state.

    Empty where others keep changing it: their publish, or the next one, sends the notifications again.
    """

    def with_record(state: StoreState) -> StoreState:
        return replace(state, announced=record.announced, announce_after=record.retry_after, indexed=record.indexed)

    with suppress(OperationError, PublishConflict):
        return edit_state(store, with_record).etag
    return ""
