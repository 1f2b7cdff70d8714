"""What a program wrote, and what each of its records must become.

A sample is two files in tests/programs/samples. NAME.log holds the bytes that the program wrote. NAME.json says which
program, version and command wrote them, when, and how many lines at the beginning (`banner`) and at the end (`trailer`)
nothing is expected of; and it lists, in order, the members that the document of each record must have:

    @timestamp         ISO 8601 in UTC, with three or six decimals; absent where the line tells no time
    level              TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL; absent where the line tells none
    logger             the logger's name
    message            the text after the line's head; of JSON, the member that holds the text
    message_begins     how the text begins, where the record goes on for several lines
    message_has        texts that occur in the record, in order, each on one line
    raw_begins         how the record begins, where its head is a line of its own
    raw_has            texts that occur in the line, in order, where they are no part of its text
    http_method, http_path, status_code, execution_time_ms, transaction_id

The expected records are written by hand in the module of each program, as it is known what it was told to log. What
differs from run to run is found in the log: `{}` in a text stands for anything on the line, and a function reads its
value (a time, a duration) from the line on which the text was found. None of this uses the code under test.
"""

from __future__ import annotations

import gzip
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.programs.install import Install

SAMPLES = Path(__file__).parent / "samples"
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\\\")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Record = dict[str, Any]
Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Sample:
    """One program's log: what to install, what to run, which HTTP paths to ask, and the records expected."""

    name: str
    program: str
    install: Install
    command: tuple[str, ...]
    records: tuple[Record, ...]
    asks: tuple[str, ...] = ()  # "GET /path", with header lines after it if need be
    file: str = ""  # what the program writes besides its standard output and error, relative to its folder
    env: tuple[tuple[str, str], ...] = ()
    banner: bool = False  # it prints lines before its first record; what they become is not told
    trailer: str = ""  # where the lines begin that it prints after its last record, likewise
    lines: int = 0  # keep its first lines only
    ready: str = ""  # the text after which a program that answers no HTTP is stopped


class UnexpectedError(Exception):
    """The program did not write what its module expects."""


def plain(log: bytes) -> str:
    """Decode a log, unpacked, without the colours and links of a terminal: what is expected of a record has none."""
    text = gzip.decompress(log) if log.startswith(b"\x1f\x8b") else log
    return _TERMINAL.sub("", text.decode("utf-8", "backslashreplace"))


def filled(records: tuple[Record, ...], log: str) -> list[Record]:
    """Find each record's text in the log, in order, and fill in what differs from run to run."""
    found: list[Record] = []
    position = 0
    for record in records:
        full, position = _filled(record, log, position)
        found.append(full)
    return found


def positions(records: list[Record], log: str) -> Iterator[int]:
    """Tell where each record's text begins in the log.

    Raises:
        UnexpectedError: A text does not occur, or not in the records' order.
    """
    position = 0
    for record in records:
        for index, text in enumerate(_texts(record)):
            match = _find(text, log, position)
            position = match.end()
            if index == 0:
                yield match.start()


def _texts(record: Record) -> list[str]:
    first = [record[name] for name in ("raw_begins", "message", "message_begins") if name in record]
    return first + record.get("message_has", []) + record.get("raw_has", [])


def _filled(record: Record, log: str, position: int) -> tuple[Record, int]:
    texts = _texts(record)
    matches = []
    for text in texts:
        matches.append(_find(text, log, position))
        position = matches[-1].end()
    line = _line(log, matches[0].start())
    written = {text: _written(text, match) for text, match in zip(texts, matches, strict=True)}
    return {name: _value(value, line, written) for name, value in record.items()}, position


def _find(text: str, log: str, position: int) -> re.Match[str]:
    numbers = ",".join(str(byte) for byte in text.encode())  # as journald's JSON has a text with colours
    for spelling in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], numbers):
        if match := _pattern(spelling).search(log, position):
            return match
    raise UnexpectedError(f"not in the log after character {position}: {text!r}")


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(
        r"([^\n]*?)".join(re.escape(part) for part in text.split("{}")) + ("(?=\r?$)" if text.endswith("{}") else ""),
        re.MULTILINE,
    )


def _written(text: str, match: re.Match[str]) -> str:
    parts = text.split("{}")
    return parts[0] + "".join(value + part for value, part in zip(match.groups(), parts[1:], strict=True))


