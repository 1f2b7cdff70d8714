"""Documents as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WIDEST = 36  # characters of a column that is not the last
_LEAST = 5  # characters of any column
_NO_TERMINAL = 160  # characters in a line of a table that goes to a file or to another program


def print_table(
    documents: Iterable[dict[str, Any]],
    columns: tuple[str, ...],
    numbers: tuple[str, ...] = (),
    titles: Mapping[str, str] | None = None,
) -> None:
    """Print documents as a table; the last column gets the room that is left.

    Args:
        documents: the rows.
        columns: the fields that are shown.
        numbers: those of them that are numbers.
        titles: what columns are called, where that is not their field's name.
    """
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
        title = (titles or {}).get(name, name)
        width = left if last else min(_WIDEST, max(map(len, (title, *cells))))
        if left < width or (last and left < _LEAST):
            break  # no room for this one: rather whole columns than parts of all
        left -= width + 3
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(escape(title), justify=justify, width=width, no_wrap=name != "what")
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
