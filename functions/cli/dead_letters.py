"""`trilog dead-letters`: list what could not be indexed, show it, and index it again."""

from __future__ import annotations

import sys
from difflib import unified_diff
from gettext import gettext as _
from heapq import nlargest
from typing import TYPE_CHECKING, Any

import orjson

from functions.cli.export_file import write
from functions.cli.language import told
from functions.cli.report import command_line
from functions.cli.tables import open_console, readable
from functions.local import LogsPipeline
from functions.pipeline.documents import DEAD_LETTERS
from functions.pipeline.errors import ConfigError, TrilogError
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator

_COLUMNS = ("id", "failed_at", "class", "target", "reason", "store_key")
_NARROW = ("id", "failed_at", "class", "reason")  # the id names the target too
_WIDE = 120  # characters in a line that has room for all columns
_LEAST = 8  # characters of a column that is shortened
_DIGITS = 12  # of an id's hash in the list
_SHOWN = ("failed_at", "class", "status", "target", "transaction_id", "store_key", "position", "reason", "hint")


def list_last(given: Namespace, environment: dict[str, str]) -> int:
    """Print the dead letters that failed last, the newest at the end."""
    indexes = open_indexes(environment)
    letters = nlargest(given.n, indexes.read(DEAD_LETTERS), key=lambda letter: str(letter.get("failed_at")))[::-1]
    if given.json:
        write(iter(letters), DEAD_LETTERS, "jsonl", sys.stdout.buffer)
    elif not letters:
        print(_("no dead letters"))
    else:
        _print_table(letters)
        there = indexes.count()[DEAD_LETTERS]
        print(_("{shown} of {there} dead letters. Next:").format(shown=len(letters), there=there))
        print(" ", command_line(f"dead-letters show {short(letters[-1]['_id'])}"))
        print(" ", command_line("dead-letters replay --all --dry-run"))
    return 0


def show(given: Namespace, environment: dict[str, str]) -> int:
    """Print all that a dead letter holds; return 1 when there is none of that id."""
    found = list(_named([given.id], open_indexes(environment).read(DEAD_LETTERS)))
    for letter in found:
        _print_letter(letter)
    if not found:
        print(_("no dead letter {id}").format(id=readable(given.id)))
    return 0 if found else 1


def replay(given: Namespace, environment: dict[str, str]) -> int:
    """Index again what dead letters stand for; return 1 when one of them stays, or is not known."""
    if given.all == bool(given.ids):
        raise ConfigError("Name the dead letters to replay, or say that it is all of them: dead-letters replay --all")
    letters = open_indexes(environment).read(DEAD_LETTERS)
    if given.ids:
        chosen = list(_named(given.ids, letters))
        unknown = [each for each in given.ids if not any(_is(letter, each) for letter in chosen)]
        if unknown:
            print(_("no dead letter {id}").format(id=readable(", ".join(unknown))))
            return 1
        letters = iter(chosen)
    pipeline = LogsPipeline(environment)
    return _preview(pipeline, list(letters)) if given.dry_run else _replay(pipeline, letters)


def short(identity: str) -> str:
    """Shorten a dead letter's id, which stays as good as unique: 32 digits of its batch's hash become 12."""
    batch, dash, rest = identity.partition("-")
    return f"{batch[:_DIGITS]}{dash}{rest}"


def _replay(pipeline: LogsPipeline, letters: Iterable[dict[str, Any]]) -> int:
    outcomes = pipeline.replay(letters)
    refused = [each for each in outcomes if each.cause is not None]
    for each in refused:
        _print_cause(each.letter.id, each.cause)
    text = _("{replayed} dead letters replayed, {refused} still refused")
    print(text.format(replayed=len(outcomes) - len(refused), refused=len(refused)))
    return 1 if refused else 0


def _preview(pipeline: LogsPipeline, letters: list[dict[str, Any]]) -> int:
    """Print what a replay would change, but for what the sink would say to it."""
    refused = {letter["_id"]: letter.get("document") for letter in letters}
    stay = 0
    for each in pipeline.replay(letters, dry_run=True):
        if each.cause is not None:
            stay += 1
            _print_cause(each.letter.id, each.cause)
        elif each.letter.target is None:
            print(_("{id}: {records} records").format(id=short(each.letter.id), records=each.records))
        else:
            _print_difference(short(each.letter.id), refused[each.letter.id], each.document)
    text = _("{ready} dead letters to be replayed, {stay} not. Nothing was written, and the index was not asked")
    print(text.format(ready=len(letters) - stay, stay=stay))
    return 1 if stay else 0


def _print_cause(identity: str, cause: object) -> None:
    print(f"✗ {short(identity)}: {told(cause) if isinstance(cause, TrilogError) else readable(cause)}")


def _print_difference(identity: str, refused: str | None, now: bytes | None) -> None:
    names = _("{id} as refused").format(id=identity), _("{id} now").format(id=identity)
    lines = list(unified_diff(_lines(refused), _lines(now), *names, lineterm=""))
    for line in lines:
        print(readable(line))
    if not lines:
        print(_("{id}: the same document").format(id=identity))


def _lines(document: str | bytes | None) -> list[str]:
    """Write a document for people: a line for each of its values."""
    return orjson.dumps(orjson.loads(document), option=orjson.OPT_INDENT_2).decode().split("\n") if document else []


def _named(ids: list[str], letters: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (letter for letter in letters if any(_is(letter, each) for each in ids))


def _is(letter: dict[str, Any], identity: str) -> bool:
    """Say whether an id, long or short, is that of a dead letter."""
    return identity in (letter["_id"], short(letter["_id"]))


def _print_letter(letter: dict[str, Any]) -> None:
    for name in ("_id", *_SHOWN):
        if name in letter:
            print(f"{name.removeprefix('_'):<15} {readable(letter[name])}")
    blocks: dict[str, Callable[[str], list[str]]] = {"raw_log": str.splitlines, "document": _lines}
    for name, lines_of in blocks.items():
        if name in letter:
            print(f"{name}:", *(f"  {readable(line)}" for line in lines_of(letter[name])), sep="\n")


def _print_table(letters: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    columns = _COLUMNS if console.width >= _WIDE else _NARROW
    rows = {name: [_cell(letter, name) for letter in letters] for name in columns}
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False)
    for name, width in _widths(rows, console.width - 3 * len(columns) - 1).items():
        table.add_column(name, no_wrap=True, width=width)
    for row in zip(*rows.values(), strict=True):
        table.add_row(*map(escape, row))
    console.print(table)


def _widths(columns: dict[str, list[str]], room: int) -> dict[str, int]:
    """Give each column what it takes; reason and store key, which are shortened, share what is left of the room."""
    widths = {name: max(map(len, (name, *cells))) for name, cells in columns.items()}
    left = room - sum(width for name, width in widths.items() if name not in {"reason", "store_key"})
    if "store_key" in widths:
        widths["store_key"] = max(_LEAST, left * 2 // 5)
        left -= widths["store_key"]
    return {**widths, "reason": max(_LEAST, left)}


def _cell(letter: dict[str, Any], name: str) -> str:
    if name == "id":
        return short(letter["_id"])
    text = readable(letter.get(name, ""))
    return text[:19].replace("T", " ") if name == "failed_at" else text.split("\n", 1)[0]
