"""The dead letter queue in SQS: the messages that the indexer gave up on, to look at and to send back."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.config import Options, http_url, setting
from functions.pipeline.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    from functions.pipeline.errors import TrilogError

_TIMEOUT = 10  # seconds for one answer; a receive waits one of them
_HIDDEN = 60  # seconds that a message is out of others' sight while it is looked at
_AT_ONCE = 10  # messages that SQS hands out at a time
_LONGEST_MOVE, _PAUSE = 60.0, 0.5  # seconds that a move is watched for; between two looks at it
_SERVER_ERROR = 500
_FORBIDDEN = 403
_MOVING = {"RUNNING", "CANCELLING"}


class QueueOptions(Options):
    """The queue of messages that the indexer gave up on: the URL that a deployment prints as DeadLetterQueueUrl."""

    url: str | None = setting("PIPELINE_DEAD_LETTER_QUEUE", http_url, None)


class Held(NamedTuple):
    """A message in the queue: its id, how often it was received in all, when it was sent first (ms), and its text."""

    id: str
    received: int
    sent_ms: int
    body: str


class Move(NamedTuple):
    """How far a move of the queue's messages is. `status` is SQS's word; `failure` says why it failed."""

    status: str
    moved: int
    failure: str = ""

    @property
    def going_on(self) -> bool:
        """Say whether SQS still moves messages."""
        return self.status in _MOVING


class DeadLetterQueue:
    """The dead letter queue.

    Raises:
        ConfigError: boto3 is not installed (when made).
        TransientError: SQS does not answer, or refuses for now (any method).
        PermanentError: there is no such queue, or the credentials do not allow it (any method).
    """

    def __init__(self, url: str, region: str | None = None) -> None:
        """Take the queue's URL, and its region where the URL tells none."""
        self._url = url
        self._region = _region(url) or region
        try:
            import boto3  # type: ignore[import-untyped]  # noqa: F401 (to say at once that it is lacking)
        except ModuleNotFoundError as error:
            from functions.pipeline.extras import not_installed

            raise not_installed("boto3") from error

    def peek(self, most: int) -> list[Held]:
        """Look at no more than so many messages, oldest first, and leave them in the queue.

        SQS counts each look as a receive, and hides the messages from others until it has ended.
        """
        with self._client() as client:
            seen: dict[str, tuple[Held, str]] = {}
            try:
                while len(seen) < most and (some := self._receive(client, most - len(seen))):
                    seen.update(some)
            finally:
                self._give_back(client, [handle for _, handle in seen.values()])
        return sorted((message for message, _ in seen.values()), key=lambda message: message.sent_ms)

    def redrive(self) -> Move:
        """Have SQS move all the messages back to the queue that they came from; wait up to a minute for the end."""
        with self._client() as client:
            arn = self._arn(client)
            before = max((_started(each) for each in _moves(client, arn)), default=0)
            client.start_message_move_task(SourceArn=arn)
            until = time.monotonic() + _LONGEST_MOVE
            while (move := _latest(client, arn, before)).going_on and time.monotonic() < until:
                time.sleep(_PAUSE)
            return move

    def _receive(self, client: Any, most: int) -> dict[str, tuple[Held, str]]:  # noqa: ANN401 (boto3 has no types)
        answer = client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, _AT_ONCE),
            VisibilityTimeout=_HIDDEN,
            WaitTimeSeconds=1,  # asks all of SQS's servers
            AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        return {each["MessageId"]: (_held(each), each["ReceiptHandle"]) for each in answer.get("Messages", [])}

    def _give_back(self, client: Any, handles: list[str]) -> None:  # noqa: ANN401 (boto3 has no types)
        """Let others see the messages again; one that is gone in the meantime is no error."""
        for begin in range(0, len(handles), _AT_ONCE):
            some = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles[begin : begin + _AT_ONCE])
            ]
            client.change_message_visibility_batch(QueueUrl=self._url, Entries=some)

    def _arn(self, client: Any) -> str:  # noqa: ANN401 (boto3 has no types)
        found = client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Open a client for the block, and map its errors, once, to ours."""
        import boto3
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

        config = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, retries={"mode": "standard"})
        try:
            client = boto3.Session(region_name=self._region).client("sqs", config=config)
            try:
                yield client
            finally:
                client.close()
        except ClientError as error:
            raise self._refused(error) from error
        except (NoCredentialsError, NoRegionError) as error:
            raise PermanentError(
                "{queue} cannot be asked ({cause}). Set AWS_REGION, and AWS_PROFILE or other credentials",
                queue=self._url,
                cause=error,
            ) from error
        except BotoCoreError as error:
            raise TransientError("{queue} does not answer: {cause}", queue=self._url, cause=error) from error

    def _refused(self, error: ClientError) -> TrilogError:
        said, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        values = {"queue": self._url, "cause": f"{said['Code']}: {said['Message']}"}
        if status >= _SERVER_ERROR or "Throttl" in said["Code"]:
            return TransientError("{queue}: refused for now ({cause}). Run again later", **values)
        if "NonExistentQueue" in said["Code"] or "QueueDoesNotExist" in said["Code"]:
            return PermanentError("{queue}: no such queue. Correct PIPELINE_DEAD_LETTER_QUEUE", **values)
        if status == _FORBIDDEN or "AccessDenied" in said["Code"]:
            return PermanentError("{queue}: access refused ({cause}). Check credentials and rights", **values)
        return PermanentError("{queue}: SQS refuses ({cause})", **values)


def _region(url: str) -> str | None:
    """Find a queue's region in its URL: https://sqs.eu-west-3.amazonaws.com/123456789012/name."""
    found = re.match(r"https?://sqs\.([a-z]+(-[a-z]+)+-\d+)\.", url)
    return found[1] if found else None


def _held(message: dict[str, Any]) -> Held:
    attributes = message["Attributes"]
    received, sent = int(attributes["ApproximateReceiveCount"]), int(attributes["SentTimestamp"])
    return Held(message["MessageId"], received, sent, message["Body"])


def _moves(client: Any, arn: str) -> list[dict[str, Any]]:  # noqa: ANN401 (boto3 has no types)
    found: list[dict[str, Any]] = client.list_message_move_tasks(SourceArn=arn, MaxResults=10).get("Results", [])
    return found


def _started(move: dict[str, Any]) -> int:
    return int(move["StartedTimestamp"])  # milliseconds


def _latest(client: Any, arn: str, before: int) -> Move:  # noqa: ANN401 (boto3 has no types)
    """Ask how far the move is that began after that time: SQS, which moves once at a time, names no move that ended."""
    for each in _moves(client, arn):
        if _started(each) > before:
            moved = each.get("ApproximateNumberOfMessagesMoved", 0)
            return Move(each["Status"], moved, each.get("FailureReason", ""))
    return Move("RUNNING", 0)  # it is not listed yet
