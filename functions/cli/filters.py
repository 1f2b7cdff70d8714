"""Which documents: the options that `show` and `stats` share, and the conditions that they stand for."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from gettext import gettext as _
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.cli.report import command_line
from functions.cli.times import time
from functions.pipeline.conditions import AnyOf, Compare, Contains, Glob, Matches, one_of
from functions.pipeline.durations import milliseconds
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import columns, field, texts
from functions.pipeline.levels import LEVELS, level

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ActionsContainer
    from collections.abc import Callable, Iterable, Iterator

    from functions.pipeline.conditions import Condition
    from functions.pipeline.kinds import Kind
    from functions.pipeline.names import IndexNames

_WHERE = re.compile(r"\s*([^=!<>]*[^=!<>\s])\s*(!=|>=|<=|==?|>|<)\s*(.*)", re.DOTALL)
_HTTP = re.compile(r"[1-5](?:[0-9]{2}|xx)")


class Chosen(NamedTuple):
    """What documents are chosen by, as `Indexes.read` takes it."""

    since: str | None
    until: str | None
    where: tuple[Condition, ...]

    def keywords(self) -> dict[str, Any]:
        """Return the arguments of the same names."""
        return self._asdict()

    def __bool__(self) -> bool:
        """Say whether any document may be left out."""
        return any(self)


def add_filters(command: ArgumentParser) -> None:
    """Add the options that choose documents; all that are given must hold."""
    add = command.add_argument
    add("--level", type=_level, metavar=_("LEVEL"), help=_("of this level or above: warning, error"))
    add("--match", metavar=_("TEXT"), help=_("whose message or raw text has this text; capitals do not matter"))
    add("--regex", type=_expression, metavar=_("RE"), help=_("or a match of this regular expression (RE2)"))
    add_where(command)
    add("--transaction", metavar=_("ID"), help=_("of this transaction"))
    add("--path", metavar=_("GLOB"), help=_("of requests to this path; * is any text: '/users/*'"))
    add("--status", type=_status, metavar=_("STATUS"), help=_status_help())
    add("--slower-than", type=_duration, metavar=_("TIME"), help=_("that took longer: 250ms, 2s"))
    add("--unread", action="store_true", help=_("only records that could not be read (of the log index)"))
    add("--since", type=time, metavar="T", help=_("from this time on: 1h (ago), yesterday, 2025-01-20T10:30"))
    add("--until", type=time, metavar="T", help=_("before this time"))


def add_where(command: _ActionsContainer) -> None:
    """Add the option of conditions on fields."""
    command.add_argument(
        "--where",
        type=_where,
        action="append",
        default=[],
        metavar=_("FIELD=VALUE"),
        help=_("whose field has this value; or != > >= < <=: 'input_data.AGE>70'. May be given several times"),
    )


def chosen(given: Namespace, names: IndexNames) -> Chosen:
    """Return what documents of an index are chosen by.

    Raises:
        ConfigError: the index has nothing that an option is about; the message names those that have.
    """
    return Chosen(given.since, given.until, tuple(_conditions(given, kinds()[given.index], names)))


def check_field(name: str, kind: str, names: IndexNames) -> str:
    """Return a field's name, once it is known that the kind has it.

    Raises:
        ConfigError: it has not, or it is the `_id`, which is no field.
    """
    if name == "_id":
        raise ConfigError(
            "_id is no field to choose or count documents by. SQL finds one in the embedded index: {command}",
            command=command_line("""sql "SELECT * FROM logs WHERE _id = 'ID'\""""),
        )
    if field(kind, name) is None:
        raise ConfigError(
            "{index} has no field {field}. It has: {fields}",
            index=names.base(kind),
            field=name,
            fields=", ".join(columns(kind)),
        )
    return name


def _conditions(given: Namespace, kind: Kind, names: IndexNames) -> Iterator[Condition]:
    for option, test, make in _OPTIONS:
        value = getattr(given, option.replace("-", "_"))
        if value is None or value is False:
            continue
        if not test(kind, value):
            fitting = ", ".join(names.base(each.name) for each in kinds().values() if test(each, value))
            raise ConfigError(
                "{index} has nothing for --{option}. It is for: {fitting}",
                index=names.base(kind.name),
                option=option if value is True else f"{option} {value}",
                fitting=fitting or "-",
            )
        yield from make(kind, value)
    for each in given.where:
        check_field(each.field, kind.name, names)
        yield each


