"""A kind's documents as a table: the SQL type of each column. Its rows may be anywhere that DuckDB reads."""

from __future__ import annotations

from functions.pipeline.kinds import templates

_SQL_TYPES = {
    "keyword": "VARCHAR",
    "text": "VARCHAR",
    "date": "TIMESTAMP",  # in UTC
    "integer": "INTEGER",
    "long": "BIGINT",
    "float": "DOUBLE",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "object": "JSON",
    "flattened": "JSON",
    "nested": "JSON",
}


def expected(kind: str) -> dict[str, str]:
    """Return the SQL type of each column that a kind's table should have, by name, `_id` first."""
    return {"_id": "VARCHAR"} | {name: _SQL_TYPES[each] for name, each in templates.columns(kind).items()}