def _line(log: str, position: int) -> str:
    start = log.rfind("\n", 0, position) + 1
    end = log.find("\n", position)
    return log[start : end if end >= 0 else len(log)]


def _value(value: Any, line: str, written: dict[str, str]) -> Any:
    if callable(value):
        return value(line)
    if isinstance(value, list):
        return [written.get(each, each) for each in value]
    return written.get(value, value) if isinstance(value, str) else value


def lines_before(records: list[Record], log: str) -> int:
    """Count the lines before the first record; a binary form has none."""
    return 0 if "\0" in log else log.count("\n", 0, next(positions(records, log)))


def timed(time: Reader, *records: Record) -> tuple[Record, ...]:
    """Give all records the same way of telling their time."""
    return tuple({"@timestamp": time} | record for record in records)


def access(method: str, path: str, status: int, **more: Any) -> Record:
    """List what an access line tells; each program writes it in its own order."""
    request = {"http_method": method, "http_path": path, "status_code": status}
    return request | {"message_has": [f"{method} {path}"]} | more


def at(pattern: str, *formats: str) -> Reader:
    """Read the time that the pattern's group finds in a line, by strptime; a date that is not told is the run's."""

    def read(line: str) -> str:
        text = _group(pattern, line)
        for form in formats:
            if (when := _parsed(text, form)) is not None:
                return iso(when, _decimals(text))
        raise UnexpectedError(f"not a time: {text!r}")

    return read


def _parsed(text: str, form: str) -> datetime | None:
    text = re.sub(r"([.,]\d{6})\d+", r"\1", text)
    try:
        when = datetime.strptime(text, form)  # noqa: DTZ007  the programs run with TZ=UTC
    except ValueError:
        return None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    now = datetime.now(UTC)
    if "%d" not in form and "%j" not in form:
        return when.replace(year=now.year, month=now.month, day=now.day)
    return when if "%Y" in form or "%y" in form else when.replace(year=now.year)


def _decimals(text: str) -> int:
    found = re.search(r":\d\d[.,](\d+)", text)
    return 6 if found and len(found[1]) > len("123") else 3


def stamp(name: str = "") -> Reader:
    """Read an ISO time, of that JSON or logfmt name if one is given, else the line's first."""
    forms = [
        f"%Y-%m-%d{between}%H:%M:%S{end}" for between in "T " for end in (".%f%z", ",%f%z", ".%f", ",%f", "%z", "")
    ]
    start = rf'"?{re.escape(name)}"?[:=]\s*"?' if name else ""
    return at(rf"{start}(\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)", *forms)


def epoch(pattern: str, per_second: int = 1) -> Reader:
    """Read the time that the pattern's group finds in a line as so many units since 1970."""

    def read(line: str) -> str:
        microseconds = int(Decimal(_group(pattern, line)) * 1_000_000 / per_second)
        return iso(_EPOCH + timedelta(microseconds=microseconds), 6 if microseconds % 1000 else 3)

    return read


def number(pattern: str, factor: float = 1) -> Reader:
    """Read the number that the pattern's group finds in a line, times a factor."""
    return lambda line: float(_group(pattern, line)) * factor


def iso(when: datetime, decimals: int) -> str:
    """Write a time as the samples do."""
    return (
        when.astimezone(UTC)
        .isoformat(timespec="microseconds" if decimals > len("123") else "milliseconds")
        .replace("+00:00", "Z")
    )


def _group(pattern: str, line: str) -> str:
    found = re.search(pattern, line)
    if not found:
        raise UnexpectedError(f"no {pattern} in {line!r}")
    return found[1]


def keep(sample: Sample, version: str, log: bytes) -> None:
    """Store what a program wrote, and what its records must become.

    Raises:
        UnexpectedError: It did not write what is expected of it. Nothing is stored then.
    """
    header: dict[str, Any] = {
        "program": sample.program,
        "version": version,
        "command": shlex.join(sample.command),
        "written": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    text = plain(log)
    records = filled(sample.records, text)
    if banner := lines_before(records, text):
        if not sample.banner:
            raise UnexpectedError(f"{banner} lines before the first record")
        header["banner"] = banner
    if sample.trailer:
        header["trailer"] = text.count("\n", text.rindex(sample.trailer))
    (SAMPLES / f"{sample.name}.log").write_bytes(log)
    expected = json.dumps(header | {"records": records}, indent=2, ensure_ascii=False)
    (SAMPLES / f"{sample.name}.json").write_text(expected + "\n", encoding="utf-8")
