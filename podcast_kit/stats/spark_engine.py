"""Counts on Spark: on the cores of this computer, or on a cluster that can read the folder of the requests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from podcast_kit.errors import OperationError
from podcast_kit.stats.sql_dialects import SPARK, translate_query, translate_type

if TYPE_CHECKING:
    from types import TracebackType

INSTALL_SPARK_FIX = "install it with: pip install 'podcast-kit[stats,spark]', and Java 17 or newer"
LOCAL_MASTER = "local[*]"
REQUEST_SCHEMA = (
    "at TIMESTAMP_NTZ, listener BIGINT, agent STRING, referrer STRING, method STRING, path STRING, status INT, "
    "bytes_sent BIGINT, range_start BIGINT, range_end BIGINT, country STRING, source STRING, is_datacenter BOOLEAN"
)
"""Of the Parquet files, as far as it is counted."""
SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a wrong number is an error, as in the other engines
    "spark.sql.cteRecursionRowLimit": "-1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}
_SPARK_FIX = "check --master, and that each worker can read the folder of the statistics"


class SparkEngine:
    """Counts in a Spark session of its own, which is stopped at the end."""

    name = "spark"

    def __init__(self, master: str, spill_folder: Path, memory: str) -> None:
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise OperationError("--engine spark needs PySpark", INSTALL_SPARK_FIX) from error
        self._error: type[Exception] = PySparkException
        self._tables: dict[str, Any] = {}
        size = memory.strip().upper().removesuffix("B")
        builder = SparkSession.builder.master(master).appName("podcast-kit stats")
        builder = builder.config("spark.local.dir", str(spill_folder)).config("spark.driver.memory", size)
        builder = builder.config("spark.sql.warehouse.dir", str(spill_folder / "warehouse"))
        for name, value in SPARK_SETTINGS.items():
            builder = builder.config(name, value)
        if master.startswith("local"):  # a cluster has its own settings for these
            builder = builder.config("spark.sql.shuffle.partitions", os.cpu_count() or 1)
            builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        with self._translate_errors():
            self._session = builder.getOrCreate()

    def __enter__(self) -> Self:
        """The engine, stopped at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the session."""
        self._session.stop()

    def register_requests(self, files: Sequence[Path]) -> None:
        """Make the requests of these Parquet files the table `requests`."""
        with self._translate_errors():
            lines = self._session.read.schema(REQUEST_SCHEMA).parquet(*(str(file) for file in files))
            lines.createOrReplaceTempView("request_lines")
            self._session.sql(
                "CREATE OR REPLACE TEMP VIEW requests AS SELECT CAST(at AS DATE) AS day, "
                "unix_millis(CAST(at AS TIMESTAMP)) AS at_ms, * EXCEPT (at) FROM request_lines"
            )

    def insert_rows(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[object]]) -> None:
        """Create a table of these columns with these rows."""
        schema = ", ".join(f"{name} {translate_type(kind, SPARK)}" for name, kind in columns.items())
        with self._translate_errors():
            frame = self._session.createDataFrame([tuple(row) for row in rows], schema)
            frame.createOrReplaceTempView(table)

    def create_table(self, name: str, query: str, *, is_view: bool) -> None:
        """Create a table from a query in DuckDB's SQL."""
        with self._translate_errors():
            frame = self._session.sql(translate_query(query, SPARK))
            if not is_view:
                if earlier := self._tables.get(name):
                    earlier.unpersist()
                frame = self._tables[name] = frame.persist()
            frame.createOrReplaceTempView(name)

    def fetch_rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query in DuckDB's SQL."""
        with self._translate_errors():
            return [tuple(row) for row in self._session.sql(translate_query(query, SPARK)).collect()]

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        from py4j.protocol import Py4JError

        try:
            yield
        except (self._error, Py4JError, OSError, RuntimeError) as error:
            text = (str(error).splitlines() or [type(error).__name__])[0]
            raise OperationError(f"Spark: {text[:300]}", _SPARK_FIX) from error
