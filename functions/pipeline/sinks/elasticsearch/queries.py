"""Conditions as Elasticsearch queries, as far as the indexes can answer them.

A query finds all documents for which the condition holds. It may find others, too, where the index does not know enough
(running text is kept as words, raw text is not indexed): then it is not `exact`, and what it finds has to be checked.
"""

from __future__ import annotations

from struct import pack, unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.conditions import AnyOf, Begins, Compare, Glob, number
from functions.pipeline.kinds.misfits import TEXT_FIELD
from functions.pipeline.kinds.templates import columns, field
from functions.pipeline.sql.columns import expected
from functions.pipeline.sql.conditions import found, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from functions.pipeline.conditions import Condition

_RANGES = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_INTEGERS = {"integer": 31, "long": 63}  # bits
_LONGEST = 1024  # characters of a word that is indexed: `ignore_above` of the templates


class Query(NamedTuple):
    """A query, and whether it finds nothing else than what was asked for."""

    body: dict[str, Any]
    exact: bool


ALL, NONE = Query({"match_all": {}}, exact=False), Query({"match_none": {}}, exact=True)


def all_of(kind: str, conditions: Iterable[Condition], types: Mapping[str, set[str]]) -> Query:
    """Write conditions that all hold.

    Args:
        kind: of the documents.
        conditions: what they are chosen by.
        types: the types that each field has in the indexes; see `types_of`.

    Raises:
        ConfigError: there is no such field, or its values are of another type.
    """
    queries = [_condition(kind, each, types) for each in conditions]
    body = {"bool": {"filter": [each.body for each in queries]}}
    return Query(body, all(each.exact for each in queries))


def types_of(mappings: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    """Return the types of all fields, by their dotted names; one field may have several in several indexes."""
    types: dict[str, set[str]] = {}
    for each in mappings:
        for name, one in _leaves(each):
            types.setdefault(name, set()).add(one)
    return types


def _leaves(mapping: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, each in (mapping.get("properties", {}) | mapping.get("fields", {})).items():
        inner = f"{path}.{name}".removeprefix(".")
        yield inner, each.get("type", "object")
        yield from _leaves(each, inner)


def _condition(kind: str, condition: Condition, types: Mapping[str, set[str]]) -> Query:
    match condition:
        case AnyOf(conditions):
            queries = [_condition(kind, each, types) for each in conditions]
            return _any(queries) if queries else NONE
        case Compare():
            return _compare(kind, condition, types)
        case Begins(name, text):
            return _words(kind, name, types, {"prefix": {path_of(kind, name): {"value": text}}})
        case Glob(name, pattern):
            escaped = pattern.replace("\\", "\\\\")
            return _words(kind, name, types, {"wildcard": {path_of(kind, name): {"value": escaped}}})
    return ALL  # of text


def _words(kind: str, name: str, types: Mapping[str, set[str]], query: dict[str, Any]) -> Query:
    return Query(query, exact=True) if type_of(kind, name, types) == "keyword" else ALL


def _any(queries: list[Query]) -> Query:
    return Query({"bool": {"should": [each.body for each in queries]}}, all(each.exact for each in queries))


def path_of(kind: str, name: str) -> str:
    """Give a field's name as the index knows it."""
    return ".".join(filter(None, found(kind, name)))


def type_of(kind: str, name: str, types: Mapping[str, set[str]]) -> str:
    """Return the type of a field in all indexes; "" where they differ, or do not have it."""
    column, path = found(kind, name)
    if path and columns(kind)[column] == "flattened":
        return "flattened"
    known = types.get(path_of(kind, name), set())
    return next(iter(known)) if len(known) == 1 else ""


def _compare(kind: str, condition: Compare, types: Mapping[str, set[str]]) -> Query:
    column, inner = field(kind, condition.field) or found(kind, condition.field)
    sql_type = expected(kind)[column]
    if sql_type not in {"JSON", "VARCHAR"}:
        typed(condition, sql_type)
    if condition.operator == "!=":
        equal = _compare(kind, condition._replace(operator="="), types)
        return Query({"bool": {"must_not": [equal.body]}}, exact=True) if equal.exact else ALL
    path, one = path_of(kind, condition.field), type_of(kind, condition.field, types)
    if one == "date":
        return ALL if condition.operator == "=" else _dates(path, condition)
    if one == "boolean":
        return _truth(path, condition.value, types)
    if one in {"keyword", "flattened"}:
        return _keyword(path, condition, inside=bool(inner))
    if one in {"double", "float", *_INTEGERS}:
        return _number(path, condition, one, types)
    return ALL


def _dates(path: str, condition: Compare) -> Query:
    """Take all of the first millisecond, which is as fine as the index is."""
    name = "gte" if condition.operator in {">", ">="} else "lte"
    return Query({"range": {path: {name: typed(condition, "TIMESTAMP")}}}, exact=False)


def _truth(path: str, value: str, types: Mapping[str, set[str]]) -> Query:
    if value in {"true", "false"}:
        return Query({"term": {path: value}}, exact=True)
    return _text(path, value, types)


def _text(path: str, value: str, types: Mapping[str, set[str]]) -> Query:
    """Find a text among the values that did not fit a field of numbers, or of truths."""
    text = f"{path}.{TEXT_FIELD}"
    return Query({"term": {text: value}}, exact=True) if types.get(text) == {"keyword"} else ALL


def _keyword(path: str, condition: Compare, *, inside: bool) -> Query:
    wanted = number(condition.value)
    if condition.operator != "=":
        if wanted is not None:
            return Query({"exists": {"field": path}}, exact=False)
        return Query({"range": {path: {_RANGES[condition.operator]: condition.value}}}, exact=True)
    if len(condition.value) > _LONGEST:
        return ALL
    spellings = {condition.value} | ({str(wanted), repr(float(wanted))} if inside and wanted is not None else set())
    if inside and wanted is not None and float(wanted).is_integer():
        spellings.add(str(int(wanted)))
    return Query({"terms": {path: sorted(spellings)}}, exact=True)


def _number(path: str, condition: Compare, one: str, types: Mapping[str, set[str]]) -> Query:
    wanted = number(condition.value)
    if wanted is None:
        return _text(path, condition.value, types) if condition.operator == "=" else ALL
    if one in _INTEGERS and abs(wanted) >= 1 << _INTEGERS[one]:
        return ALL  # the server would refuse it
    if one == "float" and not _is_single(wanted):
        return Query({"exists": {"field": path}}, exact=False)
    if condition.operator == "=":
        return Query({"term": {path: wanted}}, exact=True)
    return Query({"range": {path: {_RANGES[condition.operator]: wanted}}}, exact=True)


def _is_single(wanted: float) -> bool:
    """Say whether a number is one of single precision, which is how a `float` is indexed."""
    try:
        return bool(unpack("f", pack("f", wanted))[0] == wanted)
    except OverflowError:
        return False
