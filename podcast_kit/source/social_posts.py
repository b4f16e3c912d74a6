"""The show's posts about an episode: those that its notes name under `social:`, and those that podcast.lock has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from podcast_kit.model import Element, SocialPost
from podcast_kit.text.numbers import parse_count

SOCIAL_PROTOCOLS = ("activitypub", "atproto")
"""The protocols of posts that `announce` makes, whose replies can be read."""
AT_URI = re.compile(r"at://([A-Za-z0-9.:_-]+)/app\.bsky\.feed\.post/([A-Za-z0-9._:~-]+)")
"""The URI of a post on Bluesky."""
_SOCIAL_TAG = "podcast:socialInteract"


def list_social_posts(elements: Sequence[Element]) -> tuple[SocialPost, ...]:
    """The posts that the elements of an episode name; none where one of them has the protocol `disabled`."""
    rows = [dict(element.attributes) for element in elements if element.name == _SOCIAL_TAG]
    if any(row.get("protocol") == "disabled" for row in rows):
        return ()
    posts = [
        SocialPost(
            row.get("uri", ""),
            row.get("protocol", ""),
            row.get("accountId", ""),
            row.get("accountUrl", ""),
            priority=parse_count(row.get("priority", "")) or 0,
        )
        for row in rows
    ]
    return tuple({post.uri: post for post in posts if post.uri}.values())


def add_social_elements(elements: Sequence[Element], posts: Sequence[SocialPost]) -> tuple[Element, ...]:
    """The elements of an episode with those of its posts after them.

    A post that the author names stays as it is and first; where the author has turned comments off, none is added.
    """
    rows = [dict(element.attributes) for element in elements if element.name == _SOCIAL_TAG]
    if any(row.get("protocol") == "disabled" for row in rows):
        return tuple(elements)
    uris = {row.get("uri") for row in rows}
    lowest = max([len(rows), *(parse_count(row.get("priority", "")) or 0 for row in rows)])
    added = [_to_element(post, lowest + rank) for rank, post in enumerate(posts, 1) if post.uri not in uris]
    return (*elements, *added)


def _to_element(post: SocialPost, priority: int) -> Element:
    attributes = {
        "protocol": post.protocol,
        "uri": post.uri,
        "accountId": post.account,
        "accountUrl": post.account_url,
        "priority": str(priority),
    }
    return Element(_SOCIAL_TAG, "", tuple((name, value) for name, value in attributes.items() if value))
