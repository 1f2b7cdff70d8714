"""The dead letter queue by the command line: looked at in a local AWS, and sent back in LocalStack."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.localstack import start_localstack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]

EVENTS = Path(__file__).parents[1] / "events"
NEWS = json.dumps(json.loads((EVENTS / "s3.json").read_text()))
KEY = "batches/raw/api logs/2025-01-20.log"


@pytest.fixture(scope="module")
def localstack() -> Iterator[str]:
    with start_localstack() as url:
        yield url


@pytest.fixture
def trilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run) -> Run:
    """Run a command line in a folder of its own; give its exit code, what it printed, and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    for name in ("AWS_DEFAULT_REGION", "PIPELINE_DEAD_LETTER_QUEUE", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    return partial(command_line, "queue-dead-letters")


class Queues:
    """A queue, and the queue of its dead letters, which the configuration names."""

    def __init__(self, url: str, name: str, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("AWS_ENDPOINT_URL", url)
        self.sqs: Any = boto3.client("sqs", endpoint_url=url, region_name="us-east-1")
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})}
        self.live = self.sqs.create_queue(QueueName=name, Attributes={**policy, "VisibilityTimeout": "0"})["QueueUrl"]
        environment.setenv("PIPELINE_DEAD_LETTER_QUEUE", self.dead)

    def give_up(self, *bodies: str) -> None:
        """Send messages, and let each be received until it is dead."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.live, MessageBody=body)
            while self.sqs.receive_message(QueueUrl=self.live, VisibilityTimeout=0).get("Messages"):
                pass

    def waiting(self, url: str) -> list[str]:
        """Return the texts of the messages that anybody could take now."""
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(each["Body"] for each in found.get("Messages", []))


@pytest.fixture
def queues(moto_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Queues]:
    made = Queues(moto_url, f"q{abs(hash(request.node.name))}", monkeypatch)
    yield made
    made.sqs.close()


def test_a_message_is_listed_with_its_objects_and_stays(trilog: Run, queues: Queues):
    queues.give_up(NEWS, "poison", (EVENTS / "s3-test-event.json").read_text())
    for _ in range(2):
        code, out, _ = trilog("list")
        lines = out.splitlines()
        assert (code, len(lines)) == (0, 6)
        assert ", sent 20" in lines[0]
        assert lines[1] == f"  {KEY}"
        assert lines[3].startswith("  Not an event that names dropped objects: ")
        assert lines[5] == "  about no object"
    assert len(queues.waiting(queues.dead)) == 3


def test_the_list_as_json_has_all_of_a_message(trilog: Run, queues: Queues):
    queues.give_up(NEWS)
    first, second = (json.loads(trilog("list", "--json")[1]) for _ in range(2))
    assert (first["objects"], first["body"], first["error"]) == ([KEY], NEWS, None)
    assert second == {**first, "received": first["received"] + 1}


def test_more_messages_than_sqs_hands_out_at_once_are_listed_each_once(trilog: Run, queues: Queues):
    for number in range(25):
        queues.sqs.send_message(QueueUrl=queues.dead, MessageBody=str(number))
    bodies = [json.loads(line)["body"] for line in trilog("list", "--json", "-n", "100")[1].splitlines()]
    assert sorted(bodies, key=int) == [str(number) for number in range(25)]
    assert len(trilog("list", "--json", "-n", "12")[1].splitlines()) == 12


def test_an_empty_queue_is_told(trilog: Run, queues: Queues):
    assert queues.waiting(queues.dead) == []
    assert trilog("list") == (0, "no messages in the dead letter queue\n", "")
    assert trilog("list", "--json") == (0, "", "")


def test_without_a_queue_the_variable_is_named(trilog: Run):
    code, _, said = trilog("list")
    assert (code, "Set PIPELINE_DEAD_LETTER_QUEUE" in said) == (2, True)


def test_a_queue_that_is_not_there_is_named(trilog: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_DEAD_LETTER_QUEUE", f"{queues.dead}-none")
    code, _, said = trilog("list")
    assert (code, f"{queues.dead}-none: no such queue. Correct" in said) == (4, True)


def test_a_service_that_does_not_answer_is_tried_later(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("PIPELINE_DEAD_LETTER_QUEUE", "http://127.0.0.1:9/1/dead")
    code, _, said = trilog("list")
    assert (code, "does not answer" in said) == (3, True)


def test_without_credentials_the_remedy_is_named(trilog: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch):
    assert queues.dead
    for name, value in (
        ("SHARED_CREDENTIALS_FILE", "none"),
        ("CONFIG_FILE", "none"),
        ("EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    code, _, said = trilog("list")
    assert (code, "AWS_PROFILE or other credentials" in said) == (4, True)


def test_a_region_is_that_of_the_queues_url(trilog: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_REGION")
    code, _, said = trilog("list")
    assert (code, "Set AWS_REGION" in said) == (4, True)
    path = queues.dead.removeprefix("http://").partition("/")[2]
    monkeypatch.setenv("PIPELINE_DEAD_LETTER_QUEUE", f"https://sqs.us-east-1.amazonaws.com/{path}")
    assert trilog("list")[0] == 0


def test_without_boto3_the_remedy_is_named(trilog: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch):
    assert queues.dead
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert trilog("list") == (2, "", "✗ boto3 not installed. Run: pip install 'trilog[aws]'\n")


@pytest.fixture
def served(localstack: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Queues]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = Queues(localstack, f"q{abs(hash(request.node.name))}", monkeypatch)
    yield made
    made.sqs.close()


@pytest.mark.timeout(300)  # the first one may have to install LocalStack
def test_a_redrive_moves_all_the_messages_back(trilog: Run, served: Queues):
    served.give_up("one", "two", "three")
    assert trilog("redrive") == (0, "3 messages moved back: the indexer takes them again\n", "")
    assert trilog("list") == (0, "no messages in the dead letter queue\n", "")
    served.give_up("four")  # and whatever the first receive above made dead
    code, out, _ = trilog("redrive")
    assert (code, out) == (0, "4 messages moved back: the indexer takes them again\n")
    assert served.waiting(served.live) == ["four", "one", "three", "two"]


@pytest.mark.timeout(300)
def test_a_redrive_of_nothing_moves_nothing(trilog: Run, served: Queues):
    assert served.waiting(served.dead) == []
    assert trilog("redrive") == (0, "0 messages moved back: the indexer takes them again\n", "")


@pytest.mark.timeout(300)
def test_a_queue_that_takes_no_dead_letters_cannot_be_redriven(
    trilog: Run, served: Queues, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIPELINE_DEAD_LETTER_QUEUE", served.live)
    code, _, said = trilog("redrive")
    assert (code, "must be configured as a Dead Letter Queue" in said) == (4, True)
