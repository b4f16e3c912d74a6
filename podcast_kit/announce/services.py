"""Tells hubs, the Podcast Index, Podping and search engines what changed, once the feed and the pages are live.

Each gets one notification per feed, and each page is reported at most once a day. The store's state records it, so that
the next publish, from any computer, makes up for one that was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from podcast_kit.announce import indexnow, podcast_index, podping
from podcast_kit.announce.hubs import notify_hub
from podcast_kit.announce.service_answers import MAX_RETRY_DELAY, ServiceAnswer
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy, is_public_host
from podcast_kit.model import Outcome, Output, Show, public_url
from podcast_kit.site import indexnow_key_file
from podcast_kit.text.dates import parse_iso_date
from podcast_kit.text.numbers import format_count

ANNOUNCED = "announced"
"""The action of the outcome of a notification."""
DELAYED = "delayed"
"""The action where some pages have to wait for the next day."""
MAX_CONCURRENT_SERVICES = 8
PODCAST_INDEX, PODPING, INDEXNOW = "Podcast Index", "Podping", "IndexNow"
_PODPING_BROADCASTS = "Podping live"
"""In the record: the broadcasts that were on the air with the last podping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """Which notifications services have had, as recorded in the store's state."""

    announced: Mapping[str, str] = field(default_factory=dict)
    retry_after: Mapping[str, str] = field(default_factory=dict)
    indexed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notification:
    """What is sent to one service."""

    service: str
    subject: str
    """The service in a sentence."""
    send: Callable[[HttpClient], ServiceAnswer]
    update: Callable[[ServiceRecord], ServiceRecord]
    """Records that the service took it."""


def list_services(show: Show) -> tuple[str, ...]:
    """The hubs and services that are notified of the show's feed or pages.

    A show on this computer or in this network is only announced to services that are there, too; a rehearsal to none.
    """
    if show.publish.is_rehearsal:
        return ()
    notify = show.notify
    addresses = {hub: hub for hub in show.feed.hubs}
    if notify.podcast_index:
        addresses[PODCAST_INDEX] = podcast_index.PODCAST_INDEX_API
    if notify.podping:
        addresses[PODPING] = podping.PODPING_SERVER
    if notify.indexnow_key:
        addresses[INDEXNOW] = indexnow.INDEXNOW_ENDPOINT
    is_public = _is_public_url(show.publish.url)
    return tuple(service for service, url in addresses.items() if is_public or not _is_public_url(url))


def list_unnotified(show: Show, record: ServiceRecord, feed_sha256: str) -> tuple[str, ...]:
    """The hubs and services that were not notified yet of the feed with this digest."""
    if not feed_sha256:
        return ()
    services = (service for service in list_services(show) if service != INDEXNOW)
    return tuple(service for service in services if record.announced.get(service) != feed_sha256)


def _is_public_url(url: str) -> bool:
    return is_public_host(urlsplit(url).hostname or "")


