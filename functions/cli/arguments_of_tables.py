"""The arguments of `export` and `sql`, which give documents as tables."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

from functions.cli.times import time

if TYPE_CHECKING:
    from collections.abc import Callable

_EXPORTED = ("jsonl", "csv", "parquet", "xlsx")
_PRINTED = ("table", "json", "csv")


def add_export(add: Callable[..., ArgumentParser], index: Callable[[str], str], names: list[str]) -> None:
    """Describe `export`."""
    export = add("export", _("write an index's documents to a file"))
    export.add_argument("index", type=index, metavar=_("INDEX"), help=", ".join(names))
    what = export.add_mutually_exclusive_group()
    what.add_argument("--format", choices=_EXPORTED, help=_("by default what the file's name says, or jsonl"))
    what.add_argument("--excel", action="store_true", help=_("a workbook of a spreadsheet: --format xlsx"))
    export.add_argument("--output", "-o", type=Path, metavar=_("FILE"), help=_("by default the standard output"))
    export.add_argument(
        "--since", type=time, metavar="T", help=_("from this time on: 1h (ago), yesterday, 2025-01-20T10:30")
    )
    export.add_argument("--until", type=time, metavar="T", help=_("before this time"))
    export.add_argument("--delimiter", type=_sign, metavar=_("SIGN"), help=_("between two cells of CSV (,)"))
    decimal, bom = (
        _("the decimal sign of CSV (.); with a comma, ; is between two cells"),
        _("begin CSV with a byte order mark, by which Excel knows UTF-8"),
    )
    export.add_argument("--decimal", choices=(".", ","), help=decimal)
    export.add_argument("--bom", action="store_true", help=bom)
    _add_target(export)


def _add_target(export: ArgumentParser) -> None:
    export.add_argument(
        "--target", type=Path, metavar=_("FILE"), help=_("CSV or Parquet: what turned out to be true, by an id")
    )
    export.add_argument("--on", metavar=_("FIELD"), help=_("the id in documents and in that file (transaction_id)"))
    export.add_argument("--target-column", metavar=_("COLUMN"), help=_("only this column of the file, as target"))


def add_sql(add: Callable[..., ArgumentParser]) -> None:
    """Describe `sql`."""
    sql = add("sql", _("ask the embedded index in SQL, or open a shell for it; nothing is changed"))
    sql.formatter_class = RawDescriptionHelpFormatter
    sql.epilog = _("""examples:
  trilog sql "SELECT level, count(*) FROM logs GROUP BY level"
  trilog sql "SELECT http_path, quantile_cont(execution_time_ms, 0.95) AS p95 FROM logs GROUP BY http_path"
  trilog sql "SELECT result->>'prediction' AS class, count(*) FROM predictions GROUP BY class"

Without a query, it is a shell, which Ctrl+D ends. SHOW TABLES names the tables, DESCRIBE logs the columns of one.""")
    sql.add_argument("query", nargs="?", metavar=_("QUERY"), help=_("in SQL, as DuckDB speaks it"))
    how = sql.add_mutually_exclusive_group()
    how.add_argument("--format", choices=_PRINTED, default="table", help=_("how rows are printed (table)"))
    lines = _("print each as a JSON object in a line")
    how.add_argument("--json", action="store_const", dest="format", const="json", help=lines)


def _sign(text: str) -> str:
    sign = "\t" if text in {"\\t", "tab"} else text
    if len(sign) != 1 or sign in '"\r\n.' or sign.isalnum():
        raise ArgumentTypeError(_("one sign, such as ; or tab"))
    return sign
