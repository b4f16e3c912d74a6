"""The access logs that can be counted, and how each of them becomes rows of requests.

A format gives SQL, as DuckDB evaluates it: how a line is split into the list `f`, what is taken from it, and how each
column of a request is made of that. The macros that the expressions call are in macros.sql.
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
    "is_datacenter": "BOOLEAN",
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
    fields: Mapping[str, str] = field(default_factory=dict)
    """SQL of what several columns are made of."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """SQL of each column; one that is missing is NULL. `address` and `request_id` become numbers."""
    complete: str = "true"
    """SQL that is true for a line with all fields: one that was cut off must not count with what is left of it."""
    not_request: str = "false"
    """SQL that is true for lines that are not requests, such as headers; they are not malformed."""
    delimiter: str = ""
    """What is between the fields, where it is a character that no field has; `field_count` is their number."""
    field_count: int = 0
    comment: str = ""
    """What header lines begin with."""
    has_ranges: bool = False
    has_methods: bool = True
    has_full_addresses: bool = True
    has_header_bytes: bool = False
    """Whether `bytes_sent` includes the headers of the answer."""
    final_after_hours: int = 1
    """Hours after which no late lines are expected."""

    @property
    def has_request_ids(self) -> bool:
        """Whether a line has an id of its own, by which a line that was delivered twice is recognized."""
        return "request_id" in self.columns


def _split_by(separator: str) -> str:
    return f"string_split(line, '{separator}')"


_RANGES = {"range_start": "range_start_of(range_text)", "range_end": "range_end_of(range_text)"}
_COMBINED_FIELDS = {
    "head": "f[1]",
    "request": "f[2]",
    "path_text": "split_part(f[2], ' ', 2)",
    "numbers": "f[3]",
    "referrer_text": "f[4]",
    "agent_text": "f[6]",
}
_COMBINED_COLUMNS = {
    "at": "clf_time(head)",
    "address": "first_word(head)",
    "method": "CASE WHEN starts_with(request, 'GET ') THEN 'GET' ELSE split_part(request, ' ', 1) END",
    "path": "request_path(path_text)",
    "status": "CASE WHEN substr(numbers, 5, 1) = ' ' THEN try_cast(substr(numbers, 2, 3) AS INTEGER) END",
    "bytes_sent": "to_bytes(substr(numbers, 6))",
    "referrer": "unquote_text(referrer_text)",
    "agent": "unquote_text(agent_text)",
}
COMBINED = LogFormat(
    name="combined",
    title="nginx or Apache combined log",
    split="split_quoted(line)",
    complete="len(f) >= 7",
    fields=_COMBINED_FIELDS,
    columns=_COMBINED_COLUMNS,
)
VHOST_COMBINED = replace(
    COMBINED,
    title="Apache combined log with the name of the virtual host",
    columns=_COMBINED_COLUMNS | {"address": "split_part(head, ' ', 2)"},
)
COMBINED_WITH_RANGE = replace(
    COMBINED,
    title="nginx or Apache combined log with the Range header",
    fields=_COMBINED_FIELDS | {"range_text": "f[8]"},
    columns=_COMBINED_COLUMNS | _RANGES,
    has_ranges=True,
)
COMMON = LogFormat(name="common", title="log in the common format", split="split_quoted(line)")
"""Has no user agents: recognized only to say so."""
S3 = LogFormat(
    name="s3",
    title="Amazon S3 server access log",
    split=_split_by('"'),
    fields={"head": "string_split(f[1], ' ')", "numbers": "f[3]"},
    columns={
        "at": "clf_time(head[3] || ' ' || head[4])",
        "address": "head[5]",
        "method": "split_part(head[8], '.', 2)",
        "path": "request_path('/' || decode_url(head[9]))",
        "status": "try_cast(split_part(numbers, ' ', 2) AS INTEGER)",
        "bytes_sent": "to_bytes(split_part(numbers, ' ', 4))",
        "referrer": "blank(f[4])",
        "agent": "blank(array_to_string(f[6:len(f) - 1], '\"'))",
        "request_id": "head[7]",
    },
    complete="len(f) >= 7 AND starts_with(f[len(f)], ' ')",
    not_request="head[8][1:3] = 'S3.' OR head[8][1:6] = 'BATCH.'",
    final_after_hours=24,
)
CLOUDFRONT_REQUIRED = ("date", "time", "c-ip", "cs-uri-stem", "sc-status", "cs(user-agent)")
BUNNY = LogFormat(
    name="bunny",
    title="Bunny CDN log",
    split=_split_by("|"),
    columns={
        "at": "epoch_time(f[3])",
        "address": "f[6]",
        "path": "request_path(f[8])",
        "status": "try_cast(f[2] AS INTEGER)",
        "bytes_sent": "to_bytes(f[4])",
        "referrer": "blank(f[7])",
        "agent": "blank(array_to_string(f[10:len(f) - 2], '|'))",
        "request_id": "f[len(f) - 1]",
        "country": "country_code(f[len(f)])",
    },
    complete="len(f) >= 12",
    has_methods=False,
    has_full_addresses=False,
)
GCS_REQUIRED = ("time_micros", "c_ip", "cs_method", "cs_uri", "sc_status", "cs_user_agent")
_AZURE_LINE = (
    '^[12][.]0;([^;]*);([^;]*);[^;]*;([0-9]+);[^;]*;[^;]*;[^;]*;[^;]*;[^;]*;[^;]*;"([^"]*)";"[^"]*";([^;]*);[^;]*;'
    '"?([^;"]*)"?;[^;]*;[^;]*;[^;]*;[^;]*;([^;]*);[^;]*;[^;]*;[^;]*;[^;]*;[^;]*;[^;]*;("[^"]*"|[^;]*);("[^"]*"|[^;]*);'
)
AZURE_CLASSIC = LogFormat(
    name="azure",
    title="Azure Storage Analytics log",
    split="NULL",
    fields={
        f"{name}_field": f"regexp_extract(line, '{_AZURE_LINE}', {number})"
        for number, name in enumerate(
            ("time", "operation", "status", "url", "id", "address", "bytes", "agent", "referrer"), 1
        )
    },
    columns={
        "at": "iso_time(time_field)",
        "address": "blank(address_field)",
        "method": "azure_method(operation_field)",
        "path": "request_path(unescape_html(url_field))",
        "status": "try_cast(status_field AS INTEGER)",
        "bytes_sent": "to_bytes(bytes_field)",
        "referrer": "blank(unescape_html(trim(referrer_field, '\"')))",
        "agent": "blank(unescape_html(trim(agent_field, '\"')))",
        "request_id": "id_field",
    },
)


_ENCODED_FIELDS = {"referrer": "referer", "agent": "user-agent"}
"""Columns of CloudFront and the headers that they come from; they are encoded twice."""


def cloudfront_layout(names: tuple[str, ...]) -> LogFormat:
    """The CloudFront format with the columns of a `#Fields:` line; a field that is not in it is NULL."""
    positions = {name.lower(): f"f[{number}]" for number, name in enumerate(names, 1)}
    cloudfront = _cloudfront_format(positions)
    texts = {name: positions.get(f"cs({header})", NO_VALUE) for name, header in _ENCODED_FIELDS.items()}
    moment = f"{positions.get('date', NO_VALUE)} || ' ' || {positions.get('time', NO_VALUE)}"
    return replace(
        cloudfront,
        split=_split_by("\t"),
        # Each of these is a step, since what is needed twice within CASE would be computed twice.
        fields={"time_text": f"CAST({moment} AS VARCHAR)"}
        | {f"{name}_text": f"decode_url(blank(CAST({text} AS VARCHAR)))" for name, text in texts.items()},
        columns=dict(cloudfront.columns)
        | {"at": "iso_time(time_text)"}
        | {name: f"decode_url({name}_text)" for name in texts},
        complete=f"len(f) = {len(names)} AND f[{len(names)}] <> ''",
        delimiter="\t",
        field_count=len(names),
        comment="#",
        not_request="starts_with(line, '#')",
    )


def _cloudfront_format(fields_by_name: Mapping[str, str]) -> LogFormat:
    """A CloudFront log of these fields, given by the SQL of each."""

    def sql_of(name: str) -> str:
        return fields_by_name.get(name, NO_VALUE)

    columns = {
        "at": f"iso_time({sql_of('date')} || ' ' || {sql_of('time')})",
        "address": sql_of("c-ip"),
        "method": sql_of("cs-method"),
        "path": f"request_path({sql_of('cs-uri-stem')})",
        "status": f"try_cast({sql_of('sc-status')} AS INTEGER)",
        "bytes_sent": f"to_bytes({sql_of('sc-bytes')})",
        "referrer": f"decode_twice(blank({sql_of('cs(referer)')}))",
        "agent": f"decode_twice(blank({sql_of('cs(user-agent)')}))",
        "range_start": f"to_position({sql_of('sc-range-start')})",
        "range_end": f"to_position({sql_of('sc-range-end')})",
        "country": f"country_code({sql_of('c-country')})",
    }
    if "x-edge-request-id" in fields_by_name:
        columns["request_id"] = fields_by_name["x-edge-request-id"]
    return LogFormat(
        name="cloudfront",
        title="Amazon CloudFront standard log",
        split="",
        columns=columns,
        has_ranges="sc-range-start" in fields_by_name,
        has_methods="cs-method" in fields_by_name,
        has_header_bytes=True,
        final_after_hours=24,
    )


def gcs_layout(names: tuple[str, ...]) -> LogFormat:
    """The format of Google Cloud Storage's usage logs, with the columns of the header line."""
    positions = {name: f"f[{number}]" for number, name in enumerate(names, 1)}

    def sql_of(name: str) -> str:
        return f"replace({positions[name]}, '\"\"', '\"')" if name in positions else NO_VALUE

    return LogFormat(
        name="gcs",
        title="Google Cloud Storage usage log",
        split="""string_split(line[2:-2], '","')""",
        columns={
            "at": f"epoch_time({sql_of('time_micros')})",
            "address": sql_of("c_ip"),
            "method": sql_of("cs_method"),
            "path": f"request_path({sql_of('cs_uri')})",
            "status": f"try_cast({sql_of('sc_status')} AS INTEGER)",
            "bytes_sent": f"to_bytes({sql_of('sc_bytes')})",
            "referrer": f"blank({sql_of('cs_referer')})",
            "agent": f"blank({sql_of('cs_user_agent')})",
            "country": f"country_code({sql_of('c_ip_region')})",
            "request_id": sql_of("s_request_id"),
        },
        complete=f"len(f) = {len(names)} AND ends_with(line, '\"')",
        not_request="contains(line, 'time_micros') AND contains(line, 'cs_uri')",
        final_after_hours=24,
    )


