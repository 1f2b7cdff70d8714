"""`trilog export`: an index's documents, to a file or to the standard output."""

from __future__ import annotations

import shutil
import sys
from gettext import gettext as _
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from functions.cli.export_file import write
from functions.cli.export_target import open_target
from functions.cli.report import command_line, counting
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError
from functions.pipeline.names import IndexNames
from functions.pipeline.tabular import Form
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from functions.cli.export_target import Target

FORMATS = {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
    "tsv": "csv",
    "parquet": "parquet",
    "xlsx": "xlsx",
}
"""What a file holds, by the ending of its name."""


def export(given: Namespace, environment: dict[str, str]) -> int:
    """Write an index's documents, oldest first, to a file or to the standard output."""
    form = _form(given)
    indexes = open_indexes(environment)
    if given.target is None:
        if given.on or given.target_column:
            raise ConfigError("--on and --target-column are about a target. Name its file: --target FILE")
        _export(indexes, given, form, environment)
        return 0
    with open_target(given) as target:
        _export(_Joined(indexes, target), given, form, environment)
    told = _("{found} of {count} documents have a target").format(found=target.found, count=target.documents)
    print(told, file=sys.stdout if given.output else sys.stderr)
    return 0


class _Joined:
    """An index whose documents have a target beside them."""

    def __init__(self, indexes: Any, target: Target) -> None:  # noqa: ANN401 (no sink is known here)
        self._indexes, self._target = indexes, target
        self.count = indexes.count

    def read(self, kind: str, **window: str | None) -> Iterator[dict[str, Any]]:
        return self._target.join(self._indexes.read(kind, **window))


def _export(indexes: Any, given: Namespace, form: Form, environment: dict[str, str]) -> None:  # noqa: ANN401 (likewise)
    if given.output is None:
        with TemporaryDirectory() as folder:
            count = _write(indexes, given, form, Path(folder) / "export")
            with (Path(folder) / "export").open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
    else:
        count = _write_whole(indexes, given, form)
        print(_("{count} documents written to {file}").format(count=count, file=given.output))
    if not count:
        print("⚠", _why_nothing(indexes.count(), given, environment), file=sys.stderr)


def _form(given: Namespace) -> Form:
    """Return what is written, as the options and the file's name say.

    Raises:
        ConfigError: they say different things, or nothing that we know.
    """
    ending = given.output.suffix.removeprefix(".").lower() if given.output else ""
    named = FORMATS.get(ending)
    asked = "xlsx" if given.excel else given.format
    if asked and named and asked != named:
        raise ConfigError(
            "{file} would not be {format}. Name it otherwise, or leave out the format", file=given.output, format=asked
        )
    if ending and not named and not asked:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise ConfigError(
            "{file}: its ending says no format. One of {known}, or --format", file=given.output, known=known
        )
    file_format = asked or named or "jsonl"
    if file_format in {"parquet", "xlsx"} and given.output is None:
        raise ConfigError(
            "A {format} file cannot go to the standard output. Name a file: --output FILE", format=file_format
        )
    return _csv(given, file_format, "\t" if ending == "tsv" else None)


def _csv(given: Namespace, file_format: str, delimiter: str | None) -> Form:
    """Add what is asked of CSV alone."""
    if file_format != "csv":
        if given.delimiter or given.decimal or given.bom:
            raise ConfigError("--delimiter, --decimal and --bom are for CSV. Add: --format csv")
        return Form(file_format)
    decimal = given.decimal or "."
    delimiter = given.delimiter or delimiter or (";" if decimal == "," else ",")
    if delimiter == decimal:
        raise ConfigError("--delimiter and --decimal are the same. Choose another delimiter, such as ;")
    return Form("csv", delimiter, decimal, given.bom)


def _write_whole(indexes: Any, given: Namespace, form: Form) -> int:  # noqa: ANN401 (no sink is known here)
    """Write a file at once or not at all."""
    part = given.output.with_name(f".{given.output.name}.part")
    try:
        count = _write(indexes, given, form, part)
        part.replace(given.output)
    except OSError as error:
        raise ConfigError("{file} cannot be written: {cause}", file=given.output, cause=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(indexes: Any, given: Namespace, form: Form, target: Path) -> int:  # noqa: ANN401 (likewise)
    """Write a file, by the index itself where that can; return how many documents it holds."""
    target.touch()  # whether we may is known before anything is read
    if form.format == "xlsx":
        import xlsxwriter  # noqa: F401 (to say at once that it is lacking)

        with TemporaryDirectory() as folder:
            table = Path(folder) / "table.parquet"
            count = _write(indexes, given, Form("parquet"), table)
            _write_sheets(table, target)
        return count
    copied = indexes.copy(given.index, target, form, given.since, given.until) if hasattr(indexes, "copy") else None
    if copied is not None:
        return int(copied)
    documents = indexes.read(given.index, since=given.since, until=given.until)
    with target.open("wb") as output, counting(_("documents")) as counted:
        return write(counted(documents), given.index, form, output)


def _write_sheets(table: Path, target: Path) -> None:
    from functions.cli.workbook import LONGEST, write_workbook

    if cut := write_workbook(table, target):
        text = _(
            "{count} texts are longer than the {most} characters of a cell, and cut there; CSV and Parquet have them"
        )
        print("⚠", text.format(count=cut, most=LONGEST), file=sys.stderr)


def _why_nothing(counts: dict[str, int], given: Namespace, environment: dict[str, str]) -> str:
    """Say why an export is empty, and what there is instead."""
    (names,) = load(environment, IndexNames)
    name, there = names.base(given.index), {names.base(kind): count for kind, count in counts.items() if count}
    if counts.get(given.index):
        text = _("Nothing to export: none of the {count} documents of {name} is of that time")
        return text.format(count=counts[given.index], name=name)
    if not there:
        return _("Nothing to export: nothing is indexed yet. Read a log first: {command}").format(
            command=command_line("api.log")
        )
    text = _("Nothing to export: {name} has no documents. Others have: {there}")
    return text.format(name=name, there=", ".join(f"{each} {count}" for each, count in there.items()))
