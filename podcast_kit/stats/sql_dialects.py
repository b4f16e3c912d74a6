"""The counting's SQL in the words of other databases, by sqlglot."""

from __future__ import annotations

from functools import lru_cache

from podcast_kit.errors import OperationError

CLICKHOUSE, SPARK = "clickhouse", "spark"
INSTALL_SQLGLOT_FIX = "install it with: pip install 'podcast-kit[{extra}]'"


@lru_cache(maxsize=256)
def translate_query(query: str, dialect: str) -> str:
    """A query of DuckDB in the SQL of another database."""
    try:
        import sqlglot
    except ImportError as error:
        fix = INSTALL_SQLGLOT_FIX.format(extra=dialect)
        raise OperationError(f"--engine {dialect} needs sqlglot", fix) from error
    return str(sqlglot.transpile(query, read="duckdb", write=dialect)[0])


def translate_type(kind: str, dialect: str) -> str:
    """A type of DuckDB in the words of another database."""
    names = {
        CLICKHOUSE: {"VARCHAR": "String", "BIGINT": "Int64", "BOOLEAN": "Bool"},
        SPARK: {"VARCHAR": "STRING", "BIGINT": "BIGINT", "BOOLEAN": "BOOLEAN"},
    }
    return names[dialect][kind]