def _json_format(
    name: str,
    title: str,
    keys: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, str],
    **flags: str | int,
) -> LogFormat:
    """A log of one JSON object a line; `keys` gives the paths of each field: the first with a value counts."""
    paths = [path for names in keys.values() for path in names]
    quoted = ", ".join(f"'{_json_path(path)}'" for path in paths)
    numbers = {path: number for number, path in enumerate(paths, 1)}
    fields = {
        f"{key}_field": "coalesce(" + ", ".join(f"blank(f[{numbers[path]}])" for path in names) + ")"
        for key, names in keys.items()
    }
    return LogFormat(
        name=name,
        title=title,
        split=f"TRY(json_extract_string(line, [{quoted}]))",
        fields=fields,
        columns=columns,
        **flags,  # type: ignore[arg-type]
    )


def _json_path(path: str) -> str:
    """`a/b/0` as a JSON path: $."a"."b"[0]."""
    return "$" + "".join(f"[{part}]" if part.isdigit() else f'."{part}"' for part in path.split("/"))


_JSON_COLUMNS = {
    "at": "any_time(time_field)",
    "address": "address_field",
    "method": "method_field",
    "path": "request_path(path_field)",
    "status": "try_cast(status_field AS INTEGER)",
    "bytes_sent": "to_bytes(bytes_field)",
    "referrer": "referrer_field",
    "agent": "agent_field",
}
_JSON_RANGES = {"range_start": "range_start_of(range_field)", "range_end": "range_end_of(range_field)"}
CADDY = _json_format(
    "caddy",
    "Caddy access log",
    {
        "time": ("ts",),
        "address": ("request/client_ip", "request/remote_ip", "request/remote_addr"),
        "method": ("request/method",),
        "path": ("request/uri",),
        "status": ("status",),
        "bytes": ("size",),
        "referrer": ("request/headers/Referer/0",),
        "agent": ("request/headers/User-Agent/0",),
        "range": ("request/headers/Range/0",),
        "answer": ("msg",),
    },
    _JSON_COLUMNS | _JSON_RANGES,
    not_request="answer_field <> 'handled request'",
    has_ranges=True,
)
CLOUDFLARE = _json_format(
    "cloudflare",
    "Cloudflare Logpush log",
    {
        "time": ("EdgeStartTimestamp",),
        "address": ("ClientIP",),
        "method": ("ClientRequestMethod",),
        "path": ("ClientRequestURI", "ClientRequestPath"),
        "status": ("EdgeResponseStatus",),
        "bytes": ("EdgeResponseBytes",),
        "referrer": ("ClientRequestReferer",),
        "agent": ("ClientRequestUserAgent",),
        "country": ("ClientCountry",),
        "range": ("RequestHeaders/range",),
        "id": ("RayID",),
        "subrequest": ("WorkerSubrequest",),
    },
    _JSON_COLUMNS | {"country": "country_code(country_field)", "request_id": "id_field"},
    not_request="subrequest_field = 'true'",
    has_header_bytes=True,
)
CLOUDFLARE_WITH_RANGE = replace(
    CLOUDFLARE,
    title="Cloudflare Logpush log with the Range header",
    columns=dict(CLOUDFLARE.columns) | _JSON_RANGES,
    has_ranges=True,
)
FASTLY_LINE = (
    '{"fastly_edge": %{if(req.http.Fastly-FF, "false", "true")}V, "time": "%{begin:%Y-%m-%dT%H:%M:%S%z}t",'
    ' "address": "%{req.http.Fastly-Client-IP}V", "method": "%m", "path": "%{json.escape(req.url)}V", "status": %>s,'
    ' "bytes": %{resp.body_bytes_written}V, "range": "%{json.escape(req.http.Range)}V",'
    ' "referrer": "%{json.escape(req.http.Referer)}V", "agent": "%{json.escape(req.http.User-Agent)}V",'
    ' "country": "%{client.geo.country_code}V"}'
)
"""What a Fastly log endpoint is set to; requests between Fastly's own servers are marked, as they would count twice."""
FASTLY = _json_format(
    "fastly",
    "Fastly log in our format",
    {
        "edge": ("fastly_edge",),
        **{name: (name,) for name in ("time", "address", "method", "path", "status", "bytes", "range", "referrer")},
        **{name: (name,) for name in ("agent", "country")},
    },
    _JSON_COLUMNS | _JSON_RANGES | {"country": "country_code(country_field)"},
    not_request="edge_field = 'false'",
    has_ranges=True,
)
AZURE = _json_format(
    "azure",
    "Azure Storage resource log",
    {
        "time": ("time",),
        "address": ("callerIpAddress",),
        "operation": ("operationName",),
        "path": ("uri",),
        "status": ("statusCode",),
        "bytes": ("properties/responseBodySize",),
        "referrer": ("properties/referrerHeader",),
        "agent": ("properties/userAgentHeader",),
        "id": ("correlationId",),
        "category": ("category",),
    },
    _JSON_COLUMNS | {"method": "azure_method(operation_field)", "request_id": "id_field"},
    not_request="category_field <> 'StorageRead'",
)
JSON_KEYS = {
    "time": ("time_iso8601", "time_local", "@timestamp", "timestamp", "time", "msec", "ts", "date"),
    "address": ("remote_addr", "client_ip", "clientip", "remote_ip", "client", "ip", "remote_host", "remoteIP"),
    "request": ("request", "request_line", "http_request"),
    "method": ("request_method", "method", "verb", "http_method"),
    "path": ("request_uri", "uri", "url", "path", "request_path"),
    "status": ("status", "status_code", "response", "response_code"),
    "bytes": ("body_bytes_sent", "bytes_sent", "bytes", "size", "response_size", "bytesSent"),
    "referrer": ("http_referer", "referer", "referrer", "http_referrer"),
    "agent": ("http_user_agent", "user_agent", "agent", "useragent", "userAgent", "User-agent"),
    "range": ("http_range", "range", "request_range"),
    "country": ("geoip_country_code", "country_code", "country"),
    "id": ("request_id",),
}
"""Names that web servers' JSON logs have in use for each field."""
JSON_LOG = _json_format(
    "json",
    "JSON log of a web server",
    JSON_KEYS,
    _JSON_COLUMNS
    | {
        "method": "coalesce(method_field, blank(split_part(request_field, ' ', 1)))",
        "path": "request_path(coalesce(path_field, split_part(request_field, ' ', 2)))",
        "country": "country_code(country_field)",
        "request_id": "id_field",
    },
)
JSON_LOG_WITH_RANGE = replace(
    JSON_LOG,
    title="JSON log of a web server with the Range header",
    columns=dict(JSON_LOG.columns) | _JSON_RANGES,
    has_ranges=True,
)
_CLOUDFRONT_KEYS = {
    name: (name.replace("(referer)", "(Referer)").replace("(user-agent)", "(User-Agent)"), name, _underscored)
    for name in (
        *("date", "time", "c-ip", "cs-method", "cs-uri-stem", "sc-status", "sc-bytes", "cs(referer)", "cs(user-agent)"),
        *("sc-range-start", "sc-range-end", "c-country", "x-edge-request-id"),
    )
    if (_underscored := name.replace("-", "_").replace("(", "_").replace(")", ""))
}


def _cloudfront_json() -> LogFormat:
    """CloudFront's standard log version 2 as JSON."""
    keys = {key.replace("-", "_").replace("(", "_").replace(")", ""): paths for key, paths in _CLOUDFRONT_KEYS.items()}
    fields = {name: f"{key}_field" for name, key in zip(_CLOUDFRONT_KEYS, keys, strict=True)}
    cloudfront = _cloudfront_format(fields)
    columns = dict(cloudfront.columns) | {
        "at": "coalesce(iso_time(date_field || ' ' || time_field), epoch_time(timestamp_field))"
    }
    keys["timestamp"] = ("timestamp(ms)", "timestamp_ms", "timestamp")
    json_log = _json_format("cloudfront", "Amazon CloudFront standard log (JSON)", keys, columns)
    return replace(cloudfront, title=json_log.title, split=json_log.split, fields=json_log.fields, columns=columns)


CLOUDFRONT_JSON = _cloudfront_json()


@lru_cache(maxsize=1)
def log_macros() -> str:
    """The SQL macros that the expressions call."""
    return files("podcast_kit.stats.sources").joinpath("macros.sql").read_text("utf-8")
