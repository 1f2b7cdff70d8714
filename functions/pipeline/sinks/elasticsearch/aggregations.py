"""Groups of documents as Elasticsearch's aggregations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.groups import SHARES, Group
from functions.pipeline.kinds import kinds
from functions.pipeline.sinks.elasticsearch.queries import all_of, path_of, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.groups import Grouping

_COUNTED = {"keyword", "flattened", "double", "float", "integer", "long", "boolean"}
_PERCENTS = [100 * share for share in SHARES]
_DIGITS = 7  # of a number of single precision


def aggregations(kind: str, grouping: Grouping, types: Mapping[str, set[str]]) -> dict[str, Any] | None:
    """Write the groups as aggregations; None where the indexes cannot count them so."""
    failed = all_of(kind, [grouping.failed], types)
    inner = {
        "failed": {"filter": failed.body},
        "first": {"min": {"field": "@timestamp"}},
        "last": {"max": {"field": "@timestamp"}},
    }
    duration = kinds()[kind].duration
    if duration:
        inner |= {
            "timed": {"value_count": {"field": duration[0]}},
            "took": {"percentiles": {"field": duration[0], "percents": _PERCENTS}},
        }
    if not failed.exact:
        return None
    if grouping.period:
        every = {"field": "@timestamp", "calendar_interval": grouping.period, "min_doc_count": 1}
        return {"groups": {"date_histogram": every, "aggs": inner}}
    if grouping.by is None:
        return inner
    if type_of(kind, grouping.by, types) not in _COUNTED:
        return None
    order = {"took.95": "desc"} if grouping.slowest and duration else {"_count": "desc"}
    terms = {"field": path_of(kind, grouping.by), "size": grouping.most, "order": [order, {"_key": "asc"}]}
    return {"groups": {"terms": terms, "aggs": inner}}


def answered(answer: dict[str, Any], kind: str, grouping: Grouping) -> list[Group]:
    """Read the groups out of the answer to a search."""
    found = answer["aggregations"]
    if grouping.by is None and grouping.period is None:
        documents = answer["hits"]["total"]["value"]
        return [_group(found, "", documents, kind)] if documents else []
    made = [_group(each, _key(each), each["doc_count"], kind) for each in found["groups"]["buckets"]]
    return made[-grouping.most :] if grouping.period else made


def _key(bucket: dict[str, Any]) -> str:
    key = bucket.get("key_as_string", bucket["key"])
    return f"{key:.{_DIGITS}g}" if isinstance(key, float) else str(key)


def _group(found: dict[str, Any], key: str, documents: int, kind: str) -> Group:
    duration = kinds()[kind].duration
    unit = duration[1] if duration else 1
    took = found.get("took", {}).get("values", {})
    p50, p95, p99 = (None if took.get(str(each)) is None else took[str(each)] * unit for each in _PERCENTS)
    first, last = (found[name].get("value_as_string") for name in ("first", "last"))
    timed = found.get("timed", {}).get("value", 0)
    return Group(key, documents, found["failed"]["doc_count"], first, last, timed, p50, p95, p99)
