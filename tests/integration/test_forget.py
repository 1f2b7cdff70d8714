"""`trilog forget`: a person's records are nowhere any more, and nothing else is changed."""

import bz2
import gzip
import io
import json
import lzma
import os
import pty
import re
import signal
import subprocess
import sys
import uuid
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from functions.drift.reports import of_day
from functions.forget.objects import Objects, Place
from functions.forget.wanted import Wanted
from functions.indexer.configured import configured_indexing
from functions.pipeline.batch import make_batch
from functions.pipeline.conditions import Compare
from functions.pipeline.config import environment
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, Rows, Written, as_rows, id_prefix
from functions.pipeline.errors import PermanentError
from functions.pipeline.kinds import kinds
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_indexes, open_sink, open_store

ROOT = Path(__file__).parents[2]
ID, OTHER, SECRET = "3f2c9a4e-1d7b-4c1e-9a53-0c2f5f1f8f11", "aaaaaaaa-1d7b-4c1e-9a53-0c2f5f1f8f11", "Zoe-Q-Planted"
STEPS = ("note", "objects", "documents", "tombstones", "rows", "expunge", "search", "receipt")

Run = Callable[..., tuple[int, str, str]]


def prediction(second: int, identity: str, name: str, age: int) -> str:
    request = {"transaction_id": identity, "http_method": "POST", "http_path": "/predict", "status_code": 200}
    told = {"input_data": {"AGE": age, "NAME": name}, "result": {"prediction": "YES"}}
    times = {"timestamp": f"2025-01-20T10:30:{second:02}.000Z", "level": "INFO", "message": "predict"}
    return json.dumps({**times, **request, **told})


LINES = (
    "2025-01-20 10:30:00,123 - api - INFO - before",
    prediction(1, ID, SECRET, 71),
    "a line that is in no layout, and has its time from the one before",
    f"2025-01-20 10:30:02,123 - api - ERROR - failed for {ID}",
    "Traceback (most recent call last):",
    f"ValueError: {SECRET}",
    "",
    "2025-01-20 10:30:03,123 - api - INFO - after",
    "Traceback (most recent call last):",
    "ValueError: of another",
    prediction(4, OTHER, "Ann", 33),
)
TEXT = "\n".join(LINES) + "\n"


@pytest.fixture
def indexed(trilog: Run, folder: Path) -> Run:
    """Index a log in which a person has two records, and another person one."""
    (folder / "api.log").write_text(TEXT)
    assert trilog("--once", "--source", "api.log")[0] == 0
    return trilog


def documents() -> dict[str, dict[str, dict[str, Any]]]:
    """Return all documents by kind and id."""
    indexes = open_indexes(environment())
    return {kind: {each["_id"]: each for each in indexes.read(kind)} for kind in kinds()}


