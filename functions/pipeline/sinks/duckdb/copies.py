"""Exports of a table: DuckDB writes the file itself, from its columns, without a document being made.

JSON lines are the bytes that the documents' own are, as `DuckdbIndexes.read` gives them and orjson writes them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from functions.pipeline.quoting import literal, quoted
from functions.pipeline.sinks.duckdb.database import with_room
from functions.pipeline.sinks.duckdb.tables import found, row
from functions.pipeline.tabular import EXACT, LARGE, PARQUET, common, copy_statement, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, BinaryIO

    from duckdb import DuckDBPyConnection

    from functions.pipeline.sinks.duckdb.database import Database
    from functions.pipeline.sql.conditions import Sql
    from functions.pipeline.tabular import Form

_BLOCK = 1 << 20  # bytes read at once
_AT_ONCE = 20_000  # rows that are fetched by their places
_MOST_COLUMNS = 1000  # beyond which there is no table that anybody reads
_ODD = "\x02"  # begins a line whose numbers orjson would write in another way
# Numbers from 1e16 on, or below 1e-5, and control characters: DuckDB writes 1e22, orjson 1e+22; \u001F and \u001f.
_NUMBERS = r"[0-9]{17}|[0-9][eE][+0-9]|0\.00000"
# Whole numbers that a DOUBLE may round, and those that a BIGINT may not hold. They are looked for in an object's text,
# where they may stand in a word, too: that costs time, and changes nothing.
_ROUNDED, _TOO_LARGE = r"[:,\[]\s*-?[0-9]{16}", r"[:,\[]\s*-?([0-9]{20}|9[2-9][0-9]{17})"
_INTEGERS = ("BIGINT", LARGE, EXACT)  # of an object's whole numbers: it has none of these, the first, the second
_RAW = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', NULLSTR '\x03'"  # lines, as they are


class Chosen(NamedTuple):
    """Rows of a table, oldest first.

    Attributes:
        table: its name, quoted.
        wanted: which rows.
        places: puts their places, in order, into the temporary table `chosen`; returns how many there are.
    """

    table: str
    wanted: Sql
    places: Callable[[], int]

    def parts(self, connection: DuckDBPyConnection) -> Iterator[tuple[str, list[Any]]]:
        """Yield SQL from FROM on, and its parameters: for all rows where they lie in order, else for some at a time."""
        if _lie_in_order(connection, self.table):
            yield f"FROM {self.table} AS kept WHERE {self.wanted.text}", self.wanted.values
            return
        for first in range(0, max(self.places(), 1), _AT_ONCE):
            some = f"chosen.rowid >= {first} AND chosen.rowid < {first + _AT_ONCE}"
            joined = f"FROM chosen JOIN {self.table} AS kept ON kept.rowid = chosen.place"
            yield f"{joined} WHERE {some} ORDER BY chosen.rowid", []


def copy_lines(database: Database, chosen: Chosen, target: Path) -> int:
    """Write rows as JSON lines, absent fields left out; return how many."""
    columns = found(database.connection, _name(chosen.table))
    line, part, count = _line(columns), database.folder / "part", 0
    with target.open("wb") as whole:
        for rows, values in chosen.parts(database.connection):
            marked = f"if(odd OR contains(line, '\\u00'), '{_ODD}' || line, line)"
            copy = f"COPY (SELECT {marked} FROM (SELECT {line} {rows})) TO {literal(part)} ({_RAW})"  # noqa: S608 (quoted)
            count += _run(database.connection, copy, values)
            with part.open("rb") as lines:
                whole.writelines(_as_orjson(lines))
    return count


def copy_table(database: Database, chosen: Chosen, known: list[str], target: Path, form: Form) -> int | None:
    """Write rows as a table; return how many.

    None: two columns would have one name, or no column would hold all the numbers of a key as they are.
    """
    structures = _structures(database.connection, chosen)
    named = [*_columns(database.connection, chosen, structures)]
    columns = dict(named)
    spelled = {name.casefold() for name in columns}
    exact = any(sql_type == EXACT for _, sql_type in columns.values())
    if exact or len(spelled) != len(named) or len(columns) > _MOST_COLUMNS:
        return None
    ordered = {name: columns[name] for name in in_order(columns, known)}
    parts, count = list[Path](), 0
    for rows, values in chosen.parts(database.connection):
        parts.append(database.folder / f"part{len(parts)}.{form.format}")
        first = form if len(parts) == 1 else form._replace(bom=False)
        copy = copy_statement(ordered, _transformed(structures, rows), str(parts[-1]), first)
        count += _run(database.connection, copy, values)
    _join(database.connection, parts, target, form)
    return count


def _lie_in_order(connection: DuckDBPyConnection, table: str) -> bool:
    """Say whether a table's rows lie in the order of an export, which is that of their writing more often than not."""
    there = found(connection, _name(table))
    if not {"@timestamp", "sequence"} <= there.keys():
        return False
    order = ('"@timestamp"', '"sequence"', "_id")
    before = ", ".join(f"lag({name}) OVER () AS before{place}" for place, name in enumerate(order))
    earlier = f"({', '.join(order)}) < (before0, before1, before2) AND before2 IS NOT NULL"
    none = '"@timestamp" IS NULL OR "sequence" IS NULL'
    query = f"SELECT count(*) FROM (SELECT {', '.join(order)}, {before} FROM {table}) WHERE {none} OR ({earlier})"  # noqa: S608 (quoted)
    return bool(with_room(connection, lambda: row(connection, query)[0]) == 0)


