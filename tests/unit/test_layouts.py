"""Each layout's samples become the events beside them, by that layout and no other."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.layouts.patterns import Layout
from functions.pipeline.layouts.registry import layouts
from functions.pipeline.parser import Parser, ParserOptions

MADE = datetime(2025, 1, 20, 12, tzinfo=UTC)
PARSER = Parser(ParserOptions())
SAMPLES = [(layout, sample) for layout in layouts() for sample in layout.samples]


def event(content: bytes) -> dict[str, Any]:
    """Read one record; return its log document, and its layout's name under `layout`."""
    parsing, made = PARSER.open(MADE), defaultdict(list)
    (record,) = split_records([content], "a.log", parsing.reader)
    parsing.parse(record, "2000-01-01T00:00:00.000Z", 1, b"id", made)
    ((_, _, body),) = made["logs"]
    *_, head, _, _ = record
    return {"layout": head[4][1] if head and head[4] else None, **json.loads(body)}


@pytest.mark.parametrize(("layout", "sample"), SAMPLES, ids=[f"{each.name}-{n}" for n, (each, _) in enumerate(SAMPLES)])
def test_a_sample_becomes_the_event_beside_it(layout: Layout, sample: dict[str, Any]):
    found = event(sample["line"].encode())
    assert found["layout"] == layout.name
    assert {name: found.get(name) for name in sample["event"]} == sample["event"]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_every_layout_has_a_sample(layout: Layout):
    assert layout.samples


@pytest.mark.parametrize(("layout", "line"), [(layout, line) for layout in layouts() for line in layout.not_this])
def test_what_only_looks_like_a_layout_is_not_read_by_it(layout: Layout, line: str):
    assert event(line.encode())["layout"] != layout.name


def test_names_of_layouts_are_different():
    names = [each.name for each in layouts()]
    assert len(names) == len(set(names))
