"""The private feeds of a show, for the build to write beside the public one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from podcast_kit import feed
from podcast_kit.builder.members import list_tier_items
from podcast_kit.model import Image, Item, Project
from podcast_kit.model.lineage import DIGEST_LEN, SourceParts
from podcast_kit.source import subscribers
from podcast_kit.source.members_lock import MEMBERS_LOCK, RenewedAddresses, read_members_lock
from podcast_kit.source.private_settings import ALL_MEMBERS
from podcast_kit.source.subscribers import Subscribers, normalize_name

MEMBERS_PART = "members"
"""The part of the list's version for the episodes for members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateList:
    """Who has a private feed, and what the addresses are made of."""

    subscribers: Subscribers
    secret: bytes = field(repr=False)
    renewed: RenewedAddresses

    def feed_key(self, name: str) -> str:
        """The key of someone's feed."""
        generations = self.renewed.generations(self.secret, [name])
        return feed.private_feed_key(self.secret, name, generations.get(name, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFeeds:
    """The private feeds of a build."""

    bodies: Mapping[str, bytes]
    """Key → bytes."""
    copies: Mapping[str, str]
    """Key of a subscriber's feed → key of the body that it is a copy of."""


def _load_subscribers(project: Project) -> Subscribers:
    settings = project.show.private
    if not settings.subscribers:
        return subscribers.read_subscribers(project.folder, settings.tiers)
    from podcast_kit.source.subscriber_lists import load_subscribers

    return load_subscribers(project.folder, settings)


def load_private_list(project: Project, *, needs_key: bool = True) -> PrivateList | None:
    """The list of a show; None without one, or without a key unless `needs_key`.

    Raises OperationError when there is a list and no secret, InvalidInput for problems of the list.
    """
    subscriber_list = _load_subscribers(project)
    if not subscriber_list or (not needs_key and subscribers.is_key_missing(project.folder)):
        return None
    return PrivateList(
        subscribers=subscriber_list,
        secret=subscribers.read_subscribers_key(project.folder),
        renewed=read_members_lock(project.folder),
    )


def render_feeds(
    project: Project,
    private_list: PrivateList,
    items: Collection[Item],
    members_items: Collection[Item],
    artwork: Image | None = None,
) -> PrivateFeeds:
    """A feed for each subscriber: of its own, or the one of the tier."""
    show, secret, renewed = project.show, private_list.secret, private_list.renewed
    names = private_list.subscribers.names
    generations = renewed.generations(secret, names)
    bodies: dict[str, bytes] = {}
    copies: dict[str, str] = {}
    for tier, tier_names in _group_by_tier(project, private_list.subscribers).items():
        tier_items = list_tier_items(items, members_items, tier)
        if show.private.is_personal:
            bodies |= feed.render_private_feeds(
                show, tier_items, tier_names, secret, artwork=artwork, generations=generations
            )
            continue
        body_key = feed.shared_feed_key(secret, tier)
        bodies[body_key] = feed.render_shared_feed(show, tier_items, tier, artwork=artwork)
        copies |= {feed.private_feed_key(secret, name, generations.get(name, 0)): body_key for name in tier_names}
    return PrivateFeeds(bodies=bodies, copies=copies)


def _group_by_tier(project: Project, subscriber_list: Subscribers) -> dict[str, list[str]]:
    """Tier → the names in it, for the tiers that anyone has."""
    lowest = (project.show.private.tiers or (ALL_MEMBERS,))[0]
    groups: dict[str, list[str]] = {}
    for name in subscriber_list.names:
        groups.setdefault(subscriber_list.tiers.get(normalize_name(name), lowest), []).append(name)
    return groups


def digest_subscriber_list(
    project: Project, private_list: PrivateList, members_sources: Mapping[str, SourceParts]
) -> SourceParts:
    """The version of the list and of the episodes for members, for lineage: keyed digests, which tell no one names.

    A list from elsewhere may well become what it was before, so its versions are not compared.
    """
    parts: dict[str, str] = {}
    if not project.show.private.subscribers:
        tiers = private_list.subscribers.tiers
        names = [f"{name}{f' [{tiers[name]}]' if name in tiers else ''}" for name in _normalized(private_list)]
        revoked = map(normalize_name, private_list.subscribers.revoked)
        text = "\n-\n".join("\n".join(sorted(group)) for group in (names, revoked))
        parts[subscribers.SUBSCRIBERS_FILE] = _keyed_digest(private_list.secret, f"list {text}")
    if private_list.renewed != RenewedAddresses():
        counts = sorted(private_list.renewed.feeds.items())
        parts[MEMBERS_LOCK] = _keyed_digest(private_list.secret, f"\0renewed {private_list.renewed.media} {counts}")
    if members_sources:
        rows = sorted((unit, sorted(unit_parts.items())) for unit, unit_parts in members_sources.items())
        parts[MEMBERS_PART] = _keyed_digest(private_list.secret, f"\0members {rows}")
    return parts


def _normalized(private_list: PrivateList) -> list[str]:
    return [normalize_name(name) for name in private_list.subscribers.names]


def _keyed_digest(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:DIGEST_LEN]
