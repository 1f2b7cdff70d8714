"""What does not fit its field: put beside it, in `misfit`, so that no sink refuses the document.

Elasticsearch refuses a whole document for an object where a number is expected, or for a member without a name; DuckDB
takes it. So values are compared with the kind's index template before any sink has them. What fits stays where it is,
anything else is in `misfit` by its path, `{"input_data.AGE": "old"}`: a field of type `flattened`, whose values are
found as text.

Only what is inside objects is compared; fields that hold a word or a number have what `values.fit` took. Nothing but
the value decides, never what came before it: a record that is read again gives the same document.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.expressions import compiled
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.templates import template

if TYPE_CHECKING:
    from collections.abc import Iterable

MISFIT = "misfit"
TEXT_FIELD = "as_text"  # the templates' second field of a feature, in which text is found where numbers are expected

_DEEPEST = 20  # objects and lists in a feature; some hundreds end Elasticsearch's thread, which then never answers
_LONGEST_NAME = 256  # characters
_MOST_NESTED = 1000  # objects in a field of type `nested`, each a document of its own; the index takes 10,000
_REMEMBERED = 4096  # names

_GONE: Any = object()
NUMBERS: frozenset[type] = frozenset((int, float, bool))
SCALARS: frozenset[type] = NUMBERS | {str, type(None)}
_NULL: frozenset[type] = frozenset((type(None),))
_ALWAYS = {  # types of which every value fits, by the mapping's type; any scalar fits types that are not here
    **dict.fromkeys(("integer", "long", "float", "double"), NUMBERS | _NULL),
    "boolean": frozenset((bool,)) | _NULL,
}
_NUMBER = r"(?a:[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,2})?)"

Check = Callable[[Any, str, dict[str, Any]], Any]
"""Takes a value, its path, and the misfits by their paths, to add to; returns what fits, or _GONE."""


class Misfits:
    """Moves what does not fit the fields of some kinds' documents.

    Attributes:
        types: the types of which every value fits, by the field that holds objects, and their members' names.
    """

    def __init__(self, kinds: "Iterable[str]") -> None:
        """Take the kinds' names; where several have a field, the first one's template counts."""
        self._checks: dict[str, Check] = {}
        self.types: dict[str, _Types] = {}
        for kind in kinds:
            for name, mapping in template(kind)["template"]["mappings"]["properties"].items():
                check = _check(mapping)
                if check and name != MISFIT and name not in self._checks:
                    self._checks[name], self.types[name] = check, _Types(mapping)

    def move(self, document: dict[str, Any]) -> None:
        """Move what does not fit into the document's `misfit`."""
        misfits: dict[str, Any] = {}
        for name, check in self._checks.items():
            if name in document:
                fitting = check(document.pop(name), name, misfits)
                if fitting is not _GONE:
                    document[name] = fitting
        if misfits:
            document[MISFIT] = flattened(document.get(MISFIT, {}) | misfits)


class _Types(dict[str, frozenset[type]]):
    """The types of which every value fits, by the names of an object's members; names that are new are looked up."""

    def __init__(self, mapping: dict[str, Any]) -> None:
        super().__init__()
        self._members, self._dotted = mapping.get("properties", {}), _has_dots(mapping)

    def __missing__(self, name: str) -> frozenset[type]:
        if len(self) >= _REMEMBERED:
            self.clear()
        mapping = self._members.get(name, {"type": "keyword"})
        known = not _check(mapping) and _is_name(name, dotted=self._dotted)
        types: frozenset[type] = _ALWAYS.get(mapping["type"], SCALARS) if known else frozenset()
        self[name] = types
        return types


def _check(mapping: dict[str, Any]) -> Check | None:
    """Make what checks a field that has something inside; None for a field of any other type."""
    kind = mapping.get("type", "object")
    if kind == "flattened":
        return _flattened
    if kind not in {"object", "nested"}:
        return None
    members = {
        name: _check(each) or partial(_leaf, each["type"]) for name, each in mapping.get("properties", {}).items()
    }
    check = _Object(members, dynamic=mapping.get("dynamic") is True, dotted=_has_dots(mapping)).check
    return partial(_nested, check) if kind == "nested" else check


class _Object(NamedTuple):
    """Checks objects by their members.

    Attributes:
        members: checks those that the template names.
        dynamic: whether the others are mapped as they come; else the index does not look at them.
        dotted: whether there may be dots in names.
    """

    members: dict[str, Check]
    dynamic: bool
    dotted: bool

    def check(self, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
        """Check an object, or a list of them, in which null stands for what does not fit."""
        seen: dict[str, type] = {}
        if type(value) is not list:
            return self._check_one(value, path, misfits, seen)
        checked = (self._check_one(each, f"{path}.{at}", misfits, seen) for at, each in enumerate(value))
        return [None if each is _GONE else each for each in checked]

    def _check_one(self, value: Any, path: str, misfits: dict[str, Any], seen: dict[str, type]) -> Any:  # noqa: ANN401
        if type(value) is not dict:
            return value if value is None else _put(value, path, misfits)
        fitting = {}
        for name, each in value.items():
            inner, kept = f"{path}.{name}", each
            if not _is_name(name, dotted=self.dotted):
                kept = _put(each, inner, misfits)
            elif name in self.members:
                kept = self.members[name](each, inner, misfits)
            elif self.dynamic and not _is_feature(each, name, seen, _DEEPEST):
                kept = _put(each, inner, misfits)
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


def _is_feature(value: object, name: str, seen: dict[str, type], deepest: int) -> bool:
    """Say whether a value fits a member that the template does not name.

    The index maps it as it comes, and refuses a document in which one field has values of two types before it knows
    the field.
    """
    if type(value) is dict:
        return deepest > 0 and all(
            _is_name(key, dotted=True) and _is_feature(each, f"{name}.{key}", seen, deepest - 1)
            for key, each in value.items()
        )
    if type(value) is list:
        return deepest > 0 and all(_is_feature(each, name, seen, deepest - 1) for each in value)
    mapped = float if type(value) is int else type(value)
    return value is None or seen.setdefault(name, mapped) is mapped


def _leaf(kind: str, value: Any, path: str, misfits: dict[str, Any]) -> Any:  # noqa: ANN401
    """Check a value, or a list of values, of a type that the template names."""
    return value if _is_leaf(kind, value, _DEEPEST) else _put(value, path, misfits)


def _is_leaf(kind: str, value: Any, deepest: int) -> bool:  # noqa: ANN401
    if type(value) is list:
        return deepest > 0 and all(_is_leaf(kind, each, deepest - 1) for each in value)
    if type(value) in _ALWAYS.get(kind, SCALARS):
        return True
    words = ("true", "false") if kind == "boolean" else ()
    return isinstance(value, str) and (value in words if words else compiled(_NUMBER).fullmatch(value) is not None)


def _has_dots(mapping: dict[str, Any]) -> bool:
    """Say whether dots in the names of an object's members are part of the names."""
    return mapping.get("subobjects") is False


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
