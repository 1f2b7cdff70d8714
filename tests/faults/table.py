"""The table of docs/reliability.md: a row for each fault."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
TABLE = FOLDER.parents[1] / "docs" / "reliability.md"
_TOP = """\
# Reliability

What happens under each fault, as the fault suite found it: `make faults` runs it and writes this page. A record is
*lost* if it is neither in the log index (for the collector: in a batch) nor in a dead letter, *doubled* for each time
that it is there beyond the first. *Handed back* are the SQS messages that come again after the first delivery under the
fault, "-" where there is no queue. A test fails if it takes longer than *within*.
"""
_LOAD = "\n## Load\n"
_HEAD = (
    "| fault | what happens | records | lost | doubled | dead letters | handed back | within | test |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|---|\n"
)


class Row(NamedTuple):
    """What one test of a fault found. `within` is in seconds; `handed_back` is None where there is no queue."""

    fault: str
    effect: str
    records: int
    lost: int
    doubled: int
    dead: int
    handed_back: int | None
    within: float

    def __add__(self, other: object) -> Row:
        """Add what the same test found for another of its parameters."""
        if not isinstance(other, Row):
            return NotImplemented
        counts = (mine + theirs for mine, theirs in zip(self[2:6], other[2:6], strict=True))
        handed_back = None if self.handed_back is None else self.handed_back + (other.handed_back or 0)
        return Row(self.fault, self.effect, *counts, handed_back, max(self.within, other.within))


class FaultTest(NamedTuple):
    """A test that is marked as showing a fault: its file's name, and its own."""

    file: str
    name: str


def fault_tests() -> dict[str, list[FaultTest]]:
    """List all that there are, by the first line of their modules' docstrings, in the order in which they stand."""
    found = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        tree = ast.parse(path.read_text())
        tests = [FaultTest(path.name, node.name) for node in tree.body if _is_marked(node)]
        if tests:
            found[(ast.get_docstring(tree) or path.name).split("\n")[0]] = tests
    return found


def _is_marked(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any("mark.fault(" in ast.unparse(each) for each in node.decorator_list)


def with_load(page: str, load: str) -> str:
    """Replace the page's section about the load."""
    return page.partition(_LOAD)[0] + load


def load_of(page: str) -> str:
    """Return the page's section about the load, which is measured by itself; "" if there is none yet."""
    _, head, rest = page.partition(_LOAD)
    return head + rest


def render(rows: dict[FaultTest, Row], load: str) -> str:
    """Write the page, with that section about the load."""
    sections = (
        f"\n## {title.rstrip('.')}\n\n{_HEAD}" + "".join(_lines(rows, tests)) for title, tests in fault_tests().items()
    )
    return _TOP + "".join(sections) + load


def _lines(rows: dict[FaultTest, Row], tests: list[FaultTest]) -> Iterator[str]:
    for test in tests:
        row = rows[test]
        counts = [row.records, row.lost, row.doubled, row.dead, "-" if row.handed_back is None else row.handed_back]
        proof = f"[{test.file}::{test.name}](../tests/faults/{test.file})"
        cells = [row.fault, row.effect, *map(str, counts), f"{row.within:g} s", proof]
        yield f"| {' | '.join(cells)} |\n"
