"""The judge sees what is lost and what is doubled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.judge import HEAD, Found, Planted, Verdict

PLACE = "raw/a.log"
FIRST, SECOND, THIRD = (f"{HEAD}<{number}> said" for number in range(3))


def letter(**fields: Any) -> dict[str, Any]:
    return {"class": "mapping", "target": "logs", "store_key": PLACE, "raw_log": SECOND, **fields}


@pytest.mark.parametrize(
    ("found", "lost", "doubled"),
    [
        (Found([FIRST, SECOND, THIRD]), 0, 0),
        (Found([FIRST, SECOND]), 1, 0),
        (Found([]), 3, 0),
        (Found([FIRST, SECOND, SECOND, THIRD, THIRD, THIRD]), 0, 3),
        (Found([FIRST, SECOND, THIRD, "something else"]), 0, 1),
        (Found([FIRST, SECOND[:-1], THIRD]), 1, 1),  # not as it was planted: one is missing, one is strange
        (Found([FIRST, f"{SECOND}\n{THIRD}"]), 2, 1),
        (Found([FIRST, THIRD], [letter()]), 0, 0),
        (Found([FIRST, SECOND, THIRD], [letter()]), 0, 1),
        (Found([FIRST, THIRD], [letter(target="message")]), 1, 0),  # of the record's other document
        (Found([FIRST, SECOND[:-1]], [letter(**{"class": "corrupt object"})]), 0, 0),
        (Found([FIRST, FIRST], [letter(**{"class": "corrupt object"})]), 0, 1),
        (Found([FIRST], [letter(**{"class": "missing object", "store_key": "raw/b.log"})]), 2, 0),
    ],
)
def test_a_record_is_to_be_found_exactly_once(found: Found, lost: int, doubled: int):
    planted = Planted()
    planted.lines(3, PLACE)
    assert planted.judge(found) == Verdict(3, lost, doubled, len(found.dead))
