"""`trilog export`: an index's documents, to a file or to the standard output."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.export_file import write, write_file
from functions.pipeline.errors import ConfigError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace


def export(given: Namespace, environment: dict[str, str]) -> int:
    """Write an index's documents, oldest first, to a file or to the standard output."""
    suffix = given.output.suffix.removeprefix(".") if given.output else ""
    file_format = given.format or (suffix if suffix in {"csv", "parquet"} else "jsonl")
    if file_format == "parquet" and given.output is None:
        raise ConfigError("A Parquet file cannot go to the standard output. Name a file: --output FILE")
    documents = open_indexes(environment).read(given.index, since=given.since, until=given.until)
    if given.output is None:
        write(documents, given.index, file_format, sys.stdout.buffer)
    else:
        count = write_file(documents, given.index, file_format, given.output)
        print(_("{count} documents written to {file}").format(count=count, file=given.output))
    return 0
