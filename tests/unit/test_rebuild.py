"""Which batches an index is built again from, and how far that has come: on a disk, in memory and in S3."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.indexer.progress import Progress
from functions.indexer.selection import Dated, dated_batches
from functions.pipeline.errors import ConfigError
from functions.pipeline.store import Store

FIRST = "raw/b/2025/01/20/103000.000001-0123456789abcdef.log.gz"
SECOND = "raw/a/2025/01/20/103000.000002-0123456789abcdef.log.gz"
MADE = datetime(2025, 1, 20, 10, 30, 0, 1, UTC)


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each kind of store that can be had here."""
    if request.param == "s3":
        import boto3

        request.getfixturevalue("aws")
        client = boto3.client("s3", region_name="us-east-1")
        bucket = f"rebuild-{abs(hash(request.node.name))}"
        client.create_bucket(Bucket=bucket)
        client.close()
        return Store(f"s3://{bucket}")
    return Store(f"file://{tmp_path}/data" if request.param == "file" else "memory://")


def break_off(progress: Progress, *done: Dated) -> None:
    """Mark some batches as done, and be interrupted."""

    def work() -> None:
        with progress:
            for batch in done:
                progress.mark(batch)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()


def test_batches_are_gone_through_in_the_order_of_their_times_whatever_their_sources(store: Store):
    begun = datetime.now(UTC)
    for key in ("raw/0/theirs.log", SECOND, FIRST, "cursors/b.json"):
        store.put(key, b"line")
    first, second, theirs = dated_batches(store)
    assert (first, second) == (Dated(MADE, FIRST), Dated(MADE.replace(microsecond=2), SECOND))
    assert theirs.key == "raw/0/theirs.log"
    assert abs(theirs.time - begun) < timedelta(seconds=60)


def test_what_stands_for_a_folder_is_no_batch(aws: str):  # noqa: ARG001 (it directs the clients)
    import boto3

    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="folders")
    for key in ("theirs/", "theirs/sub/", "raw/", FIRST):  # as the console makes folders; the last is damaged
        client.put_object(Bucket="folders", Key=key)
    client.put_object(Bucket="folders", Key="theirs/sub/a.log", Body=b"line\n")
    client.close()
    assert [each.key for each in dated_batches(Store("s3://folders"), prefix="theirs")] == ["theirs/sub/a.log"]
    assert [each.key for each in dated_batches(Store("s3://folders"))] == [FIRST]


@pytest.mark.parametrize("folder", ["nobody", "cursors"])
def test_a_folder_without_anything_is_named(store: Store, folder: str):
    store.put("cursors/b.json", b"{}")
    with pytest.raises(ConfigError, match=f"/{folder}: there is nothing"):
        dated_batches(store, prefix=folder)
    assert dated_batches(store) == []


@pytest.mark.parametrize("time", ["2025/02/31/103000.000001", "2025/01/20/250000.000001", "0000/01/01/000000.000000"])
def test_a_key_with_a_time_that_there_never_was_tells_none(time: str):
    store = Store("memory://")
    key = f"raw/x/{time}-0123456789abcdef.log.gz"
    store.put(key, b"line")
    (batch,) = dated_batches(store)
    assert batch.key == key
    assert abs(batch.time - datetime.now(UTC)) < timedelta(seconds=60)


def test_the_first_time_counts_and_the_last_does_not(store: Store):
    for key in (FIRST, SECOND):
        store.put(key, b"")
    first, second = "2025-01-20T10:30:00.000001Z", "2025-01-20T10:30:00.000002Z"
    assert [each.key for each in dated_batches(store, since=first)] == [FIRST, SECOND]
    assert [each.key for each in dated_batches(store, since=first, until=second)] == [FIRST]
    assert dated_batches(store, until=first) == []
    with pytest.raises(ConfigError, match="not a time"):
        dated_batches(store, since="yesterday")


def test_what_broke_off_is_remembered_and_what_ended_is_not(store: Store):
    progress = Progress(store, "all")
    assert progress.last() is None
    break_off(progress, Dated(MADE, FIRST))
    assert Progress(store, "all").last() == Dated(MADE, FIRST)
    assert Progress(store, "since 2025").last() is None
    with Progress(store, "all"):
        pass
    assert Progress(store, "all").last() is None


def test_what_broke_off_before_its_first_batch_keeps_what_an_earlier_one_had_done(store: Store):
    break_off(Progress(store, "all"), Dated(MADE, FIRST))
    break_off(Progress(store, "all"))
    assert Progress(store, "all").last() == Dated(MADE, FIRST)
    Progress(store, "all").forget()
    assert Progress(store, "all").last() is None


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"time": 1, "key": "x"}', b'{"time": "soon", "key": "x"}'])
def test_a_damaged_note_is_no_reason_to_go_on(tmp_path: Path, content: bytes):
    store = Store(f"file://{tmp_path}")
    break_off(Progress(store, "all"), Dated(MADE, FIRST))
    (key,) = store.keys("reindex")
    store.put(key, content)
    assert Progress(store, "all").last() is None
