"""What went wrong: in the application, in the indexes, and in reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pages.panels import N_, Panel
from functions.pipeline.conditions import Compare
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.failures import failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked

_LAST = 20
_EXAMPLES = 5


def errors(asked: Asked) -> Iterator[Panel]:
    """Show the last errors."""
    found = asked.newest(LOGS, _LAST, failed(kinds()[LOGS]), fields=["level", "message", "transaction_id"])
    yield Panel(
        N_("Last errors"),
        "table",
        columns=((N_("Time"), "time"), (N_("Level"), "level"), (N_("Message"), "text"), (N_("Transaction"), "text")),
        rows=[
            [each["@timestamp"], each.get("level"), each.get("message"), each.get("transaction_id")]
            for each in reversed(found)
        ],
        empty=N_("There are no errors in this period."),
    )


def dead_letters(asked: Asked) -> Iterator[Panel]:
    """Show the last documents that an index refused, and what can be done."""
    found = asked.newest(DEAD_LETTERS, _LAST)
    yield Panel(
        N_("Dead letters"),
        "table",
        columns=((N_("Time"), "time"), (N_("Index"), "text"), (N_("Reason"), "text"), (N_("Remedy"), "text")),
        rows=[
            [each["@timestamp"], each.get("target"), each.get("reason"), each.get("hint")] for each in reversed(found)
        ],
        empty=N_("There are no dead letters."),
    )


def unread(asked: Asked) -> Iterator[Panel]:
    """Show examples of records that no layout reads."""
    is_unread = Compare("unread", "=", "true")
    found = asked.newest(LOGS, _EXAMPLES, is_unread, fields=["raw_log", "message"])
    yield Panel(
        N_("Unread records"),
        "table",
        columns=((N_("Time"), "time"), (N_("Text"), "text")),
        rows=[[each["@timestamp"], each.get("raw_log") or each.get("message")] for each in reversed(found)],
        note=N_("The last ones. trilog try-layout shows how lines are read.") if found else "",
        empty=N_("Every record could be read."),
    )
