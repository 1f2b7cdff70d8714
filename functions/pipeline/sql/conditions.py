"""Conditions as SQL on a kind's table; what a user wrote is always a parameter, never a part of the text."""

from __future__ import annotations

from datetime import UTC
from itertools import chain, combinations, pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.conditions import NUMBER, AnyOf, Begins, Compare, Contains, Glob, Matches, number
from functions.pipeline.errors import ConfigError
from functions.pipeline.instants import parsed_instant
from functions.pipeline.kinds.templates import columns, field, texts
from functions.pipeline.quoting import quoted
from functions.pipeline.sql.columns import expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from functions.pipeline.conditions import Condition

_MOST_NAMES = 3  # of a path that are objects inside one another, or one name with dots; of more, they are objects


class Sql(NamedTuple):
    """A part of a query, and the values of its parameters, in order."""

    text: str
    values: list[Any]


def all_of(kind: str, conditions: Iterable[Condition], there: Mapping[str, str]) -> Sql:
    """Write conditions that all hold; of a field that is absent they are NULL, which WHERE and FILTER leave out.

    Plain comparisons, as they are here, are all that DuckDB looks up in the least and the greatest value of its blocks.

    Args:
        kind: what the rows are.
        conditions: what they are chosen by.
        there: the columns that the table has; a field without one is absent from all rows.

    Raises:
        ConfigError: there is no such field, or its values are of another type.
    """
    return joined(" AND ", [Sql("true", []), *(_condition(kind, each, there) for each in conditions)])


def joined(word: str, parts: list[Sql]) -> Sql:
    """Put conditions together with a word between them: " AND "."""
    return Sql("(" + word.join(each.text for each in parts) + ")", [*chain(*(each.values for each in parts))])


def _condition(kind: str, condition: Condition, there: Mapping[str, str]) -> Sql:
    match condition:
        case AnyOf(conditions):
            return joined(" OR ", [Sql("false", []), *(_condition(kind, each, there) for each in conditions)])
        case Contains(text):
            return _in_texts(kind, there, "contains(lower({}), lower(?))", text)
        case Matches(expression):
            return _in_texts(kind, there, "regexp_matches({}, ?)", expression)
        case Begins(name, text):
            return Sql(f"starts_with({_words(kind, name, there)}, ?)", [text])
        case Glob(name, pattern):
            return Sql(f"{_words(kind, name, there)} LIKE ? ESCAPE '\\'", [_like(pattern)])
        case Compare():
            return _compare(kind, condition, there)


def _in_texts(kind: str, there: Mapping[str, str], test: str, text: str) -> Sql:
    tests = [Sql(test.format(column_of(kind, each, there)), [text]) for each in texts(kind)]
    return joined(" OR ", [Sql("false", []), *tests])


def _words(kind: str, name: str, there: Mapping[str, str]) -> str:
    column, path = found(kind, name)
    if path or expected(kind)[column] != "VARCHAR":
        raise ConfigError("{field} has no words to compare by their letters", field=name)
    return column_of(kind, column, there)


def _like(pattern: str) -> str:
    escaped = "".join(f"\\{each}" if each in "\\%_" else each for each in pattern)
    return escaped.replace("*", "%").replace("?", "_")


def found(kind: str, name: str) -> tuple[str, str]:
    """Find a field's column, and its path in there.

    Raises:
        ConfigError: there is no such field.
    """
    place = field(kind, name)
    if place is None:
        raise ConfigError("no field {field}; there are: {names}", field=name, names=", ".join(columns(kind)))
    return place


def column_of(kind: str, name: str, there: Mapping[str, str]) -> str:
    """Name a column, or nothing of its type where the table does not have it."""
    return quoted(name) if name in there else f"CAST(NULL AS {expected(kind)[name]})"


def _compare(kind: str, condition: Compare, there: Mapping[str, str]) -> Sql:
    column, path = found(kind, condition.field)
    sql_type, shown = expected(kind)[column], column_of(kind, column, there)
    if sql_type == "JSON":
        found_values = values(shown, path)
        test, given = _test_json("x", _positive(condition), condition.value)
        sql = Sql(f"len(list_filter({found_values.text}, lambda x: {test})) > 0", given)
        sql = sql._replace(values=[*found_values.values, *given])
    else:
        sql = Sql(*_test(shown, sql_type, condition))
    return sql._replace(text=f"NOT coalesce({sql.text}, false)") if condition.operator == "!=" else sql


