"""Recognizes the format of an access log by its first lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection

from podcast_kit.stats.sources.log_formats import (
    AZURE,
    AZURE_CLASSIC,
    BUNNY,
    CADDY,
    CLOUDFLARE,
    CLOUDFLARE_WITH_RANGE,
    CLOUDFRONT_JSON,
    CLOUDFRONT_REQUIRED,
    COMBINED,
    COMBINED_WITH_RANGE,
    COMMON,
    FASTLY,
    GCS_REQUIRED,
    JSON_KEYS,
    JSON_LOG,
    JSON_LOG_WITH_RANGE,
    S3,
    VHOST_COMBINED,
    LogFormat,
    cloudfront_layout,
    gcs_layout,
)

MAX_SAMPLE_LINES = 100
FIELDS_LINE = "#Fields:"
_CLF_TIME = r"\[\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\]"
_REQUEST_TO_AGENT = r'"[^"]*" \d{3} (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"'
_COMBINED_LINE = re.compile(rf"\S+ \S+ .*?{_CLF_TIME} {_REQUEST_TO_AGENT}")
_RANGE_LINE = re.compile(rf'\S+ \S+ .*?{_CLF_TIME} {_REQUEST_TO_AGENT} "bytes=[0-9,-]+"')
_COMMON_LINE = re.compile(rf'\S+ \S+ .*?{_CLF_TIME} "[^"]*" \d{{3}} (?:\d+|-)$')
_VHOST_LINE = re.compile(rf"\S+ [0-9A-Fa-f.:]+ \S+ \S+ {_CLF_TIME} {_REQUEST_TO_AGENT}")
_S3_LINE = re.compile(rf"\S+ \S+ {_CLF_TIME} \S+ \S+ \S+ (?:REST|WEBSITE|BATCH|S3|SOAP)\.")
_BUNNY_LINE = re.compile(r"[A-Z_-]+\|\d{3}\|\d{13}\|\d+\|\d+\|[^|]*\|[^|]*\|https?://[^|]*\|[^|]*\|.*\|[^|]*\|[^|]*$")
_AZURE_LINE = re.compile(r'[12]\.0;\d{4}-\d\d-\d\dT[^;]*;\w+;\w+;\d*;\d*;\d*;[^;]*;[^;]*;[^;]*;\w+;"')
_MATCHERS: tuple[tuple[Callable[[str], object], LogFormat], ...] = (
    (_S3_LINE.match, S3),
    (_VHOST_LINE.match, VHOST_COMBINED),
    (_COMBINED_LINE.match, COMBINED),
    (_COMMON_LINE.match, COMMON),
    (_BUNNY_LINE.match, BUNNY),
    (_AZURE_LINE.match, AZURE_CLASSIC),
)


def recognize_format(sample: str) -> LogFormat | None:
    """The format that most of these lines have; None where none has a known one."""
    lines = [line for line in sample.splitlines() if line.strip()][:MAX_SAMPLE_LINES]
    for line in lines:
        if line.startswith(FIELDS_LINE):
            return read_fields_line(line)
        names = tuple(name.strip('"') for name in line.split(","))
        if set(names).issuperset(GCS_REQUIRED):
            return gcs_layout(names)
    formats = [line_format for line in lines if (line_format := _line_format(line))]
    formats = [log_format for log_format in formats if log_format != COMMON] or formats
    if not formats:
        return None
    ((name, _),) = Counter(line_format.name for line_format in formats).most_common(1)
    log_format = next(line_format for line_format in formats if line_format.name == name)
    if log_format == COMBINED and any(map(_RANGE_LINE.match, lines)):
        return COMBINED_WITH_RANGE
    return next(
        (line_format for line_format in formats if line_format.name == name and line_format.has_ranges), log_format
    )


def read_fields_line(line: str) -> LogFormat | None:
    """The format of a log with this `#Fields:` line; None where a field is missing that counting needs."""
    fields = tuple(line.removeprefix(FIELDS_LINE).split())
    return cloudfront_layout(fields) if {name.lower() for name in fields}.issuperset(CLOUDFRONT_REQUIRED) else None


def _line_format(line: str) -> LogFormat | None:
    if line.startswith("{"):
        return _json_line_format(line)
    return next((log_format for matches, log_format in _MATCHERS if matches(line)), None)


def _json_line_format(line: str) -> LogFormat | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    keys = entry.keys()
    matchers: tuple[tuple[bool, LogFormat], ...] = (
        ("fastly_edge" in keys, FASTLY),
        ("EdgeStartTimestamp" in keys and "range" in (entry.get("RequestHeaders") or ()), CLOUDFLARE_WITH_RANGE),
        ("EdgeStartTimestamp" in keys, CLOUDFLARE),
        (isinstance(entry.get("request"), dict), CADDY),
        ("callerIpAddress" in keys, AZURE),
        (bool(keys & {"c-ip", "c_ip"}), CLOUDFRONT_JSON),
        (_has_fields(keys, "time", "address", "status", "agent", "range"), JSON_LOG_WITH_RANGE),
        (_has_fields(keys, "time", "address", "status", "agent"), JSON_LOG),
    )
    return next((log_format for matches, log_format in matchers if matches), None)


def _has_fields(keys: Collection[str], *names: str) -> bool:
    return all(not set(JSON_KEYS[name]).isdisjoint(keys) for name in names)
