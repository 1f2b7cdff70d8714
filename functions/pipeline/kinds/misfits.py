"""What does not fit its field: put beside it, in `misfit`, so that no sink refuses the document.

Elasticsearch refuses a whole document for an object where a number is expected, or for a member without a name; DuckDB
takes it. So values are compared with the kind's index template before any sink has them. What fits stays where it is,
anything else is in `misfit` by its path, `{"input_data.AGE": "old"}`: a field of type `flattened`, whose values are
found as text.

Only what is inside objects is compared; fields that hold a word or a number have what `values.fit` took. Nothing but
the value decides, never what came before it: a record that is read again gives the same document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.templates import template

if TYPE_CHECKING:
    from collections.abc import Iterable

MISFIT = "misfit"
TEXT_FIELD = "as_text"  # the templates' second field of a feature, in which text is found where numbers are expected

_DEEPEST = 20  # objects and lists in a feature; some hundreds end Elasticsearch's thread, which then never answers
_LONGEST_NAME = 256  # characters
_MOST_NESTED = 1000  # objects in a field of type `nested`, each a document of its own; the index takes 10,000
_REMEMBERED, _LARGEST_SHAPE = 256, 512  # shapes of objects, and the members of one

_GONE: Any = object()
_SCALARS = frozenset((int, float, bool, str, type(None)))
_NUMBERS = frozenset((int, float, type(None)))
_SURE = {"float": _NUMBERS, "double": _NUMBERS, "boolean": frozenset((bool, type(None)))}
"""The types of which every value fits, by the mapping's type; any scalar fits a type that is not here."""
_WHOLE = {"integer": 2**31, "long": 2**63}
_NUMBER = re.compile(r"[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,2})?", re.ASCII)


Check = Callable[[Any, str, dict[str, Any]], Any]
"""Takes a value, its path, and the misfits by their paths, to add to; returns what fits, or _GONE."""


class Misfits:
    """Moves what does not fit the fields of some kinds' documents."""

    def __init__(self, kinds: Iterable[str]) -> None:
        """Take the kinds' names; where several have a field, the first one's template counts."""
        fields: dict[str, _Field] = {}
        for kind in kinds:
            for name, mapping in template(kind)["template"]["mappings"]["properties"].items():
                check = _check(mapping)
                if check and name != MISFIT:
                    fields.setdefault(name, _Field(name, check, _sure_types(mapping), set()))
        self._fields = tuple(fields.values())

    def move(self, document: dict[str, Any]) -> None:
        """Move what does not fit into the document's `misfit`."""
        for field in self._fields:
            name = field.name
            if name in document:
                value = document[name]
                if type(value) is not dict or (tuple(value), tuple(map(type, value.values()))) not in field.known:
                    _move(field, document, value)


class _Field(NamedTuple):
    """A field of documents, and the shapes of the objects that are known to fit it: their names, and their types."""

    name: str
    check: Check
    sure: Callable[[str], frozenset[type]]
    known: set[tuple[tuple[str, ...], tuple[type, ...]]]


def _move(field: _Field, document: dict[str, Any], value: Any) -> None:  # noqa: ANN401 (any JSON value)
    misfits: dict[str, Any] = {}
    fitting = field.check(value, field.name, misfits)
    if misfits:
        document[MISFIT] = flattened(document.get(MISFIT, {}) | misfits)
        if fitting is _GONE:
            del document[field.name]
        else:
            document[field.name] = fitting
    elif type(value) is dict and len(value) <= _LARGEST_SHAPE:
        if all(type(each) in field.sure(name) for name, each in value.items()):
            if len(field.known) >= _REMEMBERED:
                field.known.clear()
            field.known.add((tuple(value), tuple(map(type, value.values()))))


def _sure_types(mapping: dict[str, Any]) -> Callable[[str], frozenset[type]]:
    """Tell of which types any value fits, by the name of an object's member."""
    members = {name: _sure(each) for name, each in mapping.get("properties", {}).items()}
    return lambda name: members.get(name, _SCALARS)


