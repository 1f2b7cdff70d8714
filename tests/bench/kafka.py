"""How fast a topic is read: `python -m tests.bench.kafka [--messages 300000] [--partitions 3]`.

A real Kafka holds the messages; what is timed is the whole way from the topic to batches in a store on disk, with the
cursors and the commits. It prints a line of JSON, and fails below LEAST.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.collector.collect import Collection, CollectorOptions
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_topic
from tests.kafka import start_kafka

LEAST = 30_000  # messages/s
_RUN = (
    '{"No_Sequence": "2025-09-05-16-45", "Entreprise": "akonovia", "Zone": "1-Raw", "Source": "zohobooks", '
    '"Objet_Id": %d, "Objet": "invoices", "Transformation": "Zoho_API_get_data", "Etat": "SUCCESS", '
    '"Debut": "05-09-2025 16:45:26.191702", "Fin": "05-09-2025 16:45:27.089917", "Duree secondes": 0.898215, '
    '"Description": "Tout roule, pas de stress!", "cpu_time (sec)": "0.09", "memory_used (bytes)": 5517312}'
)


def main() -> int:
    """Measure; return 1 if it is too slow."""
    parser = argparse.ArgumentParser(prog="kafka", description="How fast a Kafka topic is read into a store.")
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument("--batch", type=int, default=1000, help="messages in a batch (PIPELINE_BATCH_SIZE)")
    given = parser.parse_args()
    with start_kafka() as kafka, TemporaryDirectory(prefix="trilog-bench-") as folder:
        topic, each = kafka.topic(given.partitions), given.messages // given.partitions
        for partition in range(given.partitions):
            kafka.send(topic, (_RUN.encode() % number for number in range(each)), partition)
        seconds, batches, read = measure(f"kafka://{kafka.address}/{topic}", Path(folder), given.batch)
    rate = round(read / seconds)
    found = {"messages": read, "bytes": len(_RUN), "batches": batches, "seconds": round(seconds, 2), "per_second": rate}
    print(json.dumps({**found, "least": LEAST, "cores": os.cpu_count()}))  # noqa: T201 (its answer)
    return int(rate < LEAST or read != each * given.partitions)


def measure(place: str, folder: Path, batch: int) -> tuple[float, int, int]:
    """Read a topic; return the seconds that it took, and how many batches and messages there were.

    Time counts from the moment at which the group has given out its partitions: a new cluster takes seconds for that.
    """
    store, topic, batches, read = Store(f"file://{folder}"), open_topic({}, place), 0, 0
    assert topic
    partitions = topic.partitions()
    first = next(partitions)
    begun = time.perf_counter()
    for partition in chain([first], partitions):
        collection = Collection(partition, store, CollectorOptions(batch), stored=partition.stored)
        batches += sum(1 for _ in collection.batches())
        read += collection.lines
    seconds = time.perf_counter() - begun
    topic.close()
    return seconds, batches, read


if __name__ == "__main__":
    sys.exit(main())
