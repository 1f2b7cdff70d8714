"""Records as they come: a line each, on a terminal in the colour of its level."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import orjson

from functions.cli.exceptions import with_exception
from functions.cli.tables import STYLES, open_console, readable
from functions.pipeline.documents import LOGS

if TYPE_CHECKING:
    from functions.pipeline.documents import Rows


class Records:
    """Prints the documents of the log index."""

    def __init__(self, *, as_json: bool) -> None:
        """Say whether they are printed whole, each as a JSON object in a line."""
        self._as_json = as_json
        self._console = open_console()

    def show(self, documents: Rows) -> None:
        """Print the documents of one kind, if that is the log index's."""
        kind, rows = documents
        if kind == LOGS:
            for identity, _time, body in rows:
                self._print({"_id": identity.decode(), **orjson.loads(body)})
            sys.stdout.flush()

    def _print(self, document: dict[str, Any]) -> None:
        if self._as_json:
            print(orjson.dumps(document).decode())
            return
        from rich.text import Text

        time, level = str(document.get("@timestamp", ""))[11:23], str(document.get("level") or "")
        text = with_exception(document) if document.get("message") else readable(document.get("raw_log", ""))
        style = STYLES.get(level, "green" if level == "INFO" else "")
        self._console.print(Text.assemble((time, "dim"), " ", (f"{level:<8}", style), " ", text), soft_wrap=True)
