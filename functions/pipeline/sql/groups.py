"""Groups of documents by DuckDB, whatever it reads them from: exact counts and percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.errors import ConfigError
from functions.pipeline.groups import SHARES, Group
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import columns
from functions.pipeline.sql.columns import expected
from functions.pipeline.sql.conditions import Sql, all_of, column_of, found, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from functions.pipeline.groups import Grouping

_COUNTED = {"keyword", "integer", "long", "float", "double", "boolean", "object", "flattened"}
_TIME = "strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')"


def check(kind: str, grouping: Grouping) -> None:
    """Raise ConfigError unless the documents can be grouped so: text is of as many values as there are documents."""
    if grouping.by is None:
        return
    column, path = found(kind, grouping.by)
    mapping = columns(kind)[column]
    if mapping not in _COUNTED or column == "raw_log" or (expected(kind)[column] == "JSON") != bool(path):
        raise ConfigError("{field} has no values to count by", field=grouping.by)


def groups(
    connection: DuckDBPyConnection, rows: Sql, kind: str, grouping: Grouping, there: Mapping[str, str]
) -> list[Group]:
    """Group rows, in the order of their times or by how many there are.

    Args:
        connection: where DuckDB runs.
        rows: "table WHERE condition".
        kind: of the documents.
        grouping: how they are grouped.
        there: the columns that the rows have.
    """
    check(kind, grouping)
    key, failed, took = _key(kind, grouping, there), all_of(kind, [grouping.failed], there), _duration(kind, there)
    inner = f"""SELECT {key.text} AS key, {failed.text} AS failed, {took.text} AS took, "@timestamp" AS time
        FROM {rows.text}"""  # noqa: S608 (values are parameters, names quoted)
    order = (
        "key DESC" if grouping.period else "p[2] DESC NULLS LAST, n DESC, key" if grouping.slowest else "n DESC, key"
    )
    shown = _TIME.format("key") if grouping.period else "key"
    query = f"""SELECT {shown}, count(*) AS n, count(*) FILTER (WHERE failed), {_TIME.format("min(time)")},
        {_TIME.format("max(time)")}, count(took), quantile_cont(took, {list(SHARES)}) AS p
        FROM ({inner}) WHERE key IS NOT NULL GROUP BY key ORDER BY {order} LIMIT {grouping.most:d}"""  # noqa: S608 (likewise)
    given = [*key.values, *failed.values, *took.values, *rows.values]
    made = [Group(*row[:-1], *(row[-1] or [None] * len(SHARES))) for row in connection.execute(query, given).fetchall()]
    return made[::-1] if grouping.period else made


def _key(kind: str, grouping: Grouping, there: Mapping[str, str]) -> Sql:
    if grouping.period:
        return Sql(f"date_trunc('{grouping.period}', \"@timestamp\")", [])
    if grouping.by is None:
        return Sql("''", [])
    column, path = found(kind, grouping.by)
    shown = column_of(kind, column, there)
    if expected(kind)[column] != "JSON":
        return Sql(
            f"regexp_replace(CAST({shown} AS VARCHAR), '\\.0$', '')"
            if _is_double(kind, column)
            else f"CAST({shown} AS VARCHAR)",
            [],
        )
    inside = values(shown, path)
    text = "if(json_type(x) = 'DOUBLE', regexp_replace(x->>'$', '\\.0+$', ''), x->>'$')"
    return inside._replace(text=f"unnest(list_distinct(list_transform({inside.text}, lambda x: {text})))")


def _is_double(kind: str, column: str) -> bool:
    return expected(kind)[column] == "DOUBLE"


def _duration(kind: str, there: Mapping[str, str]) -> Sql:
    """Write how long a document's subject took, in milliseconds."""
    if kinds()[kind].duration is None:
        return Sql("CAST(NULL AS DOUBLE)", [])
    name, unit = kinds()[kind].duration or ("", 1)
    column, path = found(kind, name)
    shown = column_of(kind, column, there)
    if path:
        shown, given = f"TRY_CAST(json_extract_string({shown}, ?) AS DOUBLE)", [f"/{path}"]
        return Sql(f"{shown} * {unit}", given)
    return Sql(f"{shown} * {unit}" if unit != 1 else shown, [])
