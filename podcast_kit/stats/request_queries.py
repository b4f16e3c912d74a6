"""The SQL that turns lines of a log into requests."""

# ruff: noqa: S608  # the SQL consists of our own formats and quoted paths

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from podcast_kit.stats.engines import quote_text
from podcast_kit.stats.folder import SALT_BYTES
from podcast_kit.stats.sources.log_formats import NO_VALUE, REQUEST_TYPES, LogFormat

MAX_PARSED_LINE_BYTES = 4 << 20
LONGEST_SALT_BYTES = 32
"""Of the first versions, which hashed listeners and lines with SHA-256; the next ones had 16, and MD5 for lines."""
_LINE_COLUMN = "columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', comment='', header=false"
_READ_OPTIONS = f"{_LINE_COLUMN}, auto_detect=false, new_line='\\n', max_line_size={MAX_PARSED_LINE_BYTES}"
VALID = (
    "moment >= TIMESTAMP '1995-01-01' AND moment < TIMESTAMP '2200-01-01' AND status BETWEEN 0 AND 999"
    " AND blank(address) IS NOT NULL AND path IS NOT NULL AND is_complete"
    " AND not_request IS NOT TRUE"
)
"""What makes a line a request."""


def requests_query(log_format: LogFormat, path: Path, months: Mapping[str, int]) -> str:
    """SQL for the requests in a file of lines, with their day; addresses are hashed with the salts of these months.

    The length of a salt in bytes tells which version began with the month: ids are hashed as it did.
    """
    return request_rows_query(log_format, columns_query(log_format, path), months)


def request_rows_query(log_format: LogFormat, lines: str, months: Mapping[str, int]) -> str:
    """SQL for the requests among the lines of another query, as `requests_query`."""
    salts = {month: f"getvariable('{salt_variable(month)}')" for month in months}
    listener_hash = {month: "md5_id" if size == SALT_BYTES else "sha256_id" for month, size in months.items()}
    line_hash = {month: "sha256_id" if size == LONGEST_SALT_BYTES else "md5_id" for month, size in months.items()}
    columns = {name: name for name in REQUEST_TYPES} | {
        "at": "moment",
        "listener": _hash_by_month("salted_address", listener_hash),
        "referrer": "referrer_url(referrer)",
        "bytes_sent": "CASE WHEN bytes_sent >= 0 THEN bytes_sent END",
        "range_start": "CASE WHEN status = 206 THEN range_start END",
        "range_end": "CASE WHEN status = 206 THEN range_end END",
        "request_id": _hash_by_month("line_id", line_hash),
        "source": f"'{log_format.name}'",
    }
    select = ", ".join(f'CAST({columns[name]} AS {kind}) AS "{name}"' for name, kind in REQUEST_TYPES.items())
    salted = f"{_value_by_month(salts)} || network_address(address) AS salted_address, blank(request_id) AS line_id"
    lines = f"SELECT *, {salted}, CAST(moment AS DATE) AS day FROM ({lines}) WHERE {VALID}"
    return f"SELECT {select}, day FROM ({lines})"


def _hash_by_month(text: str, functions: Mapping[str, str]) -> str:
    """SQL of a hash of a text, by one of these functions according to the month."""
    if len(set(functions.values())) == 1:
        return f"{next(iter(functions.values()))}({text})"
    return _value_by_month({month: f"{function}({text})" for month, function in functions.items()})


def _value_by_month(values: Mapping[str, str]) -> str:
    """SQL of one of these values; NULL in other months."""
    cases = " ".join(f"WHEN {_is_in_month(month)} THEN {value}" for month, value in values.items())
    return f"CASE {cases} END" if cases else "CAST(NULL AS VARCHAR)"


def malformed_query(log_format: LogFormat, path: Path) -> str:
    """SQL for the numbers of the lines in a file that are neither requests nor what the format has besides them."""
    numbered = columns_query(log_format, path, "row_number() OVER ()")
    return f"SELECT number FROM ({numbered}) WHERE line <> '' AND ({VALID}) IS NOT TRUE AND not_request IS NOT TRUE"


def columns_query(log_format: LogFormat, path: Path, number: str = NO_VALUE) -> str:
    """SQL for the columns of each line; in steps, so that no expression is computed twice."""
    names = [name for name in REQUEST_TYPES if name not in {"at", "listener", "source"}]
    columns = dict(log_format.columns) | {"moment": log_format.columns["at"]}
    select = [f"{columns.get(name, NO_VALUE)} AS {name}" for name in ("moment", "address", *names)]
    flags = f"{log_format.not_request} AS not_request, {log_format.complete} AS is_complete"
    fields = [f"{value} AS {name}" for name, value in log_format.fields.items()]
    lines = f"SELECT {number} AS number, line FROM read_csv({quote_text(str(path))}, {_READ_OPTIONS})"
    lines = f"SELECT number, line, {log_format.split} AS f FROM ({lines}) WHERE line IS NOT NULL"
    if log_format.delimiter and number == NO_VALUE:
        return _delimited_query(log_format, path, select, flags)
    if fields:
        lines = f"SELECT number, line, f, {', '.join(fields)} FROM ({lines})"
    return f"SELECT number, line, {', '.join(select)}, {flags} FROM ({lines})"


def _delimited_query(log_format: LogFormat, path: Path, select: list[str], flags: str) -> str:
    """As `columns_query` for a format of one character between fields: only those that are needed are read.

    Lines with more fields are left out, so that they are missed and counted as malformed.
    """
    names = {f"f{number}": "VARCHAR" for number in range(1, log_format.field_count + 1)}
    options = f"delim='{log_format.delimiter}', quote='', escape='', comment='', header=false, auto_detect=false"
    options += f", null_padding=true, ignore_errors=true, new_line='\\n', max_line_size={MAX_PARSED_LINE_BYTES}"
    fields = [f"{value} AS {name}" for name, value in log_format.fields.items()]
    lines = (
        f"FROM (SELECT {', '.join(['*', *fields])} FROM read_csv({quote_text(str(path))}, columns={names}, {options}))"
    )
    query = f"SELECT {', '.join(select)}, {flags} {lines}"
    query = query.replace(log_format.complete, f"f{log_format.field_count} IS NOT NULL")
    query = query.replace(log_format.not_request, "starts_with(f1, '#')")
    return re.sub(r"\bf\[([0-9]+)\]", r"f\1", query)


def _is_in_month(month: str) -> str:
    first = f"TIMESTAMP '{month}-01'"
    return f"moment >= {first} AND moment < {first} + INTERVAL 1 MONTH"


def salt_variable(month: str) -> str:
    """The name of the SQL variable that holds the salt of a month."""
    return f"salt_{month.replace('-', '_')}"
