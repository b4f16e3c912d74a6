"""What is posted about new episodes, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from podcast_kit.errors import SourceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """A network on which new episodes are announced."""

    name: str
    """The key under `announce:`, such as `mastodon`."""
    text: str = ""
    """A Jinja template of the text; empty for the default one."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The other keys, such as `account`."""
    location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)
    text_location: SourceLocation = field(default=SourceLocation(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SocialPost:
    """A post of the show about an episode, as podcast:socialInteract names it."""

    uri: str
    """A URL or an at:// address."""
    protocol: str
    account: str = ""
    """The account that posted it, such as `@show@social.example`."""
    account_url: str = ""
    url: str = ""
    """Its web address, where that is not the URI."""
    priority: int = 0
    """Its rank among the posts about the episode; 0 if none is stated."""


class PostStatus(StrEnum):
    """What became of a post; the values are in the store's state and never change."""

    INTENDED = "intended"
    """About to be sent, or sent without an answer."""
    SENT = "sent"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    """What the store's state says of a post; anyone may read it."""

    status: PostStatus
    at: str
    """When it was intended first, as an ISO date in UTC."""
    id: str = ""
    """The post's id on its network."""
    uri: str = ""
    """What podcast:socialInteract names: a URL or an at:// address."""
    url: str = ""
    """Its web address; empty if it has none."""
    attempt: int = 1
    """Counts the posts about an episode that were asked for one after the other on a network."""
    text_digest: str = ""
    """Of the text that was sent; empty if that is not known."""
    run: str = ""
    """Identifies the run that intended it: two runs at the same time write different records."""
