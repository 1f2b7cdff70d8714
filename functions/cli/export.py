"""`trilog export`: an index's documents, to a file or to the standard output."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.export_file import write, write_file
from functions.cli.export_target import open_target
from functions.pipeline.errors import ConfigError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator


def export(given: Namespace, environment: dict[str, str]) -> int:
    """Write an index's documents, oldest first, to a file or to the standard output."""
    suffix = given.output.suffix.removeprefix(".") if given.output else ""
    file_format = given.format or (suffix if suffix in {"csv", "parquet"} else "jsonl")
    if file_format == "parquet" and given.output is None:
        raise ConfigError("A Parquet file cannot go to the standard output. Name a file: --output FILE")
    documents = open_indexes(environment).read(given.index, since=given.since, until=given.until)
    if given.target is None:
        if given.on or given.target_column:
            raise ConfigError("--on and --target-column are about a target. Name its file: --target FILE")
        _write(documents, given, file_format)
        return 0
    with open_target(given) as target:
        _write(target.join(documents), given, file_format)
    told = _("{found} of {count} documents have a target").format(found=target.found, count=target.documents)
    print(told, file=sys.stdout if given.output else sys.stderr)
    return 0


def _write(documents: Iterator[dict[str, Any]], given: Namespace, file_format: str) -> None:
    if given.output is None:
        write(documents, given.index, file_format, sys.stdout.buffer)
    else:
        count = write_file(documents, given.index, file_format, given.output)
        print(_("{count} documents written to {file}").format(count=count, file=given.output))
