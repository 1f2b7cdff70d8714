"""A record gives the same event whatever carries it: every envelope, and every way of storing it, with every sample."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from functions.pipeline import kinds as kinds_room
from functions.pipeline.codecs import decoded
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.envelopes import Envelope, envelopes
from functions.pipeline.framing import split_records
from functions.pipeline.kinds import kinds
from functions.pipeline.layouts.registry import layouts
from functions.pipeline.parser import Parser, ParserOptions
from tests.carried import CODECS, STORED, enveloped
from tests.formats import IN_CODE, codec_names

MADE = datetime(2025, 1, 20, 12, tzinfo=UTC)
UNTOLD = "2000-01-01T00:00:00.000Z"  # the time of what tells none
PARSER = Parser(ParserOptions())
ENVELOPES = envelopes()
Events = dict[str, list[dict[str, Any]]]

OBJECTS = [  # a record each
    '{"timestamp": 1737369000.5, "level": "INFO", "logger": "api", "message": "café \\u2028 \\"quoted\\""}',
    '{"@timestamp":"2025-01-20T10:30:00Z","log.level":"error","message":"no","error":{"stack_trace":"a\\n  b"}}',
    '{"time":"20/Jan/2025:10:30:00 +0100","severity":"NOTICE","msg":"a","data":{"status_code":"200","NaN":NaN}}',
    '{"message": "[t-1] POST /predict - 200 - 45ms - {\\"AGE\\": 65} - {\\"p\\": 1}", "n": 12345678901234567890123}',
]
TRACEBACK = (
    "2025-01-20 10:30:00,123 - api - ERROR - failed\nTraceback (most recent call last):\n"
    '  File "api.py", line 1, in predict\n    {"a": 1}["b"]\nKeyError: \'b\''
)
COLOURED = "\x1b[32m2025-01-20 10:30:00,123\x1b[0m - api - \x1b[1mINFO\x1b[0m - st\x1b[4mart\x1b[0med"


def kinds_samples() -> list[str]:
    folder = Path(kinds_room.__file__).parent
    files = (folder / each.folder / "sample.log" for each in kinds().values() if each.name != DEAD_LETTERS)
    return [file.read_text("utf-8").rstrip("\n") for file in files]


SAMPLES = [
    *(sample["line"] for layout in layouts() for sample in layout.samples),
    *IN_CODE.values(),
    *kinds_samples(),
    *OBJECTS,
    TRACEBACK,
    COLOURED,
]


def events(content: bytes) -> Events:
    """Read what is stored; return its documents by kind."""
    parsing, made = PARSER.open(MADE), defaultdict(list)
    for number, record in enumerate(split_records(decoded([content], "a.log"), "a.log", parsing.reader)):
        parsing.parse(record, UNTOLD, number, b"id", made)
    return {kind: [json.loads(body) for _, _, body in rows] for kind, rows in made.items()}


def differences(bare: Events, carried: Events) -> list[object]:
    """Return what differs, beside what only the envelope can tell."""
    if {kind: len(rows) for kind, rows in bare.items()} != {kind: len(rows) for kind, rows in carried.items()}:
        return [("documents", {kind: [row.get("raw_log") for row in rows] for kind, rows in carried.items()})]
    pairs = [pair for kind, rows in bare.items() for pair in zip(rows, carried[kind], strict=True)]
    return [
        (name, own.get(name), other.get(name))
        for own, other in pairs
        for name in own.keys() | other.keys()
        if own.get(name) != other.get(name) and not envelopes_own(name, own)
    ]


def envelopes_own(name: str, own: dict[str, Any]) -> bool:
    """Say whether a member may come from the envelope: the record has none itself."""
    if name in {"@timestamp", "unread"}:
        return own["@timestamp"] == UNTOLD
    return name in {"labels", "level", "logger"} and name not in own


def carries_records(envelope: Envelope) -> bool:
    """Say whether what it carries is a record each: of the next ones, only a traceback's lines belong to it."""
    sent, clock = envelope.samples[0][0], PARSER.open(MADE).reader.clock()
    found = envelope.from_object(json.loads(sent), clock) if envelope.from_object else envelope.from_text(sent, clock)
    return found[0].record


def goes_on(sample: str) -> bool:
    """Say whether it is one record of several lines, and no traceback."""
    return len(BARE[sample][LOGS]) < len(sample.split("\n")) and "Traceback" not in sample


BARE = {sample: events(sample.encode()) for sample in SAMPLES}


@pytest.mark.parametrize("stored", STORED)
def test_a_sample_gives_the_same_event_however_it_is_stored(stored: str):
    wrong = {sample: events(STORED[stored](sample)) for sample in SAMPLES}
    assert {sample: found for sample, found in wrong.items() if found != BARE[sample]} == {}


@pytest.mark.parametrize("envelope", ENVELOPES, ids=lambda each: each.name)
def test_a_sample_gives_the_same_event_in_an_envelope_however_that_is_stored(envelope: Envelope):
    wrong, ways = {}, list(STORED)
    samples = [each for each in SAMPLES if not (goes_on(each) and carries_records(envelope))]
    for number in range(max(len(samples), len(ways))):  # so that each way of storing occurs with each envelope
        sample, stored = samples[number % len(samples)], ways[number % len(ways)]
        found = events(STORED[stored](enveloped(envelope, sample)))
        if difference := differences(BARE[sample], found):
            wrong[sample, stored] = difference
    assert not wrong


@pytest.mark.parametrize("outer", ENVELOPES, ids=lambda each: each.name)
def test_a_sample_gives_the_same_event_in_an_envelope_in_another(outer: Envelope):
    wrong = {}
    for inner, sample in product(ENVELOPES, (TRACEBACK, OBJECTS[-1])):
        found = events(enveloped(outer, enveloped(inner, sample)).encode())
        if difference := differences(BARE[sample], found):
            wrong[inner.name, sample] = difference
    assert not wrong


def test_every_sample_is_a_record_and_every_codec_is_tried():
    assert all(LOGS in found for found in BARE.values())
    assert set(codec_names()) == {*CODECS, "docker_local"}  # which tells times and streams, and has its own tests


def test_a_difference_is_found():
    bare = events(TRACEBACK.encode())
    for name, value in (("message", "x"), ("level", "INFO"), ("@timestamp", "2025-01-20T10:30:00.124Z"), ("new", 1)):
        assert differences(bare, {LOGS: [{**bare[LOGS][0], name: value}]})
    assert differences(bare, {LOGS: bare[LOGS] * 2})
    assert not differences(bare, {LOGS: [{**bare[LOGS][0], "labels": {"a": 1}}]})
