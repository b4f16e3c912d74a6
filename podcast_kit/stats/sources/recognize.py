"""Recognizes the format of an access log by its first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from podcast_kit.stats.sources.log_formats import (
    CLOUDFRONT_REQUIRED,
    COMBINED,
    COMMON,
    S3,
    VHOST_COMBINED,
    LogFormat,
    cloudfront_layout,
)

MAX_SAMPLE_LINES = 100
FIELDS_LINE = "#Fields:"
_CLF_TIME = r"\[\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\]"
_REQUEST_TO_AGENT = r'"[^"]*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"'
_COMBINED_LINE = re.compile(rf"\S+ \S+ .*?{_CLF_TIME} {_REQUEST_TO_AGENT}")
_COMMON_LINE = re.compile(rf'\S+ \S+ .*?{_CLF_TIME} "[^"]*" \d{{3}} (?:\d+|-)$')
_VHOST_LINE = re.compile(rf"\S+ [0-9A-Fa-f.:]+ \S+ \S+ {_CLF_TIME} {_REQUEST_TO_AGENT}")
_S3_LINE = re.compile(rf"\S+ \S+ {_CLF_TIME} \S+ \S+ \S+ (?:REST|WEBSITE|BATCH|S3|SOAP)\.")


def recognize_format(sample: str) -> LogFormat | None:
    """The format that most of these lines have; None where none has a known one."""
    lines = [line for line in sample.splitlines() if line.strip()][:MAX_SAMPLE_LINES]
    if fields := next((line for line in lines if line.startswith(FIELDS_LINE)), ""):
        return read_fields_line(fields)
    formats = [line_format for line in lines if (line_format := _line_format(line))]
    if not formats:
        return None
    (name, _), *_ = Counter(line_format.title for line_format in formats).most_common(1)
    return next(line_format for line_format in formats if line_format.title == name)


def read_fields_line(line: str) -> LogFormat | None:
    """The format of a log with this `#Fields:` line; None where a field is missing that counting needs."""
    fields = tuple(line.removeprefix(FIELDS_LINE).split())
    return cloudfront_layout(fields) if {name.lower() for name in fields}.issuperset(CLOUDFRONT_REQUIRED) else None


def _line_format(line: str) -> LogFormat | None:
    matchers: tuple[tuple[Callable[[str], object], LogFormat], ...] = (
        (_S3_LINE.match, S3),
        (_VHOST_LINE.match, VHOST_COMBINED),
        (_COMBINED_LINE.match, COMBINED),
        (_COMMON_LINE.match, COMMON),
    )
    return next((log_format for matches, log_format in matchers if matches(line)), None)
