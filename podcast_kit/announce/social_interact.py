"""The show's posts as podcast:socialInteract names them, made of what the store's state says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from podcast_kit.model import LockEntry, NetworkSettings, PostRecord, PostStatus, Project, SocialPost
from podcast_kit.source.social_posts import AT_URI
from podcast_kit.source.yaml import InvalidValue, converters

POST_PROTOCOLS = {"mastodon": "activitypub", "bluesky": "atproto"}
"""Network → the protocol of its posts; the feed names those of the first one first. Other networks have none."""


def add_recorded_posts(project: Project, posts: Mapping[str, Mapping[str, PostRecord]]) -> Project:
    """The project whose lock entries have the posts that were sent, and not those that were withdrawn.

    `posts` are those of the store's state, by guid and network; posts that it does not know stay.
    """
    settings = {row.name: row for row in project.show.announce}
    entries = tuple(
        _with_recorded_posts(entry, posts[entry.guid], settings) if entry.guid in posts else entry
        for entry in project.lock
    )
    return project if entries == project.lock else replace(project, lock=entries)


def _with_recorded_posts(
    entry: LockEntry, records: Mapping[str, PostRecord], settings: Mapping[str, NetworkSettings]
) -> LockEntry:
    earlier = {post.protocol: post for post in entry.social}
    posts: list[SocialPost] = []
    for network, protocol in POST_PROTOCOLS.items():
        post, record = earlier.get(protocol), records.get(network)
        if record and record.status is PostStatus.WITHDRAWN:
            post = None
        elif record and record.status is PostStatus.SENT and (post is None or post.uri != record.uri):
            post = describe_social_post(record, network, settings.get(network))
        if post:
            posts.append(replace(post, priority=len(posts) + 1))
    return replace(entry, social=tuple(posts))


def describe_social_post(record: PostRecord, network: str, settings: NetworkSettings | None) -> SocialPost | None:
    """A post for the feed; None where it has no address that others can open."""
    protocol = POST_PROTOCOLS[network]
    is_valid = AT_URI.fullmatch(record.uri) if protocol == "atproto" else _is_web_url(record.uri)
    if not is_valid:
        return None
    account = settings.options.get("account", "") if settings else ""
    url = record.url if record.url != record.uri and _is_web_url(record.url) else ""
    return SocialPost(record.uri, protocol, account, _account_url(network, settings), url)


def _account_url(network: str, settings: NetworkSettings | None) -> str:
    account = settings.options.get("account", "").removeprefix("@") if settings else ""
    if not settings or not account:
        return ""
    if network == "bluesky":
        return f"https://bsky.app/profile/{account}"
    user, _, host = account.partition("@")
    return f"{settings.options.get('server') or f'https://{host}'}/@{user}"


def _is_web_url(url: str) -> bool:
    try:
        converters.to_url(url)
    except InvalidValue:
        return False
    return True
