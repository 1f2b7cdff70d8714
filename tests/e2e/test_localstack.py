"""The deployed system: from a real Space through LocalStack to a real Elasticsearch, as `make deploy` deploys it.

The functions run as they are packaged for AWS, the infrastructure is what serverless.yml says.
"""

from __future__ import annotations

import gzip
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from functions.local import LogsPipeline
from tests.localstack import Stack, deploy, need_npm, put_parameter, start_localstack
from tests.space import Space, start_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.elasticsearch, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
INDEXES = ("deployed-logs", "deployed-message", "deployed-perfs")
RECEIVES = 5
# A message comes again after 6 x 3 seconds: the poison of this module is dead after a minute and a half, not after two
# and a half.
PARAMS = f"prefixes=raw/,drops/ indexer-timeout=3 max-receives={RECEIVES} ingest-tokens=ssm:/trilog/ingest"
TOKEN = "correct-horse-battery-staple"  # noqa: S105
LINES = (  # of one transaction; each is a document in the log index
    "2025-01-20 10:30:00 - api - INFO - [{0}] API Call - POST /predict - Status: 200 - Time: 15.98ms"
    ' - Input: {{"AGE": 61}} - Result: {{"prediction": 1}}\n'
    '2025-01-20 10:30:00 - api - INFO - {{"performance_metrics": {{"transaction_id": "{0}", "cpu_time_ms": 18.2}}}}\n'
)
ONCE, TWICE = [2, 1, 1], [4, 2, 2]  # documents in each index of a transaction, of two


class Deployed(Stack):
    """The deployed stack, and what it reads from and writes to."""

    def __init__(self, url: str, elasticsearch: httpx.Client, space: Space, sent: int) -> None:
        super().__init__(url)
        self.elasticsearch, self.space, self.sent = elasticsearch, space, sent

    def put(self, key: str, *transactions: str) -> None:
        """Put a log of some transactions."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body="".join(map(LINES.format, transactions)).encode())

    def push(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request to the ingest function's URL, whose name only LocalStack itself knows."""
        host = urlsplit(self.ingest).netloc
        return httpx.post(f"{self.url}/{path}", content=body, headers={**headers, "Host": host}, timeout=30)

    def indexed(self, key: str) -> list[dict[str, Any]]:
        """Return what the indexer said of an object, each time that it indexed it."""
        said = self.said("indexer")
        return [each for each in said if each.get("key") == f"{self.bucket}/{key}" and each["message"] == "indexed"]

    def documents(self, index: str, query: str = "*") -> dict[str, dict[str, Any]]:
        """Return an index's documents by id, as anybody finds them who searches."""
        wanted = {"q": query, "size": 1000, "ignore_unavailable": True}
        found = self.elasticsearch.get(f"/{index}/_search", params=wanted).json()
        # There is an error instead of hits while an index is being made.
        return {hit["_id"]: hit["_source"] for hit in found.get("hits", {"hits": []})["hits"]}

    def counts(self, query: str = "*") -> list[int]:
        """Count the documents in each of the three indexes."""
        return [len(self.documents(index, query)) for index in INDEXES]

    def wait_until(self, condition: Callable[[], Any], what: str, seconds: float = 120) -> Any:
        """Wait for a condition, and return what it came to."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > until:
                said = [*self.said("collector"), *self.said("ingest"), *self.said("indexer")]
                pytest.fail(f"not within {seconds} seconds: {what}. The functions said: {said[-5:]}", pytrace=False)
            time.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def deployed(elasticsearch_url: str) -> Iterator[Deployed]:
    """Deploy to a LocalStack, with a Space that has something to tell."""
    need_npm()
    with start_localstack() as url, start_space() as space, httpx.Client(base_url=elasticsearch_url) as elasticsearch:
        answered = space.predict(12, seed=1).answered
        put_parameter(url, "/trilog/ingest", TOKEN)
        deploy(url, PARAMS, GRADIO_URL=space.url, ELASTICSEARCH_URL=elasticsearch_url, ELASTICSEARCH_INDEX=INDEXES[0])
        yield Deployed(url, elasticsearch, space, answered)


@pytest.fixture(scope="module")
def poison(deployed: Deployed) -> str:
    """Send a batch of messages: one of them names nothing, one an object that is gone; return the former's id."""
    deployed.put("held/first.log", "before-poison")
    deployed.put("held/last.log", "after-poison")
    first, gone, last = (deployed.notification(f"held/{name}") for name in ("first.log", "gone.log", "last.log"))
    bodies = [first, "no notification", gone, last]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sent = deployed.sqs.send_message_batch(QueueUrl=deployed.queue, Entries=entries)
    return next(each["MessageId"] for each in sent["Successful"] if each["Id"] == "1")


@pytest.mark.usefixtures("poison")
def test_a_poison_message_does_not_keep_its_neighbours_from_being_indexed(deployed: Deployed):
    for transaction in ("before-poison", "after-poison"):
        deployed.wait_until(lambda each=transaction: deployed.counts(f'transaction_id:"{each}"') == ONCE, transaction)
    deployed.wait_until(lambda: deployed.documents("deployed-dead-letters"), "the dead letter of what is gone")


