"""Where something stands in a TOML file: the parser of the standard library does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[{1,2})\s*([\w.\"' -]+?)\s*\]{1,2}\s*(?:#.*)?$")


class Places:
    """The lines of a TOML file, by table and key."""

    def __init__(self, content: str) -> None:
        self._lines = content.split("\n")

    def line(self, table: str, key: str | None = None, number: int = 0, within: int = 0) -> int | None:
        """Return the number of a line, counted from 1.

        Args:
            table: the table's name as its header has it: `layout`.
            key: a key in the table; None for the header itself, or where the key is on no line of its own.
            number: which of several tables of that name is meant, counted from 0.
            within: the line after which it stands.

        Returns:
            The line; that of the table where the key is not found; None where the table is not found, either.
        """
        headers = (at for at, each in self._headers() if each == table and at > within)
        header = next((at for place, at in enumerate(headers) if place == number), None)
        if key is None or (header is None and table):
            return header
        end = next((at for at, _ in self._headers() if at > (header or 0)), len(self._lines) + 1)
        name = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
        inside = range((header or 0) + 1, end)
        return next((at for at in inside if name.match(self._lines[at - 1])), header)

    def _headers(self) -> list[tuple[int, str]]:
        found = ((at, _HEADER.match(line)) for at, line in enumerate(self._lines, 1))
        return [(at, header[2].replace(" ", "")) for at, header in found if header]
