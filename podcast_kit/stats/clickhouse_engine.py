"""Counts in ClickHouse, over its HTTP interface: for networks whose logs are too large for one computer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from podcast_kit.errors import OperationError
from podcast_kit.stats.sql_dialects import CLICKHOUSE, translate_query, translate_type

if TYPE_CHECKING:
    from types import TracebackType

INSTALL_CLICKHOUSE_FIX = "install it with: pip install 'podcast-kit[stats,clickhouse]'"
CLICKHOUSE_COLUMNS = {
    "at": "DateTime64(6, 'UTC')",
    "listener": "Int64",
    **dict.fromkeys(("agent", "referrer", "method", "path"), "Nullable(String)"),
    "status": "Nullable(Int32)",
    **dict.fromkeys(("bytes_sent", "range_start", "range_end"), "Nullable(Int64)"),
    **dict.fromkeys(("country", "source"), "Nullable(String)"),
    "request_id": "Nullable(Int64)",
    "is_datacenter": "Nullable(Bool)",
}
"""Of the columns of the Parquet files."""
CLICKHOUSE_SETTINGS = {
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    "input_format_parquet_allow_missing_columns": 1,
}
"""What makes ClickHouse answer as other databases do: NULL where an outer join has no match."""
_URL_FIX = "check --url and the server; the user must be allowed to create a database"


class ClickHouseEngine:
    """Counts in a database of its own on a ClickHouse server, which is dropped at the end."""

    name = "clickhouse"

    def __init__(self, url: str) -> None:
        try:
            import clickhouse_connect
            from clickhouse_connect.driver.exceptions import ClickHouseError
        except ImportError as error:
            raise OperationError("--engine clickhouse needs its client", INSTALL_CLICKHOUSE_FIX) from error
        self._error: type[Exception] = ClickHouseError
        self.database = f"podcast_kit_{secrets.token_hex(8)}"
        self.request_files: Sequence[Path] = ()
        with self._translate_errors():
            connect: Callable[..., Any] = clickhouse_connect.get_client
            self._client = connect(dsn=url, autogenerate_session_id=False)
            self._client.command(f"CREATE DATABASE {self.database}")
            self._client.database = self.database

    def __enter__(self) -> Self:
        """The engine, with its database dropped at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Drop the database."""
        with suppress(self._error):
            self._client.command(f"DROP DATABASE IF EXISTS {self.database}")
        self._client.close()

    def register_requests(self, files: Sequence[Path]) -> None:
        """Upload these Parquet files, and make their requests the table `requests`."""
        columns = ", ".join(f"`{name}` {kind}" for name, kind in CLICKHOUSE_COLUMNS.items())
        names = [name for name in CLICKHOUSE_COLUMNS if name not in {"at", "request_id"}]
        with self._translate_errors():
            for view in ("requests", "request_lines"):
                self._client.command(f"DROP TABLE IF EXISTS {view}")
            self._client.command(
                f"CREATE TABLE request_lines ({columns}) ENGINE = MergeTree ORDER BY (listener, at)",
            )
            for file in files:
                with file.open("rb") as block:
                    self._client.raw_insert(
                        "request_lines", insert_block=block, fmt="Parquet", settings=CLICKHOUSE_SETTINGS
                    )
            self._client.command(
                "CREATE VIEW requests AS SELECT toDate(at) AS day, toUnixTimestamp64Milli(at) AS at_ms, "  # noqa: S608
                f"{', '.join(names)} FROM request_lines"
            )

    def insert_rows(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Create a table of these columns with these rows."""
        kinds = {name: f"Nullable({translate_type(kind, CLICKHOUSE)})" for name, kind in columns.items()}
        declared = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
        with self._translate_errors():
            self._client.command(f"DROP TABLE IF EXISTS {table}")
            self._client.command(f"CREATE TABLE {table} ({declared}) ENGINE = MergeTree ORDER BY tuple()")
            lines = "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)
            if lines:
                self._client.raw_insert(table, insert_block=lines.encode(), fmt="JSONEachRow")

    def create_table(self, name: str, query: str, *, is_view: bool) -> None:
        """Create a table from a query in DuckDB's SQL."""
        text = translate_query(query, CLICKHOUSE)
        with self._translate_errors():
            self._client.command(f"DROP TABLE IF EXISTS {name}")
            if is_view:
                self._client.command(f"CREATE VIEW {name} AS {text}", settings=CLICKHOUSE_SETTINGS)
            else:
                create = f"CREATE TABLE {name} ENGINE = MergeTree ORDER BY tuple() AS {text}"
                self._client.command(create, settings=CLICKHOUSE_SETTINGS)

    def fetch_rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in DuckDB's SQL."""
        with self._translate_errors():
            result = self._client.query(translate_query(query, CLICKHOUSE), settings=CLICKHOUSE_SETTINGS)
            return [tuple(row) for row in result.result_rows]

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (self._error, OSError) as error:
            text = str(error).split(" (for url", maxsplit=1)[0].splitlines()[0]
            raise OperationError(f"ClickHouse: {text[:300]}", _URL_FIX) from None
