"""`trilog show`: an index's last documents."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.exceptions import in_table
from functions.cli.filters import check_field, chosen, refuse_computed
from functions.cli.follow import new
from functions.cli.report import command_line
from functions.cli.signals import interruptible
from functions.cli.tables import print_json, print_lines, print_table
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import columns
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from functions.cli.filters import Chosen
    from functions.pipeline.kinds import Kind
    from functions.pipeline.sinks import Indexes

    Read = Callable[..., Iterable[dict[str, Any]]]  # `Indexes.read`

_NUMBERS = {"integer", "long", "float", "double"}


def show(given: Namespace, environment: dict[str, str]) -> int:
    """Print an index's last documents as a table, or as JSON lines; with --follow, those to come as well."""
    (names,) = load(environment, IndexNames)
    kind, indexes, wanted = kinds()[given.index], open_indexes(environment), chosen(given, names)
    shown = _fields(given, kind, names)
    if given.follow:
        refuse_computed(given)
    coming = new(indexes.read, kind.name, **wanted.keywords()) if given.follow else None
    documents = [*_last(indexes.read, kind, given, wanted)]
    lines = partial(print_json, fields=given.fields) if given.json else partial(_print_lines, shown=shown, kind=kind)
    if given.json or given.follow:
        lines(documents)
    elif documents:
        print_table(map(in_table, documents), shown, _numbers(kind), kind.level, {"told": "message"})
    else:
        print(why_none(indexes, kind.name, names, any_filter=bool(wanted or given.status)))
    if coming:
        _follow(coming, lines)
    return 0


def _print_lines(documents: Iterable[dict[str, Any]], shown: tuple[str, ...], kind: Kind) -> None:
    print_lines(map(in_table, documents), shown, kind.level)


def _follow(coming: Iterable[list[dict[str, Any]]], printing: Callable[[list[dict[str, Any]]], None]) -> None:
    """Print documents as they come, until Ctrl+C, which is how one ends this."""
    with suppress(KeyboardInterrupt), interruptible():
        for documents in coming:
            printing(documents)


def _fields(given: Namespace, kind: Kind, names: IndexNames) -> tuple[str, ...]:
    if given.fields:
        return tuple(each if each == "_id" else check_field(each, kind.name, names) for each in given.fields)
    if given.raw:
        return ("@timestamp", *kind.shown[:-1], check_field("raw_log", kind.name, names))
    return ("@timestamp", *("told" if each == "message" else each for each in kind.shown))


def _numbers(kind: Kind) -> tuple[str, ...]:
    return (*kind.numbers, *(name for name, each in columns(kind.name).items() if each in _NUMBERS))


def _last(read: Read, kind: Kind, given: Namespace, wanted: Chosen) -> Iterable[dict[str, Any]]:
    """Return the last documents of a kind, of those that were asked for, oldest first, or newest first."""
    choose = kind.statuses.get(given.status)
    if choose:  # whose documents, all of them tell
        found = choose(read(kind.name))
        if wanted:
            ids = {document["_id"] for document in read(kind.name, **wanted.keywords())}
            found = (document for document in found if document["_id"] in ids)
        documents = deque(found, given.n)
    else:
        documents = deque(read(kind.name, **wanted.keywords(), newest=given.n))
    return reversed(documents) if given.reverse else documents


def why_none(indexes: Indexes, kind: str, names: IndexNames, *, any_filter: bool) -> str:
    """Say why there is nothing to show, and what to do."""
    index, counts = names.base(kind), indexes.count()
    if counts[kind] and any_filter:
        return _("no match among the {count} documents of {index}").format(count=counts[kind], index=index)
    if kind == LOGS or not counts[LOGS]:
        text = _("no documents yet in {index}. To fill it: {command}")
        return text.format(index=index, command=command_line("--once --source FILE"))
    text = _("no documents yet in {index}: none of the {count} records of {logs} told of any (docs/formats.md)")
    return text.format(index=index, count=counts[LOGS], logs=names.base(LOGS))
