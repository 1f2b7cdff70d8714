"""The Kafka source against a real Kafka."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from collections import Counter
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.local import LogsPipeline
from functions.pipeline.batch import batch_time
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.sources.kafka import KafkaTopic
from functions.pipeline.wiring import open_indexes, open_source
from tests.kafka import Kafka, command
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Run

GROUP = "ingestion-consumer-group"


class Reader:
    """A pipeline that reads a topic into a store and a DuckDB of its own."""

    def __init__(self, kafka: Kafka, topic: str, folder: Path, **settings: str) -> None:
        self.kafka, self.topic, self.folder = kafka, topic, folder
        self.group = f"group-{uuid4().hex[:8]}"
        self.place = f"kafka://{kafka.address}/{topic}?group={self.group}"
        usual = {"KAFKA_SESSION_TIMEOUT": "2", "PIPELINE_BATCH_SIZE": "1000"}
        self.environment = {"PIPELINE_DATA": str(folder), **usual, **settings}

    def run(self, limit: int | None = None) -> dict[str, Any]:
        """Read once."""
        return LogsPipeline(self.environment, self.place).run_once(limit)

    def keys(self) -> list[str]:
        """List the batches."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("raw/**/*.log.gz"))

    def lines(self) -> list[bytes]:
        """Read the batches."""
        contents = (gzip.decompress((self.folder / key).read_bytes()) for key in self.keys())
        return [line for content in contents for line in content.splitlines()]

    def documents(self) -> list[dict[str, Any]]:
        """Read the log index."""
        return list(open_indexes(self.environment).read("logs"))

    def committed(self, partition: int = 0) -> int:
        return self.kafka.committed(self.topic, self.group, partition)

    def cursor(self, partition: int = 0) -> dict[str, Any]:
        [path] = self.folder.glob(f"cursors/kafka-{self.topic}-{partition}.json")
        found: dict[str, Any] = json.loads(path.read_text())["position"]
        return found


def numbered(numbers: Iterable[int]) -> list[bytes]:
    return [b'{"message": "m%d"}' % number for number in numbers]


@pytest.fixture
def reader(kafka: Kafka, tmp_path: Path) -> Reader:
    return Reader(kafka, kafka.topic(), tmp_path)


@pytest.fixture
def three(kafka: Kafka, tmp_path: Path) -> Reader:
    return Reader(kafka, kafka.topic(3), tmp_path)


@pytest.fixture
def topic(reader: Reader) -> Iterator[KafkaTopic]:
    opened = KafkaTopic(KafkaOptions(reader.kafka.address, reader.topic, reader.group, session_s=2))
    yield opened
    opened.close()


def test_messages_become_records_once_and_the_group_knows(three: Reader):
    for partition in range(3):
        three.kafka.send(three.topic, numbered(range(partition * 10_000, partition * 10_000 + 2500)), partition)
    counts = three.run()
    assert (counts["collected"], counts["indexed"], counts["gaps"], counts["conserved"]) == (7500, 7500, 0, True)
    assert [three.committed(partition) for partition in range(3)] == [2500] * 3
    assert [three.cursor(partition)["offset"] for partition in range(3)] == [2500] * 3
    assert three.run()["collected"] == 0
    three.kafka.send(three.topic, numbered([99_999]), 1)
    assert three.run()["collected"] == 1
    assert len(three.documents()) == len({each["raw_log"] for each in three.documents()}) == 7501


def test_batches_are_named_by_topic_partition_and_offset(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(2500)), timestamp=1_737_369_000_123)
    reader.run()
    name = rf"raw/kafka-{reader.topic}-0/2025/01/20/103000.123000-(\d{{20}})-[0-9a-f]{{16}}\.log\.gz"
    assert [int(re.fullmatch(name, key)[1]) for key in [*reader.keys()]] == [0, 1000, 2000]
    assert all(map(batch_time, reader.keys()))
    assert reader.lines() == numbered(range(2500))


def test_what_is_read_again_lands_on_the_same_keys(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(3000)))
    reader.run()
    keys, documents = reader.keys(), reader.documents()
    for cursor in reader.folder.glob("cursors/*.json"):
        cursor.unlink()
    assert reader.run()["indexes"]["ml-api-logs"] == {"documents": 0, "duplicates": 3000, "dead_letters": 0}
    assert (reader.keys(), len(reader.documents())) == (keys, len(documents))


def test_the_groups_lag_is_what_is_not_stored(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(1500)))
    reader.run(limit=1100)
    said = command(
        "kafka-consumer-groups", "--bootstrap-server", reader.kafka.address, "--describe", "--group", reader.group
    )
    [row] = [line.split() for line in said.splitlines() if reader.topic in line]
    assert row[2:6] == ["0", "1100", "1500", "400"]  # partition, current offset, end, lag


