"""The access logs that can be counted, and how each of them becomes rows of requests.

A format gives, for each column of a request, an SQL expression over `line` and its fields `f` (a list, from 1), as
DuckDB evaluates them. The macros that they call are in macros.sql.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files

REQUEST_TYPES = {
    "at": "TIMESTAMP",
    "listener": "BIGINT",
    "agent": "VARCHAR",
    "referrer": "VARCHAR",
    "method": "VARCHAR",
    "path": "VARCHAR",
    "status": "INTEGER",
    "bytes_sent": "BIGINT",
    "range_start": "BIGINT",
    "range_end": "BIGINT",
    "country": "VARCHAR",
    "source": "VARCHAR",
    "request_id": "BIGINT",
}
"""Columns of a request and their types: `at` is in UTC, `range_end` inclusive, and NULL what a log does not say."""
NO_VALUE = "NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFormat:
    """A log format; the flags say what its lines can tell."""

    name: str
    """The value of the column `source`."""
    title: str
    split: str
    """SQL for the fields of a line."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """SQL of each column; one that is missing is NULL. `address` becomes the column `listener`."""
    not_request: str = "false"
    """SQL that is true for lines that are not requests, such as headers; they are not malformed."""
    comment: str = ""
    """What header lines begin with."""
    has_ranges: bool = False
    has_methods: bool = True
    has_full_addresses: bool = True
    has_header_bytes: bool = False
    """Whether `bytes_sent` includes the headers of the answer."""
    has_request_ids: bool = False
    """Whether a line has an id of its own, by which a line that was delivered twice is recognized."""
    final_after_hours: int = 1
    """Hours after which no late lines are expected."""


def _split_at(separator: str) -> str:
    return f"string_split(line, '{separator}')"


QUOTED = r"split_quoted(line)"
_COMBINED = {
    "at": "clf_time(f[1])",
    "address": "split_part(f[1], ' ', 1)",
    "method": "split_part(f[2], ' ', 1)",
    "path": "request_path(split_part(f[2], ' ', 2))",
    "status": "to_status(split_part(f[3], ' ', 2))",
    "bytes_sent": "to_bytes(split_part(f[3], ' ', 3))",
    "referrer": "unquote_text(f[4])",
    "agent": "unquote_text(f[6])",
}
COMBINED = LogFormat(
    name="combined",
    title="nginx or Apache combined log",
    split=QUOTED,
    columns=_COMBINED,
)
VHOST_COMBINED = replace(
    COMBINED,
    title="Apache combined log with the name of the virtual host",
    columns=_COMBINED | {"address": "split_part(f[1], ' ', 2)"},
)
COMMON = LogFormat(name="common", title="log in the common format", split=QUOTED)
"""Has no user agents: recognized only to say so."""
S3 = LogFormat(
    name="s3",
    title="Amazon S3 server access log",
    split=_split_at('"'),
    columns={
        "at": "clf_time(f[1])",
        "address": "split_part(f[1], ' ', 5)",
        "method": "split_part(split_part(f[1], ' ', 8), '.', 2)",
        "path": "request_path('/' || decode_url(split_part(f[1], ' ', 9)))",
        "status": "to_status(split_part(f[3], ' ', 2))",
        "bytes_sent": "to_bytes(split_part(f[3], ' ', 4))",
        "referrer": "blank(f[4])",
        "agent": "blank(array_to_string(f[6:len(f) - 1], '\"'))",
        "request_id": "to_id(split_part(f[1], ' ', 7))",
    },
    not_request="regexp_matches(split_part(f[1], ' ', 8), '^(S3|BATCH)[.]')",
    has_request_ids=True,
    final_after_hours=24,
)
CLOUDFRONT = LogFormat(
    name="cloudfront",
    title="Amazon CloudFront standard log",
    split=_split_at("\t"),
    comment="#",
    not_request="starts_with(line, '#')",
    has_ranges=True,
    has_header_bytes=True,
    has_request_ids=True,
    final_after_hours=24,
)
CLOUDFRONT_REQUIRED = ("date", "time", "c-ip", "cs-uri-stem", "sc-status")


def cloudfront_layout(fields: tuple[str, ...]) -> LogFormat:
    """The CloudFront format with the columns of a `#Fields:` line; a field that is not in it is NULL."""
    positions = {name.lower(): f"f[{number}]" for number, name in enumerate(fields, 1)}

    def sql_of(name: str) -> str:
        return positions.get(name, NO_VALUE)

    columns = {
        "at": f"iso_time({sql_of('date')} || ' ' || {sql_of('time')})",
        "address": sql_of("c-ip"),
        "method": sql_of("cs-method"),
        "path": f"request_path({sql_of('cs-uri-stem')})",
        "status": f"to_status({sql_of('sc-status')})",
        "bytes_sent": f"to_bytes({sql_of('sc-bytes')})",
        "referrer": f"decode_twice(blank({sql_of('cs(referer)')}))",
        "agent": f"decode_twice(blank({sql_of('cs(user-agent)')}))",
        "range_start": f"to_position({sql_of('sc-range-start')})",
        "range_end": f"to_position({sql_of('sc-range-end')})",
        "country": f"blank({sql_of('c-country')})",
        "request_id": f"to_id({sql_of('x-edge-request-id')})" if "x-edge-request-id" in positions else NO_VALUE,
    }
    return replace(
        CLOUDFRONT,
        columns=columns,
        has_ranges="sc-range-start" in positions,
        has_methods="cs-method" in positions,
        has_request_ids="x-edge-request-id" in positions,
    )


@lru_cache(maxsize=1)
def log_macros() -> str:
    """The SQL macros that the expressions call."""
    return files("podcast_kit.stats.sources").joinpath("macros.sql").read_text("utf-8")