def notify_services(
    show: Show,
    *,
    feed_sha256: str,
    pages: Iterable[Output],
    stored_keys: Collection[str],
    record: ServiceRecord,
    now: datetime,
    is_partial: bool = False,
) -> Generator[Outcome, None, ServiceRecord]:
    """Send the notifications that are not recorded yet; yields an outcome for each, and returns the new record.

    `feed_sha256` is the digest of the live feed, `pages` are the files of the build, `stored_keys` those of the store.
    Failures are reported and raise nothing.
    """
    services = list_services(show)
    unnotified = list_unnotified(show, record, feed_sha256)
    notifications = list(_list_feed_notifications(show, unnotified, feed_sha256, record, now))
    record = replace(record, announced=_keep_configured(record.announced, services))
    if INDEXNOW in services:
        updates = indexnow.find_page_updates(pages, record.indexed, stored_keys, now, is_partial=is_partial)
        if updates.keys:
            notifications.append(_page_notification(show, updates, now))
        if updates.is_delayed:
            yield Outcome(key=INDEXNOW, action=DELAYED)
    elif not show.notify.indexnow_key:
        record = replace(record, indexed={})
    retry_after = {service: at for service, at in record.retry_after.items() if _is_waiting(at, now)}
    record = replace(record, retry_after=_keep_configured(retry_after, services))
    trusted = (*show.feed.hubs, podcast_index.PODCAST_INDEX_API, podping.PODPING_SERVER, indexnow.INDEXNOW_ENDPOINT)
    with HttpClient(NetworkPolicy.trust(*trusted)) as http, ThreadPoolExecutor(MAX_CONCURRENT_SERVICES) as pool:
        sending = [
            pool.submit(notification.send, http) if notification.service not in record.retry_after else None
            for notification in notifications
        ]
        for notification, future in zip(notifications, sending, strict=True):
            answer = future.result() if future else _describe_wait(record.retry_after[notification.service])
            if not answer.trouble:
                record = notification.update(record)
            if answer.retry_at:
                at = answer.retry_at.astimezone(UTC).isoformat(timespec="seconds")
                record = replace(record, retry_after={**record.retry_after, notification.service: at})
            error = f"{notification.subject} {answer.trouble}" if answer.trouble else ""
            yield Outcome(key=notification.service, action=ANNOUNCED, error=error, fix=answer.fix if error else "")
    return record


def _keep_configured(values: Mapping[str, str], services: Collection[str]) -> dict[str, str]:
    """The values of services that podcast.yaml names."""
    kept = {*services, _PODPING_BROADCASTS} if PODPING in services else set(services)
    return {service: value for service, value in values.items() if service in kept}


def _list_feed_notifications(
    show: Show, services: Collection[str], feed_sha256: str, record: ServiceRecord, now: datetime
) -> Iterable[_Notification]:
    feed_url = show.feed_url
    for service in services:
        recorded = {service: feed_sha256}
        send: Callable[[HttpClient], ServiceAnswer]
        if service == PODCAST_INDEX:
            subject, send = "the Podcast Index", partial(podcast_index.notify_podcast_index, feed_url=feed_url, now=now)
        elif service == PODPING:
            broadcasts = podping.list_live_broadcasts(show)
            reason = podping.choose_reason(broadcasts, record.announced.get(_PODPING_BROADCASTS, ""))
            recorded |= {_PODPING_BROADCASTS: broadcasts}
            medium = podping.find_medium(show)
            send = partial(podping.send_podping, feed_url=feed_url, reason=reason, medium=medium, now=now)
            subject = PODPING
        else:
            subject, send = f"the hub {service}", partial(notify_hub, hub=service, feed_url=feed_url, now=now)
        yield _Notification(service=service, subject=subject, send=send, update=partial(_record_feed, recorded))


def _record_feed(recorded: Mapping[str, str], record: ServiceRecord) -> ServiceRecord:
    announced = {service: value for service, value in {**record.announced, **recorded}.items() if value}
    return replace(record, announced=announced)


def _page_notification(show: Show, updates: indexnow.PageUpdates, now: datetime) -> _Notification:
    key = show.notify.indexnow_key
    send = partial(
        indexnow.submit_pages,
        key=key,
        key_url=public_url(show.publish.url, indexnow_key_file(key)),
        page_urls=[show.page_url(page) for page in updates.keys],
        now=now,
    )
    subject = f"{INDEXNOW} (for {format_count(len(updates.keys), 'page')})"
    return _Notification(
        service=INDEXNOW, subject=subject, send=send, update=lambda record: replace(record, indexed=updates.recorded)
    )


def _is_waiting(at: str, now: datetime) -> bool:
    """Whether a service does not want to be asked yet; a date too far ahead is from a clock that was wrong."""
    date = parse_iso_date(at)
    return date is not None and now < date <= now + MAX_RETRY_DELAY


def _describe_wait(at: str) -> ServiceAnswer:
    return ServiceAnswer(f"asked to wait until {at[:16].replace('T', ' ')} UTC", "publish again after that")
