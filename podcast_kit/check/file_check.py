"""Checks a single file: any feed, a transcript, chapters, a JSON feed or OPML."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from podcast_kit.check import subjects
from podcast_kit.check.context import CheckContext
from podcast_kit.check.runner import check_document, check_objects
from podcast_kit.errors import InvalidInput, OperationError, Problem
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.feed.reader import MAX_FEED_BYTES


def check_file(path: Path, *, now: datetime, platform: str = "") -> tuple[Problem, ...]:
    """Every problem of a file, which is a feed unless its extension is that of another format.

    Raises OperationError when the file cannot be read.
    """
    try:
        with path.open("rb") as source:
            data = source.read(MAX_FEED_BYTES + 1)
    except OSError as error:
        raise OperationError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        subject = subjects.file_subject(data, str(path))
    except InvalidInput as error:
        return error.problems
    if subject is not None:
        return check_objects([subject], platform=platform)
    return check_feed(data, str(path), now=now, platform=platform)


def check_feed(data: bytes, path: str, *, now: datetime, url: str = "", platform: str = "") -> tuple[Problem, ...]:
    """Every problem of any feed; `path` names it in locations, `url` is where it was found.

    A feed that cannot be parsed is a problem, not an exception.
    """
    try:
        document = parse_feed_bytes(data, path)
    except InvalidInput as error:
        return error.problems
    return check_document(document, CheckContext(feed_url=url, now=now), platform=platform)
