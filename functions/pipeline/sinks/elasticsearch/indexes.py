"""Administers and reads the indexes in Elasticsearch."""

from __future__ import annotations

import re
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.pipeline.documents import KINDS
from functions.pipeline.errors import PermanentError
from functions.pipeline.sinks.elasticsearch.client import open_client
from functions.pipeline.sinks.elasticsearch.expected import index_differences, index_template, template_differences
from functions.pipeline.sinks.elasticsearch.failures import not_elasticsearch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from elasticsearch import Elasticsearch

    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

_OLDEST = (8, 19)
_PAGE = 1000  # documents asked for at a time


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
            missing = [kind for kind in KINDS if self._template(client, kind) is None]
            return [line for kind in missing for line in self._create(client, kind)]

    def test(self) -> list[str]:
        """Compare the templates and the indexes with the files; return a line for each difference."""
        with open_client(self._options) as client:
            return [line for kind in KINDS for line in self._test_kind(client, kind)]

    def clear(self) -> dict[str, int]:
        """Delete the indexes, each by its name; the templates stay. Return how many documents each held."""
        with open_client(self._options) as client:
            held = {}
            for name in [name for kind in KINDS for name in self._indexes(client, kind)]:
                client.indices.refresh(index=name)
                held[name] = client.count(index=name)["count"]
                client.indices.delete(index=name)
            return held

    def count(self) -> dict[str, int]:
        """Return the number of documents, by kind."""
        with open_client(self._options) as client:
            return {kind: self._count_kind(client, kind) for kind in KINDS}

    def read(
        self,
        kind: str,
        *,
        since: str | None = None,
        until: str | None = None,
        transaction_id: str | None = None,
        newest: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield documents of one kind, oldest first; see `functions.pipeline.sinks.Indexes.read`."""
        query = _query(since, until, transaction_id)
        with open_client(self._options) as client:
            names = list(self._indexes(client, kind))
            if not names:
                return
            client.indices.refresh(index=names)
            if newest is None:
                yield from _search(client, names, query, "asc")
            else:
                with closing(_search(client, names, query, "desc")) as found:
                    yield from reversed(list(islice(found, newest)))

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


def _query(since: str | None, until: str | None, transaction_id: str | None) -> dict[str, Any]:
    time = {name: value for name, value in (("gte", since), ("lt", until)) if value is not None}
    conditions: list[dict[str, Any]] = [{"range": {"@timestamp": time}}] if time else []
    if transaction_id is not None:
        conditions.append({"term": {"transaction_id": transaction_id}})
    return {"bool": {"filter": conditions}}


def _search(
    client: Elasticsearch, names: list[str], query: dict[str, Any], order: str
) -> Generator[dict[str, Any], None, None]:
    """Yield the documents that a query finds, in the order of their times and sequence; those without come last."""
    from elasticsearch.helpers import scan

    in_a_second = {"order": order, "unmapped_type": "long"}  # dead letters, and indexes made before, have none
    body = {"query": query, "sort": [{"@timestamp": {"order": order}}, {"sequence": in_a_second}]}
    for hit in scan(client, query=body, index=names, preserve_order=True, size=_PAGE):
        yield {"_id": hit["_id"], **hit["_source"]}