def _from_level(kind: Kind, lowest: str) -> Iterator[Condition]:
    yield one_of(kind.level or "", LEVELS[LEVELS.index(lowest) :])


def _of_transaction(kind: Kind, identity: str) -> Iterator[Condition]:
    yield AnyOf(tuple(Compare(each, "=", identity) for each in kind.ids))


def _slower_than(kind: Kind, least: float) -> Iterator[Condition]:
    name, unit = kind.duration or ("", 1)
    yield Compare(name, ">", repr(least / unit))


def _has_status(kind: Kind, status: str) -> bool:
    return status in kind.statuses or bool(_HTTP.fullmatch(status) and "status_code" in columns(kind.name))


def refuse_computed(given: Namespace) -> None:
    """Refuse a status that no document has, and only all of them together tell.

    Raises:
        ConfigError: the status is such a one.
    """
    if kinds()[given.index].statuses.get(given.status):
        raise ConfigError(
            "--status {status} cannot be counted or followed. Type: trilog show --status {status}", status=given.status
        )


def _status_conditions(kind: Kind, status: str) -> Iterator[Condition]:
    if status in kind.statuses:
        if kind.statuses[status] is None:
            yield Compare("status", "=", status)
    elif status.endswith("xx"):
        yield Compare("status_code", ">=", f"{status[0]}00")
        yield Compare("status_code", "<=", f"{status[0]}99")
    else:
        yield Compare("status_code", "=", status)


_OPTIONS: tuple[tuple[str, Callable[[Kind, Any], object], Callable[[Kind, Any], Iterable[Condition]]], ...] = (
    ("level", lambda kind, _: kind.level, _from_level),
    ("match", lambda kind, _: texts(kind.name), lambda _, text: [Contains(text)]),
    ("regex", lambda kind, _: texts(kind.name), lambda _, text: [Matches(text)]),
    ("transaction", lambda kind, _: kind.ids, _of_transaction),
    ("path", lambda kind, _: "http_path" in columns(kind.name), lambda _, pattern: [Glob("http_path", pattern)]),
    ("status", _has_status, _status_conditions),
    ("slower-than", lambda kind, _: kind.duration, _slower_than),
    ("unread", lambda kind, _: "unread" in columns(kind.name), lambda _, __: [Compare("unread", "=", "true")]),
)
"""Options: what an index must have for it, and the conditions that it stands for."""


def _status_help() -> str:
    known = ", ".join(dict.fromkeys(status for each in kinds().values() for status in each.statuses))
    text = _("of requests: 500, 5xx, 4xx; of executions: {known} (lost: started, and not ended so far)")
    return text.format(known=known)


def _status(text: str) -> str:
    status = text.strip().lower()
    if not any(status in each.statuses for each in kinds().values()) and not _HTTP.fullmatch(status):
        known = ", ".join(dict.fromkeys(status for each in kinds().values() for status in each.statuses))
        raise ArgumentTypeError(_("a status such as 500 or 5xx, or one of {known}").format(known=known))
    return status


def _level(text: str) -> str:
    found = level(text)
    if found is None:
        raise ArgumentTypeError(_("one of {levels}").format(levels=", ".join(LEVELS).lower()))
    return found


def _expression(text: str) -> str:
    """Take an expression that DuckDB, which matches it whatever the index is, can read."""
    import duckdb

    try:
        duckdb.connect().execute("SELECT regexp_matches('', ?)", [text]).fetchall()
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0].rpartition("Error: ")[2]
        raise ArgumentTypeError(_("a regular expression of RE2's syntax ({reason})").format(reason=reason)) from error
    return text


def _where(text: str) -> Compare:
    found = _WHERE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(_("a field, a sign and a value, such as level=ERROR or 'input_data.AGE>70'"))
    name, sign, value = found.groups()
    return Compare(name, "=" if sign == "==" else sign, value)  # type: ignore[arg-type] # the pattern has no other


def _duration(text: str) -> float:
    found = None if text.strip().replace(".", "", 1).isdecimal() else milliseconds(text)
    if found is None:
        raise ArgumentTypeError(_("a time with its unit, such as 250ms or 2s"))
    return found
