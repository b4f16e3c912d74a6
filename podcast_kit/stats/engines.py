"""What runs the counting's SQL: DuckDB inside this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from podcast_kit.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

INSTALL_FIX = "install it with: pip install 'podcast-kit[stats]'"
DEFAULT_MEMORY = "1500MB"
REQUEST_COLUMNS = (
    'CAST("at" AS DATE) AS day',
    'epoch_ms("at") AS at_ms',
    *("listener", "agent", "referrer", "method", "path", "status", "bytes_sent", "range_start", "range_end"),
    *("country", "source", "is_datacenter"),
)
"""What the counting reads of a row of requests, in DuckDB's words."""


class Engine(Protocol):
    """A database that counts: it reads requests, takes small tables, and runs queries."""

    name: str

    def register_requests(self, files: Sequence[Path]) -> None:
        """Make the requests of these Parquet files the table `requests`."""

    def insert_rows(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Create a table of these columns (name → type in DuckDB's words) with these rows."""

    def create_table(self, name: str, query: str, *, is_view: bool) -> None:
        """Create a table from a query in DuckDB's SQL."""

    def fetch_rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in DuckDB's SQL."""


class DuckDBEngine:
    """Counts inside this process, within a bound of memory; what does not fit is written to a temporary folder."""

    name = "duckdb"

    def __init__(self, spill_folder: Path, memory: str = DEFAULT_MEMORY) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise OperationError("counting downloads needs DuckDB", INSTALL_FIX) from error
        self._error = duckdb.Error
        self._kinds: dict[str, str] = {}
        """Of the tables and views that were created."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": memory,
            "temp_directory": str(spill_folder),
            "preserve_insertion_order": False,
        }
        with self._translate_errors():
            self.connection = duckdb.connect(":memory:", config=settings)
            self.connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        """The engine, closed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.connection.close()

    def register_requests(self, files: Sequence[Path]) -> None:
        """Make the requests of these Parquet files the table `requests`."""
        names = ", ".join(quote_text(str(file)) for file in files)
        source = f"read_parquet([{names}], union_by_name = true, hive_partitioning = false)"
        with self._translate_errors():
            existing = {row[0] for row in self.connection.execute(f"DESCRIBE FROM {source}").fetchall()}
            columns = ", ".join(
                name if name in existing or " AS " in name else f"NULL AS {name}" for name in REQUEST_COLUMNS
            )
            self.connection.execute(f"CREATE OR REPLACE VIEW requests AS SELECT {columns} FROM {source}")  # noqa: S608

    def insert_rows(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Create a table of these columns with these rows."""
        lists: list[Sequence[object]] = list(zip(*rows, strict=True)) or [() for _ in columns]
        values = ", ".join(
            f"unnest(CAST(${number} AS {kind}[])) AS {name}" for number, (name, kind) in enumerate(columns.items(), 1)
        )
        with self._translate_errors():
            query = f"CREATE OR REPLACE TABLE {table} AS SELECT {values}"
            self.connection.execute(query, [list(values) for values in lists])

    def create_table(self, name: str, query: str, *, is_view: bool) -> None:
        """Create a table from a query."""
        kind = "VIEW" if is_view else "TABLE"
        with self._translate_errors():
            if earlier := self._kinds.get(name):
                self.connection.execute(f"DROP {earlier} {name}")
            self.connection.execute(f"CREATE TEMP {kind} {name} AS {query}")
        self._kinds[name] = kind

    def write_table(self, name: str, path: Path) -> None:
        """Write a table as a Parquet file."""
        with self._translate_errors():
            self.connection.execute(f"COPY {name} TO {quote_text(str(path))} (FORMAT parquet, COMPRESSION zstd)")

    def fetch_rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._translate_errors():
            return self.connection.execute(query).fetchall()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            fix = "give it more memory with --memory, or free disk space for temporary files"
            raise OperationError(f"DuckDB: {str(error).splitlines()[0][:300]}", fix) from error


def quote_text(text: str) -> str:
    """A string of SQL."""
    return "'" + text.replace("'", "''") + "'"
