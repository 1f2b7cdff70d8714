"""The corpus of logs that programs wrote themselves is whole, and a program writes again what is kept of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.programs import corpus, python_logging
from tests.programs.__main__ import samples
from tests.programs.run import run

NAMES = sorted(path.stem for path in corpus.SAMPLES.glob("*.json"))
CARRIERS = ("docker", "open-telemetry", "cloudwatch")  # a line of theirs is less than a record, or more
LEVELS = {"TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
MEMBERS = {
    *("@timestamp", "level", "logger", "message", "message_begins", "message_has", "raw_begins", "raw_has"),
    *("http_method", "http_path", "status_code", "execution_time_ms", "transaction_id"),
}


def expected(name: str) -> dict[str, Any]:
    return json.loads((corpus.SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def written(name: str) -> str:
    return corpus.plain((corpus.SAMPLES / f"{name}.log").read_bytes())


def test_each_sample_has_a_program_that_writes_it():
    assert sorted(path.stem for path in corpus.SAMPLES.glob("*.log")) == NAMES
    assert sorted(sample.name for sample in samples()) == NAMES
    assert len({expected(name)["program"] for name in NAMES}) >= 25


@pytest.mark.parametrize("name", NAMES)
def test_each_record_is_in_the_log_in_order(name):
    sample, log = expected(name), written(name)
    assert len(list(corpus.positions(sample["records"], log))) == len(sample["records"])
    assert corpus.lines_before(sample["records"], log) == sample.get("banner", 0)
    lines = [line for line in log.splitlines() if line.strip()]
    if all(line.startswith("{") for line in lines) and not name.startswith(CARRIERS):
        assert len(sample["records"]) == len(lines), "a record a line"


@pytest.mark.parametrize("name", NAMES)
def test_each_record_says_what_a_document_can_have(name):
    for record in expected(name)["records"]:
        assert record.keys() <= MEMBERS
        assert record.get("level") in {None, *LEVELS}
        if "@timestamp" in record:
            assert datetime.fromisoformat(record["@timestamp"]).utcoffset().total_seconds() == 0


def test_a_program_writes_again_what_is_kept_of_it():
    sample = next(each for each in python_logging.WRITTEN if each.name == "python-logging-default")
    again = run(sample, sample.install())
    records = corpus.filled(sample.records, corpus.plain(again))
    assert records == expected(sample.name)["records"]
