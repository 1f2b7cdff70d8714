"""`trilog produce`: the rows of a file, sent to a Kafka topic."""

from __future__ import annotations

import json
import logging
import sys
import time
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.cli.language import told
from functions.pipeline.codecs import decoded
from functions.pipeline.config import load
from functions.pipeline.errors import PermanentError
from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.wiring import configured_encoding, open_redaction
from functions.producer.options import ProducerOptions
from functions.producer.pace import Pace
from functions.producer.produce import Producer
from functions.producer.rows import rows

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from functions.pipeline.errors import TrilogError
    from functions.producer.produce import Sent

_BLOCK = 64 << 10  # bytes of the file that are read at once


def produce(given: Namespace, environment: dict[str, str]) -> int:
    """Send the rows; return 1 when the broker refused some of them."""
    kafka, options = load(environment, KafkaOptions, ProducerOptions)
    if given.topic:
        (kafka,) = load({**environment, "KAFKA_TOPIC": given.topic}, KafkaOptions)
    speed = given.speed or options.speed
    pace = Pace(speed) if given.realtime or given.speed or options.simulates else None
    name = given.file or options.file
    shown = logging.getLevelName(options.level) if options.level != "TRACE" else logging.DEBUG
    talk = _Talk(shown)
    producer, begun = Producer(kafka, talk.waiting, given.wait, open_redaction(environment)), time.monotonic()
    try:
        talk.say(logging.INFO, _("Sending {file} to {address}").format(file=name, address=kafka.address))
        producer.send(rows(decoded(_blocks(name), name, configured_encoding(environment)), name), pace)
    finally:
        if sys.exc_info()[0]:
            producer.interrupt()
        _report(producer.sent, kafka, time.monotonic() - begun, as_json=given.json)
    return 1 if producer.sent.refused else 0


class _Talk:
    """Says on the standard error what is at least as severe as LOG_LEVEL."""

    def __init__(self, least: int) -> None:
        self._least = least

    def say(self, level: int, text: str) -> None:
        if level >= self._least:
            print(text, file=sys.stderr, flush=True)

    def waiting(self, error: TrilogError) -> None:
        self.say(logging.WARNING, " ".join(("⚠", told(error), _("Waiting for it."))))


def _blocks(name: str) -> Iterator[bytes]:
    try:
        with Path(name).open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except OSError as error:
        raise PermanentError(
            "{file} cannot be read: {strerror}. Name another file, or set LOGS_FILE_PATH",
            file=name, strerror=error.strerror,
        ) from error  # fmt: skip


def _report(sent: Sent, kafka: KafkaOptions, seconds: float, *, as_json: bool) -> None:
    if as_json:
        counts: dict[str, Any] = {"rows": sent.rows, "delivered": sent.delivered, "refused": sent.refused}
        print(json.dumps({**counts, "topic": kafka.topic, "servers": kafka.servers, "seconds": round(seconds, 3)}))
        return
    text = _("{rows} rows read, {delivered} delivered to {address} in {seconds:.1f} s")
    print(text.format(rows=sent.rows, delivered=sent.delivered, address=kafka.address, seconds=seconds))
    if sent.refused:
        print("✗", _("rows refused: {refused}").format(refused=sent.refused))
        print("\n".join(f"  {each}" for each in sent.reasons))
