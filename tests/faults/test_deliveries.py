"""Deliveries: what the queue sends, and what the objects are that it names."""

from __future__ import annotations

import gzip
import json
import random
import time
from typing import TYPE_CHECKING, Any
from zlib import Z_FULL_FLUSH, compressobj, decompressobj

import boto3
import pytest

from functions.local import LogsPipeline
from functions.pipeline.config import environment
from tests.fakes import FakeElasticsearch, LambdaContext, stored
from tests.faults.judge import Planted
from tests.faults.pipeline import Case, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes import Answer, Sent

MAX_RECEIVES = 10  # as serverless.yml has them
_NOT_GIVEN = 128 << 10  # bytes of plain content, at most, before damage shows; of an object that is smaller, all


@pytest.mark.fault("the same message twice", "the same documents are written again", within=20)
@pytest.mark.usefixtures("elasticsearch")
def test_a_message_that_comes_twice_is_indexed_as_if_once(case: Case):
    case.plant("raw/a.log.gz", 1000)
    again = dict(case.queue.messages)
    assert case.queue.deliver() == []
    case.queue.messages = again
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("an object announced again with another time", "the same documents are written again", within=20)
@pytest.mark.usefixtures("elasticsearch")
def test_an_object_that_is_announced_again_later_is_indexed_as_if_once(case: Case):
    case.plant("raw/a.log.gz", 1000)
    assert case.queue.deliver() == []
    case.queue.announce("raw/a.log.gz", "raw/a.log.gz", time="2026-01-20T10:30:00.000Z")
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("an empty object", "nothing to index, and the message is finished", within=10)
@pytest.mark.usefixtures("elasticsearch")
def test_an_empty_object_is_finished(case: Case):
    case.put("raw/empty.log", b"")
    case.put("raw/empty.log.gz", gzip.compress(b""))
    case.plant("raw/a.log", 10)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault(
    "gzip of 30 kB and 20 MB that ends too early",
    "what can be read is indexed, the rest is named by a dead letter",
    within=40,
)
@pytest.mark.parametrize("count", [250, 20_000])
@pytest.mark.usefixtures("fake")
def test_of_a_truncated_object_all_that_can_be_read_is_indexed(case: Case, count: int):
    content, _ = _incompressible(case, "raw/a.log.gz", count)
    end = len(content) * 3 // 4
    case.put("raw/a.log.gz", content[:end])
    case.plant("raw/b.log.gz", 10)
    assert case.queue.deliver() == []
    readable = _lines_before(content, end)
    assert len(readable) >= count * 0.7
    assert len(readable.difference(case.found().records)) == 0
    assert case.judge(handed_back=[]).dead == 1
    (letter,) = case.found().dead
    assert (letter["class"], letter["store_key"]) == ("corrupt object", "raw/a.log.gz")


@pytest.mark.fault(
    "gzip of 30 kB and 20 MB with a flipped bit",
    "what can be read is indexed, but for 128 KiB or less before the damage shows (so nothing of the 30 kB); "
    "the rest is named by a dead letter",
    within=40,
)
@pytest.mark.parametrize(("count", "least"), [(250, 0), (20_000, 14_000)])
@pytest.mark.parametrize("inside", [0, 1000])  # bytes: a block's type shows at once, what it holds by the checksum only
@pytest.mark.usefixtures("fake")
def test_of_a_damaged_object_all_that_can_be_read_is_indexed(case: Case, count: int, least: int, inside: int):
    whole, block = _incompressible(case, "raw/a.log.gz", count)
    content, place = bytearray(whole), block + inside
    content[place] ^= 0b10
    case.put("raw/a.log.gz", bytes(content))
    case.plant("raw/b.log.gz", 10)
    assert case.queue.deliver() == []
    readable = _lines_before(content, place, _NOT_GIVEN)
    assert len(readable) >= least
    assert len(readable.difference(case.found().records)) == 0
    assert case.judge(handed_back=[]).dead == 1
    assert case.found().dead[0]["class"] == "corrupt object"


def _incompressible(case: Case, key: str, count: int) -> tuple[bytes, int]:
    """Make an object of lines of about 1,000 bytes (of fewer in the small one); say where a late block begins."""
    noise = random.Random(count)  # noqa: S311 (no secret)
    size = 500 if count > 1000 else 40
    lines = [case.planted.line(key, noise.randbytes(size).hex()) for _ in range(count)]
    compressor, late = compressobj(1, wbits=31), count * 3 // 4
    before = compressor.compress(joined(lines[:late])) + compressor.flush(Z_FULL_FLUSH)
    return before + compressor.compress(joined(lines[late:])) + compressor.flush(), len(before)


