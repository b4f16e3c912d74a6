"""Requests of an access log as the Parquet files that the counting reads, and the facts of their recordings."""

import hashlib
import ipaddress
from datetime import UTC

import duckdb

from podcast_kit.stats.enclosures import EnclosureFacts
from podcast_kit.stats.ingest import PARQUET_OPTIONS
from tests.support.access_logs import DATACENTER

COLUMNS = {
    "at": "TIMESTAMP",
    "listener": "BIGINT",
    **dict.fromkeys(("agent", "referrer", "method", "path"), "VARCHAR"),
    "status": "INTEGER",
    **dict.fromkeys(("bytes_sent", "range_start", "range_end"), "BIGINT"),
    **dict.fromkeys(("country", "source"), "VARCHAR"),
    "request_id": "BIGINT",
    "is_datacenter": "BOOLEAN",
}


def request_row(request, *, has_ranges=True, source="test"):
    address = ipaddress.ip_address(request.address)
    if address.version == 6:
        address = ipaddress.ip_network(f"{address}/64", strict=False).network_address
    ranges = (request.range_start, request.range_end) if has_ranges else (None, None)
    return (
        request.at.astimezone(UTC).replace(tzinfo=None),
        int.from_bytes(hashlib.sha256(str(address).encode()).digest()[:8], "big") >> 1,
        *(request.agent, request.referrer, request.method, request.path, request.status, request.bytes_sent, *ranges),
        *(request.country, source, int(request.request_id[:8], 16), request.address.startswith(DATACENTER)),
    )


def write_requests(folder, log, *, has_ranges=True):
    """A Parquet file for each day, as ingesting writes them."""
    rows = [request_row(request, has_ranges=has_ranges) for request in log.requests]
    columns = list(zip(*rows, strict=True))
    values = ", ".join(f'unnest(${n}::{kind}[]) AS "{name}"' for n, (name, kind) in enumerate(COLUMNS.items(), 1))
    files = []
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT {values}", [list(column) for column in columns])
        for (day,) in connection.execute('SELECT DISTINCT "at"::DATE FROM rows ORDER BY 1').fetchall():
            file = folder / f"day={day}" / "part.parquet"
            file.parent.mkdir(parents=True)
            query = f"FROM rows WHERE \"at\"::DATE = '{day}'"
            connection.execute(f"COPY ({query}) TO '{file}' ({PARQUET_OPTIONS})")
            files.append(file)
    return files


def enclosure_facts(log):
    return [
        EnclosureFacts(
            file=recording.path,
            paths=(recording.path,),
            guid=recording.guid,
            slug=recording.slug,
            title=f"Talk {recording.slug}",
            released_at=recording.released_at,
            bytes=recording.bytes,
            head_bytes=recording.head_bytes,
            minute_bytes=recording.minute_bytes,
            seconds=recording.seconds,
        )
        for recording in log.recordings
    ]
