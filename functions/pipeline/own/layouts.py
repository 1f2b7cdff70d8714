"""The user's own layouts: checked before a line is read by them."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from functions.pipeline.config import Expected
from functions.pipeline.durations import UNITS
from functions.pipeline.layouts.backtracking import examined
from functions.pipeline.layouts.patterns import Layout, Pattern
from functions.pipeline.levels import LEVELS, Scale
from functions.pipeline.own.fields import HEAD
from functions.pipeline.times import form_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.pipeline.own import Named, Own

_KEYS = {("sample" if name == "samples" else name): name for name in Layout._fields if name != "not_this"}
_MADE = datetime(2025, 1, 20, 12, tzinfo=UTC)  # when the samples were logged, where they do not tell


def read_layout(table: object, fields: Iterable[Named]) -> tuple[Layout | None, dict[str, Expected]]:
    """Read a table of TOML as a layout; return it, or what is wrong, by key.

    Groups with the user's own names for time, level, logger and message become those that patterns have.
    """
    if not isinstance(table, dict):
        return None, {"layout": Expected("a table: [[layout]]")}
    wrong = {key: expected for key, value in table.items() if (expected := _wrong(key, value))}
    for key in ("name", "pattern"):
        if not table.get(key):
            wrong.setdefault(key, Expected("a text"))
    if wrong:
        return None, wrong
    values: dict[str, Any] = {_KEYS[key]: _frozen(value) for key, value in table.items()}
    layout = _renamed(Layout(**values), fields)
    steps: dict[str, Callable[[], object]] = {
        "pattern": partial(_check_pattern, layout),
        "rest": partial(examined, (layout.rest or "").encode()),
    }
    wrong = {key: expected for key, step in steps.items() if (expected := _refusal(step))}
    return (None if wrong else layout), wrong


def _refusal(step: Callable[[], object]) -> Expected | None:
    try:
        step()
    except Expected as expected:
        return expected
    return None


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _wrong(key: str, value: object) -> Expected | None:
    """Say what was expected under a key of a layout; None where it is there."""
    if key not in _KEYS:
        return Expected("a key that layouts have: {keys}", keys=", ".join(_KEYS))
    if key in _CHOICES:
        choices = _CHOICES[key]
        return None if value in choices else Expected("one of {choices}", choices=", ".join(choices))
    if key == "time" and isinstance(value, str):
        return _wrong_form(value)
    fits, expected = _SHAPES.get(key) or _TYPES[type(Layout._field_defaults.get(_KEYS[key]))]
    return None if fits(value) else expected


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_sample(sample: object) -> bool:
    if not isinstance(sample, dict) or not sample.keys() <= {"line", "event"}:
        return False
    return isinstance(sample.get("line"), str) and isinstance(sample.get("event", {}), dict)


def _are_samples(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_sample, value))


def _are_levels(value: object) -> bool:
    return isinstance(value, dict) and all(each in LEVELS for each in value.values())


_CHOICES = {"scale": get_args(Scale), "duration": tuple(UNITS), "level": LEVELS}
_SHAPES: dict[str, tuple[Callable[[object], bool], Expected]] = {
    "sample": (_are_samples, Expected('samples, each with a "line" and an "event": the fields that it must have')),
    "levels": (_are_levels, Expected("levels, by what the program calls them: WRN = 'WARNING'")),
}
_TYPES: dict[type, tuple[Callable[[object], bool], Expected]] = {  # by the type of a default
    str: (_is_text, Expected("a text")),
    type(None): (_is_text, Expected("a text")),
    bool: (lambda value: isinstance(value, bool), Expected("true or false")),
}


def _wrong_form(form: str) -> Expected | None:
    try:
        form_regex(form)
    except ValueError as error:
        return Expected("the format of a time, as strptime takes it ({cause})", cause=error)
    return None


def _check_pattern(layout: Layout) -> None:
    if layout.pattern.count("%{time}") > 1:
        raise Expected("a pattern with one %{{time}}")
    if re.search(r"\(\?[aiLmsux]+\)", layout.pattern):  # which would count for a part of it only
        raise Expected("a pattern whose flags are in a group: (?i:…)")
    before, after, _rest = Pattern(layout).expressions
    compiled = [examined(expression.encode(), goes_on=goes_on) for expression, goes_on in (before, after)]
    if all(each.match(b"") for each in compiled) and "%{time}" not in layout.pattern:
        raise Expected("a pattern that does not match every line")


def _renamed(layout: Layout, fields: Iterable[Named]) -> Layout:
    pattern = layout.pattern
    for each in fields:
        if each.field in HEAD and each.name != each.field:
            pattern = re.sub(rf"\(\?P<{re.escape(each.name)}>", f"(?P<{each.field}>", pattern)
    return layout._replace(pattern=pattern)


def check_sample(sample: dict[str, Any], layout: Layout, own: Own) -> None:
    """Read one of a layout's samples, as a run would.

    Raises:
        Expected: it becomes something else; names what.
    """
    from functions.pipeline.parser import Parser, ParserOptions

    found = _event(Parser(ParserOptions(), own), sample["line"])
    event = {"layout": layout.name, **sample.get("event", {})}
    differs = {name: found.get(name) for name, value in event.items() if found.get(name) != value}
    if differs:
        raise Expected(
            "that {line!r} becomes what is beside it, but it has {differs}",
            line=sample["line"],
            differs=", ".join(f"{name} = {value!r}" for name, value in differs.items()),
        )


def _event(parser: Any, line: str) -> dict[str, Any]:  # noqa: ANN401 (a Parser: importing it here would be a cycle)
    from orjson import loads

    from functions.pipeline.documents import LOGS
    from functions.pipeline.framing import split_records
    from functions.pipeline.instants import instant
    from functions.pipeline.parser import place

    parsing = parser.open(_MADE)
    made: defaultdict[str, list[Any]] = defaultdict(list)
    for number, record in enumerate(split_records([line.encode()], "sample.log", parsing.reader)):
        parsing.parse(record, instant(_MADE), number, b"sample", made)
        if not number:
            where = place(record)
    if len(made[LOGS]) != 1:
        raise Expected("samples that are one record each: {line!r} becomes {count}", line=line, count=len(made[LOGS]))
    return {"layout": where.partition("/")[2], **loads(made[LOGS][0][2])}
