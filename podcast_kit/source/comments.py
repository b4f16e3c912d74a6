"""`comments/SLUG.json`: the replies to an episode's posts, as `podcast-kit comments` fetched them.

Sorted and without the time of the fetch, so that the file changes only when a reply does.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.io.atomic_write import unlink_inside, write_error, write_inside
from podcast_kit.model import Comment, CommentThread, thread_starts
from podcast_kit.source.notes import html_to_plain_text, sanitize_comment_html, truncate_html
from podcast_kit.source.yaml import InvalidValue, converters, decode_source, read_source_file
from podcast_kit.text.dates import format_utc_iso, parse_iso_date
from podcast_kit.text.html_depth import is_nested_too_deep

_ValueT = TypeVar("_ValueT")
COMMENTS_DIR = "comments"
COMMENTS_VERSION = 1
MAX_THREAD_COMMENTS = 10_000
"""Replies to one post that are kept, the oldest first."""
MAX_COMMENT_BYTES = 4_000
"""HTML of a comment; a longer one is cut, and its link leads to the whole."""
MAX_RAW_COMMENT_LEN = 40_000
"""Characters of a reply that are read."""
MAX_COMMENT_NAME_LEN = 80
MAX_WARNING_LEN = 300
MAX_COMMENTS_FILE_BYTES = 100_000_000
MAX_COUNT = 10**9
_MAX_LIKES_DIGITS = 10
MAX_COMMENT_ID_LEN = 2_000
_MAX_QUOTED_LEN = 40
"""Characters of a wrong value in a message."""
_TYPE_NAMES = {str: "text", int: "a whole number", list: "a list", dict: "an object", bool: "true or false"}
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ud800-\udfff]")
"""Also the controls that show text in another order: they could reverse what comes after the comment."""


def comments_path(slug: str) -> str:
    """The path of an episode's comments in the show's folder."""
    return f"{COMMENTS_DIR}/{slug}.json"


def clean_comment_text(text: str, max_len: int) -> str:
    """A name or a warning in one line, without controls, at most `max_len` characters."""
    line = " ".join(_CONTROLS.sub("", text[: 4 * max_len]).split())
    return line if len(line) <= max_len else line[: max_len - 1] + "…"


def clean_comment_html(markup: str) -> str:
    """HTML of a stranger with only paragraphs, line breaks and links, and not longer than MAX_COMMENT_BYTES."""
    markup = _CONTROLS.sub("", markup[:MAX_RAW_COMMENT_LEN])
    if is_nested_too_deep(markup):
        markup = html.escape(html_to_plain_text(markup))
    clean = _CONTROLS.sub("", sanitize_comment_html(markup)).strip()
    return clean if len(clean.encode()) <= MAX_COMMENT_BYTES else truncate_html(clean, MAX_COMMENT_BYTES, "…")


def clean_comment_url(url: str) -> str:
    """A web address, or nothing if it is not one."""
    try:
        return converters.to_url(_CONTROLS.sub("", url))
    except InvalidValue:
        return ""


def parse_comment_threads(data: bytes, path: str) -> tuple[CommentThread, ...]:
    """The threads in a file of comments, sanitized; raises InvalidInput."""
    text = decode_source(data, path, MAX_COMMENTS_FILE_BYTES)
    fix = "run `podcast-kit comments` to fetch them again, or restore the file from version control"
    try:
        document = json.loads(text, parse_int=_parse_count, parse_constant=_parse_count)
    except (ValueError, RecursionError) as error:
        position = getattr(error, "pos", 0)
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        cause = str(getattr(error, "msg", "it is nested too deep"))
        problem = Problem(SourceLocation(path, line, column), f"is not valid JSON: {cause}", fix, "comments.form")
        raise InvalidInput([problem]) from None
    try:
        if _take(document, "version", int) > COMMENTS_VERSION:
            problem = Problem(
                SourceLocation(path), "was written by a newer podcast-kit", "update podcast-kit", "comments.form"
            )
            raise InvalidInput([problem])
        return tuple(_parse_thread(row) for row in _take(document, "threads", list))
    except ValueError as error:
        problem = Problem(SourceLocation(path, 1), f"is not a file of comments: {error}", fix, "comments.form")
        raise InvalidInput([problem]) from None


def read_comments(folder: Path, slug: str) -> tuple[CommentThread, ...]:
    """The threads of an episode; none without a file. Raises InvalidInput."""
    path = comments_path(slug)
    if not (folder / path).is_file():
        return ()
    return parse_comment_threads(read_source_file(folder / path, path, MAX_COMMENTS_FILE_BYTES), path)


def update_comments_file(folder: Path, slug: str, threads: Collection[CommentThread]) -> bool:
    """Write an episode's comments, or remove the file if there are none; whether that changed it.

    Raises OperationError where it cannot be written, or would be outside of the show's folder.
    """
    path = folder / comments_path(slug)
    data = render_comments(threads)
    if threads and not (path.is_file() and path.read_bytes() == data):
        write_inside(folder, comments_path(slug), data)
        return True
    if threads or not path.is_file():
        return False
    try:
        unlink_inside(folder, comments_path(slug))
    except OSError as error:
        raise write_error(error, str(path)) from error
    return True


def render_comments(threads: Iterable[CommentThread]) -> bytes:
    """The bytes of a file of comments: the same for the same threads."""
    rows = [
        {
            "uri": thread.uri,
            "url": thread.url,
            "complete": thread.is_complete,
            "comments": [_render_comment(comment) for comment in sort_comments(thread.comments)],
        }
        for thread in sorted(threads, key=lambda thread: thread.uri)
    ]
    document = {"version": COMMENTS_VERSION, "threads": rows}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def sort_comments(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """The oldest first."""
    return tuple(sorted(comments, key=lambda comment: (comment.date, comment.id)))


def remove_hidden_comments(thread: CommentThread, hide: Collection[str]) -> CommentThread:
    """The thread without the comments that `comments: hide:` has, and without the answers to them."""
    shown = thread_starts(thread.comments, hide)
    return replace(thread, comments=tuple(comment for comment in thread.comments if comment.id in shown))


def _render_comment(comment: Comment) -> dict[str, Any]:
    row = {
        "id": comment.id,
        "parent": comment.parent,
        "name": comment.name,
        "handle": comment.handle,
        "profile": comment.profile_url,
        "url": comment.url,
        "date": format_utc_iso(comment.date),
        "html": comment.html,
        "likes": comment.likes,
        "boosts": comment.boosts,
    }
    row |= {"warning": comment.warning} if comment.warning else {}
    return row | ({"sensitive": True} if comment.is_sensitive else {})


def _take(row: object, key: str, type_: type[_ValueT], default: _ValueT | None = None) -> _ValueT:
    """The value of a key; raises ValueError where it is missing or of another type."""
    if not isinstance(row, dict):
        raise ValueError(f"{_describe_value(row)} must be an object")  # noqa: TRY004  # of the file, not of our code
    value = row.get(key, default)
    if value is None:
        raise ValueError(f"lacks {key!r}")
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise ValueError(f"{key!r} must be {_TYPE_NAMES[type_]}, not {_describe_value(value)}")
    return value


def _describe_value(value: object) -> str:
    return f"{_TYPE_NAMES[type(value)]}" if type(value) in {dict, list} else repr(value)[:_MAX_QUOTED_LEN]


def _parse_count(digits: str) -> int:
    """A whole number; one that is too large for any count becomes MAX_COUNT, as NaN and Infinity do."""
    return int(digits) if digits.lstrip("-").isdecimal() and len(digits) <= _MAX_LIKES_DIGITS else MAX_COUNT


def _parse_thread(row: object) -> CommentThread:
    comments = [_parse_comment(comment) for comment in _take(row, "comments", list)[:MAX_THREAD_COMMENTS]]
    return CommentThread(
        uri=clean_comment_text(_take(row, "uri", str), MAX_COMMENT_ID_LEN),
        url=clean_comment_url(_take(row, "url", str)),
        comments=sort_comments(comments),
        is_complete=_take(row, "complete", bool, default=True),
    )


def _parse_comment(row: object) -> Comment:
    """A comment, cleaned again: anyone may have edited the file."""
    raw_date = _take(row, "date", str)
    date = parse_iso_date(raw_date)
    if date is None:
        raise ValueError(f"{raw_date[:_MAX_QUOTED_LEN]!r} is not a date")
    return Comment(
        id=clean_comment_text(_take(row, "id", str), MAX_COMMENT_ID_LEN),
        parent=clean_comment_text(_take(row, "parent", str), MAX_COMMENT_ID_LEN),
        name=clean_comment_text(_take(row, "name", str), MAX_COMMENT_NAME_LEN),
        handle=clean_comment_text(_take(row, "handle", str), 4 * MAX_COMMENT_NAME_LEN),
        profile_url=clean_comment_url(_take(row, "profile", str)),
        url=clean_comment_url(_take(row, "url", str)),
        date=date,
        html=clean_comment_html(_take(row, "html", str)[: 2 * MAX_COMMENT_BYTES]),
        warning=clean_comment_text(_take(row, "warning", str, default=""), MAX_WARNING_LEN),
        is_sensitive=_take(row, "sensitive", bool, default=False),
        likes=min(max(_take(row, "likes", int), 0), MAX_COUNT),
        boosts=min(max(_take(row, "boosts", int), 0), MAX_COUNT),
    )
