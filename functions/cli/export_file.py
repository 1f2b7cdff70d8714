"""Write documents as JSON lines, CSV, Parquet or a workbook of a spreadsheet."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from functions.pipeline.kinds.templates import columns
from functions.pipeline.quoting import quoted
from functions.pipeline.tabular import EXACT, LARGE, ROWS, Form, common, copy_statement, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LARGEST = 64 << 20  # bytes of one document
_LITTLE: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "256MB", "threads": 1}  # for any number
_TYPES: dict[type, str] = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}
_ROUNDED, _TOO_LARGE = 2**53, 2**63  # whole numbers that a DOUBLE may round, and that a BIGINT does not hold
_FINAL = {None: "VARCHAR", LARGE: "BIGINT", EXACT: "VARCHAR"}


def write(documents: Iterable[dict[str, Any]], kind: str, form: Form | str, output: BinaryIO) -> int:
    """Write documents of one kind, in bounded memory; return how many.

    JSON lines hold the documents as they are. In the tables, a document's objects become columns of their own,
    `input_data.AGE` or `data.model.name`, and its lists are JSON text; times are UTC.
    """
    form = Form(form) if isinstance(form, str) else form
    if form.format not in ROWS:
        return _write_lines(documents, output)
    with TemporaryDirectory() as folder:
        lines, table = Path(folder) / "documents.jsonl", Path(folder) / "table"
        types: dict[str, str | None] = {"_id": "VARCHAR"}
        types |= {name: "TIMESTAMP" for name, each in columns(kind).items() if each == "date"}
        with lines.open("wb") as file:
            count = _write_lines(_flattened(documents, types), file)
        ordered = in_order(types, ["_id", *columns(kind)])
        _convert(lines, table, {name: _FINAL.get(types[name], types[name] or "") for name in ordered}, form)
        with table.open("rb") as file:
            shutil.copyfileobj(file, output)
    return count


def _write_lines(documents: Iterable[dict[str, Any]], output: BinaryIO) -> int:
    count = 0
    for count, document in enumerate(documents, 1):  # noqa: B007 (the last number is the count)
        output.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
    return count


def _flattened(documents: Iterable[dict[str, Any]], types: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """Yield each document with its objects' fields beside its own; note each column's type on the way."""
    paths: dict[str, tuple[str, ...]] = {name.casefold(): (name,) for name in types}
    for document in documents:
        row = {}
        for path, value in _cells((), document):
            column = _column(path, paths)
            row[column] = value
            types[column] = _common(types.get(column), value)
        yield row


def _column(path: tuple[str, ...], paths: dict[str, tuple[str, ...]]) -> str:
    """Name a column by its path; of two that a table would not tell apart, the later one gets a sign.

    So differ capitals, `Q` and `q`, and dots within names, `{"a.b": 1}` and `{"a": {"b": 1}}`.
    """
    name = ".".join(path)
    while paths.setdefault(name.casefold(), path) != path:
        name += "'"
    return name


def _cells(path: tuple[str, ...], fields: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _cells((*path, name), value)
        elif value is not None or not path:  # a target that no document has is a column all the same
            yield (*path, name), orjson.dumps(value).decode() if isinstance(value, list) else value


def _common(known: str | None, value: object) -> str | None:
    """Return the type that holds both what a column held until now and one more value; None: nothing so far."""
    if value is None or known in {"TIMESTAMP", "VARCHAR"}:
        return known
    one = _TYPES[type(value)]
    if type(value) is int and abs(value) > _ROUNDED:
        one = LARGE if abs(value) < _TOO_LARGE else EXACT
    return common(known or one, one)


def _convert(lines: Path, table: Path, types: dict[str, str], form: Form) -> None:
    import duckdb

    with duckdb.connect(config={**_LITTLE, "temp_directory": str(table.parent)}) as database:
        read = database.read_json(str(lines), columns=types, format="newline_delimited", maximum_object_size=_LARGEST)
        read.create_view("documents")
        cells = {name: (quoted(name), sql_type) for name, sql_type in types.items()}
        copy = copy_statement(cells, "FROM documents", str(table), form)
        try:
            database.execute(copy)
        except duckdb.OutOfMemoryException:  # a few rows may be larger than that
            database.execute("RESET memory_limit")
            database.execute(copy)
