"""Each kind's sample becomes the documents beside it; the registry alone says which kinds there are."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from functions.pipeline import kinds as room
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.framing import split_records
from functions.pipeline.kinds import Kind, kinds
from functions.pipeline.kinds.profiled_function import ProfiledOptions
from functions.pipeline.kinds.templates import columns
from functions.pipeline.parser import Parser, ParserOptions

FOLDER = Path(room.__file__).parent
RECOGNISED = [each for each in kinds().values() if each.name != DEAD_LETTERS]  # others are made, not found in records


ALL_ON = {"top-func": ProfiledOptions(switch="on")}


def documents(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Parse records; return their documents by kind, without what tells their order."""
    parsing, made, time = Parser(ParserOptions(), None, ALL_ON).open(), defaultdict(list), "2025-01-01T00:00:00.000Z"
    for record in split_records([content], "a.log", parsing.reader):
        time, _ = parsing.parse(record, time, 1, b"id", made)
    found = {kind: [json.loads(body) for _, _, body in rows] for kind, rows in made.items()}
    for each in (document for some in found.values() for document in some):
        del each["sequence"]
    return found


@pytest.mark.parametrize("kind", RECOGNISED, ids=lambda kind: kind.name)
def test_a_sample_becomes_the_documents_beside_it(kind: Kind):
    folder = FOLDER / kind.folder
    made = documents((folder / "sample.log").read_bytes())
    assert made[kind.name] == json.loads((folder / "sample.json").read_bytes())


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_what_is_shown_of_a_kind_is_in_its_template(kind: Kind):
    assert {"@timestamp", *(path.split(".")[0] for path in kind.shown)} <= columns(kind.name).keys()
    assert set(kind.numbers) <= set(kind.shown)


def test_the_log_index_comes_first_and_dead_letters_last():
    first, *_, last = kinds()
    assert (first, last) == (LOGS, DEAD_LETTERS)
