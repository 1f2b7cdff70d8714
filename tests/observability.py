"""The chain of ingestion runs, through Kafka into the index, the metrics and Loki: programs to kill, and counts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Self

import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

from examples.ingestion.rows import START, rows
from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.wiring import open_indexes
from functions.producer.produce import Producer
from tests.loki import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tests.kafka import Kafka
    from tests.loki import Loki
    from tests.prometheus import Prometheus

ROOT = Path(__file__).parents[1]
Counts = Counter[tuple[str, str]]
"""How many runs there are, by source and state."""

_NAMES = {"zohoprojects": "Zoho", "zohobooks": "Zoho", "sharepoint_graph": "SharePoint"}


class Program:
    """A command of `trilog` that goes on without end. A context manager: it is stopped at the end."""

    def __init__(self, folder: Path, settings: dict[str, str], *arguments: str) -> None:
        self._command = [sys.executable, "-m", "functions", *arguments]
        self._folder, self._settings = folder, {**os.environ, "PYTHONPATH": str(ROOT), **settings}
        self._log = folder / f"{arguments[0].strip('-')}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._settings, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """Kill it with SIGKILL; it must have been alive until then."""
        assert self._process.poll() is None, self.said()
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(60) == 0, self.said()

    def said(self) -> str:
        return self._log.read_text()[-4000:]


def planted(runs: int, failed: int, start: datetime = START) -> list[bytes]:
    """Return rows of runs as a producer sends them."""
    return [orjson.dumps(each) for each in rows(runs, failed, start=start)]


def counts(messages: list[bytes]) -> Counts:
    """Count the runs that messages have."""
    sent = map(orjson.loads, messages)
    return Counter((_NAMES.get(each["Source"], each["Source"]), each["Etat"]) for each in sent)


def sending(kafka: Kafka, topic: str, messages: list[bytes], seconds: float = 0) -> Thread:
    """Send messages while others read, over so many seconds, by the producer that survives its broker."""

    def paced() -> Iterator[bytes]:
        portion = len(messages) // 50
        for number, message in enumerate(messages):
            if not number % portion:
                time.sleep(seconds / 50)
            yield message

    thread = Thread(target=Producer(KafkaOptions(kafka.address, topic)).send, args=(paced(),), daemon=True)
    thread.start()
    return thread


def indexed(settings: dict[str, str]) -> Counts:
    """Count the runs in the index."""
    documents = open_indexes(settings).read("ingestion_run")
    return Counter((each["source"]["name"], each["etat"]) for each in documents)


def exposed(address: str) -> Counts:
    """Count the runs in what an exporter exposes; none while it does not answer."""
    try:
        text = httpx.get(f"{address}/metrics").text
    except httpx.TransportError:
        return Counter()
    return told(text)


def told(text: str) -> Counts:
    """Count the runs that metrics tell of."""
    found: Counts = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "ingestion_runs_total":
                found[sample.labels["source"], sample.labels["etat"]] += int(sample.value)
    return found


def scraped(prometheus: Prometheus) -> Counts:
    """Count the runs that Prometheus knows of."""
    series = prometheus.query("sum by (source, etat) (ingestion_runs_total)")
    return Counter({(each["metric"]["source"], each["metric"]["etat"]): int(each["value"][1]) for each in series})


def shipped(loki: Loki, *times: str) -> Counts:
    """Count the runs that Loki has, each once; between two times, or when the example's are."""
    entries = {each["id"]: (each["source"], each["etat"]) for each in loki.lines(RUNS, *times)}
    return Counter(entries.values())


def eventually(count: Callable[[], Counts], expected: Counts, seconds: float = 60) -> None:
    """Count until the counts are as expected, which they must be after so many seconds."""
    ends = time.monotonic() + seconds
    while (found := count()) != expected:
        assert time.monotonic() < ends, found
        time.sleep(0.2)
