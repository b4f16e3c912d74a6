"""Checks a single file: any feed, a transcript, chapters, a JSON feed or OPML."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path, PurePosixPath

from podcast_kit.check import subjects
from podcast_kit.check.context import CheckContext
from podcast_kit.check.rules.transcripts import TranscriptFile
from podcast_kit.check.runner import check_document, check_objects
from podcast_kit.errors import InvalidInput, OperationError, Problem, Severity, SourceLocation
from podcast_kit.feed.fetch import parse_feed_bytes
from podcast_kit.feed.reader import MAX_FEED_BYTES
from podcast_kit.source.chapters import guess_chapter_format, parse_chapters
from podcast_kit.source.text_encoding import decode_foreign_text
from podcast_kit.source.transcripts import is_transcript_json, read_transcript

CHECKED_TRANSCRIPT_SUFFIXES = frozenset({".vtt", ".srt", ".txt", ".html", ".htm"})
"""Extensions of transcripts; JSON can be other things, too."""


def check_file(path: Path, *, now: datetime, platform: str = "") -> tuple[Problem, ...]:
    """Every problem of a file, which is a feed unless its extension is that of another format.

    JSON is a transcript, chapters or a feed, and text is chapters or a transcript, depending on its content.
    Raises OperationError when the file cannot be read.
    """
    try:
        with path.open("rb") as source:
            data = source.read(MAX_FEED_BYTES + 1)
    except OSError as error:
        raise OperationError(f"{path} cannot be read: {error.strerror or error}") from None
    suffix = path.suffix.lower()
    if suffix == ".txt" and guess_chapter_format(data) not in {"", "notes"}:
        return _check_chapters_text(data, str(path))
    if suffix in CHECKED_TRANSCRIPT_SUFFIXES or (suffix == ".json" and _has_transcript(data)):
        return _check_transcript(data, str(path), platform)
    try:
        subject = subjects.file_subject(data, str(path))
    except InvalidInput as error:
        return error.problems
    if subject is not None:
        return check_objects([subject], platform=platform)
    return check_feed(data, str(path), now=now, platform=platform)


def _has_transcript(data: bytes) -> bool:
    """Whether JSON is a transcript, in the podcast namespace's form or a service's."""
    try:
        return is_transcript_json(json.loads(data))
    except (ValueError, RecursionError):
        return False


def _check_chapters_text(data: bytes, path: str) -> tuple[Problem, ...]:
    """Every problem of chapters in a text format."""
    try:
        parse_chapters(data, path)
    except InvalidInput as error:
        return error.problems
    return decode_foreign_text(data, path).problems


def _check_transcript(data: bytes, path: str, platform: str) -> tuple[Problem, ...]:
    """Every problem of a transcript: what apps would not read, and what a build would repair."""
    try:
        source = read_transcript(data, path)
        text, problems, is_readable = source.text, source.problems, True
        if path.lower().endswith(".json") and not source.is_standard and not problems:
            description = (
                "is not in the podcast namespace's form, the only JSON that apps read: a version, and segments in the "
                "order of time, each with startTime, endTime and body"
            )
            fix = "name it as `transcript:` of an episode: a build converts it"
            problems = (Problem(SourceLocation(path), description, fix, "tr.repaired", Severity.HINT),)
    except InvalidInput as error:
        text, problems, is_readable = data.decode("utf-8-sig", "replace"), error.problems, False
    mime = subjects.PUBLISHED_TRANSCRIPT_TYPES.get(PurePosixPath(path).suffix.lower(), "")
    rule_problems: tuple[Problem, ...] = ()
    if mime:
        rule_problems = check_objects([TranscriptFile(text, mime, SourceLocation(path))], platform=platform)
    if not is_readable and any(problem.severity is Severity.ERROR for problem in rule_problems):
        return rule_problems
    lines = {problem.location.line for problem in rule_problems}
    problems = tuple(problem for problem in problems if problem.location.line not in lines)
    return tuple(sorted((*rule_problems, *problems), key=lambda problem: (problem.location, problem.severity.rank)))


def check_feed(data: bytes, path: str, *, now: datetime, url: str = "", platform: str = "") -> tuple[Problem, ...]:
    """Every problem of any feed; `path` names it in locations, `url` is where it was found.

    A feed that cannot be parsed is a problem, not an exception.
    """
    try:
        document = parse_feed_bytes(data, path)
    except InvalidInput as error:
        return error.problems
    return check_document(document, CheckContext(feed_url=url, now=now), platform=platform)