def others(found: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Leave out what is the person's, and what stands in its place."""
    return {
        kind: {
            name: each
            for name, each in some.items()
            if ID not in json.dumps(each) and each.get("message") != "forgotten"
        }
        for kind, some in found.items()
    }


def all_bytes(folder: Path) -> bytes:
    """Return the bytes of every file of a data folder, and of those that are compressed their text, too."""
    files = [each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()]
    return b"\0".join([*files, *(gzip.decompress(each) for each in files if each.startswith(b"\x1f\x8b"))])


def batch() -> bytes:
    """Return the text of the only batch."""
    (file,) = Path(".trilog/raw").rglob("*.log.gz")
    return gzip.decompress(file.read_bytes())


def assert_forgotten(trilog: Run, before: dict[str, dict[str, dict[str, Any]]]) -> None:
    found = all_bytes(Path(".trilog"))
    assert ID.encode() not in found
    assert SECRET.encode() not in found
    assert others(documents()) == others(before)
    assert trilog("verify")[0] == 0


def test_a_transaction_goes_and_everything_else_stays(indexed: Run):
    before, text = documents(), batch()
    assert SECRET.encode() in Path(".trilog/index.duckdb").read_bytes()
    assert len(others(before)[LOGS]) == 4
    code, out, err = indexed("forget", "--transaction", ID, "--yes")
    assert (code, err) == (0, "")
    assert "2 records in 1 batches" in out
    assert "ml-api-message: 1 documents" in out
    assert "✓ removed; searched all again, and found nothing" in out
    assert "Not reached" in out
    assert_forgotten(indexed, before)
    after = batch()
    assert [len(each) for each in after.split(b"\n")] == [len(each) for each in text.split(b"\n")]
    kept = {0, 2, 7, 8, 9, 10}
    assert all(after.split(b"\n")[at] == text.split(b"\n")[at] for at in kept)
    assert indexed("reindex", "--restart")[0] == 0  # and it does not come back
    assert_forgotten(indexed, before)


def test_the_receipt_has_counts_and_no_data(indexed: Run, monkeypatch: pytest.MonkeyPatch):
    code, out, _ = indexed("forget", "--transaction", ID, "--yes", "--json")
    done = json.loads(out)
    assert (code, done["complete"], done["left"]["records"]) == (0, True, 0)
    (file,) = Path(".trilog/receipts").iterdir()
    assert f"receipts/{file.name}" == done["receipt"]
    receipt = json.loads(file.read_text())
    assert (receipt["records"], receipt["batches"], receipt["left"]) == (2, 1, 0)
    assert receipt["documents"] == {"logs": 2, "message": 1}
    assert (receipt["digest"], len(receipt["identifier"])) == ("sha256", 64)
    assert ID not in file.read_text()
    keyed = Wanted(ID).digest([b"secret"])
    assert keyed[0] == "hmac-sha256"
    assert keyed[1] != receipt["identifier"]
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "0" * 64)
    assert indexed("forget", "--transaction", OTHER, "--yes")[0] == 0
    assert "hmac-sha256" in "".join(each.read_text() for each in Path(".trilog/receipts").iterdir())


def test_conditions_choose_records_as_show_does(indexed: Run):
    before = documents()
    assert indexed("forget", "--where", "input_data.AGE>70", "--where", "input_data.NAME!=Ann", "--yes")[0] == 0
    assert SECRET.encode() not in batch().splitlines()[1]
    assert others(documents()) == others(before)
    assert SECRET.encode() in batch()  # in the traceback, which has no age
    assert indexed("forget", "--where", "input_data.AGE>70", "--yes")[:2] == (1, "nothing found\n")
    assert indexed("forget", "--where", "input_data.AGE!=33", "--yes")[0] == 0  # what was forgotten meets that, too
    assert b"before" not in batch()
    assert OTHER.encode() in batch()
    assert indexed("verify")[0] == 0


def test_a_dry_run_changes_nothing(indexed: Run):
    before = all_bytes(Path(".trilog"))
    code, out, _ = indexed("forget", "--transaction", ID, "--dry-run")
    assert (code, out.splitlines()[0]) == (0, "2 records in 1 batches")
    assert json.loads(indexed("forget", "--transaction", ID, "--dry-run", "--json")[1])["documents"]["logs"] == 2
    assert indexed("forget", "--transaction", "nobody-at-all", "--dry-run")[:2] == (1, "nothing found\n")
    assert all_bytes(Path(".trilog")) == before


def test_nothing_is_removed_unasked(indexed: Run):
    code, _, err = indexed("forget", "--transaction", ID)
    assert (code, "forget --yes" in err) == (2, True)
    assert ID.encode() in batch()
    assert indexed("forget")[0] == 2
    assert indexed("forget", "--transaction", " ")[0] == 2
    assert indexed("forget", "--transaction", ID, "--where", "level=INFO")[0] == 2
    code, _, err = indexed("forget", "--where", "nothing=1", "--yes")
    assert (code, "No index has the fields nothing" in err) == (2, True)


@pytest.mark.parametrize(("answer", "gone"), [(b"n\n", False), (b"y\n", True)])
def test_on_a_terminal_it_asks(indexed: Run, folder: Path, answer: bytes, *, gone: bool):
    assert indexed("verify")[0] == 0
    main, other = pty.openpty()
    os.write(main, answer)
    command = [sys.executable, "-m", "functions", "forget", "--transaction", ID]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, stdin=other, capture_output=True, env=variables, check=True, timeout=60)
    os.close(main)
    os.close(other)
    assert b"[y/N]" in done.stdout
    assert (ID.encode() not in batch()) == gone


