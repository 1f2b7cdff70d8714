"""The forms in which Spaces answer `/logs_api`, read into pages of lines. Pure."""

from __future__ import annotations

import itertools
import json
import re
from contextlib import suppress

from functions.pipeline.sources.window import Page

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")


def problem_in(answer: object) -> str | None:
    """Return the error text of an answer {"error": …}, which comes with a status of success."""
    answer = _from_json(answer)
    return str(answer["error"]) if isinstance(answer, dict) and answer.get("error") else None


def read_answer(answer: object) -> Page:
    """Read any form of answer of `/logs_api`: an object with `logs`, a list, text, or such a thing as JSON in a string.

    Raises:
        ValueError: none of the forms known; says what came instead.
    """
    found = _from_json(answer)
    if isinstance(found, dict) and "logs" in found:
        total = found.get("total")
        return Page(read_answer(found["logs"]).lines, int(total) if isinstance(total, int | float) else None)
    if isinstance(found, list):
        return Page([_line(each) for each in found])
    if isinstance(answer, str):
        return Page([_line(each) for each in _split(answer)])
    came = (
        f"an object with {', '.join(map(str, found)) or 'nothing'}" if isinstance(found, dict) else type(found).__name__
    )
    raise ValueError(f"it gave {came}")


def _from_json(answer: object) -> object:
    """Read JSON that came as a string; return anything else as it is."""
    if isinstance(answer, str):
        with suppress(ValueError):
            return json.loads(answer)
    return answer


def _line(sent: object) -> bytes:
    """Write what a Space sent as one line of the log; text as it is, anything else as compact JSON.

    A lone surrogate, which UTF-8 does not have, becomes its JSON escape.
    """
    text = sent.rstrip("\r\n") if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _split(text: str) -> list[str]:
    """Split text into lines of the log, newest first; where some begin with a time, the others belong to these."""
    lines = [line for line in text.split("\n") if line.strip()]
    starts = [at for at, line in enumerate(lines) if _STAMP.match(line)]
    if not starts:
        return lines
    bounds = sorted({0, *starts, len(lines)})
    records = ["\n".join(lines[start:end]) for start, end in itertools.pairwise(bounds)]
    if lines[starts[0]][:19] < lines[starts[-1]][:19]:  # text is often the end of a file: oldest first
        records.reverse()
    return records
