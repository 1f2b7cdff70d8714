"""docs/reliability.md tells of every fault, and of nothing else."""

from __future__ import annotations

import re

from tests.faults.table import TABLE, FaultTest, fault_tests


def _rows() -> dict[FaultTest, list[str]]:
    """Read the table: the cells of each row by the test that proves it."""
    rows = [line.strip("| ").split(" | ") for line in TABLE.read_text().splitlines() if "::test_" in line]
    return {FaultTest(*re.findall(r"\[(test_\w+\.py)::(test_\w+)\]", cells[-1])[0]): cells for cells in rows}


def test_every_fault_has_its_row_and_every_row_its_test():
    assert {*_rows()} == {test for tests in fault_tests().values() for test in tests}, "run: make faults"


def test_in_every_row_nothing_is_lost_and_nothing_doubled():
    assert {(cells[3], cells[4]) for cells in _rows().values()} == {("0", "0")}
