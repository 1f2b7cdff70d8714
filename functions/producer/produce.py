"""Produce: send rows to a topic, each once and in order, whatever the broker does meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import TransientError, TrilogError
from functions.pipeline.kafka_clients import library, meaning, settings
from functions.pipeline.redaction import NO_REDACTION
from functions.producer.pace import Pace, fields_of, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.redaction import Redaction

_TURN = 0.1  # seconds that are waited for the broker at once
_SILENCE = 5.0  # seconds without an answer after which the broker counts as away
_LAST = 5.0  # seconds that rows under way have to arrive, once it is interrupted
_REFUSALS_SHOWN = 5


@dataclass
class Sent:
    """What became of the rows: `refused` ones never arrive; the first of them have their reasons in `reasons`."""

    rows: int = 0
    delivered: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)


class Producer:
    """Sends rows, waits for the broker as long as it is away, and says so.

    Args:
        options: the brokers and the topic.
        waiting: called with what is wrong, again and again while the broker is away.
        patience: how many seconds it is waited for at a stretch; None: for ever.
        redaction: hides what must not be sent.

    Raises:
        ConfigError, PermanentError: the configuration cannot work, the broker refuses (any method).
        TransientError: the broker was away for longer than `patience` (any method).
    """

    def __init__(
        self,
        options: KafkaOptions,
        waiting: Callable[[TrilogError], object] = lambda _: None,
        patience: float | None = None,
        redaction: Redaction = NO_REDACTION,
    ) -> None:
        self.sent = Sent()
        self._options, self._redaction = options, redaction
        self._waiting, self._patience = waiting, patience
        self._failure: TrilogError | None = None
        self._heard = self._said = time.monotonic()
        self._client = library().Producer(
            {
                **settings(options),
                "enable.idempotence": True,  # and with it acks=all
                "message.timeout.ms": 0,  # rows wait for the broker
                "linger.ms": 20,
                "compression.type": "lz4",
                "partitioner": "murmur2_random",  # as clients in Java do it: a source stays in its partition
                "error_cb": self._fail,
            }
        )

    def send(self, rows: Iterable[bytes], pace: Pace | None = None) -> Sent:
        """Send rows and wait until each has arrived, or never will.

        Args:
            rows: each becomes a message, keyed by its source.
            pace: says when each is due; None: at once.
        """
        self._find()
        begun = time.monotonic()
        for each in rows:
            row = self._redaction.line(each)
            fields = fields_of(row)
            if pace:
                self._wait_until(begun + pace.due(fields))
            self._hand_over(row, key_of(fields))
            self.sent.rows += 1
        while self._client.flush(_TURN):
            self._check()
        return self.sent

    def interrupt(self) -> None:
        """Give what is under way a moment to arrive."""
        self._client.flush(_LAST)

    def _find(self) -> None:
        """Wait until the brokers answer, and have the topic: those that may create it do so when asked for it."""
        while (error := self._missing()) is not None:
            found = meaning(error, self._options)
            if not isinstance(found, TransientError) or not self._failure:
                self._failure = found
            self._client.poll(_TURN)  # which hears why a broker hangs up
            self._check(overdue=True)
        self._heard, self._failure = time.monotonic(), None

    def _missing(self) -> Any:  # noqa: ANN401 (a KafkaError)
        """Return why the topic is not there; None if it is."""
        try:
            found = self._client.list_topics(self._options.topic, timeout=_TURN * 10)
        except library().KafkaException as error:
            return error.args[0]
        return found.topics[self._options.topic].error

    def _hand_over(self, row: bytes, key: str | None) -> None:
        number = self.sent.rows + 1
        while True:
            try:
                self._client.produce(
                    self._options.topic, row, key, on_delivery=lambda error, _: self._delivered(number, error)
                )
            except BufferError:  # the library holds as much as it may
                self._client.poll(_TURN)
                self._check()
            except library().KafkaException as error:  # it is larger than the library takes
                self._delivered(number, error.args[0])
                return
            else:
                self._client.poll(0)
                return

    def _delivered(self, number: int, error: Any) -> None:  # noqa: ANN401 (a KafkaError)
        self._heard = time.monotonic()
        if error is None:
            self.sent.delivered += 1
            self._failure = None
            return
        self.sent.refused += 1
        if len(self.sent.reasons) < _REFUSALS_SHOWN:
            self.sent.reasons.append(f"{number}: {error.str()}")

    def _wait_until(self, due: float) -> None:
        while (left := due - time.monotonic()) > 0:
            self._client.poll(min(left, _TURN))
            if not len(self._client):
                self._heard = time.monotonic()  # nothing is expected
            self._check()

    def _fail(self, error: Any) -> None:  # noqa: ANN401 (a KafkaError)
        """Note what the client says by itself: mostly that no broker is reached."""
        found = meaning(error, self._options)
        if not isinstance(self._failure, TrilogError) or not isinstance(found, TransientError):
            self._failure = found

    def _check(self, *, overdue: bool = False) -> None:
        """Raise what no waiting cures; say what is waited for, at most every few seconds."""
        failure = self._failure
        if failure and not isinstance(failure, TransientError):
            raise failure
        now = time.monotonic()
        if not overdue and now - self._heard < _SILENCE:
            return
        failure = failure or TransientError(
            "Kafka does not answer. Address: {address}. Check that the broker runs", address=self._options.address
        )
        if self._patience is not None and now - self._heard >= self._patience:
            raise failure
        if now - self._said >= _SILENCE or (overdue and self._said == self._heard):
            self._said = now
            self._waiting(failure)
