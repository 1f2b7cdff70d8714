"""`trilog sql`: a query of the embedded index, or a shell for several."""

from __future__ import annotations

import csv
import json
import math
import sys
from gettext import gettext as _
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.cli.language import told
from functions.cli.tables import print_table
from functions.pipeline.errors import ConfigError, TrilogError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace

_MOST_SHOWN = 1000  # rows of a table; JSON and CSV have all


def sql(given: Namespace, environment: dict[str, str]) -> int:
    """Print what a query gives; without one, ask for queries until the end of the input."""
    indexes = open_indexes(environment)
    if not hasattr(indexes, "query"):
        raise ConfigError(
            "SQL is for the embedded index. Unset ELASTICSEARCH_HOST and ELASTICSEARCH_URL, or ask Kibana"
        )
    if given.query:
        _print(indexes.query(given.query), given.format)
        return 0
    return _shell(indexes, given.format)


def _shell(indexes: Any, form: str) -> int:  # noqa: ANN401 (no sink is known here)
    """Answer queries, each ended by a semicolon; one that is wrong does not end the shell."""
    import readline  # noqa: F401 (the keys of `input`)

    asked = sys.stdin.isatty()
    if asked:
        print(_("A query ends with ; and the shell with Ctrl+D. SHOW TABLES; names the tables."))
    lines: list[str] = []
    while True:
        try:
            lines.append(input(("trilog> " if not lines else "   ...> ") if asked else ""))
        except EOFError:
            return _answer(indexes, lines, form) if not asked else 0
        if lines[-1].rstrip().endswith(";"):
            code = _answer(indexes, lines, form)
            lines = []
            if code and not asked:
                return code


def _answer(indexes: Any, lines: list[str], form: str) -> int:  # noqa: ANN401 (likewise)
    query = "\n".join(lines).strip()
    if not query:
        return 0
    try:
        _print(indexes.query(query), form)
    except TrilogError as error:
        print("✗", told(error), file=sys.stderr)
        return 2
    return 0


def _print(answer: Any, form: str) -> None:  # noqa: ANN401 (likewise)
    if form == "json":
        for row in answer.rows:
            print(_json(answer, row))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(map(_cells, answer.rows))
    else:
        _print_rows(answer)


def _cells(row: list[Any]) -> list[Any]:
    """Write as JSON what CSV has no form of its own for."""
    return [_dumped(each) if isinstance(each, bool | dict | list) else each for each in row]


def _json(answer: Any, row: list[Any]) -> str:  # noqa: ANN401 (likewise)
    """Write a row as an object; what is JSON in it stays so."""
    cells = enumerate(zip(_distinct(answer.columns), row, strict=True))
    members = (
        f"{_dumped(name)}:{cell if place in answer.json and cell is not None else _dumped(cell)}"
        for place, (name, cell) in cells
    )
    return "{" + ",".join(members) + "}"


def _distinct(names: list[str]) -> list[str]:
    """Name columns so that an object has them all: `a`, `a_1`, as DuckDB does in a subquery."""
    distinct: list[str] = []
    for name in names:
        known, count = name, 0
        while known in distinct or (count and known in names):
            count += 1
            known = f"{name}_{count}"
        distinct.append(known)
    return distinct


def _dumped(value: object) -> str:
    return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))


def _finite(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Put null for what JSON has not: infinity, and what is no number."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print_rows(answer: Any) -> None:  # noqa: ANN401 (likewise)
    rows = [*islice(answer.rows, _MOST_SHOWN)]
    if not rows:
        print(_("no rows"))
        return
    shown = [{str(place): _text(value) for place, value in enumerate(row)} for row in rows]
    titles = {str(place): name for place, name in enumerate(answer.columns)}
    numbers = tuple(place for place in titles if all(_is_number(row[int(place)]) for row in rows))
    if left_out := print_table(shown, tuple(titles), numbers, titles=titles):
        print(_("… {count} more columns. All of them: --json, or --format csv").format(count=left_out), file=sys.stderr)
    if next(answer.rows, None) is not None:
        print(
            _("… only the first {count} rows. All of them: --json, or --format csv").format(count=_MOST_SHOWN),
            file=sys.stderr,
        )


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _text(value: object) -> object:
    return "" if value is None else value