def test_a_short_id_is_looked_for_in_fields_of_ids_only(trilog: Run, folder: Path):
    (folder / "api.log").write_text(
        f"{prediction(1, '7', SECRET, 71)}\n2025-01-20 10:30:02,123 - api - INFO - 7 days\n"
    )
    assert trilog("--once", "--source", "api.log")[0] == 0
    code, _, err = trilog("forget", "--transaction", "7", "--yes")
    assert (code, "shorter than 8 characters" in err) == (0, True)
    assert SECRET.encode() not in all_bytes(Path(".trilog"))
    assert b"7 days" in batch()


def test_an_id_that_is_the_beginning_of_another_is_not_the_other(trilog: Run, folder: Path):
    longer = f"{ID}-2"
    (folder / "api.log").write_text(f"{prediction(1, ID, SECRET, 71)}\n{prediction(2, longer, 'Ann', 30)}\n")
    assert trilog("--once", "--source", "api.log")[0] == 0
    assert trilog("forget", "--transaction", ID, "--yes")[0] == 0
    assert longer.encode() in batch()
    assert [each["transaction_id"] for each in documents()["message"].values()] == [longer]


def test_dead_letters_go(indexed: Run):
    (file,) = Path(".trilog/raw").rglob("*.log.gz")
    prefix = id_prefix(str(file.relative_to(".trilog")))
    fields = {"@timestamp": "2025-01-20T10:30:00.000Z", "store_key": f"raw/{file.name}", "reason": "no", "class": "no"}
    letters = [
        (f"{prefix}-{len(LINES[0]) + 1}-message", {"target": "message", "raw_log": "cut"}),  # by its record
        ("0" * 32 + "-77-logs", {"target": "logs", "raw_log": f"a batch that is gone: {ID}"}),  # by its text
        ("0" * 32 + "-78-logs", {"target": "logs", "raw_log": "of another"}),
    ]
    with open_sink(environment()) as sink:
        made = (
            Document(DEAD_LETTERS, name, fields["@timestamp"], json.dumps(fields | more).encode())
            for name, more in letters
        )
        sink.write(as_rows(made))
    assert indexed("forget", "--transaction", ID, "--yes")[0] == 0
    assert [*documents()[DEAD_LETTERS]] == ["0" * 32 + "-78-logs"]
    assert ID.encode() not in all_bytes(Path(".trilog"))


def test_reports_of_drift_do_not_name_the_rows_any_more(indexed: Run):
    ids = {each["transaction_id"]: name for name, each in documents()["message"].items()}
    line = {"window": "current", "batch": "raw/a", "ids": [ids[ID], ids[OTHER]]}
    store = open_store(environment())
    store.put("reports/drift/drift_history/2025-01-20_drift_rows.jsonl.gz", gzip.compress(json.dumps(line).encode()))
    store.put("reports/drift/drift_history/2025-01-20_drift.json", b'{"drift": true}')
    assert "reports of drift: 1 references to rows" in indexed("forget", "--transaction", ID, "--yes")[1]
    ((found, rows),) = of_day(store, "2025-01-20")
    assert (found, rows) == ({"drift": True}, [{**line, "ids": [ids[OTHER]]}])


def test_a_batch_on_its_way_does_not_bring_the_person_back(indexed: Run):
    (cursor,) = Path(".trilog/cursors").glob("*.json")
    content = json.loads(cursor.read_text())
    made, _ = make_batch("api", [each.encode() for each in LINES], None)
    content["batch"] = {"key": made.key, "body": b64encode(made.body).decode(), "lines": made.lines}
    cursor.write_text(json.dumps(content))
    assert "4 records in 2 batches" in indexed("forget", "--transaction", ID, "--yes")[1]
    assert indexed("--once", "--source", "api.log")[0] == 0  # it puts the batch, and indexes it
    assert len(list(Path(".trilog/raw").rglob("*.gz"))) == 2
    assert ID.encode() not in all_bytes(Path(".trilog"))
    assert indexed("verify")[0] == 0


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
    ids=["plain", "gzip", "bzip2", "xz"],
)
def test_an_object_of_somebody_else_stays_as_it_was_stored(trilog: Run, suffix: str, compress: Callable[..., bytes]):
    file = Path(f".trilog/raw/theirs/api.log{suffix}")
    file.parent.mkdir(parents=True)
    file.write_bytes(compress(TEXT.encode()))
    os.utime(file, (1_700_000_000, 1_700_000_000))  # by which its records are numbered
    assert trilog("reindex")[0] == 0
    before = documents()
    assert trilog("forget", "--transaction", ID, "--yes")[0] == 0
    assert file.read_bytes()[:2] == compress(TEXT.encode())[:2]
    assert file.stat().st_mtime == 1_700_000_000
    assert trilog("reindex", "--restart")[0] == 0
    assert others(documents()) == others(before)
    assert ID not in json.dumps(documents())