def _sure(mapping: dict[str, Any]) -> frozenset[type]:
    kind = mapping.get("type", "object")
    return frozenset((type(None),)) if kind in _WHOLE or _check(mapping) else _SURE.get(kind, _SCALARS)


def _check(mapping: dict[str, Any]) -> Check | None:
    """Make what checks a field that has something inside; None for a field of any other type."""
    kind = mapping.get("type", "object")
    if kind == "flattened":
        return _flattened
    if kind not in {"object", "nested"}:
        return None
    members = {name: _check(each) or partial(_leaf, each["type"]) for name, each in mapping.get("properties", {}).items()}
    other = _feature if mapping.get("dynamic") else _anything
    check = _Object(members, other, dotted=mapping.get("subobjects") is False).check
    return partial(_nested, check) if kind == "nested" else check


class _Object(NamedTuple):
    """Checks objects by their members: those that the template names, and others; names with dots in them, or none."""

    members: dict[str, Check]
    other: Check
    dotted: bool

    def check(self, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
        """Check an object, or a list of them, in which null stands for what does not fit."""
        if type(value) is not list:
            return self._check_one(value, path, misfits)
        checked = (self._check_one(each, f"{path}.{at}", misfits) for at, each in enumerate(value))
        return [None if each is _GONE else each for each in checked]

    def _check_one(self, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
        if type(value) is not dict:
            return value if value is None else _put(value, path, misfits)
        fitting = {}
        for name, each in value.items():
            check = self.members.get(name, self.other) if _is_name(name, dotted=self.dotted) else _put
            kept = check(each, f"{path}.{name}", misfits)
            if kept is not _GONE:
                fitting[name] = kept
        return fitting


def _nested(check: Check, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    many = type(value) is list and len(value) > _MOST_NESTED
    return _put(value, path, misfits) if many else check(value, path, misfits)


def _flattened(value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    """Take an object, or a list of them, as it is or with text in the place of what is not taken."""
    if type(value) is dict:
        return flattened(value)
    whole = value is None or (type(value) is list and all(type(each) is dict for each in value))
    return ([flattened(each) for each in value] if value else value) if whole else _put(value, path, misfits)


def _feature(value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    """Check a member that the template does not name: of any type, which the first one in the index decides."""
    return value if _is_feature(value, _DEEPEST) else _put(value, path, misfits)


def _is_feature(value: object, deepest: int) -> bool:
    if type(value) is dict:
        return deepest > 0 and all(
            _is_name(name, dotted=True) and _is_feature(each, deepest - 1) for name, each in value.items()
        )
    return type(value) is not list or (deepest > 0 and all(_is_feature(each, deepest - 1) for each in value))


def _anything(value: Any, _path: str, _misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    """Check a member that the template does not name and the index does not look at."""
    return value


def _leaf(kind: str, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    """Check a value, or a list of values, of a type that the template names."""
    return value if _is_leaf(kind, value, _DEEPEST) else _put(value, path, misfits)


def _is_leaf(kind: str, value: Any, deepest: int) -> bool:  # noqa: ANN401
    if type(value) is list:
        return deepest > 0 and all(_is_leaf(kind, each, deepest - 1) for each in value)
    if type(value) in _SURE.get(kind, _SCALARS) and (kind not in _WHOLE or value is None):
        return True
    if kind in _WHOLE or kind in {"float", "double"}:
        return _is_number(value, _WHOLE.get(kind))
    return kind == "boolean" and value in {"true", "false"}


def _is_number(value: object, limit: int | None) -> bool:
    """Say whether a value is a number, or text that is one, within a limit, if there is one."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    number = type(value) is int or type(value) is float
    return number and (limit is None or -limit <= value < limit)


def _is_name(name: str, *, dotted: bool) -> bool:
    """Say whether a member's name is one of a field; where dots stand for objects, it has none."""
    if not name.strip() or len(name) > _LONGEST_NAME:
        return False
    if "." not in name:
        return name != TEXT_FIELD
    parts = name.split(".")
    return dotted and all(map(str.strip, parts)) and parts[-1] != TEXT_FIELD


def _put(value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    misfits[path] = value
    return _GONE
