"""Elasticsearch: what it refuses, and what happens on the way to it."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from typing import TYPE_CHECKING
from zlib import crc32

import boto3
import pytest

from tests.fakes import FakeElasticsearch, LambdaContext, failing, refusing, stored
from tests.faults.judge import HEAD
from tests.faults.pipeline import Case, RealElasticsearch, joined
from tests.faults.proxy import Network, half, late, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from tests.fakes import Answer, Sent

STRICT = {"settings": {"index.mapping.ignore_malformed": False}}


def _busy(sent: Sent) -> bool:
    """Say whether a document is one of the 10 % that find the server busy."""
    return crc32(sent[1].encode()) % 10 == 0


def _prediction(case: Case, age: object) -> bytes:
    given = json.dumps({"AGE": age})
    result = json.dumps({"prediction": "YES", "message": case.planted.mark("raw/a.log")})
    return f"{HEAD}[call-1] POST /predict - 200 - 5ms - {given} - {result}".encode()


@pytest.mark.fault("429 on 10 % of the items, passing", "those are sent again", within=20)
def test_items_that_find_the_server_busy_are_sent_again(case: Case, fake: FakeElasticsearch):
    case.plant("raw/a.log", 1000)
    fake.answer_with(*[refusing(_busy, 429, "es_rejected_execution_exception")] * 3)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
    assert fake.bulks[0] == 1000
    assert 0 < fake.bulks[1] < 200


@pytest.mark.fault(
    "results in another order, one too many and one too few", "all are found or asked for again", within=20
)
@pytest.mark.parametrize("change", [reversed, lambda items: [items[0], *items], lambda items: items[1:]])
def test_results_are_matched_with_the_documents_they_are_for(
    case: Case, fake: FakeElasticsearch, change: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]
):
    case.plant("raw/a.log", 1000)
    fake.answer_with(refusing(_busy, 429, "es_rejected_execution_exception", change))
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("429 on 10 % of the items, lasting", "before the deadline, the message is handed back", within=20)
def test_a_message_whose_items_find_the_server_busy_for_long_is_handed_back(case: Case, fake: FakeElasticsearch):
    case.plant("raw/a.log", 1000)
    fake.always_answer_with(refusing(_busy, 429, "es_rejected_execution_exception"))
    handed_back = case.queue.deliver(LambdaContext(3))
    assert handed_back == ["message 1"]
    fake.answer_with()
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.mark.fault("429 on 10 % of the items, for as long as there is time", "handed back after 12 seconds", within=15)
def test_items_that_find_the_server_busy_are_not_waited_for_for_long(case: Case, fake: FakeElasticsearch):
    case.plant("raw/a.log", 1000)
    fake.always_answer_with(refusing(_busy, 429, "es_rejected_execution_exception"))
    handed_back = case.queue.deliver(LambdaContext(300))
    assert handed_back == ["message 1"]
    fake.answer_with()
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


class Limited:
    """Answers 429 to all documents beyond those that a server takes a second; of half a second it has room for."""

    def __init__(self, a_second: float) -> None:
        self._a_second, self._room, self._looked = a_second, a_second / 2, time.monotonic()
        self.begun: float | None = None
        self.taken, self.ended = 0, 0.0

    def __call__(self, request: Any, sent: list[Sent]) -> None:
        now = time.monotonic()
        self._room = min(self._room + (now - self._looked) * self._a_second, self._a_second / 2)
        self._looked, self.begun = now, self.begun or now
        takes = {identity for _, identity, _ in sent[: int(self._room)]}
        self._room -= len(takes)
        self.taken, self.ended = self.taken + len(takes), now
        refusing(lambda each: each[1] not in takes, 429, "es_rejected_execution_exception")(request, sent)

    @property
    def share(self) -> float:
        """What was taken of what could have been, but for the room at the beginning."""
        assert self.begun
        return (self.taken - self._a_second / 2) / ((self.ended - self.begun) * self._a_second)


@pytest.mark.fault(
    "a server that takes 500 documents a second, and has room for half a second's",
    "of what it takes, it is given 80 % and more",
    within=60,
)
def test_a_server_is_given_what_it_takes(case: Case, fake: FakeElasticsearch):
    limited = Limited(500)
    case.plant("raw/a.log", 2000)
    case.plant("raw/b.log", 2000)
    fake.always_answer_with(limited)
    assert case.queue.deliver(LambdaContext(60)) == []
    assert case.judge(handed_back=[]).dead == 0
    assert limited.share >= 0.8


def _first(sent: Sent) -> bool:
    """Say whether a document is that of an object's first record."""
    return sent[1].endswith("-0")


