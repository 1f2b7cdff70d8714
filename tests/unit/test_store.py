"""The store keeps objects and versions, the same on a disk, in memory and in S3."""

import re
import threading
import time
from pathlib import Path

import pytest

from functions.pipeline.errors import Conflict, MissingObject, OddKey, PermanentError, TransientError
from functions.pipeline.store import Store, StoreOptions


@pytest.fixture(scope="module")
def s3(aws: str) -> str:  # noqa: ARG001 (it directs the clients)
    """A bucket in a local S3."""
    import boto3

    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="batches")
    client.close()
    return "s3://batches"


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each kind of store that can be had here."""
    if request.param == "s3":
        return Store(request.getfixturevalue("s3"))
    return Store(f"file://{tmp_path}/data" if request.param == "file" else "memory://")


def test_what_is_put_can_be_read(store: Store):
    store.put("raw/a/1.log.gz", b"x" * 3_000_000)
    stored = store.get("raw/a/1.log.gz")
    assert b"".join(stored.chunks) == b"x" * 3_000_000
    assert stored.modified.tzinfo is not None


def test_keys_are_listed_by_prefix(store: Store):
    for key in ("listed/b/2", "listed/a/1", "other/3"):
        store.put(key, b"")
    assert sorted(store.keys("listed")) == ["listed/a/1", "listed/b/2"]
    assert list(store.keys("nothing")) == []


def test_what_is_rewritten_stays_as_old_as_it_was(store: Store):
    store.put("raw/a/rewritten", b"first", "00-1-2-01")
    former = store.get("raw/a/rewritten")
    time.sleep(1.1)  # S3 has seconds
    store.rewrite("raw/a/rewritten", b"again", former)
    found = store.get("raw/a/rewritten")
    assert b"".join(found.chunks) == b"again"
    assert found[1:3] == former[1:3]
    assert found.version != former.version
    with pytest.raises(Conflict, match="raw/a/rewritten"):
        store.rewrite("raw/a/rewritten", b"late", former)
    store.rewrite("raw/a/rewritten", b"third", found)
    assert store.get("raw/a/rewritten").modified == former.modified


def test_what_the_library_does_not_take_is_not_rewritten(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a\tb").write_bytes(b"first")
    with pytest.raises(PermanentError, match="cannot be written again"):
        store.rewrite("raw/a\tb", b"again", store.get("raw/a\tb"))


def test_a_missing_object_is_named(store: Store):
    with pytest.raises(PermanentError, match="raw/none"):
        store.get("raw/none")
    assert store.load("raw/none") is None


def test_a_version_can_be_written_once(store: Store):
    first = store.save("cursors/once", b"1", None)
    assert store.load("cursors/once") == (b"1", first)
    second = store.save("cursors/once", b"2", first)
    assert store.load("cursors/once") == (b"2", second)


def test_who_comes_second_is_told(store: Store):
    first = store.save("cursors/race", b"1", None)
    with pytest.raises(Conflict):
        store.save("cursors/race", b"2", None)
    store.save("cursors/race", b"3", first)
    with pytest.raises(Conflict):
        store.save("cursors/race", b"4", first)
    assert store.load("cursors/race")[0] == b"3"


def test_of_many_writers_at_once_one_wins_each_version(tmp_path: Path):
    wins: list[int] = []

    def write(number: int) -> None:
        mine = Store(f"file://{tmp_path}")
        for _ in range(20):
            found = mine.load("cursors/x")
            try:
                mine.save("cursors/x", b"%d" % (int(found[0]) + 1 if found else 1), found and found[1])
            except Conflict:
                continue
            wins.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(Store(f"file://{tmp_path}").load("cursors/x")[0]) == len(wins)


def test_an_object_is_named_with_its_bucket(s3: str, tmp_path: Path):
    assert Store(s3).name("raw/1") == "batches/raw/1"
    assert Store(f"file://{tmp_path}").name("raw/1") == "raw/1"


@pytest.mark.parametrize("address", ["gs://batches", "az://batches"])
def test_the_other_clouds_open(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "trilog")
    assert Store(address).name("raw/1") == "batches/raw/1"


def test_a_store_that_is_not_there_is_tried_again_later(monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(TransientError, match="s3://nowhere: cursors/x"):
        Store("s3://nowhere").load("cursors/x")


def test_a_folder_that_cannot_be_made_is_named():
    with pytest.raises((PermanentError, TransientError), match="/proc/none"):
        Store("file:///proc/none").put("x", b"")


def test_the_data_folder_moves_everything_embedded():
    options = StoreOptions("/data")
    assert (options.address, options.index_file) == ("file:///data", Path("/data/index.duckdb"))
    assert StoreOptions("/data", "s3://batches").address == "s3://batches"


def test_files_are_read_by_names_with_control_characters_too(tmp_path: Path):
    store = Store(f"file://{tmp_path}")
    store.put("raw/a.log", b"a")
    for name in ("tab\t.log", "line\nfeed.log"):
        tmp_path.joinpath("raw", name).write_bytes(b"x" * 3_000_000)
    assert sorted(store.keys("raw")) == ["raw/a.log", "raw/line\nfeed.log", "raw/tab\t.log"]
    for key in ("raw/tab\t.log", "raw/line\nfeed.log"):
        stored = store.get(key)
        assert b"".join(stored.chunks) == b"x" * 3_000_000
        assert abs(stored.modified.timestamp() - tmp_path.joinpath(key).stat().st_mtime) < 1
    with pytest.raises(MissingObject):
        store.get("raw/none\t.log")


@pytest.mark.parametrize("key", ["raw//a.log", "raw/../raw/a.log", "raw/./a.log", "/raw/a.log"])
@pytest.mark.parametrize("address", ["file://{}", "memory://"])
def test_a_key_that_a_store_cannot_have_is_told(address: str, key: str, tmp_path: Path):
    store = Store(address.format(tmp_path))
    store.put("raw/a.log", b"a")
    with pytest.raises(OddKey, match=re.escape(repr(key))):
        store.get(key)


def test_an_object_of_s3_with_an_odd_key_is_read_and_listed_below_a_folder(s3: str):
    import boto3

    client = boto3.client("s3", region_name="us-east-1")
    for key in ("odd/a//b", "odd/a/c", "odd/other/d"):
        client.put_object(Bucket="batches", Key=key, Body=key.encode() * 1_000_000)
    client.close()
    store = Store(f"{s3}/odd")
    assert [key for key, _, _ in store.listed("a")] == ["a//b", "a/c"]
    assert [size for _, _, size in store.listed("a")] == [8_000_000, 7_000_000]
    assert b"".join(store.get("a//b").chunks) == b"odd/a//b" * 1_000_000
    with pytest.raises(MissingObject, match="a//none"):
        store.get("a//none")


def test_a_store_without_an_answer_is_asked_again_later_for_odd_keys_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(TransientError, match="a//b"):
        Store("s3://batches").get("a//b")