def test_the_schedule_fires_the_collector_and_its_drop_becomes_documents_in_all_three_indexes(
    deployed: Deployed, tmp_path: Path
):
    embedded = LogsPipeline({"PIPELINE_DATA": str(tmp_path), "GRADIO_URL": deployed.space.url})
    found = embedded.run_once()["indexes"]
    expected = [found[index]["documents"] for index in ("ml-api-logs", "ml-api-message", "ml-api-perfs")]
    assert expected[0] > expected[1] >= deployed.sent > 0

    collected = deployed.wait_until(
        lambda: [each for each in deployed.said("collector") if each.get("lines")], "collected", 90
    )
    assert sum(each["lines"] for each in collected) == expected[0]
    raw = deployed.s3.list_objects_v2(Bucket=deployed.bucket, Prefix="raw/")["Contents"]
    keys = [each["Key"] for each in raw]
    assert len(keys) == sum(each["batches"] for each in collected)
    said = [deployed.wait_until(lambda key=key: deployed.indexed(key), key)[0] for key in keys]
    written = [{**each["created"], **each["duplicates"]} for each in said]  # a delivery before it may have been cut off
    assert [sum(each.get(index, 0) for each in written) for index in INDEXES] == expected
    assert all(each["conserved"] and not each["dead"] for each in said)
    of_the_space = "NOT transaction_id:*poison"
    deployed.wait_until(lambda: deployed.counts(of_the_space) == expected, "the documents in Elasticsearch")


def test_the_schedule_goes_on_where_it_was_and_what_the_space_logs_later_comes_once(deployed: Deployed):
    deployed.space.log("INFO", "said later")
    functions = deployed.client("lambda")
    for _ in range(2):  # rather than wait another minute, and yet another
        done = functions.invoke(FunctionName="trilog-local-collector", Payload=b"{}")
        assert "FunctionError" not in done, done["Payload"].read()
    found = deployed.wait_until(lambda: deployed.documents(INDEXES[0], 'message:"said later"'), "said later")
    assert len(found) == 1


def test_what_is_sent_to_the_functions_url_is_indexed_once(deployed: Deployed):
    body = gzip.compress("".join(map(LINES.format, ("pushed-1", "pushed-2"))).encode())
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip", "Authorization": f"Bearer {TOKEN}"}
    answers = [deployed.push("logs", body, headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["records"] == 4
    assert deployed.push("logs", body, {**headers, "Authorization": "Bearer another"}).status_code == 401
    deployed.wait_until(lambda: deployed.counts("transaction_id:pushed*") == TWICE, "the documents of what was sent")
    assert len(deployed.indexed(answers[0].json()["key"])) == 1


def test_otlp_in_protobuf_is_indexed_too(deployed: Deployed):
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(severity_number=17)
    record.body.string_value = "sent by OpenTelemetry"
    headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {TOKEN}"}
    answer = deployed.push("v1/logs", request.SerializeToString(), headers)
    assert (answer.status_code, answer.content) == (200, b"")
    query = 'message:"sent by OpenTelemetry"'
    found = deployed.wait_until(lambda: deployed.documents(INDEXES[0], query), "the document of OTLP")
    assert [each["level"] for each in found.values()] == ["ERROR"]


def test_a_file_that_anybody_puts_under_another_prefix_is_indexed_too(deployed: Deployed):
    deployed.put("drops/the API's log, août+1 100%.log", "dropped-1", "dropped-2")
    deployed.wait_until(lambda: deployed.counts("transaction_id:dropped*") == TWICE, "the drop's documents")


def test_the_same_notification_again_changes_nothing(deployed: Deployed):
    key = "drops/again.log"
    deployed.put(key, "again-1", "again-2")
    deployed.wait_until(lambda: deployed.counts("transaction_id:again*") == TWICE, "the drop's documents")
    before = [deployed.documents(index, "transaction_id:again*") for index in INDEXES]

    deployed.sqs.send_message(QueueUrl=deployed.queue, MessageBody=deployed.notification(key))
    first, second = deployed.wait_until(lambda: len(found := deployed.indexed(key)) == 2 and found, "indexed again")
    written = dict(zip(INDEXES, TWICE, strict=True))
    assert (first["created"], first["duplicates"]) == (written, {})
    assert (second["created"], second["duplicates"]) == ({}, written)
    deployed.elasticsearch.post("/deployed-*/_refresh")
    assert [deployed.documents(index, "transaction_id:again*") for index in INDEXES] == before


def test_what_is_put_can_be_found_within_two_seconds(deployed: Deployed, capsys: pytest.CaptureFixture[str]):
    seconds = [latency(deployed, f"drops/latency/{number}.log", f"latency-{number}") for number in range(12)]
    median, slowest = statistics.median(seconds), max(seconds)
    with capsys.disabled():
        print(f"\nfrom put to searchable, {len(seconds)} drops: median {median:.2f} s, slowest {slowest:.2f} s")  # noqa: T201
    assert median < 2


def latency(deployed: Deployed, key: str, transaction: str) -> float:
    """Put a drop; return the seconds until a search finds its documents in all three indexes."""
    begun = time.monotonic()
    deployed.put(key, transaction)
    deployed.wait_until(lambda: deployed.counts(f'transaction_id:"{transaction}"') == ONCE, key)
    return time.monotonic() - begun


def test_a_poison_message_ends_in_the_dead_letter_queue_after_so_many_receives(deployed: Deployed, poison: str):
    def dead() -> list[dict[str, Any]]:
        return deployed.sqs.receive_message(QueueUrl=deployed.dead_letters).get("Messages", [])

    (message,) = deployed.wait_until(dead, "the poison in the dead letter queue", 150)
    assert message["MessageId"] == poison
    assert message["Body"] == "no notification"
    failures = [each for each in deployed.said("indexer") if each.get("message_id") == poison]
    assert len(failures) == RECEIVES
    assert all(each["error"] == "PermanentError" for each in failures)
    assert deployed.waiting(deployed.queue) == 0
