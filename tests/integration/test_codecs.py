"""What is compressed, or written in another charset, becomes the same documents, by a path and by a drop."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = "2025-01-20 10:30:00 - api - INFO - "
CALL = '{"AGE": 65, "NAME": "Zoé"} - {"prediction": "YES", "probability": 0.85}'
PREDICTION = f"{HEAD}[abc-123] POST /predict - 200 - 45ms - {CALL}"
TEXT = f"{HEAD}API démarrée avec succès\r\n{PREDICTION}\r\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 1000

Run = Callable[..., tuple[int, str, str]]


def zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("api.log", content)
    return target.getvalue()


STORED = {
    "api.log.bz2": bz2.compress(TEXT.encode()),
    "api.log.xz": lzma.compress(TEXT.encode()),
    "api.log.zip": zipped(TEXT.encode()),
    "api.log.gz.gz": gzip.compress(gzip.compress(TEXT.encode())),
    "utf-16.log": ("\ufeff" + TEXT).encode("utf-16-le"),
    "utf-16.log.gz": gzip.compress(TEXT.encode("utf-16-be")),
    "utf-32.log": TEXT.encode("utf-32-le"),
    "cp1252.log": TEXT.encode("cp1252"),
    "truncated.log": bytes(100_000) + TEXT.encode(),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, and no configuration but what the test sets."""
    monkeypatch.chdir(tmp_path)
    for name in ("GRADIO_URL", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "LANGUAGE", "PIPELINE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PIPELINE_ENCODING", "cp1252")
    return tmp_path


def messages(trilog: Run) -> list[str]:
    return [json.loads(line)["message"] for line in trilog("export", "logs")[1].splitlines()]


def prediction(trilog: Run) -> dict[str, Any]:
    (line,) = trilog("export", "message")[1].splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def dead_letters(trilog: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in trilog("dead-letters", "list", "--json")[1].splitlines()]


@pytest.mark.parametrize("name", STORED)
def test_a_path_gives_the_records_of_the_plain_file(name: str, command_line: Run, folder: Path):
    (folder / name).write_bytes(STORED[name])
    code, out, err = command_line("--once", "--source", name, "--json")
    assert (code, json.loads(out)["conserved"]) == (0, True), err
    assert messages(command_line)[0] == "API démarrée avec succès"
    assert prediction(command_line)["input_data"] == {"AGE": 65, "NAME": "Zoé"}
    assert dead_letters(command_line) == []


@pytest.mark.parametrize("name", STORED)
def test_a_drop_gives_the_records_of_the_plain_file(name: str, command_line: Run, folder: Path):
    (folder / ".trilog" / "raw").mkdir(parents=True)
    (folder / ".trilog" / "raw" / name).write_bytes(STORED[name])
    assert command_line("reindex")[0] == 0
    assert messages(command_line)[0] == "API démarrée avec succès"
    assert prediction(command_line)["input_data"] == {"AGE": 65, "NAME": "Zoé"}


@pytest.mark.parametrize(("suffix", "compress"), [("bz2", bz2.compress), ("xz", lzma.compress), ("zip", zipped)])
def test_a_drop_of_a_json_array_gives_its_elements(
    suffix: str, compress: Callable[[bytes], bytes], command_line: Run, folder: Path
):
    array = json.dumps([{"message": "one"}, {"message": "two"}], indent=1)
    (folder / ".trilog" / "raw").mkdir(parents=True)
    (folder / ".trilog" / "raw" / f"a.json.{suffix}").write_bytes(compress(array.encode()))
    assert command_line("reindex")[0] == 0
    assert messages(command_line) == ["one", "two"]


@pytest.mark.parametrize("stored", [PNG, gzip.compress(PNG)])
def test_a_path_to_what_is_not_text_is_refused_after_the_others_were_read(
    stored: bytes, command_line: Run, folder: Path
):
    (folder / "plot.log").write_bytes(stored)
    (folder / "api.log").write_text(TEXT, newline="")
    code, _, err = command_line("--once", "--source", "*.log", "--json")
    assert code == 4
    assert f"{folder}/plot.log is not text but a PNG image. Nothing of it was read." in err
    assert len(messages(command_line)) == 2


@pytest.mark.parametrize("stored", [PNG, gzip.compress(PNG)])
def test_a_drop_that_is_not_text_is_one_dead_letter_until_it_is_replaced(
    stored: bytes, command_line: Run, folder: Path
):
    dropped = folder / ".trilog" / "raw" / "plot.log"
    dropped.parent.mkdir(parents=True)
    dropped.write_bytes(stored)
    command_line("reindex")
    (letter,) = dead_letters(command_line)
    assert (letter["class"], letter["store_key"]) == ("not text", "raw/plot.log")
    assert letter["reason"].startswith("raw/plot.log is not text but a PNG image.")
    assert messages(command_line) == []
    dropped.write_text(TEXT, newline="")
    assert command_line("dead-letters", "replay", letter["_id"])[0] == 0
    assert len(messages(command_line)) == 2
    assert dead_letters(command_line) == []


def test_what_follows_gzip_is_a_dead_letter_and_what_came_before_is_indexed(command_line: Run, folder: Path):
    dropped = folder / ".trilog" / "raw" / "api.log.gz"
    dropped.parent.mkdir(parents=True)
    dropped.write_bytes(gzip.compress(TEXT.encode()) + b"rubbish")
    command_line("reindex")
    (letter,) = dead_letters(command_line)
    assert letter["class"] == "corrupt object"
    assert "bytes that are not gzip follow its end" in letter["reason"]
    assert len(messages(command_line)) == 2


def test_a_charset_that_is_none_is_an_error_with_examples(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_ENCODING", "latin-99")
    code, _, err = command_line("check")
    assert code == 2
    assert "PIPELINE_ENCODING: 'latin-99' is wrong; expected a charset in which ASCII is itself: cp1252, latin-1" in err