def test_offsets_are_committed_only_once_the_batch_is_stored(reader: Reader, topic: KafkaTopic):
    reader.kafka.send(reader.topic, numbered(range(30)))
    [partition] = topic.partitions()
    readings = partition.read(None, 10)
    first = next(readings)
    assert reader.committed() == 0
    partition.stored(first.position)
    next(readings)
    time.sleep(0.5)
    assert reader.committed() == 10
    readings.close()
    topic.close()
    assert reader.committed() == 10


def test_the_cursor_is_the_truth_not_the_group(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(10)))
    reader.run()
    address = ("--bootstrap-server", reader.kafka.address, "--group", reader.group, "--topic", reader.topic)
    command("kafka-consumer-groups", *address, "--reset-offsets", "--to-earliest", "--execute")
    assert reader.committed() == 0
    assert reader.run()["collected"] == 0
    assert reader.committed() == 10  # and the group's lag is true again


def test_a_truncated_topic_is_read_on_and_the_gap_is_told(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(100)))
    assert reader.run(limit=50)["collected"] == 50
    reader.kafka.truncate(reader.topic, 80)
    counts = reader.run()
    assert (counts["collected"], counts["gaps"]) == (20, 1)
    assert reader.lines() == numbered([*range(50), *range(80, 100)])
    assert reader.run()["gaps"] == 0


def test_a_topic_that_was_truncated_before_it_was_ever_read_has_no_gap(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(10)))
    reader.kafka.truncate(reader.topic, 4)
    counts = reader.run()
    assert (counts["collected"], counts["gaps"]) == (6, 0)


def test_a_topic_that_is_made_anew_is_read_from_its_start(reader: Reader):
    reader.kafka.send(reader.topic, numbered(range(100)))
    reader.run()
    reader.kafka.delete(reader.topic)
    with pytest.raises(TransientError, match=r"no such topic yet.*KAFKA_TOPIC"):
        reader.run()
    reader.kafka.topic(name=reader.topic)
    reader.kafka.send(reader.topic, numbered(range(1000, 1250)))
    counts = reader.run()
    assert (counts["collected"], counts["gaps"]) == (250, 1)
    assert Counter(reader.lines()) == Counter(numbered([*range(100), *range(1000, 1250)]))
    assert len(reader.documents()) == 350


def test_the_same_messages_in_a_topic_that_is_made_anew_are_others(reader: Reader):
    for _ in range(2):
        reader.kafka.send(reader.topic, numbered(range(100)))
        reader.run()
        reader.kafka.delete(reader.topic)
        reader.kafka.topic(name=reader.topic)
    assert len(reader.documents()) == len(reader.lines()) == 200


def test_a_compacted_topic_and_tombstones(kafka: Kafka, tmp_path: Path):
    compacted = {"cleanup_policy": "compact", "segment_ms": "100", "min_cleanable_dirty_ratio": "0.01"}
    reader = Reader(kafka, kafka.topic(1, "", **compacted, max_compaction_lag_ms="100"), tmp_path)
    for number in range(5):
        kafka.send(reader.topic, numbered([number]), key=b"k")
        time.sleep(0.15)
    kafka.send(reader.topic, [None, b"", b"\n"], key=b"gone")
    counts = reader.run()
    assert set(reader.lines()) <= set(numbered(range(5)))
    assert numbered([4])[0] in reader.lines()
    assert (counts["collected"], counts["gaps"]) == (len(reader.lines()), 0)
    assert reader.committed() == 8  # no lag is left for what is no line
    assert reader.run()["collected"] == 0


