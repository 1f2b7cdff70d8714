"""Groups of documents by DuckDB, whatever it reads them from: exact counts and percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.errors import ConfigError
from functions.pipeline.groups import SHARES, Group
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import columns
from functions.pipeline.sql.columns import expected
from functions.pipeline.sql.conditions import Sql, all_of, column_of, found, only_values, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from functions.pipeline.groups import Grouping

_COUNTED = {"keyword", "integer", "long", "float", "double", "boolean", "object", "flattened"}
_NUMBER_OR_TEXT = r"if(json_type(x) = 'DOUBLE', regexp_replace(x->>'$', '\.0+$', ''), x->>'$')"
# The same of a value that may be none, an object or a list: NULL. Most are words, which are their text without quotes.
_TEXT = "CAST(x AS VARCHAR)"
_PLAIN = f"""CASE WHEN {_TEXT}[1] = '"' AND NOT contains({_TEXT}, '\\') THEN {_TEXT}[2:-2]
    WHEN {_TEXT}[1] IN ('{{', '[', 'n') THEN NULL ELSE {_NUMBER_OR_TEXT} END"""
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
    return _inside(shown, path)


def _inside(column: str, path: str) -> Sql:
    """Write the texts of the values at a path inside a JSON column, each once, as rows.

    Where there are no lists, which most objects have not, a name leads to one value: that costs a third.
    """
    listed, alone = values(column, path), only_values(column, path)
    once = "list_distinct({})" if len(alone.values) > 1 else "{}"
    several = f"list_distinct(list_transform({listed.text}, lambda x: {_NUMBER_OR_TEXT}))"
    one = once.format(f"list_transform({alone.text}, lambda x: {_PLAIN})")
    text = f"unnest(CASE WHEN {column} IS NULL THEN NULL WHEN contains({column}, '[') THEN {several} ELSE {one} END)"
    return Sql(text, [*listed.values, *alone.values])


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