def zipped(text: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("api.log", text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("api.zip", zipped(TEXT.encode())),
        ("api.log", TEXT.encode("utf-16")),
        ("twice.gz", gzip.compress(gzip.compress(TEXT.encode()))),
        ("records.json", json.dumps([json.loads(LINES[1]), json.loads(LINES[10])]).encode()),
    ],
    ids=["zip", "utf-16", "twice", "array"],
)
def test_an_object_that_cannot_be_changed_is_named_and_stays(trilog: Run, name: str, body: bytes):
    file = Path(f".trilog/raw/theirs/{name}")
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    assert trilog("reindex")[0] == 0
    code, out, _ = trilog("forget", "--transaction", ID, "--yes")
    assert (code, f"✗ raw/theirs/{name}: " in out) == (4, True)
    assert "Delete the object" in out
    assert file.read_bytes() == body
    assert ID not in json.dumps(documents())
    file.unlink()
    assert trilog("forget", "--transaction", ID, "--yes")[0] == 0  # which completes it


def docker(line: str) -> str:
    return json.dumps({"log": f"{line}\n", "stream": "stdout", "time": "2025-01-20T10:30:00.000000000Z"})


def cloudwatch(lines: list[str]) -> str:
    events = [{"id": str(at), "timestamp": 1737369000000 + at, "message": each} for at, each in enumerate(lines)]
    owner = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": []}
    return json.dumps({**owner, "logEvents": events})


class Kept:
    """A sink that keeps documents in memory."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], tuple[str, bytes]] = {}

    def write(self, documents: Iterable[Rows]) -> Written:
        for kind, rows in documents:
            self.documents |= {(kind, identity.decode()): (time, body) for identity, time, body in rows}
        return Written()


def read(store: Store) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return the documents that the only object gives, without those of the person, or in their place."""
    sink = Kept()
    configured_indexing({})("raw/a.log", store=store, sink=sink).run()
    words = (ID.encode(), SECRET.encode(), b"forgotten")
    return {name: each for name, each in sink.documents.items() if not any(word in each[1] for word in words)}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(docker, LINES)) + "\n",
        cloudwatch([LINES[0], LINES[1], LINES[7], LINES[10]]) + "\n",
        TEXT.replace("\n", "\r\n"),
        f"{prediction(1, ID, SECRET, 71)}\n",
        f"{LINES[0]}\n{prediction(1, ID, SECRET, 71)}",
    ],
    ids=["docker", "cloudwatch", "crlf", "alone", "no line end"],
)
def test_records_are_erased_in_every_form(tmp_path: Path, text: str):
    store = Store(f"file://{tmp_path}/data")
    store.put("raw/a.log", text.encode())
    objects = Objects(store, configured_indexing({}))
    place = Place("raw/a.log")
    records, before = objects.chosen(place, Wanted(ID)), read(store)
    assert records
    objects.erase(place, records)
    changed = b"".join(store.get("raw/a.log").chunks)
    assert len(changed) == len(text.encode())
    assert ID.encode() not in changed
    assert SECRET.encode() not in changed
    assert objects.chosen(place, Wanted(ID)) == set()
    assert read(store) == before
    assert bool(before) == ("before" in text)


def test_an_object_in_which_others_would_change_stays(tmp_path: Path):
    packed = b64encode(gzip.compress(cloudwatch([LINES[1], LINES[10]]).encode())).decode()
    text = json.dumps({"awslogs": {"data": packed}}).encode()
    store = Store(f"file://{tmp_path}/data")
    store.put("raw/a.log", text)
    objects = Objects(store, configured_indexing({}))
    with pytest.raises(PermanentError, match="packed"):
        objects.erase(Place("raw/a.log"), objects.chosen(Place("raw/a.log"), Wanted(ID)))
    assert b"".join(store.get("raw/a.log").chunks) == text