def _test(column: str, sql_type: str, condition: Compare) -> tuple[str, list[Any]]:
    """Write the test of a column that holds one value."""
    operator, written = _positive(condition), condition.value
    if sql_type == "VARCHAR" and (operator == "=" or number(written) is None):
        return f"{column} {operator} ?", [written]
    if sql_type == "VARCHAR":
        return f"{_as_number(column)} {operator} ?::DOUBLE", [number(written)]
    value = typed(condition, sql_type)
    numbers = "BIGINT" if isinstance(value, int) else "DOUBLE"
    return f"{column} {operator} ?::{sql_type if sql_type in _VALUES else numbers}", [value]


def _positive(condition: Compare) -> str:
    """Give the operator; `!=` is the opposite of `=` as a whole."""
    return "=" if condition.operator == "!=" else condition.operator


def typed(condition: Compare, sql_type: str) -> Any:  # noqa: ANN401 (a number, a truth, or a time)
    """Read what a field of some type is compared with.

    Raises:
        ConfigError: it is of another type.
    """
    value = _VALUES.get(sql_type, number)(condition.value)
    if value is None or (sql_type == "BOOLEAN" and condition.operator not in {"=", "!="}):
        raise ConfigError(
            "{field} {operator} {value}: this field has values of another type ({type})",
            field=condition.field,
            operator=condition.operator,
            value=condition.value,
            type=sql_type,
        )
    return value


_VALUES: dict[str, Any] = {
    "BOOLEAN": {"true": True, "false": False}.get,
    "TIMESTAMP": lambda text: parsed_instant(text, UTC),
}


def _test_json(value: str, operator: str, written: str) -> tuple[str, list[Any]]:
    """Write the test of one JSON value, which is no object or list."""
    text, wanted = f"({value}->>'$')", number(written)
    if wanted is None:
        return f"{text} {operator} ?", [written]
    numbers = f"coalesce({_as_number(text)} {operator} ?::DOUBLE, false)"
    return (f"({numbers} OR {text} = ?)", [wanted, written]) if operator == "=" else (numbers, [wanted])


def _as_number(text: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, '{NUMBER}') THEN TRY_CAST({text} AS DOUBLE) END"


def values(column: str, path: str) -> Sql:
    """Write the list of the scalar values at a path inside a JSON column, also inside lists, and of lists.

    A name may have dots: "a.b" is both `{"a": {"b": 1}}` and `{"a.b": 1}`.
    """
    alone, wild = only_values(column, path), [*_wildcards(path)]
    all_of_lists = f"list_concat({', '.join([alone.text, *[f'json_extract({column}, ?)'] * len(wild)])})"
    found = f"CASE WHEN contains({column}, '[') THEN {all_of_lists} ELSE {alone.text} END"  # most have no lists
    scalars = "x IS NOT NULL AND json_type(x) NOT IN ('OBJECT', 'ARRAY', 'NULL')"
    return Sql(f"list_filter({found}, lambda x: {scalars})", [*alone.values, *wild, *alone.values])


def only_values(column: str, path: str) -> Sql:
    """Write the list of the values at a path inside a JSON column that has no lists, of any type, or NULL."""
    pointers = [*_pointers(path)]
    return Sql(f"[{', '.join(f'json_extract({column}, ?)' for _ in pointers)}]", pointers)


def _splits(path: str) -> Iterator[list[str]]:
    """Yield the names that a dotted path can be of: some dots are between objects, the others within names."""
    parts = path.split(".") if path else []
    if len(parts) > _MOST_NAMES:
        yield parts
        return
    for cuts in chain(*(combinations(range(1, len(parts)), many) for many in range(max(len(parts), 1)))):
        ends = [0, *cuts, len(parts)]
        yield [".".join(parts[first:last]) for first, last in pairwise(ends)] if parts else []


def _pointers(path: str) -> Iterator[str]:
    for names in _splits(path):
        yield "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _wildcards(path: str) -> Iterator[str]:
    """Yield the paths on which there are lists: before a name, or at the end, where there may be lists of lists."""
    for names in _splits(path):
        for listed in product(("", "[*]"), repeat=len(names)):
            before = "$" + "".join(f'{each}."{_escaped(name)}"' for each, name in zip(listed, names, strict=True))
            yield from (before + end for end in ("", "[*]", "[*][*]") if "[*]" in (*listed, end[:3]))


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
