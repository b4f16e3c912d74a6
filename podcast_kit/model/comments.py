"""What listeners answer under the posts of an episode."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A reply to a post of the show."""

    id: str
    """The reply's id on its network."""
    parent: str
    """The id of what it answers: another reply, or the post."""
    name: str
    handle: str
    """Such as `@ann@social.example` or `@ann.example`."""
    profile_url: str
    url: str
    """Where to read and answer it."""
    date: datetime
    html: str
    """Sanitized HTML: paragraphs, line breaks and links."""
    warning: str = ""
    """The author's content warning; empty if there is none."""
    is_sensitive: bool = False
    """Folded until a reader opens it, also without the text of a warning."""
    likes: int = 0
    boosts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentThread:
    """A post of the show, and the replies to it, the oldest first."""

    uri: str
    """The post's address, as in podcast:socialInteract."""
    url: str
    """The post's web address."""
    comments: tuple[Comment, ...] = ()
    is_complete: bool = True
    """False if the server gives only a part of the replies."""


def is_hidden_comment(comment: Comment, hide: Collection[str]) -> bool:
    """Whether `comments: hide:` has the comment: its URL, its id, or its author's handle; `hide` is in lower case."""
    return bool({comment.url.lower(), comment.id.lower(), comment.handle.lower()} & set(hide))


def thread_starts(comments: Iterable[Comment], hide: Collection[str] = ()) -> dict[str, str]:
    """The id of each comment → the id of the first comment above it, which answers the post itself.

    Hidden comments, and those below them, are left out. Comments that answer each other in a circle begin a thread.
    """
    by_id = {comment.id: comment for comment in comments}
    starts: dict[str, str] = {}
    for comment_id in by_id:
        path: dict[str, None] = {}
        current = comment_id
        while current not in starts:
            path[current] = None
            comment = by_id[current]
            if is_hidden_comment(comment, hide):
                starts[current] = ""
            elif comment.parent not in by_id or comment.parent in path:
                starts[current] = current
            else:
                current = comment.parent
        for passed_id in path:
            starts[passed_id] = starts[current]
    return {comment_id: start for comment_id, start in starts.items() if start}
