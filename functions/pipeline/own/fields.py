"""The user's own names of fields: which names are which field, and how members under these names are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Expected
from functions.pipeline.durations import UNITS
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.fields import Fields
from functions.pipeline.own import Named

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = {"time": "timestamp", "level": "level", "logger": "logger", "message": "message"}
"""What every record has, and the member of a JSON object that is meant the most surely."""

_DURATION = "execution_time_ms"
_LONGEST = 200  # characters of a name


def read_fields(field: str, value: object) -> list[Named]:
    """Read the names of a field: a text, a table with `name` and `unit`, or a list of these.

    Raises:
        Expected: there is no such field, or these are no names.
    """
    known = [*HEAD, *Fields(kinds().values()).fields]
    if field not in known:
        raise Expected("a field that Trilog knows: {fields}", fields=", ".join(known))
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Expected('a name, or several: ["took", "elapsed"]')
    return [_named(field, each) for each in values]


def _named(field: str, value: object) -> Named:
    if isinstance(value, dict) and field == _DURATION:
        if value.keys() - {"name", "unit"} or value.get("unit", "ms") not in tuple(UNITS):
            units = ", ".join(UNITS)
            raise Expected('{{ name = "took", unit = "s" }}, where the unit is one of {units}', units=units)
        return Named(field, _name(value.get("name")), value.get("unit", "ms"))
    return Named(field, _name(value))


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise Expected('a name, or several: ["took", "elapsed"]')
    return value


class Renaming:
    """Finds members under the user's own names.

    Attributes:
        names: these names.
    """

    def __init__(self, fields: Iterable[Named]) -> None:
        fields = tuple(fields)
        self.names = frozenset(each.name for each in fields)
        self._heads = tuple((each.name, HEAD[each.field]) for each in reversed(fields) if each.field in HEAD)
        self._paths = tuple((each.name, each.name.split(".")) for each in fields if "." in each.name)

    def apply(self, sent: dict[str, Any]) -> None:
        """Give an object's time, level, logger and message the names that are looked for first; lift what is nested.

        A member that had such a name itself stays in `raw_log` alone.
        """
        for name, path in self._paths:
            if name not in sent and (value := _taken(sent, path)) is not None:
                sent[name] = value
        for name, usual in self._heads:
            if name != usual and sent.get(name) is not None:
                sent[usual] = sent.pop(name)


def _taken(sent: dict[str, Any], path: list[str]) -> Any:  # noqa: ANN401 (any JSON value)
    """Take a nested member out of an object, and what is empty then; None where it is not there."""
    name, *rest = path
    if not rest:
        return sent.pop(name, None)
    inner = sent.get(name)
    if not isinstance(inner, dict):
        return None
    left = dict(inner)
    value = _taken(left, rest)
    if value is not None:
        sent[name] = left
        if not left:
            del sent[name]
    return value
