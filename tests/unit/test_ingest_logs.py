"""Records that are sent to /logs: what is taken, what is kept of it, and what is refused, with its position."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from pathlib import Path

import pytest
import zstandard

from functions.pipeline.errors import ConfigError
from tests.ingest import ELSEWHERE, JSON, NDJSON, TEXT, Kept, error, opened, sent

ROWS = [{"message": "a", "level": "INFO"}, {"message": "é\n", "level": "ERROR"}]
LINES = [json.dumps(each).encode() for each in ROWS]
PLAIN = b"2025-01-20 10:30:00 - api - ERROR - failed\nTraceback (most recent call last):\n  KeyError: 1\n\n"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """The store of these tests."""
    return Kept(tmp_path)


def answered(response):
    assert response.status == 202, response.body
    return json.loads(response.body)


# --- What is taken


@pytest.mark.parametrize(
    "content_type", [JSON, NDJSON, "application/x-ndjson; charset=UTF-8", None, "application/jsonl"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"\n".join(LINES) + b"\n",  # NDJSON
        b"\r\n".join(LINES) + b"\r\n\r\n",
        b"[" + b",".join(LINES) + b"]",  # an array
        json.dumps(ROWS, indent=2).encode(),
        b"".join(LINES),  # Fluent Bit's json_stream
        b"\xef\xbb\xbf" + b"\n".join(LINES),
        b"[" + LINES[0] + b"]\n[" + LINES[1] + b"]",
    ],
)
def test_json_is_kept_one_record_a_line_whatever_its_arrangement(kept: Kept, body: bytes, content_type: str | None):
    said = answered(sent(opened(kept.folder), body, content_type))
    assert said == {"key": next(iter(kept.batches())), "records": 2}
    assert [json.loads(line) for line in kept.lines()] == ROWS


def test_a_record_is_kept_as_it_was_written(kept: Kept):
    written = b'{"n": 1.0, "long": 123456789012345678901234567890, "n": 2e400, "t": "\\u00e9\\ud800", "nan": NaN}'
    sent(opened(kept.folder), b"[" + written + b"]", JSON)
    assert kept.lines() == [written]


def test_one_object_over_several_lines_is_one_line(kept: Kept):
    sent(opened(kept.folder), b'{\n\t"message":\r\n   "two  blanks \\n stay",\n "a": [1,\n 2]\n}', JSON)
    assert kept.lines() == [b'{"message":"two  blanks \\n stay","a": [1,2]}']


def test_a_record_of_blanks_and_line_ends_takes_no_longer_than_its_length(kept: Kept):
    begun = time.monotonic()
    text, blanks = b" " * (7 << 20), b" \n\r\t" * (1 << 20)
    answered(sent(opened(kept.folder), b'{"a": "' + text + b'",' + blanks + b'"b":' + blanks + b"1}", JSON))
    assert kept.lines() == [b'{"a": "' + text + b'", "b": 1}']
    assert time.monotonic() - begun < 5


def test_texts_of_an_array_are_lines(kept: Kept):
    assert answered(sent(opened(kept.folder), b'["INFO:     a", "b\\n  c"]', JSON))["records"] == 2
    assert kept.lines() == [b"INFO:     a", b"b", b"  c"]


@pytest.mark.parametrize("content_type", [TEXT, None, "application/octet-stream", "TEXT/PLAIN; charset=us-ascii"])
def test_plain_lines_are_kept_as_they_are(kept: Kept, content_type: str | None):
    assert answered(sent(opened(kept.folder), PLAIN, content_type))["records"] == 3
    assert next(iter(kept.batches().values())) == PLAIN[:-1]


@pytest.mark.parametrize("body", [b"[2025-01-20 10:30] INFO a\n", b'{"a": 1}\nnot json\n', b"{'a': 1}\n", b"[" * 5000])
def test_what_is_not_named_json_and_is_not_is_kept_as_lines(kept: Kept, body: bytes):
    answered(sent(opened(kept.folder), body))
    assert next(iter(kept.batches().values())) == body.rstrip(b"\n") + b"\n"


def test_bytes_that_are_no_utf_8_are_kept_in_plain_lines(kept: Kept):
    sent(opened(kept.folder), b"Pr\xe9diction\n", TEXT)
    assert kept.lines() == [b"Pr\xe9diction"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain; charset=iso-8859-1", "été\n".encode("latin-1")),
        ("text/plain; charset=UTF-16", "été\n".encode("utf-16")),
        (TEXT, "été, été\n".encode("utf-16")),
        ('application/json; charset="utf-16le"', '"été"'.encode("utf-16-le")),
    ],
)
def test_other_charsets_become_utf_8(kept: Kept, content_type: str, body: bytes):
    sent(opened(kept.folder), body, content_type)
    assert b"\xc3\xa9t\xc3\xa9" in kept.lines()[0]


@pytest.mark.parametrize(
    ("coding", "encoded"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
        ("zstd", zstandard.compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
        ("gzip, zstd", lambda body: zstandard.compress(gzip.compress(body))),
    ],
)
def test_compressed_bodies_are_inflated(kept: Kept, coding: str, encoded):
    answered(sent(opened(kept.folder), encoded(LINES[0]), NDJSON, Content_Encoding=coding))
    assert kept.lines() == [LINES[0]]


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"", None), (b"", JSON), (b"[]", JSON), (b"\n \n", TEXT), (b"", TEXT)]
)
def test_nothing_is_taken_and_nothing_stored(kept: Kept, body: bytes, content_type: str | None):
    assert answered(sent(opened(kept.folder), body, content_type)) == {"key": None, "records": 0}
    assert kept.batches() == {}


def test_what_is_sent_is_indexed_as_it_is(kept: Kept):
    ingest = opened(kept.folder)
    sent(ingest, b"\n".join(LINES), NDJSON)
    sent(ingest, PLAIN, TEXT)
    found = {each["message"]: each["level"] for each in kept.documents()}
    assert found.pop("a") == "INFO"
    assert found.pop("é\n") == "ERROR"
    assert [*found.values()] == ["ERROR"]


# --- A retry


def test_the_same_content_again_changes_nothing(kept: Kept):
    ingest = opened(kept.folder)
    first = answered(sent(ingest, b"\n".join(LINES), NDJSON))
    (path,) = (kept.folder / "raw").rglob("*.gz")
    before = path.stat().st_mtime_ns
    # compressed by another program, and as an array: the same records
    again = sent(ingest, gzip.compress(b"[" + b",".join(LINES) + b"]", 1), JSON, Content_Encoding="gzip")
    assert answered(again) == first
    assert (len(kept.batches()), path.stat().st_mtime_ns) == (1, before)


def test_an_idempotency_key_tells_equal_batches_apart_and_retries_not(kept: Kept):
    ingest = opened(kept.folder)
    keys = [answered(sent(ingest, LINES[0], NDJSON, Idempotency_Key=name))["key"] for name in ("a", "b", "a")]
    assert keys[0] == keys[2] != keys[1]
    assert len(kept.batches()) == 2


def test_an_idempotency_key_for_other_records_is_refused_and_loses_neither(kept: Kept):
    ingest = opened(kept.folder)
    sent(ingest, LINES[0], NDJSON, Idempotency_Key="a")
    refused = sent(ingest, LINES[1], NDJSON, Idempotency_Key="a")
    assert refused.status == 422
    assert "Idempotency-Key" in error(refused)
    assert kept.lines() == [LINES[0]]


@pytest.mark.parametrize("name", ["", " ", "é", "x" * 256, "a\tb"])
def test_an_idempotency_key_that_is_none_is_refused(kept: Kept, name: str):
    assert sent(opened(kept.folder), LINES[0], NDJSON, Idempotency_Key=name).status == 422


# --- What is refused, with nothing stored


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b'{"a": 1}\n{"b": }\n{"c": 1}', "line 2, column 7 (byte 15)"),
        (b'[{"a": 1},\n {"b" 1}]', "line 2, column 7"),
        ('{"é": 1}\n{"b"'.encode(), "line 2, column 5 (byte 14)"),
        (b'[{"a": 1}, 7, {"c": 1}]', "line 1, column 12 (byte 11): not a record"),
        (b'[{"a": 1}, [{}]]', "column 12"),
        (b'[{"a": 1},]', "a comma before the array's end"),
        (b'[{"a": 1} {"b": 1}]', "expected a comma or the array's end"),
        (b'[{"a": 1}', "column 10"),
        (b"[", "column 2"),
        (b"1", "column 1"),
        (b'{"a": "\0"}', "Invalid control character"),
        (b'{"a": 1}\n\xff', "byte 9, in line 2, is no UTF-8"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"plain text", "line 1, column 1"),
    ],
)
def test_bad_json_is_refused_with_its_position_and_without_its_text(kept: Kept, body: bytes, position: str):
    refused = sent(opened(kept.folder), body, NDJSON)
    assert refused.status == 422
    assert position in error(refused)
    assert "plain text" not in error(refused)
    assert kept.batches() == {}


@pytest.mark.parametrize(
    ("content_type", "hint"),
    [
        ("application/x-www-form-urlencoded", "curl"),
        ("application/msgpack", "Fluent Bit"),
        ("application/x-protobuf", "/v1/logs"),
        ("image/png", "image/png"),
        ("multipart/form-data; boundary=x", "multipart"),
        ("text/plain; charset=klingon", "klingon"),
        ("text/plain; charset=idna", "idna"),
    ],
)
def test_another_media_type_is_refused(kept: Kept, content_type: str, hint: str):
    refused = sent(opened(kept.folder), LINES[0], content_type)
    assert refused.status == 415
    assert hint in error(refused)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"PAR1\x15\x04\x15\x10" + bytes(range(256)), "a Parquet file"),
        (gzip.compress(b"a\n" * 100), "Content-Encoding: gzip"),
        (bytes(range(256)) * 10, "binary data"),
    ],
)
def test_what_is_no_text_is_refused(kept: Kept, body: bytes, cause: str):
    refused = sent(opened(kept.folder), body)
    assert refused.status == 415
    assert cause in error(refused)


def test_an_unknown_encoding_is_refused_and_the_known_ones_are_named(kept: Kept):
    refused = sent(opened(kept.folder), b"x", TEXT, Content_Encoding="br")
    assert (refused.status, refused.headers["Accept-Encoding"]) == (415, "gzip, zstd, deflate")
    assert "'br'" in error(refused)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
@pytest.mark.parametrize(
    "body", [b"not compressed", gzip.compress(b"x" * 1000)[:-4], zstandard.compress(b"a" * 99)[:-2]]
)
def test_a_damaged_body_is_refused(kept: Kept, coding: str, body: bytes):
    refused = sent(opened(kept.folder), body, TEXT, Content_Encoding=coding)
    assert refused.status == 422
    assert "damaged" in error(refused)


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "POST", 404), ("/log", "GET", 404), ("/logs", "GET", 405)]
)
def test_other_paths_and_methods_are_refused(kept: Kept, path: str, method: str, status: int):
    refused = sent(opened(kept.folder), b"", path=path, method=method)
    assert refused.status == status
    assert error(refused)
    assert refused.headers.get("Allow") == ("POST" if status == 405 else None)


# --- What is too large


def bomb(plain: int, compress) -> bytes:
    compressor = compress()
    zeros = b"0" * (1 << 20)
    return b"".join(compressor.compress(zeros) for _ in range(plain >> 20)) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", lambda: zlib.compressobj(9, wbits=31)),
        ("deflate", zlib.compressobj),
        ("zstd", lambda: zstandard.ZstdCompressor(19).compressobj()),
    ],
)
def test_a_bomb_is_not_inflated_beyond_the_bound(kept: Kept, coding: str, compress):
    import tracemalloc

    ingest = opened(kept.folder, PIPELINE_INGEST_MAX_BYTES=str(1 << 20))
    packed = bomb(512 << 20, compress)
    assert len(packed) < 1 << 20
    sent(ingest, b"[]", JSON, Content_Encoding="identity")
    tracemalloc.start()
    refused = sent(ingest, packed, TEXT, Content_Encoding=coding)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.status == 413
    assert "PIPELINE_INGEST_MAX_BYTES" in error(refused)
    assert peak < 8 << 20


def test_a_bomb_in_a_bomb_is_not_inflated_either(kept: Kept):
    packed = gzip.compress(gzip.compress(b"0" * (64 << 20)))
    assert sent(opened(kept.folder), packed, TEXT, Content_Encoding="gzip, gzip").status == 413


def test_a_body_that_says_that_it_is_too_large_is_not_read(kept: Kept):
    from io import BytesIO

    from functions.ingest.messages import Request

    body = BytesIO(b"x" * 100)
    headers = {"content-length": "104857600", "content-type": TEXT}
    assert opened(kept.folder).answer(Request("POST", "/logs", headers, body.read, "127.0.0.1")).status == 413
    assert body.tell() == 0


def test_a_body_that_does_not_say_so_is_read_to_the_bound_only(kept: Kept):
    from functions.ingest.messages import Request

    read = []

    def endless(most: int) -> bytes:
        read.append(most)
        return b"x" * most

    assert (
        opened(kept.folder).answer(Request("POST", "/logs", {"content-type": TEXT}, endless, "127.0.0.1")).status == 413
    )
    assert sum(read) <= 22 << 20


@pytest.mark.parametrize(("body", "content_type"), [(b"\n" * 100_002, TEXT), (b"{}" * 100_001, JSON)])
def test_too_many_records_are_refused(kept: Kept, body: bytes, content_type: str):
    refused = sent(opened(kept.folder), body, content_type)
    assert refused.status == 413
    assert "100000 records" in error(refused)


def test_a_record_that_no_line_can_hold_is_refused(kept: Kept):
    body = b'[{"a": 1}, {"a": "' + b"x" * (9 << 20) + b'"}]'
    refused = sent(opened(kept.folder), body, JSON)
    assert refused.status == 413
    assert "Record 2" in error(refused)


# --- What is hidden


def test_what_is_kept_is_redacted(kept: Kept, capsys: pytest.CaptureFixture[str]):
    ingest = opened(
        kept.folder,
        PIPELINE_REDACT_FIELDS="patient_*:drop",
        PIPELINE_REDACT_PATTERNS="email:hash",
        PIPELINE_REDACT_KEY="k" * 32,
    )
    body = b'{"patient_name": "Planted", "message": "mail me@planted.example"}'
    for content_type in (NDJSON, TEXT, None):
        sent(ingest, body, content_type, Idempotency_Key=str(content_type))
    assert len(kept.batches()) == 3
    assert not any(b"lanted" in each for each in kept.batches().values())
    assert "lanted" not in capsys.readouterr().out


def test_nothing_of_a_body_or_a_token_is_logged_or_answered(kept: Kept, capsys: pytest.CaptureFixture[str]):
    ingest = opened(kept.folder, PIPELINE_INGEST_TOKENS="a-token-that-is-planted")
    bearer = {"Authorization": "Bearer a-token-that-is-planted"}
    bodies = [b'{"a": "planted"}', b'{"a": "planted" planted}', b"planted\xff", b'["planted", 1]', b'{"planted": 1e']
    answers = [sent(ingest, each, NDJSON, **bearer) for each in bodies]
    answers.append(sent(ingest, bodies[0], NDJSON, Authorization="Bearer another-planted-one"))
    answers.append(sent(ingest, bodies[1], JSON, "/v1/logs", **bearer))
    assert [each.status for each in answers] == [202, 422, 422, 422, 422, 401, 400]
    assert not any(b"planted" in each.body for each in answers)
    logged = capsys.readouterr().out
    assert len(logged.splitlines()) == len(answers)
    assert "planted" not in logged


# --- What keeps it from being stored


def test_without_a_store_nothing_is_answered_with_success(tmp_path: Path):
    (tmp_path / "raw").write_text("a file where the folder should be")
    refused = sent(opened(tmp_path), LINES[0], NDJSON)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert str(tmp_path) not in error(refused)


def test_a_bad_setting_is_named():
    with pytest.raises(ConfigError, match="PIPELINE_INGEST_MAX_BYTES"):
        opened(Path("/nowhere"), PIPELINE_INGEST_MAX_BYTES="all")


def test_too_many_at_once_are_told_to_come_back(kept: Kept):
    """One request holds the only place until another has been refused."""
    from threading import Event, Thread

    from functions.ingest.messages import Request

    ingest = opened(kept.folder, PIPELINE_INGEST_CONCURRENCY="1")
    reading, go_on = Event(), Event()

    def slow(_most: int) -> bytes:
        reading.set()
        assert go_on.wait(10)
        return b""

    thread = Thread(target=lambda: ingest.answer(Request("POST", "/logs", {}, slow, "127.0.0.1")))
    thread.start()
    assert reading.wait(5)
    refused = sent(ingest, LINES[0], NDJSON)
    go_on.set()
    thread.join()
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert error(refused)
    assert sent(ingest, LINES[0], NDJSON).status == 202


def test_from_elsewhere_nothing_is_taken_without_tokens(kept: Kept):
    from io import BytesIO

    from functions.ingest.messages import Request

    asked = Request("POST", "/logs", {}, BytesIO(b"x").read, ELSEWHERE)
    refused = opened(kept.folder).answer(asked)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert "PIPELINE_INGEST_TOKENS" in error(refused)
