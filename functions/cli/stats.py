"""`trilog stats`: how many documents there are of what, how many failed, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from functions.cli.filters import check_field, chosen, refuse_computed
from functions.cli.groups import print_groups
from functions.cli.show import why_none
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS
from functions.pipeline.groups import Grouping
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.failures import failed
from functions.pipeline.kinds.templates import field
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from functions.cli.filters import Chosen
    from functions.pipeline.groups import Group
    from functions.pipeline.kinds import Kind
    from functions.pipeline.sinks import Indexes

    Part = tuple[str, list[Group]]  # what the groups are by, and the groups

_INDEX, _LEVEL, _PATH, _PREDICTION, _SERVICE = "index", "level", "path", "prediction", "service"
_PERIODS = ("hour", "day")
_FIELDS = {_PATH: "http_path", _PREDICTION: "result.prediction"}
_PLACES = ("data", "labels", "labels.resource", "labels.resource.labels")
_SERVICES = (  # as `functions.pipeline.services` finds them
    "application_name",
    *(f"{place}.{name}" for place in _PLACES for name in ("service", "service.name", "service_name")),
)
_FEW = 5  # groups in a part of the overview
_MOST_LEVELS = 20


def stats(given: Namespace, environment: dict[str, str]) -> int:
    """Print counts, shares of failures and percentiles of durations: of the groups asked for, or an overview."""
    (names,) = load(environment, IndexNames)
    indexes = open_indexes(environment)
    asked, given.index = given.index, given.index or _usual(given.by)
    refuse_computed(given)
    wanted = chosen(given, names)
    parts = _parts(given, wanted, indexes, names) if given.by else _overview(asked, given.index, wanted, indexes, names)
    with indexes.kept_open():
        found = [(by, groups) for by, groups in parts if groups]
    for by, groups in found:
        _print_json(by, groups) if given.json else print_groups(by, groups)
    if not found and not given.json:
        print(why_none(indexes, given.index, names, any_filter=bool(wanted or given.by)))
    return 0


def _usual(by: str | None) -> str:
    """Return the kind that is counted where none is named: predictions, or all records."""
    return next((each.name for each in kinds().values() if by == _PREDICTION and "result" in each.needs), LOGS)


def _parts(given: Namespace, wanted: Chosen, indexes: Indexes, names: IndexNames) -> Iterator[Part]:
    """Yield the groups that were asked for."""
    kind = kinds()[given.index]
    grouping = Grouping(failed(kind), most=given.n)
    if given.by in _PERIODS:
        yield given.by, indexes.groups(kind.name, grouping._replace(period=given.by), **wanted.keywords())
        return
    for name in _fields(given.by, kind, names):
        groups = indexes.groups(kind.name, grouping._replace(by=name), **wanted.keywords())
        if groups:
            yield given.by, groups
            return


def _fields(by: str, kind: Kind, names: IndexNames) -> list[str]:
    """Return the fields that may hold what documents are counted by, the likeliest first."""
    if by == _SERVICE:
        return [name for name in _SERVICES if field(kind.name, name)]
    if by == _LEVEL and kind.level:
        return [kind.level]
    return [check_field(_FIELDS.get(by, by), kind.name, names)]


def _overview(asked: str | None, main: str, wanted: Chosen, indexes: Indexes, names: IndexNames) -> Iterator[Part]:
    """Yield what each index holds, and of one of them the levels, the slowest paths, and the classes predicted."""
    found = []
    for each in kinds().values() if not (asked or wanted.where) else [kinds()[main]]:
        groups = indexes.groups(each.name, Grouping(failed(each)), **wanted.keywords())
        found += [group._replace(key=names.base(each.name)) for group in groups]
    yield _INDEX, found
    kind = kinds()[main]
    grouping = Grouping(failed(kind), most=_FEW)
    if kind.level:
        yield _LEVEL, indexes.groups(main, grouping._replace(by=kind.level, most=_MOST_LEVELS), **wanted.keywords())
    if field(main, _FIELDS[_PATH]):
        slowest = grouping._replace(by=_FIELDS[_PATH], slowest=True)
        yield _PATH, [each for each in indexes.groups(main, slowest, **wanted.keywords()) if each.timed]
    if field(main, _FIELDS[_PREDICTION]):
        yield _PREDICTION, indexes.groups(main, grouping._replace(by=_FIELDS[_PREDICTION]), **wanted.keywords())


def _print_json(by: str, groups: list[Group]) -> None:
    for each in groups:
        print(orjson.dumps({"by": by, "key": each.key, **_figures(each)}).decode())


def _figures(group: Group) -> dict[str, Any]:
    return {
        "documents": group.documents,
        "failed": group.failed,
        "failed_share": round(group.failed / group.documents, 6),
        "first": group.first,
        "last": group.last,
        "timed": group.timed,
        "p50_ms": group.p50,
        "p95_ms": group.p95,
        "p99_ms": group.p99,
    }
