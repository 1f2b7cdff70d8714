"""`trilog try-layout`: how the lines of a file are read. Nothing is written anywhere."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import partial
from gettext import gettext as _
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.cli.tables import print_table, readable
from functions.pipeline.codecs import decoded
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import PermanentError
from functions.pipeline.framing import split_records
from functions.pipeline.parser import place
from functions.pipeline.redacted import redacted_record
from functions.pipeline.wiring import configured_encoding, open_parser, open_redaction

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

_BLOCK = 64 << 10  # bytes that are read at once
_OWN_COLUMNS = ("@timestamp", "level", "logger", "message")
_NOT_SHOWN = {*_OWN_COLUMNS, "envelope", "layout", "raw_log", "unread", "labels"}


def try_layout(given: Namespace, environment: dict[str, str]) -> int:
    """Print how each record of a file is read, and how many are not."""
    documents = islice(_read(given.file, environment), given.n)
    if given.json:
        for each in documents:
            print(json.dumps(each, ensure_ascii=False))
        return 0
    found = list(documents)
    if found:
        print_table(map(_row, found), ("layout", *_OWN_COLUMNS[:3], "fields", "message"))
    _print_counts(found)
    return 0


def _read(file: str, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the log document of each record, with its `envelope` and `layout`; without a time, where it tells none."""
    yield from read_lines(decoded(_blocks(file), file, configured_encoding(environment)), file, environment)


def read_lines(content: Iterable[bytes], name: str, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the log document of each record in some text, as `_read` does of a file."""
    parser, redaction = open_parser(environment), open_redaction(environment)
    parsing = parser.open(datetime.now(UTC))
    for record in split_records(content, name, parsing.reader):
        shown = redacted_record(record, redaction, parsing.reader) if redaction.active else record
        made: defaultdict[str, list[Any]] = defaultdict(list)
        parsing.parse(shown, "", 0, b"", made)
        document = json.loads(made[LOGS][0][2])
        envelope, _slash, layout = place(shown).partition("/")
        del document["sequence"]
        yield {"envelope": envelope, "layout": layout, **document, "@timestamp": document["@timestamp"] or None}


def _blocks(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from iter(partial(os.read, sys.stdin.fileno(), _BLOCK), b"")
        return
    try:
        with Path(file).open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block
    except OSError as error:
        raise PermanentError(
            "{path} cannot be read: {cause}. Name a log file, or - for standard input", path=file, cause=error.strerror
        ) from error


def _row(document: dict[str, Any]) -> dict[str, Any]:
    """Say in columns how a record is read."""
    where = document["layout"] if document["envelope"] == "-" else f"{document['envelope']}/{document['layout']}"
    fields = {name: value for name, value in document.items() if name not in _NOT_SHOWN}
    fields |= document.get("labels", {})
    return {
        **document,
        "@timestamp": document["@timestamp"] or "",
        "layout": _("unread") if document.get("unread") else where,
        "fields": readable(fields),
    }


def _print_counts(documents: list[dict[str, Any]]) -> None:
    unread = sum(each.get("unread", False) for each in documents)
    print(_("{read} of {records} records are read").format(read=len(documents) - unread, records=len(documents)))
    counts = Counter((f"{each['envelope']}/{each['layout']}", each.get("unread", False)) for each in documents)
    for (where, is_unread), count in counts.most_common():
        print(f"  {where}: {count}" + (f" ({_('unread')})" if is_unread else ""))