def _failing_at_first(request: Any, sent: list[Sent]) -> None:
    answer = (
        failing(500, {"error": {"type": "null_pointer_exception", "reason": "no"}})
        if any(map(_first, sent))
        else stored
    )
    answer(request, sent)


@pytest.mark.fault(
    "429 by the circuit breaker and 500 for one document, on it or on its whole request, for good",
    "the others are written, it is tried alone, then it is a dead letter, which can be replayed",
    within=120,
)
@pytest.mark.parametrize(
    "answer",
    [
        refusing(_first, 429, "circuit_breaking_exception"),
        refusing(_first, 429, "es_rejected_execution_exception"),
        refusing(_first, 500, "null_pointer_exception"),
        _failing_at_first,
    ],
)
def test_a_document_that_the_server_always_fails_at_holds_nothing_back(
    case: Case, fake: FakeElasticsearch, answer: Answer
):
    case.plant("raw/a.log", 5000)
    fake.always_answer_with(answer)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 1
    [letter] = case.found().dead
    assert (letter["class"], letter["position"]) == ("gives_up", 0)
    assert re.match(r"refused \d+ times, at last alone, while others were taken: ", letter["reason"])


@pytest.mark.fault("429 and 503 on whole requests", "they are sent again", within=40)
@pytest.mark.parametrize("status", [429, 503])
def test_requests_that_find_the_server_busy_are_sent_again(case: Case, fake: FakeElasticsearch, status: int):
    case.plant("raw/a.log", 1000)
    fake.answer_with(*[failing(status, b"<html>later</html>")] * 3)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("a proxy's page instead of an answer, and half an answer", "the requests are sent again", within=20)
@pytest.mark.parametrize("answer", [b"<html><title>Bad gateway</title></html>", b'{"items":[{"index":{"sta'])
def test_requests_that_something_else_answers_are_sent_again(case: Case, fake: FakeElasticsearch, answer: bytes):
    case.plant("raw/a.log", 1000)
    fake.answer_with(*[failing(200, answer)] * 3)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("413 on all but the smallest requests, passing", "requests are whole again within 20", within=20)