def test_a_transaction_that_was_aborted_is_not_read_and_one_that_is_open_is_not_waited_for(reader: Reader):
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": reader.kafka.address, "transactional.id": reader.topic, "log_level": 0})
    producer.init_transactions(30)
    for value, end in ((b"aborted", producer.abort_transaction), (b"kept", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(reader.topic, value)
        producer.flush()
        end()
    producer.begin_transaction()
    producer.produce(reader.topic, b"open")
    producer.flush()
    assert reader.run()["collected"] == 1
    producer.commit_transaction()
    assert reader.run()["collected"] == 1
    assert reader.lines() == [b"kept", b"open"]


POISON = [
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0",
    b"Obj\x01\x04\x14avro.codec\x08null\0",
    b"\0\0\0\0\0\0\xff\xfe",
    bytes(range(256)),
    b"caf\xe9",
]


def test_a_message_that_is_no_text_costs_no_other(reader: Reader):
    good = numbered(range(len(POISON)))
    reader.kafka.send(reader.topic, [each for pair in zip(POISON, good, strict=True) for each in pair])
    counts = reader.run()
    assert (counts["collected"], counts["indexed"], counts["dead_objects"]) == (10, 10, 0)
    assert [each for each in reader.lines() if each in good] == good
    raws = [each["raw_log"] for each in reader.documents()]
    assert r"Obj\x01\x04\x14avro.codec\x08null\x00" in raws
    assert r"caf\xe9" in raws


def test_a_charset_that_is_configured_is_kept(kafka: Kafka, tmp_path: Path):
    reader = Reader(kafka, kafka.topic(), tmp_path, PIPELINE_ENCODING="latin-1")
    kafka.send(reader.topic, [b"INFO:     caf\xe9"])
    reader.run()
    assert [each["message"] for each in reader.documents()] == ["café"]


def test_line_ends_in_a_message_do_not_make_two_of_it(reader: Reader):
    pretty = json.dumps({"message": "two\nlines", "data": {"a": [1, 2]}}, indent=4).encode()
    traceback = b"2025-01-20 10:30:00 - api - ERROR - failed\nTraceback (most recent call last):\n  x\nKeyError: 1\n"
    reader.kafka.send(reader.topic, [pretty, b"\r\n" + pretty + b"\r\n", traceback])
    counts = reader.run()
    assert (counts["collected"], counts["indexed"]) == (3, 3)
    documents = reader.documents()
    assert [each["message"] for each in documents if each["message"].startswith("two")] == ["two\nlines"] * 2
    assert any(each["raw_log"] == traceback.decode().rstrip() for each in documents)


def test_messages_of_1_mb_are_records_like_others_in_bounded_batches(kafka: Kafka, tmp_path: Path):
    reader = Reader(kafka, kafka.topic(1, "", max_message_bytes="2000000"), tmp_path)
    large = [b'{"message": "%d%s"}' % (number, b"x" * 1_000_000) for number in range(30)]
    kafka.send(reader.topic, large)
    counts = reader.run()
    assert (counts["collected"], counts["indexed"]) == (30, 30)
    assert reader.lines() == large
    assert len(reader.keys()) >= 3


def test_what_is_hidden_reaches_neither_batch_cursor_nor_index(kafka: Kafka, tmp_path: Path):
    rules = {"PIPELINE_REDACT_FIELDS": "patient:drop", "PIPELINE_REDACT_PATTERNS": "email:drop"}
    reader = Reader(kafka, kafka.topic(), tmp_path, **rules)
    pretty = json.dumps({"patient": "Quillfeather", "message": "to q.zanzibar@planted.example"}, indent=2).encode()
    poison = b"\0\x01 q.zanzibar@planted.example \xff"
    headers = [("patient", b"Quillfeather"), ("mail", b"q.zanzibar@planted.example")]
    kafka.send(reader.topic, [pretty, poison], key=b"q.zanzibar@planted.example", headers=headers)
    assert reader.run()["collected"] == 2
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    plain = b"".join(gzip.decompress(each) if each.startswith(b"\x1f\x8b") else each for each in kept)
    assert b"Quillfeather" not in plain
    assert b"zanzibar" not in plain
    assert len(reader.documents()) == 2


def test_two_readers_share_the_partitions_and_lose_and_double_nothing(three: Reader):
    """They share a store; one joins while the other reads, and leaves again."""
    environment = {**three.environment, "PIPELINE_BATCH_SIZE": "50", "PIPELINE_STORE": f"file://{three.folder}"}
    settings = [{**environment, "PIPELINE_DATA": f"{three.folder}/{name}"} for name in "ab"]
    pipelines = [LogsPipeline(each, three.place) for each in settings]
    readers = [Thread(target=each.run_continuous, kwargs={"poll_interval": 0.3}, daemon=True) for each in pipelines]
    try:
        for number in range(9):
            for partition in range(3):
                first = number * 600 + partition * 200
                three.kafka.send(three.topic, numbered(range(first, first + 200)), partition)
            if number in {0, 3}:
                readers[number // 3].start()
            if number == 6:
                pipelines[0].stopping.set()
                readers[0].join(30)
        wait_until(lambda: len(three.lines()) >= 5400)
    finally:
        for pipeline, each in zip(pipelines, readers, strict=True):
            pipeline.stopping.set()
            each.join(30)
    assert Counter(three.lines()) == Counter(numbered(range(5400)))
    assert [three.committed(partition) for partition in range(3)] == [1800] * 3
    shares = [sum(1 for _ in open_indexes(each).read("logs")) for each in settings]
    assert sum(shares) == 5400
    assert min(shares) > 0


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_a_partition_that_moves_ends_here(three: Reader):
    """What was fetched and not yielded is left to the other reader."""
    for partition in range(3):
        three.kafka.send(three.topic, numbered(range(100)), partition)
    options = KafkaOptions(three.kafka.address, three.topic, three.group, session_s=2)
    mine, other = KafkaTopic(options), KafkaTopic(options)
    parts = mine.partitions()
    readings = {each.name: each.read(None, 10) for each in parts}
    assert all(len(next(each).lines) == 10 for each in readings.values())
    joining = Thread(target=lambda: taken.extend(other.partitions()))
    taken: list[Any] = []
    joining.start()
    while joining.is_alive():
        mine.rest(0.1)
    assert 0 < len(taken) < 3
    for each in taken:
        assert list(readings[each.name]) == []
    mine.close()
    other.close()


@pytest.mark.slow
def test_a_broker_that_falls_silent_is_named():
    """The topic's identity is asked for again and again while it is read."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        topic = KafkaTopic(KafkaOptions(address, "runs"))
        with pytest.raises(TransientError, match="Cannot reach Kafka"):
            topic.identity()
        topic.close()


def test_a_broker_that_is_away_is_named(tmp_path: Path):
    address = f"kafka://127.0.0.1:{free_port()}/t"
    pipeline = LogsPipeline({"PIPELINE_DATA": str(tmp_path)}, address)
    with pytest.raises(TransientError, match=rf"Cannot reach Kafka. Address: {address} .*KAFKA_BOOTSTRAP_SERVERS"):
        pipeline.run_once()


def test_the_topic_of_another_cluster_is_refused_by_name(reader: Reader):
    reader.kafka.send(reader.topic, numbered([1]))
    reader.run()
    [path] = reader.folder.glob("cursors/kafka-*.json")
    cursor = json.loads(path.read_text())
    cursor["position"] |= {"cluster": "another", "topic": "another"}
    path.write_text(json.dumps(cursor))
    with pytest.raises(PermanentError, match=rf"kafka-{reader.topic}-0: .*another Kafka cluster.*name=NAME"):
        reader.run()
    reader.place += "&name=mine"
    assert reader.run()["collected"] == 1
    assert (reader.folder / "cursors" / "mine-0.json").exists()


@pytest.mark.parametrize("damage", [{"offset": -1}, {"offset": "1"}, {"topic": None}, {"latest": True}])
def test_a_damaged_cursor_is_refused(reader: Reader, damage: dict[str, Any]):
    reader.kafka.send(reader.topic, numbered([1]))
    reader.run()
    [path] = reader.folder.glob("cursors/kafka-*.json")
    cursor = json.loads(path.read_text())
    cursor["position"] |= damage
    path.write_text(json.dumps(cursor))
    with pytest.raises(PermanentError, match="its cursor is damaged"):
        reader.run()


def test_the_command_line_reads_the_topic_that_the_documents_variables_name(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    monkeypatch.chdir(reader.folder)
    monkeypatch.delenv("GRADIO_URL", raising=False)
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": reader.kafka.address,
        "KAFKA_TOPIC": reader.topic,
        "KAFKA_GROUP_ID": reader.group,
    }.items():
        monkeypatch.setenv(name, value)
    reader.kafka.send(reader.topic, numbered(range(3)))
    assert "✓ source: 3 messages held (partitions: 1)" in command_line("check")[1]
    code, out, _error = command_line("--once", "--json")
    assert (code, json.loads(out)["collected"]) == (0, 3)
    assert reader.committed() == 3


def test_other_places_are_read_though_kafka_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api.log").write_text("2025-01-20 10:30:00 - api - INFO - one\n")
    environment = {"PIPELINE_DATA": str(tmp_path / "data")}
    pipeline = LogsPipeline(environment, [f"kafka://127.0.0.1:{free_port()}/t", "api.log"])
    with pytest.raises(TransientError, match="Cannot reach Kafka"):
        pipeline.run_once()
    assert len(list(open_indexes(environment).read("logs"))) == 1


def test_a_scheduled_function_says_that_it_reads_no_topic():
    with pytest.raises(ConfigError, match=r"docs/kafka\.md"):
        open_source({"KAFKA_BOOTSTRAP_SERVERS": "h:1"})


def test_a_sign_in_by_tls_and_sasl(tls_kafka: tuple[str, KafkaOptions]):
    _topic, options = tls_kafka
    assert KafkaTopic(options).check().endswith("(partitions: 1)")
    topic = KafkaTopic(options)
    assert [each.name for each in topic.partitions()] == [f"kafka-{options.topic}-0"]
    topic.close()
    with pytest.raises(PermanentError, match="Kafka refuses the sign-in") as caught:
        KafkaTopic(KafkaOptions(**{**vars(options), "password": "wr0ng-wr0ng"})).check()
    assert "wr0ng-wr0ng" not in str(caught.value)
