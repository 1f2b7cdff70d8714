"""Commands that answer questions about the indexes: show, trace, export."""

from __future__ import annotations

import sys
from collections import deque
from gettext import gettext as _
from typing import TYPE_CHECKING, Any, Literal

from functions.cli.export import write, write_file
from functions.cli.traces import open_links
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from functions.pipeline.kinds import Kind

    Read = Callable[..., Iterable[dict[str, Any]]]  # `Indexes.read`

_WIDEST = 36  # characters of a column that is not the last
_LEAST = 5  # characters of any column
_NO_TERMINAL = 160  # characters in a line of a table that goes to a file or to another program


def show(given: Namespace, environment: dict[str, str]) -> int:
    """Print an index's last documents as a table."""
    kind = kinds()[given.index]
    documents = _chosen(open_indexes(environment).read, kind, given)
    if documents:
        print_table(documents, ("@timestamp", *kind.shown), kind.numbers)
    else:
        print(_("no documents yet"))
    return 0


def _chosen(read: Read, kind: Kind, given: Namespace) -> list[dict[str, Any]]:
    """Return the last documents of a kind, of those that were asked for, oldest first."""
    if given.status and given.status not in kind.statuses:
        known = ", ".join(each.name for each in kinds().values() if given.status in each.statuses)
        raise ConfigError("{kind} has no status. --status is for: {known}", kind=kind.name, known=known)
    choose = kind.statuses.get(given.status)
    if choose:
        return list(deque(choose(read(kind.name)), given.n))
    matching = ({"unread": True} if given.unread else {}) | ({"status": given.status} if given.status else {})
    return list(read(kind.name, newest=given.n, matching=matching))


def trace(given: Namespace, environment: dict[str, str]) -> int:
    """Print all that the indexes know of a transaction, or the link to its trace; return 1 when they know nothing."""
    read = open_indexes(environment).read
    found = [
        {"index": each.name, "what": _what(each.name, document), **document}
        for each in kinds().values()
        for document in _of_transaction(read, each, given.transaction_id)
    ]
    if not found:
        print(_("no document of transaction {id}").format(id=given.transaction_id))
        return 1
    if given.open:
        open_links(found, environment)
        return 0
    found.sort(key=lambda document: document["@timestamp"])
    print_table(found, ("@timestamp", "index", "what"))
    return 0


def _of_transaction(read: Read, kind: Kind, identity: str) -> Iterable[dict[str, Any]]:
    """Return the documents of a kind that have an id, in whichever field."""
    found = (document for field in kind.ids for document in read(kind.name, matching={field: identity}))
    return {document["_id"]: document for document in found}.values()


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


def _what(kind: str, document: dict[str, Any]) -> str:
    """Say in one text what a document says of its transaction."""
    if kind == LOGS:
        return str(document.get("message", ""))
    hidden = {"_id", "@timestamp", "transaction_id", "raw_log"}
    return "\n".join(f"{name}: {readable(value)}" for name, value in document.items() if name not in hidden)


def print_table(documents: Iterable[dict[str, Any]], columns: tuple[str, ...], numbers: tuple[str, ...] = ()) -> None:
    """Print documents as a table; the last column gets the room that is left."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _NO_TERMINAL
    left = console.width - 4  # the margins
    rows = [[_cell(document, name) for name in columns] for document in documents]
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False, show_lines="what" in columns)
    for name, cells in zip(columns, zip(*rows, strict=True), strict=True):
        last = name == columns[-1]
        width = left if last else min(_WIDEST, max(map(len, (name, *cells))))
        if left < width or (last and left < _LEAST):
            break  # no room for this one: rather whole columns than parts of all
        left -= width + 3
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(name, justify=justify, width=width, no_wrap=name != "what")
    rows = [row[: len(table.columns)] for row in rows]
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _cell(document: dict[str, Any], name: str) -> str:
    text = readable(_value(document, name))
    if name == "@timestamp":
        return text[:19].replace("T", " ")
    return text if name == "what" else text.split("\n", 1)[0]


def _value(document: dict[str, Any], path: str) -> object:
    """Return a field, or one inside an object, by its dotted path; "" where there is none."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value


def readable(value: object) -> str:
    """Write a value for people: objects as `name=value`, and nothing that would command a terminal."""
    if isinstance(value, dict):
        return " ".join(f"{name}={readable(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " | ".join(map(readable, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in str(value))
