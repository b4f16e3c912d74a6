"""Replies to the show's posts as the page of an episode shows them: nested two levels, at most so many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from podcast_kit.model import Comment, CommentThread, thread_starts

MAX_SHOWN_COMMENTS = 1_000
"""Comments on one page, about 600 kB of HTML; a link leads to the others."""


@dataclass(frozen=True, slots=True)
class ShownComment:
    """A comment, and everything below it in the order of its dates."""

    comment: Comment
    answers: list[Comment] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownThread:
    """The comments on one post that the page shows."""

    url: str
    comments: tuple[ShownComment, ...]
    left_out: int = 0
    """Comments that are not shown."""


def arrange_comments(threads: Iterable[CommentThread]) -> tuple[ShownThread, ...]:
    """The threads that have comments; together they show at most MAX_SHOWN_COMMENTS, the oldest of each thread."""
    room = MAX_SHOWN_COMMENTS
    shown_threads = []
    for thread in threads:
        starts = thread_starts(thread.comments)
        shown: dict[str, ShownComment] = {}
        candidates = thread.comments[:room]
        for comment in candidates:
            if starts[comment.id] == comment.id:
                shown[comment.id] = ShownComment(comment)
        for comment in candidates:
            start = shown.get(starts[comment.id])
            if start and start.comment is not comment:
                start.answers.append(comment)
        count = sum(1 + len(start.answers) for start in shown.values())
        if thread.comments:
            left_out = len(thread.comments) - count
            shown_threads.append(ShownThread(url=thread.url, comments=tuple(shown.values()), left_out=left_out))
        room -= count
    return tuple(shown_threads)
