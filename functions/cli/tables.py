"""Documents as tables for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

STYLES = {"CRITICAL": "bold red", "ERROR": "red", "WARNING": "yellow", "DEBUG": "dim", "TRACE": "dim"}
_WIDEST = 36  # characters of a column that is not the last
_LAST = 30  # characters that the last one has where there is room
_LEAST = 5  # characters of any column
_MANY_LINES = ("what", "told")
_NO_TERMINAL = 160  # characters in a line of a table that goes to a file or to another program


def print_table(
    documents: Iterable[dict[str, Any]],
    columns: tuple[str, ...],
    numbers: tuple[str, ...] = (),
    level: str | None = None,
    titles: Mapping[str, str] | None = None,
) -> int:
    """Print documents as a table; the last column gets the room that is left, and a third of it at least.

    Returns:
        How many columns had no room: rather whole columns than parts of all.

    Args:
        documents: the rows.
        columns: fields, dotted inside objects; `what` and `told` have all their lines, other fields the first one.
        numbers: those that are aligned on the right.
        level: the field by whose level rows are coloured, on a terminal.
        titles: what columns are called, where that is not their field's name.
    """
    from rich.box import SIMPLE
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    left = console.width - 4  # the margins
    documents = [*documents]
    rows = [[_cell(document, name) for name in columns] for document in documents]
    table = Table(box=SIMPLE, padding=(0, 1), pad_edge=False, show_lines="what" in columns)
    shown, least = [], min(_LAST, left // 3)  # what is left for the last
    for place, (name, cells) in enumerate(zip(columns, zip(*rows, strict=True), strict=True)):
        last = name == columns[-1]
        title = (titles or {}).get(name, name)
        width = left if last else min(_WIDEST, max(map(len, (title, *cells))))
        if left < (_LEAST if last else width + 3 + least):
            continue
        left -= width + 3
        shown.append(place)
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(escape(title), justify=justify, width=width, no_wrap=name != "what")
    for row, document in zip(rows, documents, strict=True):
        table.add_row(*(escape(row[place]) for place in shown), style=_style(document, level))
    console.print(table)
    return len(columns) - len(shown)


def print_lines(documents: Iterable[dict[str, Any]], columns: tuple[str, ...], level: str | None = None) -> None:
    """Print documents as lines, each at once: what comes one after the other has no table."""
    from rich.text import Text

    console = open_console()
    for document in documents:
        cells = (_cell(document, name) for name in columns)
        text = Text("  ".join(filter(None, cells)), _style(document, level), no_wrap=True, overflow="ellipsis")
        console.print(text, crop=console.is_terminal, soft_wrap=not console.is_terminal)
    sys.stdout.flush()


def open_console(*, stderr: bool = False) -> Console:
    """Make what prints; a pipe that is closed is told as by `print`, where Rich would exit."""
    from rich.console import Console

    class Printing(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = Printing(highlight=False, stderr=stderr)
    if not console.is_terminal:
        console.width = _NO_TERMINAL
    return console


def print_json(documents: Iterable[dict[str, Any]], fields: tuple[str, ...] | None = None) -> None:
    """Print documents as JSON lines: whole, or only some fields, under the names that were given."""
    for document in documents:
        shown = {name: value_at(document, name) for name in fields} if fields else document
        print(orjson.dumps(shown).decode())
    sys.stdout.flush()


def _style(document: dict[str, Any], level: str | None) -> str:
    return STYLES.get(str(document.get(level)), "") if level else ""


def _cell(document: dict[str, Any], name: str) -> str:
    value = value_at(document, name)
    text = "" if value is None else readable(value)
    if name == "@timestamp":
        return text[:19].replace("T", " ")
    return text if name in _MANY_LINES else text.split("\n", 1)[0]


def value_at(document: Any, path: str) -> Any:  # noqa: ANN401 (any JSON)
    """Return a field, or one inside an object or several, by its dotted path; None where there is none."""
    if isinstance(document, list):
        found = [value for each in document if (value := value_at(each, path)) is not None]
        return found or None
    if not isinstance(document, dict) or path in document:
        return document.get(path) if isinstance(document, dict) else None
    parts = path.split(".")
    ends = range(len(parts) - 1, 0, -1)  # a name may have dots
    inner = ((document.get(".".join(parts[:end])), ".".join(parts[end:])) for end in ends)
    return next((value for each, rest in inner if (value := value_at(each, rest)) is not None), None)


def readable(value: object) -> str:
    """Write a value for people: objects as `name=value`, and nothing that would command a terminal."""
    if isinstance(value, dict):
        return " ".join(f"{name}={readable(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " | ".join(map(readable, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in str(value))