def _line(columns: Mapping[str, str]) -> str:
    """Give the SQL of a document's line, and of whether orjson would write a number in it in another way."""
    fields = ", ".join(
        f"{literal(',{'[name == '_id'] + orjson.dumps(name).decode() + ':')} || {_value(name, sql_type)}"
        for name, sql_type in columns.items()  # the first one is `_id`, which every document has
    )
    line = f"concat({fields}, '}}') AS line"
    numbers = [f"CAST(kept.{quoted(name)} AS VARCHAR)" for name, each in columns.items() if each in {"JSON", "DOUBLE"}]
    told = ", ".join(["''", *numbers])
    return f"{line}, regexp_matches(concat_ws(' ', {told}), {literal(_NUMBERS)}) AS odd"


def _value(name: str, sql_type: str) -> str:
    """Give a column as JSON, NULL where it is absent."""
    column = f"kept.{quoted(name)}"
    if sql_type == "TIMESTAMP":
        whole, parts = (f"strftime({column}, '\"%Y-%m-%dT%H:%M:%S.{digits}Z\"')" for digits in ("%g", "%f"))
        return f"if(microsecond({column}) % 1000 = 0, {whole}, {parts})"
    if sql_type == "DOUBLE":  # JSON has no infinity
        return f"if(isfinite({column}), CAST(to_json({column}) AS VARCHAR), NULL)"
    return f"CAST({column if sql_type == 'JSON' else f'to_json({column})'} AS VARCHAR)"


def _as_orjson(lines: BinaryIO) -> Iterator[bytes]:
    """Yield lines, those with a mark without it, as orjson writes them; most blocks have none."""
    mark, rest = _ODD.encode(), b""
    while block := lines.read(_BLOCK):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if mark not in whole:
            yield whole + newline
            continue
        for line in whole.split(b"\n"):
            yield orjson.dumps(orjson.loads(line[1:])) + b"\n" if line.startswith(mark) else line + b"\n"
    yield rest


