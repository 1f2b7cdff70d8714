"""What conditions find in a real Elasticsearch: what they find in the embedded index."""

from uuid import uuid4

import pytest

from functions.pipeline.conditions import Compare, Condition, Glob
from functions.pipeline.documents import LOGS, as_rows
from functions.pipeline.errors import ConfigError
from functions.pipeline.groups import Grouping
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.elasticsearch.indexes import ElasticsearchIndexes
from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
from functions.pipeline.sinks.elasticsearch.sink import ElasticsearchSink
from tests.filtered import COUNTED, FOUND, TIME, documents

pytestmark = pytest.mark.elasticsearch


@pytest.fixture(scope="module")
def indexes(elasticsearch_url: str) -> ElasticsearchIndexes:
    options, names = ElasticsearchOptions(url=elasticsearch_url), IndexNames(logs=f"c{uuid4().hex[:12]}-logs")
    with ElasticsearchSink(options, names) as sink:
        assert not sink.write(as_rows(documents())).rejected
    return ElasticsearchIndexes(options, names)


@pytest.mark.parametrize(("condition", "ids"), FOUND)
def test_a_condition_finds(indexes: ElasticsearchIndexes, condition: Condition, ids: str):
    assert "".join(each["_id"] for each in indexes.read(LOGS, where=[condition])) == ids
    assert "".join(each["_id"] for each in indexes.read(LOGS, where=[condition], newest=1)) == ids[-1:]


@pytest.mark.parametrize(("grouping", "where", "expected"), COUNTED)
def test_documents_are_counted(indexes: ElasticsearchIndexes, grouping: Grouping, where: tuple, expected: list):
    found = indexes.groups(LOGS, grouping, where=where)
    assert [(each.key, each.documents, each.failed, each.timed, each.p50) for each in found] == expected
    assert all(TIME.format(0) <= each.first <= each.last <= TIME.format(5) for each in found)


@pytest.mark.parametrize("condition", [Compare("x", "=", "1"), Compare("status_code", ">", "y"), Glob("unread", "t*")])
def test_a_condition_that_cannot_be_is_refused(indexes: ElasticsearchIndexes, condition: Condition):
    with pytest.raises(ConfigError):
        list(indexes.read(LOGS, where=[condition]))