def test_requests_that_were_too_large_once_grow_again(case: Case, fake: FakeElasticsearch):
    case.plant("raw/a.log", 10)
    fake.largest = 1000
    assert case.queue.deliver() == []
    assert max(fake.bulks) < 5
    case.plant("raw/b.log", 10_000)
    fake.largest, before = None, len(fake.bulks)
    assert case.queue.deliver() == []
    assert len(fake.bulks) - before <= 20
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault(
    "the API key replaced, while a container goes on", "the secret is read again, at most once a minute", within=20
)
def test_a_key_that_was_replaced_is_read_again(
    case: Case, fake: FakeElasticsearch, aws: str, monkeypatch: pytest.MonkeyPatch
):
    with closing(boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)) as ssm:
        monkeypatch.setenv("ELASTICSEARCH_API_KEY", "ssm:/faults/key")
        for number, key in enumerate(("Zmlyc3Q6a2V5", "c2Vjb25kOmtleQ==")):
            ssm.put_parameter(Name="/faults/key", Value=key, Type="SecureString", Overwrite=True)
            fake.authorization = f"ApiKey {key}"
            case.plant(f"raw/{number}.log", 1000)
            assert case.queue.deliver() == []
    fake.authorization, asked = "ApiKey of-nobody", len(fake.requests)
    case.plant("raw/a.log", 1000)
    case.plant("raw/b.log", 1000)
    handed_back = case.queue.deliver()
    assert handed_back == ["message 3", "message 4"]
    assert len(fake.requests) == asked + 2  # one each: the secret was read less than a minute ago
    fake.authorization = f"ApiKey {key}"
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.mark.fault("429 and 503 on whole requests, lasting", "before the deadline, all is handed back", within=40)
@pytest.mark.parametrize("status", [429, 503])
def test_what_a_busy_server_takes_no_request_for_is_handed_back(case: Case, fake: FakeElasticsearch, status: int):
    case.plant("raw/a.log", 1000)
    case.plant("raw/b.log", 1000)
    fake.always_answer_with(failing(status))
    handed_back = case.queue.deliver(LambdaContext(3))
    assert handed_back == ["message 1", "message 2"]
    fake.answer_with()
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.fixture
def network(elasticsearch: RealElasticsearch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The way to the real Elasticsearch."""
    network = Network(elasticsearch.url)
    monkeypatch.setenv("ELASTICSEARCH_URL", network.url)
    yield network
    network.target.close()


@pytest.mark.fault(
    "connections dropped, and broken off in the middle of an answer, after the server did what was asked",
    "the requests are sent again; ids keep the documents from being doubled",
    within=40,
)
@pytest.mark.parametrize("fault", [lost, half])
def test_what_was_written_without_an_answer_is_written_again_under_the_same_ids(case: Case, network: Network, fault):
    case.plant("raw/a.log", 1000)
    network.faults = [fault] * 2
    with network.working():
        assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
    assert network.faults == []


@pytest.mark.fault("connections refused", "all is handed back before the deadline", within=20)
def test_without_a_server_all_is_handed_back(case: Case, network: Network):
    case.plant("raw/a.log", 1000)
    handed_back = case.queue.deliver(LambdaContext(3))
    assert handed_back == ["message 1"]
    with network.working():
        assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.mark.fault("a slow server", "it is waited for until the deadline, then the message is handed back", within=30)
def test_a_slow_server_is_waited_for_until_the_deadline(case: Case, network: Network):
    case.plant("raw/a.log", 1000)
    case.plant("raw/b.log", 1000)
    network.faults = [late(1), late(15)]
    with network.working():
        handed_back = case.queue.deliver(LambdaContext(12))
        assert handed_back == ["message 2"]
        assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.mark.fault("400 on 1 % of the items", "those are dead letters with the reason", within=20)
def test_what_the_server_will_never_take_is_a_dead_letter(case: Case, elasticsearch: RealElasticsearch):
    number = {"properties": {"transaction_id": {"type": "long"}}}
    elasticsearch.ask("PUT", "logs", {**STRICT, "mappings": number})
    lines = [
        case.planted.line("raw/a.log", before=f"[{place}] " if place % 100 else "[odd-1] ") for place in range(1000)
    ]
    case.put("raw/a.log", joined(lines))
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 10
    assert {each["class"] for each in case.found().dead} == {"mapping"}
    assert len(case.found().records) == 990


@pytest.mark.fault("a mapping conflict", "the log index keeps the raw text, a dead letter what was refused", within=20)
def test_a_record_that_does_not_fit_the_mapping_is_kept_as_text(case: Case, elasticsearch: RealElasticsearch):
    age = {"properties": {"input_data": {"properties": {"AGE": {"type": "byte"}}}}}
    for kind in ("logs", "message"):
        elasticsearch.ask("PUT", kind, {**STRICT, "mappings": age})
    lines = [_prediction(case, 61 if place % 100 else 1000) for place in range(1000)]
    case.put("raw/a.log", joined(lines))
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 10
    assert {each["target"] for each in case.found().dead} == {"message"}
    assert len(case.found().records) == 1000
    assert len(elasticsearch.documents("message")) == 990


@pytest.mark.fault("documents over the server's limit", "a dead letter names the record", within=20)
def test_a_document_that_is_too_large_for_the_server_is_a_dead_letter(case: Case, fake: FakeElasticsearch):
    case.plant("raw/a.log", 500)
    case.plant("raw/large.log", 1, "x" * 200_000)
    case.plant("raw/b.log", 500)
    fake.largest = 100_000
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 1
    assert case.found().dead[0]["class"] == "too large"


@pytest.mark.fault("the dead-letter index refuses", "the message is handed back until it takes them", within=20)
def test_what_can_be_no_dead_letter_is_handed_back(case: Case, elasticsearch: RealElasticsearch):
    elasticsearch.ask("PUT", "logs", {**STRICT, "mappings": {"properties": {"message": {"type": "long"}}}})
    elasticsearch.ask("PUT", "dead-letters", {"settings": {"index.blocks.write": True}})
    case.plant("raw/a.log", 10)
    handed_back = case.queue.deliver()
    assert handed_back == ["message 1"]
    elasticsearch.ask("PUT", "dead-letters/_settings", {"index.blocks.write": False})
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 10