def _columns(
    connection: DuckDBPyConnection, chosen: Chosen, structures: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each column that some row has, objects in their parts: its name, its SQL expression and its type."""
    for name, sql_type in found(connection, _name(chosen.table)).items():
        if sql_type == "JSON":
            yield from _leaves(name, structures[name], f"kept.{quoted(_object(name))}")
        elif sql_type == "TIMESTAMP" or name == "_id" or _has(connection, chosen, name):
            yield name, (f"kept.{quoted(name)}", sql_type)


def _has(connection: DuckDBPyConnection, chosen: Chosen, name: str) -> bool:
    where = f"kept.{quoted(name)} IS NOT NULL AND {chosen.wanted.text}"
    query = f"SELECT count(*) FROM (SELECT 1 FROM {chosen.table} AS kept WHERE {where} LIMIT 1)"  # noqa: S608 (quoted)
    return bool(connection.execute(query, chosen.wanted.values).fetchall()[0][0])


def _structure(connection: DuckDBPyConnection, chosen: Chosen, name: str) -> dict[str, Any]:
    """Return what the objects of a column hold: a type for each key, or an object."""
    if not _has(connection, chosen, name):
        return {}
    column, wanted = f"kept.{quoted(name)}", chosen.wanted
    tests = [f"regexp_matches(CAST({column} AS VARCHAR), '{each}')" for each in (_TOO_LARGE, _ROUNDED)]
    size = f"CASE WHEN NOT {tests[1]} THEN 0 WHEN {tests[0]} THEN 2 ELSE 1 END"
    rows = f"FROM {chosen.table} AS kept WHERE {wanted.text}"
    each = f"SELECT DISTINCT CAST(json_structure({column}) AS VARCHAR), {size} {rows}"
    merged: object = {}
    for structure, largest in with_room(connection, lambda: connection.execute(each, wanted.values).fetchall()):
        if structure is not None:
            merged = _common(merged, _typed(orjson.loads(structure), _INTEGERS[largest]))
    return _pruned(merged) if isinstance(merged, dict) else {}


def _typed(structure: object, integer: str) -> object:
    """Name the type of a value's column, or that of each of its parts; lists are text."""
    if isinstance(structure, dict):
        return {key: _typed(each, integer) for key, each in structure.items()}
    if isinstance(structure, list):
        return "VARCHAR"
    names = {"UBIGINT": integer, "BIGINT": integer, "HUGEINT": integer, "JSON": "NULL"}  # the last: an empty object
    known = {"DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN", "NULL": "NULL", **names}
    return known.get(str(structure), "VARCHAR")


def _common(known: object, new: object) -> object:
    """Return what holds both; what differs too much is text."""
    if isinstance(known, dict) and isinstance(new, dict):
        return known | {key: _common(known.get(key, "NULL"), each) for key, each in new.items()}
    if new in (known, "NULL"):
        return known
    if known == "NULL":
        return new
    return common(str(known), str(new))


def _leaves(path: str, structure: Mapping[str, Any], expression: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for key, each in structure.items():
        inner = f"{expression}.{quoted(key)}"
        if isinstance(each, dict):
            yield from _leaves(f"{path}.{key}", each, inner)
        else:
            yield f"{path}.{key}", (inner, each)


def _structures(connection: DuckDBPyConnection, chosen: Chosen) -> dict[str, dict[str, Any]]:
    columns = found(connection, _name(chosen.table)).items()
    return {name: _structure(connection, chosen, name) for name, sql_type in columns if sql_type == "JSON"}


def _transformed(structures: Mapping[str, Mapping[str, Any]], rows: str) -> str:
    """Wrap rows so that each column of objects has a struct beside it: an object is parsed once for all its columns."""
    structs = [
        f"json_transform(kept.{quoted(name)}, {literal(orjson.dumps(each).decode())}) AS {quoted(_object(name))}"
        for name, each in structures.items()
        if each
    ]
    return f"FROM (SELECT {', '.join(['kept.*', *structs])} {rows}) AS kept"


def _pruned(structure: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what has no value anywhere: keys whose values are all null, and empty objects."""
    inner = {key: _pruned(each) if isinstance(each, dict) else each for key, each in structure.items()}
    return {key: "BIGINT" if each == LARGE else each for key, each in inner.items() if each not in ({}, "NULL")}


def _join(connection: DuckDBPyConnection, parts: list[Path], target: Path, form: Form) -> None:
    """Make one file of several, in order."""
    if len(parts) == 1:
        parts[0].replace(target) if parts[0].stat().st_dev == target.parent.stat().st_dev else _append(parts, target)
    elif form.format == "csv":
        _append(parts, target)
    else:
        files = ", ".join(map(literal, parts))
        connection.execute(f"COPY (FROM read_parquet([{files}])) TO {literal(target)} ({PARQUET})")


def _append(parts: list[Path], target: Path) -> None:
    from shutil import copyfileobj

    with target.open("wb") as whole:
        for place, part in enumerate(parts):
            with part.open("rb") as piece:
                if place and part.suffix == ".csv":
                    piece.readline()  # the head
                copyfileobj(piece, whole)


def _run(connection: DuckDBPyConnection, copy: str, values: list[Any]) -> int:
    result = with_room(connection, partial(connection.execute, copy, values)).fetchall()
    return int(result[0][0])


def _object(name: str) -> str:
    return f"object {name}"


def _name(table: str) -> str:
    return table[1:-1].replace('""', '"')