def _lines_before(content: bytes, end: int, less: int = 0) -> set[str]:
    """Read the whole lines that are in gzip before a place in it, but for so many bytes of plain content less."""
    plain = decompressobj(wbits=31).decompress(content[:end])
    return {line.decode() for line in plain[: max(len(plain) - less, 0)].split(b"\n")[:-1]}


@pytest.mark.fault("a missing object", "a dead letter names it", within=10)
@pytest.mark.usefixtures("elasticsearch")
def test_a_missing_object_is_a_dead_letter(case: Case):
    case.plant("raw/a.log", 100)
    case.plant("raw/gone.log", 100)
    (case.store / "raw" / "gone.log").unlink()
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 1
    assert case.found().dead[0]["class"] == "missing object"


@pytest.fixture
def s3(case: Case, aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: ARG001 (the case sets a store)
    """An S3 with the bucket that the queue's messages name, as the pipeline's store."""
    monkeypatch.delenv("PIPELINE_STORE")
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket="batches")
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="batches"):
        for each in page.get("Contents", []):
            client.delete_object(Bucket="batches", Key=each["Key"])
    client.delete_bucket(Bucket="batches")
    client.close()


@pytest.mark.fault("an object that may not be read", "its message comes again until it may (or to the DLQ)", within=20)
@pytest.mark.usefixtures("elasticsearch")
def test_a_denied_object_is_handed_back_until_it_is_allowed(case: Case, s3: Any):
    for name in ("raw/a.log", "raw/denied.log"):
        case.plant(name, 100)
        s3.put_object(Bucket="batches", Key=name, Body=(case.store / name).read_bytes())
    place = "arn:aws:s3:::batches/raw/denied.log"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": place}
    s3.put_bucket_policy(Bucket="batches", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    handed_back = case.queue.deliver()
    assert handed_back == ["message 2"]
    s3.delete_bucket_policy(Bucket="batches")
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


@pytest.mark.fault(
    "an invocation that mixes good, missing and corrupt objects, a test event and text that is not JSON",
    "only the text comes again; the damage is in dead letters",
    within=20,
)
@pytest.mark.usefixtures("elasticsearch")
def test_each_message_of_a_mixed_invocation_gets_what_it_deserves(case: Case):
    case.plant("raw/a.log", 100)
    case.queue.announce("raw/missing.log")
    content = gzip.compress(joined(case.planted.lines(100, "raw/corrupt.log.gz")))
    case.put("raw/corrupt.log.gz", content[:-20])
    case.queue.send('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "batches"}')
    text = case.queue.send("Hello from SQS!")
    case.plant("raw/b.log", 100)
    handed_back = case.queue.deliver()
    assert handed_back == [text]
    assert case.judge(handed_back).dead == 2


@pytest.mark.fault(
    "a deadline in the middle of an object", "its message comes again; smaller objects have been before it", within=30
)
def test_what_is_not_indexed_before_the_deadline_is_handed_back(case: Case, fake: FakeElasticsearch):
    case.plant("raw/first.log", 10)
    case.plant("raw/large.log.gz", 20_000, "a line like any other, but for its length" * 10)
    case.plant("raw/last.log", 10)
    until_the_second_bulk = LambdaContext(lambda: 60 if len(fake.bulks) < 2 else 0)
    handed_back = case.queue.deliver(until_the_second_bulk)
    assert handed_back == ["message 2"]
    assert case.queue.deliver() == []
    assert case.judge(handed_back).dead == 0


def _slow(seconds: float, least: int) -> Answer:
    """Answer requests of so many documents and more after this time only, others at once."""

    def answer(request: Any, sent: list[Sent]) -> None:
        time.sleep(seconds if len(sent) >= least else 0)
        stored(request, sent)

    return answer


def _deliveries(case: Case, seconds: float) -> list[list[str]]:
    """Deliver as often as Lambda with that timeout has to; return what each delivery handed back."""
    handed_back = [case.queue.deliver(LambdaContext(seconds))]
    while handed_back[-1] and len(handed_back) < MAX_RECEIVES:
        handed_back.append(case.queue.deliver(LambdaContext(seconds)))
    return handed_back


@pytest.mark.fault(
    "ten objects at once, of which a slow server keeps two busy for longer than there is time",
    "the eight are finished; the two share the time, and go on with the next delivery where they stopped",
    within=80,
)
@pytest.mark.parametrize("name", ["large-{}.log", "large-{}.log.gz"])
def test_what_takes_long_does_not_keep_others_from_being_finished(case: Case, fake: FakeElasticsearch, name: str):
    for number in range(2):
        case.plant(f"raw/{name.format(number)}", 20_000, "a line like any other, but for its length" * 10)
    for number in range(8):
        case.plant(f"raw/small-{number}.log", 10)
    fake.always_answer_with(_slow(1.2, least=1000))
    first, *later = _deliveries(case, 8)
    assert first == ["message 1", "message 2"]
    assert later[-1] == []
    assert sum(fake.bulks) < 2 * len(fake.documents)  # of what was written, only what was not answered comes again
    assert not list(case.store.glob("progress/**/*.json"))
    assert case.judge(first).dead == 0


@pytest.mark.fault(
    "a server so slow that an object of 20 MB takes far longer than there is time",
    "each delivery goes on where the last one stopped, until it is done",
    within=120,
)
@pytest.mark.parametrize("name", ["a.log", "a.log.gz"])
def test_an_object_that_takes_longer_than_a_delivery_is_finished_by_several(
    case: Case, fake: FakeElasticsearch, name: str
):
    lines = case.planted.lines(50_000, f"raw/{name}", "a line like any other, but for its length" * 10)
    content = joined(lines)
    assert len(content) > 20_000_000
    case.put(f"raw/{name}", gzip.compress(content, 1) if name.endswith(".gz") else content)
    fake.always_answer_with(_slow(1.5, least=1000))
    handed_back = _deliveries(case, 8)
    assert handed_back[0] == ["message 1"]
    assert handed_back[-1] == []
    assert not list(case.store.glob("progress/**/*.json"))
    assert case.judge(handed_back[0]).dead == 0


@pytest.mark.fault(
    "an object written again at its key, with PIPELINE_REPLACED=delete; its messages late, twice, in another order",
    "the documents of its former content go, and those of the new one are there",
    within=40,
)
@pytest.mark.usefixtures("elasticsearch")
def test_an_object_that_is_written_again_replaces_what_it_was(case: Case, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REPLACED", "delete")
    former = Planted()
    case.put("raw/a.log", joined(former.lines(300, said="of the former content, which was longer")))
    late = dict(case.queue.messages)
    assert case.queue.deliver() == []
    case.put("raw/a.log", joined(case.planted.lines(200, "raw/a.log")).replace(b"\n", b"\n\n"))
    case.queue.messages |= late
    assert case.queue.deliver() == []
    case.queue.messages = late
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


ODD_KEYS = ("raw//a.log", "raw/./b.log", "raw/../c.log", "/raw/d.log", "raw/e\tf.log", "raw/é %2F+x.log", "raw/a.log")


@pytest.mark.fault(
    "keys with //, /./, /../, a slash in front, a tab and a percent sign",
    "they are read by S3's own client where the store's library takes no such keys",
    within=20,
)
@pytest.mark.usefixtures("fake")
def test_objects_are_read_by_any_key_that_s3_takes(case: Case, s3: Any):
    for key in ODD_KEYS:
        s3.put_object(Bucket="batches", Key=key, Body=joined(case.planted.lines(100, key)))
    case.queue.announce(*ODD_KEYS)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("such a key of an object that is gone", "a dead letter names it", within=10)
@pytest.mark.usefixtures("fake", "s3")
def test_an_object_that_is_gone_is_a_dead_letter_under_any_key(case: Case):
    case.queue.announce("raw//gone.log")
    assert case.queue.deliver() == []
    [letter] = case.found().dead
    assert (letter["class"], letter["store_key"]) == ("missing object", "batches/raw//gone.log")
    assert case.judge(handed_back=[]).dead == 1


@pytest.mark.fault("such keys, in a rebuild", "it reads them, and goes on", within=40)
@pytest.mark.usefixtures("folder")
def test_a_rebuild_reads_objects_by_any_key(case: Case, s3: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_STORE", "s3://batches")
    for key in (each for each in ODD_KEYS if each.startswith("raw/")):
        s3.put_object(Bucket="batches", Key=key, Body=joined(case.planted.lines(100, key)))
    pipeline = LogsPipeline(environment())
    pipeline.reindex()
    assert pipeline.verify().broken == []
    assert case.judge().dead == 0