def test_an_object_that_is_too_large_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("functions.forget.objects.LARGEST", len(TEXT) - 1)
    store = Store(f"file://{tmp_path}/data")
    store.put("raw/a.log", TEXT.encode())
    objects = Objects(store, configured_indexing({}))
    with pytest.raises(PermanentError, match=f"more than {len(TEXT) - 1} bytes"):
        objects.erase(Place("raw/a.log"), objects.chosen(Place("raw/a.log"), Wanted(ID)))
    assert b"".join(store.get("raw/a.log").chunks) == TEXT.encode()


_KILLED = """
import os, signal, sys
from functions.forget.run import Forgetting
from functions.forget.wanted import Wanted
from functions.pipeline.config import environment

def step(name):
    if name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

forgetting = Forgetting(environment(), Wanted(sys.argv[1]))
forgetting.remove(forgetting.find(), step)
"""


@pytest.mark.parametrize("step", STEPS)
def test_whoever_is_killed_can_run_it_again(indexed: Run, folder: Path, step: str):
    before = documents()
    command = [sys.executable, "-c", _KILLED, ID, step]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    code, out, _ = indexed("forget", "--transaction", ID, "--yes")
    assert (code, "an earlier run was interrupted" in out) == (0, step != "note")
    assert_forgotten(indexed, before)
    assert len(list(Path(".trilog/receipts").iterdir())) == 1


def test_a_file_that_still_has_the_id_is_named(indexed: Run):
    Path(".trilog/metrics.sqlite").write_bytes(b"\0" * 2_000_000 + ID.encode() + b"\0")
    code, out, _ = indexed("forget", "--transaction", ID, "--yes")
    assert (code, ".trilog/metrics.sqlite still has the id" in out) == (4, True)
    Path(".trilog/metrics.sqlite").unlink()
    assert indexed("forget", "--transaction", ID, "--yes")[0] == 0


def test_a_bucket_keeps_the_time_of_what_is_rewritten(trilog: Run, aws: str, monkeypatch: pytest.MonkeyPatch):  # noqa: ARG001 (it directs the clients)
    import boto3

    client, bucket = boto3.client("s3", region_name="us-east-1"), f"forget-{uuid.uuid4().hex[:8]}"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="raw/theirs/api.log.gz", Body=gzip.compress(TEXT.encode()))
    client.close()
    monkeypatch.setenv("PIPELINE_STORE", f"s3://{bucket}")
    assert trilog("reindex")[0] == 0
    before = documents()
    assert trilog("forget", "--transaction", ID, "--yes")[0] == 0
    assert trilog("reindex", "--restart")[0] == 0
    assert others(documents()) == others(before)
    assert ID not in json.dumps(documents())
    assert trilog("verify")[0] == 0


@pytest.mark.elasticsearch
def test_elasticsearch_and_the_embedded_index_beside_it_forget(
    indexed: Run, elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch
):
    embedded = documents()
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"forget-{uuid.uuid4().hex[:8]}-logs")
    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", "month")
    assert indexed("reindex")[0] == 0
    before = documents()
    assert len(before[LOGS]) == 6
    assert indexed("forget", "--transaction", ID, "--yes")[0] == 0
    assert ID not in json.dumps(documents())
    assert_forgotten(indexed, before)
    assert indexed("reindex", "--restart")[0] == 0
    assert_forgotten(indexed, before)
    for name in ("ELASTICSEARCH_URL", "ELASTICSEARCH_INDEX", "ELASTICSEARCH_INDEX_PERIOD"):
        monkeypatch.delenv(name)
    assert_forgotten(indexed, embedded)


def test_messages_are_in_french_too(indexed: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_LANG", "fr")
    out = indexed("forget", "--transaction", ID, "--yes")[1]
    assert re.search("✓ supprimé", out)
    assert "Hors de portée" in out


def test_a_digest_tells_requests_apart():
    asked = [Wanted(ID), Wanted(OTHER), *(Wanted(None, [Compare("input_data.AGE", each, "70")]) for each in (">", "<"))]
    assert len({each.digest([]) for each in asked}) == 4
