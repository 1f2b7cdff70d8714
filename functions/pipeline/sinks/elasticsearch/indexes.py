"""Administers and reads the indexes in Elasticsearch."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import PermanentError
from functions.pipeline.kinds import kinds
from functions.pipeline.sinks.elasticsearch.aggregations import aggregations, answered
from functions.pipeline.sinks.elasticsearch.client import open_client
from functions.pipeline.sinks.elasticsearch.expected import index_differences, index_template, template_differences
from functions.pipeline.sinks.elasticsearch.failures import not_elasticsearch, refused, words
from functions.pipeline.sinks.elasticsearch.queries import all_of, types_of
from functions.pipeline.sql.documents import checked, counted
from functions.pipeline.sql.groups import check

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

    from functions.pipeline.conditions import Condition
    from functions.pipeline.groups import Group, Grouping
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
    from functions.pipeline.sinks.elasticsearch.queries import Query

_OLDEST = (8, 19)
_PAGE = 1000  # documents asked for at a time
_MILLISECOND = len("2025-01-20T10:30:00.123")
_OK = 200
_EXPUNGED = "index.merge.policy.expunge_deletes_allowed"  # percent of a segment's documents
_DATES = {f"{done}_date{unit}" for done in ("created", "modified") for unit in ("", "_millis")}  # the server's own
_FOUND = 10_000  # the most that one search may find
_IDS = _FOUND // 4  # looked for at a time: an id may be in the indexes of several periods


class ElasticsearchIndexes:
    """Administers and reads; see `functions.pipeline.sinks.Indexes`. Each method has a connection of its own."""

    def __init__(self, options: ElasticsearchOptions, names: IndexNames) -> None:
        """Take where Elasticsearch is, and what the indexes are called."""
        self._options = options
        self._names = names

    def check(self) -> str:
        """Say which Elasticsearch answers, and where."""
        with open_client(self._options) as client:
            version = client.info().get("version", {}).get("number", "")
        if not re.match(r"\d+\.\d+", version):
            raise not_elasticsearch(self._options, "it does not tell its version")
        if tuple(map(int, version.split(".")[:2])) < _OLDEST:
            raise PermanentError(
                "Elasticsearch at {host} is {version}, which is too old. Use 8.19 or newer",
                host=self._options.shown,
                version=version,
            )
        return f"Elasticsearch {version} at {self._options.address}"

    def setup(self) -> list[str]:
        """Create the index templates that are missing; return a line for each."""
        with open_client(self._options) as client:
            missing = [kind for kind in kinds() if self._template(client, kind) is None]
            return [line for kind in missing for line in self._create(client, kind)]

    def test(self) -> list[str]:
        """Compare the templates and the indexes with the files; return a line for each difference."""
        with open_client(self._options) as client:
            return [line for kind in kinds() for line in self._test_kind(client, kind)]

    def clear(self) -> dict[str, int]:
        """Delete the indexes, each by its name; the templates stay. Return how many documents each held."""
        with open_client(self._options) as client:
            held = {}
            for name in [name for kind in kinds() for name in self._indexes(client, kind)]:
                client.indices.refresh(index=name)
                held[name] = client.count(index=name)["count"]
                client.indices.delete(index=name)
            return held

    def delete(self, kind: str, ids: Iterable[str]) -> int:
        """Delete documents of one kind by their ids, in whichever period's index they are; return how many there were.

        Those that are there are searched for first: without its index, a document cannot be named.
        """
        wanted, deleted = iter(ids), 0
        with open_client(self._options) as client:
            names = list(self._indexes(client, kind))
            if names:
                client.indices.refresh(index=names)
            while names and (some := list(islice(wanted, _PAGE))):
                deleted += self._delete(client, names, some)
        return deleted

    def expunge(self) -> None:
        """Merge away the deleted documents of all segments, however few of each they are.

        See https://www.elastic.co/docs/reference/elasticsearch/index-settings/merge; snapshots keep what they have.
        """
        with open_client(self._options) as client:
            names = [name for kind in kinds() for name in self._indexes(client, kind)]
            if not names:
                return
            client.indices.put_settings(index=names, settings={_EXPUNGED: 0})
            client.indices.forcemerge(index=names, only_expunge_deletes=True)
            client.indices.put_settings(index=names, settings={_EXPUNGED: None})

    def change_period(self) -> list[str]:
        """Make the index templates those of the period that the names have; return a line for each.

        Raises:
            PermanentError: there are indexes of another period: what they hold would be there twice.
        """
        with open_client(self._options) as client:
            found = [(kind, name) for kind in kinds() for name in self._indexes(client, kind)]
            others = [name for kind, name in found if not self._names.is_of_period(kind, name)]
            if others:
                raise PermanentError(
                    "{index} is not an index by this period ({period}): its documents would be there twice. "
                    "Delete the indexes (the batches stay): trilog clear-indexes",
                    index=others[0],
                    period=self._names.period,
                )
            return [line for kind in kinds() for line in self._replace(client, kind)]

    def missing(self, kind: str, ids: Collection[str]) -> set[str]:
        """Return those of the ids that no index of this kind holds."""
        wanted, missing = iter(ids), set(ids)
        with open_client(self._options) as client:
            names = list(self._indexes(client, kind))
            base = self._names.base(kind)
            client.indices.refresh(index=[base, f"{base}-*"], ignore_unavailable=True)
            while names and (some := list(islice(wanted, _IDS))):
                missing.difference_update(self._there(client, names, some))
        return missing

    def count(self) -> dict[str, int]:
        """Return the number of documents, by kind."""
        with open_client(self._options) as client:
            return {kind: self._count_kind(client, kind) for kind in kinds()}

    def kept_open(self) -> AbstractContextManager[None]:
        """Keep nothing open: a connection costs little."""
        return nullcontext()

    def read(  # noqa: PLR0913 (each is optional, and by name)
        self,
        kind: str,
        *,
        since: str | None = None,
        until: str | None = None,
        matching: Mapping[str, str | bool | None] | None = None,
        where: Sequence[Condition] = (),
        newest: int | None = None,
        fields: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield documents of one kind, oldest first; see `functions.pipeline.sinks.Indexes.read`."""
        with open_client(self._options) as client:
            names = self._indexes(client, kind)
            wanted = all_of(kind, where, types_of(names.values()))
            if not names:
                return
            client.indices.refresh(index=list(names))
            query = _query(since, until, matching or {}, wanted)
            order, needed = "asc" if newest is None else "desc", fields if wanted.exact else None
            with closing(_search(client, list(names), query, order, needed)) as found:
                meeting = found if wanted.exact else checked(found, kind, where)
                yield from meeting if newest is None else reversed(list(islice(meeting, newest)))

    def groups(
        self,
        kind: str,
        grouping: Grouping,
        *,
        since: str | None = None,
        until: str | None = None,
        where: Sequence[Condition] = (),
    ) -> list[Group]:
        """Count documents in groups; see `functions.pipeline.sinks.Indexes`. Percentiles are approximate.

        What the server cannot answer is counted here: that takes as long as reading the documents.
        """
        check(kind, grouping)
        with open_client(self._options) as client:
            names = self._indexes(client, kind)
            types = types_of(names.values())
            wanted, asked = all_of(kind, where, types), aggregations(kind, grouping, types)
            if not names:
                return []
            client.indices.refresh(index=list(names))
            query = _query(since, until, {}, wanted)
            if not wanted.exact or asked is None:
                with closing(_search(client, list(names), query, "asc", None)) as found:
                    return counted(found, kind, where, grouping)
            answer = client.search(index=list(names), query=query, size=0, track_total_hits=True, aggs=asked)
            return answered(answer.body, kind, grouping)

    def _delete(self, client: Elasticsearch, names: list[str], ids: list[str]) -> int:
        from elasticsearch.helpers import scan

        found = scan(client, query={"query": {"ids": {"values": ids}}}, index=names, size=_PAGE, _source=False)
        operations = [{"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in found]
        results = client.bulk(operations=operations, refresh=True)["items"] if operations else []
        for each in results:
            if "error" in each["delete"]:
                raise refused(self._options, each["delete"]["status"], words(each["delete"]["error"]))
        return sum(each["delete"]["status"] == _OK for each in results)

    def _template(self, client: Elasticsearch, kind: str) -> dict[str, Any] | None:
        found = client.options(ignore_status=404).indices.get_index_template(name=self._names.base(kind))
        templates = found.get("index_templates")
        return templates[0]["index_template"] if templates else None

    def _create(self, client: Elasticsearch, kind: str) -> list[str]:
        from elasticsearch import BadRequestError

        name = self._names.base(kind)
        try:
            client.indices.put_index_template(name=name, body=index_template(kind, self._names), create=True)
        except BadRequestError:
            if self._template(client, kind) is None:
                raise
            return []  # another function created it in the meantime
        return [f"index template {name}"]

    def _replace(self, client: Elasticsearch, kind: str) -> list[str]:
        """Give a kind's index template the patterns and the alias of the names' period; the rest stays as it is."""
        there, expected = self._template(client, kind), index_template(kind, self._names)
        if there is None:
            return self._create(client, kind)
        there = {name: value for name, value in there.items() if name not in _DATES}
        inner = {name: value for name, value in there["template"].items() if name != "aliases"}
        inner |= {name: value for name, value in expected["template"].items() if name == "aliases"}
        changed = {**there, "index_patterns": expected["index_patterns"], "template": inner}
        if changed == there:
            return []
        client.indices.put_index_template(name=self._names.base(kind), body=changed)
        return [f"index template {self._names.base(kind)}"]

    def _there(self, client: Elasticsearch, names: list[str], ids: list[str]) -> list[str]:
        """Return those of the ids that the named indexes hold, or raise: a shard that is away must not hide any."""
        header = {"index": names, "allow_partial_search_results": False}  # in the body: a year of days is a long URL
        search = {"query": {"ids": {"values": ids}}, "size": _FOUND, "_source": False}
        (answer,) = client.msearch(searches=[header, search])["responses"]
        if "error" in answer:
            raise refused(self._options, answer["status"], words(answer["error"]))
        return [hit["_id"] for hit in answer["hits"]["hits"]]

    def _indexes(self, client: Elasticsearch, kind: str) -> dict[str, Any]:
        """Return a kind's indexes and their mappings by name: those that we name so, and those that carry its alias."""
        base = self._names.base(kind)
        found = client.indices.get(index=[base, f"{base}-*"], ignore_unavailable=True, features=["aliases", "mappings"])
        ours = re.compile(re.escape(base) + r"(-\d{4}(\.\d\d){0,2})?")
        return {
            name: each["mappings"]
            for name, each in sorted(found.items())
            if ours.fullmatch(name) or base in each["aliases"]
        }

    def _test_kind(self, client: Elasticsearch, kind: str) -> list[str]:
        expected = index_template(kind, self._names)
        lines = template_differences(self._names.base(kind), expected, self._template(client, kind))
        for name, mappings in self._indexes(client, kind).items():
            lines += index_differences(name, expected, mappings)
        return lines

    def _count_kind(self, client: Elasticsearch, kind: str) -> int:
        names = list(self._indexes(client, kind))
        if not names:
            return 0
        client.indices.refresh(index=names)
        count: int = client.count(index=names)["count"]
        return count


def _query(
    since: str | None, until: str | None, matching: Mapping[str, str | bool | None], wanted: Query
) -> dict[str, Any]:
    time = {name: value for name, value in (("gte", since), ("lt", until)) if value is not None}
    conditions: list[dict[str, Any]] = [{"range": {"@timestamp": time}}] if time else []
    for name, value in matching.items():
        conditions.append({"exists": {"field": name}} if value is None else {"term": {name: value}})
    return {"bool": {"filter": [*conditions, wanted.body]}}


def _search(
    client: Elasticsearch, names: list[str], query: dict[str, Any], order: str, fields: Collection[str] | None
) -> Generator[dict[str, Any], None, None]:
    """Yield the documents that a query finds, in the order of their times and sequence; those without come last."""
    from elasticsearch.helpers import scan

    in_a_second = {"order": order, "unmapped_type": "long"}  # dead letters, and indexes made before, have none
    body = {"query": query, "sort": [{"@timestamp": {"order": order}}, {"sequence": in_a_second}]}
    body |= {} if fields is None else {"_source": ["@timestamp", "sequence", *fields]}  # by which they are put in order
    hits = scan(client, query=body, index=names, preserve_order=True, size=_PAGE)
    yield from _by_microsecond(({"_id": hit["_id"], **hit["_source"]} for hit in hits), reverse=order == "desc")


def _by_microsecond(documents: Iterable[dict[str, Any]], *, reverse: bool) -> Iterator[dict[str, Any]]:
    """Put the documents of the same millisecond in order, which is as fine as Elasticsearch sorts a `date`.

    Those of the same time and sequence are parts of one: their ids are in their order.
    """
    for _, same in groupby(documents, key=lambda document: _time(document)[:_MILLISECOND]):
        while some := list(islice(same, _PAGE)):  # so that memory is bounded, however many there are
            yield from sorted(some, key=_place, reverse=reverse)


def _place(document: dict[str, Any]) -> tuple[str, int, str]:
    return _time(document), document.get("sequence", -1), document["_id"]


def _time(document: dict[str, Any]) -> str:
    time: str = document.get("@timestamp", "")
    return time.removesuffix("Z")  # "….123" comes before "….123456"
